-- Who may do what. Five sets of ordinary privileges, and nothing for PUBLIC.
\set VERBOSITY terse
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';
CREATE ROLE regress_recorder;
CREATE ROLE regress_importer;
CREATE ROLE regress_trainer;
CREATE ROLE regress_auditor;
CREATE ROLE regress_admin;
CREATE ROLE regress_nobody;
SELECT consent.grant_role('recorder', 'regress_recorder');
SELECT consent.grant_role('importer', 'regress_importer');
SELECT consent.grant_role('trainer', 'regress_trainer');
SELECT consent.grant_role('auditor', 'regress_auditor');
SELECT consent.grant_role('admin', 'regress_admin');
-- passes: twice is once
SELECT consent.grant_role('recorder', 'regress_recorder');
-- fails: no such set, no such role
SELECT consent.grant_role('owner', 'regress_recorder');
SELECT consent.grant_role(NULL, 'regress_recorder');
SELECT consent.grant_role('recorder', 'regress_noone');
SELECT consent.grant_role('recorder', 'public');

-- An admin declares.
SET ROLE regress_admin;
SELECT consent.define_purpose('rol_ai') > 0 AS defined;
SELECT consent.publish_notice('rol_privacy', '1', 'Text.', '{rol_ai}') IS NOT NULL AS published;
SELECT consent.set_preset('~rol_ai', at => '2024-08-01 00:00Z') > 0 AS set;
SELECT recorded_by FROM consent.event;  -- fails: what people chose is not hers to read
SELECT consent.opt_in('rol_alice', 'rol_ai');  -- fails
SELECT consent.grant_role('auditor', 'regress_admin');  -- fails

-- A recorder records what happens now,
SET ROLE regress_recorder;
SELECT consent.opt_out('rol_alice', 'rol_ai') > 0 AS recorded;
SELECT consent.serve_notice('rol_alice', 'rol_privacy/1') > 0 AS recorded;
INSERT INTO consent.event (subject, choices) VALUES ('rol_bob', '+rol_ai') RETURNING event_id > 0 AS recorded;
-- not what happened long ago,
SELECT consent.opt_in('rol_alice', 'rol_ai', at => '2024-01-01 00:00Z');  -- fails
INSERT INTO consent.event (subject, choices) VALUES ('rol_bob', '+rol_ai@2024-01-01T00:00:00Z');  -- fails
INSERT INTO consent.event (subject, choices, event_time) VALUES ('rol_bob', '+rol_ai', now()), ('rol_bob', '+rol_ai', '2024-01-01 00:00Z');  -- fails
COPY consent.event (subject, choices, event_time) FROM stdin;
rol_bob	+rol_ai	2024-01-01 00:00Z
\.
SELECT consent.record_choices('rol_alice', '-rol_ai@2024-01-01T00:00:00Z');  -- fails
SELECT consent.serve_notice('rol_alice', 'rol_privacy/1', '2024-01-01 00:00Z');  -- fails
SET consent_ledger.max_lateness = '100 years';  -- fails
SELECT consent.opt_out('rol_alice', 'rol_ai', at => now() - interval '23 hours 59 minutes') > 0 AS in_time;
-- and declares and reads nothing.
SELECT consent.define_purpose('rol_mine');  -- fails
SELECT consent.set_preset('~rol_ai');  -- fails
SELECT subject FROM consent.event;  -- fails
SELECT key FROM consent.subject;  -- fails
SELECT consent.import_setting('pg_class', 'relname', 'relhasindex', 'rol_ai', true);  -- fails
INSERT INTO consent.subject DEFAULT VALUES;  -- fails
DELETE FROM consent.event;  -- fails
-- What is declared is no secret.
SELECT name FROM consent.purpose WHERE name = 'rol_ai';
SELECT subject_type FROM consent.ledger;
SELECT suppression_key FROM consent.ledger;  -- fails

-- An importer records the past too.
SET ROLE regress_importer;
SELECT consent.opt_in('rol_carol', 'rol_ai', at => '2024-09-01 00:00Z', actor => 'import', source => 'archive') > 0 AS recorded;
COPY consent.event (subject, choices, event_time, actor, method, source) FROM stdin;
rol_carol	-rol_ai	2024-09-02 00:00Z	import	paper	archive
\.
SELECT consent.serve_notice('rol_carol', 'rol_privacy/1', '2024-01-01 00:00Z') > 0 AS recorded;
SELECT consent.opt_in('rol_carol', 'rol_ai', at => '9000-01-01 00:00Z');  -- fails: nobody records the future
CREATE TEMP TABLE rol_settings (id text, on_ boolean);
INSERT INTO rol_settings VALUES ('rol_dave', false);
SELECT refusals FROM consent.import_setting('rol_settings', 'id', 'on_', 'rol_ai', true);
SELECT subject FROM consent.event;  -- fails
DROP TABLE rol_settings;

-- A trainer does not record choices.
SET ROLE regress_trainer;
SELECT consent.opt_in('rol_alice', 'rol_ai');  -- fails
INSERT INTO consent.event (subject, choices) VALUES ('rol_alice', '+rol_ai');  -- fails
SELECT state FROM consent.subject;  -- fails

