-- A settings column that was there before the ledger becomes events, honestly.
\set VERBOSITY terse
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';
SELECT consent.define_purpose('imp_ai', since => '2024-08-01 00:00Z') > 0 AS defined;

CREATE TABLE imp_settings (member text PRIMARY KEY, use_my_data boolean, changed_at timestamptz, bio text);
INSERT INTO imp_settings VALUES
	('imp_on', true, NULL),                           -- never touched
	('imp_on_touched', true, '2024-09-20 10:00Z'),
	('imp_off', false, NULL),                         -- who knows since when
	('imp_off_known', false, '2024-09-25 12:00Z'),
	('imp_null', NULL, NULL);

CREATE VIEW imp_result AS
	SELECT subject, choices, event_time, actor, method, source FROM consent.event
	WHERE subject LIKE 'imp\_%' ORDER BY subject COLLATE "C", event_id;

-- The setting was on by default. "On" proves nothing: a preset, as late as can
-- be. "Off" is a refusal, as early as can be: when it was changed, else since
-- there was something to refuse.
SELECT now() AS before \gset
SELECT * FROM consent.import_setting('imp_settings', 'member', 'use_my_data', 'imp_ai', default_on => true, changed_at => 'changed_at');
SELECT subject, regexp_replace(choices::text, '@.*', '') AS choices,
       CASE WHEN event_time >= :'before' THEN 'now' ELSE event_time::text END AS event_time, actor, method, source
FROM imp_result;

-- passes: again, and nothing is new
SELECT * FROM consent.import_setting('imp_settings', 'member', 'use_my_data', 'imp_ai', default_on => true, changed_at => 'changed_at');

-- Settings go on changing; only what changed is recorded.
UPDATE imp_settings SET use_my_data = false, changed_at = clock_timestamp() WHERE member = 'imp_on';
UPDATE imp_settings SET use_my_data = true, changed_at = clock_timestamp() WHERE member = 'imp_off';
UPDATE imp_settings SET use_my_data = false, changed_at = NULL WHERE member = 'imp_on_touched';
SELECT * FROM consent.import_setting('imp_settings', 'member', 'use_my_data', 'imp_ai', default_on => true, changed_at => 'changed_at');
SELECT * FROM consent.import_setting('imp_settings', 'member', 'use_my_data', 'imp_ai', default_on => true, changed_at => 'changed_at');
SELECT subject, array_agg(left(choices::text, 1)) AS choices FROM imp_result GROUP BY subject ORDER BY subject COLLATE "C";
-- An "on" that nobody vouches for lifts no refusal; one that ended a known "on" is not older than that.
SELECT key, left(state::text, 7) AS state FROM consent.subject WHERE key IN ('imp_on', 'imp_off') ORDER BY key COLLATE "C";
SELECT event_time FROM imp_result WHERE subject = 'imp_on_touched' AND choices::text LIKE '-%';

-- What the application recorded itself is not imported again.
SELECT consent.opt_in('imp_app', 'imp_ai') > 0 AS recorded;
INSERT INTO imp_settings VALUES ('imp_app', true, now());
SELECT * FROM consent.import_setting('imp_settings', 'member', 'use_my_data', 'imp_ai', default_on => true);

-- Off by default: an "off" is nobody's act, and an "on" may be vouched for.
SELECT consent.define_purpose('imp_mail', since => '2024-08-01 00:00Z') > 0 AS defined;
CREATE TABLE imp_mail (id varchar(20), wants boolean, day date);
INSERT INTO imp_mail VALUES ('imp_m1', true, '2024-09-01'), ('imp_m2', true, NULL), ('imp_m3', false, '2024-09-01'), (NULL, true, NULL);
SELECT * FROM consent.import_setting('imp_mail', 'id', 'wants', 'imp_mail', default_on => false, changed_at => 'day', trues => 'granted');
-- a day is not a moment: granted by its end
SELECT subject, regexp_replace(choices::text, '@.*', '') AS choices,
       CASE WHEN event_time >= :'before' THEN 'now' ELSE event_time::text END AS event_time
FROM imp_result WHERE subject LIKE 'imp\_m_';
-- but an "off" after a known "on" is a refusal
UPDATE imp_mail SET wants = false WHERE id = 'imp_m1';
SELECT * FROM consent.import_setting('imp_mail', 'id', 'wants', 'imp_mail', default_on => false, trues => 'granted');
SELECT left(state::text, 9) AS state FROM consent.subject WHERE key = 'imp_m1';

-- Where silence permits, an "off" is never silent.
SELECT consent.define_purpose('imp_stats', regime => 'opt_out', since => '2024-08-01 00:00Z') > 0 AS defined;
SELECT * FROM consent.import_setting('imp_mail', 'id', 'wants', 'imp_stats', default_on => false);

-- Where "on" was the default, nobody's "on" is a grant where nobody touched it.
SELECT consent.define_purpose('imp_ads') > 0 AS defined;
INSERT INTO imp_settings VALUES ('imp_untouched', true, NULL);
SELECT * FROM consent.import_setting('imp_settings', 'member', 'use_my_data', 'imp_ads', default_on => true, changed_at => 'changed_at', trues => 'granted');

