-- The log: every committed seal gets a place, and the tree over all of them is signed.
\set VERBOSITY terse
SET client_min_messages = warning;

SELECT consent.define_purpose('log_train') > 0 AS defined;
CALL consent.checkpoint();

-- all seals are leaves now, in the order of their numbers and without gaps
SELECT count(*) AS waiting FROM consent.seal_pending;
SELECT (SELECT count(*) FROM consent.leaf) = (SELECT count(*) FROM consent.seal) AS all_are_there,
       count(*) = max(leaf_index) + 1 AS without_gaps FROM consent.leaf;

-- the newest checkpoint is about all of them
SELECT size = (SELECT count(*) FROM consent.leaf) AS about_all, length(root) FROM consent.checkpoint ORDER BY size DESC LIMIT 1;
-- a signed note of three lines: whose log, how many leaves, the root over them
SELECT regexp_replace(regexp_replace(note, '^\d+$', 'SIZE', 'n'), '[0-9A-Za-z+/]{40,}=*', 'BASE64', 'g') AS note
FROM consent.checkpoint ORDER BY size DESC LIMIT 1;
-- the root is that of RFC 9162 over the notes of the seals
SELECT c.root = consent.merkle_root((SELECT array_agg(convert_to(s.note, 'UTF8') ORDER BY l.leaf_index)
	FROM consent.leaf l JOIN consent.seal s USING (seal_no) WHERE l.leaf_index < c.size)) AS is_root
FROM consent.checkpoint c ORDER BY size DESC LIMIT 1;

-- nothing new: nothing is signed
SELECT max(size) AS size FROM consent.checkpoint \gset
CALL consent.checkpoint();
SELECT max(size) = :size AS same FROM consent.checkpoint;

-- a new seal says which checkpoint it knew; the next checkpoint covers it
SELECT consent.opt_in('log_ann', 'log_train') / 4096 AS seal \gset
SELECT split_part(note, E'\n', 8) = format('checkpoint %s %s', :size, encode((SELECT root FROM consent.checkpoint WHERE size = :size), 'base64')) AS knew_it
FROM consent.seal WHERE seal_no = :seal;
CALL consent.checkpoint();
SELECT leaf_index = :size AS is_next FROM consent.leaf WHERE seal_no = :seal;
SELECT max(size) - :size AS more FROM consent.checkpoint;

-- any two checkpoints are consistent: the newer tree only adds to the older one
WITH leaves AS (SELECT array_agg(convert_to(s.note, 'UTF8') ORDER BY l.leaf_index) AS notes FROM consent.leaf l JOIN consent.seal s USING (seal_no))
SELECT bool_and(consent.verify_consistency(a.size, b.size, a.root, b.root, consent.merkle_consistency(notes[1:b.size], a.size))) AS consistent
FROM consent.checkpoint a, consent.checkpoint b, leaves WHERE a.size <= b.size;

-- what rolls back never gets there
BEGIN;
SELECT consent.opt_in('log_ben', 'log_train') / 4096 AS lost \gset
ROLLBACK;
CALL consent.checkpoint();
SELECT count(*) AS leaves_of_it FROM consent.leaf WHERE seal_no = :lost;

-- it commits between its steps, so not in a transaction block
BEGIN;
CALL consent.checkpoint();
ROLLBACK;
CREATE FUNCTION pg_temp.sign() RETURNS void LANGUAGE plpgsql AS 'BEGIN CALL consent.checkpoint(); END';
SELECT pg_temp.sign();
-- but a block that records may go on with it
DO $$
BEGIN
	PERFORM consent.opt_out('log_ann', 'log_train');
	CALL consent.checkpoint();
END
$$;
SELECT count(*) AS waiting FROM consent.seal_pending;

-- the log as files, C2SP tlog-tiles: hashes of leaves, and entries
SELECT max(size) AS size, least(max(size), 256) AS width FROM consent.checkpoint \gset
SELECT length(consent.tile(0, 0, :width)) = 32 * :width AS hashes;
SELECT substr(consent.tile(0, 0, 1), 1, 32) = sha256('\x00'::bytea || convert_to(note, 'UTF8')) AS is_leaf_hash,
       consent.entries(0, 1) = int2send(octet_length(note)::int2) || convert_to(note, 'UTF8') AS is_entry
FROM consent.leaf l JOIN consent.seal s USING (seal_no) WHERE leaf_index = 0;
-- nothing that no checkpoint covers
SELECT consent.tile(0, :size / 256, :size % 256 + 1) IS NULL AS tile, consent.tile(9, 0, 1) IS NULL AS level, consent.entries(:size / 256 + 1) IS NULL AS entries;
SELECT consent.tile(64, 0);
SELECT consent.tile(0, -1);
SELECT consent.entries(0, 257);

-- all files, in the order in which a reader of them never sees half a tree; or only what is new
SELECT min(size) AS first, max(size) AS last FROM consent.checkpoint \gset
SELECT count(*) > 2 AS many, count(DISTINCT path) = count(*) AS once, (array_agg(path ORDER BY n))[count(*)] AS last
FROM consent.log_files() WITH ORDINALITY AS f (path, data, n);
SELECT path ~ '^tile/0/000(\.p/\d+)?$' AS path, data = consent.tile(0, 0, least(:last, 256)) AS hashes
FROM consent.log_files() WHERE path LIKE 'tile/0/000%';
SELECT (SELECT count(*) FROM consent.log_files(:first)) <= (SELECT count(*) FROM consent.log_files()) AS fewer;
SELECT path FROM consent.log_files(:last);
\set VERBOSITY sqlstate
SELECT * FROM consent.log_files(:last + 1);
SELECT * FROM consent.log_files(0, :last + 1);
\set VERBOSITY terse

-- what somebody has who says that this is a checkpoint of ours
SELECT verdict, size = :last AS same_size, here = :last AS all_here, detail
FROM consent.check_fork((SELECT note FROM consent.checkpoint WHERE size = :last));
SELECT * FROM consent.check_fork(E'example.org\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n');

-- nothing was lost, so there is nothing to mend
CALL consent.adopt_checkpoint();
\set VERBOSITY sqlstate
SELECT consent.continue_as();
\set VERBOSITY terse

-- the tables are append-only as all others
UPDATE consent.leaf SET seal_no = 0;
DELETE FROM consent.checkpoint;

-- auditors read the log, admins sign it
CREATE ROLE regress_log_auditor;
CREATE ROLE regress_log_admin;
SELECT consent.grant_role('auditor', 'regress_log_auditor'), consent.grant_role('admin', 'regress_log_admin');
SET ROLE regress_log_auditor;
SELECT count(*) > 0 AS reads FROM consent.checkpoint;
CALL consent.checkpoint();
SET ROLE regress_log_admin;
CALL consent.checkpoint();
RESET ROLE;
SELECT consent.revoke_role('auditor', 'regress_log_auditor'), consent.revoke_role('admin', 'regress_log_admin');
DROP ROLE regress_log_auditor, regress_log_admin;

SELECT * FROM consent.verify();
