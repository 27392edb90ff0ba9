-- SPDX-License-Identifier: Apache-2.0
-- schema: evaluator
-- What the judge says and has said: verdicts, their history in two times,
-- episodes, and the journal of pairs whose judging was begun.

-- The present state of each (criterion, subject), and the lock under which it
-- changes. A pair of which nothing can be said yet has a row without verdict.
CREATE TABLE verdict (
	criterion      text NOT NULL,
	subject        text NOT NULL,
	tenant         text NOT NULL,
	n              bigint NOT NULL DEFAULT 0,  -- records published, the version's second part
	verdict        text,                       -- null: none yet
	since          timestamptz,                -- true from, evidence time
	judged_at      timestamptz NOT NULL DEFAULT '-infinity', -- the judge's now
	known_at       timestamptz NOT NULL DEFAULT '-infinity', -- wall clock
	next_change    timestamptz NOT NULL DEFAULT 'infinity',  -- by time alone
	due_at         timestamptz NOT NULL DEFAULT 'infinity',  -- its row by_clock of the agenda
	first_at       timestamptz NOT NULL DEFAULT 'infinity',  -- earliest time it was judged at
	silent         text,                       -- tool subject whose silence would explain it
	suppressed_by  text,                       -- "subject criterion" of the silent source's verdict
	episode        bytea,                      -- the open one
	episode_kind   text,
	episode_opened timestamptz,
	face           text NOT NULL DEFAULT '',   -- role, severity, labels as published
	labels         text NOT NULL DEFAULT '',   -- of the subject, as judged with
	pack           text NOT NULL DEFAULT '',   -- digest
	record         text,                       -- as published last, with what has changed since
	PRIMARY KEY (criterion, subject)
) WITH (fillfactor = 70);
CREATE INDEX verdict_of ON verdict (subject);
CREATE INDEX verdict_silent ON verdict (silent) WHERE silent IS NOT NULL;

-- When what was true (evidence time), and from when to when we thought so
-- (wall clock). What is thought now has known_until = infinity.
CREATE TABLE verdict_history (
	criterion   text NOT NULL,
	subject     text NOT NULL,
	true_from   timestamptz NOT NULL,
	true_until  timestamptz NOT NULL,
	known_from  timestamptz NOT NULL,
	known_until timestamptz NOT NULL DEFAULT 'infinity',
	verdict     text NOT NULL,
	summary     text NOT NULL,
	deciding    text NOT NULL,            -- JSON, as in the record
	evidence    bytea[] NOT NULL,
	judged_at   timestamptz NOT NULL,
	pack        text NOT NULL,
	PRIMARY KEY (criterion, subject, true_from, known_from)
);
CREATE INDEX verdict_history_now ON verdict_history (criterion, subject, true_until)
	WHERE known_until = 'infinity';

-- Published episodes. `id` was made from the time at which the episode was
-- first thought to have opened; where late evidence has moved that time the id
-- stays, and true_id is the one that a rebuild would give.
CREATE TABLE episode (
	id        bytea PRIMARY KEY,
	true_id   bytea NOT NULL,
	criterion text NOT NULL,
	subject   text NOT NULL,
	kind      text NOT NULL,              -- fail, doubt
	opened    timestamptz NOT NULL,       -- evidence time
	closed    timestamptz NOT NULL DEFAULT 'infinity',
	known_at  timestamptz NOT NULL
);
CREATE INDEX episode_of ON episode (criterion, subject, opened);

-- Pairs whose judging was begun and not finished: a death each time it was
-- begun. Parked pairs stay here, with the earliest time they are owed.
CREATE TABLE judging (
	criterion    text NOT NULL,
	subject      text NOT NULL,
	deaths       integer NOT NULL DEFAULT 0,
	failures     integer NOT NULL DEFAULT 0, -- orderly ones
	parked       integer NOT NULL DEFAULT 0, -- times
	parked_until timestamptz,                -- wall clock; null: not parked
	due_at       timestamptz NOT NULL DEFAULT 'infinity',
	why          text,
	PRIMARY KEY (criterion, subject)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- The pack that judges now; `swept_to` is how far (in the order of subjects)
-- the pairs were made due that it may change. Null: all were.
CREATE TABLE pack_in_force (
	single   boolean PRIMARY KEY DEFAULT true CHECK (single),
	digest   text NOT NULL,
	name     text NOT NULL,
	version  text NOT NULL,
	since    timestamptz NOT NULL,
	swept_to text
);

-- A touched subject may have more neighbours than one batch takes: the rest is
-- a row of its own that goes on after this one.
ALTER TABLE agenda ADD COLUMN after text NOT NULL DEFAULT '';
CREATE INDEX relation_statement_at ON relation_statement (subject, effective_at);
CREATE INDEX agenda_events ON agenda (seq) WHERE criterion <> '' AND NOT by_clock;

-- What `postern state` prints: one row per pair that has a verdict.
CREATE VIEW state AS
SELECT v.criterion, v.subject, v.tenant,
       split_part(v.subject, '/', 2) AS kind,
       v.verdict, v.since, v.judged_at, v.known_at,
       nullif(v.next_change, 'infinity') AS next_change,
       r.record ->> 'severity' AS severity,
       r.record ->> 'role' AS role,
       r.record ->> 'summary' AS summary,
       r.record ->> 'would_change' AS would_change,
       r.record -> 'labels' ->> 'service' AS service,
       r.record -> 'labels' ->> 'environment' AS environment,
       encode(v.episode, 'hex') AS episode, v.episode_kind, v.episode_opened,
       v.suppressed_by, g.number AS generation, v.n, v.pack
FROM verdict v
CROSS JOIN generation g
CROSS JOIN LATERAL (SELECT v.record::jsonb AS record) r
WHERE v.verdict IS NOT NULL;

-- What `postern why` prints: the record, the evidence behind it newest first,
-- and what was true when, as thought now, newest first.
CREATE VIEW why AS
SELECT v.criterion, v.subject, v.record::jsonb AS record,
       coalesce((SELECT jsonb_agg(jsonb_build_object(
                 'id', encode(e.id, 'hex'), 'class', e.class, 'kind', e.kind,
                 'subject', e.subject, 'source', e.source, 'tool', e.tool,
                 'effective_at', e.effective_at, 'recorded_at', e.recorded_at,
                 'payload', e.delivery_digest)
                 ORDER BY e.effective_at DESC, e.recorded_at DESC, e.id DESC)
          FROM evidence e WHERE e.id IN (
                 SELECT decode(i.hex, 'hex') FROM
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