-- What is left of somebody erased in the application says nothing any more.
SELECT consent.erase_subject('imp_off') > 0 AS erased;
SELECT unchanged, skipped FROM consent.import_setting('imp_settings', 'member', 'use_my_data', 'imp_ai', default_on => true, changed_at => 'changed_at');

-- The whole table of docs/concepts.md: what a column says, what the default was,
-- whether the "on" is vouched for, and where silence permits.
SET TimeZone = 'Europe/Paris';
SELECT consent.define_purpose('imp_in', since => '2024-08-01 00:00Z') > 0 AND
	consent.define_purpose('imp_out', regime => 'opt_out', since => '2024-08-01 00:00Z') > 0 AS defined;
CREATE TABLE imp_all (id text, says boolean, at_tz timestamptz, at timestamp, on_day date);
INSERT INTO imp_all VALUES
	('imp_y', true, '2024-09-20 10:00Z', '2024-09-20 10:00', '2024-09-20'), ('imp_n', false, '2024-09-20 10:00Z', '2024-09-20 10:00', '2024-09-20'),
	('imp_y_old', true, '2024-01-01 00:00Z', '2024-01-01 00:00', '2024-01-01'), ('imp_n_old', false, '2024-01-01 00:00Z', '2024-01-01 00:00', '2024-01-01'),
	('imp_y_never', true, NULL, NULL, NULL), ('imp_n_never', false, NULL, NULL, NULL),
	('imp_y_inf', true, 'infinity', 'infinity', 'infinity'), ('imp_n_inf', false, '-infinity', '-infinity', '-infinity'),
	(NULL, true, NULL, NULL, NULL), ('imp_null', NULL, NULL, NULL, NULL);
-- import, tell what was recorded and how many, import again, and forget it all
CREATE FUNCTION imp_try(purpose text, default_on boolean, changed_at name, trues text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	counts record;
	again record;
	told text;
BEGIN
	counts := consent.import_setting('imp_all', 'id', 'says', purpose, default_on, changed_at, trues);
	again := consent.import_setting('imp_all', 'id', 'says', purpose, default_on, changed_at, trues);
	told := (SELECT string_agg(format('%s %s %s', rpad(substr(subject, 5), 8), left(choices::text, 1),
			CASE WHEN event_time >= now() THEN 'now' ELSE to_char(event_time AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') END), E'\n' ORDER BY subject COLLATE "C")
		FROM consent.event WHERE source = 'public.imp_all.says');
	RAISE SQLSTATE 'IMP00' USING MESSAGE = format(E'%s, then %s\n%s', counts, again, told);
EXCEPTION WHEN SQLSTATE 'IMP00' THEN
	RETURN SQLERRM;
END $$;
SELECT trues, CASE WHEN default_on THEN 'on' ELSE 'off' END AS "default", imp_try('imp_in', default_on, 'at_tz', trues) AS "presets, refusals, grants, unchanged, unstated, skipped"
FROM unnest('{true, false}'::boolean[]) default_on, unnest('{preset, granted}'::text[]) trues;
SELECT CASE WHEN default_on THEN 'on' ELSE 'off' END AS "default", imp_try('imp_out', default_on, 'at_tz', 'preset') AS "where silence permits"
FROM unnest('{true, false}'::boolean[]) default_on;
SELECT changed_at, imp_try('imp_in', true, changed_at, 'granted') AS "changed then, if that is known"
FROM unnest('{at, on_day, NULL}'::name[]) changed_at;
SET TimeZone = 'UTC';

-- fails
SELECT consent.import_setting('imp_settings', 'nobody', 'use_my_data', 'imp_ai', true);
SELECT consent.import_setting('imp_settings', 'member', 'bio', 'imp_ai', true);
SELECT consent.import_setting('imp_settings', 'member', 'use_my_data', 'imp_ai', true, 'bio');
SELECT consent.import_setting('imp_settings', 'member', 'use_my_data', 'imp_none', true);
SELECT consent.import_setting('imp_settings', 'member', 'use_my_data', 'imp_ai', NULL);
SELECT consent.import_setting('imp_settings', 'member', 'use_my_data', 'imp_ai', true, trues => 'true');
INSERT INTO imp_mail VALUES ('imp_m1', true);
SELECT consent.import_setting('imp_mail', 'id', 'wants', 'imp_mail', false);
INSERT INTO imp_settings VALUES ('imp_future', false, '2999-01-01 00:00Z');
SELECT consent.import_setting('imp_settings', 'member', 'use_my_data', 'imp_ai', true, 'changed_at');
SELECT count(*) FROM imp_result WHERE subject = 'imp_future';

-- names are what they are
CREATE SCHEMA "imp ""odd";
CREATE TABLE "imp ""odd"."Se;ttings" ("m""ember" text, "o'n" boolean);
INSERT INTO "imp ""odd"."Se;ttings" VALUES ('imp_odd', false);
SELECT refusals FROM consent.import_setting('"imp ""odd"."Se;ttings"', 'm"ember', 'o''n', 'imp_ai', true);
DROP SCHEMA "imp ""odd" CASCADE;
DROP VIEW imp_result;
DROP TABLE imp_settings, imp_mail, imp_all;
DROP FUNCTION imp_try;
