-- Whole rows whose body is stored out of line, and is not read; a tenth as many.
-- @title The same, bodies stored out of line
-- @setup
CREATE TABLE letter (LIKE message INCLUDING ALL);
ALTER TABLE letter ALTER body SET STORAGE EXTERNAL;
INSERT INTO letter SELECT id, sender, recipient, sent_at, repeat('x', 4000) FROM message WHERE id <= :messages / 10;
SELECT consent.protect('letter', '{sender, recipient}', collected_at => 'sent_at');
VACUUM ANALYZE letter;
-- @baseline
SELECT count(*) FROM letter m
WHERE EXISTS (SELECT FROM plain_choice c WHERE c.subject = m.sender AND c.purpose = 'ai_training' AND c.granted)
  AND EXISTS (SELECT FROM plain_choice c WHERE c.subject = m.recipient AND c.purpose = 'ai_training' AND c.granted);
-- @ours
SELECT count(*) FROM letter m WHERE consent.permits(m, 'ai_training');
