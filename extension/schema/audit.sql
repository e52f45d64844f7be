/*
 * audit.sql
 *		The questions of auditors, each answer with the ids to drill down by.
 *
 * Runs are read one by one: WHERE run_id = ... on a view reads that run alone.
 */

CREATE FUNCTION consent.run_uses_support(internal) RETURNS internal
	LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'consent_run_uses_support';
COMMENT ON FUNCTION consent.run_uses_support(internal) IS 'Tells the planner how many rows run_uses() gives';

CREATE FUNCTION consent.run_uses(run_id bigint, which text DEFAULT 'all')
RETURNS TABLE (run_id bigint, part bigint, part_event bigint, table_name text, row_key text, subject_no bigint, verdict_then consent.verdict, permitted_then boolean, verdict_now consent.verdict, because text, recorded_at timestamptz, collected_at timestamptz, row_state text)
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED COST 10000 ROWS 1000 SUPPORT consent.run_uses_support AS 'MODULE_PATHNAME', 'consent_run_uses';
COMMENT ON FUNCTION consent.run_uses(bigint, text) IS
'Every use of a run, once for each row and party, with the first verdict she had (verdict_then; permitted_then tells whether it permitted, under a party rule other than all whether the row was permitted) and the one she would have now. What came later is asked about each party by herself. which: all; withdrawn: her verdict permitted then, and does not now; preset: resting on a preset; unpermitted; retroactive: not permitted then, but by what was recorded since (because: recorded_late if the verdict as of the use, as known now, permits; agreed_later if the one of now does); collected: all with row_state here, row gone or table gone, without a verdict_now. verdict_now: NULL where it depends on when the row was collected, and the row is gone. collected_at: where it was looked up, which is where an answer depends on it, and always for collected. subject_no NULL: a row of nobody. Rows of protected tables are read as their owners, for the time when they were collected; where a column of the declaration is gone, as if the table were. 42704: no such run; 22023: another word';

CREATE FUNCTION consent.deciding_event(purposes text[], subject_no bigint, table_name text, row_key text, collected_at timestamptz, used_from timestamptz DEFAULT NULL, used_last timestamptz DEFAULT NULL)
RETURNS bigint
	LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000 AS 'MODULE_PATHNAME', 'consent_deciding_event';
COMMENT ON FUNCTION consent.deciding_event(text[], bigint, text, text, timestamptz, timestamptz, timestamptz) IS
'The event that decides the worst of a subject''s verdicts on a row under these purposes: now, or at the worse of two instants, as known now. where all permit, of those that an event decides. NULL if no event does (unknown), and for a row of nobody';

CREATE FUNCTION consent.key_of_subject(subject_no bigint) RETURNS text
	LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'consent_key_of_subject';
COMMENT ON FUNCTION consent.key_of_subject(bigint) IS 'The key of a subject by her number in the ledger; NULL if she was erased, or is not there';

CREATE FUNCTION consent.uses_of(subject text)
RETURNS TABLE (run_id bigint, run text, recipient text, model text, table_name text, row_key text, verdict_then consent.verdict, verdict_now consent.verdict, event_id bigint, purposes text[], permitted_then boolean, used_at tstzrange, recorded_at timestamptz, part bigint, part_event bigint, closed_event bigint, outcome text)
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED COST 10000 ROWS 100 AS 'MODULE_PATHNAME', 'consent_uses_of';
COMMENT ON FUNCTION consent.uses_of(text) IS 'Which rows of a subject were used, in which run, for whom, on what verdict then and now; run after run, table after table. verdict_now: NULL where it depends on when the row was collected, and the row is gone. event_id: the event that decides verdict_now, NULL if none does. None for a subject that the ledger does not know or that is erased. used_at: of runs of the past; recorded_at: when the use was recorded. Runs that are not closed, and missing parts, may have used more: unclosed_runs, missing_parts';