-- An auditor reads all but the salts, and writes nothing.
SET ROLE regress_auditor;
SELECT subject, left(choices::text, 7) AS choices, recorded_by FROM consent.event WHERE subject LIKE 'rol\_%' ORDER BY event_id;
SELECT key, left(state::text, 7) AS state FROM consent.subject WHERE key LIKE 'rol\_%' ORDER BY key COLLATE "C";
SELECT salt FROM consent.subject;  -- fails
SELECT suppression FROM consent.subject;  -- fails
SELECT salt FROM consent.evidence;  -- fails
SELECT consent.opt_in('rol_alice', 'rol_ai');  -- fails
UPDATE consent.event_log SET actor = 'self';  -- fails

-- Whoever was granted nothing can do nothing.
SET ROLE regress_nobody;
SELECT consent.opt_in('rol_alice', 'rol_ai');  -- fails
SELECT name FROM consent.purpose;  -- fails
RESET ROLE;

-- What is taken back is gone,
SELECT consent.revoke_role('recorder', 'regress_recorder');
SET ROLE regress_recorder;
SELECT consent.opt_out('rol_alice', 'rol_ai');  -- fails
RESET ROLE;
-- but for what the role also is.
SELECT consent.grant_role('recorder', 'regress_auditor');
SELECT consent.revoke_role('auditor', 'regress_auditor');
SET ROLE regress_auditor;
INSERT INTO consent.event (subject, choices) VALUES ('rol_erin', '-rol_ai') RETURNING event_id > 0 AS recorded;
SELECT subject FROM consent.event;  -- fails
RESET ROLE;
-- An importer is a recorder by that alone.
SELECT consent.revoke_role('importer', 'regress_importer');
SET ROLE regress_importer;
SELECT consent.opt_out('rol_alice', 'rol_ai');  -- fails
RESET ROLE;
SELECT consent.revoke_role('owner', 'regress_auditor');  -- fails

-- Of what reads or writes about people, recorders and trainers get no answer
-- but a yes or no.
SELECT r AS role, p.proname, format_type(p.prorettype, NULL) AS returns
FROM unnest('{recorder, trainer}'::text[]) r, consent.role_privileges(r) x JOIN pg_proc p ON p.oid = x.routine
WHERE p.proname IN ('permits', 'verdict', 'explain', 'choices_of', 'history', 'uses_of')
  AND p.prorettype <> 'boolean'::regtype
ORDER BY 1, 2;

-- Those who are to learn little can do this, and nothing else.
SELECT r AS role, string_agg(DISTINCT p.proname, ', ' ORDER BY p.proname) AS executes
FROM unnest('{recorder, importer, trainer}'::text[]) r, consent.role_privileges(r) x JOIN pg_proc p ON p.oid = x.routine
GROUP BY r ORDER BY r;
SELECT r AS role, regexp_replace(x.privilege, ' .*', '') AS privilege, string_agg(DISTINCT regexp_replace(x.object, 'TABLE consent.', ''), ', ') AS relations
FROM unnest('{recorder, importer, trainer}'::text[]) r, consent.role_privileges(r) x WHERE x.routine IS NULL
GROUP BY r, 2 ORDER BY r, 2;
-- Nobody gets more of them than that, and nobody may give it away.
SELECT r.rolname, p.oid::regprocedure AS beyond_the_set
FROM pg_roles r JOIN unnest('{trainer, admin}'::text[]) which ON r.rolname = 'regress_' || which
JOIN pg_proc p ON p.pronamespace = 'consent'::regnamespace
WHERE has_function_privilege(r.oid, p.oid, 'EXECUTE') AND p.provolatile <> 'i' AND p.proname <> 'verdict_of'
  AND p.oid NOT IN (SELECT x.routine FROM consent.role_privileges(which) x WHERE x.routine IS NOT NULL);
SELECT r.rolname, a.privilege_type AS may_grant FROM pg_roles r, pg_proc p, aclexplode(p.proacl) a
WHERE p.pronamespace = 'consent'::regnamespace AND a.grantee = r.oid AND r.rolname LIKE 'regress%' AND a.is_grantable;

-- What belongs to no set is only for the extension's owner.
SELECT p.oid::regprocedure AS owners_only FROM pg_proc p
WHERE p.pronamespace = 'consent'::regnamespace AND p.provolatile <> 'i'
  AND p.prorettype <> ALL ('{trigger, event_trigger}'::regtype[])
  AND NOT EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0)
  AND p.oid <> ALL (SELECT x.routine FROM unnest('{recorder, importer, trainer, auditor, admin}'::text[]) w, consent.role_privileges(w) x WHERE x.routine IS NOT NULL)
ORDER BY p.oid::regprocedure::text COLLATE "C";
-- and so for relations
SELECT c.relname AS owners_only FROM pg_class c
WHERE c.relnamespace = 'consent'::regnamespace AND c.relkind IN ('r', 'v')
  AND NOT EXISTS (SELECT FROM unnest('{recorder, importer, trainer, auditor, admin}'::text[]) w, consent.role_privileges(w) x WHERE x.object = 'TABLE ' || c.oid::regclass)
ORDER BY 1;

DROP OWNED BY regress_recorder, regress_importer, regress_trainer, regress_auditor, regress_admin;
DROP ROLE regress_recorder, regress_importer, regress_trainer, regress_auditor, regress_admin, regress_nobody;
