-- Bulk intake of events of new subjects, against the same events unsigned: an
-- insert with the same indexes, and an upsert of the state.
-- @goal 1.0
-- @setup
DO $$ BEGIN
	IF NOT EXISTS (SELECT FROM consent.ledger) THEN
		PERFORM consent.create_ledger('bench.example/consent', test => true);
	END IF;
END $$;
SELECT consent.define_purpose('ai_training');
CREATE SEQUENCE round;
-- @reset
SELECT nextval('round');
DROP TABLE IF EXISTS plain_event, plain_state;
CREATE TABLE plain_event (event_id bigserial PRIMARY KEY, subject text NOT NULL, purpose text NOT NULL,
	stance text NOT NULL, event_time timestamptz NOT NULL, recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	actor text NOT NULL, method text, notice text, source text NOT NULL, external_id text);
CREATE INDEX ON plain_event (subject, event_id);
CREATE UNIQUE INDEX ON plain_event (source, external_id) WHERE external_id IS NOT NULL;
CREATE TABLE plain_state (subject text, purpose text, stance text, at timestamptz, PRIMARY KEY (subject, purpose));
CHECKPOINT;
-- @baseline
BEGIN;
WITH e AS (
	INSERT INTO plain_event (subject, purpose, stance, event_time, actor, source)
	SELECT 'member' || i, 'ai_training', '+', clock_timestamp(), 'self', '' FROM generate_series(1, :events) i
	RETURNING subject, purpose, stance, event_time)
INSERT INTO plain_state SELECT * FROM e
ON CONFLICT (subject, purpose) DO UPDATE SET stance = excluded.stance, at = excluded.at WHERE excluded.at > plain_state.at;
COMMIT;
-- @ours
INSERT INTO consent.event (subject, choices)
SELECT 'member' || r.last_value || '-' || i, '+ai_training' FROM round r, generate_series(1, :events) i;