CREATE FUNCTION consent.uses_of(subject bigint)
RETURNS TABLE (run_id bigint, run text, recipient text, model text, table_name text, row_key text, verdict_then consent.verdict, verdict_now consent.verdict, event_id bigint, purposes text[], permitted_then boolean, used_at tstzrange, recorded_at timestamptz, part bigint, part_event bigint, closed_event bigint, outcome text)
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED COST 10000 ROWS 100 AS 'MODULE_PATHNAME', 'consent_uses_of';
COMMENT ON FUNCTION consent.uses_of(bigint) IS 'The same for subjects of type bigint';

CREATE FUNCTION consent.uses_of(subject uuid)
RETURNS TABLE (run_id bigint, run text, recipient text, model text, table_name text, row_key text, verdict_then consent.verdict, verdict_now consent.verdict, event_id bigint, purposes text[], permitted_then boolean, used_at tstzrange, recorded_at timestamptz, part bigint, part_event bigint, closed_event bigint, outcome text)
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED COST 10000 ROWS 100 AS 'MODULE_PATHNAME', 'consent_uses_of';
COMMENT ON FUNCTION consent.uses_of(uuid) IS 'The same for subjects of type uuid';

CREATE VIEW consent.withdrawn_uses AS
SELECT r.run_id, r.name AS run, r.purposes, r.recipient, r.model, u.table_name, u.row_key,
	u.subject_no, consent.key_of_subject(u.subject_no) COLLATE "C" AS subject, u.verdict_then, u.verdict_now,
	consent.deciding_event(r.purposes, u.subject_no, u.table_name, u.row_key, u.collected_at) AS event_id,
	r.used_at, u.recorded_at, u.part, u.part_event, r.closed_event, r.outcome
FROM consent.run r
CROSS JOIN LATERAL consent.run_uses(r.run_id, 'withdrawn') u;
COMMENT ON VIEW consent.withdrawn_uses IS 'Uses that a party''s verdict permitted and would not now: she refused since, her yes ran out, or does not cover them any more. event_id: the event that decides now, NULL if there is none';

CREATE VIEW consent.preset_uses AS
SELECT r.run_id, r.name AS run, r.purposes, r.recipient, r.model, u.table_name, u.row_key,
	u.subject_no, consent.key_of_subject(u.subject_no) COLLATE "C" AS subject, u.verdict_then, u.permitted_then, u.verdict_now,
	consent.deciding_event(r.purposes, u.subject_no, u.table_name, u.row_key, u.collected_at) AS event_id,
	r.used_at, u.recorded_at, u.part, u.part_event, r.closed_event, r.outcome
FROM consent.run r
CROSS JOIN LATERAL consent.run_uses(r.run_id, 'preset') u;
COMMENT ON VIEW consent.preset_uses IS 'Uses that rested on a preset only: nobody had acted. permitted_then: by an opt-out regime';

CREATE VIEW consent.unpermitted_uses AS
SELECT r.run_id, r.name AS run, r.purposes, r.recipient, r.model, u.table_name, u.row_key,
	u.subject_no, consent.key_of_subject(u.subject_no) COLLATE "C" AS subject, u.verdict_then, u.verdict_now,
	consent.deciding_event(r.purposes, u.subject_no, u.table_name, u.row_key, u.collected_at) AS event_id,
	r.used_at, u.recorded_at, u.part, u.part_event, r.closed_event, r.outcome
FROM consent.run r
CROSS JOIN LATERAL consent.run_uses(r.run_id, 'unpermitted') u;
COMMENT ON VIEW consent.unpermitted_uses IS 'Uses that nothing permitted when they were recorded';

