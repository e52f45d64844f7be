-- Ledgers whose subjects are numbers or UUIDs: everything by each type, and many
-- at once as well as few.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE DATABASE subjects_bigint;
\c subjects_bigint
SET client_min_messages = warning;
CREATE EXTENSION consent_ledger;
SELECT consent.create_ledger('numbers.example', 'bigint', test => true) IS NOT NULL AS created;
SELECT consent.define_purpose('train') > 0 AS defined;
CREATE TABLE post (id bigint PRIMARY KEY, author integer, reader smallint, owner bigint);
INSERT INTO post VALUES (1, 1, 2, -9223372036854775808), (2, -7, 0, 9223372036854775807), (3, 3, NULL, 1);
SELECT consent.protect('post', '{author, reader, owner}') > 0 AS protected;
CREATE TABLE note (id text PRIMARY KEY, author text);
SELECT consent.protect('note', '{author}');  -- fails: a text is no number
SELECT count(consent.opt_in(s, 'train')) FROM unnest('{1,2,-7,0,9223372036854775807,-9223372036854775808}'::bigint[]) s;
SELECT consent.opt_in('3', 'train') > 0 AS as_text, consent.opt_out(3, 'train') > 0 AS as_number;
SELECT id, consent.permits(p, 'train') AS by_row, consent.permits(ARRAY[author, reader, owner], 'train', 'post', id::text) AS by_columns,
	consent.permits(ARRAY[author::text, reader::text], 'train') AS as_text, consent.verdict(p, 'train') FROM post p ORDER BY id;
SELECT party, verdict, because IS NOT NULL AS because FROM post p, consent.explain(p, 'train') WHERE id = 3;
SELECT consent.permits(-7, 'train'), consent.verdict(3, 'train'), left(consent.choices_of(3)::text, 6) AS choices, (SELECT count(*) FROM consent.history(3)) AS events;
-- fails: whatever is not the number's own text would be somebody else's
SELECT consent.permits('042', 'train');
SELECT consent.permits('+1', 'train');
SELECT consent.permits(' 1', 'train');
SELECT consent.permits('-0', 'train');
SELECT consent.permits('9223372036854775808', 'train');
SELECT consent.permits('', 'train');
SELECT consent.permits('one', 'train');
SELECT consent.permits('{1,02}'::text[], 'train');
SELECT consent.permits('{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'::uuid[], 'train');
SELECT consent.opt_in('042', 'train');
SELECT * FROM consent.uses_of('042');
SELECT * FROM consent.history('042');
-- by row, the party who acted
SELECT consent.opt_out(p, 'train', party => -7) > 0 AS refused FROM post p WHERE id = 2;
SELECT consent.opt_in(p, 'train', party => 4) FROM post p WHERE id = 2;  -- fails
SELECT consent.permits(p, 'train') FROM post p WHERE id = 2;
-- use, in each form
SELECT consent.open_run('numbers', '{train}') AS run \gset
SELECT id FROM post p WHERE consent.record_use(p, :run);
SELECT id FROM post WHERE consent.record_use(:run, 'post', id, ARRAY[author, reader, owner]);
SELECT id FROM post WHERE consent.record_use(:run, 'post', id::text, ARRAY[author, reader, owner]);
SELECT id FROM post WHERE consent.record_use(:run, 'post', id, ARRAY[author::text]) ORDER BY 1;
SELECT * FROM consent.record_use(:run, 'post', '{1,2,3}'::bigint[]);
SELECT consent.record_use(:run, consent.manifest('{train}', 'post', id, ARRAY[author, reader, owner]::bigint[], NULL)) FROM post;
SELECT consent.record_use(:run, consent.manifest('{train}', 'post', id::text, ARRAY[author, reader, owner]::bigint[], NULL)) FROM post;
SELECT consent.record_use(:run, consent.manifest(p, 'train')) FROM post p;
SELECT consent.record_use(:run, consent.manifest('{train}', 'post', 4, '{77}'::bigint[], NULL));
SELECT row_key, verdict_then, verdict_now FROM consent.uses_of(-7) ORDER BY 1;
SELECT row_key, verdict_then FROM consent.uses_of('77');
-- many: the states are loaded at once, and answer as one by one
INSERT INTO consent.event (subject, choices) SELECT g::bigint * 1000003 - 2000000000, CASE WHEN g % 3 = 0 THEN '-train' ELSE '+train' END::consent.consent FROM generate_series(1, 5000) g;
SELECT count(*) AS asked, count(*) FILTER (WHERE p) AS permitted, count(*) FILTER (WHERE p <> t) AS differ
FROM (SELECT consent.permits(g * 1000003 - 2000000000, 'train') AS p, consent.permits((g * 1000003 - 2000000000)::text, 'train') AS t FROM generate_series(1::bigint, 6000) g OFFSET 0) x;
-- recording in every way
SELECT consent.publish_notice('privacy', '1', 'We train.', '{train}') IS NOT NULL AS published;
SELECT consent.serve_notice(100, 'privacy/1') > 0 AS as_number, consent.serve_notice('100', 'privacy/1') > 0 AS as_text;
SELECT consent.serve_notice('0100', 'privacy/1');  -- fails
SELECT consent.acting('0100');  -- fails
INSERT INTO consent.event (subject, choices) VALUES (100, '+train'), ('101', '-train') RETURNING subject;
INSERT INTO consent.event (subject, choices) VALUES (100, '+train'), ('0101', '-train');  -- fails
COPY consent.event (subject, choices) FROM stdin;
102	+train
 103	+train
