-- The same by COPY of the keys: into a table first, and from there with parties
-- and verdicts into the plain one.
-- @title Report back by key, COPY
-- @goal <= 0.33
-- @setup
SELECT format('COPY (SELECT id FROM used_id) TO %L', :'dir' || '/plain') \gexec
-- @reset
TRUNCATE plain_use;
CHECKPOINT;
SELECT consent.open_run('bench', '{ai_training}') AS run \gset
SELECT format('COPY (SELECT %s, %L, id FROM used_id) TO %L', :run, 'message', :'dir' || '/ours') \gexec
-- @baseline
\set file :dir /plain
CREATE TEMP TABLE reported (id bigint);
COPY reported FROM :'file';
INSERT INTO plain_use
SELECT 1, m.id, s.subject, CASE WHEN c.granted THEN 'granted' ELSE 'denied' END, now()
FROM reported JOIN message m USING (id),
LATERAL (SELECT m.sender AS subject UNION SELECT m.recipient) s
LEFT JOIN plain_choice c ON c.subject = s.subject AND c.purpose = 'ai_training';
-- @ours
\set file :dir /ours
COPY consent.used_key FROM :'file';
