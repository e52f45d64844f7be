-- Manifests: what was read, collected without writing, recorded later.
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT consent.define_purpose('man_train') > 0 AS defined;
SELECT consent.define_purpose('man_share') > 0 AS defined;
CREATE TABLE man_post (id bigint PRIMARY KEY, author text, reader text, at timestamptz);
INSERT INTO man_post SELECT i, 'man_' || i % 20, CASE WHEN i % 50 <> 0 THEN 'man_' || (i * 7) % 30 END, timestamptz '2024-01-01 00:00+00' + i * interval '1 hour' FROM generate_series(1, 3000) i;
ANALYZE man_post;
SELECT consent.protect('man_post', '{author,reader}', collected_at => 'at') > 0 AS protected;
SELECT count(consent.opt_in('man_' || i, 'man_train')) FROM generate_series(0, 14) i;
SELECT consent.record_choices('man_15', '+man_train for [2024-02-01T00:00:00Z,)') > 0 AS recorded;
SELECT consent.opt_out('man_16', 'man_train') > 0 AS recorded;

-- passes: the same set in pieces, in any order, in parallel, by row, through text and binary
-- (at one position in the ledger, hence under one snapshot: then the bytes are the same)
BEGIN ISOLATION LEVEL REPEATABLE READ;
CREATE TEMP TABLE man_whole AS
	SELECT consent.manifest('{man_train}', 'man_post', id, ARRAY[author, reader], at) AS m FROM man_post;
CREATE FUNCTION man_same(consent.manifest) RETURNS boolean LANGUAGE sql AS
	'SELECT consent.manifest_send($1) = consent.manifest_send(m) FROM man_whole';
SELECT man_same(consent.manifest_union(m)) FROM (SELECT consent.manifest('{man_train}', 'man_post', id, ARRAY[author, reader], at) AS m
	FROM man_post GROUP BY id % 7) x;
SELECT man_same(consent.manifest('{man_train}', 'public.man_post', id::text, ARRAY[author, reader], at ORDER BY reader, id)) FROM man_post;
SELECT man_same(consent.manifest(p, 'man_train')) FROM man_post p;
SELECT man_same(consent.manifest_union(m::text::consent.manifest)) FROM man_whole;
SELECT man_same(consent.manifest('{man_train,man_train}', 'man_post', id, ARRAY[author, reader], at)) FROM man_post, generate_series(1, 2);
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT consent.manifest('{man_train}', 'man_post', id, ARRAY[author, reader], at) FROM man_post;
SELECT man_same(consent.manifest('{man_train}', 'man_post', id, ARRAY[author, reader], at)) FROM man_post;
-- passes: nothing read, nothing to say; NULLs are passed over
SELECT consent.manifest('{man_train}', 'man_post', id, ARRAY[author, reader], at) IS NULL AS none FROM man_post WHERE false;
SELECT man_same(consent.manifest_union(m)) FROM (SELECT m FROM man_whole UNION ALL SELECT NULL) x;
COMMIT;
-- passes: it only reads
BEGIN READ ONLY;
SELECT consent.manifest('{man_train}', 'man_post', id, ARRAY[author, reader], at) IS NOT NULL AS made FROM man_post;
COMMIT;

