-- SPDX-License-Identifier: Apache-2.0
-- The spine that evaluator and notifier share in shape, each in a schema of its
-- own: leases, offsets, deaths, outbox. Runs once per schema, with search_path
-- set to it by the migration runner.

-- Everything that must have a single owner. The holder's backend is named so
-- that a taker can end it before it raises the epoch.
CREATE TABLE lease (
	name          text PRIMARY KEY,
	owner         text,
	epoch         bigint NOT NULL DEFAULT 0,
	expires_at    timestamptz NOT NULL DEFAULT '-infinity',
	backend_pid   integer,
	backend_start timestamptz
) WITH (fillfactor = 50);

-- Who is alive, so that partitions are shared out fairly.
CREATE TABLE member (
	owner      text PRIMARY KEY,
	expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE consumer_offset (
	topic       text NOT NULL,
	part        integer NOT NULL,
	epoch       bigint NOT NULL DEFAULT 0,
	next        bigint NOT NULL DEFAULT 0,
	topic_id    text NOT NULL,
	last_digest bytea,            -- of the record before next
	watermark   timestamptz NOT NULL DEFAULT '-infinity', -- receipt time reached
	at_end      boolean NOT NULL DEFAULT false,
	PRIMARY KEY (topic, part)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

-- A batch that was begun and never finished was a death. After three of them
-- records are taken alone up to `until`, and deaths are counted for each anew.
CREATE TABLE death (
	topic   text NOT NULL,
	part    integer NOT NULL,
	first   bigint NOT NULL,      -- where the batch that was begun starts
	until   bigint NOT NULL,      -- offset after the last suspect
	deaths  integer NOT NULL,     -- times it was begun and not finished
	alone   boolean NOT NULL,
	PRIMARY KEY (topic, part)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

CREATE TABLE outbox (
	seq     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	topic   text NOT NULL,
	key     bytea,
	headers text[] NOT NULL,      -- name, value, name, value, ...
	value   bytea,
	traced  timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
