-- The verdict of a consent value by itself: the rule, for one person.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS consent_ledger;
RESET client_min_messages;
\set VERBOSITY terse
SET search_path = public, consent;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';

-- From best to worst.
SELECT enum_range(NULL::verdict);

-- Whoever said nothing did not agree.
SELECT verdict_of('', 'ai_training') AS nothing, verdict_of('+ai_training', 'ai_training') AS yes,
       verdict_of('-ai_training', 'ai_training') AS no, verdict_of('~ai_training', 'ai_training') AS switched_on;

-- A purpose lies within those that its name begins with.
SELECT verdict_of('+training', 'training.ai') AS yes, verdict_of('-training', 'training.ai.text') AS no,
       verdict_of('+training.ai', 'training') AS not_upwards, verdict_of('+train', 'training') AS no_relation;

-- A general yes does not undo a specific no; a later specific yes does.
SELECT verdict_of('-training.ai@2024-01-01T00:00:00Z, +training@2024-06-01T00:00:00Z', 'training.ai') AS general_yes,
       verdict_of('-training@2024-01-01T00:00:00Z, +training.ai@2024-06-01T00:00:00Z', 'training.ai') AS specific_yes,
       verdict_of('+training.ai@2024-01-01T00:00:00Z, -training@2024-06-01T00:00:00Z', 'training.ai') AS later_general_no,
       verdict_of('-training@2024-01-01T00:00:00Z, +training.ai@2024-01-01T00:00:00Z', 'training.ai') AS same_instant;

-- A preset never beats an act, whatever the times.
SELECT verdict_of('-training@2024-01-01T00:00:00Z, ~training.ai@2024-06-01T00:00:00Z', 'training.ai') AS after_no,
       verdict_of('+training until 2024-03-01T00:00:00Z, ~training.ai@2024-06-01T00:00:00Z', 'training.ai') AS after_yes;

-- Ends are computed: in force until, not at, the instant stated.
SELECT at, verdict_of('+a@2024-01-01T00:00:00Z until 2024-02-01T00:00:00Z, -b@2024-01-01T00:00:00Z, +b.c@2024-01-02T00:00:00Z until 2024-02-01T00:00:00Z', 'a', at) AS a,
       verdict_of('+a@2024-01-01T00:00:00Z until 2024-02-01T00:00:00Z, -b@2024-01-01T00:00:00Z, +b.c@2024-01-02T00:00:00Z until 2024-02-01T00:00:00Z', 'b.c', at) AS temporary_yes_over_no
FROM (VALUES ('2023-12-31 23:59:59.999999Z'), ('2024-01-01 00:00Z'), ('2024-01-02 00:00Z'),
	('2024-01-31 23:59:59.999999Z'), ('2024-02-01 00:00Z'), (NULL), ('infinity'), ('-infinity')) v(t), CAST(t AS timestamptz) at;

-- Choices that are made later do not count for the past, but all do for now.
SELECT verdict_of('+a@9999-01-01T00:00:00Z', 'a', now()) AS at_an_instant, verdict_of('+a@9999-01-01T00:00:00Z', 'a') AS now;

-- Data of a certain time.
SELECT collected_at, verdict_of('+a for [2024-01-01T00:00:00Z,2025-01-01T00:00:00Z)', 'a', collected_at => collected_at)
FROM (VALUES ('2023-12-31 23:59:59.999999Z'), ('2024-01-01 00:00Z'), ('2024-12-31 23:59:59.999999Z'), ('2025-01-01 00:00Z'), (NULL)) v(t),
	CAST(t AS timestamptz) collected_at;

-- What was limited is not widened by something less specific.
SELECT verdict_of('+a.b for [2024-01-01T00:00:00Z,), +a', 'a.b', collected_at => '2023-06-01 00:00Z') AS data_before,
       verdict_of('+a.b until 2024-01-01T00:00:00Z, +a', 'a.b') AS ran_out,
       verdict_of('+a.b until 2024-01-01T00:00:00Z, +a', 'a') AS the_other;

-- NULL in, NULL out: which permits nothing.
SELECT verdict_of(NULL, 'a') IS NULL AS value, verdict_of('+a', NULL) IS NULL AS purpose;

-- fails
SELECT verdict_of('+a', 'A');
SELECT verdict_of('+a', '');

-- It depends on the time, so an index cannot hold it.
CREATE TABLE member (id integer, choices consent);
CREATE INDEX ON member (verdict_of(choices, 'a'));

DROP TABLE member;
