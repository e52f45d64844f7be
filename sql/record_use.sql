-- Using rows for a run, and reporting back what was used.
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT consent.define_purpose('use_train') > 0 AS defined;
SELECT consent.define_purpose('use_stats', regime => 'opt_out') > 0 AS defined;
CREATE TABLE use_message (id bigint PRIMARY KEY, sender text, recipient text, body text, sent timestamptz);
INSERT INTO use_message VALUES
	(1, 'use_ann', 'use_bob', 'hello', '2024-01-01'), (2, 'use_bob', 'use_ann', 'hi', '2024-02-01'),
	(3, 'use_ann', 'use_cid', 'so', '2024-03-01'), (4, 'use_dan', 'use_eve', 'well', '2024-04-01'),
	(5, 'use_ann', NULL, 'note to somebody', '2024-05-01'), (6, 'use_ann', 'use_ann', 'to myself', '2024-06-01');
SELECT consent.protect('use_message', '{sender,recipient}', collected_at => 'sent') > 0 AS protected;
SELECT count(consent.opt_in(who, 'use_train')) FROM unnest('{use_ann,use_bob}'::text[]) who;
SELECT consent.opt_out('use_cid', 'use_train') > 0 AS recorded;

-- passes: in WHERE, by columns; what is permitted comes back and is recorded
SELECT consent.open_run('use first', '{use_train}') AS run \gset
SELECT id FROM use_message WHERE consent.record_use(:run, 'public.use_message', id, ARRAY[sender, recipient], sent) ORDER BY id;
SELECT r.part > 0 AS part, table_name, row_key, s.key, verdict_then, permitted_then, verdict_now
FROM consent.run_uses(:run) r JOIN consent.subject s USING (subject_no) ORDER BY row_key, s.key;
-- passes: by row, with the key as text, with no time of collection: the same rows, which are there already
SELECT id FROM use_message m WHERE consent.record_use(m, :run) ORDER BY id;
SELECT id FROM use_message WHERE consent.record_use(:run, 'use_message', id::text, ARRAY[sender, recipient]) ORDER BY id;
SELECT count(*) AS uses, count(DISTINCT part) AS parts FROM consent.run_uses(:run);
SELECT count(*) AS parts, sum(uses) AS uses FROM consent.run_part WHERE run_id = :run;
-- passes: the kind of place that examines more than it delivers, and the exact set
SELECT count(*) FROM (SELECT FROM use_message m WHERE consent.record_use(m, :run) LIMIT 1) x;
WITH wanted AS MATERIALIZED (SELECT m FROM use_message m WHERE consent.permits(ARRAY[sender, recipient], 'use_train', 'use_message', id::text, sent) ORDER BY id LIMIT 1)
SELECT (m).id FROM wanted WHERE consent.record_use(m, :run);

-- passes: where there is no row, nothing is used
SELECT consent.record_use(m, :run) AS used FROM (VALUES (1), (99)) v(id) LEFT JOIN use_message m USING (id) ORDER BY v.id;
-- fails
SELECT consent.record_use(NULL, 'use_message', 1, '{use_ann}'::text[], NULL);
SELECT consent.record_use(:run, NULL, 1, '{use_ann}'::text[], NULL);
SELECT consent.record_use(:run, 'use_message', NULL::bigint, '{use_ann}'::text[], NULL);
SELECT consent.record_use(:run, 'use_message', 1, NULL::text[], NULL);
SELECT consent.record_use(:run, 'use_massage', 1, '{use_ann}'::text[], NULL);
SELECT consent.record_use(:run, 'use_message', 1, '{42}'::bigint[], NULL);
SELECT consent.record_use(1, 'use_message', 1, '{use_ann}'::text[], NULL);
SELECT consent.record_use(ROW(1, 2), :run);
SELECT consent.record_use(m, NULL) FROM use_message m;
SELECT consent.record_use(:run, 'use_message', repeat('x', 3000), '{use_ann}'::text[], NULL);

-- passes: report by key; used is used, also what was not permitted
SELECT * FROM consent.record_use(:run, 'use_message', '{1,2,3,3,5,99}'::bigint[]);
SELECT * FROM consent.record_use(:run, 'public.use_message', '{1,2,3,5,99}'::text[]);
SELECT row_key, s.key, verdict_then, permitted_then FROM consent.run_uses(:run, 'unpermitted') LEFT JOIN consent.subject s USING (subject_no) ORDER BY 1, 2;
-- fails: a NULL key; an unknown table
SELECT * FROM consent.record_use(:run, 'use_message', '{1,NULL}'::bigint[]);
SELECT * FROM consent.record_use(:run, 'nowhere', '{1}'::bigint[]);

