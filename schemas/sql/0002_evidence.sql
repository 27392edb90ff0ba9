-- SPDX-License-Identifier: Apache-2.0
-- schema: evaluator
-- Evidence and what is projected from it. Evidence rows are ids, times and
-- hashes and never change; their content lies beside them, where a maintenance
-- role may erase it and leave the hash.

CREATE TABLE generation (   -- of this database: versions of verdicts begin with it
	number bigint NOT NULL
);
INSERT INTO generation VALUES (extract(epoch FROM clock_timestamp())::bigint);

CREATE TABLE evidence (
	id             bytea NOT NULL,
	recorded_at    timestamptz NOT NULL,
	effective_at   timestamptz NOT NULL,
	tenant         text NOT NULL,
	class          text NOT NULL,
	kind           text NOT NULL,
	subject        text NOT NULL,
	source         text NOT NULL,
	tool           text NOT NULL,
	adapter        text NOT NULL,
	delivery_digest text NOT NULL,
	leaf           bytea NOT NULL,       -- unsequenced: position comes from the sequencer
	PRIMARY KEY (id, recorded_at)
) PARTITION BY RANGE (recorded_at);
-- What a window reads: lines of evidence by (source, kind), found by skipping from
-- one to the next, each as of a time. Of rows of one time the order is found by
-- sorting them: a narrow index costs intake less.
CREATE INDEX evidence_line ON evidence (subject, class, source, kind, effective_at);

CREATE TABLE evidence_content (
	id          bytea NOT NULL,
	recorded_at timestamptz NOT NULL,
	data        text NOT NULL,           -- the record's value, byte for byte
	PRIMARY KEY (id, recorded_at)
) PARTITION BY RANGE (recorded_at);

-- Catches a sender's retry for as long as the evidence lives. A retry has a
-- receipt time and a delivery id of its own, so the digest is of what was said,
-- not of the record.
CREATE TABLE evidence_seen (
	id          bytea NOT NULL,
	digest      bytea NOT NULL,          -- of kind, class, times of the tool, body
	mapping     bytea NOT NULL,          -- of subject, labels, neighbours: what our rules made of it
	adapter     text NOT NULL,
	recorded_at timestamptz NOT NULL,    -- the first one's
	PRIMARY KEY (id)
) PARTITION BY HASH (id);
DO $$ BEGIN
	FOR i IN 0..7 LOOP
		EXECUTE format('CREATE TABLE evidence_seen_%s PARTITION OF evidence_seen'
			' FOR VALUES WITH (MODULUS 8, REMAINDER %s)', i, i);
	END LOOP;
END $$;

-- Makes the partitions of evidence and its content that hold `day`, a month
-- each, where they are missing. Runs as the owner: services own no table. A
-- table made apart and attached does not lock readers of the parent out.
CREATE FUNCTION evidence_partition(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
	since date := date_trunc('month', day)::date;
	until date := (since + interval '1 month')::date;
	parent text;
	part text;
BEGIN
	IF day IS NULL OR day < date '2000-01-01'
	   OR day > (clock_timestamp() + interval '2 days')::date THEN
		RAISE EXCEPTION 'no evidence is recorded on %', day;
	END IF;
	IF to_regclass('evidence_content_' || to_char(since, 'YYYYMM')) IS NOT NULL THEN
		RETURN;
	END IF;
	PERFORM pg_advisory_xact_lock(715518);
	FOREACH parent IN ARRAY ARRAY['evidence', 'evidence_content'] LOOP
		part := parent || '_' || to_char(since, 'YYYYMM');
		CONTINUE WHEN to_regclass(part) IS NOT NULL;
		EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part, parent);
		EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I'
			' FOR VALUES FROM (%L) TO (%L)', parent, part,
			since::text || ' 00:00:00+00', until::text || ' 00:00:00+00');
	END LOOP;
END $$;
REVOKE ALL ON FUNCTION evidence_partition(date) FROM PUBLIC;
DO $$ BEGIN -- nobody's temporary table may stand in for ours
	EXECUTE format('ALTER FUNCTION evidence_partition(date)'
		' SET search_path = %I, pg_temp', current_schema());
END $$;

