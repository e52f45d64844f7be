-- Tables whose rows belong to subjects.
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT consent.define_purpose('prot_train') IS NOT NULL AS defined;
CREATE SCHEMA prot;
CREATE TABLE prot.message (id bigint PRIMARY KEY, sender text, recipient text, body text, sent_at timestamptz, born date);
INSERT INTO prot.message VALUES (1, 'prot_alice', 'prot_bob', 'hello', '2024-05-01 12:00+00'), (2, 'prot_bob', NULL, 'note', '2024-06-01 12:00+00');

-- passes: both parties decide; the row key is the primary key
SELECT consent.protect('prot.message', parties => '{sender, recipient}', collected_at => 'sent_at') AS first \gset
SELECT known_as, schema_name, table_name, parties, row_key, collected_at, rule FROM consent.protected_table WHERE known_as LIKE 'prot.%';
-- the same again changes nothing
SELECT consent.protect('prot.message', '{sender, recipient}', collected_at => 'sent_at') = :first AS unchanged;

-- fails: what cannot be protected, or not like that
SELECT consent.protect('prot.message', '{sender, receiver}');
SELECT consent.protect('prot.message', '{}');
SELECT consent.protect('prot.message', '{sender, sender}');
SELECT consent.protect('prot.message', '{id}');
SELECT consent.protect('prot.message', '{sender}', row_key => '{born}');
SELECT consent.protect('prot.message', '{sender}', collected_at => 'born');
SELECT consent.protect('prot.message', '{sender}', rule => 'most');
SELECT consent.protect('prot.message', '{sender}', known_as => 'mail');
CREATE VIEW prot.shown AS SELECT * FROM prot.message;
SELECT consent.protect('prot.shown', '{sender}', '{id}');
CREATE TABLE prot.keyless (owner text);
SELECT consent.protect('prot.keyless', '{owner}');
SELECT consent.protect('prot.keyless', '{owner}', '{owner}', known_as => 'prot.message');
CREATE TEMP TABLE passing (id int PRIMARY KEY, owner text);
SELECT consent.protect('passing', '{owner}');
SELECT consent.protect('consent.subject', '{key}');
SELECT consent.protect('pg_class', '{relname}');
SELECT consent.protect('prot.keyless', '{owner}', '{owner}', known_as => '');
SELECT consent.protect('prot.keyless', '{owner}', '{owner}', known_as => repeat('x', 256));
SELECT consent.protect('prot.keyless', '{owner}', '{owner}', known_as => E'a\nb');

