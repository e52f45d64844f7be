-- permits(m, ...) reads no more of a row than the columns that its table's
-- declaration names, and answers as by the whole of it.
\set VERBOSITY terse
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SELECT count(consent.define_purpose(name, regime => regime)) AS purposes FROM (VALUES ('whr_train', 'opt_in'), ('whr_ads', 'opt_out')) p(name, regime);
CREATE DOMAIN whr_name AS varchar(20);
CREATE TABLE whr_letter (gone text, id integer, sender text, body text, reader whr_name, sent timestamptz, PRIMARY KEY (id));
ALTER TABLE whr_letter DROP gone;
SELECT consent.protect('whr_letter', '{sender, reader}', collected_at => 'sent') > 0 AS protected;
INSERT INTO whr_letter SELECT i, 'whr_' || i % 7, repeat('x', 100), 'whr_' || i % 5, '2024-01-01Z'::timestamptz + i * interval '1 day' FROM generate_series(1, 100) i;
UPDATE whr_letter SET sender = NULL WHERE id = 50;
SELECT count(consent.opt_in('whr_' || i, 'whr_train')) AS granted FROM generate_series(0, 5) i;
SELECT consent.opt_out('whr_2', 'whr_train') > 0 AS refused, consent.opt_out('whr_1', 'whr_ads') > 0 AS no_ads;
SELECT consent.record_choices('whr_3', '+whr_train for [,2024-02-01T00:00:00Z)') > 0 AS limited;
SELECT consent.opt_out(m, 'whr_train', party => sender) > 0 AS this_one FROM whr_letter m WHERE id = 15;

-- the plan shows it
EXPLAIN (COSTS OFF) SELECT id FROM whr_letter m WHERE consent.permits(m, 'whr_train');
EXPLAIN (COSTS OFF, VERBOSE) SELECT consent.verdict(m, 'whr_ads', at => '2024-06-01Z') FROM whr_letter m;
-- not where the row itself is wanted, or a row may be missing
EXPLAIN (COSTS OFF) SELECT s FROM (SELECT m AS s FROM whr_letter m OFFSET 0) x WHERE consent.permits(s, 'whr_train');
EXPLAIN (COSTS OFF, VERBOSE) SELECT consent.permits(m, 'whr_ads') FROM (VALUES (1), (101)) v(n) LEFT JOIN whr_letter m ON m.id = v.n;
SELECT n, consent.permits(m, 'whr_ads'), consent.verdict(m, 'whr_ads') FROM (VALUES (2), (101)) v(n) LEFT JOIN whr_letter m ON m.id = v.n ORDER BY n;
SELECT count(*) FROM whr_letter m GROUP BY GROUPING SETS ((m), ()) HAVING consent.permits(m, 'whr_ads') IS NOT TRUE ORDER BY 1 DESC LIMIT 1;

-- answers are the same, row for row
CREATE VIEW whr_different AS
SELECT r.id, r.train, w.train AS train_whole, r.ads, w.ads AS ads_whole
FROM (SELECT id, consent.verdict(m, 'whr_train') AS train, consent.permits(m, 'whr_ads') AS ads FROM whr_letter m) r
JOIN (SELECT (s).id, consent.verdict(s, 'whr_train') AS train, consent.permits(s, 'whr_ads') AS ads FROM (SELECT m AS s FROM whr_letter m OFFSET 0) x) w USING (id)
WHERE (r.train, r.ads) IS DISTINCT FROM (w.train, w.ads);
SELECT * FROM whr_different;
SELECT consent.verdict(m, 'whr_train'), count(*), count(*) FILTER (WHERE consent.permits(m, 'whr_train')) AS permitted FROM whr_letter m GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM (SELECT m FROM whr_letter m WHERE consent.permits(m, 'whr_train') GROUP BY m) g;
-- also of a row that is written down, or kept in a variable
SELECT consent.permits(ROW(1, 'whr_4', NULL, 'whr_5', NULL)::whr_letter, 'whr_train'), consent.permits(NULL::whr_letter, 'whr_ads') AS no_row;
DO $$
DECLARE
	m whr_letter;
BEGIN
	FOR m IN SELECT * FROM whr_letter WHERE id IN (4, 2) ORDER BY id LOOP
		RAISE WARNING '% %', m.id, consent.permits(m, 'whr_train');
	END LOOP;
END
$$;