-- passes: within a transaction the rows of one report count for the next
BEGIN;
SELECT * FROM consent.record_use(:run, 'use_message', '{4}'::bigint[]);
SELECT * FROM consent.record_use(:run, 'use_message', '{4,5}'::bigint[]);
COMMIT;
SELECT * FROM consent.record_use(:run, 'use_message', '{4}'::bigint[]);
-- who was unknown has a number now
SELECT s.key, verdict_then FROM consent.run_uses(:run) JOIN consent.subject s USING (subject_no) WHERE row_key = '4' ORDER BY 1;

-- passes: in bulk, through the view
RESET client_min_messages;
SELECT consent.open_run('use second', '{use_train}') AS second \gset
INSERT INTO consent.used_key SELECT :second, 'use_message', id FROM use_message;
CREATE TEMP TABLE use_report AS SELECT :second AS run_id, 'use_message' AS table_name, unnest('{6,7}'::text[]) AS row_key;
INSERT INTO consent.used_key SELECT * FROM use_report;
COPY consent.used_key (run_id, table_name, row_key) FROM PROGRAM 'printf "0\tuse_message\t1\n"';  -- fails: no such run
SELECT format('COPY consent.used_key FROM PROGRAM %L', format('seq 1 8 | sed "s/^/%s\tuse_message\t/"', :second)) AS copy \gset
:copy;
SELECT count(*) FROM consent.used_key;
SELECT count(*), count(*) FILTER (WHERE permitted_then) AS permitted FROM consent.run_uses(:second);
INSERT INTO consent.used_key VALUES (:second, 'use_message', NULL);
INSERT INTO consent.used_key VALUES (:second, 'nowhere', '1');
-- fails: where its triggers would not fire
SET session_replication_role = replica;
INSERT INTO consent.used_key VALUES (:second, 'use_message', '1');
RESET session_replication_role;
SET client_min_messages = warning;

-- savepoints do not take back what was read
SELECT consent.open_run('use third', '{use_train}') AS third \gset
BEGIN;
SAVEPOINT a;
SELECT count(*) FROM use_message WHERE consent.record_use(:third, 'use_message', id, ARRAY[sender, recipient], sent);
ROLLBACK TO a;
COMMIT;
SELECT count(*) FROM consent.run_uses(:third);
DO $$
BEGIN
	PERFORM FROM use_message m WHERE consent.record_use(m, (SELECT run_id FROM consent.run WHERE name = 'use third')) AND 1 / (id - 2) < 5;
EXCEPTION WHEN division_by_zero THEN
	NULL;
END $$;
SELECT parts.n AS parts FROM (SELECT count(*) AS n FROM consent.run_part WHERE run_id = :third) parts;

-- a transaction that rolls back shows
BEGIN;
SELECT count(*) FROM use_message WHERE consent.record_use(:third, 'use_message', id, ARRAY[sender, recipient], sent);
ROLLBACK;
SELECT run, drawn_by = current_user AS by_me FROM consent.missing_parts WHERE run_id = :third;
-- closing within a savepoint, then not
BEGIN;
SELECT count(*) FROM use_message WHERE consent.record_use(:third, 'use_message', id, ARRAY[sender, recipient], sent);
SAVEPOINT a;
SELECT consent.close_run(:third) > 0 AS closed;
\set VERBOSITY sqlstate
SELECT consent.record_use(:third, 'use_message', 1, '{use_ann}'::text[], NULL);  -- fails: closed
\set VERBOSITY terse
ROLLBACK TO a;
SELECT consent.record_use(:third, 'use_message', 6, '{use_ann}'::text[], NULL);
COMMIT;
SELECT consent.close_run(:third) > 0 AS closed;
SELECT outcome, parts, missing, uses FROM consent.run WHERE run_id = :third;
\set VERBOSITY sqlstate
SELECT consent.record_use(:third, 'use_message', 1, '{use_ann}'::text[], NULL);  -- fails: closed
\set VERBOSITY terse
-- fails: a run that a savepoint took away (only a ledger for tests lets use it before it is committed)
BEGIN;
SAVEPOINT a;
SELECT consent.open_run('use gone', '{use_train}') AS gone \gset
SELECT consent.record_use(:gone, 'use_message', 6, '{use_ann}'::text[], NULL);
ROLLBACK TO a;
\set VERBOSITY sqlstate
SELECT consent.record_use(:gone, 'use_message', 6, '{use_ann}'::text[], NULL);
\set VERBOSITY terse
ROLLBACK;
-- what a transaction uses is recorded at each of its ends: by procedures that commit,
-- by cursors that outlive it, by triggers that wait for it, within loops that catch errors
SELECT consent.open_run('use ends', '{use_train}') AS ends \gset
CREATE PROCEDURE use_in_steps(run bigint) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..6 LOOP
		PERFORM FROM use_message m WHERE id = i AND consent.record_use(m, run);
		IF i = 2 THEN
			ROLLBACK;
		ELSE
			COMMIT;
		END IF;
	END LOOP;
