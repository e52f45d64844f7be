-- A chain of hashes in PL/pgSQL and pgcrypto that keeps the state too: half of
-- the subjects are new, half are known.
-- @title Events in bulk, against a hash chain
-- @goal <= 0.5
-- @reset
SELECT nextval('round');
TRUNCATE chain_event, chain_state;
SELECT chain_append(array_agg('member' || r.last_value || '-' || i), '+') FROM round r, generate_series(1, :events / 2) i;
INSERT INTO consent.event (subject, choices)
SELECT 'member' || r.last_value || '-' || i, '+ai_training' FROM round r, generate_series(1, :events / 2) i;
VACUUM chain_state, chain_head, consent.subject;
CHECKPOINT;
-- @baseline
SELECT chain_append(array_agg('member' || r.last_value || '-' || i), '-') FROM round r, generate_series(1, :events) i;
-- @ours
INSERT INTO consent.event (subject, choices)
SELECT 'member' || r.last_value || '-' || i, '-ai_training' FROM round r, generate_series(1, :events) i;
