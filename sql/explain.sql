-- Why a verdict is what it is, and what a subject chose.
\set VERBOSITY terse
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';
SELECT consent.define_purpose('exp_improve', since => '2024-01-01 00:00Z') > 0 AS defined;
SELECT consent.define_purpose('exp_ai', '{exp_improve}', since => '2024-01-01 00:00Z') > 0 AS defined;
SELECT consent.publish_notice('exp_privacy', '1', 'We may.', '{exp_ai}') IS NOT NULL AS published;
CREATE TABLE exp_message (id integer PRIMARY KEY, sender text, recipient text);
INSERT INTO exp_message VALUES (1, 'exp_alice', 'exp_bob'), (2, 'exp_alice', 'exp_carol'), (3, 'exp_carol', NULL), (4, 'exp_bob', 'exp_dave');
SELECT consent.protect('exp_message', '{sender, recipient}') > 0 AS protected;

SELECT consent.record_choices('exp_alice', '+exp_ai under exp_privacy/1', at => '2024-09-01 00:00Z', actor => 'import') AS granted \gset
SELECT consent.record_choices('exp_alice', '+exp_ai under exp_privacy/1', at => '2024-09-01 00:00Z', actor => 'import') AS again \gset
SELECT consent.record_choices('exp_bob', '-exp_improve as objected', at => '2024-09-02 00:00Z', actor => 'import', notice => 'exp_privacy/1') AS refused \gset
SELECT consent.opt_out(m, 'exp_ai', party => 'exp_alice', at => '2024-09-03 00:00Z', actor => 'import') AS this_row FROM exp_message m WHERE id = 2 \gset
SELECT consent.record_choices('exp_carol', '+exp_ai', at => '2024-09-04 00:00Z', actor => 'import', table_name => 'exp_message') AS this_table \gset
SELECT consent.set_preset('~exp_improve', at => '2024-08-01 00:00Z', notice => 'exp_privacy/1') AS preset \gset

-- which event decided, for each party (the first that said so)
SELECT id, party, verdict, notice, because,
       CASE event_id WHEN :granted THEN 'granted' WHEN :again THEN 'again' WHEN :refused THEN 'refused'
           WHEN :this_row THEN 'this row' WHEN :this_table THEN 'this table' WHEN :preset THEN 'preset' END AS event
FROM exp_message m, consent.explain(m, 'exp_ai') WITH ORDINALITY ORDER BY id, ordinality;
-- as it was
SELECT party, verdict, event_id = :preset AS preset, because FROM consent.explain('exp_alice', 'exp_ai', at => '2024-08-15 00:00Z');
SELECT party, verdict, event_id, because FROM consent.explain('exp_alice', 'exp_ai', at => '2024-07-01 00:00Z');
SELECT party, verdict, event_id, because FROM consent.explain('exp_alice', 'exp_ai', known_at => '2024-07-01 00:00Z');
-- by columns
SELECT party, verdict, because FROM consent.explain('{exp_alice, exp_carol}'::text[], 'exp_ai', 'exp_message', '2');
SELECT party, verdict, because FROM consent.explain('{exp_alice}'::text[], 'exp_ai', 'exp_message', '22');
-- without a party
SELECT party, verdict, event_id, because FROM consent.explain('{}'::text[], 'exp_ai');
SELECT party, verdict, event_id, because FROM consent.explain(NULL::text, 'exp_ai');

-- explanations and verdicts agree
SELECT count(*) FROM exp_message m, LATERAL (SELECT max(verdict) AS worst FROM consent.explain(m, 'exp_ai')) e
WHERE e.worst IS DISTINCT FROM consent.verdict(m, 'exp_ai');

-- what people chose
SELECT s AS subject, consent.choices_of(s) AS choices FROM unnest('{exp_alice, exp_bob, exp_carol, exp_nobody, NULL}'::text[]) s;
SELECT consent.choices_of('exp_alice', at => '2024-08-31 00:00Z') AS before, consent.choices_of('exp_alice', known_at => '2024-09-30 00:00Z') AS unknown_then;
SELECT kind, choices, event_time, actor, notice, table_name, row_key FROM consent.history('exp_alice');
SELECT count(*) FROM consent.history('exp_nobody');

-- Somebody erased is denied; what she chose is not tied to her again.
SELECT consent.erase_subject('exp_bob') AS erased \gset
SELECT party, verdict, event_id = :erased AS erased, because FROM consent.explain('exp_bob', 'exp_ai');
SELECT consent.choices_of('exp_bob') AS choices, (SELECT count(*) FROM consent.history('exp_bob')) AS events;

-- fails
SELECT * FROM consent.explain('exp_alice', 'exp_lost');
SELECT consent.choices_of(1);
SELECT * FROM consent.history('');
DROP TABLE exp_message;