END $$;
CALL use_in_steps(:ends);
SELECT (SELECT count(*) FROM consent.run_part WHERE run_id = :ends) AS parts, (SELECT count(*) FROM consent.missing_parts WHERE run_id = :ends) AS missing,
	(SELECT string_agg(DISTINCT row_key, ',' ORDER BY row_key) FROM consent.run_uses(:ends)) AS row_keys;
SELECT consent.open_run('use held', '{use_train}') AS held \gset
BEGIN;
DECLARE held CURSOR WITH HOLD FOR SELECT id FROM use_message m WHERE consent.record_use(m, :held);
FETCH 1 FROM held;
COMMIT;
CLOSE held;
SELECT string_agg(DISTINCT row_key, ',' ORDER BY row_key) AS row_keys FROM consent.run_uses(:held);
SELECT consent.open_run('use half', '{use_train}') AS half \gset
BEGIN;
DECLARE half CURSOR FOR SELECT id FROM use_message m WHERE consent.record_use(m, :half);
FETCH 2 FROM half;
CLOSE half;
COMMIT;
SELECT string_agg(DISTINCT row_key, ',' ORDER BY row_key) AS row_keys FROM consent.run_uses(:half);
CREATE TABLE use_later (id bigint);
CREATE FUNCTION use_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM use_message m WHERE id = NEW.id AND consent.record_use(m, (SELECT run_id FROM consent.run WHERE name = 'use held'));
	RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON use_later DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION use_at_commit();
INSERT INTO use_later VALUES (2);
SELECT count(*) AS parts, sum(uses) AS uses FROM consent.run_part WHERE run_id = :held;
DROP TABLE use_later;
-- only one process uses: no worker does
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
EXPLAIN (COSTS OFF) SELECT count(*) FROM use_message m WHERE consent.record_use(m, 0);
RESET min_parallel_table_scan_size;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
-- fails: a transaction that used cannot be prepared
BEGIN;
SELECT consent.record_use(:second, 'use_message', 6, '{use_ann}'::text[], NULL);
PREPARE TRANSACTION 'use';
-- fails: nor can a read-only one use
BEGIN READ ONLY;
SELECT consent.record_use(:second, 'use_message', 6, '{use_ann}'::text[], NULL);
ROLLBACK;

-- every purpose of the run must permit, each by its regime
SELECT consent.open_run('use both', '{use_train,use_stats}') AS both \gset
SELECT consent.open_run('use stats', '{use_stats}') AS stats \gset
SELECT consent.opt_out('use_bob', 'use_stats') > 0 AS recorded;
SELECT id FROM use_message m WHERE consent.record_use(m, :both) ORDER BY id;
SELECT id FROM use_message m WHERE consent.record_use(m, :stats) ORDER BY id;
SELECT * FROM consent.record_use(:both, 'use_message', '{1,3}'::bigint[]);
SELECT row_key, s.key, verdict_then, permitted_then FROM consent.run_uses(:both) LEFT JOIN consent.subject s USING (subject_no) ORDER BY 1, 2;
SELECT row_key, s.key, verdict_then, permitted_then FROM consent.run_uses(:stats) LEFT JOIN consent.subject s USING (subject_no) ORDER BY 1, 2;

-- the first verdict stays
SELECT consent.open_run('use again', '{use_train}') AS again \gset
SELECT * FROM consent.record_use(:again, 'use_message', '{1}'::bigint[]);
SELECT consent.opt_out('use_ann', 'use_train') > 0 AS recorded;
SELECT * FROM consent.record_use(:again, 'use_message', '{1,6}'::bigint[]);
SELECT row_key, s.key, verdict_then, verdict_now FROM consent.run_uses(:again) JOIN consent.subject s USING (subject_no) ORDER BY 1, 2;

