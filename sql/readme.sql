-- The tour of README.md.
SET client_min_messages = warning;
SELECT current_database() AS tests \gset
CREATE DATABASE readme;
\c readme
SET client_min_messages = warning;
SET timezone = 'UTC';
\pset footer off
-- tour begins
CREATE EXTENSION consent_ledger;
-- test: a ledger to try things with. Without it, it is for good, and cannot be dropped.
SELECT consent.create_ledger('example.org/consent', test => true) IS NOT NULL AS started;
SELECT consent.define_purpose('ai_training', title => 'Training of AI models') IS NOT NULL AS defined;

CREATE TABLE message (id bigint PRIMARY KEY, sender text, recipient text, sent_at timestamptz);
INSERT INTO message VALUES
	(1, 'alice', 'bob',   '2024-07-01 09:00Z'),
	(2, 'alice', 'carol', '2024-08-20 09:00Z'),
	(3, 'carol', 'dave',  '2024-10-05 09:00Z');
SELECT consent.protect('message', parties => '{sender, recipient}', collected_at => 'sent_at') IS NOT NULL AS protected;

-- In August a setting is switched on for everybody; in September the policy says so.
SELECT consent.set_preset('~ai_training', at => '2024-08-01Z') IS NOT NULL AS switched_on;
SELECT consent.publish_notice('privacy', '2024-09-18', 'We train AI on what you write.', '{ai_training}', stated_on => '2024-09-18') IS NOT NULL AS published;

-- People choose.
SELECT consent.opt_in('alice', 'ai_training', at => '2024-10-02 09:00Z', notice => 'privacy/2024-09-18') IS NOT NULL AS recorded;
SELECT consent.record_choices('carol', '+ai_training for [2024-10-01T00:00:00Z,)', at => '2024-10-03 12:00Z') IS NOT NULL AS recorded;
SELECT consent.opt_out('bob', 'ai_training', at => '2024-10-04 18:00Z') IS NOT NULL AS recorded;

-- May these messages be used? Both parties decide.
SELECT id, sender, recipient, consent.verdict(m, 'ai_training'), consent.permits(m, 'ai_training') FROM message m ORDER BY id;
SELECT party, verdict, because FROM message m, consent.explain(m, 'ai_training') WHERE id = 2;

-- A training in August used the first two.
SELECT consent.open_run('summer model', '{ai_training}', used_at => '[2024-08-25 00:00Z,2024-08-26 00:00Z)') AS run \gset
SELECT * FROM consent.record_use(:run, 'message', '{1,2}'::bigint[]);
SELECT consent.close_run(:run) IS NOT NULL AS closed;

-- Whose data was used how, and what stands against it now?
SELECT run, row_key, verdict_then, verdict_now FROM consent.uses_of('alice');
SELECT run, row_key, subject, verdict_then FROM consent.unpermitted_uses ORDER BY row_key, subject;

-- Nothing was changed behind the ledger's back.
SELECT * FROM consent.verify();
-- tour ends
\c :tests
DROP DATABASE readme;
