-- SPDX-License-Identifier: Apache-2.0
-- schema: evaluator
-- Unknown because a rule waits until a time it knows for what may be on its way, and
-- nothing was said before: no episode begins with it.
ALTER TABLE verdict_history ADD COLUMN settling boolean NOT NULL DEFAULT false;
