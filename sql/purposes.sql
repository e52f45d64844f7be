-- Purposes: what data is used for. A graph that only grows.
\set VERBOSITY terse
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';

-- passes: a purpose, and the id of the event that declares it
SELECT consent.define_purpose('pur_improve', title => 'Improve our products') AS improve \gset
SELECT consent.define_purpose('pur_training') > :improve AS later;
-- passes: with two parents
SELECT consent.define_purpose('pur_ai', parents => '{pur_training, pur_improve, pur_training}',
                              since => '2024-09-18 00:00+00') AS ai \gset
-- passes: a dotted name lies under its prefix, said or not
SELECT consent.define_purpose('pur_ai.chat') > 0 AS defined;
SELECT consent.define_purpose('pur_ai.chat.tuning', parents => '{pur_improve}', regime => 'opt_out') > 0 AS defined;

SELECT name, parents, regime, title FROM consent.purpose WHERE name LIKE 'pur\_%' ORDER BY event_id;

-- each came in by an event, which says all of it
SELECT e.kind, e.subject IS NULL AS nobody, p.name, d ->> 'parents' AS parents, d ->> 'regime' AS regime,
       d ->> 'title' AS title, d ->> 'since' AS since
FROM consent.purpose p JOIN consent.event e USING (event_id), CAST(e.detail AS json) d
WHERE p.name = 'pur_ai';
SELECT s.kind, s.count FROM consent.seal s WHERE s.seal_no = :ai / 4096;

-- not said since when: since it was defined
SELECT p.since - e.recorded_at < interval '1 second' AS since_then
FROM consent.purpose p JOIN consent.event e USING (event_id) WHERE p.name = 'pur_training';

-- passes: the same again changes nothing, and is the same event
SELECT consent.define_purpose('pur_improve', title => 'Improve our products') = :improve AS same;
SELECT consent.define_purpose('pur_ai', '{pur_improve, pur_training}', since => '2024-09-18 02:00+02') = :ai AS same;
SELECT consent.define_purpose('pur_ai', '{pur_improve, pur_training}') = :ai AS same;
SELECT count(*) FROM consent.event WHERE kind = 'purpose_defined' AND detail LIKE '%"pur\_%';

-- fails: another definition
SELECT consent.define_purpose('pur_improve');
SELECT consent.define_purpose('pur_ai', '{pur_improve}');
SELECT consent.define_purpose('pur_ai', '{pur_improve, pur_training}', regime => 'opt_out');
SELECT consent.define_purpose('pur_ai', '{pur_improve, pur_training}', since => '2024-09-19 00:00+00');
\set VERBOSITY default
SELECT consent.define_purpose('pur_ai', '{pur_improve}', regime => 'opt_out', title => 'AI');
\set VERBOSITY terse

-- fails: parents that are not there (so there is never a cycle)
SELECT consent.define_purpose('pur_lost', parents => '{pur_nowhere}');
SELECT consent.define_purpose('pur_self', parents => '{pur_self}');
SELECT consent.define_purpose('pur_nowhere.child');
SELECT consent.define_purpose('pur_lost', parents => '{NULL}');
-- fails: not a name
SELECT consent.define_purpose('');
SELECT consent.define_purpose('Pur');
SELECT consent.define_purpose('pur..x');
SELECT consent.define_purpose('pur-x');
SELECT consent.define_purpose(repeat('p', 64));
-- passes: 63 bytes
SELECT consent.define_purpose('pur_' || repeat('p', 59)) > 0 AS defined;
-- fails: regime, time, NULL
SELECT consent.define_purpose('pur_lost', regime => 'opt-in');
SELECT consent.define_purpose('pur_lost', since => '2999-01-01 00:00Z');
SELECT consent.define_purpose('pur_lost', since => '-infinity');
SELECT consent.define_purpose(NULL);
SELECT consent.define_purpose('pur_lost', parents => NULL);
SELECT consent.define_purpose('pur_lost', regime => NULL);
SELECT count(*) FROM consent.purpose WHERE name LIKE 'pur\_lost%';
-- passes: a clock that is a little ahead; it counts as now
SELECT consent.define_purpose('pur_skewed', since => clock_timestamp() + interval '2 minutes') > 0 AS defined;
SELECT since <= clock_timestamp() AS now FROM consent.purpose WHERE name = 'pur_skewed';

-- Several in one statement, each seeing those before it.
SELECT count(consent.define_purpose(name, parents)) FROM (VALUES
	('pur_a', '{}'::text[]), ('pur_a.b', '{}'), ('pur_a.b.c', '{pur_a}'), ('pur_d', '{pur_a.b.c}')) p(name, parents);

-- What is rolled back was never declared, in this session either.
BEGIN;
SELECT consent.define_purpose('pur_gone') > 0 AS defined;
SAVEPOINT s;
SELECT consent.define_purpose('pur_gone.child') > 0 AS defined;
SELECT consent.opt_out('pur_alice', 'pur_gone.child') > 0 AS recorded;
ROLLBACK TO s;
SELECT consent.opt_out('pur_alice', 'pur_gone.child');  -- fails
ROLLBACK;
SELECT consent.opt_out('pur_alice', 'pur_gone');  -- fails
SELECT consent.define_purpose('pur_gone', regime => 'opt_out') > 0 AS defined;
SELECT consent.opt_out('pur_alice', 'pur_gone') > 0 AS recorded;

-- An older snapshot does not know what was declared later, and the newer does.
BEGIN;
DECLARE old CURSOR FOR SELECT consent.opt_out('pur_bob', 'pur_later') FROM generate_series(1, 1);
SELECT consent.define_purpose('pur_later') > 0 AS defined;
SAVEPOINT s;
FETCH old;  -- fails: unknown then
ROLLBACK TO s;
SELECT consent.opt_out('pur_bob', 'pur_later') > 0 AS recorded;
COMMIT;
