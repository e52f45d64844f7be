-- Everything that is stored, compared with what was sealed.
\set VERBOSITY terse
SET client_min_messages = warning;

-- what all the tests before this one recorded is sound
SELECT * FROM consent.verify();

SELECT consent.define_purpose('ver_train') > 0 AS defined;
SELECT consent.publish_notice('ver_privacy', '1', 'We ask first.', '{ver_train}') IS NOT NULL AS published;
SELECT consent.opt_out('ver_ann', 'ver_train', notice => 'ver_privacy/1', evidence => '{"form": 7}') AS event \gset
INSERT INTO consent.event (subject, choices) VALUES ('ver_ben', '+ver_train'), ('ver_cem', '-ver_train');

-- what a superuser does who disables the guards; numbers are left out here
BEGIN;
ALTER EVENT TRIGGER consent_ledger_guard DISABLE;
ALTER TABLE consent.event_log DISABLE TRIGGER append_only;
ALTER TABLE consent.subject DISABLE TRIGGER append_only;
ALTER TABLE consent.notice DISABLE TRIGGER append_only;
ALTER TABLE consent.evidence DISABLE TRIGGER append_only;
CREATE FUNCTION pg_temp.found(tampered boolean = true) RETURNS TABLE (kind text, thing text) LANGUAGE sql AS
$$ SELECT kind, regexp_replace(thing, '\d+', 'N', 'g') FROM consent.verify() WHERE (kind <> 'guard') = tampered ORDER BY kind, thing COLLATE "C" $$;
SELECT * FROM pg_temp.found(false);

SAVEPOINT tamper;
UPDATE consent.event_log SET choices = '+ver_train' WHERE event_id = :event;
SELECT * FROM pg_temp.found();
ROLLBACK TO tamper;
UPDATE consent.subject SET state = '+ver_train' WHERE key = 'ver_ann';
SELECT * FROM pg_temp.found();
ROLLBACK TO tamper;
DELETE FROM consent.event_log WHERE event_id = (SELECT max(event_id) FROM consent.event_log);
SELECT * FROM pg_temp.found() WHERE kind = 'event';
ROLLBACK TO tamper;
UPDATE consent.subject SET key = 'ver_dan' WHERE key = 'ver_ann';
SELECT * FROM pg_temp.found();
ROLLBACK TO tamper;
UPDATE consent.notice SET body = 'We need not ask.' WHERE label = 'ver_privacy/1';
SELECT * FROM pg_temp.found();
ROLLBACK TO tamper;
UPDATE consent.evidence SET body = '{"form": 8}' WHERE event_id = :event;
SELECT * FROM pg_temp.found();
ROLLBACK;

-- erased by an event is no finding
SELECT consent.erase_subject('ver_ann', 'admin') > 0 AS erased;
SELECT * FROM consent.verify();
