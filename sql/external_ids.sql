-- External ids: whoever is not sure that an event arrived delivers it again.
\set VERBOSITY terse
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SELECT consent.define_purpose('ext_train', since => '2024-01-01 00:00Z') > 0 AS defined;
SELECT consent.define_purpose('ext_ads') > 0 AS defined;
SELECT consent.publish_notice('ext_privacy', '1', 'We train on what you write.', '{ext_train}') IS NOT NULL AS published;

-- The same content is the same event, whatever was stated; other content is an error.
CREATE FUNCTION deliver(id text, subject text, choices text, at timestamptz = NULL, actor text = 'self', method text = NULL,
	notice text = NULL, jurisdiction text = NULL, evidence json = NULL)
RETURNS bigint LANGUAGE sql AS $$
	SELECT consent.record_choices(subject, choices::consent.consent, at, actor, method, notice, jurisdiction, evidence, 'ext', id)
$$;
SELECT deliver('1', 'ext_ann', '+ext_train, -ext_ads') AS first \gset
SELECT deliver('1', 'ext_ann', '-ext_ads, +ext_train') = :first AS same;
SELECT deliver('1', 'ext_ann', '+ext_train');  -- fails
SELECT deliver('1', 'ext_ann', '+ext_train, -ext_ads as withdrawn');  -- fails
SELECT deliver('1', 'ext_ben', '+ext_train, -ext_ads');  -- fails
SELECT deliver('1', 'ext_ann', '+ext_train, -ext_ads', actor => 'agent');  -- fails
SELECT deliver('1', 'ext_ann', '+ext_train, -ext_ads', method => 'web');  -- fails
SELECT deliver('1', 'ext_ann', '+ext_train, -ext_ads', notice => 'ext_privacy/1');  -- fails
SELECT deliver('1', 'ext_ann', '+ext_train, -ext_ads', jurisdiction => 'US');  -- fails
SELECT deliver('1', 'ext_ann', '+ext_train, -ext_ads', evidence => '{}');  -- fails
SELECT consent.serve_notice('ext_ann', 'ext_privacy/1', source => 'ext', external_id => '1');  -- fails
SELECT deliver('2', 'ext_ann', '+ext_train', '2024-05-01 00:00Z', 'guardian', 'paper', 'ext_privacy/1', 'US-CA', '{"form": 7}') AS first \gset
SELECT deliver('2', 'ext_ann', '+ext_train', '2024-05-01 00:00Z', 'guardian', 'paper', 'ext_privacy/1', 'US-CA', '{"form": 7}') = :first AS same;
SELECT deliver('2', 'ext_ann', '+ext_train', '2024-05-01 00:00Z', 'guardian', 'paper', 'ext_privacy/1', 'US-CA', '{"form": 8}');  -- fails
SELECT deliver('2', 'ext_ann', '+ext_train', '2024-05-01 00:00Z', 'guardian', 'paper', 'ext_privacy/1', 'US-CA');  -- fails
-- an operator's "yes" is a preset, every time
SELECT deliver('3', 'ext_ann', '+ext_train', actor => 'admin') AS first \gset
SELECT deliver('3', 'ext_ann', '+ext_train', actor => 'admin') = :first AS same, deliver('3', 'ext_ann', '~ext_train', actor => 'admin') = :first AS same_again;

-- Times count as they were given. Left out, they are those of the first delivery.
SELECT deliver('4', 'ext_cem', '+ext_train@2024-05-01T00:00:00Z, +ext_ads') AS first \gset
SELECT deliver('4', 'ext_cem', '+ext_train@2024-05-01T00:00:00Z, +ext_ads') = :first AS same;
SELECT deliver('4', 'ext_cem', '+ext_train, +ext_ads');  -- fails
SELECT deliver('5', 'ext_cem', '+ext_train', '2024-05-01 00:00Z') AS first \gset
SELECT deliver('5', 'ext_cem', '+ext_train', '2024-05-01 02:00+02') = :first AS same, deliver('5', 'ext_cem', '+ext_train@2024-05-01T00:00:00Z') = :first AS same_again;
SELECT deliver('5', 'ext_cem', '+ext_train', '2024-05-02 00:00Z');  -- fails
SELECT deliver('5', 'ext_cem', '+ext_train');  -- fails
SELECT deliver('6', 'ext_cem', '+ext_train') AS first \gset
SELECT deliver('6', 'ext_cem', '+ext_train') = :first AS same;
SELECT deliver('6', 'ext_cem', '+ext_train', '2024-05-01 00:00Z');  -- fails
SELECT deliver('6', 'ext_cem', '+ext_train', event_time) = :first AS same FROM consent.event WHERE event_id = :first;
-- a clock that was ahead at the first delivery is not at the second
SELECT clock_timestamp() + interval '100 ms' AS soon, clock_timestamp() + interval '4 minutes' AS later \gset
SELECT deliver('7', 'ext_cem', '+ext_train', :'soon') AS first \gset
SELECT deliver('8', 'ext_cem', '+ext_train', :'later') AS second \gset
SELECT pg_sleep(0.2);
SELECT deliver('7', 'ext_cem', '+ext_train', :'soon') = :first AS same, deliver('8', 'ext_cem', '+ext_train', :'later') = :second AS same_again;
SELECT deliver('8', 'ext_cem', '+ext_train', :'later'::timestamptz + interval '2 minutes');  -- fails: it would not have been taken then

