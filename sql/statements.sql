-- Statements of every shape record: nested, in CTEs, in functions, through
-- cursors and savepoints. No event is lost, doubled or left unsealed.
\set VERBOSITY terse
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SELECT consent.define_purpose('st_train', since => '2024-01-01 00:00Z') > 0 AS defined;
SELECT consent.define_purpose('st_ads') > 0 AS defined;
-- how many events there are of whom
CREATE VIEW recorded AS
	SELECT subject, count(*) AS events, string_agg(DISTINCT regexp_replace(choices::text, '@[^ ,]*', '', 'g'), ' / ') AS choices
	FROM consent.event WHERE subject LIKE 'st\_%' GROUP BY subject ORDER BY subject COLLATE "C";
-- none: what is wrong with seals and events
CREATE VIEW unsound AS
	SELECT e.event_id / 4096 AS seal_no FROM consent.event_log e
	LEFT JOIN consent.seal s ON s.seal_no = e.event_id / 4096 AND e.event_id % 4096 < s.count WHERE s.seal_no IS NULL
	UNION
	SELECT seal_no FROM consent.seal s WHERE count <> (SELECT count(*) FROM consent.event_log e WHERE e.event_id / 4096 = s.seal_no)
	UNION
	SELECT s.seal_no FROM consent.seal s FULL JOIN consent.seal_pending p USING (seal_no) WHERE s.seal_no IS NULL;

-- One that feeds another, of several slices; one read a little; one not at all.
WITH a AS (
	INSERT INTO consent.event (subject, choices) SELECT 'st_a' || i, '+st_train' FROM generate_series(1, 5000) i RETURNING subject, event_id
), b AS (
	INSERT INTO consent.event (subject, choices) SELECT subject, '-st_ads' FROM a RETURNING event_id
)
SELECT count(*) FROM b;
WITH a AS (
	INSERT INTO consent.event (subject, choices) SELECT 'st_a' || i, '+st_train' FROM generate_series(1, 5000) i RETURNING subject, event_id
), b AS (
	INSERT INTO consent.event (subject, choices) SELECT subject, '-st_ads' FROM a RETURNING event_id
), c AS (
	INSERT INTO consent.event (subject, choices) VALUES ('st_a1', '~st_ads')
)
SELECT count(*) FROM (SELECT * FROM b LIMIT 10) x, (SELECT * FROM a LIMIT 3) y;
SELECT events, choices, count(*) FROM recorded WHERE subject LIKE 'st\_a%' GROUP BY events, choices ORDER BY events;
WITH a AS (INSERT INTO consent.event (subject, choices) VALUES ('st_b', '+st_train') RETURNING subject)
INSERT INTO consent.event (subject, choices) SELECT subject, '-st_ads' FROM a;
SELECT count(*) AS unsound FROM unsound;

-- Two slices of strangers, and then some who are known, of long ago (st_a) and
-- of the first slice; with more strangers among them, and after them.
INSERT INTO consent.event (subject, choices)
	SELECT CASE WHEN i BETWEEN 9001 AND 9100 THEN 'st_a' || i - 9000 WHEN i BETWEEN 9101 AND 9200 THEN 'st_o' || i - 9100 ELSE 'st_o' || i END,
		CASE WHEN i > 9000 THEN '-st_ads' ELSE '+st_train' END::consent.consent
	FROM generate_series(1, 14000) i;