-- rows that are changed, and those of partitions, whose columns lie otherwise
UPDATE whr_letter m SET body = NULL WHERE id < 10 AND consent.permits(m, 'whr_train') RETURNING id, consent.permits(m, 'whr_train');
INSERT INTO whr_letter AS m SELECT i, 'whr_4', NULL, 'whr_4', NULL FROM generate_series(1, 4) i
ON CONFLICT (id) DO UPDATE SET body = 'again' WHERE consent.permits(m, 'whr_train') AND consent.permits(excluded, 'whr_train') RETURNING id, body, consent.permits(m, 'whr_train');
MERGE INTO whr_letter m USING (VALUES (5), (6)) v(n) ON m.id = v.n WHEN MATCHED AND consent.permits(m, 'whr_train') THEN UPDATE SET body = 'merged';
MERGE INTO whr_letter m USING (VALUES (7), (8), (101)) v(n) ON m.id = v.n
WHEN MATCHED AND consent.permits(m, 'whr_train') THEN UPDATE SET body = 'merged' WHEN NOT MATCHED THEN INSERT VALUES (v.n, 'whr_4', 'new', 'whr_4', NULL);
SELECT id, body FROM whr_letter WHERE body IN ('merged', 'new') ORDER BY id;
DELETE FROM whr_letter m USING (VALUES (9), (101)) v(n) WHERE m.id = v.n AND consent.permits(m, 'whr_train') RETURNING id, consent.permits(m, 'whr_train');
CREATE TABLE whr_post (id bigint, sender text, body text, sent timestamptz) PARTITION BY RANGE (id);
CREATE TABLE whr_post_1 PARTITION OF whr_post FOR VALUES FROM (0) TO (10);
CREATE TABLE whr_post_2 (body text, was text, sent timestamptz, sender text, id bigint);
ALTER TABLE whr_post_2 DROP was;
ALTER TABLE whr_post ATTACH PARTITION whr_post_2 FOR VALUES FROM (10) TO (20);
SELECT consent.protect('whr_post', '{sender}', row_key => '{id}', collected_at => 'sent') > 0 AS protected;
INSERT INTO whr_post SELECT i, 'whr_' || i % 6, 'x', now() FROM generate_series(1, 19) i;
SELECT array_agg(id ORDER BY id) FROM whr_post m WHERE consent.permits(m, 'whr_train');
SELECT array_agg(id ORDER BY id) FROM whr_post_2 m WHERE consent.permits(m, 'whr_train');
SELECT consent.open_run('whole rows', '{whr_train}') AS run \gset
SELECT count(*) FROM whr_post m WHERE consent.record_use(m, :run);
SELECT count(*) FROM whr_letter m JOIN whr_post p ON p.id = m.id WHERE consent.record_use(m, :run) AND consent.record_use(p, :run);

-- a plan that was kept is made again when the table is declared anew
SET plan_cache_mode = force_generic_plan;
PREPARE usable AS SELECT array_agg(id ORDER BY id) FROM whr_letter m WHERE id <= 20 AND consent.permits(m, 'whr_train');
EXECUTE usable;
SELECT consent.protect('whr_letter', '{sender}', collected_at => 'sent') > 0 AS sender_alone;
EXECUTE usable;
SELECT consent.protect('whr_letter', '{reader}') > 0 AS reader_alone;
EXECUTE usable;
SELECT * FROM whr_different;
-- also one whose columns changed
ALTER TABLE whr_letter RENAME reader TO recipient;
EXECUTE usable;
ALTER TABLE whr_letter DROP recipient;
EXECUTE usable;  -- fails
SELECT consent.protect('whr_letter', '{sender}') > 0 AS protected;
EXECUTE usable;
RESET plan_cache_mode;
DROP TABLE whr_post, whr_letter CASCADE;

-- where the columns are is not remembered beyond the ledger, whose numbers begin anew
CREATE DATABASE whole_rows;
\c whole_rows
SET client_min_messages = warning;
CREATE TABLE letter (id integer PRIMARY KEY, sender text, reader text);
INSERT INTO letter VALUES (1, 'ann', 'ben');
CREATE EXTENSION consent_ledger;
SELECT consent.create_ledger('whole-rows.example', test => true) IS NOT NULL AS created;
SELECT consent.define_purpose('train') AS purpose;
SELECT consent.protect('letter', '{sender}') AS declaration;
SELECT consent.opt_in('ann', 'train') > 0 AS agreed;
SELECT consent.permits(m, 'train'), consent.permits(s, 'train') AS whole FROM letter m, (SELECT s FROM letter s OFFSET 0) w;
DROP EXTENSION consent_ledger;
CREATE EXTENSION consent_ledger;
SELECT consent.create_ledger('whole-rows.example', test => true) IS NOT NULL AS created;
SELECT consent.define_purpose('train') AS purpose;
SELECT consent.protect('letter', '{reader}') AS declaration;
SELECT consent.opt_in('ann', 'train') > 0 AS agreed;
SELECT consent.permits(m, 'train'), consent.permits(s, 'train') AS whole FROM letter m, (SELECT s FROM letter s OFFSET 0) w;
\c regress
DROP DATABASE whole_rows;
