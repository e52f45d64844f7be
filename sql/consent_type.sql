-- The datatype consent: what a person chose, purpose by purpose.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS consent_ledger;
RESET client_min_messages;
\set VERBOSITY terse
SET search_path = public, consent;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';

--
-- Text
--

-- A grant of data from October on, under a version of a notice, and a refusal.
SELECT '+ai_training@2024-10-02T09:00:00Z for [2024-10-02T09:00:00Z,) under privacy/2024-09-18,
        -third_party@2024-10-02T09:00:00Z as withdrawn'::consent;

-- Nobody said anything.
SELECT ''::consent = ' '::consent AS same;

-- Any zone, any white space, any order: the text that comes out is always the same.
SELECT '  -b.c@2024-10-02 11:00:00.25+02 , +a until 2025-01-01 00:00-05:30'::consent;
SELECT '+a for [ 2024-01-01 00:00Z , ), +a for [,), +a for [,2024-01-01 00:00Z)'::consent;

-- Nor does it depend on settings.
SET TimeZone = 'Asia/Kathmandu';
SET DateStyle = 'German';
SET IntervalStyle = 'iso_8601';
SELECT '+a@2024-10-02T09:00:00Z until 2025-01-01T00:00:00Z'::consent;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';
RESET IntervalStyle;

-- Under the same purpose and data range the choice that counts is kept.
SELECT '+a@2024-01-01T00:00:00Z, -a@2024-02-01T00:00:00Z'::consent AS later,
       '+a@2024-01-01T00:00:00Z, -a@2024-01-01T00:00:00Z'::consent AS refusal_at_the_same_instant;
SELECT '+a@2024-01-01T00:00:00Z, ~a@2024-02-01T00:00:00Z'::consent AS act_before_preset,
       '+a until 2025-01-01T00:00:00Z, +a'::consent AS ends_sooner;

-- fails: it says where, and why
SELECT 'ai_training'::consent;
SELECT '+AI'::consent;
SELECT '+a b'::consent;
SELECT '+a, '::consent;
SELECT '+a..b'::consent;
SELECT '+a@2024-10-02'::consent;
SELECT '+a@infinity'::consent;
SELECT '+a@0044-03-15 12:00:00+00 BC'::consent;
SELECT '+a@10000-01-01T00:00:00Z'::consent;
SELECT '-a until 2025-01-01T00:00:00Z'::consent;
SELECT '+a for [2025-01-01T00:00:00Z,2025-01-01T00:00:00Z)'::consent;
SELECT '+a for (,)'::consent;
SELECT '~a as granted'::consent;
SELECT '-a as granted'::consent;
SELECT '+a as agreed'::consent;
SELECT '+a under privacy'::consent;
SELECT '+a under n/1 as granted'::consent;

-- The details say what stands there, and what to write instead.
\set VERBOSITY default
SELECT '+a@2024-10-02T09:00:00Z, +ai_training@yesterday'::consent;
SELECT '+a as'::consent;
\set VERBOSITY terse
\set SHOW_CONTEXT never
DO $$
BEGIN
	PERFORM '+A'::consent.consent;
EXCEPTION WHEN invalid_text_representation THEN
	RAISE NOTICE '%: %', SQLSTATE, SQLERRM;
END $$;

--
-- Binary
--

SELECT encode(consent_send('+a'), 'hex') AS plain,
       encode(consent_send('-b.c@2000-01-01T00:00:00.000001Z as withdrawn under n/1'), 'hex') AS more;

--
-- Comparing
--

CREATE TABLE member (id integer PRIMARY KEY, choices consent NOT NULL);
INSERT INTO member VALUES
	(1, '+ai_training@2024-10-02T09:00:00Z as granted under privacy/2024-09-18, -third_party@2024-10-02T09:00:00Z'),
	(2, '-ai_training@2024-11-01T12:00:00Z as opted_out'),
	(3, '~ai_training@2024-08-01T00:00:00Z, ~third_party@2024-08-01T00:00:00Z'),
	(4, ''),
	(5, '-ai_training@2024-11-01T12:00:00Z as opted_out'),
	(6, '+ai_training.text@2024-12-01T00:00:00Z until 2025-12-01T00:00:00Z for [2024-12-01T00:00:00Z,)');

SELECT id, choices FROM member ORDER BY choices, id;
SELECT count(*), choices FROM member GROUP BY choices HAVING count(*) > 1;
SELECT a.id, b.id FROM member a JOIN member b USING (choices) WHERE a.id < b.id;
SELECT '+a'::consent < '+a.b' AS purpose, '+a'::consent > '+a for [,2024-01-01T00:00:00Z)' AS range,
       '+a'::consent < '-a' AS stance, '+a'::consent < '+a@2024-01-01T00:00:00Z' AS since,
       '+a until 2024-01-01T00:00:00Z'::consent <= '+a' AS until, '+a'::consent <> '+a as granted' AS act,
       '+a under n/2'::consent >= '+a under n/1' AS notice, '+a'::consent < '+a, +b' AS length;