-- composite keys, partitions, another name
CREATE TABLE prot.post (tenant int, id uuid, owner varchar(80), PRIMARY KEY (tenant, id)) PARTITION BY LIST (tenant);
CREATE TABLE prot.post_1 PARTITION OF prot.post FOR VALUES IN (1);
SELECT consent.protect('prot.post', '{owner}', known_as => 'prot_posts') > 0 AS protected;
-- a partition is protected with its table, or all of them by themselves
SELECT consent.protect('prot.post_1', '{owner}');  -- fails
CREATE TABLE prot.log (id bigint, day integer, owner text, PRIMARY KEY (id, day)) PARTITION BY LIST (day);
CREATE TABLE prot.log_1 PARTITION OF prot.log FOR VALUES IN (1) PARTITION BY HASH (id);
CREATE TABLE prot.log_1_0 PARTITION OF prot.log_1 FOR VALUES WITH (MODULUS 1, REMAINDER 0);
SELECT consent.protect('prot.log_1_0', '{owner}') > 0 AS protected;
SELECT consent.protect('prot.log', '{owner}');  -- fails
INSERT INTO prot.post VALUES (1, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'prot_alice');
SELECT consent.row_key('1', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'), consent.row_key('7'), consent.row_key('a,b', 'c"d'), consent.row_key('1', NULL);

-- choices about one row: by the party who acted, or for all of them
SELECT consent.opt_in(m, 'prot_train', party => 'prot_alice') > 0 AS recorded FROM prot.message m WHERE id = 1;
SELECT consent.opt_out(m, 'prot_train') > 0 AS recorded FROM prot.message m WHERE id = 1;
SELECT consent.opt_out(p, 'prot_train', party => 'prot_alice') > 0 AS recorded FROM prot.post p;
SELECT subject, regexp_replace(choices::text, '@[^ ]*', '@…') AS choices, table_name, row_key FROM consent.event
WHERE table_name LIKE 'prot%' ORDER BY event_id;
-- also by the row's key, in its one spelling: another would be the key of no row
SELECT consent.opt_out('prot_alice', 'prot_train', table_name => 'prot.message', row_key => '2') > 0 AS recorded;
SELECT consent.opt_out('prot_alice', 'prot_train', table_name => 'prot_posts', row_key => consent.row_key('1', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')) > 0 AS recorded;
SELECT consent.opt_out('prot_alice', 'prot_train', table_name => 'prot_posts', row_key => '{7,ffffffff-9c0b-4ef8-bb6d-6bb9bd380a11}') > 0 AS no_row_yet;
-- fails
SELECT consent.opt_out('prot_alice', 'prot_train', table_name => 'prot.message', row_key => '02');
SELECT consent.opt_out('prot_alice', 'prot_train', table_name => 'prot.message', row_key => ' 2');
SELECT consent.opt_out('prot_alice', 'prot_train', table_name => 'prot.message', row_key => '');
SELECT consent.opt_out('prot_alice', 'prot_train', table_name => 'prot.message', row_key => '9223372036854775808');
SELECT consent.opt_out('prot_alice', 'prot_train', table_name => 'prot_posts', row_key => '1');
SELECT consent.opt_out('prot_alice', 'prot_train', table_name => 'prot_posts', row_key => '(1,a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11)');
SELECT consent.opt_out('prot_alice', 'prot_train', table_name => 'prot_posts', row_key => '{1, a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}');
SELECT consent.opt_out('prot_alice', 'prot_train', table_name => 'prot_posts', row_key => '{1,A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}');
SELECT consent.opt_out('prot_alice', 'prot_train', table_name => 'prot_posts', row_key => '{1,NULL}');
\set VERBOSITY default
INSERT INTO consent.event (subject, choices, table_name, row_key) VALUES ('prot_alice', '-prot_train', 'prot_posts', '{2147483648,a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}');
\set VERBOSITY terse
-- fails: who is no party of the row; nobody in particular; a row of something else
SELECT consent.opt_in(m, 'prot_train', party => 'prot_carol') FROM prot.message m WHERE id = 1;
SELECT consent.opt_in(m, 'prot_train') FROM prot.message m WHERE id = 1;
SELECT consent.opt_in(k, 'prot_train', party => 'prot_carol') FROM (VALUES (1)) k;

-- a name without its schema is enough where only one fits
SELECT consent.opt_out('prot_dora', 'prot_train', table_name => 'message') > 0 AS recorded;
SELECT table_name FROM consent.event WHERE subject = 'prot_dora';
CREATE SCHEMA prot_other;
CREATE TABLE prot_other.message (id bigint PRIMARY KEY, sender text);
SELECT consent.protect('prot_other.message', '{sender}') > 0 AS protected;
\set VERBOSITY default
SELECT consent.opt_out('prot_dora', 'prot_train', table_name => 'message');  -- fails
SELECT consent.opt_out('prot_dora', 'prot_train', table_name => 'messages');  -- fails
\set VERBOSITY terse
SELECT consent.opt_out('prot_dora', 'prot_train', table_name => 'prot_other.message') > 0 AS recorded;

-- renames are followed, and recorded
ALTER TABLE prot.message RENAME TO letter;
ALTER TABLE prot.letter RENAME COLUMN recipient TO addressee;
CREATE SCHEMA prot2;
ALTER TABLE prot.letter SET SCHEMA prot2;
ALTER SCHEMA prot2 RENAME TO prot3;
ALTER TABLE prot3.letter RENAME COLUMN body TO contents;
SELECT known_as, schema_name, table_name, parties FROM consent.protected_table WHERE known_as = 'prot.message' ORDER BY event_id;
SELECT kind, count(*) FROM consent.event WHERE kind LIKE 'table\_%' AND detail::json ->> 'known_as' LIKE 'prot%' GROUP BY kind ORDER BY kind;
SELECT consent.opt_out(l, 'prot_train', party => 'prot_bob') > 0 AS recorded FROM prot3.letter l WHERE id = 2;

-- also those that come with another command or another relation: ALTER INDEX on
-- a table, the type of a typed table, the table inherited from, names swapped
ALTER INDEX prot3.letter RENAME TO missive;
ALTER TABLE prot3.missive RENAME TO letter;
CREATE TYPE prot.note_type AS (id integer, writer text);
CREATE TABLE prot.note OF prot.note_type (PRIMARY KEY (id));
CREATE TABLE prot.owned (keeper text, kept timestamptz);
CREATE TABLE prot.thing (id smallint PRIMARY KEY) INHERITS (prot.owned);
SELECT consent.protect('prot.note', '{writer}') > 0 AS note, consent.protect('prot.thing', '{keeper}', collected_at => 'kept') > 0 AS thing;
ALTER TYPE prot.note_type RENAME ATTRIBUTE writer TO author CASCADE;
ALTER TABLE prot.owned RENAME keeper TO holder;
ALTER TABLE prot.owned RENAME kept TO since;
BEGIN;
ALTER TABLE prot.note RENAME TO passing;
ALTER TABLE prot.thing RENAME TO note;
SAVEPOINT s;
ALTER TABLE prot.note RENAME id TO number;
ROLLBACK TO s;
ALTER TABLE prot.passing RENAME TO thing;
COMMIT;
SELECT DISTINCT ON (known_as) known_as, table_name, parties, row_key, collected_at FROM consent.protected_table
WHERE known_as IN ('prot.note', 'prot.thing', 'prot.message') ORDER BY known_as, event_id DESC;
-- what is rolled back is not recorded; what is renamed to and fro is, twice
SELECT count(*) FROM consent.protected_table WHERE known_as IN ('prot.note', 'prot.thing');
-- a column that is replaced in one command is the new one
INSERT INTO prot.thing VALUES (1, 'prot_alice');
ALTER TABLE prot.note DROP COLUMN id, ADD COLUMN id bigint DEFAULT 1;
INSERT INTO prot.note (id, holder) VALUES (7, 'prot_bob');
SELECT consent.verdict(t, 'prot_train') FROM prot.thing t;
SELECT consent.verdict(n, 'prot_train') FROM prot.note n;

-- a dropped table leaves its history; a column that is gone is an error
ALTER TABLE prot.post DROP COLUMN owner;
SELECT consent.opt_out(p, 'prot_train', party => 'prot_alice') FROM prot.post p;
DROP TABLE prot3.letter CASCADE;
SELECT count(*) FROM consent.event WHERE table_name = 'prot.message';
SELECT consent.record_choices('prot_alice', '-prot_train', table_name => 'prot.message') > 0 AS recorded;
