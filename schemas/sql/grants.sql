-- SPDX-License-Identifier: Apache-2.0
-- Who may do what in the schema that is being migrated; run after every
-- migration, as the schema's owner, with postern.service and postern.schema
-- set. One role per service; evidence and ledger rows are append-only for it.
-- Whoever operates the database gives the roles their way to log in.

DO $$
DECLARE
	service text := current_setting('postern.service');
	home text := current_setting('postern.schema');
	role text := 'postern_' || service;
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY[role, 'postern_reader'] LOOP
		IF to_regrole(name) IS NULL THEN
			BEGIN
				EXECUTE format('CREATE ROLE %I LOGIN', name);
			EXCEPTION WHEN duplicate_object OR unique_violation THEN
				NULL; -- another migration was quicker
			END;
		END IF;
		EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', home, name);
		EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %I',
			home, name);
	END LOOP;

	-- Partitions are reached through their parents only.
	FOR name IN
		SELECT c.relname FROM pg_class c
		JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = home AND c.relkind IN ('r', 'p')
		  AND NOT c.relispartition
		  AND c.relname <> 'schema_migration'
		ORDER BY c.relname
	LOOP
		IF name LIKE 'evidence%' OR name LIKE 'ledger%' THEN
			EXECUTE format('REVOKE ALL ON %I.%I FROM %I',
				home, name, role);
			EXECUTE format('GRANT SELECT, INSERT ON %I.%I TO %I',
				home, name, role);
		ELSE
			EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE'
				' ON %I.%I TO %I', home, name, role);
		END IF;
	END LOOP;
	EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %I TO %I',
		home, role);
	EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA %I TO %I',
		home, role);
END $$;
