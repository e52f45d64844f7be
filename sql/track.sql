-- An application's own settings column, followed by a trigger.
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT consent.define_purpose('tr_improve') > 0 AS defined;
SELECT consent.define_purpose('tr_ads') > 0 AS defined;
SELECT consent.publish_notice('tr_settings', '1', 'This switch lets us train on your posts.', '{tr_improve}') IS NOT NULL AS published;

-- what was recorded, without times
CREATE VIEW tracked AS
SELECT subject, regexp_replace(choices::text, '@[^ ,]*', '', 'g') AS choices, actor, method, notice, table_name, row_key
FROM consent.event WHERE subject LIKE 'tr\_%' ORDER BY event_id;

CREATE TABLE tr_member (id text PRIMARY KEY, name text, improve boolean);
CREATE TRIGGER improve AFTER INSERT OR UPDATE OR DELETE ON tr_member
	FOR EACH ROW EXECUTE FUNCTION consent.track('id', 'improve', 'tr_improve');

-- off is a refusal, on without a word about who did it a preset, NULL nothing
INSERT INTO tr_member VALUES ('tr_ann', 'Ann', true), ('tr_ben', 'Ben', false), ('tr_cem', 'Cem', NULL);
SELECT * FROM tracked;

-- what does not change records nothing
UPDATE tr_member SET name = upper(name), improve = improve;
SELECT count(*) FROM tracked;

-- on is an act where the application says whose: for this transaction only
BEGIN;
SELECT consent.acting('tr_ben', method => 'settings page', notice => 'tr_settings/1');
UPDATE tr_member SET improve = true WHERE id IN ('tr_ben', 'tr_cem');
COMMIT;
UPDATE tr_member SET improve = NOT improve WHERE id = 'tr_ben';
UPDATE tr_member SET improve = NOT improve WHERE id = 'tr_ben';
SELECT * FROM tracked OFFSET 2;
-- and an operator's "on" does not undo a person's "off"
SELECT regexp_replace(state::text, '@.*', '') AS state FROM consent.subject WHERE key = 'tr_ben';

-- a savepoint takes back what was said after it
BEGIN;
SELECT consent.acting('tr_ann', 'guardian');
SAVEPOINT s;
SELECT consent.acting('tr_ann', 'agent');
SAVEPOINT t;
RELEASE t;
UPDATE tr_member SET improve = false WHERE id = 'tr_ann';
ROLLBACK TO s;
UPDATE tr_member SET improve = false WHERE id = 'tr_ann';
SAVEPOINT u;
SELECT consent.acting('tr_ann', 'agent');
RELEASE u;
UPDATE tr_member SET improve = true WHERE id = 'tr_ann';
COMMIT;
SELECT * FROM tracked WHERE subject = 'tr_ann';

-- an admin's "on" is a preset, whoever says so
BEGIN;
SELECT consent.acting('tr_dan', 'admin');
INSERT INTO tr_member VALUES ('tr_dan', 'Dan', true);
COMMIT;
-- a "yes" that goes away, by NULL or with its row, is revoked; a "no" stays
UPDATE tr_member SET improve = NULL WHERE id = 'tr_ann';
DELETE FROM tr_member WHERE id IN ('tr_dan', 'tr_ben');
UPDATE tr_member SET improve = false WHERE id = 'tr_cem';
DELETE FROM tr_member WHERE id = 'tr_cem';
SELECT subject, choices, actor FROM tracked OFFSET 8;
-- a row that becomes somebody else's
INSERT INTO tr_member VALUES ('tr_eve', 'Eve', true);
UPDATE tr_member SET id = 'tr_fay' WHERE id = 'tr_eve';
SELECT subject, choices FROM tracked WHERE subject IN ('tr_eve', 'tr_fay');
-- where a choice came from
SELECT detail FROM consent.event WHERE subject = 'tr_fay';

-- what the application rolls back was never recorded
BEGIN;
UPDATE tr_member SET improve = false WHERE id = 'tr_fay';
ROLLBACK;
SELECT choices FROM tracked WHERE subject = 'tr_fay';

-- a column that says who acted
CREATE TABLE tr_consent (person varchar(20), ads boolean, improve boolean, changed_by text);
CREATE TRIGGER ads AFTER INSERT OR UPDATE OR DELETE ON tr_consent
	FOR EACH ROW EXECUTE FUNCTION consent.track('person', 'ads', 'tr_ads', 'changed_by');
INSERT INTO tr_consent VALUES ('tr_gus', true, NULL, 'self'), ('tr_hal', true, NULL, 'admin'), ('tr_ida', true, NULL, NULL);
SELECT subject, choices, actor FROM tracked WHERE subject IN ('tr_gus', 'tr_hal', 'tr_ida');
-- fails: nobody of that name acts
INSERT INTO tr_consent VALUES ('tr_jan', true, NULL, 'mother');

-- a column of type consent names its purposes itself
CREATE TABLE tr_choice (person text, choices consent.consent);
CREATE TRIGGER choices AFTER INSERT OR UPDATE OR DELETE ON tr_choice
	FOR EACH ROW EXECUTE FUNCTION consent.track('person', 'choices');