\.
CREATE TABLE member (id integer PRIMARY KEY, handle varchar(20), small smallint, train boolean);
CREATE TRIGGER by_id AFTER INSERT OR UPDATE OR DELETE ON member FOR EACH ROW EXECUTE FUNCTION consent.track('id', 'train', 'train');
BEGIN;
SELECT consent.acting(104), consent.acting('105'::text, 'guardian');
INSERT INTO member VALUES (104, '204', 304, true), (105, '205', 305, true), (106, '206', 306, true);
COMMIT;
DROP TRIGGER by_id ON member;
CREATE TRIGGER by_small AFTER INSERT OR UPDATE OR DELETE ON member FOR EACH ROW EXECUTE FUNCTION consent.track('small', 'train', 'train');
CREATE TRIGGER by_handle AFTER INSERT OR UPDATE OR DELETE ON member FOR EACH ROW EXECUTE FUNCTION consent.track('handle', 'train', 'train');
UPDATE member SET train = false WHERE id = 104;
UPDATE member SET handle = '0205' WHERE id = 105;  -- fails
DROP TRIGGER by_small ON member;
DROP TRIGGER by_handle ON member;
SELECT * FROM consent.import_setting('member', 'id', 'train', 'train', true);
SELECT * FROM consent.import_setting('member', 'handle', 'train', 'train', true);
UPDATE member SET handle = ' 206' WHERE id = 106;
SELECT consent.import_setting('member', 'handle', 'train', 'train', true);  -- fails
SELECT subject, left(choices::text, 6) AS choice, actor FROM consent.event WHERE subject BETWEEN '100' AND '399' AND length(subject) = 3 AND choices IS NOT NULL ORDER BY event_id;
SELECT consent.erase_subject(104) > 0 AS erased, consent.permits(104, 'train');
SELECT * FROM consent.verify();
\c regress
DROP DATABASE subjects_bigint;

