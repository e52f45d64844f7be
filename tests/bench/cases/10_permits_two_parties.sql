-- Two semi-joins on an indexed consent table, against permits() by columns.
-- @title Which rows may be used, two parties
-- @goal <= 0.5
-- @baseline
SELECT count(*) FROM message m
WHERE EXISTS (SELECT FROM plain_choice c WHERE c.subject = m.sender AND c.purpose = 'ai_training' AND c.granted)
  AND EXISTS (SELECT FROM plain_choice c WHERE c.subject = m.recipient AND c.purpose = 'ai_training' AND c.granted);
-- @ours
SELECT count(*) FROM message m WHERE consent.permits(ARRAY[sender, recipient], 'ai_training');
-- The whole row in place of its columns: data ranges and choices about tables
-- and rows count, which the semi-joins know nothing of.
-- @title Which rows may be used, by whole rows
-- @ours
SELECT count(*) FROM message m WHERE consent.permits(m, 'ai_training');