-- Labels are those of the newest evidence, by (effective_at, recorded_at, id),
-- that carried any.
CREATE TABLE subject (
	name       text PRIMARY KEY,
	kind       text NOT NULL,
	tenant     text NOT NULL,
	labels     jsonb NOT NULL DEFAULT '{}',
	unmapped   text,
	labels_at  timestamptz NOT NULL DEFAULT '-infinity', -- version guard of labels:
	labels_recorded_at timestamptz NOT NULL DEFAULT '-infinity',
	labels_evidence bytea NOT NULL DEFAULT '',
	first_seen timestamptz NOT NULL,     -- evidence time, also as somebody's neighbour
	last_seen  timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX subject_kind ON subject (kind, name);

-- Timelines. A statement ("these findings", "runs these images") holds from its
-- evidence time until the next one about the same thing, whenever each of them
-- arrived. Rows are the longest intervals in which an item did not change:
-- opened by the statement at valid_from, closed by the one at valid_until. An
-- item that changes is a new row from where the old one ends. Statements are
-- ordered by (effective_at, recorded_at, evidence); of several at one instant
-- all count, and the last one is cited.

-- service runs image, service built-from repo, ...
CREATE TABLE relation (
	subject     text NOT NULL,
	relation    text NOT NULL,
	other       text NOT NULL,
	valid_from  timestamptz NOT NULL,
	valid_until timestamptz NOT NULL DEFAULT 'infinity',
	evidence    bytea NOT NULL,           -- that opened it
	closed_by   bytea,
	PRIMARY KEY (subject, relation, other, valid_from)
);
CREATE INDEX relation_back ON relation (other, relation, valid_until);
CREATE INDEX relation_until ON relation (subject, relation, valid_until);

-- The statements behind relation: each names all neighbours by one relation.
CREATE TABLE relation_statement (
	subject      text NOT NULL,
	relation     text NOT NULL,
	effective_at timestamptz NOT NULL,
	recorded_at  timestamptz NOT NULL,
	evidence     bytea NOT NULL,
	PRIMARY KEY (subject, relation, effective_at, recorded_at, evidence)
);

-- The statements behind finding: whole snapshots, all of their parts there.
-- One that is not complete (counts only, a failed scan, a section missing)
-- opens what it shows and resolves nothing.
CREATE TABLE scan (
	subject      text NOT NULL,
	source       text NOT NULL,
	target       text NOT NULL,           -- '': the scanner named none
	effective_at timestamptz NOT NULL,
	recorded_at  timestamptz NOT NULL,
	evidence     bytea NOT NULL,          -- of its first part
	tool         text NOT NULL,
	snapshot     text NOT NULL,
	complete     boolean NOT NULL,
	parts        bytea[] NOT NULL,        -- evidence of each part, in order
	PRIMARY KEY (subject, source, target, effective_at, recorded_at, evidence)
);

CREATE TABLE finding (
	subject       text NOT NULL,
	source        text NOT NULL,
	target        text NOT NULL,
	key           text NOT NULL,
	valid_from    timestamptz NOT NULL,
	valid_until   timestamptz NOT NULL DEFAULT 'infinity',
	vulnerability text NOT NULL,
	package       text NOT NULL,
	severity      text NOT NULL,
	fixed_version text,
	detail        json NOT NULL DEFAULT '{}',   -- kev_date, exposed, automatable, technical_impact, ...; kept as written
	evidence      bytea NOT NULL,               -- that opened it
	closed_by     bytea,
	PRIMARY KEY (subject, source, target, key, valid_from)
);
CREATE INDEX finding_until ON finding (subject, valid_until);

-- Parts of a snapshot wait here until the set is complete and its digest right.
CREATE TABLE snapshot_part (
	subject      text NOT NULL,
	source       text NOT NULL,
	snapshot     text NOT NULL,
	part         integer NOT NULL,
	parts        integer NOT NULL,
	recorded_at  timestamptz NOT NULL,
	evidence     bytea NOT NULL,
	wrong        boolean NOT NULL DEFAULT false, -- all are there and the digest is another
	PRIMARY KEY (subject, source, snapshot, part)
);

-- What translate said on each partition of evidence about each partition of
-- deliveries: the judge's now is the smallest over all rows.
CREATE TABLE punctuation (
	part         integer NOT NULL,       -- of evidence
	deliveries   integer NOT NULL,       -- partition of deliveries
	received_to  timestamptz NOT NULL,
	spool_oldest timestamptz NOT NULL DEFAULT 'infinity', -- infinity: nothing is spooled
	PRIMARY KEY (part, deliveries)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

-- The judge's now never goes back, whoever asks.
CREATE TABLE judge_now (
	single boolean PRIMARY KEY DEFAULT true CHECK (single),
	at     timestamptz NOT NULL DEFAULT '-infinity',
	spool_oldest timestamptz NOT NULL DEFAULT 'infinity'
) WITH (fillfactor = 50);
INSERT INTO judge_now DEFAULT VALUES;

-- The same id with other content within one adapter revision: the first won.
CREATE TABLE evidence_conflict (
	id          bytea NOT NULL,
	digest      bytea NOT NULL,
	source      text NOT NULL,
	tool        text NOT NULL,
	adapter     text NOT NULL,
	recorded_at timestamptz NOT NULL,
	PRIMARY KEY (id, digest)
);

-- What is due. criterion '' means: this subject was touched, find out what that
-- makes due (the judge expands it). Append-only for intake.
CREATE TABLE agenda (
	seq       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	criterion text NOT NULL,
	subject   text NOT NULL,
	class     text NOT NULL DEFAULT '',  -- of the evidence that touched it
	due_at    timestamptz NOT NULL,      -- evidence time to judge at
	by_clock  boolean NOT NULL,          -- waits until the judge's now reaches due_at
	not_before timestamptz NOT NULL DEFAULT '-infinity' -- wall clock, after a failure
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
-- Intake writes one row per touched subject and batch: those rows, taken in the
-- order of seq, are in one small index only.
CREATE INDEX agenda_touched ON agenda (seq) WHERE criterion = '';
CREATE INDEX agenda_due ON agenda (by_clock, due_at) WHERE criterion <> '';
CREATE INDEX agenda_key ON agenda (criterion, subject) WHERE criterion <> '';