-- fails
SELECT consent.manifest('{}', 'man_post', id, ARRAY[author, reader], at) FROM man_post;
SELECT consent.manifest(NULL, 'man_post', id, ARRAY[author, reader], at) FROM man_post;
SELECT consent.manifest('{man_trian}', 'man_post', id, ARRAY[author, reader], at) FROM man_post;
SELECT consent.manifest('{man_train}', 'man_past', id, ARRAY[author, reader], at) FROM man_post;
SELECT consent.manifest(CASE id % 2 WHEN 0 THEN '{man_train}'::text[] ELSE '{man_share}' END, 'man_post', id, ARRAY[author, reader], at) FROM man_post;
SELECT consent.manifest_union(m) FROM (SELECT m FROM man_whole UNION ALL SELECT consent.manifest('{man_share}', 'man_post', id, ARRAY[author, reader], at) FROM man_post) x;
SELECT ''::consent.manifest;
SELECT 'AA=='::consent.manifest;
SELECT 'AQ=='::consent.manifest;
SELECT '%'::consent.manifest;
-- whoever carries a manifest cannot read it
SELECT count(DISTINCT m::text) AS manifests, bool_or(position(convert_to('man_', 'UTF8') IN consent.manifest_send(m)) > 0) AS legible
FROM (SELECT consent.manifest('{man_train}', 'man_post', 1, ARRAY['man_' || i], NULL) AS m FROM unnest('{1,16,15,99}'::int[]) i GROUP BY i) x;

-- passes: what it holds is what record_use would record, permitted or not
SELECT consent.open_run('man live', '{man_train}') AS run \gset
SELECT consent.record_use(:run, (SELECT m FROM man_whole));
SELECT consent.record_use(:run, NULL::consent.manifest);
SELECT verdict_then, permitted_then, count(*) FROM consent.run_uses(:run) GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) FROM man_post CROSS JOIN LATERAL (SELECT DISTINCT party FROM unnest(ARRAY[author, reader]) party) x;
-- the same by key
SELECT consent.open_run('man by key', '{man_train}') AS keys \gset
SELECT r.* FROM (SELECT array_agg(id) AS ids FROM man_post) p, consent.record_use(:keys, 'man_post', ids) r;
SELECT count(*) FROM (
	(SELECT table_name, row_key, subject_no, verdict_then, permitted_then FROM consent.run_uses(:run)
	 EXCEPT SELECT table_name, row_key, subject_no, verdict_then, permitted_then FROM consent.run_uses(:keys))
	UNION ALL
	(SELECT table_name, row_key, subject_no, verdict_then, permitted_then FROM consent.run_uses(:keys)
	 EXCEPT SELECT table_name, row_key, subject_no, verdict_then, permitted_then FROM consent.run_uses(:run))) differences;
