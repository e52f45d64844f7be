-- Which of the messages may be used, both parties deciding: two semi-joins on
-- an indexed consent table, against permits() by columns.
-- @goal 0.5
-- @setup
CREATE TABLE member (name text PRIMARY KEY);
INSERT INTO member SELECT 'p' || i FROM generate_series(1, :subjects) i;
CREATE TABLE message (id bigint PRIMARY KEY, sender text NOT NULL, recipient text NOT NULL, sent_at timestamptz NOT NULL, body text NOT NULL);
SELECT setseed(0.5);
INSERT INTO message
SELECT i, 'p' || (1 + floor(:subjects * power(random(), 2)))::int, 'p' || (1 + floor(:subjects * power(random(), 2)))::int,
	'2024-01-01Z'::timestamptz + i * interval '1 second', repeat('x', 40)
FROM generate_series(1, :messages) i;
CREATE TABLE plain_choice (subject text, purpose text, granted boolean NOT NULL, PRIMARY KEY (subject, purpose));
INSERT INTO plain_choice SELECT name, 'ai_training', hashtext(name) % 20 <> 0 FROM member;
INSERT INTO consent.event (subject, choices)
SELECT subject, CASE WHEN granted THEN '+ai_training' ELSE '-ai_training' END FROM plain_choice;
SELECT consent.protect('message', '{sender, recipient}', collected_at => 'sent_at');
VACUUM ANALYZE member, message, plain_choice, consent.subject, consent.event_log;
-- @baseline
SELECT count(*) FROM message m
WHERE EXISTS (SELECT FROM plain_choice c WHERE c.subject = m.sender AND c.purpose = 'ai_training' AND c.granted)
  AND EXISTS (SELECT FROM plain_choice c WHERE c.subject = m.recipient AND c.purpose = 'ai_training' AND c.granted);
-- @ours
SELECT count(*) FROM message m WHERE consent.permits(ARRAY[sender, recipient], 'ai_training');
