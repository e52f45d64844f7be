-- What auditors are told, case by case: eleven letters used in May, again today,
-- and by a run for two purposes; then things happen.
\set VERBOSITY terse
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT count(consent.define_purpose(name, regime => regime, since => '2023-01-01 00:00Z')) AS purposes
FROM (VALUES ('aca_train', 'opt_in'), ('aca_ads', 'opt_out')) p(name, regime);
CREATE TABLE aca_letter (id integer PRIMARY KEY, sender text, reader text, at timestamptz);
INSERT INTO aca_letter SELECT id, 'aca_' || sender, 'aca_' || reader, at::timestamptz FROM (VALUES
	(1, 'yes', 'yes', '2024-02-01 00:00Z'),
	(2, 'limited', 'yes', '2024-02-01 00:00Z'),
	(3, 'partial', 'yes', '2024-02-01 00:00Z'),
	(4, 'partial', 'yes', '2024-04-01 00:00Z'),
	(5, 'withdrawn', 'yes', '2024-02-01 00:00Z'),
	(6, 'preset', 'yes', '2024-02-01 00:00Z'),
	(7, 'late', 'yes', '2024-02-01 00:00Z'),
	(8, 'agreed', 'yes', '2024-02-01 00:00Z'),
	(9, 'erased', 'yes', '2024-02-01 00:00Z'),
	(10, NULL, 'yes', NULL),
	(11, NULL, NULL, '2024-02-01 00:00Z')) l(id, sender, reader, at);
SELECT consent.protect('aca_letter', '{sender, reader}', collected_at => 'at') > 0 AS protected;
SELECT count(consent.record_choices('aca_' || who, choices::consent.consent, at => '2024-01-01 00:00Z', actor => 'import')) AS recorded FROM (VALUES
	('yes', '+aca_train'), ('limited', '+aca_train until 2024-06-01T00:00:00Z'), ('partial', '+aca_train for [2024-03-01T00:00:00Z,)'),
	('withdrawn', '+aca_train'), ('preset', '~aca_train, ~aca_ads'), ('erased', '+aca_train')) c(who, choices);

SELECT consent.open_run('aca may', '{aca_train}', used_at => '[2024-05-01 00:00Z,2024-05-10 00:00Z)') AS may \gset
SELECT * FROM consent.record_use(:may, 'aca_letter', (SELECT array_agg(id) FROM aca_letter)::bigint[]);
SELECT consent.open_run('aca today', '{aca_train}') AS today \gset
SELECT * FROM consent.record_use(:today, 'aca_letter', (SELECT array_agg(id) FROM aca_letter)::bigint[]);
SELECT consent.open_run('aca both', '{aca_train,aca_ads}') AS both_ \gset
SELECT * FROM consent.record_use(:both_, 'aca_letter', '{1,6,8}'::bigint[]);
SELECT count(consent.close_run(r)) AS closed FROM unnest(ARRAY[:may, :today, :both_]) r;

-- then these things happen
SELECT consent.record_choices('aca_withdrawn', '-aca_train as withdrawn', at => '2024-07-01 00:00Z', actor => 'import') AS withdrawn \gset
SELECT consent.record_choices('aca_late', '+aca_train', at => '2024-04-01 00:00Z', actor => 'import', method => 'paper') AS late \gset
SELECT consent.opt_in('aca_agreed', 'aca_train') AS agreed \gset
SELECT consent.erase_subject('aca_erased') AS erased \gset
SELECT consent.record_choices('aca_yes', '-aca_ads', at => '2024-08-01 00:00Z', actor => 'import') AS no_ads \gset
-- and the table gets another name
ALTER TABLE aca_letter RENAME TO aca_mail;
CREATE TEMP VIEW event_name AS SELECT e.event_id, e.name FROM (VALUES
	(:withdrawn, 'withdrawn'), (:late, 'late'), (:agreed, 'agreed'), (:erased, 'erased'), (:no_ads, 'no ads')) e(event_id, name);

-- every row of every answer; a subject that was erased has a number only
SELECT run, u.row_key, replace(u.subject, 'aca_', '') AS subject, verdict_then, verdict_now, coalesce(e.name, left(v.choices::text, 1)) AS event
FROM consent.withdrawn_uses u LEFT JOIN event_name e USING (event_id) LEFT JOIN consent.event v USING (event_id)
WHERE run LIKE 'aca%' ORDER BY u.run_id, u.row_key::integer, u.subject COLLATE "C";
-- the same, whichever way subjects are looked up
CREATE TEMP TABLE withdrawn_before AS SELECT * FROM consent.withdrawn_uses;
CREATE TEMP VIEW withdrawn_otherwise AS
	(TABLE withdrawn_before EXCEPT SELECT * FROM consent.withdrawn_uses) UNION ALL (SELECT * FROM consent.withdrawn_uses EXCEPT TABLE withdrawn_before);
