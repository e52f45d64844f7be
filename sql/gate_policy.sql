-- Row-level security: a role sees only what may be used.
\set VERBOSITY terse
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SELECT consent.define_purpose('gat_ai') > 0 AS defined;
CREATE ROLE regress_gat_trainer;
CREATE ROLE regress_gat_owner;
SELECT consent.grant_role('trainer', 'regress_gat_trainer');
SELECT consent.grant_role('admin', 'regress_gat_owner');
CREATE SCHEMA gat AUTHORIZATION regress_gat_owner;
SET ROLE regress_gat_owner;
CREATE TABLE gat.message (tenant integer, id integer, sender varchar(40), recipient text, sent timestamptz, PRIMARY KEY (tenant, id));
INSERT INTO gat.message SELECT 1, g, 'gat_' || g % 4, 'gat_' || g % 3, '2024-05-01 00:00Z' FROM generate_series(1, 24) g;
-- fails: not protected
SELECT consent.gate('gat.message', 'regress_gat_trainer', 'gat_ai');
SELECT consent.protect('gat.message', '{sender, recipient}', collected_at => 'sent') > 0 AS protected;
GRANT USAGE ON SCHEMA gat TO regress_gat_trainer;
GRANT SELECT ON gat.message TO regress_gat_trainer;
SELECT consent.gate('gat.message', 'regress_gat_trainer', 'gat_ai');
-- passes: again
SELECT consent.gate('gat.message', 'regress_gat_trainer', 'gat_ai');
-- fails: no such purpose, no such role
SELECT consent.gate('gat.message', 'regress_gat_trainer', 'gat_lost');
SELECT consent.gate('gat.message', 'regress_gat_lost', 'gat_ai');
RESET ROLE;
SELECT polname, polpermissive, pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polrelid = 'gat.message'::regclass ORDER BY polname COLLATE "C";

