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
