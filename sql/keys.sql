-- Another key for seals: declared by an event that both keys have signed.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE ROLE regress_keys_admin;
SELECT consent.grant_role('admin', 'regress_keys_admin');
SET ROLE regress_keys_admin;

SELECT consent.define_purpose('keys_train') / 4096 AS before \gset
SELECT vkey AS old FROM consent.key WHERE signs = 'seal' ORDER BY key_no DESC LIMIT 1 \gset
SELECT consent.rotate_key() AS new \gset
SELECT consent.define_purpose('keys_improve') / 4096 AS after \gset

-- the same name, another key
SELECT split_part(:'new', '+', 1) = split_part(:'old', '+', 1) AS same_name, :'new' <> :'old' AS another_key;
SELECT vkey = :'new' AS in_force FROM consent.key WHERE signs = 'seal' ORDER BY key_no DESC LIMIT 1;
RESET ROLE;

-- what both have signed: a text, an empty line, two signatures
SELECT regexp_replace(detail::json ->> 'change', '[0-9a-f]{8}\+[0-9A-Za-z+/=]+|[0-9A-Za-z+/]{80,}=*', '…', 'g') AS change
FROM consent.event_log WHERE kind = 'key_rotated' ORDER BY event_id DESC LIMIT 1;

-- a signature begins with the id of its key: the old one before, the new one after
SELECT seal_no = :after AS after,
       substr(encode(decode(substring(note FROM '[^ \n]+\n$'), 'base64'), 'hex'), 1, 8)
           = split_part(CASE seal_no WHEN :after THEN :'new' ELSE :'old' END, '+', 2) AS its_key
FROM consent.seal WHERE seal_no IN (:before, :after) ORDER BY seal_no;
CALL consent.checkpoint();

-- a rollback: the old key goes on
BEGIN;
SELECT consent.rotate_key() <> :'new' AS another_key;
ROLLBACK;
SELECT count(*) AS newer FROM consent.key WHERE signs = 'seal' AND key_no > (SELECT key_no FROM consent.key WHERE vkey = :'new');
SELECT consent.opt_in('keys_ann', 'keys_train') > 0 AS recorded;

-- that of checkpoints: those that cover the change are signed by it
SELECT vkey AS old FROM consent.key WHERE signs = 'checkpoint' ORDER BY key_no DESC LIMIT 1 \gset
SELECT consent.rotate_key('checkpoint') AS new \gset
CALL consent.checkpoint();
SELECT substr(encode(decode(substring(note FROM '[^ \n]+\n$'), 'base64'), 'hex'), 1, 8) = split_part(:'new', '+', 2) AS by_the_new
FROM consent.checkpoint ORDER BY size DESC LIMIT 1;
-- what was signed by a key that got into wrong hands counts up to a checkpoint that others saw
SELECT consent.revoke_key(:'old', (SELECT max(size) FROM consent.checkpoint)) > 0 AS revoked;
-- fails: twice, and the one in force
SELECT consent.revoke_key(:'old', 0);
SELECT consent.revoke_key(:'new', 0);
-- fails: what is no key
SELECT consent.rotate_key('everything');
SELECT consent.rotate_key(NULL);
-- fails: not for those who only record
CREATE ROLE regress_keys_recorder;
SELECT consent.grant_role('recorder', 'regress_keys_recorder');
SET ROLE regress_keys_recorder;
SELECT consent.rotate_key();
RESET ROLE;

SELECT kind, thing, expected, found FROM consent.verify();
SELECT consent.revoke_role('admin', 'regress_keys_admin'), consent.revoke_role('recorder', 'regress_keys_recorder');
DROP ROLE regress_keys_admin, regress_keys_recorder;
