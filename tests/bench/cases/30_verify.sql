-- Verify bulk events (a million at full scale) with everything that follows from
-- them, against a digest over the same rows.
-- @goal 0.5
-- @setup
CREATE EXTENSION IF NOT EXISTS pgcrypto;
DO $$ BEGIN
	IF EXISTS (SELECT FROM consent.ledger) THEN
		PERFORM consent.reset_ledger();
	END IF;
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
