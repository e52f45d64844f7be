-- May this be used? By columns, by subject and by row, the answer is the same.
\set VERBOSITY terse
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';
SELECT count(consent.define_purpose(name, parents, regime, since => '2024-01-01 00:00Z')) AS purposes
FROM (VALUES ('prm_improve', '{}'::text[], 'opt_in'), ('prm_ai', '{prm_improve}', 'opt_in'), ('prm_stats', '{}', 'opt_out')) p(name, parents, regime);
CREATE TABLE prm_message (id bigint PRIMARY KEY, sender text, recipient text, sent timestamptz, body text);
SELECT consent.protect('prm_message', '{sender, recipient}', collected_at => 'sent') > 0 AS protected;
SELECT count(consent.opt_in(s, 'prm_ai')) AS granted FROM unnest('{prm_alice, prm_bob, prm_carol}'::text[]) s;
SELECT consent.opt_out('prm_dave', 'prm_improve') > 0 AS refused;
INSERT INTO prm_message VALUES
	(1, 'prm_alice', 'prm_bob', '2024-05-01 00:00Z'),
	(2, 'prm_alice', 'prm_dave', '2024-05-02 00:00Z'),
	(3, 'prm_alice', 'prm_nobody', '2024-05-03 00:00Z'),
	(4, 'prm_alice', NULL, '2024-05-04 00:00Z'),
	(5, NULL, NULL, NULL);

-- by subject
SELECT s AS subject, consent.permits(s, 'prm_ai') AS ai, consent.permits(s, 'prm_improve') AS improve, consent.permits(s, 'prm_stats') AS stats
FROM unnest('{prm_alice, prm_dave, prm_nobody, NULL}'::text[]) s;
-- by columns, and by row
SELECT id, consent.permits(ARRAY[sender, recipient], 'prm_ai', 'prm_message', id::text, sent) AS by_columns,
       consent.permits(m, 'prm_ai') AS by_row, consent.permits(m, 'prm_stats') AS stats
FROM prm_message m ORDER BY id;
-- a row that an outer join did not find is not permitted, under no regime
SELECT consent.permits(m, 'prm_stats') AS permitted FROM (VALUES (1), (6)) v(id) LEFT JOIN prm_message m USING (id) ORDER BY v.id;
-- no parties, or NULL: unknown, never NULL
SELECT consent.permits('{}'::text[], 'prm_ai') AS none, consent.permits(NULL::text[], 'prm_ai') AS "null",
       consent.permits('{NULL}'::text[], 'prm_ai') AS unnamed, consent.permits('{}'::text[], 'prm_stats') AS opt_out;

-- What is asked in WHERE is the same for many rows as for one.
INSERT INTO consent.event (subject, choices)
SELECT 'prm_' || g, (CASE g % 4 WHEN 0 THEN '+prm_ai' WHEN 1 THEN '-prm_ai' WHEN 2 THEN '+prm_ai, -prm_improve' ELSE '~prm_ai' END)::consent.consent
FROM generate_series(1, 6000) g;
INSERT INTO prm_message SELECT g, 'prm_' || g, 'prm_alice', '2024-05-01 00:00Z' FROM generate_series(10, 8000) g;
SELECT id % 4 AS kind, id <= 6000 AS known, consent.permits(m, 'prm_ai') AS by_row, count(*)
FROM prm_message m WHERE id >= 10 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT count(*) FROM prm_message WHERE consent.permits(ARRAY[sender, recipient], 'prm_ai', 'prm_message', id::text, sent);
SET work_mem = '64kB';  -- too little to remember them all
SET hash_mem_multiplier = 1;
SELECT count(*) FROM prm_message WHERE consent.permits(ARRAY[sender, recipient], 'prm_ai', 'prm_message', id::text, sent);
RESET work_mem;
RESET hash_mem_multiplier;
-- the planner guesses how many rows are let through, by a few pages of subjects
CREATE TABLE prm_pair AS SELECT row_number() OVER () AS id, key AS a, lead(key, 1, 'prm_1') OVER (ORDER BY md5(key)) AS b FROM consent.subject WHERE key IS NOT NULL;
ALTER TABLE prm_pair ADD PRIMARY KEY (id);
SELECT consent.protect('prm_pair', '{a, b}', rule => 'any') > 0 AS protected;
ANALYZE prm_pair;
CREATE FUNCTION prm_guess(condition text, OUT guessed boolean, OUT a_third boolean) LANGUAGE plpgsql AS $$
DECLARE plan json;
	n float8;
	rows float8 := (SELECT count(*) FROM prm_pair);
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) SELECT FROM prm_pair m WHERE ' || condition INTO plan;
	EXECUTE 'SELECT count(*) FROM prm_pair m WHERE ' || condition INTO n;
	guessed := (plan->0->'Plan'->>'Plan Rows')::float8 / greatest(n, 1) BETWEEN 0.4 AND 2.5;
	a_third := (plan->0->'Plan'->>'Plan Rows')::float8 / rows BETWEEN 0.3 AND 0.36;
