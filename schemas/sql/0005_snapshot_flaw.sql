-- SPDX-License-Identifier: Apache-2.0
-- schema: evaluator
-- A snapshot that lacks a part for good, or whose parts are not those that were
-- made together, is an error of all that is judged by it, until a newer one is
-- whole. So a part that waits says of when it is and what it is about.
ALTER TABLE snapshot_part
	ADD COLUMN effective_at timestamptz,
	ADD COLUMN target text NOT NULL DEFAULT '';
UPDATE snapshot_part p SET effective_at = e.effective_at,
	target = coalesce((SELECT c.data::json -> 'snapshot' ->> 'target'
		FROM evidence_content c WHERE c.id = e.id
		AND c.recorded_at = e.recorded_at), '')
	FROM evidence e WHERE e.id = p.evidence AND e.recorded_at = p.recorded_at;
DELETE FROM snapshot_part WHERE effective_at IS NULL; -- their evidence was retired
ALTER TABLE snapshot_part ALTER COLUMN effective_at SET NOT NULL;
-- Those that wait already are to be judged once.
INSERT INTO agenda (criterion, subject, class, due_at, by_clock)
	SELECT '', subject, 'scan', min(effective_at), false
	FROM snapshot_part GROUP BY subject;
