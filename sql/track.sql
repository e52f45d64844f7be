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

-- FOR EACH ROW a row that changes its partition is deleted there and inserted
-- here: nothing of it is revoked. By two triggers, one a column.
CREATE TABLE tr_place (id text, region text, improve boolean, ads boolean) PARTITION BY LIST (region);
CREATE TABLE tr_north PARTITION OF tr_place FOR VALUES IN ('north');
CREATE TABLE tr_south PARTITION OF tr_place FOR VALUES IN ('south') PARTITION BY LIST (improve);
CREATE TABLE tr_south_on PARTITION OF tr_south FOR VALUES IN (true);
CREATE TABLE tr_south_off PARTITION OF tr_south DEFAULT;
CREATE TRIGGER improve AFTER INSERT OR UPDATE OR DELETE ON tr_place
	FOR EACH ROW EXECUTE FUNCTION consent.track('id', 'improve', 'tr_improve');
CREATE TRIGGER ads AFTER INSERT OR UPDATE OR DELETE ON tr_place
	FOR EACH ROW EXECUTE FUNCTION consent.track('id', 'ads', 'tr_ads');
BEGIN;
SELECT count(consent.acting('tr_p' || i)) FROM generate_series(1, 4) i;
INSERT INTO tr_place SELECT 'tr_p' || i, 'north', true, i % 2 = 0 FROM generate_series(1, 4) i;
COMMIT;
SELECT count(*) FROM tracked WHERE subject LIKE 'tr\_p_';
UPDATE tr_place SET region = 'south';
SELECT count(*) FROM tracked WHERE subject LIKE 'tr\_p_';
-- what changes on the way is recorded
UPDATE tr_place SET region = 'north', improve = false WHERE id = 'tr_p1';
UPDATE tr_place SET improve = NULL WHERE id = 'tr_p2';
BEGIN;
SELECT consent.acting('tr_p3');
UPDATE tr_place SET region = 'north', ads = true WHERE id = 'tr_p3';
COMMIT;
UPDATE tr_place SET id = 'tr_p5', region = 'north' WHERE id = 'tr_p4';
SELECT subject, choices, actor FROM tracked WHERE subject LIKE 'tr\_p_' OFFSET 8;
-- a row that a trigger drops on the way is deleted, once all is over
CREATE FUNCTION tr_drop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER dropped BEFORE INSERT ON tr_south_on FOR EACH ROW WHEN (NEW.id <> 'tr_p5') EXECUTE FUNCTION tr_drop();
SELECT count(*) AS so_far FROM tracked WHERE subject LIKE 'tr\_p_' \gset
BEGIN;
SAVEPOINT s;
UPDATE tr_place SET region = 'south' WHERE id IN ('tr_p3', 'tr_p5');
ROLLBACK TO s;
COMMIT;
SELECT count(*) - :so_far AS rolled_back FROM tracked WHERE subject LIKE 'tr\_p_';
UPDATE tr_place SET region = 'south' WHERE id IN ('tr_p3', 'tr_p5');
SELECT subject, choices, actor FROM tracked WHERE subject LIKE 'tr\_p_' OFFSET :so_far;
-- MERGE updates, deletes and inserts by one command
MERGE INTO tr_place t USING (VALUES ('tr_p1'), ('tr_p2'), ('tr_p5'), ('tr_p6')) v (id) ON t.id = v.id
WHEN MATCHED AND t.id = 'tr_p5' THEN DELETE
WHEN MATCHED THEN UPDATE SET region = CASE region WHEN 'north' THEN 'south' ELSE 'north' END
WHEN NOT MATCHED THEN INSERT VALUES (v.id, 'north', NULL, false);
SELECT subject, choices, actor FROM tracked WHERE subject IN ('tr_p1', 'tr_p2', 'tr_p5', 'tr_p6') OFFSET 8;

