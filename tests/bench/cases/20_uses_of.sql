-- Whose data was used where: of a hundred runs, by an index on the subject.
-- Comes before the cases that leave other runs in the ledger.
-- @title What was used of one member, in 100 runs
-- @goal >= 0.67
-- @clients 1
-- @setup
SELECT count(*) / 5 AS uses FROM message \gset
CREATE TEMP TABLE used AS
SELECT consent.manifest('{ai_training}', 'message', m.id, ARRAY[sender, recipient], sent_at) FROM message m
WHERE id <= :uses / 2 AND consent.permits(ARRAY[sender, recipient], 'ai_training', 'message', NULL, sent_at);
DO $$
DECLARE
	run bigint;
BEGIN
	FOR i IN 1 .. 100 LOOP
		run := consent.open_run('run ' || i, '{ai_training}');
		PERFORM consent.record_use(run, manifest) FROM used;
		PERFORM consent.close_run(run);
		COMMIT;
	END LOOP;
END
$$;
CREATE TABLE permitted_use AS
SELECT * FROM plain_permitted WHERE message_id <= (SELECT count(*) / 10 FROM message) ORDER BY message_id;
CREATE UNLOGGED TABLE plain_uses (run_id bigint, message_id bigint, subject text, verdict text, used_at timestamptz);
DO $$
BEGIN
	FOR i IN 1 .. 100 LOOP
		INSERT INTO plain_uses SELECT i, message_id, subject, 'granted', now() FROM permitted_use;
	END LOOP;
END
$$;
CREATE INDEX ON plain_uses (subject);
VACUUM ANALYZE plain_uses, consent.manifest_block, consent.run, consent.run_part;
-- @baseline
\set i random(1, :subjects)
SELECT * FROM plain_uses WHERE subject = 'p' || :i;
-- @ours
\set i random(1, :subjects)
SELECT * FROM consent.uses_of('p' || :i);
