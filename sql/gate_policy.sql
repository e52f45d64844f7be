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
-- who owns the table is not limited
SET ROLE regress_gat_owner;
SELECT count(*) FROM gat.mail;
RESET ROLE;
DROP SCHEMA gat CASCADE;
DROP OWNED BY regress_gat_trainer, regress_gat_owner;
DROP ROLE regress_gat_trainer, regress_gat_owner;