-- What was in time once is no news when it is delivered again too late.
CREATE ROLE regress_ext_recorder;
SELECT consent.grant_role('recorder', 'regress_ext_recorder');
SELECT clock_timestamp() - interval '1 hour' AS hour_ago \gset
SET ROLE regress_ext_recorder;
SELECT deliver('9', 'ext_dan', '+ext_train', :'hour_ago') AS first \gset
RESET ROLE;
SET consent_ledger.max_lateness = '1min';
SET ROLE regress_ext_recorder;
SELECT deliver('9', 'ext_dan', '+ext_train', :'hour_ago') = :first AS same;
SELECT deliver('10', 'ext_dan', '+ext_train', '2024-05-01 00:00Z');  -- fails
RESET ROLE;
RESET consent_ledger.max_lateness;

-- Of somebody erased meanwhile it is still the same.
SELECT consent.erase_subject('ext_dan') > 0 AS erased;
SELECT deliver('9', 'ext_dan', '+ext_train', :'hour_ago') = :first AS same;
SELECT deliver('9', 'ext_eve', '+ext_train', :'hour_ago');  -- fails
SELECT count(*) FROM consent.subject WHERE key = 'ext_dan';

-- Within one statement, and across the slices of a large one.
INSERT INTO consent.event (subject, choices, source, external_id)
SELECT 'ext_f' || i % 5000, '+ext_train', 'bulk', i % 5000 FROM generate_series(0, 14999) i;
SELECT count(*), count(DISTINCT subject) AS subjects FROM consent.event WHERE source = 'bulk';
INSERT INTO consent.event (subject, choices, source, external_id)
VALUES ('ext_f1', '+ext_train', 'bulk', '1'), ('ext_f1', '+ext_train', 'bulk', 'new'), ('ext_f2', '+ext_train', 'bulk', '2'), ('ext_f1', '+ext_train', 'bulk', 'new')
RETURNING subject, event_id = (SELECT event_id FROM consent.event_log WHERE source = 'bulk' AND external_id = '1') AS first_one, recorded_at < statement_timestamp() AS recorded_before;
-- fails: the whole statement, and nothing of it is left
INSERT INTO consent.event (subject, choices, source, external_id) VALUES ('ext_g', '+ext_train', 'bulk', 'x'), ('ext_g', '-ext_train', 'bulk', 'x');
INSERT INTO consent.event (subject, choices, source, external_id) VALUES ('ext_g', '+ext_train', 'bulk', 'x'), ('ext_g', '-ext_train', 'bulk', 'x') ON CONFLICT DO NOTHING;
SELECT count(*) FROM consent.event WHERE subject = 'ext_g';

-- A savepoint that is rolled back frees what was delivered after it.
BEGIN;
SELECT deliver('11', 'ext_hal', '+ext_train') AS first \gset
SAVEPOINT s;
SELECT deliver('11', 'ext_hal', '+ext_train') = :first AS same, deliver('12', 'ext_hal', '+ext_train') > 0 AS recorded;
ROLLBACK TO s;
SELECT deliver('11', 'ext_hal', '+ext_train') = :first AS same, deliver('12', 'ext_hal', '-ext_train') > 0 AS recorded;
COMMIT;
SELECT external_id, left(choices::text, 10) AS choices FROM consent.event WHERE subject = 'ext_hal' ORDER BY 1;

-- fails: too long for an index, or nothing
SELECT deliver(repeat('x', 1025), 'ext_ivy', '+ext_train');
SELECT deliver(repeat('é', 512), 'ext_ivy', '+ext_train') > 0 AS passes;
SELECT consent.opt_in('ext_ivy', 'ext_train', source => repeat('x', 1025));
SELECT consent.opt_in('ext_ivy', 'ext_train', external_id => '');
-- passes: no source is the source ''
SELECT consent.opt_in('ext_ivy', 'ext_train', external_id => 'ext_1') AS first \gset
SELECT consent.opt_in('ext_ivy', 'ext_train', source => NULL, external_id => 'ext_1') = :first AS same;

-- fails: the numbers of events were set back; where a key of another kind is taken, no external id is to blame
SELECT last_value AS drawn FROM consent.seal_no_seq \gset
SELECT setval('consent.seal_no_seq', max(seal_no) - 1) > 0 AS set_back FROM consent.seal;
INSERT INTO consent.event (subject, choices, external_id) VALUES ('ext_jan', '+ext_train', NULL), ('ext_jan', '+ext_train', 'ext_2');
SELECT setval('consent.seal_no_seq', max(seal_no) - 1) > 0 AS set_back FROM consent.seal;
INSERT INTO consent.event (subject, choices, external_id) VALUES ('ext_jan', '+ext_train', 'ext_2');
SELECT setval('consent.seal_no_seq', :drawn) = :drawn AS as_it_was;

-- every event is in a seal, at its place
SELECT count(*) AS unsealed FROM consent.event_log e
LEFT JOIN consent.seal s ON s.seal_no = e.event_id / 4096 AND e.event_id % 4096 < s.count WHERE s.seal_no IS NULL;
SELECT count(*) AS seals_wrong FROM consent.seal s WHERE s.count <> (SELECT count(*) FROM consent.event_log e WHERE e.event_id / 4096 = s.seal_no);

DROP OWNED BY regress_ext_recorder;
DROP ROLE regress_ext_recorder;
DROP FUNCTION deliver;