-- Rows that come and go by ON CONFLICT, MERGE, COPY, in a CTE, by cascade.
CREATE TABLE tr_upsert (id text PRIMARY KEY, improve boolean);
CREATE TRIGGER on_insert AFTER INSERT ON tr_upsert REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION consent.track('id', 'improve', 'tr_improve');
CREATE TRIGGER on_update AFTER UPDATE ON tr_upsert REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION consent.track('id', 'improve', 'tr_improve');
CREATE TRIGGER on_delete AFTER DELETE ON tr_upsert REFERENCING OLD TABLE AS o FOR EACH STATEMENT EXECUTE FUNCTION consent.track('id', 'improve', 'tr_improve');
CREATE TABLE tr_detail (id text PRIMARY KEY REFERENCES tr_upsert ON DELETE CASCADE ON UPDATE CASCADE, ads boolean);
CREATE TRIGGER ads AFTER INSERT OR UPDATE OR DELETE ON tr_detail FOR EACH ROW EXECUTE FUNCTION consent.track('id', 'ads', 'tr_ads');
INSERT INTO tr_upsert VALUES ('tr_u1', true), ('tr_u2', false);
INSERT INTO tr_upsert VALUES ('tr_u1', false), ('tr_u2', false), ('tr_u3', true) ON CONFLICT (id) DO UPDATE SET improve = excluded.improve;
MERGE INTO tr_upsert t USING (VALUES ('tr_u1'), ('tr_u3'), ('tr_u4')) v (id) ON t.id = v.id
WHEN MATCHED AND t.id = 'tr_u1' THEN UPDATE SET improve = true WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (v.id, true);
COPY tr_upsert FROM stdin;
tr_u5	t
tr_u6	\N
\.
UPDATE tr_upsert SET id = id || 'x', improve = NOT improve WHERE id IN ('tr_u5', 'tr_u6');
INSERT INTO tr_detail VALUES ('tr_u1', true), ('tr_u2', true);
DELETE FROM tr_upsert WHERE id = 'tr_u1';
UPDATE tr_upsert SET id = 'tr_u7' WHERE id = 'tr_u2';
SELECT subject, array_agg(choices ORDER BY n) AS choices FROM (SELECT *, row_number() OVER () AS n FROM tracked) t WHERE subject LIKE 'tr\_u%' GROUP BY subject ORDER BY subject;
-- fails: and nothing of the statement is recorded
INSERT INTO tr_detail VALUES ('tr_u3', true), ('tr_u8', true);
INSERT INTO tr_upsert VALUES (repeat('tr_u', 300), true), ('tr_u8', true);
SELECT count(*) FROM tracked WHERE subject LIKE 'tr\_u8%';

-- in a transaction that a deferred trigger ends, too
CREATE TABLE tr_late (id text, improve boolean);
CREATE CONSTRAINT TRIGGER improve AFTER INSERT OR UPDATE OR DELETE ON tr_late DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION consent.track('id', 'improve', 'tr_improve');
BEGIN;
SELECT consent.acting('tr_lou');
INSERT INTO tr_late VALUES ('tr_lou', true), ('tr_max', true);
SAVEPOINT s;
UPDATE tr_late SET improve = false;
ROLLBACK TO s;
SELECT count(*) FROM tracked WHERE subject IN ('tr_lou', 'tr_max');
COMMIT;
SELECT subject, choices, actor FROM tracked WHERE subject IN ('tr_lou', 'tr_max');

-- COPY into the application's table, and a trigger of its own that records
CREATE FUNCTION tr_also() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO consent.event (subject, choices, method) VALUES (NEW.id, '-tr_ads', 'also');
	RETURN NULL;
EXCEPTION WHEN undefined_object THEN
	RETURN NULL;
END $$;
CREATE TRIGGER also AFTER INSERT ON tr_member FOR EACH ROW EXECUTE FUNCTION tr_also();
COPY tr_member FROM stdin;
tr_ned	Ned	t
tr_oda	Oda	f
tr_pat	Pat	\N
\.
SELECT subject, choices, actor, method FROM tracked WHERE subject IN ('tr_ned', 'tr_oda', 'tr_pat');
-- an INSERT … SELECT into the ledger that changes the tracked table meanwhile
WITH moved AS (UPDATE tr_member SET improve = NOT improve WHERE id IN ('tr_ned', 'tr_oda') RETURNING id)
INSERT INTO consent.event (subject, choices) SELECT id, '+tr_ads' FROM moved;
SELECT subject, choices FROM tracked WHERE subject IN ('tr_ned', 'tr_oda') OFFSET 4;

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

-- every event is in a seal, and every seal has its events
SELECT count(*) AS unsealed FROM consent.event_log e
LEFT JOIN consent.seal s ON s.seal_no = e.event_id / 4096 AND e.event_id % 4096 < s.count WHERE s.seal_no IS NULL;
SELECT count(*) AS seals_wrong FROM consent.seal s WHERE s.count <> (SELECT count(*) FROM consent.event_log e WHERE e.event_id / 4096 = s.seal_no);

DROP VIEW tracked;
DROP TABLE tr_member, tr_consent, tr_choice, tr_region, tr_place, tr_upsert, tr_detail, tr_late, tr_wrong;
DROP FUNCTION try_track, tr_drop, tr_also;
