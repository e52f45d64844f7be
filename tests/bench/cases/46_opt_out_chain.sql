-- Eight clients, durable commits; of a chain each waits for the one before.
-- @title One opt-out at a time, against a hash chain
-- @goal >= 2
-- @clients 8
-- @setup
TRUNCATE chain_event, chain_state;
-- @baseline
\set i random(1, :subjects)
SELECT chain_append(ARRAY['single' || :i], '-');
-- @ours
\set i random(1, :subjects)
SELECT consent.opt_out('single' || :i, 'ai_training');
