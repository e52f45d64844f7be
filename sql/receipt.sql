-- Receipts: one event, for somebody who does not trust the ledger.  That they
-- hold is tested by consent-verify, in tests/t.
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT consent.define_purpose('rec_ai') AS declared \gset
SELECT consent.opt_in('rec_alice', 'rec_ai', evidence => '{"page": 3}') AS event \gset
SELECT consent.opt_out('rec_bob', 'rec_ai') AS other \gset

-- Before a checkpoint covers it, a receipt promises.
SELECT name, length(value) > 0 AS there FROM json_each_text(consent.receipt(:event)::json) AS m(name, value);
SELECT split_part(consent.receipt(:event)::json ->> 'promise', E'\n', 3) = 'event ' || :event AS of_this_event;
-- Within a day, unless it is set otherwise.
BEGIN;
SELECT (regexp_match(consent.receipt(:event)::json ->> 'promise', 'include_by (\S+)'))[1]::timestamptz - now() BETWEEN '24h' AND '25h' AS in_a_day;
SET LOCAL consent_ledger.include_within = '1h';
SELECT (regexp_match(consent.receipt(:event)::json ->> 'promise', 'include_by (\S+)'))[1]::timestamptz - now() BETWEEN '1h' AND '2h' AS in_an_hour;
\set VERBOSITY sqlstate
SET LOCAL consent_ledger.include_within = 0;  -- fails
\set VERBOSITY terse
ROLLBACK;
-- in seconds; PostgreSQL 18 says so at each number
SELECT regexp_replace(:'LAST_ERROR_MESSAGE', '(\d) s\M', '\1', 'g') AS message;
SELECT setting, unit, min_val, max_val FROM pg_settings WHERE name = 'consent_ledger.include_within';

-- Then it proves.
CALL consent.checkpoint();
SELECT name, length(value) > 0 AS there FROM json_each_text(consent.receipt(:event)::json) AS m(name, value);
SELECT split_part(consent.receipt(:event)::json ->> 'proof', E'\n', 1) AS format;
-- It is one line, the same each time, and the event is as it was sealed.
SELECT consent.receipt(:event) = consent.receipt(:event) AS same, strpos(consent.receipt(:event), E'\n') AS lines;
SELECT consent.receipt(:event)::json ->> 'event' AS event \gset r_
SELECT :'r_event'::json ->> 'choices' LIKE '+rec_ai@%' AS choices, :'r_event'::json ->> 'id' = :'event' AS id;
-- It says who she is only where that is asked for, and likewise the evidence.
SELECT consent.receipt(:event, true)::json ->> 'key' AS key, consent.receipt(:event)::json ->> 'key' AS without;
SELECT consent.receipt(:event, evidence => true)::json ->> 'evidence' AS evidence, consent.receipt(:event)::json ->> 'evidence' AS without;

-- fails: no such event, nobody to identify, nothing to show
SELECT consent.receipt(0);
SELECT consent.receipt(-1);
SELECT consent.receipt(9223372036854775807) IS NULL;
\set VERBOSITY sqlstate
SELECT consent.receipt(:declared, true) IS NULL;
SELECT consent.receipt(:event + 1);
SELECT consent.receipt(:other, evidence => true);
-- fails: nothing is promised of what may be rolled back
BEGIN;
SELECT consent.opt_out('rec_alice', 'rec_ai') AS mine \gset
SELECT consent.receipt(:mine);
ROLLBACK;
BEGIN;
SAVEPOINT s;
SELECT consent.opt_out('rec_alice', 'rec_ai') AS mine \gset
RELEASE s;
SELECT consent.receipt(:mine);
ROLLBACK;
-- passes: NULL
SELECT consent.receipt(NULL) IS NULL AS null;

-- Who was erased is not identified any more; the receipt holds without.
SELECT consent.erase_subject('rec_alice') > 0 AS erased;
SELECT consent.receipt(:event, true);  -- fails
SELECT consent.receipt(:event, evidence => true);  -- fails
SELECT consent.receipt(:event) IS NOT NULL AS receipt;

-- Auditors and admins hand them out, others do not.
CREATE ROLE regress_receipt;
SELECT consent.grant_role('recorder', 'regress_receipt'), consent.grant_role('trainer', 'regress_receipt');
SET ROLE regress_receipt;
SELECT consent.receipt(:event);  -- fails
RESET ROLE;
SELECT consent.grant_role('auditor', 'regress_receipt');
SET ROLE regress_receipt;
SELECT consent.receipt(:event) IS NOT NULL AS receipt;
RESET ROLE;
DROP OWNED BY regress_receipt;
DROP ROLE regress_receipt;