SET consent_ledger.lookup = 'single';
SELECT count(*) FROM withdrawn_otherwise;
SET consent_ledger.lookup = 'cached';
SELECT count(*) FROM withdrawn_otherwise;
SET consent_ledger.lookup = 'loaded';
SELECT count(*) FROM withdrawn_otherwise;
RESET consent_ledger.lookup;
SELECT run, row_key, replace(subject, 'aca_', '') AS subject, verdict_then, permitted_then, verdict_now
FROM consent.preset_uses u WHERE run LIKE 'aca%' ORDER BY run_id, row_key::integer, u.subject COLLATE "C";
SELECT run, u.row_key, replace(u.subject, 'aca_', '') AS subject, u.subject_no IS NULL AS nobody, verdict_then, verdict_now, coalesce(e.name, left(v.choices::text, 1)) AS event
FROM consent.unpermitted_uses u LEFT JOIN event_name e USING (event_id) LEFT JOIN consent.event v USING (event_id)
WHERE run LIKE 'aca%' ORDER BY u.run_id, u.row_key::integer, u.subject COLLATE "C";
SELECT run, row_key, replace(subject, 'aca_', '') AS subject, verdict_then, verdict_now, because, e.name AS event
FROM consent.retroactive_uses u LEFT JOIN event_name e USING (event_id)
WHERE run LIKE 'aca%' ORDER BY run_id, row_key::integer, u.subject COLLATE "C";
-- no answer holds a use twice, and each use leads back to its run, part and events
SELECT which, count(*) AS uses, count(*) - count(DISTINCT (u.run_id, u.table_name, u.row_key, u.subject_no)) AS doubles,
	bool_and(p.event_id = u.part_event AND e.kind = 'run_part') AS sealed, count(DISTINCT u.table_name) AS tables
FROM unnest('{all,withdrawn,preset,unpermitted,retroactive,collected}'::text[]) which
CROSS JOIN consent.run r CROSS JOIN LATERAL consent.run_uses(r.run_id, which) u
JOIN consent.run_part p ON p.run_id = u.run_id AND p.part = u.part JOIN consent.event e ON e.event_id = u.part_event
WHERE r.name LIKE 'aca%' GROUP BY which ORDER BY which COLLATE "C";
SELECT count(*) FROM consent.withdrawn_uses u JOIN consent.event e ON e.event_id = u.closed_event WHERE u.run LIKE 'aca%' AND e.kind = 'run_closed';

-- one member's answer, over several runs
SELECT run, row_key, verdict_then, permitted_then, verdict_now, e.name AS event, outcome FROM consent.uses_of('aca_withdrawn') u LEFT JOIN event_name e USING (event_id);
SELECT run, row_key, verdict_then, verdict_now FROM consent.uses_of('aca_partial');
SELECT run, count(*) FROM consent.uses_of('aca_yes') GROUP BY run_id, run ORDER BY run_id;
-- a key that was erased finds nothing any more
SELECT count(*) FROM consent.uses_of('aca_erased');

-- notices: of the purpose itself, by when each was published or recorded
SELECT count(*) FROM consent.collected_before_notice WHERE run LIKE 'aca%' AND notice IS NOT NULL;
SELECT consent.publish_notice('aca', 'one', 'For training.', '{aca_train}', stated_on => '2024-03-01', published_at => '2024-03-15 00:00Z') IS NOT NULL AS published;
SELECT consent.publish_notice('aca', 'two', 'Training it is.', '{aca_train}', stated_on => '2024-03-01', published_at => '2024-03-20 00:00Z') IS NOT NULL AS published;
SELECT consent.publish_notice('aca', 'three', 'Training it is.', '{aca_train}', stated_on => '2024-03-01', published_at => '2024-03-25 00:00Z') IS NOT NULL AS published;
SELECT consent.publish_notice('aca', 'un', 'Pour entraîner.', '{aca_train}', stated_on => '2024-01-01', published_at => '2024-03-22 00:00Z', language => 'fr') IS NOT NULL AS published;
SELECT consent.publish_notice('aca', 'four', 'Training it was.', '{aca_train}', published_at => '2024-03-30 00:00Z') IS NOT NULL AS published;
SELECT row_key, count(*) AS parties, notice, spoken_at, row_state, collected_at FROM consent.collected_before_notice WHERE run = 'aca may'
GROUP BY row_key, notice, spoken_at, row_state, collected_at ORDER BY row_key::integer;
SELECT purpose, count(DISTINCT row_key), notice FROM consent.collected_before_notice WHERE run = 'aca both' GROUP BY purpose, notice ORDER BY purpose;
SELECT label_before, label, stated_before, stated_on FROM consent.silent_notice_changes WHERE name = 'aca';

