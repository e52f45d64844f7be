-- Verify signed events with everything that follows from them, by all cores,
-- against a digest over the same rows.
-- @title Verify events that came in bulk
-- @goal <= 0.5
-- @setup
DO $$ BEGIN
	PERFORM consent.reset_ledger();
	PERFORM consent.create_ledger('bench.example/consent', test => true);
	PERFORM consent.define_purpose('ai_training');
END $$;
INSERT INTO consent.event (subject, choices) SELECT 'member' || i % :events, '+ai_training' FROM generate_series(1, 2 * :events) i;
CALL consent.checkpoint();
VACUUM ANALYZE consent.event_log, consent.subject, consent.seal;
-- @baseline
SELECT count(digest(e::text, 'sha256')) FROM consent.event_log e;
-- @ours
SELECT * FROM consent.verify();
