-- In August and September data is used, by jobs that knew of no ledger.  What
-- they took is reported from their logs, as a manifest or by key, with the time
-- when they ran.  The verdict of each use is that of then.

-- What people chose until then comes from the website's log.  That is late, so it
-- takes an importer; one statement records, seals and signs thousands of events.
CREATE VIEW clicked AS
SELECT member AS subject,
	CASE WHEN NOT agrees THEN consent.choice('ai_training', '-', act => 'opted_out')
		WHEN only_new THEN consent.choice('ai_training', '+', data_range => tstzrange(at, NULL))
		WHEN partners THEN '+ai_training, +partner_sharing'::consent.consent
		ELSE '+ai_training' END AS choices,
	at AS event_time, 'settings page' AS method,
	CASE WHEN at > '2024-09-18' THEN 'privacy/2024-09-18' END AS notice, 'clicks' AS source, id::text AS external_id
FROM click;
GRANT SELECT ON clicked TO archive;

\set began '2024-08-12 06:00Z'
SET ROLE archive;
INSERT INTO consent.event (subject, choices, event_time, method, notice, source, external_id)
SELECT * FROM clicked WHERE event_time < :'began';

-- The job heeds the sender's switch.  Of the recipient's it does not think.
SET ROLE data_team;
SELECT consent.open_run('assistant 1', '{ai_training}', model => 'assistant 1',
	used_at => tstzrange(:'began', '2024-08-13 18:00Z')) AS assistant_1 \gset
SELECT consent.record_use(:assistant_1, consent.manifest('{ai_training}', 'message', id, ARRAY[sender, recipient], sent_at)),
	to_char(count(*), 'FM999,999') AS messages
FROM message WHERE sent_at >= '2024-03-01' AND sent_at < :'began'
	AND sender NOT IN (SELECT member FROM click WHERE NOT agrees AND at < :'began') \gset
SELECT consent.close_run(:assistant_1);
\echo 2024-08-12 ' Run "assistant 1" trains on' :messages messages.

-- A partner gets a sample; its keys are in a log.
\set began '2024-08-29 10:00Z'
SELECT consent.open_run('partner sample', '{ai_training, partner_sharing}', recipient => 'Brindlecote Ltd',
	used_at => tstzrange(:'began', '2024-08-29 11:00Z')) AS sample \gset
SELECT to_char(added, 'FM999,999') AS messages
FROM consent.record_use(:sample, 'message', (
	SELECT array_agg(id) FROM message WHERE sent_at < :'began' AND id % 15 = 0)) \gset
SELECT consent.close_run(:sample);
\echo 2024-08-29 ' Run "partner sample" passes' :messages messages on to Brindlecote Ltd.

-- The privacy policy is changed.
SET ROLE privacy_office;
SELECT consent.publish_notice('privacy', '2024-09-18',
	'We use what you write to run and improve our products, and to train AI.',
	'{improve_products, ai_training}', stated_on => '2024-09-18', zone => 'Europe/Dublin', published_at => '2024-09-18 06:00Z');
\echo '2024-09-18  The privacy policy is changed, and says so for the first time.'

-- The job knows of those who have opted out by now, if they are senders.
\set began '2024-09-23 06:00Z'
SET ROLE archive;
INSERT INTO consent.event (subject, choices, event_time, method, notice, source, external_id)
SELECT * FROM clicked WHERE event_time >= '2024-08-12 06:00Z' AND event_time < :'began';

SET ROLE data_team;
SELECT consent.open_run('assistant 2', '{ai_training}', model => 'assistant 2', base_runs => ARRAY[:assistant_1],
	used_at => tstzrange(:'began', '2024-09-24 18:00Z')) AS assistant_2 \gset
SELECT consent.record_use(:assistant_2, consent.manifest('{ai_training}', 'message', id, ARRAY[sender, recipient], sent_at)),
	to_char(count(*), 'FM999,999') AS messages
FROM message WHERE sent_at >= '2024-03-01' AND sent_at < :'began'
	AND sender NOT IN (SELECT member FROM click WHERE NOT agrees AND at < :'began') \gset
SELECT consent.close_run(:assistant_2);
\echo 2024-09-23 ' Run "assistant 2" trains on' :messages messages.
RESET ROLE;