SELECT events, choices, count(*) FROM recorded WHERE subject LIKE 'st\_o%' OR subject IN ('st_a1', 'st_a100') GROUP BY events, choices ORDER BY events, choices;
SELECT count(*) AS wrong_states FROM consent.subject s
JOIN (SELECT subject_no, consent.merge(choices) AS state FROM consent.event_log GROUP BY subject_no) e USING (subject_no)
WHERE s.key LIKE 'st\_%' AND s.state OPERATOR(consent.<>) e.state;
-- fails: who was erased comes back with a choice only, also after strangers
SELECT consent.erase_subject('st_o1') > 0 AS erased;
INSERT INTO consent.event (subject, choices) SELECT CASE i WHEN 9000 THEN 'st_o1' ELSE 'st_p' || i END, '~st_ads' FROM generate_series(1, 9000) i;
INSERT INTO consent.event (subject, choices) SELECT CASE i WHEN 9000 THEN 'st_o1' ELSE 'st_p' || i END, '+st_ads' FROM generate_series(1, 9000) i;
INSERT INTO consent.event (subject, choices) SELECT CASE i WHEN 9000 THEN 'st_o1' ELSE 'st_q' || i END, '~st_train' FROM generate_series(1, 9000) i;
SELECT * FROM recorded WHERE subject = 'st_o1';
SELECT count(*) AS unsound FROM unsound;

-- Thousands of strangers in savepoints that are kept and that are not, in a block
-- that fails, and when the transaction ends.
CREATE FUNCTION st_many(prefix text) RETURNS void LANGUAGE sql AS
	$$ INSERT INTO consent.event (subject, choices) SELECT prefix || i % 9000, '+st_train' FROM generate_series(1, 10000) i $$;
CREATE TABLE st_late (prefix text);
CREATE FUNCTION st_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM st_many(NEW.prefix);
	RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON st_late DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION st_at_commit();
BEGIN;
SAVEPOINT a;
SELECT st_many('st_s');
ROLLBACK TO a;
SELECT st_many('st_s');
SAVEPOINT b;
SELECT st_many('st_t');
RELEASE b;
INSERT INTO st_late VALUES ('st_u');
COMMIT;
DO $$
BEGIN
	PERFORM st_many('st_v');
	RAISE division_by_zero;
EXCEPTION WHEN division_by_zero THEN
	PERFORM st_many('st_x');
END $$;
SELECT left(subject, 4) AS prefix, count(*) AS people, sum(events) AS events FROM recorded WHERE subject ~ '^st_[s-x]' GROUP BY prefix ORDER BY prefix;
SELECT count(*) AS unsound FROM unsound;
-- numbers that are taken, as after a failover that did not bring the sequence along, are passed by
SELECT setval('consent.subject_no_seq', (SELECT max(subject_no) - 700 FROM consent.subject)) > 0 AS set_back;
SELECT st_many('st_y');
SELECT count(*) AS people, count(DISTINCT subject_no) AS numbers, sum(events) AS events FROM recorded JOIN consent.subject ON key = subject WHERE subject LIKE 'st\_y%';
SELECT count(*) AS unsound FROM unsound;
DROP TABLE st_late;
DROP FUNCTION st_many, st_at_commit;

-- Known and unknown ones, near each other and far apart in the order of their
-- keys, before all others and after all others: nobody is made twice, or missed.
INSERT INTO consent.event (subject, choices)
	SELECT 'st_w' || lpad((2 * i)::text, 6, '0') || CASE i % 7 WHEN 0 THEN repeat('é', i % 70) ELSE '' END, '+st_train' FROM generate_series(0, 9999) i;
CREATE TABLE st_walk AS
	SELECT subject_no, key, (row_number() OVER (ORDER BY key) - 1)::int AS place FROM consent.subject WHERE key LIKE 'st\_w%';
CREATE TABLE st_before AS SELECT max(event_id) AS event_id FROM consent.event_log;
CREATE VIEW st_found AS
	SELECT count(*) AS events, count(DISTINCT e.subject_no) AS people, count(*) FILTER (WHERE w.subject_no = e.subject_no) AS known, count(*) FILTER (WHERE w.key IS NULL) AS new
	FROM consent.event_log e JOIN consent.subject s USING (subject_no) LEFT JOIN st_walk w USING (key)
	WHERE e.event_id > (SELECT max(event_id) FROM st_before);