SELECT consent_hash('+a') = consent_hash(' +a ') AS same, consent_hash('+a') = consent_hash('-a') AS other,
       consent_hash_extended('+a', 1) = consent_hash_extended('+a', 2) AS seeds;

CREATE UNIQUE INDEX member_choices ON member (choices, id);
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT id FROM member WHERE choices = '-ai_training@2024-11-01T12:00:00Z as opted_out' ORDER BY id;
RESET enable_seqscan;
RESET enable_bitmapscan;
DROP INDEX member_choices;

--
-- Merging
--

SELECT '+a@2024-01-01T00:00:00Z, +b'::consent || '-a@2024-02-01T00:00:00Z, ~c' AS merged;
SELECT ('~a'::consent || '-a') || '+a@2024-01-01T00:00:00Z' AS one_way,
       '~a'::consent || ('+a@2024-01-01T00:00:00Z'::consent || '-a') AS another;
SELECT merge(choices) FROM member;
SELECT merge(choices) IS NULL AS nothing_to_merge FROM member WHERE false;

-- fails: too much for one value
SELECT merge(big) FROM (
	SELECT string_agg('+p' || n, ',')::consent AS big FROM generate_series(1, 40000) n
	UNION ALL
	SELECT string_agg('+q' || n, ',')::consent FROM generate_series(1, 40000) n) v;

-- On workers, whose partial merges are merged.
CREATE TABLE many AS
	SELECT choice('p' || n % 5, (ARRAY['+', '-', '~'])[1 + n % 3], '2024-01-01 00:00Z'::timestamptz + n * interval '1 minute') AS c
	FROM generate_series(1, 20000) n;
ALTER TABLE many SET (parallel_workers = 2);
ANALYZE many;
SET max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE alone AS SELECT merge(c) FROM many;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT merge(c) FROM many;
SELECT (SELECT merge(c) FROM many) = merge AS same, merge FROM alone;
RESET max_parallel_workers_per_gather;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

--
-- Asking
--

-- Who said anything about training, whatever it was?  Of exactly this purpose.
SELECT id FROM member WHERE choices ? 'ai_training' ORDER BY id;

-- Who refused?  What is not stated on the right does not matter.
SELECT id FROM member WHERE choices @> '-ai_training' ORDER BY id;
SELECT id FROM member WHERE choices @> '+ai_training as granted, -third_party' ORDER BY id;
SELECT id FROM member WHERE choices @> '+ai_training under privacy/2024-09-19' ORDER BY id;
SELECT '+a@2024-01-01T00:00:00Z until 2025-01-01T00:00:00Z for [2023-01-01T00:00:00Z,)'::consent @> v AS holds, v
FROM unnest(ARRAY['', '+a', '-a', '+b', '+a, +b', '+a@2024-01-01T00:00:00Z', '+a@2024-01-01T00:00:01Z',
	'+a until 2025-01-01T00:00:00Z', '+a until 2025-01-01T00:00:01Z',
	'+a for [2023-01-01T00:00:00Z,)', '+a for [2024-01-01T00:00:00Z,)', '+a as granted']::consent[]) v;
SELECT '-ai_training'::consent <@ choices AS refused, count(*) FROM member GROUP BY 1 ORDER BY 1;

-- An index answers both.
CREATE INDEX member_gin ON member USING gin (choices);
SET enable_seqscan = off;
SET enable_indexscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM member WHERE choices @> '-ai_training';
SELECT id FROM member WHERE choices ? 'ai_training' ORDER BY id;
SELECT id FROM member WHERE choices @> '-ai_training' ORDER BY id;
SELECT id FROM member WHERE choices @> '-ai_training as opted_out' ORDER BY id;
SELECT id FROM member WHERE choices @> '-ai_training as withdrawn' ORDER BY id;
SELECT count(*) FROM member WHERE choices @> '';
SELECT id FROM member WHERE choices ? 'third_party' AND choices @> '~ai_training' ORDER BY id;
SELECT id FROM member WHERE choices ? 'No such purpose' ORDER BY id;
RESET enable_seqscan;
RESET enable_indexscan;

-- Forget a purpose, and only that.
SELECT choices - 'ai_training' AS rest FROM member WHERE id = 1;
SELECT '+a, +a for [,2024-01-01T00:00:00Z), +a.b'::consent - 'a' AS rest, '+a'::consent - 'b' AS all;

--
-- Rows
--

SELECT id, c.* FROM member, choices(choices) c ORDER BY id, purpose;

-- One choice from its parts.
SELECT choice('ai_training', '+');
SELECT choice('ai_training', 'refuse', since => '2024-10-02 09:00Z', act => 'objected');
SELECT choice('ai_training', 'grant', '2024-10-02 09:00Z', until => '2025-10-02 09:00Z',
              data_range => '[2024-10-02 09:00Z,)', act => 'granted', notice => 'privacy/2024-09-18');
