-- Insert (run, row, subject, verdict, time) with a primary key and an index on
-- the subject, against record_use() in WHERE; commit included.  The insert
-- cannot be parallel; a manifest can be made by two processes and then recorded.
-- @title Use the permitted rows and leave a record
-- @goal <= 0.1
-- @setup
SELECT pg_total_relation_size('consent.manifest_block') AS bytes_before, COALESCE(max(run_id), 0) AS run_before FROM consent.run \gset
-- @reset
TRUNCATE plain_use;
CHECKPOINT;
-- @baseline
INSERT INTO plain_use SELECT 1, message_id, subject, 'granted', now() FROM plain_permitted;
-- @ours
SELECT consent.open_run('bench', '{ai_training}') AS run \gset
SELECT count(*) FROM message m WHERE consent.record_use(:run, 'message', m.id, ARRAY[sender, recipient], sent_at);
-- @bytes
TRUNCATE plain_use;
INSERT INTO plain_use SELECT 1, id, sender, 'granted', now() FROM message WHERE id <= 100000;
SELECT (SELECT pg_total_relation_size('plain_use') / count(*) FROM plain_use),
	round((pg_total_relation_size('consent.manifest_block') - :bytes_before) / (SELECT sum(uses) FROM consent.run_part WHERE run_id > :run_before), 2);
-- @title The same by manifest(), two processes
-- @goal <= 0.067
-- @ours
SET max_parallel_workers_per_gather = 1;
SELECT consent.open_run('bench', '{ai_training}') AS run \gset
CREATE TEMP TABLE made AS
SELECT consent.manifest('{ai_training}', 'message', m.id, ARRAY[sender, recipient], sent_at) FROM message m
WHERE consent.permits(ARRAY[sender, recipient], 'ai_training', 'message', NULL, sent_at);
SELECT consent.record_use(:run, manifest) FROM made;
