-- What one member gets to know, and what may be used now.

-- One of few messages, of which one was passed on, who opted out after all that.
RESET ROLE;
SELECT member
FROM click JOIN (
	SELECT id, sent_at, sender AS member FROM message UNION ALL SELECT id, sent_at, recipient FROM message) m USING (member)
WHERE NOT agrees AND at > '2024-09-24 18:00Z'
GROUP BY 1 HAVING count(*) = 4 AND min(sent_at) >= '2024-03-01' AND bool_or(m.id % 15 = 0 AND sent_at < '2024-08-29')
ORDER BY 1 LIMIT 1 \gset
-- Between one who agreed and one who opted out.
SELECT m.id FROM message m JOIN click a ON a.member = m.sender JOIN click b ON b.member = m.recipient
WHERE a.agrees AND NOT a.only_new AND NOT b.agrees AND m.id > 400000 ORDER BY 1 LIMIT 1 \gset
SET ROLE auditor;
\pset numericlocale off

\echo '11. How was the data of one member used?  Down to the event that decides now.'
\echo
\set ECHO queries
SELECT run, recipient, row_key AS message, verdict_then, verdict_now, event_id
FROM consent.uses_of(:'member');
\set ECHO none
SELECT event_id FROM consent.uses_of(:'member') WHERE event_id IS NOT NULL LIMIT 1 \gset
\x on
\set ECHO queries
SELECT subject, choices, recorded_at, recorded_by, method, notice
FROM consent.event WHERE event_id = :event_id;
\set ECHO none
\x off

\echo '12. What may a run use now?  (Only what is granted: the others stay out.)'
\echo
\pset numericlocale on
\set ECHO queries
SELECT consent.verdict(ARRAY[sender, recipient], 'ai_training', 'message', id::text, sent_at),
	count(*) AS messages
FROM message GROUP BY 1 ORDER BY 1;
\set ECHO none
\pset numericlocale off

\echo '13. Why may this message not be used?'
\echo
\set ECHO queries
SELECT party, verdict, event_id, because
FROM message m, consent.explain(m, 'ai_training') WHERE id = :id;
\set ECHO none
