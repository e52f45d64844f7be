-- One subject, prepared: a primary-key look-up.
-- @title One check at a time
-- @goal >= 0.67
-- @clients 1
-- @baseline
\set i random(1, :subjects)
SELECT granted FROM plain_choice WHERE subject = 'p' || :i AND purpose = 'ai_training';
-- @ours
\set i random(1, :subjects)
SELECT consent.permits('p' || :i, 'ai_training');