-- Ranges are half open, to the microsecond.
SELECT choice('a', 'preset', data_range => '(2024-01-01 00:00Z,2024-12-31 00:00Z]');
SELECT choice('a', '+', data_range => '(,)');
SELECT count(*) AS wrong FROM member, choices(choices) c
WHERE NOT choices @> choice(purpose, stance, since, until, data_range, act, notice);

-- fails
SELECT choice('a', 'yes');
SELECT choice('A', '+');
SELECT choice(NULL, '+');
SELECT choice('a', NULL);
SELECT choice('a', '-', until => '2025-01-01 00:00Z');
SELECT choice('a', '~', act => 'granted');
SELECT choice('a', '+', act => 'refused');
SELECT choice('a', '+', act => 'agreed');
SELECT choice('a', '+', since => 'infinity');
SELECT choice('a', '+', since => '0044-03-15 12:00Z BC');
SELECT choice('a', '+', data_range => 'empty');
SELECT choice('a', '+', data_range => '[-infinity,2024-01-01 00:00Z)');
SELECT choice('a', '+', data_range => '(2024-01-01 00:00:00Z,2024-01-01 00:00:00.000001Z)');
SELECT choice('a', '+', notice => 'privacy policy/1');

--
-- Other types
--

SELECT jsonb_pretty(choices::jsonb) FROM member WHERE id = 6;
SELECT ''::consent::jsonb;
SELECT count(*) AS wrong FROM member WHERE choices::jsonb::consent <> choices;
SELECT '[{"purpose": "a", "stance": "-", "act": null, "since": "2024-10-02T11:00:00+02:00"}]'::jsonb::consent;
SELECT (SELECT jsonb_agg(c - 'data_range') FROM (SELECT to_jsonb(c) FROM choices(choices) c) j(c))::consent
FROM member WHERE id = 1;

-- fails: nothing is guessed
SELECT '{"purpose": "a", "stance": "+"}'::jsonb::consent;
SELECT '"+a"'::jsonb::consent;
SELECT '["+a"]'::jsonb::consent;
SELECT '[[]]'::jsonb::consent;
SELECT '[{"purpose": "a", "stance": "+", "until_when": "2025"}]'::jsonb::consent;
SELECT '[{"purpose": "a", "stance": true}]'::jsonb::consent;
SELECT '[{"purpose": "a", "stance": "yes"}]'::jsonb::consent;
SELECT '[{"purpose": "a"}]'::jsonb::consent;
SELECT '[{"stance": "+"}]'::jsonb::consent;
SELECT '[{"purpose": "a", "stance": "+", "since": "2024"}]'::jsonb::consent;
SELECT '[{"purpose": "a", "stance": "-", "until": "2024-10-02T09:00:00Z"}]'::jsonb::consent;
SELECT '[{"purpose": "a", "stance": "+", "act": "agreed"}]'::jsonb::consent;
SELECT '[{"purpose": "a", "stance": "+", "notice": "privacy"}]'::jsonb::consent;
SELECT '[{"purpose": "a", "stance": "+", "notice": ["n/1"]}]'::jsonb::consent;
SELECT '[{"purpose": "a", "stance": "+", "data_range": "empty"}]'::jsonb::consent;
SELECT '[{"purpose": "a", "stance": "+", "data_range": "[,) "}]'::jsonb::consent;
\set VERBOSITY default
SELECT '[{"purpose": "a", "stance": "+"}, {"purpose": "B", "stance": "+"}]'::jsonb::consent;
\set VERBOSITY terse

-- Drivers send text: it may be assigned.
PREPARE add_member (integer, text) AS INSERT INTO member VALUES ($1, $2);
EXECUTE add_member (7, '+ai_training');
INSERT INTO member SELECT 8, '-ai_training'::varchar;
INSERT INTO member SELECT 9, '[{"purpose": "ai_training", "stance": "~"}]'::jsonb;
SELECT id, choices FROM member WHERE id > 6 ORDER BY id;
EXECUTE add_member (10, 'yes');

-- Long values are compressed or stored aside, and come back.
CREATE TABLE long (c consent);
INSERT INTO long SELECT string_agg(format('+p%s@2024-01-01T00:00:00Z under privacy/%s', n, md5(n::text)), ',')::consent
FROM generate_series(1, 3000) n;
SELECT count(*), min(purpose), max(notice) FROM long, choices(c);
SELECT c = c::text::consent AS same, c ? 'p3000' AS there FROM long;
CREATE INDEX ON long USING hash (c);
SET enable_seqscan = off;
SELECT count(*) FROM long a JOIN long b ON a.c = b.c;
RESET enable_seqscan;

DROP TABLE member, many, alone, long;
