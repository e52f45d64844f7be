-- Is all that is stored what was sealed?

\echo '14. Was anything changed, removed or slipped in behind the back of the ledger?'
\echo
\pset footer on
\set ECHO queries
SELECT * FROM consent.verify();
\set ECHO none
\set findings :ROW_COUNT
\pset footer off
SELECT :findings = 0 AS sound, to_char(count(*), 'FM999,999') AS events,
	to_char(count(DISTINCT event_id / 4096), 'FM999,999') AS seals
FROM consent.event_log \gset
SELECT to_char(sum(uses), 'FM999,999,999') AS uses FROM consent.run_part \gset
\if :sound
\echo No: all :events events under :seals signatures, and :uses uses, are as they were sealed.
\else
DO $$ BEGIN RAISE EXCEPTION 'the ledger of the demo does not verify'; END $$;
\endif
RESET ROLE;