-- fails: what was cut, changed, or made by somebody who has no key
SELECT consent.record_use(:run, left(m::text, 400)::consent.manifest) FROM man_whole;
SELECT consent.record_use(:run, translate(encode(set_byte(b, n, get_byte(b, n) # 1), 'base64'), E'\n', '')::consent.manifest)
FROM (SELECT consent.manifest_send(m) AS b FROM man_whole) w, (VALUES (1)) v(n);
SELECT consent.record_use(:run, translate(encode(set_byte(b, n, get_byte(b, n) # 1), 'base64'), E'\n', '')::consent.manifest)
FROM (SELECT consent.manifest_send(m) AS b FROM man_whole) w, (VALUES (1000)) v(n);
SELECT consent.record_use(:run, 'AQAAAAAAAAAAAAAAAAAAAAAAAAAA');
-- fails: a run for other purposes
SELECT consent.open_run('man share', '{man_share}') AS share \gset
\set VERBOSITY sqlstate
SELECT consent.record_use(:share, (SELECT m FROM man_whole));
\set VERBOSITY terse

-- subjects that changed since are asked about again, and only they
SELECT consent.open_run('man changed', '{man_train}') AS changed \gset
CREATE TEMP TABLE man_kept AS SELECT consent.manifest('{man_train}', 'man_post', id, ARRAY[author, reader], at) AS m FROM man_post WHERE id <= 100;
SELECT consent.opt_out('man_3', 'man_train') > 0 AS recorded;
SELECT consent.opt_in('man_17', 'man_train') > 0 AS recorded;
SELECT consent.record_use(:changed, m) FROM man_kept;
SELECT s.key, verdict_then, count(*) FROM consent.run_uses(:changed) JOIN consent.subject s USING (subject_no) WHERE s.key IN ('man_2', 'man_3', 'man_17') GROUP BY 1, 2 ORDER BY 1, 2;
-- what was asked there of a row that is not here, with a time of collection that nobody knows here, stands, unless she refused;
-- a row that another party's yes permitted stays permitted
CREATE TABLE man_photo (id bigint PRIMARY KEY, owner text, sitter text);
SELECT consent.protect('man_photo', '{owner,sitter}', rule => 'any') > 0 AS protected;
SELECT consent.opt_in('man_2', 'man_train') > 0 AS granted;
SELECT consent.record_choices('man_' || who, '+man_train for [2024-02-01T00:00:00Z,)') > 0 AS recorded FROM unnest('{30,31}'::int[]) who;
CREATE TEMP TABLE man_photos AS SELECT consent.manifest('{man_train}', 'man_photo', id, ARRAY['man_' || one, 'man_' || two], '2024-03-01 00:00+00') AS m
FROM (VALUES (1, 2, 18), (2, 30, 31)) p(id, one, two);
SELECT consent.opt_out('man_18', 'man_train') > 0 AS refused, consent.opt_out('man_30', 'man_share') > 0 AS refused, consent.opt_out('man_31', 'man_train') > 0 AS refused;
SELECT consent.open_run('man photos', '{man_train}') AS photos \gset
SELECT consent.record_use(:photos, m) FROM man_photos;
SELECT row_key, s.key, verdict_then, permitted_then FROM consent.run_uses(:photos) JOIN consent.subject s USING (subject_no) ORDER BY 1, 2;
-- a row that is here, without such a time, is what no choice for some time covers
INSERT INTO man_photo VALUES (3, 'man_500', NULL);
CREATE TEMP TABLE man_timeless AS SELECT consent.manifest(p, 'man_train') AS m FROM man_photo p;
SELECT consent.record_choices('man_500', '+man_train for [2024-02-01T00:00:00Z,)') > 0 AS recorded;
SELECT consent.record_use(:photos, m) FROM man_timeless;
SELECT s.key, verdict_then, verdict_now FROM consent.run_uses(:photos) JOIN consent.subject s USING (subject_no) WHERE row_key = '3' ORDER BY 1;

-- a run of the past: the worse of its start and its last instant, as known now
SELECT consent.record_choices('man_20', '+man_train@2024-06-01T00:00:00Z', source => 'archive') > 0 AS recorded;
SELECT consent.record_choices('man_21', '+man_train@2024-01-01T00:00:00Z, -man_share@2024-01-01T00:00:00Z', source => 'archive') > 0 AS recorded;
SELECT consent.record_choices('man_21', '-man_train@2024-05-15T00:00:00Z', source => 'archive') > 0 AS recorded;
SELECT consent.record_choices('man_22', '+man_train@2024-01-01T00:00:00Z', source => 'archive') > 0 AS recorded;
SELECT consent.open_run('man past', '{man_train}', used_at => '[2024-05-01 00:00+00,2024-05-20 00:00+00)') AS past \gset
SELECT consent.record_use(:past, m) FROM (SELECT consent.manifest('{man_train}', 'man_post', id, ARRAY[author, reader], at) AS m FROM man_post WHERE reader IN ('man_20', 'man_21', 'man_22')) x;
SELECT s.key, verdict_then, verdict_now, count(*) FROM consent.run_uses(:past) JOIN consent.subject s USING (subject_no) WHERE s.key IN ('man_20', 'man_21', 'man_22') GROUP BY 1, 2, 3 ORDER BY 1;
-- in WHERE too
SELECT count(*) FROM man_post p WHERE reader = 'man_22' AND consent.record_use(:past, 'man_post', id, ARRAY[reader], at);
SELECT count(*) FROM man_post p WHERE reader = 'man_21' AND consent.record_use(:past, 'man_post', id, ARRAY[reader], at);
DROP FUNCTION man_same;
