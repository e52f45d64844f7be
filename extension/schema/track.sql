/*
 * track.sql
 *		An application's own settings column, followed by a trigger.
 */

CREATE FUNCTION consent.track() RETURNS trigger
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'consent_track';
COMMENT ON FUNCTION consent.track() IS
'Trigger AFTER INSERT OR UPDATE OR DELETE, FOR EACH ROW or, faster, FOR EACH STATEMENT with transition tables; a row that changes its partition is the same row. Arguments: subject column, choice column (boolean or consent), purpose of a boolean, column that says who acted. Off is a refusal; on is a preset unless acting() or the column says that self, guardian or agent acted; a row that said yes and is deleted or set to NULL is revoked. A statement that names a partition fires the partition''s triggers only. TRUNCATE says nothing of whose settings go away: a trigger for it, too, refuses it';

CREATE FUNCTION consent.acting(subject text, actor text DEFAULT 'self', method text DEFAULT NULL, notice text DEFAULT NULL) RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'consent_acting';
CREATE FUNCTION consent.acting(subject bigint, actor text DEFAULT 'self', method text DEFAULT NULL, notice text DEFAULT NULL) RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'consent_acting';
CREATE FUNCTION consent.acting(subject uuid, actor text DEFAULT 'self', method text DEFAULT NULL, notice text DEFAULT NULL) RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'consent_acting';
COMMENT ON FUNCTION consent.acting(text, text, text, text) IS
'States whose act tracked changes of this subject are, until the end of the transaction or the rollback of a savepoint: self, guardian or agent make a "yes" an act. Raises on unknown actors and notices';
COMMENT ON FUNCTION consent.acting(bigint, text, text, text) IS
'The same for a subject of type bigint';
COMMENT ON FUNCTION consent.acting(uuid, text, text, text) IS
'The same for a subject of type uuid';

REVOKE EXECUTE ON FUNCTION consent.track(),
	consent.acting(text, text, text, text), consent.acting(bigint, text, text, text),
	consent.acting(uuid, text, text, text) FROM PUBLIC;