CREATE VIEW consent.retroactive_uses AS
SELECT r.run_id, r.name AS run, r.purposes, r.recipient, r.model, u.table_name, u.row_key,
	u.subject_no, consent.key_of_subject(u.subject_no) COLLATE "C" AS subject, u.verdict_then, u.verdict_now, u.because,
	CASE u.because WHEN 'recorded_late' THEN consent.deciding_event(r.purposes, u.subject_no, u.table_name, u.row_key, u.collected_at,
		COALESCE(pg_catalog.lower(r.used_at), u.recorded_at), COALESCE(pg_catalog.upper(r.used_at) - interval '1 microsecond', u.recorded_at))
	ELSE consent.deciding_event(r.purposes, u.subject_no, u.table_name, u.row_key, u.collected_at) END AS event_id,
	r.used_at, u.recorded_at, u.part, u.part_event, r.closed_event, r.outcome
FROM consent.run r
CROSS JOIN LATERAL consent.run_uses(r.run_id, 'retroactive') u;
COMMENT ON VIEW consent.retroactive_uses IS 'Uses that nothing recorded permitted then, and something recorded later would. because: recorded_late (event_id is of a choice that was made in time and recorded late) or agreed_later (event_id decides now)';

CREATE VIEW consent.collected_before_notice AS
SELECT r.run_id, r.name AS run, p.purpose, u.table_name, u.row_key, u.subject_no, consent.key_of_subject(u.subject_no) COLLATE "C" AS subject,
	u.verdict_then, u.row_state, u.collected_at, n.label AS notice, n.spoken_at, n.recorded_at AS notice_recorded_at,
	n.event_id AS notice_event, u.recorded_at, u.part, u.part_event
FROM consent.run r
CROSS JOIN LATERAL pg_catalog.unnest(r.purposes) AS p (purpose)
LEFT JOIN LATERAL (
	SELECT n.label, LEAST(n.published_at, n.recorded_at) AS spoken_at, n.recorded_at, n.event_id
	FROM consent.notice n WHERE p.purpose = ANY (n.purposes)
	ORDER BY 2, n.event_id LIMIT 1) n ON true
CROSS JOIN LATERAL consent.run_uses(r.run_id, 'collected') u
WHERE u.collected_at < n.spoken_at OR n.label IS NULL OR u.collected_at IS NULL;
COMMENT ON VIEW consent.collected_before_notice IS 'Used rows that were collected before any notice spoke of the purpose. notice: the first that names the purpose itself, NULL if none does; spoken_at: when it was published as claimed, or recorded (notice_recorded_at is the fact). Rows whose time of collection cannot be known are listed too: collected_at NULL, and row_state here (the column is empty or not declared), row gone or table gone';

CREATE VIEW consent.missing_parts AS
SELECT r.run_id, r.name AS run, r.recipient, r.model, d.draw_no AS part, d.drawn_at, d.drawn_by, r.closed_event, r.outcome
FROM consent.run_draw d
JOIN consent.run r ON r.run_id = d.run_id
WHERE NOT EXISTS (SELECT FROM consent.run_part p WHERE p.run_id = d.run_id AND p.part = d.draw_no)
  AND consent.draw_is_over(d.xid);
COMMENT ON VIEW consent.missing_parts IS 'Transactions that used data for a run and did not commit: somebody read, and what was read is not known';

CREATE VIEW consent.unclosed_runs AS
SELECT r.run_id, r.name AS run, r.purposes, r.recipient, r.model, r.used_at, r.opened_at, r.opened_by,
	p.parts, p.uses, p.last_part_at,
	(SELECT pg_catalog.count(*) FROM consent.missing_parts m WHERE m.run_id = r.run_id) AS missing_parts
FROM consent.run r
CROSS JOIN LATERAL (
	SELECT pg_catalog.count(*) AS parts, COALESCE(pg_catalog.sum(p.uses), 0) AS uses, pg_catalog.max(p.recorded_at) AS last_part_at
	FROM consent.run_part p WHERE p.run_id = r.run_id) p
WHERE r.closed_event IS NULL;
COMMENT ON VIEW consent.unclosed_runs IS 'Runs that were opened and never closed: what they used may not be all. uses: of all parts, repeated ones counted again';

CREATE VIEW consent.silent_notice_changes AS
SELECT n.name, n.language, n.label_before, n.label, n.stated_before, n.stated_on,
	n.seen_before, n.seen_at, n.recorded_at, n.event_before, n.event_id
