-- The auditor's report.  Each question is one query; what it shows goes down to
-- the ids of events, and those to what was sealed when.

\o
\pset footer off
\pset null '-'
SET ROLE auditor;

\echo
\echo 'THE AUDITOR ASKS'
\echo
\echo '1. What was used, when, for whom?  (A message of two people is two uses.)'
\echo
\pset numericlocale on
\set ECHO queries
SELECT name AS run, recipient, coalesce(lower(used_at), opened_at)::date AS used_on, uses, outcome
FROM consent.run ORDER BY run_id;
\set ECHO none

\echo '2. On what basis: what was the verdict then, what would it be now?  Only "granted" permits.'
\echo
\set ECHO queries
SELECT r.name AS run, u.verdict_then, u.verdict_now, count(*) AS uses
FROM consent.run r, consent.run_uses(r.run_id) u
GROUP BY r.run_id, 1, 2, 3 ORDER BY r.run_id, 2, 3;
\set ECHO none

\echo '3. Who is affected: used though nothing permitted it, or even though they had said no?'
\echo
\set ECHO queries
SELECT coalesce(run, 'all runs') AS run, count(DISTINCT subject) AS members,
	count(DISTINCT row_key) AS messages, count(*) AS uses,
	count(DISTINCT subject) FILTER (WHERE verdict_then = 'denied') AS had_said_no
FROM consent.unpermitted_uses GROUP BY GROUPING SETS ((run_id, run), ()) ORDER BY run_id;
\set ECHO none

\echo '4. Whose messages were used most?'
\echo
\set ECHO queries
SELECT subject, count(*) AS uses, count(DISTINCT run_id) AS runs
FROM consent.unpermitted_uses GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 3;
\set ECHO none

\echo '5. What is retroactive: used without a yes that was given later (agreed_later), or that had'
\echo '   been given and was not known (recorded_late)?'
\echo
\set ECHO queries
SELECT run, because, count(DISTINCT subject) AS members, count(*) AS uses
FROM consent.retroactive_uses GROUP BY run_id, 1, 2 ORDER BY run_id, 2;
\set ECHO none

\echo '6. What was recorded late, by whom, and what did it change?  (Here all of 2024: the'
\echo '   ledger was begun today, and nobody can tell it otherwise.)'
\echo
\set ECHO queries
SELECT method, recorded_by, effect, count(*) AS choices
FROM consent.late_events GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
\set ECHO none

\echo '7. What was collected before any notice spoke of the purpose?'
\echo
\set ECHO queries
SELECT run, purpose, notice, spoken_at::date AS spoken_on, count(DISTINCT row_key) AS messages
FROM consent.collected_before_notice GROUP BY run_id, 1, 2, 3, 4 ORDER BY run_id, 2;
\set ECHO none

\echo '8. Which texts were changed without a new date?'
\echo
\set ECHO queries
SELECT label_before, label, stated_on, seen_at::date AS changed_on
FROM consent.silent_notice_changes;
\set ECHO none

\echo '9. What was permitted then, and would not be now: what has to be taken out?'
\echo
\set ECHO queries
SELECT run, model, subject, verdict_now, count(*) AS messages
FROM consent.withdrawn_uses GROUP BY run_id, 1, 2, 3, 4 ORDER BY run_id, 3;
\set ECHO none

\echo '10. What is missing: runs that were never closed, reads that were rolled back?'
\echo
\set ECHO queries
SELECT run, opened_by, parts, missing_parts FROM consent.unclosed_runs;
\set ECHO none