SET client_min_messages = warning;
CREATE DATABASE subjects_uuid;
\c subjects_uuid
SET client_min_messages = warning;
CREATE EXTENSION consent_ledger;
SELECT consent.create_ledger('uuids.example', 'uuid', test => true) IS NOT NULL AS created;
SELECT consent.define_purpose('train') > 0 AS defined;
CREATE TABLE post (id uuid PRIMARY KEY, author uuid, reader uuid);
INSERT INTO post VALUES ('00000000-0000-0000-0000-000000000001', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'ffffffff-ffff-ffff-ffff-ffffffffffff'),
	('00000000-0000-0000-0000-000000000002', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', NULL);
SELECT consent.protect('post', '{author, reader}') > 0 AS protected;
SELECT count(consent.opt_in(s, 'train')) FROM unnest('{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,ffffffff-ffff-ffff-ffff-ffffffffffff}'::uuid[]) s;
SELECT id, consent.permits(p, 'train') AS by_row, consent.permits(ARRAY[author, reader], 'train', 'post', id::text) AS by_columns,
	consent.permits(ARRAY[author::text], 'train') AS as_text, consent.verdict(ARRAY[author], 'train') FROM post p ORDER BY id;
SELECT party, verdict FROM consent.explain('{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'::uuid[], 'train');
SELECT consent.permits('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, 'train'), (SELECT count(*) FROM consent.history('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid)) AS events;
-- fails: other spellings, other types
SELECT consent.permits('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'train');
SELECT consent.permits('{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}', 'train');
SELECT consent.permits('a0eebc999c0b4ef8bb6d6bb9bd380a11', 'train');
SELECT consent.permits(1, 'train');
SELECT consent.opt_out(p, 'train', party => 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid) > 0 AS refused FROM post p WHERE id = '00000000-0000-0000-0000-000000000002';
SELECT consent.open_run('uuids', '{train}') AS run \gset
SELECT id FROM post p WHERE consent.record_use(p, :run);
SELECT id FROM post WHERE consent.record_use(:run, 'post', id::text, ARRAY[author, reader]);
SELECT * FROM consent.record_use(:run, 'post', (SELECT array_agg(id) FROM post));
SELECT consent.record_use(:run, 'post', 17, ARRAY['ffffffff-ffff-ffff-ffff-ffffffffffff']::uuid[]);
SELECT consent.record_use(:run, consent.manifest('{train}', 'post', id::text, ARRAY[author, reader], NULL)) FROM post;
SELECT consent.record_use(:run, consent.manifest('{train}', 'post', 18, ARRAY[author, reader], NULL)) FROM post;
SELECT row_key, verdict_then, verdict_now FROM consent.uses_of('ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid) ORDER BY 1;
INSERT INTO consent.event (subject, choices) SELECT md5(g::text)::uuid, CASE WHEN g % 3 = 0 THEN '-train' ELSE '+train' END::consent.consent FROM generate_series(1, 5000) g;
SELECT count(*) AS asked, count(*) FILTER (WHERE p) AS permitted, count(*) FILTER (WHERE p <> t) AS differ
FROM (SELECT consent.permits(md5(g::text)::uuid, 'train') AS p, consent.permits(md5(g::text)::uuid::text, 'train') AS t FROM generate_series(1, 6000) g OFFSET 0) x;
-- recording in every way
SELECT consent.publish_notice('privacy', '1', 'We train.', '{train}') IS NOT NULL AS published;
SELECT consent.serve_notice('00000000-0000-0000-0000-000000000100'::uuid, 'privacy/1') > 0 AS as_uuid;
SELECT consent.serve_notice('{00000000-0000-0000-0000-000000000100}', 'privacy/1');  -- fails
INSERT INTO consent.event (subject, choices) VALUES ('00000000-0000-0000-0000-0000000001AB'::uuid, '+train') RETURNING subject;
INSERT INTO consent.event (subject, choices) VALUES ('00000000-0000-0000-0000-0000000001AB', '+train');  -- fails
CREATE TABLE member (id uuid PRIMARY KEY, handle text, train boolean);
CREATE TRIGGER by_id AFTER INSERT OR UPDATE OR DELETE ON member FOR EACH ROW EXECUTE FUNCTION consent.track('id', 'train', 'train');
BEGIN;
SELECT consent.acting('00000000-0000-0000-0000-0000000001AC'::uuid);
INSERT INTO member VALUES ('00000000-0000-0000-0000-0000000001AC', '00000000-0000-0000-0000-0000000001AC', true);
COMMIT;
SELECT * FROM consent.import_setting('member', 'id', 'train', 'train', true);
SELECT consent.import_setting('member', 'handle', 'train', 'train', true);  -- fails
SELECT subject, left(choices::text, 6) AS choice, actor FROM consent.event WHERE subject LIKE '%0000000001a_' ORDER BY event_id;
SELECT consent.erase_subject('00000000-0000-0000-0000-0000000001AC'::uuid) > 0 AS erased;
SELECT * FROM consent.verify();
\c regress
DROP DATABASE subjects_uuid;