END $$;
SELECT condition, (prm_guess(condition)).* FROM unnest(ARRAY[
	$$consent.permits(a, 'prm_ai')$$,
	$$NOT consent.permits(a, 'prm_ai')$$,
	$$consent.permits(a, 'prm_stats')$$,
	$$consent.permits(ARRAY[a, b], 'prm_ai')$$,
	$$consent.permits(ARRAY[a, b], 'prm_ai', 'public.prm_pair')$$,
	$$consent.permits(m, 'prm_ai')$$,
	$$consent.permits(a, (SELECT 'prm_ai'))$$]) condition;
-- it guesses nothing about a purpose that is not there: the call itself refuses it
EXPLAIN (COSTS OFF) SELECT FROM prm_pair WHERE consent.permits(a, 'prm_none');
DROP TABLE prm_pair;
DROP FUNCTION prm_guess;
-- in parallel workers
SET max_parallel_workers_per_gather = 2;
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
EXPLAIN (COSTS OFF) SELECT count(*) FROM prm_message WHERE consent.permits(ARRAY[sender, recipient], 'prm_ai');
SELECT count(*) FROM prm_message WHERE consent.permits(ARRAY[sender, recipient], 'prm_ai');
RESET max_parallel_workers_per_gather;
-- the planner takes the parties of ARRAY[...] apart; it is the same as with arrays that are values
SET plan_cache_mode = force_generic_plan;
PREPARE prm_apart (text) AS SELECT id, consent.permits(ARRAY[sender, recipient, $1, NULL], 'prm_stats', 'prm_message', id::text, sent) FROM prm_message WHERE id < 4 ORDER BY 1;
EXECUTE prm_apart ('prm_alice');
EXECUTE prm_apart (NULL);
EXECUTE prm_apart ('');
RESET plan_cache_mode;
SELECT count(*) FILTER (WHERE apart) AS permitted, count(*) FILTER (WHERE apart <> whole OR apart <> nested OR apart <> many) AS differ
FROM (SELECT consent.permits(ARRAY[sender, recipient], 'prm_ai', 'prm_message', id::text, sent) AS apart,
		consent.permits(parties, 'prm_ai', 'prm_message', id::text, sent) AS whole,
		consent.permits(ARRAY[ARRAY[sender], ARRAY[recipient]], 'prm_ai', 'prm_message', id::text, sent) AS nested,
		consent.permits(ARRAY[sender, recipient, sender, sender, sender, sender, sender, sender, sender], 'prm_ai', 'prm_message', id::text, sent) AS many
	FROM (SELECT *, ARRAY[sender, recipient] AS parties FROM prm_message OFFSET 0) m) p;
SELECT consent.permits(ARRAY[id], 'prm_ai') FROM prm_message LIMIT 1;  -- fails
-- several purposes at once
SELECT consent.permits(ARRAY[sender], 'prm_ai') AS ai, consent.permits(ARRAY[sender], 'prm_improve') AS improve,
       consent.permits(ARRAY[sender], 'prm_stats') AS stats, count(*)
FROM prm_message WHERE id >= 10 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

