-- SPDX-License-Identifier: Apache-2.0
-- schema: evaluator
-- evidence_seen lives as long as the evidence: what is older than the oldest month
-- that is still attached may go. It is append-only for the service, so the owner
-- does it, and by no other rule. BRIN: rows lie about in the order of receipt.
CREATE INDEX evidence_seen_age ON evidence_seen USING brin (recorded_at);

CREATE FUNCTION evidence_begin() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER AS $$
	SELECT coalesce(min(to_timestamp(right(c.relname, 6) || '01 +00', 'YYYYMMDD TZH')),
		'-infinity')
	FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
	WHERE i.inhparent = 'evidence'::regclass AND c.relname ~ '^evidence_[0-9]{6}$'
$$;

CREATE FUNCTION evidence_seen_prune(most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER AS $$
	WITH old AS (SELECT s.id FROM evidence_seen s
		WHERE s.recorded_at < evidence_begin() LIMIT most FOR UPDATE SKIP LOCKED),
	gone AS (DELETE FROM evidence_seen s USING old WHERE s.id = old.id RETURNING 1)
	SELECT count(*) FROM gone
$$;
REVOKE ALL ON FUNCTION evidence_seen_prune(integer) FROM PUBLIC;
DO $$ BEGIN -- nobody's temporary table may stand in for ours
	EXECUTE format('ALTER FUNCTION evidence_seen_prune(integer)'
		' SET search_path = %I, pg_temp', current_schema());
	EXECUTE format('ALTER FUNCTION evidence_begin()'
		' SET search_path = %I, pg_temp', current_schema());
END $$;