-- party rules: whose own verdict did not change has not withdrawn
CREATE TABLE aca_photo (id integer PRIMARY KEY, owner text, sitter text);
INSERT INTO aca_photo VALUES (1, 'aca_yes', 'aca_stranger'), (2, 'aca_sitter', 'aca_yes'), (3, 'aca_stranger', 'aca_sitter');
SELECT consent.protect('aca_photo', '{owner, sitter}', rule => 'any') > 0 AS protected;
SELECT consent.open_run('aca photos', '{aca_train}') AS photos \gset
SELECT * FROM consent.record_use(:photos, 'aca_photo', '{1,2,3}'::bigint[]);
SELECT row_key, subject FROM consent.withdrawn_uses WHERE run_id = :photos;
SELECT row_key, subject, verdict_then FROM consent.unpermitted_uses WHERE run_id = :photos ORDER BY 1, 2;
SELECT consent.opt_out('aca_sitter', 'aca_train') > 0 AS refused, consent.opt_out('aca_yes', 'aca_train') > 0 AS refused;
SELECT row_key, subject, verdict_then, verdict_now FROM consent.withdrawn_uses WHERE run_id = :photos ORDER BY 1;

-- a column that is gone takes the times with it, and what only they could tell; so does a table
ALTER TABLE aca_mail DROP COLUMN at;
SELECT row_state, count(*) FROM consent.run_uses(:may, 'collected') GROUP BY 1;
SELECT row_key, verdict_then, verdict_now FROM consent.uses_of('aca_partial') WHERE run = 'aca today';
DROP TABLE aca_mail, aca_photo;
SELECT count(*) FROM consent.run_uses(:may);
SELECT run, count(*) FROM consent.withdrawn_uses WHERE run LIKE 'aca%' GROUP BY run_id, run ORDER BY run_id;

-- what came late, in this order, and what became of it
SELECT count(consent.record_choices('aca_' || who, choices::consent.consent, actor => 'import', source => source)) AS recorded FROM (VALUES
	('tom', '-aca_train@2024-03-01T00:00Z', 'call'), ('tom', '+aca_train@2024-02-01T00:00Z', 'paper'), ('tom', '+aca_train@2024-04-01T00:00Z', 'paper'),
	('tom', '-aca_train@2024-01-01T00:00Z', 'call'), ('una', '~aca_train@2024-01-01T00:00Z', 'crm'), ('una', '+aca_train@2024-02-01T00:00Z for [,2024-01-01T00:00:00Z)', 'paper'),
	('una', '-aca_train@2024-03-01T00:00Z for [,2023-01-01T00:00:00Z), +aca_ads@2024-03-01T00:00Z', 'paper')) c(who, choices, source);
SELECT count(consent.record_choices('aca_tom', '-aca_train', table_name => 'aca_photo', row_key => '1', at => '2024-05-01 00:00Z', actor => 'import')) AS recorded;
SELECT replace(subject, 'aca_', '') AS subject, purpose, stance, claimed_at, late_by > interval '1 day' AS late, recorded_by = current_user AS by_me, source, row_key, before, after, effect
FROM consent.late_events WHERE subject IN ('aca_tom', 'aca_una') ORDER BY event_id, purpose;

-- An auditor needs no more than to be one.
CREATE TABLE aca_secret (id integer PRIMARY KEY, owner text, at timestamptz);
INSERT INTO aca_secret VALUES (1, 'aca_partial', '2024-02-01 00:00Z'), (2, 'aca_partial', '2024-04-01 00:00Z');
SELECT consent.protect('aca_secret', '{owner}', collected_at => 'at') > 0 AS protected;
SELECT consent.open_run('aca secret', '{aca_train}') AS secret \gset
SELECT * FROM consent.record_use(:secret, 'aca_secret', '{1,2}'::bigint[]);
CREATE ROLE regress_aca_auditor;
SELECT consent.grant_role('auditor', 'regress_aca_auditor');
SET ROLE regress_aca_auditor;
SELECT owner FROM aca_secret;  -- fails
SELECT row_key, verdict_then, verdict_now FROM consent.uses_of('aca_partial') WHERE run = 'aca secret' ORDER BY 1;
SELECT row_key, collected_at, row_state FROM consent.collected_before_notice WHERE run = 'aca secret';
SELECT (SELECT count(*) FROM consent.withdrawn_uses) > 0 AS withdrawn, (SELECT count(*) FROM consent.preset_uses) > 0 AS preset,
	(SELECT count(*) FROM consent.unpermitted_uses) > 0 AS unpermitted, (SELECT count(*) FROM consent.retroactive_uses) > 0 AS retroactive,
	(SELECT count(*) FROM consent.unclosed_runs) > 0 AS unclosed, (SELECT count(*) FROM consent.missing_parts) >= 0 AS missing,
	(SELECT count(*) FROM consent.silent_notice_changes) > 0 AS silent, (SELECT count(*) FROM consent.late_events) > 0 AS late;
RESET ROLE;
DROP OWNED BY regress_aca_auditor;
DROP ROLE regress_aca_auditor;
DROP TABLE aca_secret;
RESET timezone;
RESET datestyle;
