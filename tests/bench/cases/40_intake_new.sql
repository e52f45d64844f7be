-- The same events unsigned: an insert with the same indexes, and an upsert of the state.
-- @title Events of new subjects, in bulk
-- @goal <= 1.0
-- @reset
SELECT nextval('round');
TRUNCATE plain_event, plain_state;
CHECKPOINT;
-- @baseline
BEGIN;
WITH e AS (
	INSERT INTO plain_event (subject, purpose, stance, event_time, actor, source)
	SELECT 'member' || r.last_value || '-' || i, 'ai_training', '+', clock_timestamp(), 'self', '' FROM round r, generate_series(1, :events) i
	RETURNING subject, purpose, stance, event_time)
INSERT INTO plain_state SELECT * FROM e
ON CONFLICT (subject, purpose) DO UPDATE SET stance = excluded.stance, at = excluded.at WHERE excluded.at > plain_state.at;
COMMIT;
-- @ours
INSERT INTO consent.event (subject, choices)
SELECT 'member' || r.last_value || '-' || i, '+ai_training' FROM round r, generate_series(1, :events) i;
