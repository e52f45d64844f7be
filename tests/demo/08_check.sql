-- The figures of the report against plain SQL on the network's own tables.

-- From when on what somebody wrote may be used: always, or from a click on.  A
-- refusal after the paper counts more than the paper.
CREATE TEMP TABLE agreed AS
SELECT member, min(from_when) AS from_when
FROM (
	SELECT member, CASE WHEN only_new THEN at ELSE '-infinity' END FROM click WHERE agrees
	UNION ALL
	SELECT f.member, '-infinity' FROM paper_form f
	WHERE NOT EXISTS (SELECT FROM click c WHERE c.member = f.member AND NOT c.agrees AND c.at > f.signed_at)) said (member, from_when)
GROUP BY member;
ANALYZE agreed;

CREATE TEMP TABLE permitted AS
SELECT m.id, m.sender, m.recipient
FROM message m JOIN agreed one ON one.member = m.sender JOIN agreed other ON other.member = m.recipient
WHERE m.sent_at >= one.from_when AND m.sent_at >= other.from_when;

CREATE TEMP TABLE checked (what text, expected bigint, counted bigint);
INSERT INTO checked
SELECT 'members', 20000, count(*) FROM member;
INSERT INTO checked
SELECT 'messages', 500000, count(*) FROM message;
INSERT INTO checked
SELECT 'members who opted out are a quarter, rounded', 4, round(20000.0 / count(*)) FROM click WHERE NOT agrees;
INSERT INTO checked
SELECT 'uses of ' || name, 2 * (
		SELECT count(*) FROM message WHERE sent_at >= '2024-03-01' AND sent_at < lower(used_at)
			AND sender NOT IN (SELECT member FROM click WHERE NOT agrees AND at < lower(used_at))),
	uses
FROM consent.run WHERE name IN ('assistant 1', 'assistant 2');
INSERT INTO checked
SELECT 'uses in the sample against a refusal', (
		SELECT count(*) FROM message m JOIN click c ON c.member IN (m.sender, m.recipient)
		WHERE m.id % 15 = 0 AND m.sent_at < '2024-08-29 10:00Z' AND NOT c.agrees AND c.at < '2024-08-29 10:00Z'),
	count(*) FROM consent.unpermitted_uses WHERE run = 'partner sample' AND verdict_then = 'denied';
INSERT INTO checked
SELECT 'uses of assistant 3', 2 * (SELECT count(*) FROM permitted), uses FROM consent.run WHERE name = 'assistant 3';
INSERT INTO checked
SELECT 'messages that may be used now', (
		SELECT count(*) FROM permitted WHERE (ARRAY[sender, recipient] && (
			SELECT array_agg(subject) FROM consent.event WHERE recorded_by = 'website')) IS FALSE),
	count(*) FROM message m WHERE consent.permits(ARRAY[sender, recipient], 'ai_training', 'message', id::text, sent_at);

DO $$
DECLARE
	wrong text := (SELECT string_agg(format('%s: %s, not %s', what, counted, expected), E'\n') FROM checked WHERE counted IS DISTINCT FROM expected);
BEGIN
	IF wrong IS NOT NULL THEN
		RAISE EXCEPTION 'the report differs from what plain SQL counts' USING DETAIL = wrong;
	END IF;
END
$$;
