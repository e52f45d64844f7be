-- Eight clients, durable commits, against the unsigned two statements in a transaction.
-- @title One opt-out at a time, eight clients
-- @goal >= 0.8
-- @clients 8
-- @setup
TRUNCATE plain_event, plain_state;
-- @baseline
\set i random(1, :subjects)
BEGIN;
INSERT INTO plain_event (subject, purpose, stance, event_time, actor, source)
VALUES ('single' || :i, 'ai_training', '-', clock_timestamp(), 'self', '');
INSERT INTO plain_state VALUES ('single' || :i, 'ai_training', '-', clock_timestamp())
ON CONFLICT (subject, purpose) DO UPDATE SET stance = excluded.stance, at = excluded.at WHERE excluded.at > plain_state.at;
COMMIT;
-- @ours
\set i random(1, :subjects)
SELECT consent.opt_out('single' || :i, 'ai_training');
