-- One semi-join.
-- @title Which rows may be used, one party
-- @goal <= 0.5
-- @baseline
SELECT count(*) FROM message m
WHERE EXISTS (SELECT FROM plain_choice c WHERE c.subject = m.sender AND c.purpose = 'ai_training' AND c.granted);
-- @ours
SELECT count(*) FROM message m WHERE consent.permits(sender, 'ai_training');
