-- Presets: what was switched on for everybody, and off again. Nobody's act.
\set VERBOSITY terse
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';
SELECT consent.define_purpose('pre_ai', since => '2024-01-01 00:00Z') > 0 AS defined;
SELECT consent.define_purpose('pre_ads') > 0 AS defined;
SELECT consent.publish_notice('pre_privacy', '1', 'On for all.', '{pre_ai}') IS NOT NULL AS published;

-- passes: on everywhere, and in one place only
SELECT consent.set_preset('~pre_ai', notice => 'pre_privacy/1', at => '2024-08-01 00:00Z') AS everywhere \gset
SELECT consent.set_preset('~pre_ads until 2099-01-01T00:00:00Z, ~pre_ai for [2024-01-01T00:00:00Z,)', jurisdiction => 'US',
	at => '2024-09-01 00:00Z') > :everywhere AS set;
SELECT choices, jurisdiction, notice, event_time AT TIME ZONE 'UTC' AS at, ends
FROM consent.preset_rule WHERE event_id >= :everywhere ORDER BY event_id;
-- their events say the same
SELECT e.kind, e.subject IS NULL AS nobody, e.choices::text = r.choices::text AND e.event_time = r.event_time
       AND e.jurisdiction IS NOT DISTINCT FROM r.jurisdiction AND e.notice IS NOT DISTINCT FROM r.notice AS same
FROM consent.preset_rule r JOIN consent.event e USING (event_id) WHERE event_id >= :everywhere ORDER BY event_id;

-- fails: a preset is neither a yes nor a no
SELECT consent.set_preset('+pre_ai');
SELECT consent.set_preset('~pre_ads, -pre_ai as withdrawn');
SELECT consent.set_preset('');
SELECT consent.set_preset(NULL);
-- fails: the time is said once
SELECT consent.set_preset('~pre_ai@2024-08-01T00:00:00Z');
-- fails: the future, what nobody knows
SELECT consent.set_preset('~pre_ai', at => '2999-01-01 00:00Z');
SELECT consent.set_preset('~pre_none');
SELECT consent.set_preset('~pre_ai', notice => 'pre_privacy/2');
SELECT consent.set_preset('~pre_ai', jurisdiction => '');

-- passes: off again, for the same purpose and place
SELECT consent.end_preset('pre_ai', at => '2024-10-01 00:00Z') AS ended \gset
SELECT e.kind, e.detail, e.jurisdiction, r.ends, r.purpose, r.choices, r.event_time AT TIME ZONE 'UTC' AS at
FROM consent.preset_rule r JOIN consent.event e USING (event_id) WHERE event_id = :ended;
SELECT consent.end_preset('pre_ads', 'US') > 0 AS ended;
-- fails: that was not on there, or not yet
SELECT consent.end_preset('pre_ads');
SELECT consent.end_preset('pre_ads', 'US-CA');
SELECT consent.end_preset('pre_ai', at => '2024-07-31 23:59:59Z');
SELECT consent.end_preset('pre_none');
SELECT consent.end_preset(NULL);

-- Of several for the same place, purpose and data range the latest counts, as
-- of choices everywhere; at the same instant the one that ends sooner.
SELECT consent.define_purpose('pre_mail', since => '2024-01-01 00:00Z') > 0 AS defined;
SELECT count(consent.set_preset(choices, jurisdiction => place, at => at)) AS set
FROM (VALUES ('~pre_mail'::consent.consent, NULL, '2024-02-01 00:00Z'::timestamptz),
	('~pre_mail until 2024-03-01T00:00:00Z', NULL, '2024-02-10 00:00Z'), ('~pre_mail', NULL, '2024-04-01 00:00Z'),
	('~pre_mail until 2024-05-01T00:00:00Z', NULL, '2024-04-01 00:00Z'), ('~pre_mail', 'FR', '2024-02-05 00:00Z')) p(choices, place, at);
SELECT consent.record_choices('pre_here', '+pre_ads', jurisdiction => 'FR', at => '2024-01-15 00:00Z', actor => 'import') > 0 AS recorded;
SELECT at::date AS at, consent.verdict('pre_anybody', 'pre_mail', at => at), consent.verdict('pre_here', 'pre_mail', at => at) AS there
FROM unnest('{2024-02-05 00:00Z, 2024-02-15 00:00Z, 2024-03-15 00:00Z, 2024-04-15 00:00Z, 2024-05-15 00:00Z}'::timestamptz[]) at;
