-- Two parties, two workers on both sides.
-- @title Which rows may be used, in parallel
-- @goal <= 0.6
-- @baseline
SET max_parallel_workers_per_gather = 2;
SELECT count(*) FROM message m
WHERE EXISTS (SELECT FROM plain_choice c WHERE c.subject = m.sender AND c.purpose = 'ai_training' AND c.granted)
  AND EXISTS (SELECT FROM plain_choice c WHERE c.subject = m.recipient AND c.purpose = 'ai_training' AND c.granted);
-- @ours
SET max_parallel_workers_per_gather = 2;
SELECT count(*) FROM message m WHERE consent.permits(ARRAY[sender, recipient], 'ai_training');