SET ROLE regress_gat_trainer;
SELECT count(*) FROM gat.message;
RESET ROLE;
SELECT count(consent.opt_in('gat_' || g, 'gat_ai')) AS granted FROM generate_series(0, 2) g;
SET ROLE regress_gat_trainer;
SELECT id, sender, recipient FROM gat.message ORDER BY id;
-- the role can neither ask why nor look
SELECT consent.verdict('gat_1', 'gat_ai');  -- fails
SELECT subject FROM consent.event;  -- fails
RESET ROLE;
-- one row of them is withdrawn
SELECT consent.opt_out(m, 'gat_ai', party => 'gat_1') > 0 AS refused FROM gat.message m WHERE id = 13;
SET ROLE regress_gat_trainer;
SELECT count(*), count(*) FILTER (WHERE id = 13) AS withdrawn FROM gat.message;
RESET ROLE;
-- renamed, it is still what it was
ALTER TABLE gat.message RENAME COLUMN sender TO author;
ALTER TABLE gat.message RENAME TO mail;
SET ROLE regress_gat_trainer;
SELECT count(*) FROM gat.mail;
RESET ROLE;
-- cheap conditions come first, those that may tell come last; an index is used
CREATE FUNCTION gat.tell(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE WARNING 'told of %', $1; RETURN true; END $$;
SET ROLE regress_gat_trainer;
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT FROM gat.mail WHERE tenant = 1 AND id = 1 AND recipient = 'gat_1';
RESET enable_seqscan;
SELECT id FROM gat.mail WHERE id < 4 AND gat.tell(author) ORDER BY id;
-- a generic plan asks anew each time
SET plan_cache_mode = force_generic_plan;
PREPARE seen(integer) AS SELECT count(*) FROM gat.mail WHERE id = $1;
EXECUTE seen(1);
RESET ROLE;
SELECT consent.opt_out('gat_1', 'gat_ai') > 0 AS refused;
SET ROLE regress_gat_trainer;
EXECUTE seen(1);
SELECT count(*) FROM gat.mail;
DEALLOCATE seen;
RESET plan_cache_mode;
RESET ROLE;
SELECT consent.opt_in('gat_1', 'gat_ai') > 0 AS granted;
-- workers ask for themselves
SET ROLE regress_gat_trainer;
SET max_parallel_workers_per_gather = 2;
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
EXPLAIN (COSTS OFF) SELECT count(*) FROM gat.mail;
SELECT count(*) FROM gat.mail;
RESET max_parallel_workers_per_gather;
RESET min_parallel_table_scan_size;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET ROLE;
-- a view shows what its owner may see, or with security_invoker its reader
CREATE VIEW gat.theirs AS SELECT * FROM gat.mail;
CREATE VIEW gat.ours WITH (security_invoker = true) AS SELECT * FROM gat.mail;
GRANT SELECT ON gat.theirs, gat.ours TO regress_gat_trainer;
SET ROLE regress_gat_trainer;
SELECT (SELECT count(*) FROM gat.theirs) AS theirs, (SELECT count(*) FROM gat.ours) AS ours;
RESET ROLE;
-- who owns the table is limited only by FORCE, and is told so; others never
SET ROLE regress_gat_owner;
SELECT count(*) FROM gat.mail;
SELECT consent.gate('gat.mail', 'regress_gat_owner', 'gat_ai');
SELECT count(*) FROM gat.mail;
ALTER TABLE gat.mail FORCE ROW LEVEL SECURITY;
SELECT consent.gate('gat.mail', 'regress_gat_owner', 'gat_ai');
SELECT count(*) FROM gat.mail;
SELECT consent.gate('gat.mail', session_user, 'gat_ai') IS NOT NULL AS gated;
RESET ROLE;
-- a partitioned table is gated as a whole
CREATE TABLE gat.log (id uuid, day integer, owner text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE gat.log_1 PARTITION OF gat.log FOR VALUES FROM (1) TO (8);
CREATE TABLE gat.log_2 (day integer NOT NULL, owner text, gone text, id uuid NOT NULL);
ALTER TABLE gat.log_2 DROP COLUMN gone;
ALTER TABLE gat.log ATTACH PARTITION gat.log_2 FOR VALUES FROM (8) TO (15);
INSERT INTO gat.log SELECT ('00000000-0000-0000-0000-0000000000' || to_char(g, 'FM00'))::uuid, g, 'gat_' || g % 4 FROM generate_series(1, 12) g;
SELECT consent.protect('gat.log', '{owner}') > 0 AS protected;
SELECT consent.gate('gat.log', 'regress_gat_trainer', 'gat_ai');
SELECT count(consent.opt_out(l, 'gat_ai', party => 'gat_1')) AS refused FROM gat.log_2 l WHERE day = 9;
GRANT SELECT ON gat.log TO regress_gat_trainer;
SET ROLE regress_gat_trainer;
SELECT day, owner FROM gat.log ORDER BY day;
RESET ROLE;
SELECT day, consent.permits(l, 'gat_ai') FROM gat.log l WHERE owner = 'gat_1' ORDER BY day;
SELECT day, consent.permits(l, 'gat_ai') FROM gat.log_2 l WHERE owner = 'gat_1' ORDER BY day;
-- two roles whose names differ at the end only do not share a policy
CREATE ROLE regress_gat_a_role_with_a_name_as_long_as_they_can_be_number_one;
CREATE ROLE regress_gat_a_role_with_a_name_as_long_as_they_can_be_number_two;
GRANT USAGE ON SCHEMA consent TO regress_gat_a_role_with_a_name_as_long_as_they_can_be_number_one, regress_gat_a_role_with_a_name_as_long_as_they_can_be_number_two;
SELECT count(consent.gate('gat.log', rolname, 'gat_ai')) AS gated FROM pg_roles WHERE rolname LIKE 'regress_gat_a_role%';
SELECT count(DISTINCT polname), count(DISTINCT polroles) FROM pg_policy WHERE polrelid = 'gat.log'::regclass;
DROP SCHEMA gat CASCADE;
DROP OWNED BY regress_gat_trainer, regress_gat_owner, regress_gat_a_role_with_a_name_as_long_as_they_can_be_number_one, regress_gat_a_role_with_a_name_as_long_as_they_can_be_number_two;
DROP ROLE regress_gat_trainer, regress_gat_owner, regress_gat_a_role_with_a_name_as_long_as_they_can_be_number_one, regress_gat_a_role_with_a_name_as_long_as_they_can_be_number_two;
