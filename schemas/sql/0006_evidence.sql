-- SPDX-License-Identifier: Apache-2.0
-- schema: evaluator
-- Evidence that costs intake less (docs/decisions/0011): one row with its content,
-- in two narrow indexes, where there were two rows in three wide ones. Nothing of a
-- row ever changes but `data`, which a maintenance role may set to null; the hash
-- stays. Moving what is there rewrites all evidence once.
ALTER TABLE evidence ADD COLUMN data text; -- the record's value, byte for byte; null: erased
UPDATE evidence e SET data = c.data FROM evidence_content c
	WHERE c.id = e.id AND c.recorded_at = e.recorded_at;
DROP TABLE evidence_content;
ALTER TABLE evidence DROP CONSTRAINT evidence_pkey;
-- Receipt time first: the index grows at its end, not at random.
ALTER TABLE evidence ADD PRIMARY KEY (recorded_at, id);

-- Lines of evidence: what there is of a subject and class, so that a window asks
-- each for its rows.
DROP INDEX evidence_line;
CREATE TABLE evidence_line (
	subject text NOT NULL,
	class   text NOT NULL,
	source  text NOT NULL,
	kind    text NOT NULL,
	PRIMARY KEY (subject, class, source, kind)
);
INSERT INTO evidence_line SELECT DISTINCT subject, class, source, kind FROM evidence;
-- A line's rows as of a time. Texts would make the index several times as wide;
-- who asks compares them too, so that two lines of one hash stay apart.
CREATE INDEX evidence_at ON evidence (hashtextextended(kind, hashtextextended(source,
	hashtextextended(class, hashtextextended(subject, 0)))), effective_at);

-- As in 0002, of the one table that is left.
CREATE OR REPLACE FUNCTION evidence_partition(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
	since date := date_trunc('month', day)::date;
	until date := (since + interval '1 month')::date;
	part text := 'evidence_' || to_char(since, 'YYYYMM');
BEGIN
	IF day IS NULL OR day < date '2000-01-01'
	   OR day > (clock_timestamp() + interval '2 days')::date THEN
		RAISE EXCEPTION 'no evidence is recorded on %', day;
	END IF;
	IF to_regclass(part) IS NOT NULL THEN
		RETURN;
	END IF;
	PERFORM pg_advisory_xact_lock(715518);
	IF to_regclass(part) IS NOT NULL THEN
		RETURN;
	END IF;
	EXECUTE format('CREATE TABLE %I (LIKE evidence INCLUDING ALL)', part);
	EXECUTE format('ALTER TABLE evidence ATTACH PARTITION %I'
		' FOR VALUES FROM (%L) TO (%L)', part,
		since::text || ' 00:00:00+00', until::text || ' 00:00:00+00');
END $$;
DO $$ BEGIN -- replacing has undone it
	EXECUTE format('ALTER FUNCTION evidence_partition(date)'
		' SET search_path = %I, pg_temp', current_schema());
END $$;

-- As in 0003; evidence is found by its id through evidence_seen.
CREATE OR REPLACE VIEW why AS
SELECT v.criterion, v.subject, v.record::jsonb AS record,
       coalesce((SELECT jsonb_agg(jsonb_build_object(
                 'id', encode(e.id, 'hex'), 'class', e.class, 'kind', e.kind,
                 'subject', e.subject, 'source', e.source, 'tool', e.tool,
                 'effective_at', e.effective_at, 'recorded_at', e.recorded_at,
                 'payload', e.delivery_digest)
                 ORDER BY e.effective_at DESC, e.recorded_at DESC, e.id DESC)
          FROM evidence_seen s JOIN evidence e
             ON e.recorded_at = s.recorded_at AND e.id = s.id
          WHERE s.id IN (SELECT decode(i.hex, 'hex') FROM
                 jsonb_array_elements_text(v.record::jsonb -> 'evidence') AS i (hex))),
          '[]') AS evidence,
       coalesce((SELECT jsonb_agg(jsonb_build_object(
                 'verdict', h.verdict, 'true_from', h.true_from,
                 'true_until', nullif(h.true_until, 'infinity'),
                 'known_from', h.known_from, 'summary', h.summary,
                 'deciding', h.deciding::jsonb, 'pack', h.pack)
                 ORDER BY h.true_from DESC)
          FROM verdict_history h WHERE h.criterion = v.criterion
             AND h.subject = v.subject AND h.known_until = 'infinity'),
          '[]') AS history,
       coalesce((SELECT jsonb_agg(jsonb_build_object(
                 'id', encode(p.id, 'hex'), 'kind', p.kind, 'opened', p.opened,
                 'closed', nullif(p.closed, 'infinity'))
                 ORDER BY p.opened DESC)
          FROM episode p WHERE p.criterion = v.criterion
             AND p.subject = v.subject), '[]') AS episodes,
       (SELECT j.why FROM judging j WHERE j.criterion = v.criterion
             AND j.subject = v.subject AND j.parked_until IS NOT NULL) AS parked
FROM verdict v
WHERE v.verdict IS NOT NULL;