-- An opt-out counts from the next statement on, in a long transaction too,
BEGIN;
SELECT consent.permits('prm_carol', 'prm_ai') AS permitted;
SELECT consent.opt_out('prm_carol', 'prm_ai') > 0 AS refused;
SELECT consent.permits('prm_carol', 'prm_ai') AS permitted;
SAVEPOINT s;
SELECT consent.opt_in('prm_carol', 'prm_ai') > 0 AS granted;
SELECT consent.permits('prm_carol', 'prm_ai') AS permitted;
ROLLBACK TO s;
SELECT consent.permits('prm_carol', 'prm_ai') AS permitted;
ROLLBACK;
SELECT consent.permits('prm_carol', 'prm_ai') AS permitted;
-- also where thousands are remembered.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM prm_message WHERE consent.permits(ARRAY[sender], 'prm_ai');
SELECT consent.opt_out('prm_4000', 'prm_ai') > 0 AS refused;
SELECT count(*) FROM prm_message WHERE consent.permits(ARRAY[sender], 'prm_ai');
SAVEPOINT s;
SELECT consent.opt_out('prm_5000', 'prm_ai') > 0 AS refused;
SELECT count(*) FROM prm_message WHERE consent.permits(ARRAY[sender], 'prm_ai');
ROLLBACK TO s;
SELECT count(*) FROM prm_message WHERE consent.permits(ARRAY[sender], 'prm_ai');
COMMIT;
-- An older snapshot does not see it.
BEGIN;
DECLARE old CURSOR FOR SELECT consent.permits('prm_alice', 'prm_ai') FROM generate_series(1, 3);
FETCH old;
SELECT consent.opt_out('prm_alice', 'prm_ai') > 0 AS refused;
SELECT consent.permits('prm_alice', 'prm_ai') AS permitted;
FETCH old;
SELECT consent.permits('prm_alice', 'prm_ai') AS permitted;
ROLLBACK;
-- A yes that runs out while the transaction lasts has run out.
BEGIN;
SELECT consent.record_choices('prm_erin', ('+prm_ai until ' || to_char(clock_timestamp() + interval '200 ms', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))::consent.consent) > 0 AS recorded;
SELECT consent.permits('prm_erin', 'prm_ai') AS permitted;
SELECT pg_sleep(0.3);
SELECT consent.permits('prm_erin', 'prm_ai') AS permitted, consent.verdict('prm_erin', 'prm_ai');
ROLLBACK;

-- Choices about one row, one table, one period.
SELECT consent.opt_out(m, 'prm_ai', party => 'prm_bob') > 0 AS refused FROM prm_message m WHERE id = 1;
SELECT consent.permits('prm_bob', 'prm_ai') AS subject, consent.permits('{prm_bob}'::text[], 'prm_ai', 'prm_message', '1') AS row,
       consent.permits('{prm_bob}'::text[], 'prm_ai', 'prm_message', '2') AS other_row, consent.permits('{prm_bob}'::text[], 'prm_ai', 'prm_message') AS "table";
SELECT consent.record_choices('prm_fay', '+prm_ai for [2024-06-01T00:00:00Z,)') > 0 AS recorded;
SELECT collected_at, consent.permits('{prm_fay}'::text[], 'prm_ai', collected_at => collected_at)
FROM (VALUES ('2024-05-31 23:59:59.999999Z'::timestamptz), ('2024-06-01 00:00Z'), (NULL)) c(collected_at);
SELECT count(*) FILTER (WHERE consent.permits('{prm_fay}'::text[], 'prm_ai', collected_at => c)) AS inside, count(*)
FROM generate_series('2024-05-01 00:00Z', '2024-06-30 00:00Z', interval '1 day') c;

-- fails: what is not known, or not said
SELECT consent.permits('prm_alice', 'prm_lost');
SELECT consent.permits('{}'::text[], 'prm_lost');
SELECT consent.permits('prm_alice', NULL);
SELECT consent.permits('{prm_alice}'::text[], 'prm_ai', 'prm_lost');
SELECT consent.permits('{prm_alice}'::text[], 'prm_ai', row_key => '1');
SELECT consent.permits('', 'prm_ai');
SELECT consent.permits(42, 'prm_ai');
SELECT consent.permits('{1}'::bigint[], 'prm_ai');
SELECT consent.permits('{}'::bigint[], 'prm_ai');
SELECT consent.permits('00000000-0000-0000-0000-000000000000'::uuid, 'prm_ai');
SELECT consent.permits(t, 'prm_ai') FROM (SELECT 1 AS id) t;
SELECT consent.permits(c, 'prm_ai') FROM pg_class c LIMIT 1;
DROP TABLE prm_message;

