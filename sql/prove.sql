-- Proofs: what a closed run used of one subject, that it used nothing of
-- another's, and that no run ever did. consent-verify checks them offline.
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT consent.define_purpose('pr_train') > 0 AS defined;
CREATE TABLE pr_post (id bigint PRIMARY KEY, author text, reader text);
INSERT INTO pr_post VALUES (1, 'pr_alice', 'pr_bob'), (2, 'pr_bob', 'pr_carol'), (3, 'pr_carol', 'pr_alice'), (4, 'pr_alice', 'pr_dora');
SELECT consent.protect('pr_post', '{author,reader}') > 0 AS protected;
INSERT INTO consent.event (subject, choices) VALUES ('pr_alice', '+pr_train'), ('pr_bob', '+pr_train'), ('pr_carol', '-pr_train');

-- a run uses what alice and bob may be used for, and reports one row more
SELECT consent.open_run('pr_spring', '{pr_train}') AS spring \gset
SELECT id FROM pr_post WHERE consent.record_use(:spring, 'public.pr_post', id, ARRAY[author, reader]) ORDER BY id;
SELECT * FROM consent.record_use(:spring, 'public.pr_post', '{4}'::bigint[]);

-- fails: only a closed run proves anything
\set VERBOSITY sqlstate
SELECT consent.prove_use(:spring, 'pr_alice');
SELECT consent.prove_non_use(:spring, 'pr_carol');
\set VERBOSITY terse
SELECT consent.close_run(:spring) > 0 AS closed;

-- passes: the closing event commits to a tree over the three subjects
SELECT detail::json ->> 'subjects' AS subjects, detail::json ->> 'tree' = encode(r.tree, 'hex') AS tree
FROM consent.run r JOIN consent.event e ON event_id = closed_event WHERE run_id = :spring;

-- passes: alice was used, with these rows and verdicts; the list is what her leaf holds
SELECT consent.prove_use(:spring, 'pr_alice') AS proof \gset
SELECT json_object_keys(:'proof'::json) AS members;
SELECT m ->> 'v' AS v, m ->> 'key' AS key, (m ->> 'run')::bigint = :spring AS run, decode(m ->> 'rows', 'base64') AS rows
FROM (SELECT :'proof'::json) AS p (m);

-- passes: carol was not; the way to where she would stand ends in nothing, or in somebody else whom nobody can tell
SELECT consent.prove_non_use(:spring, 'pr_carol') AS proof \gset
SELECT m ->> 'v' AS v, m ->> 'key' AS key, m ->> 'rows' IS NULL AS no_rows, m ->> 'terminal' IS NOT NULL AS terminal
FROM (SELECT :'proof'::json) AS p (m);

-- passes: dora is known by the run alone: no event of hers fixes where she stands, and her proof has none
SELECT consent.prove_use(:spring, 'pr_dora')::json ->> 'event' IS NULL AS no_event;

-- fails: the contrary is true, or nothing is known
\set VERBOSITY sqlstate
SELECT consent.prove_use(:spring, 'pr_carol');
SELECT consent.prove_non_use(:spring, 'pr_alice');
SELECT consent.prove_use(:spring, 'pr_nobody');
SELECT consent.prove_use(1, 'pr_alice');
SELECT consent.prove_use(:spring, 7::bigint);
\set VERBOSITY terse

-- a transaction that read and rolled back: with a part missing nobody is proved absent, but who was used is
SELECT consent.open_run('pr_summer', '{pr_train}') AS summer \gset
SELECT added FROM consent.record_use(:summer, 'public.pr_post', '{1}'::bigint[]);
BEGIN;
SELECT added FROM consent.record_use(:summer, 'public.pr_post', '{2}'::bigint[]);
ROLLBACK;
SELECT consent.close_run(:summer) > 0 AS closed;
\set VERBOSITY sqlstate
SELECT consent.prove_non_use(:summer, 'pr_carol') AS "1 part is missing";
\set VERBOSITY terse
SELECT consent.prove_use(:summer, 'pr_bob') IS NOT NULL AS used;

-- no run ever: fails without a checkpoint of that size, and for who was used
SELECT consent.prove_never_used('pr_carol', 0);
CALL consent.checkpoint();
\set VERBOSITY sqlstate
SELECT consent.prove_never_used('pr_alice');
\set VERBOSITY terse
-- passes: each line is an event of a run, or the way in one that is closed
SELECT l ->> 'v' AS head, e ->> 'kind' AS event, l ->> 'terminal' IS NOT NULL AS way
FROM (SELECT line::json, CASE WHEN n > 1 THEN (line::json ->> 'event')::json END, n
	FROM string_to_table(rtrim(consent.prove_never_used('pr_carol'), E'\n'), E'\n') WITH ORDINALITY AS t (line, n)) AS t (l, e, n)
WHERE n = 1 OR coalesce(l ->> 'run', (e ->> 'detail')::json ->> 'run', e ->> 'id') IN (:'spring', :'summer')
ORDER BY n;

-- erased: nothing is proved about her any more, and all others as before
SELECT consent.erase_subject('pr_alice') > 0 AS erased;
SELECT consent.prove_use(:spring, 'pr_alice') AS "erased";
SELECT consent.prove_use(:spring, 'pr_bob') IS NOT NULL AS used;
SELECT count(*) AS places_kept FROM consent.erased_use WHERE run_id IN (:spring, :summer);
