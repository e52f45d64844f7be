-- The same for subjects that are known already.
-- @title Events of known subjects, in bulk
-- @goal <= 1.0
-- @setup
TRUNCATE plain_event, plain_state;
INSERT INTO plain_event (subject, purpose, stance, event_time, actor, source)
SELECT 'known' || i, 'ai_training', '+', clock_timestamp(), 'self', '' FROM generate_series(1, :events) i;
INSERT INTO plain_state SELECT 'known' || i, 'ai_training', '+', clock_timestamp() FROM generate_series(1, :events) i;
INSERT INTO consent.event (subject, choices) SELECT 'known' || i, '+ai_training' FROM generate_series(1, :events) i;
CREATE TABLE turn (stance text);
INSERT INTO turn VALUES ('+');
-- @reset
UPDATE turn SET stance = translate(stance, '+-', '-+');
VACUUM plain_state, consent.subject;
CHECKPOINT;
-- @baseline
BEGIN;
WITH e AS (
	INSERT INTO plain_event (subject, purpose, stance, event_time, actor, source)
	SELECT 'known' || i, 'ai_training', stance, clock_timestamp(), 'self', '' FROM turn, generate_series(1, :events) i
	RETURNING subject, purpose, stance, event_time)
INSERT INTO plain_state SELECT * FROM e
ON CONFLICT (subject, purpose) DO UPDATE SET stance = excluded.stance, at = excluded.at WHERE excluded.at > plain_state.at;
COMMIT;
-- @ours
INSERT INTO consent.event (subject, choices)
SELECT 'known' || i, stance || 'ai_training' FROM turn, generate_series(1, :events) i;
-- @bytes
SELECT pg_total_relation_size('plain_event') / (SELECT count(*) FROM plain_event),
	pg_total_relation_size('consent.event_log') / (SELECT count(*) FROM consent.event_log);
