-- Bulk: INSERT … SELECT and COPY into the view consent.event.
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT consent.define_purpose('bulk_train') > 0 AS defined;
SELECT consent.define_purpose('bulk_ads') > 0 AS defined;

INSERT INTO consent.event (subject, choices)
SELECT 'bulk_' || i, CASE WHEN i % 4 = 0 THEN '-bulk_train' ELSE '+bulk_train' END
FROM generate_series(1, 10000) i;

-- one seal for each slice of 4096
SELECT s.count FROM consent.seal s
WHERE s.seal_no IN (SELECT event_id / 4096 FROM consent.event WHERE subject LIKE 'bulk\_%')
ORDER BY s.seal_no;
SELECT count(*) AS subjects, count(*) FILTER (WHERE state::text LIKE '-bulk_train@%') AS refused
FROM consent.subject WHERE key LIKE 'bulk\_%';

-- every event has its id at once
INSERT INTO consent.event (subject, choices, actor, method)
VALUES ('bulk_1', '-bulk_ads', 'self', 'web'), ('bulk_2', '-bulk_ads', 'guardian', 'phone')
RETURNING event_id % 4096 AS place, subject, left(choices::text, 9) AS choices, event_time = recorded_at AS now, actor;

-- also through a view of one's own, whose condition is about what the ledger sets
CREATE VIEW bulk_by_agent AS
SELECT event_id, subject, choices, recorded_at, actor FROM consent.event
WHERE actor = 'agent' AND recorded_at IS NOT NULL AND event_id > 4096
WITH CHECK OPTION;
INSERT INTO bulk_by_agent (subject, choices, actor) VALUES ('bulk_1', '+bulk_ads', 'agent')
RETURNING subject, actor, event_id % 4096 AS place, recorded_at IS NOT NULL AS recorded;
INSERT INTO bulk_by_agent (subject, choices, actor) SELECT 'bulk_' || i, '+bulk_ads', 'self' FROM generate_series(1, 2) i;
DROP VIEW bulk_by_agent;

-- the same subject twice in a statement: both count, in any order
INSERT INTO consent.event (subject, choices, event_time)
VALUES ('bulk_3', '+bulk_ads', '2024-02-01 00:00+00'), ('bulk_3', '-bulk_ads', '2024-01-01 00:00+00');
SELECT state ->> 0 IS NOT NULL AS has_state FROM (SELECT state::jsonb FROM consent.subject WHERE key = 'bulk_3') s;

COPY consent.event (subject, choices, event_time, actor, method, source, external_id) FROM stdin;
bulk_copied	+bulk_train, -bulk_ads	2024-05-01 12:00:00+00	self	import	cmp	a-1
bulk_4	-bulk_train	2024-05-02 12:00:00+00	agent	import	cmp	a-2
\.
SELECT subject, choices, actor, external_id FROM consent.event WHERE source = 'cmp' ORDER BY external_id;

-- delivered again, and a new one with it: only the new one is recorded
COPY consent.event (subject, choices, event_time, actor, method, source, external_id) FROM stdin;
bulk_copied	+bulk_train, -bulk_ads	2024-05-01 12:00:00+00	self	import	cmp	a-1
bulk_5	-bulk_train	2024-05-03 12:00:00+00	self	import	cmp	a-3
bulk_5	-bulk_train	2024-05-03 12:00:00+00	self	import	cmp	a-3
\.
SELECT count(*) FROM consent.event WHERE source = 'cmp';

-- fails, and the whole statement leaves nothing behind
INSERT INTO consent.event (subject, choices) VALUES ('bulk_lost', '+bulk_train'), ('bulk_lost', '+bulk_tarin');
INSERT INTO consent.event (subject, choices) VALUES ('bulk_lost', '+bulk_train'), (NULL, '+bulk_train');
INSERT INTO consent.event (subject, choices) VALUES ('bulk_lost', '+bulk_train'), ('bulk_lost', NULL);
INSERT INTO consent.event (subject, choices) VALUES ('bulk_lost', '+bulk_train bad');
INSERT INTO consent.event (subject, choices, actor) VALUES ('bulk_lost', '+bulk_train', NULL);
SELECT count(*) FROM consent.event WHERE subject = 'bulk_lost';