-- Keys of each length, and such as begin alike: answered the same however the
-- subjects are looked up, and whether short ones or long ones are met first.
SELECT consent.define_purpose('permits_lengths') > 0 AS defined;
CREATE TABLE permits_key AS
SELECT row_number() OVER () AS n, key FROM (
	SELECT repeat('k', length) FROM generate_series(1, 40) length UNION ALL
	SELECT repeat('k', length - 1) || 'l' FROM generate_series(1, 40) length UNION ALL
	SELECT repeat('m', length) || E'\x01' FROM generate_series(7, 25) length UNION ALL
	SELECT repeat('long ', 30) || i FROM generate_series(1, 40) i UNION ALL
	SELECT 'n' || i FROM generate_series(1, 3000) i) k(key);
INSERT INTO consent.event (subject, choices)
SELECT key, CASE n % 3 WHEN 1 THEN '+permits_lengths' ELSE '-permits_lengths' END::consent.consent FROM permits_key WHERE n % 3 > 0;
PREPARE permits_wrong(integer) AS
SELECT count(*) AS wrong FROM (SELECT * FROM permits_key ORDER BY n * $1) k
WHERE consent.permits(key, 'permits_lengths') <> (n % 3 = 1)
	OR consent.verdict(key, 'permits_lengths') <> (CASE n % 3 WHEN 0 THEN 'unknown' WHEN 1 THEN 'granted' ELSE 'denied' END)::consent.verdict;
SET consent_ledger.lookup = single;
EXECUTE permits_wrong(1);
EXECUTE permits_wrong(-1);
SET consent_ledger.lookup = cached;
EXECUTE permits_wrong(1);
EXECUTE permits_wrong(-1);
SET consent_ledger.lookup = loaded;
EXECUTE permits_wrong(1);
EXECUTE permits_wrong(-1);
RESET consent_ledger.lookup;
EXECUTE permits_wrong(1);
EXECUTE permits_wrong(-1);
-- The row after one that is asked about is looked at, where a scan has it in the
-- same page: what is there may be another column, longer, deleted or NULL, and
-- never changes an answer.
CREATE TABLE permits_page (n bigint, note text, key text, other text);
INSERT INTO permits_page SELECT n, CASE WHEN n % 5 > 0 THEN repeat('x', (n % 7)::integer * 20) END, CASE WHEN n % 13 > 0 THEN key END, key FROM permits_key;
CREATE INDEX permits_page_n ON permits_page ((n * 7919 % 1000), n);
CREATE FUNCTION permits_wrong() RETURNS TABLE (scan text, backward boolean, wrong bigint) LANGUAGE plpgsql AS $$
DECLARE
	r record;
	c refcursor;
BEGIN
	FOREACH scan IN ARRAY '{seqscan, indexscan, bitmapscan}'::text[] LOOP
		PERFORM set_config('enable_' || s, (s = scan)::text, true) FROM unnest('{seqscan, indexscan, bitmapscan}'::text[]) s;
		OPEN c SCROLL FOR SELECT n, consent.permits(key, 'permits_lengths') AS one, consent.permits(ARRAY[key, other], 'permits_lengths') AS both,
			key IS NOT NULL AND n % 3 = 1 AS right_one FROM permits_page WHERE n * 7919 % 1000 >= 0;
		wrong := 0;
		backward := false;
		LOOP
			FETCH c INTO r;
			EXIT WHEN NOT FOUND;
			wrong := wrong + (r.one <> r.right_one OR r.both <> r.right_one)::integer;
		END LOOP;
		RETURN NEXT;
		wrong := 0;
		backward := true;
		LOOP
			FETCH BACKWARD FROM c INTO r;
			EXIT WHEN NOT FOUND;
			wrong := wrong + (r.one <> r.right_one OR r.both <> r.right_one)::integer;
		END LOOP;
		RETURN NEXT;
		CLOSE c;
	END LOOP;
END $$;
SELECT * FROM permits_wrong();
DELETE FROM permits_page WHERE n % 11 = 0 OR n > 2000;
UPDATE permits_page SET note = note || 'and more' WHERE n % 4 = 0;
VACUUM permits_page;
INSERT INTO permits_page SELECT n, NULL, key, key FROM permits_key WHERE n % 11 = 0 OR n > 2000;
ALTER TABLE permits_page ADD more text DEFAULT 'more';
UPDATE permits_page SET more = NULL WHERE n % 6 = 0;
SELECT * FROM permits_wrong();
DROP TABLE permits_page;
DROP FUNCTION permits_wrong();
DROP TABLE permits_key;
