-- What auditors ask.
\set VERBOSITY terse
SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT consent.define_purpose('aud_train') > 0 AS defined;
SELECT consent.define_purpose('aud_stats', regime => 'opt_out') > 0 AS defined;
SELECT consent.publish_notice('aud_privacy', '1', 'We improve things.', '{aud_stats}', stated_on => '2024-01-01', published_at => '2024-01-01 00:00+00') IS NOT NULL AS published;
SELECT consent.publish_notice('aud_privacy', '2', 'We improve things, and train.', '{aud_stats,aud_train}', stated_on => '2024-01-01', published_at => '2024-09-18 00:00+00') IS NOT NULL AS published;
SELECT consent.publish_notice('aud_privacy', '3', 'We improve things, and train on them.', '{aud_stats,aud_train}', stated_on => '2024-11-01', published_at => '2024-11-01 00:00+00') IS NOT NULL AS published;
CREATE TABLE aud_mail (id bigint PRIMARY KEY, owner text, at timestamptz);
INSERT INTO aud_mail VALUES (1, 'aud_ann', '2024-08-01 00:00+00'), (2, 'aud_bob', '2024-10-01 00:00+00'), (3, 'aud_cid', '2024-10-01 00:00+00'),
	(4, 'aud_dan', '2024-10-01 00:00+00'), (5, 'aud_eve', NULL), (6, 'aud_fay', '2024-10-01 00:00+00');
SELECT consent.protect('aud_mail', '{owner}', collected_at => 'at') > 0 AS protected;
SELECT count(consent.opt_in(who, 'aud_train', notice => 'aud_privacy/2')) FROM unnest('{aud_ann,aud_bob}'::text[]) who;
SELECT consent.record_choices('aud_cid', '~aud_train', actor => 'system') > 0 AS recorded;
SELECT consent.opt_out('aud_fay', 'aud_train') AS fay \gset

SELECT consent.open_run('audited', '{aud_train}', recipient => 'Partner') AS run \gset
SELECT * FROM consent.record_use(:run, 'aud_mail', '{1,2,3,4,5,6}'::bigint[]);
SELECT consent.close_run(:run) > 0 AS closed;

-- afterwards: one withdraws, one agrees, for one an earlier agreement turns up
SELECT consent.opt_out('aud_ann', 'aud_train') AS ann \gset
SELECT consent.opt_in('aud_dan', 'aud_train') AS dan \gset
SELECT consent.record_choices('aud_eve', '+aud_train@2024-10-02T09:00:00Z', method => 'paper', source => 'archive') AS eve \gset
SELECT consent.record_choices('aud_fay', '+aud_train@2024-10-02T09:00:00Z', method => 'paper', source => 'archive') AS late \gset
DELETE FROM aud_mail WHERE id = 2;

-- one member's answer
SELECT run, recipient, table_name, row_key, verdict_then, verdict_now, event_id = :ann AS withdrawn, outcome FROM consent.uses_of('aud_ann');
SELECT row_key, verdict_then, verdict_now, event_id IS NOT NULL AS decided FROM consent.uses_of('aud_cid');
SELECT * FROM consent.uses_of('aud_nobody');
SELECT * FROM consent.uses_of(42);  -- fails

-- the questions about all
SELECT row_key, subject, verdict_then, verdict_now, event_id = :ann AS by_her FROM consent.withdrawn_uses WHERE run_id = :run;
SELECT row_key, subject, permitted_then, verdict_now FROM consent.preset_uses WHERE run_id = :run;
SELECT row_key, subject, verdict_then, verdict_now FROM consent.unpermitted_uses WHERE run_id = :run ORDER BY 1;
SELECT row_key, subject, verdict_then, verdict_now, because, event_id = CASE subject WHEN 'aud_dan' THEN :dan ELSE :eve END AS by_event
FROM consent.retroactive_uses WHERE run_id = :run ORDER BY 1;
SELECT row_key, subject, row_state, collected_at, notice, spoken_at FROM consent.collected_before_notice WHERE run_id = :run ORDER BY 1;
SELECT name, label_before, label, stated_before, stated_on FROM consent.silent_notice_changes WHERE name = 'aud_privacy';
SELECT subject, purpose, stance, claimed_at, method, before, after, effect FROM consent.late_events WHERE subject LIKE 'aud%' ORDER BY event_id;
SELECT run FROM consent.unclosed_runs WHERE run_id = :run;
SELECT which, count(*) FROM unnest('{all,withdrawn,preset,unpermitted,retroactive,collected}'::text[]) which CROSS JOIN LATERAL consent.run_uses(:run, which) GROUP BY which ORDER BY which;
SELECT * FROM consent.run_uses(:run, 'some');  -- fails
SELECT * FROM consent.run_uses(1);  -- fails

-- presets and regimes: a use under opt_out is permitted, and still rests on a preset
SELECT consent.open_run('audited stats', '{aud_stats}') AS stats \gset
SELECT consent.record_choices('aud_cid', '~aud_stats', actor => 'admin') > 0 AS recorded;
SELECT * FROM consent.record_use(:stats, 'aud_mail', '{1,3}'::bigint[]);
SELECT row_key, verdict_then, permitted_then FROM consent.preset_uses WHERE run_id = :stats;
SELECT count(*) FROM consent.unpermitted_uses WHERE run_id = :stats;

-- a dropped table keeps its uses readable
DROP TABLE aud_mail;
SELECT row_key, row_state FROM consent.run_uses(:run, 'collected') ORDER BY 1 LIMIT 1;
SELECT row_key, verdict_now FROM consent.uses_of('aud_ann') WHERE run = 'audited';

-- settings that nobody recorded
CREATE TABLE aud_setting (who text PRIMARY KEY, train boolean, choices consent.consent);
INSERT INTO aud_setting VALUES ('aud_gil', true, NULL), ('aud_hal', false, '-aud_stats'), ('aud_ida', NULL, NULL);
CREATE TRIGGER train AFTER INSERT OR UPDATE OR DELETE ON aud_setting FOR EACH ROW EXECUTE FUNCTION consent.track('who', 'train', 'aud_train');
CREATE TRIGGER choices AFTER INSERT OR UPDATE OR DELETE ON aud_setting FOR EACH ROW EXECUTE FUNCTION consent.track('who', 'choices');
INSERT INTO aud_setting VALUES ('aud_jan', true, '+aud_stats'), ('aud_kim', false, NULL);
SELECT table_name, column_name, subject, purpose, setting, recorded FROM consent.settings_without_event WHERE subject LIKE 'aud%' ORDER BY 3, 2;
SELECT consent.opt_out('aud_jan', 'aud_stats') AS jan \gset
SELECT subject, purpose, setting, recorded, event_id = :jan AS last FROM consent.settings_without_event WHERE subject = 'aud_jan';
DROP TABLE aud_setting;
RESET timezone;
