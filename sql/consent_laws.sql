-- Laws of the datatype consent, on thousands of values made by chance.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS consent_ledger;
RESET client_min_messages;
\set VERBOSITY terse
SET search_path = public, consent;

-- Values of up to four choices, many of them under the same key: the same ones in every run.
SELECT setseed(0.42) IS NOT NULL AS seeded;
CREATE FUNCTION any_of(VARIADIC texts text[]) RETURNS text LANGUAGE sql VOLATILE AS
	$$ SELECT texts[1 + floor(random() * cardinality(texts))] $$;
CREATE FUNCTION any_choice(stance text) RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT stance || any_of('a', 'a.b', 'a_b', 'b')
		|| any_of('', '@2024-01-01T00:00:00Z', '@2024-02-01T00:00:00Z', '@2024-01-01T00:00:00.000001Z')
		|| CASE WHEN stance = '-' THEN '' ELSE any_of('', '', ' until 2024-03-01T00:00:00Z', ' until 2024-03-02T00:00:00Z') END
		|| any_of('', '', ' for [2024-01-01T00:00:00Z,)', ' for [,2024-01-01T00:00:00Z)', ' for [2023-01-01T00:00:00Z,2024-01-01T00:00:00Z)')
		|| CASE stance WHEN '+' THEN any_of('', ' as granted', ' as reaffirmed', ' as signalled')
			WHEN '-' THEN any_of('', ' as refused', ' as signalled', ' as revoked') ELSE '' END
		|| any_of('', ' under n/1', ' under n/10', ' under n/2')
$$;
CREATE TABLE law (id integer PRIMARY KEY, given text NOT NULL, v consent NOT NULL);
INSERT INTO law
SELECT id, given, given::consent FROM (
	SELECT n AS id, coalesce((SELECT string_agg(any_choice(any_of('+', '-', '~')), ', ')
		FROM generate_series(1, floor(random() * 5)::integer + n * 0)), '') AS given
	FROM generate_series(1, 1000) n) made;
SELECT count(*) AS of_values, count(DISTINCT v) > 700 AS many, bool_or(v = '') AS with_nothing FROM law;

-- What goes out comes in again, the same.
SELECT count(*) AS wrong FROM law
WHERE v::text::consent <> v OR v::text::consent::text <> v::text OR v::jsonb::consent <> v
   OR consent_send(v::text::consent) <> consent_send(v);
SELECT count(*) AS wrong FROM law WHERE v <> coalesce((SELECT merge(
	choice(purpose, stance, since, until, data_range, act, notice)) FROM choices(v)), '');

-- Merging is commutative, idempotent and associative, has '' for nothing, and
-- is what a text that states all the choices comes to.
SELECT count(*) AS wrong FROM law a JOIN law b ON b.id = a.id % 1000 + 1 JOIN law c ON c.id = (a.id * 7) % 1000 + 1
WHERE (a.v || b.v) <> (b.v || a.v)
   OR (a.v || a.v) <> a.v
   OR ((a.v || b.v) || c.v) <> (a.v || (b.v || c.v))
   OR (a.v || '') <> a.v OR ('' || a.v) <> a.v
   OR (a.v || b.v) <> concat_ws(', ', nullif(a.given, ''), nullif(b.given, ''))::consent
   OR (a.v || b.v || a.v) <> (a.v || b.v);
-- The aggregate does not look at the order of its rows.
SELECT count(*) AS wrong FROM (
	SELECT merge(v ORDER BY id) AS one, merge(v ORDER BY id DESC) AS two, merge(v ORDER BY md5(id::text)) AS three
	FROM law GROUP BY id % 100) m
WHERE one <> two OR one <> three;
-- A merge keeps of each key what counts, and nothing else.
SELECT count(*) AS wrong FROM law a JOIN law b ON b.id = a.id % 1000 + 1, choices(a.v || b.v) m
WHERE NOT EXISTS (SELECT FROM choices(a.v) c WHERE c IS NOT DISTINCT FROM m)
  AND NOT EXISTS (SELECT FROM choices(b.v) c WHERE c IS NOT DISTINCT FROM m);
-- Which of two choices under the same key counts, said once more in SQL.
CREATE VIEW alone AS SELECT c.*, v::text AS said FROM law, choices(v) c WHERE (SELECT count(*) FROM choices(v)) = 1;
SELECT count(*) > 3000 AS many, count(*) FILTER (WHERE (a.said::consent || b.said::consent)::text <> CASE
	WHEN (a.stance = '~') <> (b.stance = '~') THEN CASE WHEN a.stance = '~' THEN b.said ELSE a.said END
	WHEN a.since IS DISTINCT FROM b.since THEN
		CASE WHEN coalesce(a.since, '-infinity') > coalesce(b.since, '-infinity') THEN a.said ELSE b.said END
	WHEN a.stance <> b.stance THEN CASE WHEN a.stance = '-' THEN a.said ELSE b.said END
	WHEN a.until IS DISTINCT FROM b.until THEN
		CASE WHEN coalesce(a.until, 'infinity') < coalesce(b.until, 'infinity') THEN a.said ELSE b.said END
	ELSE least(a.said COLLATE "C", b.said COLLATE "C") END) AS wrong
