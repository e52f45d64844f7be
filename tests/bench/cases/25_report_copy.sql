-- The same by COPY, where the trainer of the plain table knows the parties and
-- their verdicts already.
-- @title Report back by key, COPY
-- @goal <= 0.33
-- @setup
SELECT format('COPY (SELECT 1, m.id, s.subject, %L, now() FROM used_id u JOIN message m USING (id), LATERAL (SELECT m.sender AS subject UNION SELECT m.recipient) s) TO %L', 'granted', :'dir' || '/plain') \gexec
-- @reset
TRUNCATE plain_use;
CHECKPOINT;
SELECT consent.open_run('bench', '{ai_training}') AS run \gset
SELECT format('COPY (SELECT %s, %L, id FROM used_id) TO %L', :run, 'message', :'dir' || '/ours') \gexec
-- @baseline
\set file :dir /plain
COPY plain_use FROM :'file';
-- @ours
\set file :dir /ours
COPY consent.used_key FROM :'file';
