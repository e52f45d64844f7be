-- A ledger: one in a database, started once, by name.
\set VERBOSITY terse
SET client_min_messages = warning;
DROP EXTENSION consent_ledger;
CREATE EXTENSION consent_ledger;

-- before it is there, everything says what to do
SELECT consent.opt_in('alice', 'ai_training');  -- fails: no ledger

-- fails: an origin is a key name, and ours are reserved
SELECT consent.create_ledger('two words');
SELECT consent.create_ledger('plus+sign');
SELECT consent.create_ledger('consent_ledger/seal');
SELECT consent.create_ledger('');
-- fails: subjects are text, bigint or uuid
SELECT consent.create_ledger('regress.example/consent', 'numeric');

-- passes: returns the checkpoint key, as a note verifier key
SELECT consent.create_ledger('regress.example/consent', test => true) ~ '^regress\.example/consent\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$' AS vkey;

-- fails: there is one already
SELECT consent.create_ledger('another.example/consent');

-- three keys, since none may sign what another signs
SELECT key_no, name, signs, vkey LIKE name || '+%' AS named FROM consent.key ORDER BY key_no;

-- the first event says what the ledger is
SELECT event_id % 4096 AS place, kind, recorded_by = current_user AS by_me,
       detail::json ->> 'origin' AS origin, detail::json ->> 'subject_type' AS subjects
FROM consent.event;

-- and it is sealed
SELECT kind, count, length(root) AS root, split_part(note, E'\n', 1) AS first_line,
       split_part(note, E'\n', 2) AS origin
FROM consent.seal;