CREATE PROCEDURE st_note() LANGUAGE sql AS 'INSERT INTO st_before SELECT max(event_id) FROM consent.event_log';
-- one after the other
INSERT INTO consent.event (subject, choices) SELECT key, '-st_ads' FROM st_walk WHERE place < 5000;
SELECT * FROM st_found; CALL st_note();
-- every third; every tenth, which is too far to walk; and what begins near and goes on far
INSERT INTO consent.event (subject, choices) SELECT key, '-st_ads' FROM st_walk WHERE place % 3 = 1;
SELECT * FROM st_found; CALL st_note();
INSERT INTO consent.event (subject, choices) SELECT key, '-st_ads' FROM st_walk WHERE place % 10 = 9;
SELECT * FROM st_found; CALL st_note();
INSERT INTO consent.event (subject, choices) SELECT key, '-st_ads' FROM st_walk WHERE place < 300 OR place % 40 = 0;
SELECT * FROM st_found; CALL st_note();
-- between each two a stranger, and some before and behind all of them
INSERT INTO consent.event (subject, choices) SELECT 'st_w' || lpad(i::text, 6, '0'), '-st_ads' FROM generate_series(-100, 4000) i WHERE i NOT BETWEEN -90 AND -1;
SELECT * FROM st_found; CALL st_note();
INSERT INTO consent.event (subject, choices) SELECT key, '-st_ads' FROM st_walk WHERE place > 9900 UNION ALL SELECT 'st_w' || i, '-st_ads' FROM generate_series(990000, 990100) i;
SELECT * FROM st_found; CALL st_note();
SELECT count(*) AS unsound FROM unsound;
DROP VIEW st_found;
DROP PROCEDURE st_note;
DROP TABLE st_walk, st_before;

-- Functions: SQL, PL/pgSQL, with the rights of their owner, with a block that
-- fails, that loop over what they recorded.
CREATE FUNCTION st_sql(s text) RETURNS bigint LANGUAGE sql AS
	$$ INSERT INTO consent.event (subject, choices) VALUES (s, '+st_train') RETURNING event_id $$;
CREATE FUNCTION st_plpgsql(s text) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
	id bigint;
BEGIN
	INSERT INTO consent.event (subject, choices) VALUES (s, '+st_train') RETURNING event_id INTO id;
	RETURN id;
