-- Runs: opened once, closed once.
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT consent.define_purpose('run_train') > 0 AS defined;
SELECT consent.define_purpose('run_share') > 0 AS defined;

-- passes: a run has an id, which is that of its first event
SELECT consent.open_run('spring', '{run_train}', recipient => 'Partner', model => 'm1') AS spring \gset
SELECT kind, detail FROM consent.event WHERE event_id = :spring;
SELECT name, purposes, recipient, model, base_runs, used_at, outcome, opened_by = current_user AS by_me FROM consent.run WHERE run_id = :spring;

-- passes: purposes and base runs are sets
SELECT consent.open_run('summer', '{run_train, run_share, run_train}', base_runs => ARRAY[:spring, :spring]) AS summer \gset
SELECT purposes, base_runs = ARRAY[:spring::bigint] AS base_runs FROM consent.run WHERE run_id = :summer;

-- passes: a retry returns the same run; fails: other content
SELECT consent.open_run('autumn', '{run_train}', source => 'job', external_id => '17') AS autumn \gset
SELECT consent.open_run('autumn', '{run_train}', source => 'job', external_id => '17') = :autumn AS same_run;
SELECT count(*) FROM consent.run WHERE name = 'autumn';
SELECT consent.open_run('autumn', '{run_share}', source => 'job', external_id => '17');

-- fails: what cannot be
SELECT consent.open_run(NULL, '{run_train}');
SELECT consent.open_run('x', NULL);
SELECT consent.open_run('x', '{}');
SELECT consent.open_run('x', '{run_trian}');
SELECT consent.open_run('x', '{NULL}');
SELECT consent.open_run('x', '{run_train}', base_runs => '{1}');
SELECT consent.open_run('x', '{run_train}', base_runs => '{NULL}');
SELECT consent.open_run('x', '{run_train}', used_at => 'empty');
SELECT consent.open_run('x', '{run_train}', used_at => '[2024-01-01,)');
SELECT consent.open_run('x', '{run_train}', used_at => '(,2024-01-01)');
SELECT consent.open_run('x', '{run_train}', used_at => '[2024-01-01,9999-01-01)');
SELECT consent.open_run('x', '{run_train}', used_at => '[2024-01-01,infinity)');

-- passes: a run of the past; its time is kept half-open
SET timezone = 'UTC';
SELECT consent.open_run('past', '{run_train}', used_at => '(2024-01-01,2024-02-01]') AS past \gset
SELECT used_at FROM consent.run WHERE run_id = :past;
SELECT detail::json ->> 'used_at' AS signed FROM consent.event WHERE event_id = :past;

-- fails: outcomes, hashes, runs that are not there
SELECT consent.close_run(:spring, 'done');
SELECT consent.close_run(:spring, dataset_sha256 => '\x00');
SELECT consent.close_run(:spring, NULL);
SELECT consent.close_run(1);
SELECT consent.close_run(NULL);

-- passes: closed; again in the same words is a retry, in others an error
SELECT consent.close_run(:spring, dataset_sha256 => sha256('data')) AS closed \gset
SELECT consent.close_run(:spring, dataset_sha256 => sha256('data')) = :closed AS same_event;
\set VERBOSITY sqlstate
SELECT consent.close_run(:spring, 'failed', sha256('data'));
SELECT consent.close_run(:spring);
\set VERBOSITY terse
SELECT detail::json ->> 'outcome' AS outcome, detail::json ->> 'parts' AS parts, detail::json ->> 'missing' AS missing,
	detail::json ->> 'count' AS count, detail::json ->> 'hash' = encode(sha256(salt), 'hex') AS hash_of_nothing,
	detail::json ->> 'subjects' AS subjects, detail::json ->> 'tree' = encode(sha256('\x02'), 'hex') AS empty_tree
FROM consent.event, consent.run_salt s WHERE event_id = :closed AND s.run_id = :spring;
SELECT outcome, parts, missing, uses, hash = sha256(salt) AS hash_of_nothing, subjects, tree = sha256('\x02') AS empty_tree,
	closed_event = :closed AS closed_by
FROM consent.run JOIN consent.run_salt USING (run_id) WHERE run_id = :spring;

-- fails: nobody changes a run
UPDATE consent.run SET outcome = 'discarded';
DELETE FROM consent.run_draw;

-- what is not closed shows
SELECT run, parts, uses, missing_parts FROM consent.unclosed_runs WHERE run IN ('spring', 'summer', 'autumn', 'past') ORDER BY run_id;
SELECT consent.close_run(:summer, 'discarded') > 0 AS closed;
SELECT run FROM consent.unclosed_runs WHERE run IN ('spring', 'summer', 'autumn', 'past') ORDER BY run_id;
RESET timezone;