-- other keys: uuid, text, composite; another party rule; no party at all
CREATE TABLE use_note (a integer, b text, owner text, owner2 text, PRIMARY KEY (a, b));
INSERT INTO use_note VALUES (1, 'x', 'use_bob', 'use_cid'), (1, 'y,"', 'use_cid', 'use_bob'), (2, 'z', NULL, NULL);
SELECT consent.protect('use_note', '{owner,owner2}', rule => 'first', known_as => 'notes') > 0 AS protected;
CREATE TABLE use_file (id uuid PRIMARY KEY, owner text);
INSERT INTO use_file VALUES ('11111111-2222-3333-4444-555555555555', 'use_bob'), ('00000000-2222-3333-4444-555555555555', 'use_bob');
SELECT consent.protect('use_file', '{owner}') > 0 AS protected;
CREATE TABLE use_page (name varchar(20) PRIMARY KEY, owner text);
INSERT INTO use_page VALUES ('0017', 'use_bob'), ('17', 'use_bob'), ('home', 'use_bob');
SELECT consent.protect('use_page', '{owner}') > 0 AS protected;
SELECT consent.open_run('use keys', '{use_train}') AS keys \gset
SELECT a, b FROM use_note n WHERE consent.record_use(n, :keys) ORDER BY 1, 2;
SELECT * FROM consent.record_use(:keys, 'notes', ARRAY[ARRAY['1','y,"']::text, '{2,z}', '{3,z}']);
SELECT id FROM use_file f WHERE consent.record_use(f, :keys) ORDER BY 1;
SELECT * FROM consent.record_use(:keys, 'use_file', '{11111111-2222-3333-4444-555555555555}'::uuid[]);
SELECT name FROM use_page p WHERE consent.record_use(p, :keys) ORDER BY 1;
SELECT * FROM consent.record_use(:keys, 'use_page', '{17,0017,home,away}'::text[]);
SELECT table_name, row_key, s.key, verdict_then, permitted_then FROM consent.run_uses(:keys) LEFT JOIN consent.subject s USING (subject_no) ORDER BY table_name, row_key COLLATE "C", s.key;
SELECT consent.close_run(:keys) > 0 AS closed;
SELECT uses FROM consent.run WHERE run_id = :keys;

-- keys that no row can have are missing, however they are written
CREATE DOMAIN use_positive AS smallint CHECK (VALUE > 0);
CREATE TABLE use_small (id use_positive PRIMARY KEY, owner text);
INSERT INTO use_small VALUES (17, 'use_bob');
SELECT consent.protect('use_small', '{owner}') > 0 AS protected;
SELECT consent.open_run('use odd keys', '{use_train}') AS odd \gset
SELECT * FROM consent.record_use(:odd, 'use_small', '{17,017,+17," 17",-17,0,70000,99999999999999999999,x,""}'::text[]);
SELECT * FROM consent.record_use(:odd, 'use_file', '{11111111-2222-3333-4444-555555555555,11111111222233334444555555555555,home,17}'::text[]);
SELECT * FROM consent.record_use(:odd, 'notes', ARRAY['{1,x}', '{1,"y,\""}', '{01,x}', '{1, x}', '{1,"x"}', '{1,x,2}', '{1}', '{1,x', '1,x', '', '{}', '{{1,x}}', '{NULL,x}', '{1,"x\"}', '[1:2]={1,x}']);
SELECT row_key FROM consent.run_uses(:odd) ORDER BY table_name, row_key COLLATE "C";
-- in WHERE a key is what the caller says; an answer to auditors does not fail for it
SELECT consent.record_use(:odd, 'use_small', 'no number', '{use_bob}'::text[]);
SELECT row_key, row_state FROM consent.run_uses(:odd, 'collected') WHERE table_name = 'public.use_small' ORDER BY 1;
-- where keys are not unique, every row counts, and none is missing
CREATE TABLE use_child () INHERITS (use_small);
INSERT INTO use_child VALUES (17, 'use_cid'), (18, NULL);
SELECT * FROM consent.record_use(:odd, 'use_small', '{17,18,19}'::bigint[]);
-- a column of the declaration that is gone is named
ALTER TABLE use_page DROP COLUMN owner;
SELECT * FROM consent.record_use(:odd, 'use_page', '{home}'::text[]);
SELECT name FROM use_page p WHERE consent.record_use(p, :odd);

-- what a policy hides by now was used all the same
CREATE ROLE regress_use_trainer;
SELECT consent.grant_role('trainer', 'regress_use_trainer');
GRANT SELECT ON use_file TO regress_use_trainer;
SELECT consent.gate('use_file', 'regress_use_trainer', 'use_train') IS NOT NULL AS gated;
SET ROLE regress_use_trainer;
SELECT consent.open_run('use gated', '{use_train}') AS gated \gset
SELECT array_agg(id) AS seen FROM use_file \gset
RESET ROLE;
SELECT consent.opt_out('use_bob', 'use_train') > 0 AS refused;
SET ROLE regress_use_trainer;
SELECT count(*) FROM use_file;
SELECT * FROM consent.record_use(:gated, 'use_file', :'seen'::uuid[]);
RESET ROLE;
-- also where the table's owner is kept from its rows
ALTER TABLE use_file OWNER TO regress_use_trainer;
ALTER TABLE use_file FORCE ROW LEVEL SECURITY;
SET ROLE regress_use_trainer;
SELECT * FROM consent.record_use(:gated, 'use_file', :'seen'::uuid[]);
RESET ROLE;
SELECT current_user = session_user AS myself;
DROP TABLE use_file;
DROP OWNED BY regress_use_trainer;
DROP ROLE regress_use_trainer;