-- fails: what the ledger sets cannot be given
INSERT INTO consent.event (event_id, subject, choices) VALUES (1, 'bulk_lost', '+bulk_train');
INSERT INTO consent.event (recorded_at, subject, choices) VALUES (now(), 'bulk_lost', '+bulk_train');

-- writes in a CTE, and a function that records while the statement runs
WITH written AS (
	INSERT INTO consent.event (subject, choices) VALUES ('bulk_cte', '+bulk_train') RETURNING subject
), also AS (
	INSERT INTO consent.event (subject, choices) VALUES ('bulk_cte', '+bulk_ads') RETURNING subject
)
SELECT count(*) FROM written, also;
INSERT INTO consent.event (subject, choices)
SELECT 'bulk_nested_' || i, '+bulk_train' FROM generate_series(1, 2) i
WHERE consent.opt_out('bulk_nested_' || i, 'bulk_ads') > 0;
SELECT subject, left(choices::text, 11) AS choices FROM consent.event
WHERE subject LIKE 'bulk\_nested%' OR subject = 'bulk_cte' ORDER BY subject, choices;

-- Late events in any order come to the same: four people, the same acts in four orders.
CREATE TABLE bulk_act AS SELECT * FROM (VALUES
	(1, '+bulk_train', timestamptz '2024-01-01 00:00Z', 'US'), (2, '-bulk_train as withdrawn', '2024-02-01 00:00Z', NULL), (3, '+bulk_train until 2024-06-01T00:00:00Z', '2024-03-01 00:00Z', 'FR'),
	(4, '~bulk_ads', '2024-04-01 00:00Z', 'DE'), (5, '-bulk_ads', '2024-01-15 00:00Z', NULL), (6, '-bulk_train, +bulk_ads', '2024-03-01 00:00Z', 'GB'),
	(7, '+bulk_train for [2024-01-01T00:00:00Z,)', '2024-02-15 00:00Z', NULL)) a (n, choices, at, jurisdiction);
INSERT INTO consent.event (subject, choices, event_time, actor, method, jurisdiction)
SELECT 'bulk_order1', choices::consent.consent, at, 'import', 'paper', jurisdiction FROM bulk_act ORDER BY n;
SELECT count(consent.record_choices('bulk_order2', choices::consent.consent, at, 'import', 'paper', jurisdiction => jurisdiction)) FROM (SELECT * FROM bulk_act ORDER BY n DESC) a;
SELECT count(consent.record_choices('bulk_order3', choices::consent.consent, at, 'import', 'paper', jurisdiction => jurisdiction)) FROM (SELECT * FROM bulk_act ORDER BY md5(n::text)) a;
INSERT INTO consent.event (subject, choices, event_time, actor, method, jurisdiction)
SELECT 'bulk_order4', choices::consent.consent, at, 'import', 'paper', jurisdiction FROM bulk_act, generate_series(1, 700) ORDER BY hashint4(n), random();
SELECT state, jurisdiction, jurisdiction_at AT TIME ZONE 'UTC' AS since, count(*) FROM consent.subject WHERE key LIKE 'bulk\_order%' GROUP BY 1, 2, 3;
SELECT count(DISTINCT (consent.verdict(key, 'bulk_train', at => at), consent.verdict(ARRAY[key], 'bulk_ads', at => at))) AS ways, count(*) AS asked
FROM consent.subject, (SELECT at FROM bulk_act UNION SELECT now()) t WHERE key LIKE 'bulk\_order%' GROUP BY at ORDER BY at;
DROP TABLE bulk_act;

-- fails: under replica role the triggers would not fire and the rows would be lost
SET session_replication_role = replica;
INSERT INTO consent.event (subject, choices) VALUES ('bulk_lost', '+bulk_train');
RESET session_replication_role;

-- every event is in a seal, at its place
SELECT count(*) FROM consent.event_log e
LEFT JOIN consent.seal s ON s.seal_no = e.event_id / 4096 AND e.event_id % 4096 < s.count
WHERE s.seal_no IS NULL;
