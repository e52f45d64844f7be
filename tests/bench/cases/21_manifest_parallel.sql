-- The same insert, which cannot be parallel, against a manifest made by two
-- processes and then recorded.
-- @title The same by manifest(), two processes
-- @goal <= 0.067
-- @reset
TRUNCATE plain_use;
CHECKPOINT;
-- @baseline
INSERT INTO plain_use SELECT 1, message_id, subject, 'granted', now() FROM plain_permitted;
-- @ours
SET max_parallel_workers_per_gather = 1;
SELECT consent.open_run('bench', '{ai_training}') AS run \gset
CREATE TEMP TABLE made AS
SELECT consent.manifest('{ai_training}', 'message', m.id, ARRAY[sender, recipient], sent_at) FROM message m
WHERE consent.permits(ARRAY[sender, recipient], 'ai_training', 'message', NULL, sent_at);
SELECT consent.record_use(:run, manifest) FROM made;
