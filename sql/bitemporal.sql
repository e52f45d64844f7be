-- What did we believe then, and what do we know now?
\set VERBOSITY terse
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';
SELECT consent.define_purpose('bit_ai', since => '2024-01-01 00:00Z') > 0 AS defined;
CREATE TABLE bit_seen (what text, seen timestamptz);

-- A refusal of September on paper is recorded after a run that relied on the yes.
SELECT consent.record_choices('bit_alice', '+bit_ai', at => '2024-08-01 00:00Z', actor => 'import') > 0 AS recorded;
INSERT INTO bit_seen VALUES ('run', clock_timestamp());
SELECT consent.record_choices('bit_alice', '-bit_ai', at => '2024-09-01 00:00Z', actor => 'import') > 0 AS recorded;
INSERT INTO bit_seen VALUES ('late no', clock_timestamp());
-- Then a yes of August comes in, still later: the later act counts, not the later arrival.
SELECT consent.record_choices('bit_alice', '+bit_ai', at => '2024-08-15 00:00Z', actor => 'import') > 0 AS recorded;
INSERT INTO bit_seen VALUES ('late yes', clock_timestamp());
SELECT consent.record_choices('bit_alice', '+bit_ai until 2024-12-01T00:00Z', at => '2024-11-01 00:00Z', actor => 'import') > 0 AS recorded;
INSERT INTO bit_seen VALUES ('temporary yes', clock_timestamp());

SELECT what AS "known after",
       consent.verdict('bit_alice', 'bit_ai', at => '2024-07-31 23:59Z', known_at => seen) AS jul,
       consent.verdict('bit_alice', 'bit_ai', at => '2024-08-01 00:00Z', known_at => seen) AS aug,
       consent.verdict('bit_alice', 'bit_ai', at => '2024-09-01 00:00Z', known_at => seen) AS sep,
       consent.verdict('bit_alice', 'bit_ai', at => '2024-11-30 23:59:59.999999Z', known_at => seen) AS nov,
       consent.verdict('bit_alice', 'bit_ai', at => '2024-12-01 00:00Z', known_at => seen) AS "dec",
       consent.verdict('bit_alice', 'bit_ai', known_at => seen) AS now,
       consent.choices_of('bit_alice', at => '2024-10-01 00:00Z', known_at => seen) AS choices
FROM bit_seen ORDER BY seen;

-- Presets were on from when they were set to when they were ended, once that was known.
SELECT consent.set_preset('~bit_ai', at => '2024-08-01 00:00Z') > 0 AS preset;
INSERT INTO bit_seen VALUES ('preset', clock_timestamp());
SELECT consent.end_preset('bit_ai', at => '2024-09-01 00:00Z') > 0 AS ended;
INSERT INTO bit_seen VALUES ('end', clock_timestamp());
SELECT what AS "known after", consent.verdict('bit_bob', 'bit_ai', at => '2024-07-31 00:00Z', known_at => seen) AS jul,
       consent.verdict('bit_bob', 'bit_ai', at => '2024-08-01 00:00Z', known_at => seen) AS aug,
       consent.verdict('bit_bob', 'bit_ai', at => '2024-09-01 00:00Z', known_at => seen) AS sep,
       consent.verdict('bit_bob', 'bit_ai', known_at => seen) AS now
FROM bit_seen WHERE what IN ('temporary yes', 'preset', 'end') ORDER BY seen;

-- The states and the events give the same answers about now, for many and for few.
INSERT INTO consent.event (subject, choices, event_time, actor, jurisdiction, table_name)
SELECT 'bit_' || g % 500,
       (ARRAY['+bit_ai', '-bit_ai', '~bit_ai', '+bit_ai for [2024-03-01T00:00Z,)', '+bit_ai until 2024-09-01T00:00Z'])[1 + g * 7919 % 5]::consent.consent,
       timestamptz '2024-02-01 00:00Z' + g * 104729 % 1000 * interval '1 hour', 'import',
       (ARRAY['US', NULL, 'FR'])[1 + g % 3], NULL
FROM generate_series(1, 2500) g;
SELECT count(*) AS asked,
       count(*) FILTER (WHERE consent.verdict(ARRAY['bit_' || g], 'bit_ai', collected_at => c) <>
           consent.verdict(ARRAY['bit_' || g], 'bit_ai', collected_at => c, known_at => 'infinity')) AS differ,
       count(*) FILTER (WHERE consent.choices_of('bit_' || g)::text <> consent.choices_of('bit_' || g, at => 'infinity')::text) AS choices_differ
FROM generate_series(0, 520) g, (VALUES (timestamptz '2024-02-01 00:00Z'), ('2024-04-01 00:00Z'), (NULL)) v(c);
SELECT consent.verdict(ARRAY['bit_' || g], 'bit_ai', collected_at => '2024-04-01 00:00Z'), count(*) FROM generate_series(0, 520) g GROUP BY 1 ORDER BY 1;
DROP TABLE bit_seen;

-- Known by a checkpoint of the log, in place of a time: exact, and for ever the same.
CALL consent.checkpoint();
SELECT max(size) AS head FROM consent.checkpoint \gset
SELECT consent.define_purpose('bitemporal_head') > 0 AS defined;
SELECT consent.opt_in('bitemporal_zoe', 'bitemporal_head') > 0 AS recorded;
CALL consent.checkpoint();
SELECT max(size) AS later FROM consent.checkpoint \gset
SELECT consent.opt_out('bitemporal_zoe', 'bitemporal_head') > 0 AS recorded;
SELECT consent.verdict('bitemporal_zoe', 'bitemporal_head') AS now,
	consent.verdict('bitemporal_zoe', 'bitemporal_head', known_in => :head) AS known_first,
	consent.verdict('bitemporal_zoe', 'bitemporal_head', known_in => :later) AS known_then;
SELECT consent.choices_of('bitemporal_zoe', known_in => :head)::text = '' AS nothing, consent.choices_of('bitemporal_zoe', known_in => :later) OPERATOR(consent.?) 'bitemporal_head' AS something;
SELECT verdict, event_id IS NOT NULL AS has_event FROM consent.explain('bitemporal_zoe', 'bitemporal_head', known_in => :later);
SELECT consent.subject_verdict(subject_no, 'bitemporal_head', known_in => :later) FROM consent.subject WHERE key = 'bitemporal_zoe';
-- fails: a size that no checkpoint has, and two answers to one question
\set VERBOSITY sqlstate
SELECT consent.verdict('bitemporal_zoe', 'bitemporal_head', known_in => 999999999);
SELECT consent.verdict('bitemporal_zoe', 'bitemporal_head', known_in => 0);
SELECT consent.verdict('bitemporal_zoe', 'bitemporal_head', known_in => :later, known_at => now());
\set VERBOSITY default