FROM (
	SELECT name, language, label, stated_on, recorded_at, event_id, sha256,
		COALESCE(published_at, recorded_at) AS seen_at,
		pg_catalog.lag(label) OVER w AS label_before,
		pg_catalog.lag(stated_on) OVER w AS stated_before,
		pg_catalog.lag(sha256) OVER w AS sha256_before,
		pg_catalog.lag(COALESCE(published_at, recorded_at)) OVER w AS seen_before,
		pg_catalog.lag(event_id) OVER w AS event_before
	FROM consent.notice
	WINDOW w AS (PARTITION BY name, language ORDER BY COALESCE(published_at, recorded_at), event_id)) n
WHERE n.sha256 <> n.sha256_before
  AND (n.stated_on IS NULL OR n.stated_on <= n.stated_before);
COMMENT ON VIEW consent.silent_notice_changes IS 'Notices whose text changed from one version to the next without a new stated date. Versions of a name and language are ordered by when they were published as claimed, or recorded';

CREATE FUNCTION consent.subject_verdict(subject_no bigint, purpose text, table_name text DEFAULT NULL, row_key text DEFAULT NULL, collected_at timestamptz DEFAULT NULL, at timestamptz DEFAULT NULL, known_at timestamptz DEFAULT NULL, known_in bigint DEFAULT NULL)
RETURNS consent.verdict
	LANGUAGE c STABLE PARALLEL SAFE COST 50 AS 'MODULE_PATHNAME', 'consent_subject_verdict';
COMMENT ON FUNCTION consent.subject_verdict(bigint, text, text, text, timestamptz, timestamptz, timestamptz, bigint) IS
'verdict() for a subject by her number, also when her key was erased; NULL for NULL. table_name and row_key: choices about them count; an unknown table has none';

CREATE VIEW consent.late_events AS
SELECT e.event_id, e.subject_no, s.key AS subject, c.purpose, c.stance, c.since AS claimed_at, e.recorded_at,
	e.recorded_at - c.since AS late_by, e.recorded_by, e.actor, e.method, e.source, e.external_id, e.notice,
	e.table_name, e.row_key, v.before, v.after,
	CASE WHEN c.stance <> '-' AND v.before = 'denied' AND v.after <> 'denied' THEN 'lifted a refusal'
		WHEN c.stance <> '-' AND v.before = 'denied' THEN 'failed to lift a refusal'
		WHEN v.before = v.after THEN 'changed nothing'
		WHEN c.stance = '-' THEN 'refused'
		ELSE 'permitted more' END AS effect
FROM consent.event_log e
CROSS JOIN LATERAL consent.choices(e.choices) c
LEFT JOIN consent.subject s ON s.subject_no = e.subject_no
CROSS JOIN LATERAL (SELECT
	COALESCE(pg_catalog.lower(c.data_range), pg_catalog.upper(c.data_range) - interval '1 microsecond') AS collected_at) d
CROSS JOIN LATERAL (SELECT
	consent.subject_verdict(e.subject_no, c.purpose, e.table_name, e.row_key, d.collected_at, e.recorded_at, e.recorded_at - interval '1 microsecond') AS before,
	consent.subject_verdict(e.subject_no, c.purpose, e.table_name, e.row_key, d.collected_at, e.recorded_at, e.recorded_at) AS after
	OFFSET 0) v
WHERE e.kind = 'choices'
  AND c.since < e.recorded_at - COALESCE(pg_catalog.current_setting('consent_ledger.max_lateness', true)::interval, interval '1 day');
COMMENT ON VIEW consent.late_events IS 'Choices recorded more than consent_ledger.max_lateness after they are said to have been made: by whom, and what that changed. before and after: her verdict for the purpose (on data that the choice is about) at the moment of recording, without and with what was recorded then. effect: lifted a refusal, failed to lift a refusal, refused, permitted more, or changed nothing';

