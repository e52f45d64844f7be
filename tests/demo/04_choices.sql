-- People choose, paper turns up, and a run begins that asks first.

SET ROLE archive;
INSERT INTO consent.event (subject, choices, event_time, method, notice, source, external_id)
SELECT * FROM clicked WHERE event_time >= '2024-09-23 06:00Z';
RESET ROLE;
SELECT to_char(count(*) FILTER (WHERE NOT agrees), 'FM999,999') AS out,
	to_char(count(*) FILTER (WHERE agrees AND NOT only_new), 'FM999,999') AS in,
	to_char(count(*) FILTER (WHERE only_new), 'FM999,999') AS in_from_now FROM click \gset
\echo 2024-10-28 ' By now' :out members have opted out, :in in, :in_from_now for new data only.

-- A help page is changed, the date on it is not.
SET ROLE privacy_office;
SELECT consent.publish_notice('help', '1', 'You can opt out of AI training.', '{ai_training}',
	stated_on => '2024-09-18', published_at => '2024-09-18 06:00Z');
SELECT consent.publish_notice('help', '2',
	'You can opt out of AI training. That does not affect training that has already taken place.',
	'{ai_training}', stated_on => '2024-09-18', published_at => '2024-10-30 15:00Z');

-- Paper turns up: forms that the members of one circle signed at a meeting in
-- August, two days before the first run.
RESET ROLE;
CREATE TABLE paper_form (number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	member text NOT NULL, signed_at timestamptz NOT NULL);
INSERT INTO paper_form (member, signed_at) SELECT name, '2024-08-10 18:00Z' FROM member WHERE rank % 500 = 7 ORDER BY name;
GRANT SELECT ON paper_form TO archive;
SET ROLE archive;
INSERT INTO consent.event (subject, choices, event_time, method, source, external_id)
SELECT member, '+ai_training', signed_at, 'paper', 'archive', number::text FROM paper_form;
\echo '2024-11-04  40 paper forms are found: the members of a circle had agreed on 10 August.'

-- From now on a run asks first: what record_use() permits is used, and recorded.
SET ROLE data_team;
SELECT consent.open_run('assistant 3', '{ai_training}', model => 'assistant 3') AS assistant_3 \gset
CREATE TEMP TABLE training_set AS
SELECT id, body FROM message WHERE consent.record_use(:assistant_3, 'message', id, ARRAY[sender, recipient], sent_at);
SELECT consent.close_run(:assistant_3, dataset_sha256 => sha256(string_agg(id || ' ' || body, E'\n' ORDER BY id)::bytea)),
	to_char(count(*), 'FM999,999') AS messages FROM training_set \gset
\echo 'Today       Run "assistant 3" asks first, and gets' :messages messages.

-- Somebody looks, and takes it back.
SELECT consent.open_run('quick look', '{ai_training}') AS quick_look \gset
BEGIN;
SELECT count(*) FROM message WHERE id <= 50000
	AND consent.record_use(:quick_look, 'message', id, ARRAY[sender, recipient], sent_at);
ROLLBACK;

-- The website records by itself now, as it happens.
RESET ROLE;
SELECT member FROM click JOIN member ON name = member
WHERE agrees AND NOT only_new AND click.at < '2024-09-23' ORDER BY rank LIMIT 1 \gset
SET ROLE website;
SELECT consent.opt_out(:'member', 'ai_training', method => 'settings page', notice => 'privacy/2024-09-18');
\echo 'Today       A member who had agreed withdraws.'
RESET ROLE;