END $$;
CREATE FUNCTION st_fails(s text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	BEGIN
		PERFORM st_plpgsql(s || '_lost');
		PERFORM 1 / 0;
	EXCEPTION WHEN division_by_zero THEN
	END;
	RETURN st_sql(s);
END $$;
CREATE FUNCTION st_loops(s text) RETURNS SETOF bigint LANGUAGE plpgsql AS $$
DECLARE
	r record;
BEGIN
	FOR r IN INSERT INTO consent.event (subject, choices) SELECT s || i, '+st_train' FROM generate_series(1, 3) i RETURNING event_id, subject LOOP
		BEGIN
			PERFORM st_sql(r.subject || '_in');
			IF r.subject LIKE '%2' THEN
				RAISE division_by_zero;
			END IF;
		EXCEPTION WHEN division_by_zero THEN
		END;
		RETURN NEXT r.event_id;
	END LOOP;
END $$;
SELECT st_sql('st_c1') > 0 AS sql, st_plpgsql('st_c2') > 0 AS plpgsql, st_fails('st_c3') > 0 AS fails;
SELECT count(*) FROM st_loops('st_c4');
-- inside a statement that records, and inside each other
INSERT INTO consent.event (subject, choices) SELECT 'st_c5', '-st_ads' FROM generate_series(1, 2) i WHERE st_fails('st_c6_' || i) > 0;
INSERT INTO consent.event (subject, choices) SELECT 'st_c7', '-st_ads' FROM st_loops('st_c8');
SELECT * FROM recorded WHERE subject LIKE 'st\_c%';
DO $$
DECLARE
	c refcursor;
	r record;
BEGIN
	OPEN c FOR SELECT st_sql('st_d' || i) AS id FROM generate_series(1, 10) i;
	FETCH c INTO r;
	INSERT INTO consent.event (subject, choices) VALUES ('st_d', '-st_ads');
	BEGIN
		FETCH c INTO r;
		RAISE division_by_zero;
	EXCEPTION WHEN division_by_zero THEN
	END;
END $$;
SELECT * FROM recorded WHERE subject LIKE 'st\_d%';
SELECT count(*) AS unsound FROM unsound;

-- A cursor stays open over savepoints, one of which is rolled back.
BEGIN;
DECLARE c CURSOR FOR SELECT st_fails('st_e' || i) > 0 AS recorded FROM generate_series(1, 5) i;
FETCH 2 FROM c;
SAVEPOINT s;
FETCH 1 FROM c;
INSERT INTO consent.event (subject, choices) VALUES ('st_e', '+st_train');
ROLLBACK TO s;
FETCH 1 FROM c;
SAVEPOINT t;
INSERT INTO consent.event (subject, choices) VALUES ('st_e', '-st_train');
RELEASE t;
COMMIT;
SELECT * FROM recorded WHERE subject LIKE 'st\_e%';

-- Through a view of the application's own; prepared; explained; by rows of a COPY.
CREATE VIEW st_choice AS SELECT subject AS member, choices, event_id FROM consent.event;
INSERT INTO st_choice (member, choices) VALUES ('st_f', '+st_train') RETURNING member, event_id > 0 AS recorded;
PREPARE st_record (text, text) AS INSERT INTO consent.event (subject, choices) VALUES ($1, $2);
EXECUTE st_record('st_g', '+st_train');
EXECUTE st_record('st_g', '+st_tarin');  -- fails
DO $$ BEGIN FOR i IN 1 .. 10 LOOP INSERT INTO consent.event (subject, choices) VALUES ('st_g', '-st_ads'); END LOOP; END $$;
DO $$
BEGIN
	EXECUTE 'EXPLAIN ANALYZE INSERT INTO consent.event (subject, choices) VALUES (''st_h'', ''+st_train'')';
	EXECUTE 'EXPLAIN INSERT INTO consent.event (subject, choices) VALUES (''st_h'', ''+st_train'')';
END $$;
COPY consent.event (subject, choices, evidence, jurisdiction, event_time) FROM stdin WITH (FORMAT csv, HEADER);
subject,choices,evidence,jurisdiction,event_time
st_i1,"+st_train, -st_ads","{""ip"": ""192.0.2.1"", ""said"": ""yes, and no""}",US-CA,
"st_i2, ""the other""",+st_train@2024-01-01T00:00:00Z,,,
st_i3,~st_ads,,,2024-05-01 00:00Z
\.
SELECT subject, choices ~ 'st_ads' AS ads, evidence, jurisdiction, event_time = recorded_at AS now
FROM (SELECT subject, choices::text, evidence, jurisdiction, event_time, recorded_at FROM consent.event WHERE subject LIKE 'st\_i%') e ORDER BY subject;
COPY consent.event (subject, choices) FROM stdin WHERE subject <> 'st_i4';
st_i4	+st_train
st_i5	+st_train
\.
SELECT * FROM recorded WHERE subject ~ '^st_[fgh]' OR subject IN ('st_i4', 'st_i5');
-- fails: an error in a line, and nothing of the others is left
COPY consent.event (subject, choices) FROM stdin;
st_j1	+st_train
st_j2	+st_tarin
\.
COPY consent.event (subject, choices) FROM stdin;
st_j1	+st_train
st_j2
\.
COPY consent.event (subject, choices, event_id) FROM stdin;
st_j1	+st_train	7
\.
-- fails: other ways to write than to insert
INSERT INTO consent.event (subject, choices) VALUES ('st_j4', '+st_train') ON CONFLICT (source, external_id) DO UPDATE SET choices = '-st_train';
INSERT INTO consent.event DEFAULT VALUES;
-- fails: stopped on its way
SET statement_timeout = '200ms';
INSERT INTO consent.event (subject, choices) SELECT 'st_j' || i, '+st_train' FROM generate_series(1, 1000000) i;
RESET statement_timeout;
SELECT count(*) FROM recorded WHERE subject LIKE 'st\_j%';

-- Every isolation level; not in a read-only transaction; never prepared.
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT consent.opt_in('st_k', 'st_train') > 0 AS recorded;
INSERT INTO consent.event (subject, choices) SELECT 'st_k', '-st_ads' FROM generate_series(1, 5000) i;
SELECT events FROM recorded WHERE subject = 'st_k';
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) > 0 AS snapshot FROM recorded;
SELECT consent.opt_in('st_k', 'st_train') > 0 AS recorded;
SELECT events FROM recorded WHERE subject = 'st_k';
COMMIT;
BEGIN READ ONLY;
SELECT consent.opt_in('st_k', 'st_train');
ROLLBACK;
BEGIN;
SAVEPOINT s;
SELECT consent.opt_in('st_k', 'st_train') > 0 AS recorded;
ROLLBACK TO s;
PREPARE TRANSACTION 'st_k';
SELECT events FROM recorded WHERE subject = 'st_k';

