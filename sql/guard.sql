-- The ledger is append-only, for everybody, superusers and replicas included.
\set VERBOSITY terse
SET client_min_messages = warning;

-- every table of the ledger is guarded and dumped, and so is every sequence
SELECT c.oid::regclass AS unguarded FROM pg_class c
WHERE c.relnamespace = 'consent'::regnamespace AND c.relkind = 'r'
  AND NOT EXISTS (SELECT FROM pg_trigger t
                  WHERE t.tgrelid = c.oid AND t.tgname = 'append_only' AND t.tgenabled = 'A'
                    AND pg_get_triggerdef(t.oid) LIKE '% BEFORE INSERT OR DELETE OR UPDATE OR TRUNCATE ON %');
SELECT c.oid::regclass AS not_dumped FROM pg_class c, pg_extension e
WHERE e.extname = 'consent_ledger' AND c.relnamespace = 'consent'::regnamespace
  AND c.relkind IN ('r', 'S') AND c.oid <> ALL (e.extconfig);

-- a ledger that is not one for tests, in a database of its own
CREATE DATABASE guarded;
\c guarded
\set VERBOSITY default
SET client_min_messages = warning;
CREATE EXTENSION consent_ledger;
-- passes: there is nothing to lose yet
DROP EXTENSION consent_ledger;
CREATE EXTENSION consent_ledger;
SELECT consent.create_ledger('guarded.example') IS NOT NULL AS created;

-- fails: what was recorded stays as it is
UPDATE consent.event_log SET recorded_at = now();
\set VERBOSITY terse
DELETE FROM consent.seal;
TRUNCATE consent.subject;
SET session_replication_role = replica;
UPDATE consent.key SET vkey = 'mine';
DELETE FROM consent.event_log;
TRUNCATE consent.event_log, consent.seal;
INSERT INTO consent.key VALUES (1, 'mine', 'seal', 'mine', 0) ON CONFLICT (key_no) DO UPDATE SET vkey = 'mine';
MERGE INTO consent.seal USING (SELECT 1) AS one ON true WHEN MATCHED THEN DELETE;
RESET session_replication_role;
-- fails: and nothing comes in by hand
\set VERBOSITY default
INSERT INTO consent.seal_pending VALUES (7);
\set VERBOSITY terse
INSERT INTO consent.event_log SELECT * FROM consent.event_log;
COPY consent.seal_pending FROM stdin;
7
\.
SET session_replication_role = replica;
MERGE INTO consent.seal_pending USING (SELECT 7 AS seal_no) AS one ON false WHEN NOT MATCHED THEN INSERT VALUES (one.seal_no);
SELECT 7 AS seal_no INTO consent.seal_pending;
RESET session_replication_role;
DO $$ BEGIN EXECUTE 'INSERT INTO consent.seal_pending VALUES (7)'; END $$;
-- passes: what a restore by hand does, after which verify() has the word
BEGIN;
SET LOCAL check_function_bodies = off;
INSERT INTO consent.seal_pending VALUES (7);  -- fails
ROLLBACK;
BEGIN;
SET LOCAL check_function_bodies = off;
SET LOCAL row_security = off;
INSERT INTO consent.seal_pending VALUES (7);
SELECT * FROM consent.verify();
ROLLBACK;
-- fails: also through the view
DELETE FROM consent.event;
SELECT count(*) FROM consent.event;

