-- What the cases ask about: messages between members, skewed towards the first
-- of them, and what each member chose, in plain tables and in the ledger.
CREATE EXTENSION consent_ledger;
CREATE EXTENSION pgcrypto;
SELECT consent.create_ledger('bench.example/consent', test => true);
SELECT consent.define_purpose('ai_training');

CREATE TABLE message (id bigint PRIMARY KEY, sender text NOT NULL, recipient text NOT NULL, sent_at timestamptz NOT NULL, body text NOT NULL);
SELECT setseed(0.5);
INSERT INTO message
SELECT i, 'p' || (1 + floor(:subjects * power(random(), 2)))::int, 'p' || (1 + floor(:subjects * power(random(), 2)))::int,
	'2024-01-01Z'::timestamptz + i * interval '1 second', repeat('x', 40)
FROM generate_series(1, :messages) i;

CREATE TABLE plain_choice (subject text, purpose text, granted boolean NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (subject, purpose));
INSERT INTO plain_choice SELECT 'p' || i, 'ai_training', hashint8(i) % 20 <> 0, clock_timestamp() FROM generate_series(1::bigint, :subjects) i;
INSERT INTO consent.event (subject, choices)
SELECT subject, CASE WHEN granted THEN '+ai_training' ELSE '-ai_training' END FROM plain_choice;
SELECT consent.protect('message', '{sender, recipient}', collected_at => 'sent_at');

-- Whose uses a plain table would record: those of messages that both permit.
CREATE VIEW plain_permitted AS
SELECT m.id AS message_id, s.subject
FROM message m
JOIN plain_choice c1 ON c1.subject = m.sender AND c1.purpose = 'ai_training' AND c1.granted
JOIN plain_choice c2 ON c2.subject = m.recipient AND c2.purpose = 'ai_training' AND c2.granted,
LATERAL (SELECT m.sender AS subject UNION SELECT m.recipient) s;

-- Events and uses as they are kept without the ledger.
CREATE TABLE plain_event (event_id bigserial PRIMARY KEY, subject text NOT NULL, purpose text NOT NULL,
	stance text NOT NULL, event_time timestamptz NOT NULL, recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	actor text NOT NULL, method text, notice text, source text NOT NULL, external_id text);
CREATE INDEX ON plain_event (subject, event_id);
CREATE UNIQUE INDEX ON plain_event (source, external_id) WHERE external_id IS NOT NULL;
CREATE TABLE plain_state (subject text, purpose text, stance text, at timestamptz, PRIMARY KEY (subject, purpose));
CREATE TABLE plain_use (run_id bigint, message_id bigint, subject text, verdict text, used_at timestamptz, PRIMARY KEY (run_id, message_id, subject));
CREATE INDEX ON plain_use (subject);

-- Events in a hash chain: each hash covers the one before, so writers take turns.
CREATE TABLE chain_event (event_id bigserial PRIMARY KEY, subject text NOT NULL, purpose text NOT NULL,
	stance text NOT NULL, event_time timestamptz NOT NULL, recorded_at timestamptz NOT NULL, hash bytea NOT NULL);
CREATE INDEX ON chain_event (subject, event_id);
CREATE TABLE chain_state (subject text, purpose text, stance text, at timestamptz, PRIMARY KEY (subject, purpose));
CREATE TABLE chain_head (hash bytea NOT NULL) WITH (fillfactor = 10);
INSERT INTO chain_head VALUES ('\x00');
CREATE FUNCTION chain_append(subjects text[], stance text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	head bytea;
	subject text;
	t timestamptz;
BEGIN
	SELECT hash INTO head FROM chain_head FOR UPDATE;
	FOREACH subject IN ARRAY subjects LOOP
		t := clock_timestamp();
		head := digest(head || convert_to(concat_ws('|', subject, 'ai_training', stance, t), 'UTF8'), 'sha256');
		INSERT INTO chain_event (subject, purpose, stance, event_time, recorded_at, hash)
		VALUES (subject, 'ai_training', stance, t, t, head);
		INSERT INTO chain_state VALUES (subject, 'ai_training', stance, t)
		ON CONFLICT ON CONSTRAINT chain_state_pkey DO UPDATE SET stance = excluded.stance, at = excluded.at WHERE excluded.at > chain_state.at;
	END LOOP;
	UPDATE chain_head SET hash = head;
END
$$;

CREATE SEQUENCE round;
VACUUM ANALYZE message, plain_choice, consent.subject, consent.event_log;
