-- Verdicts: the rule, case by case.
\set VERBOSITY terse
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';
SELECT count(consent.define_purpose(name, parents, since => since)) AS purposes
FROM (VALUES ('ver_improve', '{}'::text[], '2024-01-01 00:00Z'::timestamptz), ('ver_training', '{}', '2024-01-01 00:00Z'),
	('ver_ai', '{ver_improve, ver_training}', '2024-01-01 00:00Z'), ('ver_ai.chat', '{}', '2024-06-01 00:00Z')) p(name, parents, since);
CREATE TABLE ver_message (tenant integer, id uuid, author text, reader text, PRIMARY KEY (tenant, id));
CREATE TABLE ver_photo (id text PRIMARY KEY, owner text, sitter text);
CREATE TABLE ver_post (id text PRIMARY KEY, author text, quoted text);
SELECT count(consent.protect(rel, parties, rule => rule, known_as => known_as)) AS protected
FROM (VALUES ('ver_message'::regclass, '{author, reader}'::name[], 'all', 'ver_message'),
	('ver_photo', '{owner, sitter}', 'any', 'ver_photo'), ('ver_post', '{author, quoted}', 'first', 'ver_post')) t(rel, parties, rule, known_as);

-- Each of these people chose something else; the question is about one row.
CREATE TEMP TABLE chosen (subject text, choices consent.consent, table_name text, row_key text);
INSERT INTO chosen VALUES
	('a plain yes', '+ver_ai@2024-07-01T00:00Z'),
	('a yes to a parent', '+ver_training@2024-07-01T00:00Z'),
	('a yes to one parent, a no to the other', '+ver_training@2024-07-02T00:00Z, -ver_improve@2024-07-01T00:00Z'),
	('a specific yes after a general no', '-ver_improve@2024-07-01T00:00Z, +ver_ai@2024-07-02T00:00Z'),
	('a general yes after a specific no', '-ver_ai@2024-07-01T00:00Z, +ver_improve@2024-07-02T00:00Z'),
	('a general no after a specific yes', '+ver_ai@2024-07-01T00:00Z, -ver_improve@2024-07-02T00:00Z'),
	('both at once', '+ver_ai@2024-07-01T00:00Z, -ver_improve@2024-07-01T00:00Z'),
	('a yes that ran out', '+ver_ai@2024-07-01T00:00Z until 2024-08-01T00:00Z'),
	('a yes that ran out, over a no', '-ver_improve@2024-07-01T00:00Z, +ver_ai@2024-07-02T00:00Z until 2024-08-01T00:00Z'),
	('a yes that ran out, beside a general one', '+ver_improve@2024-07-01T00:00Z, +ver_ai@2024-07-02T00:00Z until 2024-08-01T00:00Z'),
	('a yes to later data', '+ver_ai@2024-07-01T00:00Z for [2024-07-01T00:00Z,)'),
	('a yes to this data', '+ver_ai@2024-07-01T00:00Z for [2024-05-01T00:00Z,)'),
	('a preset', '~ver_ai@2024-07-01T00:00Z'),
	('a preset after a no', '-ver_improve@2024-07-01T00:00Z, ~ver_ai@2024-07-02T00:00Z');
INSERT INTO chosen VALUES
	('a yes to this table', '+ver_ai@2024-07-01T00:00Z', 'ver_message', NULL),
	('a no to this row', '-ver_improve@2024-07-01T00:00Z', 'ver_message', '{1,00000000-0000-0000-0000-000000000001}'),
	('a no to another row', '-ver_improve@2024-07-01T00:00Z', 'ver_message', '{1,00000000-0000-0000-0000-000000000002}'),
	('a no to another table', '-ver_improve@2024-07-01T00:00Z', 'ver_photo', NULL);
INSERT INTO consent.event (subject, choices, actor, table_name, row_key)
SELECT 'ver_' || subject, choices, 'import', table_name, row_key FROM chosen;
SELECT subject AS "about a row", consent.verdict(ARRAY['ver_' || subject], 'ver_ai', 'ver_message',
		consent.row_key('1', '00000000-0000-0000-0000-000000000001'), '2024-06-01 00:00Z'),
	consent.verdict('ver_' || subject, 'ver_ai') AS "about her", consent.verdict('ver_' || subject, 'ver_ai.chat') AS "for what came later"
FROM chosen;
-- a yes does not reach what did not exist then; a no does
SELECT consent.record_choices('ver_early', '+ver_ai@2024-05-01T00:00Z', actor => 'import') > 0 AS recorded;
SELECT consent.record_choices('ver_early_no', '-ver_ai@2024-05-01T00:00Z', actor => 'import') > 0 AS recorded;
SELECT s, consent.verdict(s, 'ver_ai'), consent.verdict(s, 'ver_ai.chat') AS chat FROM unnest('{ver_early, ver_early_no}'::text[]) s;

-- Parties: the worst, the best or the first decides.
SELECT other, consent.verdict(ARRAY['ver_a plain yes', other], 'ver_ai', 'ver_message') AS "all",
       consent.verdict(ARRAY['ver_a plain yes', other], 'ver_ai', 'ver_photo') AS "any",
       consent.verdict(ARRAY['ver_a plain yes', other], 'ver_ai', 'ver_post') AS "first",
       consent.verdict(ARRAY[other, 'ver_a plain yes'], 'ver_ai', 'ver_post') AS other_first
FROM unnest('{ver_a preset, ver_nobody, ver_a yes that ran out, ver_early_no, NULL}'::text[]) other;
SELECT consent.verdict('{}'::text[], 'ver_ai', 'ver_message') AS "none", consent.verdict(NULL::text[], 'ver_ai') AS "null",
       consent.verdict(NULL::text, 'ver_ai') AS subject, consent.verdict(NULL::ver_photo, 'ver_ai') AS row;

-- Presets for everybody, by where people are.
SELECT consent.set_preset('~ver_improve', jurisdiction => 'US', at => '2024-08-01 00:00Z') > 0 AS preset;
SELECT count(consent.record_choices('ver_from ' || j, '~ver_ai.chat', jurisdiction => j)) AS recorded FROM unnest('{US, US-CA, USA, FR}'::text[]) j;
SELECT s, consent.verdict('ver_' || s, 'ver_ai') FROM unnest('{from US, from US-CA, from USA, from FR, nobody}'::text[]) s;
SELECT consent.end_preset('ver_improve', jurisdiction => 'US', at => '2024-10-01 00:00Z') > 0 AS ended;
SELECT consent.verdict('ver_from US', 'ver_ai') AS now;

-- Somebody erased is denied.
SELECT consent.erase_subject('ver_a plain yes') > 0 AS erased;
SELECT consent.verdict('ver_a plain yes', 'ver_ai'), consent.permits('ver_a plain yes', 'ver_ai');
DROP TABLE ver_message, ver_photo, ver_post;