-- fails: the guards stay, and so does what the tables are made of
\set VERBOSITY default
ALTER TABLE consent.event_log DISABLE TRIGGER ALL;
\set VERBOSITY terse
DROP TRIGGER append_only ON consent.event_log;
ALTER TRIGGER append_only ON consent.event_log RENAME TO append_sometimes;
ALTER TABLE consent.event_log ADD COLUMN remark text;
ALTER TABLE consent.event_log RENAME TO event_blog;
ALTER TABLE consent.event_log RENAME COLUMN detail TO details;
ALTER TABLE consent.event_log SET SCHEMA public;
ALTER TABLE consent.event_log OWNER TO pg_read_all_data;
ALTER TABLE consent.event_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE consent.event_log SET UNLOGGED;
ALTER TABLE consent.event_log ALTER COLUMN event_id TYPE numeric;
DROP TABLE consent.seal_pending;
CREATE INDEX ON consent.event_log (kind);
ALTER INDEX consent.event_log_pkey RENAME TO event_log_key;
DROP INDEX consent.event_log_subject;
CREATE TRIGGER forget BEFORE INSERT ON consent.event_log EXECUTE FUNCTION suppress_redundant_updates_trigger();
CREATE RULE forget AS ON INSERT TO consent.event_log DO INSTEAD NOTHING;
CREATE POLICY forget ON consent.event_log USING (false);
CREATE STATISTICS correlated ON kind, actor FROM consent.event_log;
COMMENT ON TABLE consent.event_log IS 'nothing of interest';
COMMENT ON COLUMN consent.event_log.kind IS 'nothing of interest';
CREATE OR REPLACE VIEW consent.event AS SELECT 1;
ALTER VIEW consent.event RENAME TO happening;
DROP VIEW consent.event;
ALTER SEQUENCE consent.seal_no_seq RESTART;
SET session_replication_role = replica;
ALTER TABLE consent.event_log DISABLE TRIGGER ALL;
RESET session_replication_role;

-- fails: nothing may show or hang in the ledger's tables that is not its own
CREATE TABLE more_events () INHERITS (consent.event_log);
CREATE TABLE more_seals (LIKE consent.seal);
ALTER TABLE more_seals INHERIT consent.seal;
CREATE TABLE dependent (subject_no bigint REFERENCES consent.subject);
CREATE TABLE dependent (subject_no bigint);
ALTER TABLE dependent ADD FOREIGN KEY (subject_no) REFERENCES consent.subject;

-- fails: its functions and types, its schema, the extension
CREATE OR REPLACE FUNCTION consent.refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
ALTER FUNCTION consent.refuse_change() RENAME TO allow_change;
DROP FUNCTION consent.refuse_change() CASCADE;
ALTER TYPE consent.verdict RENAME VALUE 'denied' TO 'granted_too';
ALTER SCHEMA consent RENAME TO ascent;
DROP SCHEMA consent CASCADE;
ALTER EXTENSION consent_ledger DROP TABLE consent.event_log;
ALTER EXTENSION consent_ledger ADD TABLE dependent;
DROP EVENT TRIGGER consent_ledger_guard;
DROP EXTENSION consent_ledger;

