-- Erasing who a subject is: the ledger goes on to verify, and she stays denied.
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT consent.define_purpose('er_train') IS NOT NULL AS defined;
SELECT consent.opt_in('er_alice', 'er_train', evidence => '{"form": 7}') > 0 AS recorded;
SELECT subject_no AS alice FROM consent.subject WHERE key = 'er_alice' \gset

-- fails: unknown to the ledger
SELECT consent.erase_subject('er_nobody');

-- passes: key, salt and evidence go
SELECT consent.erase_subject('er_alice', method => 'letter') > 0 AS erased;
SELECT key, salt, suppression IS NOT NULL AS hash_left FROM consent.subject WHERE subject_no = :alice;
SELECT kind, subject, evidence, subject_no = :alice AS same_number FROM consent.event
WHERE subject_no = :alice ORDER BY event_id;

-- fails: she is erased already
SELECT consent.erase_subject('er_alice');

-- whoever comes back under the same key is somebody new, and can be erased again
SELECT consent.opt_in('er_alice', 'er_train') > 0 AS recorded;
SELECT subject_no <> :alice AS another_number FROM consent.subject WHERE key = 'er_alice';
SELECT consent.erase_subject('er_alice') > 0 AS erased;
SELECT count(*) FROM consent.subject WHERE key = 'er_alice';

-- a number leads to her key until then
SELECT consent.opt_in('er_eve', 'er_train') > 0 AS recorded;
CREATE FUNCTION er_keys(number bigint, OUT keys text[]) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 3 LOOP
		keys := keys || consent.key_of_subject(number);
		IF i = 2 THEN
			PERFORM consent.erase_subject('er_eve');
		END IF;
	END LOOP;
END $$;
SELECT er_keys(subject_no), consent.key_of_subject(-1) AS nobody FROM consent.subject WHERE key = 'er_eve';
DROP FUNCTION er_keys;

-- What an operator does, or what is left in tables, makes nobody known again.
SELECT consent.define_purpose('er_stats', regime => 'opt_out') IS NOT NULL AS defined;
SELECT consent.publish_notice('er_privacy', '1', 'We count.', '{er_stats}') IS NOT NULL AS published;
CREATE TABLE er_member (id text PRIMARY KEY, stats boolean);
CREATE TRIGGER stats AFTER INSERT OR UPDATE OR DELETE ON er_member FOR EACH ROW EXECUTE FUNCTION consent.track('id', 'stats', 'er_stats');
CREATE TABLE er_message (id integer PRIMARY KEY, sender text, recipient text);
SELECT consent.protect('er_message', '{sender, recipient}') > 0 AS protected;
INSERT INTO er_message VALUES (1, 'er_bob', 'er_carol'), (2, 'er_bob', NULL);
INSERT INTO er_member VALUES ('er_bob', true), ('er_carol', true);
SELECT consent.erase_subject('er_bob') > 0 AS erased;
-- fails
SELECT consent.serve_notice('er_bob', 'er_privacy/1');
SELECT consent.record_choices('er_bob', '~er_stats');
SELECT consent.opt_in('er_bob', 'er_stats', actor => 'admin');
SELECT consent.opt_out('er_bob', 'er_stats', actor => 'system');
INSERT INTO consent.event (subject, choices) VALUES ('er_dora', '+er_stats'), ('er_bob', '~er_stats');
SELECT consent.opt_out(m, 'er_stats') FROM er_message m WHERE id = 2;
-- passes, and says nothing of her
UPDATE er_member SET stats = false;
UPDATE er_member SET stats = true;
BEGIN;
SELECT consent.acting('er_bob');
DELETE FROM er_member;
COMMIT;
SELECT consent.opt_out(m, 'er_stats') > 0 AS recorded FROM er_message m WHERE id = 1;
SELECT subject, table_name, regexp_replace(choices::text, '@[^ ]*', '') AS choices FROM consent.event WHERE subject LIKE 'er\_%' ORDER BY event_id;
SELECT key FROM consent.subject WHERE key IN ('er_bob', 'er_dora');
SELECT consent.verdict('er_bob', 'er_stats'), consent.permits('er_bob', 'er_stats'), consent.verdict(m, 'er_stats') AS message FROM er_message m WHERE id = 1;
-- passes: in the end she comes back, as somebody new
BEGIN;
SELECT consent.acting('er_bob');
INSERT INTO er_member VALUES ('er_bob', true);
COMMIT;
SELECT consent.verdict('er_bob', 'er_stats');
DROP TABLE er_member, er_message;