-- Out of what was recorded before, and transaction by transaction.
INSERT INTO consent.event (subject, choices) SELECT subject, '-st_ads' FROM recorded WHERE subject LIKE 'st\_a%';
SELECT sum(events) FROM recorded WHERE subject LIKE 'st\_a%';
DO $$
DECLARE
	r record;
BEGIN
	FOR r IN SELECT i FROM generate_series(1, 5) i LOOP
		INSERT INTO consent.event (subject, choices) VALUES ('st_m' || r.i, '+st_train');
		PERFORM consent.opt_out('st_m' || r.i, 'st_ads');
		IF r.i % 2 = 0 THEN
			ROLLBACK;
		ELSE
			COMMIT;
		END IF;
	END LOOP;
END $$;
SELECT * FROM recorded WHERE subject LIKE 'st\_m%';
-- fails: the view's triggers are of no use elsewhere
CREATE TABLE st_table (subject text);
CREATE TRIGGER t BEFORE INSERT ON st_table FOR EACH STATEMENT EXECUTE FUNCTION consent.event_insert();
INSERT INTO st_table VALUES ('st_n');
DROP TRIGGER t ON st_table;
CREATE TRIGGER t BEFORE INSERT ON st_table FOR EACH ROW EXECUTE FUNCTION consent.event_insert();
INSERT INTO st_table VALUES ('st_n');

-- Event times left out increase strictly within a transaction.
BEGIN;
INSERT INTO consent.event (subject, choices) SELECT 'st_l' || i, '+st_train' FROM generate_series(1, 2000) i;
DO $$ BEGIN FOR i IN 1 .. 100 LOOP PERFORM consent.opt_out('st_l' || i, 'st_ads'); END LOOP; END $$;
INSERT INTO consent.event (subject, choices) SELECT 'st_l' || i, '+st_train' FROM generate_series(1, 2000) i;
COMMIT;
SELECT count(*) AS events, count(DISTINCT event_time) AS times, bool_and(event_time = recorded_at) AS when_recorded,
       bool_and(later) AS in_order
FROM (SELECT event_time, recorded_at, coalesce(event_time > lag(event_time) OVER (ORDER BY event_id), true) AS later
	FROM consent.event WHERE subject LIKE 'st\_l%') e;
