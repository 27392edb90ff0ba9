-- SPDX-License-Identifier: Apache-2.0
-- schema: evaluator
-- The trace that a sender was in, so that verdict and notice can name it. It is
-- no part of what was said: the leaf hash does not cover it.
ALTER TABLE evidence ADD COLUMN traceparent text;