FROM alone a JOIN alone b ON a.purpose = b.purpose AND a.data_range IS NOT DISTINCT FROM b.data_range;
DROP VIEW alone;

-- The order is total, and equality, hashes and bytes agree with it.
SELECT count(*) AS wrong FROM law a JOIN law b ON b.id = a.id % 1000 + 1 JOIN law c ON c.id = (a.id * 7) % 1000 + 1
WHERE consent_cmp(a.v, b.v) <> -consent_cmp(b.v, a.v)
   OR (a.v < b.v) <> (consent_cmp(a.v, b.v) < 0) OR (a.v <= b.v) <> (consent_cmp(a.v, b.v) <= 0)
   OR (a.v = b.v) <> (consent_cmp(a.v, b.v) = 0) OR (a.v <> b.v) = (a.v = b.v)
   OR (a.v > b.v) <> (b.v < a.v) OR (a.v >= b.v) <> (b.v <= a.v)
   OR (a.v = b.v) <> (consent_send(a.v) = consent_send(b.v)) OR (a.v = b.v) <> (a.v::text = b.v::text)
   OR (a.v = b.v AND consent_hash(a.v) <> consent_hash(b.v))
   OR (a.v = b.v AND consent_hash_extended(a.v, 42) <> consent_hash_extended(b.v, 42))
   OR (a.v <= b.v AND b.v <= c.v AND NOT a.v <= c.v);
SELECT count(DISTINCT consent_hash(v)) > 0.99 * count(DISTINCT v) AS hashes_differ FROM law;

-- Joins of every kind, grouping both ways, and an index give the same.
CREATE INDEX law_btree ON law (v);
CREATE INDEX law_hash ON law USING hash (v);
ANALYZE law;
SET enable_hashjoin = off; SET enable_nestloop = off; SET enable_hashagg = off;
SELECT count(*) AS pairs FROM law a JOIN law b USING (v) \gset merge_
SELECT count(*) AS groups FROM (SELECT v FROM law GROUP BY v) g \gset sort_
SET enable_hashjoin = on; SET enable_mergejoin = off; SET enable_hashagg = on; SET enable_sort = off; SET enable_indexscan = off; SET enable_indexonlyscan = off;
SELECT count(*) = :merge_pairs AS same_pairs FROM law a JOIN law b USING (v);
SELECT count(*) = :sort_groups AS same_groups FROM (SELECT v FROM law GROUP BY v) g;
RESET ALL;
SET search_path = public, consent;
SET enable_seqscan = off; SET enable_bitmapscan = off;
SELECT count(*) AS wrong FROM law a JOIN (SELECT v::text AS t, count(*) AS n FROM law GROUP BY 1) g ON g.t = a.v::text
WHERE (SELECT count(*) FROM law b WHERE b.v = a.v) <> g.n;
SELECT count(*) AS wrong FROM (SELECT v, lag(v) OVER (ORDER BY v) AS before FROM law) o WHERE before > v;
RESET enable_seqscan; RESET enable_bitmapscan;

-- @> holds as its words say, and an index finds what a scan finds.
SELECT count(*) AS wrong FROM law a JOIN law b ON b.id = a.id % 1000 + 1
WHERE NOT a.v @> a.v OR NOT a.v @> ''
   OR (a.v @> b.v) <> (b.v <@ a.v)
   OR (a.v @> b.v) <> NOT EXISTS (
		SELECT FROM choices(b.v) w WHERE NOT EXISTS (
			SELECT FROM choices(a.v) h
			WHERE h.purpose = w.purpose AND h.stance = w.stance
			  AND (w.since IS NULL OR h.since = w.since) AND (w.until IS NULL OR h.until = w.until)
			  AND (w.data_range IS NULL OR h.data_range = w.data_range)
			  AND (w.act IS NULL OR h.act = w.act) AND (w.notice IS NULL OR h.notice = w.notice)));
CREATE TABLE asked AS
	SELECT v AS wanted FROM law WHERE id <= 200
	UNION SELECT choice(p, s) FROM unnest('{a,a.b,b,c}'::text[]) p, unnest('{+,-,~}'::text[]) s
	UNION SELECT '+a, -b' UNION SELECT '';
CREATE TABLE spoken AS SELECT unnest('{a,a.b,a_b,b,c,"",A,+a}'::text[]) AS purpose;
CREATE TABLE by_scan AS
	SELECT wanted::text AS question, law.id FROM asked JOIN law ON v @> wanted
	UNION ALL SELECT purpose, law.id FROM spoken JOIN law ON v ? purpose;
CREATE INDEX law_gin ON law USING gin (v);
SET enable_seqscan = off; SET enable_indexscan = off;
CREATE TABLE by_index AS
	SELECT wanted::text AS question, law.id FROM asked JOIN law ON v @> wanted
	UNION ALL SELECT purpose, law.id FROM spoken JOIN law ON v ? purpose;
