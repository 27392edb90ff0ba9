-- SPDX-License-Identifier: Apache-2.0
-- schema: notifier
-- What is owed to whom, and what became of it. Rows say the state that is
-- wanted and the state that was reached; a dispatcher closes the gap, so an
-- outage is followed by the present and not by a replay.

-- The newest version seen per pair: repeats and old news are dropped.
CREATE TABLE verdict_seen (
	subject    text NOT NULL,
	criterion  text NOT NULL,
	generation bigint NOT NULL,
	n          bigint NOT NULL,
	PRIMARY KEY (subject, criterion)
) WITH (fillfactor = 70);

CREATE TABLE episode (
	id         text PRIMARY KEY,          -- 64 hex
	tenant     text NOT NULL,
	criterion  text NOT NULL,
	subject    text NOT NULL,
	kind       text NOT NULL,             -- fail, doubt
	opened     timestamptz NOT NULL,      -- evidence time
	closed     timestamptz NOT NULL DEFAULT 'infinity',
	suppressed boolean NOT NULL DEFAULT false,
	generation bigint NOT NULL,           -- version of the verdict below
	n          bigint NOT NULL,
	record     text NOT NULL              -- the newest verdict about it, as JSON
) WITH (fillfactor = 70);
CREATE INDEX episode_pair ON episode (subject, criterion, closed);

-- One message owed to one role about one episode through one instance of a
-- sink. identity tells apart what the sink tells apart: the fingerprint of a
-- label set, or the name of a party's key.
CREATE TABLE notice (
	id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	episode         text NOT NULL REFERENCES episode,
	sink            text NOT NULL,
	target          text NOT NULL,
	identity        text NOT NULL,
	role            text NOT NULL,
	party           text NOT NULL,
	party_key       text NOT NULL,
	labels          text NOT NULL,        -- the exact label set, as JSON
	-- written by intake
	open            boolean NOT NULL,     -- it is to stand
	ended_at        timestamptz NOT NULL DEFAULT 'infinity', -- not open since
	promote_at      timestamptz NOT NULL DEFAULT 'infinity', -- a case is due
	revision        bigint NOT NULL DEFAULT 1, -- raised with each change
	-- written by the holder of the sink's lease
	standing        boolean NOT NULL DEFAULT false, -- the sink has it
	sent_generation bigint NOT NULL DEFAULT 0,      -- version that it has
	sent_n          bigint NOT NULL DEFAULT 0,
	promoted        boolean NOT NULL DEFAULT false,
	doubtful_until  timestamptz NOT NULL DEFAULT '-infinity', -- it may have arrived
	resent_until    timestamptz NOT NULL DEFAULT '-infinity', -- of a resolution
	attempts        bigint NOT NULL DEFAULT 0,
	tries           integer NOT NULL DEFAULT 0,     -- failed in a row
	outcome         text NOT NULL DEFAULT '',       -- of the last attempt
	-- written by both
	due_at          timestamptz NOT NULL,
	UNIQUE (episode, sink, target, identity)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX notice_due ON notice (sink, target, due_at);
CREATE INDEX notice_same ON notice (sink, target, identity);

-- Every attempt; of refreshes only those that changed the outcome.
CREATE TABLE attempt (
	notice  bigint NOT NULL REFERENCES notice ON DELETE CASCADE,
	number  bigint NOT NULL,
	action  text NOT NULL,
	outcome text NOT NULL,
	code    integer NOT NULL,             -- HTTP status; 0: none
	why     text,
	at      timestamptz NOT NULL,
	PRIMARY KEY (notice, number)
);
CREATE INDEX attempt_at ON attempt (at);

-- What a notice became on the other side.
CREATE TABLE case_link (
	notice      bigint PRIMARY KEY REFERENCES notice ON DELETE CASCADE,
	alert       text NOT NULL,            -- the sink's id
	case_id     text,                     -- null: no case
	case_number bigint,
	since       timestamptz NOT NULL DEFAULT clock_timestamp()
);