CREATE FUNCTION consent.tracked_settings()
RETURNS TABLE (table_name text, column_name text, subject_column text, purpose text, is_boolean boolean, trigger_name text)
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT DISTINCT ON (t.tgrelid, a.args[1], a.args[2], a.args[3])
		pg_catalog.format('%I.%I', n.nspname, c.relname), a.args[2], a.args[1], NULLIF(a.args[3], ''),
		NULLIF(a.args[3], '') IS NOT NULL, t.tgname::text
	FROM pg_catalog.pg_trigger t
	JOIN pg_catalog.pg_proc f ON f.oid = t.tgfoid
	JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
	JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
	CROSS JOIN LATERAL (SELECT pg_catalog.string_to_array(
		pg_catalog.encode(t.tgargs, 'escape'), '\000') AS args) a
	WHERE f.proname = 'track' AND f.pronamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'consent')
	  AND t.tgparentid = 0 AND t.tgnargs >= 2
	ORDER BY t.tgrelid, a.args[1], a.args[2], a.args[3], t.tgname;
END;
COMMENT ON FUNCTION consent.tracked_settings() IS 'The columns that triggers of consent.track() follow; purpose NULL for columns of type consent';

CREATE FUNCTION consent.compare_settings()
RETURNS TABLE (table_name text, column_name text, subject text, subject_no bigint, purpose text, setting text, recorded text, event_id bigint)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	tracked record;
	said    text;
BEGIN
	FOR tracked IN SELECT * FROM consent.tracked_settings() LOOP
		-- What a row says: one line for each purpose.
		IF tracked.is_boolean THEN
			said := format('SELECT t.%I::text AS subject, %L::text AS purpose,
				CASE t.%I WHEN true THEN ''yes'' WHEN false THEN ''no'' END AS setting, NULL::tstzrange AS data_range FROM %s t',
				tracked.subject_column, tracked.purpose, tracked.column_name, tracked.table_name);
		ELSE
			said := format('SELECT t.%I::text AS subject, c.purpose,
				CASE c.stance WHEN ''-'' THEN ''no'' ELSE ''yes'' END AS setting, c.data_range
				FROM %s t CROSS JOIN LATERAL consent.choices(t.%I) c',
				tracked.subject_column, tracked.table_name, tracked.column_name);
		END IF;
		RETURN QUERY EXECUTE format('
			SELECT %L::text, %L::text, x.subject, s.subject_no, x.purpose, x.setting,
				r.stance, (SELECT max(e.event_id) FROM consent.event_log e
					WHERE e.subject_no = s.subject_no AND e.table_name IS NULL
					  AND e.choices OPERATOR(consent.?) x.purpose)
			FROM (%s) x
			LEFT JOIN consent.subject s ON s.key = x.subject
			LEFT JOIN LATERAL (
				SELECT CASE c.stance WHEN ''-'' THEN ''no'' ELSE ''yes'' END AS stance
				FROM consent.choices(s.state) c
				WHERE c.purpose = x.purpose AND c.data_range IS NOT DISTINCT FROM x.data_range) r ON true
			WHERE x.subject IS NOT NULL
			  AND (x.setting <> r.stance OR (x.setting IS NULL AND r.stance = ''yes'')
				OR (x.setting IS NOT NULL AND r.stance IS NULL))',
			tracked.table_name, tracked.column_name, said);
	END LOOP;
END
$$;
COMMENT ON FUNCTION consent.compare_settings() IS 'What the view settings_without_event shows; reads the tracked tables with the caller''s rights';

CREATE VIEW consent.settings_without_event AS
SELECT * FROM consent.compare_settings();
COMMENT ON VIEW consent.settings_without_event IS 'Tracked settings that disagree with the ledger. setting: what the column says now (yes, no, NULL); recorded: what the ledger holds of the subject for that purpose (yes, no, NULL: nothing); event_id: the last event of hers that speaks of it. Something wrote around the trigger, or the subject chose elsewhere since';