-- At random, nested and rolled back at random: what is recorded is what an
-- ordinary table says that goes through the same.
CREATE TABLE st_expected (subject text);
CREATE TABLE st_setting (id text PRIMARY KEY, train boolean);
CREATE TRIGGER train AFTER INSERT OR UPDATE ON st_setting FOR EACH ROW EXECUTE FUNCTION consent.track('id', 'train', 'st_train');
CREATE SEQUENCE st_serial;
CREATE FUNCTION st_name() RETURNS text LANGUAGE sql AS $$ SELECT 'st_r' || floor(random() * 40) $$;
CREATE FUNCTION st_act(depth integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	s text := st_name();
	n integer := floor(random() * 30);
	r record;
BEGIN
	CASE floor(random() * CASE WHEN depth > 0 THEN 10 ELSE 5 END)
	WHEN 0 THEN
		PERFORM consent.opt_out(s, 'st_ads');
		INSERT INTO st_expected VALUES (s);
	WHEN 1 THEN
		INSERT INTO consent.event (subject, choices) SELECT 'st_r' || i % 7, '+st_train' FROM generate_series(1, n) i;
		INSERT INTO st_expected SELECT 'st_r' || i % 7 FROM generate_series(1, n) i;
	WHEN 2 THEN
		INSERT INTO st_setting VALUES (s, true) ON CONFLICT (id) DO UPDATE SET train = NOT st_setting.train;
		INSERT INTO st_expected VALUES (s);
	WHEN 3 THEN
		WITH a AS (INSERT INTO consent.event (subject, choices) SELECT s, '+st_train' FROM generate_series(1, n) RETURNING subject),
			b AS (INSERT INTO consent.event (subject, choices) SELECT subject, '-st_ads' FROM a RETURNING subject)
		SELECT INTO r (SELECT count(*) FROM (SELECT FROM b LIMIT 1) x), (SELECT count(*) FROM (SELECT FROM a LIMIT 2) y);
		INSERT INTO st_expected SELECT s FROM generate_series(1, 2 * n);
	WHEN 4 THEN
		-- nobody knows this purpose, unless it survives
		s := 'st_p' || nextval('st_serial');
		PERFORM consent.define_purpose(s);
		PERFORM consent.opt_in('st_r0', s);
		INSERT INTO st_expected VALUES ('st_r0');
	WHEN 5, 6 THEN
		BEGIN
			PERFORM st_act(depth - 1) FROM generate_series(1, 1 + n % 3);
			IF n % 2 = 0 THEN
				RAISE division_by_zero;
			END IF;
		EXCEPTION WHEN division_by_zero THEN
		END;
	WHEN 7 THEN
		INSERT INTO consent.event (subject, choices) SELECT s, '+st_ads' FROM generate_series(1, 1 + n % 3) i WHERE st_act(depth - 1) = 0;
		INSERT INTO st_expected SELECT s FROM generate_series(1, 1 + n % 3);
	WHEN 8 THEN
		FOR r IN INSERT INTO consent.event (subject, choices) SELECT s, '+st_ads' FROM generate_series(1, 1 + n % 3) RETURNING subject LOOP
			INSERT INTO st_expected VALUES (r.subject);
			PERFORM st_act(depth - 1);
		END LOOP;
	ELSE
		BEGIN
			PERFORM st_act(depth - 1);
			INSERT INTO consent.event (subject, choices) SELECT s, CASE WHEN i < n THEN '+st_train' ELSE '+st_lost' END::consent.consent FROM generate_series(1, n) i;
		EXCEPTION WHEN undefined_object THEN
		END;
	END CASE;
	RETURN 0;
END $$;
SELECT setseed(0.5) IS NOT NULL AS seeded;
DO $$
BEGIN
	FOR i IN 1 .. 80 LOOP
		PERFORM st_act(4) FROM generate_series(1, 4);
		IF i % 5 = 0 THEN
			ROLLBACK;
		ELSE
			COMMIT;
		END IF;
	END LOOP;
END $$;
SELECT count(*) > 1500 AS many FROM st_expected;
SELECT subject, e.events, x.events AS expected
FROM (SELECT subject, count(*) AS events FROM consent.event WHERE subject LIKE 'st\_r%' GROUP BY subject) e
FULL JOIN (SELECT subject, count(*) AS events FROM st_expected GROUP BY subject) x USING (subject)
WHERE e.events IS DISTINCT FROM x.events;
SELECT count(*) AS wrong_states FROM consent.subject s
JOIN (SELECT subject_no, consent.merge(choices) AS state FROM consent.event_log GROUP BY subject_no) e USING (subject_no)
WHERE s.key LIKE 'st\_r%' AND s.state OPERATOR(consent.<>) e.state;
SELECT count(*) AS unsound FROM unsound;

DROP VIEW recorded, unsound, st_choice;
DROP TABLE st_table, st_expected, st_setting;
DROP SEQUENCE st_serial;
DROP FUNCTION st_sql, st_plpgsql, st_fails, st_loops, st_name, st_act;
