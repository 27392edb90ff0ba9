-- SPDX-License-Identifier: Apache-2.0
-- schema: evaluator
-- Since when a source is declared with its interval, without a break: each start of
-- ingest declares it again, and what it waits for must not begin anew with that.
-- A timeline, as relation is; what was declared before begins with its next word.
CREATE TABLE declaration (
	subject          text NOT NULL,
	interval_seconds bigint NOT NULL,      -- 0: none was said
	valid_from       timestamptz NOT NULL,
	valid_until      timestamptz NOT NULL DEFAULT 'infinity',
	evidence         bytea NOT NULL,
	closed_by        bytea,
	PRIMARY KEY (subject, valid_from, interval_seconds)
);
CREATE TABLE declaration_statement (
	subject      text NOT NULL,
	effective_at timestamptz NOT NULL,
	recorded_at  timestamptz NOT NULL,
	evidence     bytea NOT NULL,
	PRIMARY KEY (subject, effective_at, recorded_at, evidence)
);