BEGIN;
SELECT consent.acting('tr_kim');
INSERT INTO tr_choice VALUES ('tr_kim', '+tr_ads, +tr_improve for [2024-01-01T00:00:00Z,) as granted');
UPDATE tr_choice SET choices = choices OPERATOR(consent.||) '+tr_improve for [2025-01-01T00:00:00Z,)';
UPDATE tr_choice SET choices = choices OPERATOR(consent.-) 'tr_improve';
COMMIT;
UPDATE tr_choice SET choices = '-tr_ads as objected';
DELETE FROM tr_choice;
SELECT choices, actor FROM tracked WHERE subject = 'tr_kim';

-- FOR EACH STATEMENT: one seal for all, and a row may change its partition
CREATE TABLE tr_region (id text, region text, improve boolean) PARTITION BY LIST (region);
CREATE TABLE tr_east PARTITION OF tr_region FOR VALUES IN ('east');
CREATE TABLE tr_west PARTITION OF tr_region FOR VALUES IN ('west');
CREATE TRIGGER on_insert AFTER INSERT ON tr_region REFERENCING NEW TABLE AS n
	FOR EACH STATEMENT EXECUTE FUNCTION consent.track('id', 'improve', 'tr_improve');
CREATE TRIGGER on_update AFTER UPDATE ON tr_region REFERENCING OLD TABLE AS o NEW TABLE AS n
	FOR EACH STATEMENT EXECUTE FUNCTION consent.track('id', 'improve', 'tr_improve');
CREATE TRIGGER on_delete AFTER DELETE ON tr_region REFERENCING OLD TABLE AS o
	FOR EACH STATEMENT EXECUTE FUNCTION consent.track('id', 'improve', 'tr_improve');
SELECT count(*) AS seals FROM consent.seal \gset
INSERT INTO tr_region SELECT 'tr_r' || i, 'east', i % 2 = 0 FROM generate_series(1, 4) i;
SELECT count(*) - :seals AS seals FROM consent.seal;
-- nothing changes but the partition
UPDATE tr_region SET region = 'west' WHERE id IN ('tr_r1', 'tr_r2');
SELECT count(*) - :seals AS seals FROM consent.seal;
UPDATE tr_region SET region = 'east', improve = NOT improve WHERE id = 'tr_r2';
DELETE FROM tr_region WHERE id >= 'tr_r3';
SELECT subject, choices FROM tracked WHERE subject LIKE 'tr\_r%';

-- fails: wrong use, each said clearly
CREATE TABLE tr_wrong (id text, improve boolean, level integer, born date);
CREATE TRIGGER t BEFORE INSERT ON tr_wrong FOR EACH ROW EXECUTE FUNCTION consent.track('id', 'improve', 'tr_improve');
INSERT INTO tr_wrong VALUES ('tr_lea', true);
DROP TRIGGER t ON tr_wrong;
CREATE TRIGGER t AFTER INSERT ON tr_wrong FOR EACH STATEMENT EXECUTE FUNCTION consent.track('id', 'improve', 'tr_improve');
INSERT INTO tr_wrong VALUES ('tr_lea', true);
DROP TRIGGER t ON tr_wrong;
CREATE TRIGGER t AFTER UPDATE ON tr_wrong REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION consent.track('id', 'improve', 'tr_improve');
UPDATE tr_wrong SET improve = false;
DROP TRIGGER t ON tr_wrong;
CREATE TRIGGER t AFTER TRUNCATE ON tr_wrong FOR EACH STATEMENT EXECUTE FUNCTION consent.track('id', 'improve', 'tr_improve');
TRUNCATE tr_wrong;
DROP TRIGGER t ON tr_wrong;
CREATE FUNCTION try_track(VARIADIC args text[]) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE OR REPLACE TRIGGER t AFTER INSERT ON tr_wrong FOR EACH ROW EXECUTE FUNCTION consent.track(%s)',
		(SELECT string_agg(quote_literal(a), ',') FROM unnest(args) a));
	INSERT INTO tr_wrong VALUES ('tr_lea', true, 1, '2000-01-01');
	RETURN 'recorded';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLERRM;
END $$;
SELECT args, try_track(VARIADIC args::text[]) FROM (VALUES
	('{}'), ('{id}'), ('{id,improve}'), ('{id,improve,tr_improve,level,more}'),
	('{id,improve,tr_unheard_of}'), ('{ident,improve,tr_improve}'), ('{id,improving,tr_improve}'),
	('{born,improve,tr_improve}'), ('{level,improve,tr_improve}'), ('{id,level,tr_improve}'),
	('{id,improve,tr_improve,level}'), ('{id,improve,tr_improve,actor}'), ('{id,improve,tr_improve}')) AS wrong (args);
SELECT consent.acting(NULL::text);
SELECT consent.acting('tr_lea', 'mother');
SELECT consent.acting('tr_lea', notice => 'tr_settings/2');
SELECT consent.acting(42);
SELECT consent.track();

DROP VIEW tracked;
DROP TABLE tr_member, tr_consent, tr_choice, tr_region, tr_wrong;
DROP FUNCTION try_track;
