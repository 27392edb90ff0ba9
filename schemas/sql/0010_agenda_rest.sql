-- SPDX-License-Identifier: Apache-2.0
-- schema: evaluator
-- The rest of a walk that was too long for one transaction begins at due_at; what is due
-- for any other reason begins no later than at the judge's now.
ALTER TABLE agenda ADD COLUMN rest boolean NOT NULL DEFAULT false;
