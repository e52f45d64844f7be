-- A trainer reports by key what it used, in any order: insert them with their
-- parties and their verdicts.
-- @title Report back by key, an array
-- @goal <= 0.33
-- @setup
CREATE TABLE used_id AS SELECT id FROM message WHERE id % 5 = 0 ORDER BY hashint8(id);
VACUUM ANALYZE used_id;
-- @reset
TRUNCATE plain_use;
CHECKPOINT;
-- @baseline
INSERT INTO plain_use
SELECT 1, m.id, s.subject, CASE WHEN c.granted THEN 'granted' ELSE 'denied' END, now()
FROM unnest(ARRAY(SELECT id FROM used_id)) used JOIN message m ON m.id = used,
LATERAL (SELECT m.sender AS subject UNION SELECT m.recipient) s
LEFT JOIN plain_choice c ON c.subject = s.subject AND c.purpose = 'ai_training';
-- @ours
SELECT consent.open_run('bench', '{ai_training}') AS run \gset
SELECT * FROM consent.record_use(:run, 'message', ARRAY(SELECT id FROM used_id));
