-- A join of the use table with the consent table.  One member in a hundred
-- opted out since.
-- @title What was used and is withdrawn since
-- @goal <= 0.5
-- @setup
TRUNCATE plain_use;
SELECT consent.open_run('withdrawn', '{ai_training}') AS run \gset
CREATE TABLE withdrawn_run AS SELECT :run::bigint AS run_id;
SELECT count(*) FROM message m WHERE id <= :messages / 2 AND consent.record_use(:run, 'message', m.id, ARRAY[sender, recipient], sent_at);
INSERT INTO plain_use SELECT 1, message_id, subject, 'granted', now() FROM plain_permitted
WHERE message_id <= :messages / 2;
UPDATE plain_choice SET granted = false, at = clock_timestamp() WHERE granted AND subject LIKE '%77';
INSERT INTO consent.event (subject, choices) SELECT subject, '-ai_training' FROM plain_choice WHERE NOT granted AND subject LIKE '%77';
VACUUM ANALYZE plain_use, plain_choice, consent.subject, consent.manifest_block;
-- @baseline
SELECT count(u.message_id), count(DISTINCT u.subject) FROM plain_use u JOIN plain_choice c USING (subject)
WHERE u.run_id = 1 AND c.purpose = 'ai_training' AND NOT c.granted AND c.at > u.used_at;
-- @ours
SELECT run_id FROM withdrawn_run \gset
SELECT count(row_key), count(DISTINCT subject) FROM consent.withdrawn_uses WHERE run_id = :run_id;
