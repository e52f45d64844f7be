-- Witnesses: others who sign what they saw of the log, and being one for others.
\set VERBOSITY terse
SET client_min_messages = warning;

SELECT consent.define_purpose('witness_train') > 0 AS defined;
CALL consent.checkpoint();

-- fails: what is not the key of a witness
SELECT consent.register_witness('nobody');
SELECT consent.register_witness('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
-- fails: nobody watches herself
SELECT consent.register_witness(vkey) FROM consent.key WHERE signs = 'witness';
-- fails: a key of small order, with which one signature fits many texts
SELECT consent.register_witness('w.example+86a06498+BAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA');
-- passes: once and again
SELECT consent.register_witness('witness.example/w1+edbf169a+BL5E8C+IYQ5Hix41WOZ6OA9PKXOj56EqTwmaBbktefBB', 'https://witness.example') AS first \gset
SELECT consent.register_witness('witness.example/w1+edbf169a+BL5E8C+IYQ5Hix41WOZ6OA9PKXOj56EqTwmaBbktefBB') = :first AS again;
SELECT name, url FROM consent.witness;
-- fails: a URL is one word
SELECT consent.register_witness('witness.example/w1+edbf169a+BL5E8C+IYQ5Hix41WOZ6OA9PKXOj56EqTwmaBbktefBB', 'not one');

-- how many must have cosigned
SELECT consent.set_witness_quorum(2);
SELECT consent.set_witness_quorum(1, '{witness.example/w2}');
SELECT consent.set_witness_quorum(-1);
SELECT consent.set_witness_quorum(1) > 0 AS set;
-- the policy, for consent-verify
SELECT regexp_replace(consent.witness_policy(), '^log .*\n', 'log …' || E'\n') AS policy;

-- a request to cosign; a witness that knows an older checkpoint gets a proof that ours extends it
SELECT consent.add_checkpoint_request() = format(E'old 0\n\n%s', note) AS request FROM consent.checkpoint ORDER BY size DESC LIMIT 1;
SELECT max(size) AS size FROM consent.checkpoint \gset
SELECT consent.opt_in('witness_ann', 'witness_train') > 0 AS recorded;
CALL consent.checkpoint();
SELECT split_part(consent.add_checkpoint_request(:size), E'\n', 1) = 'old ' || :size AS says_what_is_known;
-- fails: what the checkpoint does not extend, and one that is not there
\set VERBOSITY sqlstate
SELECT consent.add_checkpoint_request(:size + 1000);
SELECT consent.add_checkpoint_request(-1);
SELECT consent.add_checkpoint_request(0, :size + 7000);
\set VERBOSITY terse

-- fails: what is no cosignature of ours
SELECT consent.add_cosignature('hello');
SELECT consent.add_cosignature(note) FROM consent.checkpoint WHERE size = :size;
SELECT consent.add_cosignature(replace(note, E'\n' || size || E'\n', E'\n' || size + 1 || E'\n')) FROM consent.checkpoint WHERE size = :size;

-- being a witness, here of our own log
CALL consent.witness(consent.add_checkpoint_request(0, :size));
SELECT consent.register_log(vkey) > 0 AS registered FROM consent.key WHERE signs = 'checkpoint';
SELECT consent.register_log('nobody');
SELECT consent.add_checkpoint_request(0, :size) AS request \gset
CALL consent.witness(:'request') \gset
SELECT :status AS status, split_part(:'body', ' ', 2) AS by;
SELECT origin = (SELECT origin FROM consent.ledger) AS ours, size = :size AS of_size FROM consent.witnessed;
-- again: the size that is known; and a proof is asked for
CALL consent.witness(:'request') \gset
SELECT :status AS status, :'body' = :size || E'\n' AS known;
SELECT consent.add_checkpoint_request(:size) AS request \gset
CALL consent.witness(:'request') \gset
SELECT :status AS status, count(*) AS witnessed FROM consent.witnessed;
-- back in time it does not go, nor to another signature, nor without a proof
SELECT consent.add_checkpoint_request(:size, :size) AS request \gset
CALL consent.witness(:'request') \gset
SELECT :status AS status;
SELECT regexp_replace(consent.add_checkpoint_request((SELECT max(size) FROM consent.witnessed)), E'\n([^\n]+)\n\n— ', E'\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— ') AS request \gset
CALL consent.witness(:'request') \gset
SELECT :status AS status, :'body' AS body;
CALL consent.witness('nonsense');
CALL consent.witness(NULL);
-- stored before it is signed, so not in a transaction block
BEGIN;
CALL consent.witness('nonsense');
ROLLBACK;

SELECT * FROM consent.verify();

-- time-stamps by an authority (RFC 3161); t/076_timestamps.pl has a real one
SELECT length(consent.timestamp_request()) AS request_bytes;
SELECT consent.timestamp_request() = consent.timestamp_request(NULL) AS of_the_newest;
-- fails: what is no certificate, and what is no time-stamp
SELECT consent.register_tsa('tsa.example', 'a certificate');
SELECT consent.register_tsa('', '');
SELECT consent.add_timestamp('\x30');
SELECT consent.add_timestamp(consent.timestamp_request());

-- what is proven of times: the first event of this file, and the last
SELECT min(event_id) AS first, max(event_id) AS last FROM consent.event_log WHERE event_id >= (SELECT event_id FROM consent.purpose WHERE name = 'witness_train') \gset
-- nobody whom we know has cosigned, so no clock but our own says when
SELECT not_before, not_before_by, not_after, not_after_by, leaf_index IS NOT NULL AS in_log FROM consent.proven_time(:first);
-- but the last one's seal embeds a checkpoint that covers the first one
SELECT a_was FROM consent.proven_order(:first, :last);
SELECT a_was FROM consent.proven_order(:last, :first);
SELECT a_was, because FROM consent.proven_order(:last, :last);