-- fails: every other form of DDL there is; those that the server itself lets nobody do with an extension's member are fine
CREATE TABLE parent (a int);
CREATE TABLE parts (a bigint) PARTITION BY LIST (a);
CREATE SCHEMA other;
CREATE ROLE somebody;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION do_it() RETURNS void LANGUAGE sql AS 'DROP TABLE consent.seal';
CREATE PROCEDURE refused(command text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
	RAISE WARNING 'not refused: %', command;
EXCEPTION
	WHEN object_not_in_prerequisite_state THEN
		IF sqlerrm NOT LIKE '% is refused on %' THEN
			RAISE WARNING '% says %', command, sqlerrm;
		END IF;
	WHEN dependent_objects_still_exist THEN
		IF sqlerrm NOT LIKE 'cannot drop % because extension consent_ledger requires it' THEN
			RAISE WARNING '% says %', command, sqlerrm;
		END IF;
	WHEN OTHERS THEN
		RAISE WARNING '% says %', command, sqlerrm;
END $$;
DO $do$
DECLARE
	command text;
	role text;
BEGIN
	FOREACH role IN ARRAY '{origin, replica}'::text[] LOOP
		PERFORM set_config('session_replication_role', role, true);
		FOREACH command IN ARRAY ARRAY[
			$$ALTER TABLE consent.event_log ADD CONSTRAINT c CHECK (false) NOT VALID$$,
			$$ALTER TABLE consent.event_log DROP CONSTRAINT event_log_pkey$$,
			$$ALTER TABLE consent.event_log ALTER kind SET DEFAULT 'x'$$,
			$$ALTER TABLE consent.event_log ALTER kind DROP NOT NULL$$,
			$$ALTER TABLE consent.event_log ALTER kind SET STATISTICS 5$$,
			$$ALTER TABLE consent.event_log ALTER kind SET STORAGE plain$$,
			$$ALTER TABLE consent.event_log ALTER kind SET (n_distinct = 5)$$,
			$$ALTER TABLE consent.event_log SET (fillfactor = 50)$$,
			$$ALTER TABLE consent.event_log CLUSTER ON event_log_pkey$$,
			$$ALTER TABLE consent.event_log SET TABLESPACE pg_default$$,
			$$ALTER TABLE consent.event_log REPLICA IDENTITY FULL$$,
			$$ALTER TABLE consent.event_log INHERIT parent$$,
			$$ALTER TABLE consent.event_log FORCE ROW LEVEL SECURITY$$,
			$$ALTER TABLE consent.event_log DISABLE RULE x$$,
			$$ALTER TABLE consent.event_log ENABLE REPLICA TRIGGER append_only$$,
			$$ALTER TABLE consent.event_log RENAME CONSTRAINT event_log_pkey TO p$$,
			$$ALTER TABLE IF EXISTS ONLY consent.event_log ADD COLUMN x int$$,
			$$ALTER TABLE "consent"."event_log" ADD COLUMN x int$$,
			$$ALTER TABLE CONSENT.Event_Log ADD COLUMN x int$$,
			$$ALTER TABLE parts ATTACH PARTITION consent.seal_pending FOR VALUES IN (1)$$,
			$$CREATE TABLE more (LIKE consent.seal) INHERITS (consent.seal)$$,
			$$CREATE SCHEMA more CREATE TABLE more (subject_no bigint REFERENCES consent.subject)$$,
			$$CREATE SCHEMA more CREATE TABLE more (a int) CREATE TRIGGER more BEFORE INSERT ON consent.seal EXECUTE FUNCTION nothing()$$,
			$$ALTER INDEX consent.event_log_pkey SET (fillfactor = 50)$$,
			$$ALTER INDEX consent.event_log_pkey DEPENDS ON EXTENSION plpgsql$$,
			$$ALTER TABLE consent.event_log_pkey RENAME TO x$$,
			$$ALTER TRIGGER append_only ON consent.event_log DEPENDS ON EXTENSION plpgsql$$,
			$$ALTER SEQUENCE consent.seal_no_seq OWNED BY NONE$$,
			$$ALTER SEQUENCE consent.seal_no_seq RENAME TO x$$,
			$$ALTER SEQUENCE consent.seal_no_seq SET SCHEMA other$$,
			$$ALTER SEQUENCE consent.seal_no_seq INCREMENT -1 CYCLE$$,
			$$ALTER TABLE consent.seal_no_seq RENAME TO x$$,
			$$ALTER TABLE consent.seal_no_seq OWNER TO somebody$$,
			$$DROP SEQUENCE consent.seal_no_seq$$,
			$$CREATE TRIGGER x INSTEAD OF DELETE ON consent.event FOR EACH ROW EXECUTE FUNCTION nothing()$$,
			$$CREATE CONSTRAINT TRIGGER x AFTER INSERT ON parent FROM consent.event_log FOR EACH ROW EXECUTE FUNCTION nothing()$$,
			$$CREATE OR REPLACE TRIGGER append_only BEFORE INSERT ON consent.seal EXECUTE FUNCTION nothing()$$,
			$$DROP TRIGGER event_record ON consent.event$$,
			$$CREATE OR REPLACE RULE "_RETURN" AS ON SELECT TO consent.event DO INSTEAD SELECT 1$$,
			$$ALTER RULE "_RETURN" ON consent.event RENAME TO x$$,
			$$DROP RULE "_RETURN" ON consent.event$$,
			$$ALTER VIEW consent.event ALTER COLUMN source DROP DEFAULT$$,
			$$ALTER VIEW consent.event SET (security_barrier = true)$$,
			$$ALTER VIEW consent.event OWNER TO somebody$$,
			$$ALTER VIEW consent.event SET SCHEMA other$$,
			$$DROP VIEW consent.event, parent$$,
			$$DROP TABLE parent, consent.seal$$,
			$$DROP TABLE IF EXISTS nowhere, parent, consent.seal CASCADE$$,
			$$DROP TABLE seal$$,
			$$CREATE OR REPLACE VIEW event AS SELECT 1$$,
			$$SELECT do_it()$$,
			$$DROP ROUTINE consent.verify$$,
			$$ALTER FUNCTION consent.verify(text) OWNER TO somebody$$,
			$$ALTER FUNCTION consent.verify(text) SET search_path = public$$,
			$$ALTER FUNCTION consent.verify(text) IMMUTABLE$$,
			$$ALTER FUNCTION consent.verify(text) SET SCHEMA other$$,
			$$CREATE OR REPLACE FUNCTION consent.permits(subject text, purpose text) RETURNS boolean LANGUAGE sql AS 'SELECT true'$$,
			$$DROP AGGREGATE consent.merge(consent.consent)$$,
			$$ALTER AGGREGATE consent.merge(consent.consent) RENAME TO x$$,
			$$DROP OPERATOR consent.|| (consent.consent, consent.consent)$$,
			$$ALTER OPERATOR consent.|| (consent.consent, consent.consent) SET (RESTRICT = NONE)$$,
			$$DROP TYPE consent.consent CASCADE$$,
			$$ALTER TYPE consent.consent SET SCHEMA other$$,
			$$ALTER TYPE consent.verdict ADD VALUE 'maybe'$$,
			$$ALTER TYPE consent.verdict OWNER TO somebody$$,
			$$ALTER TYPE consent.verdict RENAME TO x$$,
			$$ALTER DOMAIN consent.used_run DROP CONSTRAINT used_run_check$$,
			$$ALTER DOMAIN consent.used_run ADD CHECK (VALUE > 0)$$,
			$$ALTER DOMAIN consent.used_run RENAME TO x$$,
			$$DROP DOMAIN consent.used_run CASCADE$$,
			$$DROP CAST (text AS consent.consent)$$,
			$$DROP OPERATOR CLASS consent.consent_ops USING btree$$,
			$$DROP OPERATOR FAMILY consent.consent_ops USING btree CASCADE$$,
			$$ALTER OPERATOR CLASS consent.consent_ops USING btree RENAME TO x$$,
			$$ALTER SCHEMA consent OWNER TO somebody$$,
			$$DROP SCHEMA IF EXISTS other, consent CASCADE$$,
			$$ALTER EXTENSION consent_ledger DROP FUNCTION consent.verify(text)$$,
			$$ALTER EXTENSION consent_ledger DROP SCHEMA consent$$,
			$$ALTER EXTENSION consent_ledger DROP EVENT TRIGGER consent_ledger_guard$$,
			$$DROP EXTENSION consent_ledger CASCADE$$,
			$$DROP EXTENSION IF EXISTS nowhere, consent_ledger CASCADE$$,
			$$DROP EXTENSION plpgsql CASCADE$$,
			$$COMMENT ON TRIGGER append_only ON consent.seal IS 'nothing'$$,
			$$COMMENT ON INDEX consent.seal_pkey IS 'nothing'$$,
			$$COMMENT ON CONSTRAINT seal_pkey ON consent.seal IS 'nothing'$$,
			$$COMMENT ON SEQUENCE consent.seal_no_seq IS 'nothing'$$,
			$$COMMENT ON VIEW consent.event IS 'nothing'$$,
			$$TRUNCATE parent, consent.seal CASCADE$$,
			$$WITH gone AS (DELETE FROM consent.seal RETURNING 1) SELECT FROM gone$$,
			$$UPDATE consent.subject SET state = '' WHERE false$$
		] LOOP
			PERFORM set_config('search_path', CASE WHEN command ~ ' (seal|event AS.*)$' THEN 'consent, public' ELSE 'public' END, true);
			CALL public.refused(command);
		END LOOP;
	END LOOP;
END $do$;
CREATE INDEX CONCURRENTLY ON consent.event_log (kind);
DROP INDEX CONCURRENTLY consent.event_log_subject;
SELECT * FROM consent.verify();
DROP TABLE parent, parts;
DROP SCHEMA other;
DROP ROLE somebody;

-- fails: by way of others that it depends on
CREATE ROLE ledger_owner SUPERUSER;
CREATE DATABASE guarded_elsewhere;
\c guarded_elsewhere
SET client_min_messages = warning;
SET ROLE ledger_owner;
CREATE EXTENSION consent_ledger;
SELECT consent.create_ledger('elsewhere.example') IS NOT NULL AS created;
RESET ROLE;
DROP OWNED BY ledger_owner CASCADE;
REASSIGN OWNED BY ledger_owner TO CURRENT_USER;
SELECT count(*) FROM consent.event;
\c guarded
SET client_min_messages = warning;
DROP DATABASE guarded_elsewhere;
DROP ROLE ledger_owner;

-- passes: what leaves the rows as they are
VACUUM consent.event_log;
VACUUM FULL consent.seal;
ANALYZE consent.event_log;
REINDEX TABLE consent.event_log;
REINDEX TABLE CONCURRENTLY consent.event_log;
CLUSTER consent.event_log USING event_log_pkey;
SET client_min_messages = error;  -- wal_level may not suffice
CREATE PUBLICATION copies FOR TABLE consent.event_log;
DROP PUBLICATION copies;
CREATE ROLE reader;
GRANT USAGE ON SCHEMA consent TO reader;
GRANT SELECT ON consent.event TO reader;
REVOKE ALL ON consent.event FROM reader;
REVOKE ALL ON SCHEMA consent FROM reader;
DROP ROLE reader;
ALTER EXTENSION consent_ledger UPDATE;
-- passes: everybody else's tables
ALTER TABLE dependent ADD COLUMN remark text;
DROP TABLE dependent, more_seals;

-- fails: only a ledger for tests can be emptied
SELECT consent.reset_ledger();

-- passes: a superuser who means it
BEGIN;
ALTER EVENT TRIGGER consent_ledger_guard DISABLE;
ALTER TABLE consent.event_log DISABLE TRIGGER append_only;
DELETE FROM consent.event_log;
DROP EXTENSION consent_ledger;
ROLLBACK;
SELECT count(*) FROM consent.event;

\c regress
DROP DATABASE guarded;

-- one for tests goes without ado, and leaves the keys alone of one that was not
CREATE DATABASE throw_away;
\c throw_away
SET client_min_messages = warning;
CREATE EXTENSION consent_ledger;
SELECT consent.create_ledger('throw-away.example') AS vkey \gset
\c regress
DROP DATABASE throw_away;
CREATE DATABASE throw_away;
\c throw_away
SET client_min_messages = warning;
CREATE EXTENSION consent_ledger;
SELECT consent.create_ledger('throw-away.example', test => true) <> :'vkey' AS other_keys;
SELECT consent.reset_ledger();
SELECT consent.create_ledger('throw-away.example') = :'vkey' AS same_keys;
\c regress
DROP DATABASE throw_away;
CREATE DATABASE throw_away;
\c throw_away
SET client_min_messages = warning;
CREATE EXTENSION consent_ledger;
SELECT consent.create_ledger('throw-away.example', test => true) IS NOT NULL AS created;
SELECT consent.reset_ledger();
SELECT count(*) FROM consent.event_log;
SELECT consent.create_ledger('throw-away.example', test => true) IS NOT NULL AS created_again;
SELECT count(*) FROM consent.event_log;
-- what is rolled back changes no key
BEGIN;
SELECT consent.reset_ledger();
SELECT consent.create_ledger('throw-away.example', test => true) IS NOT NULL AS created;
ROLLBACK;
BEGIN;
SAVEPOINT s;
SELECT consent.reset_ledger();
ROLLBACK TO s;
SELECT consent.define_purpose('train') > 0 AS defined;
COMMIT;
SELECT consent.define_purpose('ads') > 0 AS defined;
CALL consent.checkpoint();
SELECT * FROM consent.verify();
BEGIN;
SELECT consent.reset_ledger();
SELECT consent.create_ledger('throw-away.example', test => true) IS NOT NULL AS created;
COMMIT;
SELECT consent.define_purpose('ads') > 0 AS defined;
CALL consent.checkpoint();
SELECT * FROM consent.verify();
DROP EXTENSION consent_ledger;
\c regress
DROP DATABASE throw_away;