SELECT count(*) FROM law WHERE v ? NULL OR v @> NULL;
RESET enable_seqscan; RESET enable_indexscan;
SELECT count(*) AS differ FROM ((TABLE by_scan EXCEPT ALL TABLE by_index) UNION ALL (TABLE by_index EXCEPT ALL TABLE by_scan)) d;
SELECT count(*) > 3000 AS many FROM by_index;
-- also when it is filled row by row, from a pending list
CREATE TABLE law_copy (LIKE law);
CREATE INDEX ON law_copy USING gin (v) WITH (fastupdate = on);
INSERT INTO law_copy SELECT * FROM law;
UPDATE law_copy SET v = v || '~c' WHERE id % 10 = 0;
SET enable_seqscan = off;
SELECT count(*) = 100 AS found FROM law_copy WHERE v ? 'c';
SELECT count(*) AS wrong FROM law_copy WHERE v @> '~c' AND id % 10 <> 0;
RESET enable_seqscan;

-- What is forgotten is gone, and nothing else is.
SELECT count(*) AS wrong FROM law WHERE (v - 'a') ? 'a' OR ((v - 'a') || v) <> v OR (v - 'c') <> v
   OR (SELECT count(*) FROM choices(v)) <> (SELECT count(*) FROM choices(v - 'a')) + (SELECT count(*) FROM choices(v) WHERE purpose = 'a');

-- A value by itself: nothing permits that was not granted.
SELECT count(*) AS wrong FROM law, unnest('{a,a.b,b,a.b.c}'::text[]) p
WHERE verdict_of(v, p, '2024-02-15 00:00Z', '2024-01-15 00:00Z') = 'granted'
  AND NOT EXISTS (SELECT FROM choices(v) WHERE stance = '+' AND (p = purpose OR starts_with(p, purpose || '.')));

-- Domains, arrays, composites and ranges of it.
CREATE DOMAIN refusal AS consent CHECK (VALUE @> '-a');
SELECT '-a'::refusal AS passes;
SELECT '+a'::refusal;  -- fails
SELECT ARRAY['+b, -a', '', '+a under n/1']::consent[] AS all, ARRAY['+a, +b', '']::consent[] @> ARRAY['']::consent[] AS holds,
       '-a' = ANY (ARRAY['+a', '-a']::consent[]) AS one_of;
SELECT '{"+a, -b","~c"}'::consent[] = ARRAY['-b, +a', '~c']::consent[] AS same;
SELECT ROW('+b, +a'::consent, 1) < ROW('+a, -b'::consent, 0) AS less, min(v::text COLLATE "C") = '' AS nothing_is_least FROM law;
CREATE TYPE consent_span AS RANGE (subtype = consent);
SELECT consent_span('+a', '+b') @> '+a.b'::consent AS within, consent_span('+a', '+b') @> '+c'::consent AS beyond,
       '["+a, -b","+c")'::consent_span AS span;
SELECT consent_span('+b', '+a');  -- fails

-- Text is assigned, never taken for consent unasked; consent is shown as text.
CREATE TABLE assigned (c consent DEFAULT '+a', t text);
INSERT INTO assigned SELECT v::text, v FROM law WHERE id <= 10;
INSERT INTO assigned VALUES (DEFAULT, '+a'::consent), ('-a'::varchar(10), NULL), (NULL, NULL);
UPDATE assigned SET c = t WHERE t IS NOT NULL;
SELECT count(*) AS differ FROM assigned WHERE c::text <> t;
SELECT '+a'::consent = '+a'::text;  -- fails
SELECT consent(' -a '::text) AS called, CAST('+a' AS text)::consent AS cast, '+a '::char(10)::consent AS padded;

-- The canonical text depends on no setting.
CREATE TABLE plain AS SELECT id, v::text AS t, v::jsonb AS j FROM law;
CREATE FUNCTION differs(setting text, value text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config(setting, value, true);
	RETURN (SELECT count(*) FROM law JOIN plain USING (id) WHERE v::text <> t OR v::jsonb <> j OR given::consent <> v OR j::consent <> v);
END $$;
SELECT setting, value, differs(setting, value) FROM (VALUES
	('TimeZone', 'Asia/Kathmandu'), ('TimeZone', 'America/St_Johns'), ('TimeZone', '<-13:37>+13:37'),
	('DateStyle', 'German, YMD'), ('DateStyle', 'SQL, DMY'), ('DateStyle', 'Postgres, MDY'),
	('IntervalStyle', 'sql_standard'), ('extra_float_digits', '-15'), ('lc_time', 'C'), ('lc_numeric', 'C'),
	('bytea_output', 'escape'), ('xmloption', 'document'), ('quote_all_identifiers', 'on'), ('standard_conforming_strings', 'off')) s (setting, value);

RESET ALL;
DROP TABLE law, law_copy, asked, spoken, by_scan, by_index, assigned, plain;
DROP FUNCTION any_of, any_choice, differs;
DROP TYPE consent_span;
DROP DOMAIN refusal;
