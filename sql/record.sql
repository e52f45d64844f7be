-- Recording what people chose.
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT consent.define_purpose('rec_improve') > 0 AS defined;
SELECT consent.define_purpose('rec_train', parents => '{rec_improve}') > 0 AS defined;
SELECT consent.publish_notice('rec_privacy', '2024-09-18', 'We train on what you write.', '{rec_train}') IS NOT NULL AS published;

-- one purpose, now
SELECT consent.opt_in('rec_alice', 'rec_train') > 0 AS recorded;
SELECT consent.opt_out('rec_bob', 'rec_train', method => 'settings page', notice => 'rec_privacy/2024-09-18') > 0 AS recorded;

-- several choices in one act; a choice may have an end and a data range
SELECT consent.record_choices('rec_carol', '+rec_train until 2099-01-01T00:00:00Z, -rec_improve') > 0 AS recorded;

-- when it happened is a claim, when it was recorded a fact
SELECT consent.record_choices('rec_dave', '+rec_train', at => '2024-10-02 09:00:00+00', method => 'paper', source => 'archive') > 0 AS recorded;
SELECT subject, choices, event_time = '2024-10-02 09:00:00+00' AS as_claimed, recorded_at > now() - interval '1 minute' AS just_now
FROM consent.event WHERE subject = 'rec_dave';

-- a time inside the choice says the same
SELECT consent.record_choices('rec_erin', '+rec_train@2024-10-02T09:00:00Z') > 0 AS recorded;
SELECT choices, event_time = '2024-10-02 09:00:00+00' AS as_claimed FROM consent.event WHERE subject = 'rec_erin';

-- fails: both; the future; what nobody defined; nobody; nothing
SELECT consent.record_choices('rec_erin', '+rec_train@2024-10-02T09:00:00Z', at => '2024-10-02 09:00:00+00');
SELECT consent.opt_in('rec_erin', 'rec_train', at => '9000-01-01 00:00+00');
SELECT consent.opt_in('rec_erin', 'rec_trian');
SELECT consent.opt_in('rec_erin', 'rec_train', notice => 'rec_privacy/2031');
SELECT consent.opt_in('rec_erin', 'rec_train', actor => 'somebody');
SELECT consent.opt_in(NULL::text, 'rec_train');
SELECT consent.opt_in('', 'rec_train');
SELECT consent.opt_in('rec_erin', NULL);
SELECT consent.record_choices('rec_erin', '');
SELECT consent.opt_in('rec_erin', 'rec_train', row_key => '7');
SELECT consent.opt_in('rec_erin', 'rec_train', jurisdiction => '');
\set VERBOSITY sqlstate
SELECT consent.opt_in('rec_erin', 'rec_train', method => repeat('x', 66000));
\set VERBOSITY terse
SELECT consent.opt_in(repeat('x', 1025), 'rec_train');
-- passes: as long as may be
SELECT consent.opt_in('rec_erin', 'rec_train', method => repeat('x', 64000)) > 0 AS recorded;
SELECT consent.opt_in(repeat('é', 512), 'rec_train') > 0 AS recorded;
-- fails: subjects of this ledger are text
SELECT consent.opt_in(42, 'rec_train');

-- a few minutes ahead is clock skew, and counts as now
SELECT consent.opt_in('rec_frank', 'rec_train', at => clock_timestamp() + interval '2 minutes') > 0 AS recorded;
SELECT event_time = recorded_at AS counts_as_now FROM consent.event WHERE subject = 'rec_frank';

-- what the operator switches on is a preset, whatever it is called
SELECT consent.opt_in('rec_grace', 'rec_train', actor => 'admin') > 0 AS recorded;
SELECT left(choices::text, 10) AS choices, actor FROM consent.event WHERE subject = 'rec_grace';

-- external ids make retries harmless (more in external_ids.sql)
SELECT consent.opt_in('rec_heidi', 'rec_train', source => 'crm', external_id => '1001') AS first \gset
SELECT consent.opt_in('rec_heidi', 'rec_train', source => 'crm', external_id => '1001') = :first AS same_event;
SELECT count(*) FROM consent.event WHERE subject = 'rec_heidi';
-- fails: other content under the same id
SELECT consent.opt_out('rec_heidi', 'rec_train', source => 'crm', external_id => '1001');
SELECT consent.opt_in('rec_ivan', 'rec_train', source => 'crm', external_id => '1001');
-- passes: another source has ids of its own
SELECT consent.opt_in('rec_heidi', 'rec_train', source => 'web', external_id => '1001') <> :first AS another_event;

-- evidence is kept beside the event, which holds an HMAC of it
SELECT consent.opt_in('rec_judy', 'rec_train', evidence => '{"ip": "192.0.2.1"}') AS id \gset
SELECT evidence, length(evidence_hmac) AS hmac FROM consent.event JOIN consent.event_log USING (event_id) WHERE event_id = :id;

-- events arrive in any order: the state is the same
SELECT consent.record_choices('rec_mallory', '-rec_train', at => '2024-03-01 00:00+00') > 0 AS recorded;
SELECT consent.record_choices('rec_mallory', '+rec_train', at => '2024-02-01 00:00+00') > 0 AS recorded;
SELECT state FROM consent.subject WHERE key = 'rec_mallory';

-- a savepoint takes its events with it
BEGIN;
SELECT consent.opt_in('rec_niaj', 'rec_train') > 0 AS recorded;
SAVEPOINT s;
SELECT consent.opt_out('rec_niaj', 'rec_train') > 0 AS recorded;
ROLLBACK TO s;
COMMIT;
SELECT left(choices::text, 10) AS choices FROM consent.event WHERE subject = 'rec_niaj';

-- fails: a prepared transaction could commit without us
BEGIN;
SELECT consent.opt_in('rec_olivia', 'rec_train') > 0 AS recorded;
PREPARE TRANSACTION 'p';
ROLLBACK;
SELECT count(*) FROM consent.event WHERE subject = 'rec_olivia';
