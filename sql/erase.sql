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
