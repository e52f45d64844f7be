-- The whole row in place of its columns: data ranges and choices about tables
-- and rows count, which the semi-joins know nothing of.
-- @title Which rows may be used, by whole rows
-- @baseline
SELECT count(*) FROM message m
WHERE EXISTS (SELECT FROM plain_choice c WHERE c.subject = m.sender AND c.purpose = 'ai_training' AND c.granted)
  AND EXISTS (SELECT FROM plain_choice c WHERE c.subject = m.recipient AND c.purpose = 'ai_training' AND c.granted);
-- @ours
SELECT count(*) FROM message m WHERE consent.permits(m, 'ai_training');
