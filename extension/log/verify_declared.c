/*
 * verify_declared.c
 *		What was declared: each row against the event that brought it in, and
 *		each such event against the rows.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "core/hash.h"
#include "ledger/signer.h"
#include "log/verify_event.h"

/* ---- rows ---- */

/* Remember that a row has this event; a finding if another row has it too. */
static void
remember(Verify *v, const char *kind, const char *thing, int64 event_id)
{
	bool		found;

	hash_search(v->declared, &event_id, HASH_ENTER, &found);
	if (found)
		verify_finding(v, kind, thing, "an event of its own",
					   psprintf("event " INT64_FORMAT ", which is another row's", event_id));
}

static void
check_row(Verify *v, const char *kind, const char *thing, Store *store, HeapTuple row,
		  AttrNumber event_attno, const char *event_kind,
		  const VerifyColumn *columns, int ncolumns)
{
	bool		isnull;
	int64		event_id = DatumGetInt64(store_get(store, row, event_attno, &isnull));
	VerifyEvent event;

	remember(v, kind, thing, event_id);
	if (verify_origin_event(v, kind, thing, event_id, event_kind, &event))
		verify_columns(v, kind, thing, store, row, &event, columns, ncolumns);
}

/* A verifier key says its name itself. */
static void
check_key_name(Verify *v, const char *kind, const char *vkey, const char *name)
{
	cl_verifier verifier;

	if (!cl_vkey_parse(vkey, strlen(vkey), &verifier))
		verify_finding(v, kind, name, "a verifier key", vkey);
	else if (strcmp(verifier.name, name) != 0)
		verify_finding(v, kind, psprintf("%s: name", vkey), verifier.name, name);
}

static void
check_purpose(Verify *v, Store *store, HeapTuple row)
{
	static const VerifyColumn columns[] = {
		{Anum_purpose_name, "name"},
		{Anum_purpose_parents, "parents"},
		{Anum_purpose_regime, "regime"},
		{Anum_purpose_title, "title"},
		{Anum_purpose_since, "since"},
	};

	check_row(v, "purpose", verify_column_text(store, row, Anum_purpose_name), store, row,
			  Anum_purpose_event_id, "purpose_defined", columns, lengthof(columns));
}

static void
check_body(Verify *v, const char *thing, Store *store, HeapTuple row)
{
	char	   *body = verify_column_text(store, row, Anum_notice_body);
	cl_part		part = {body, strlen(body)};
	uint8		hash[CL_HASH_BYTES];
	char		text[2 * CL_HASH_BYTES + 1];
	char	   *expected = verify_column_text(store, row, Anum_notice_sha256);

	if (cl_sha256(&part, 1, hash) != CL_OK)
		elog(ERROR, "could not compute a SHA-256");
	cl_hex_encode(hash, CL_HASH_BYTES, text);
	if (!verify_same(expected, text))
		verify_finding(v, "notice", psprintf("%s: body", thing),
					   psprintf("SHA-256 %s", expected), psprintf("SHA-256 %s", text));
}

static void
check_notice(Verify *v, Store *store, HeapTuple row)
{
	static const VerifyColumn columns[] = {
		{Anum_notice_name, "name"},
		{Anum_notice_version, "version"},
		{Anum_notice_sha256, "sha256"},
		{Anum_notice_purposes, "purposes"},
		{Anum_notice_stated_on, "stated_on"},
		{Anum_notice_zone, "zone"},
		{Anum_notice_published_at, "published_at"},
		{Anum_notice_language, "language"},
		{Anum_notice_url, "url"},
		{Anum_notice_recorded_at, NULL, Anum_event_log_recorded_at},
	};
	char	   *label = verify_column_text(store, row, Anum_notice_label);
	char	   *expected = psprintf("%s/%s", verify_column_text(store, row, Anum_notice_name),
									verify_column_text(store, row, Anum_notice_version));

	if (strcmp(label, expected) != 0)
		verify_finding(v, "notice", psprintf("%s: label", label), expected, label);
	check_row(v, "notice", label, store, row, Anum_notice_event_id, "notice_published",
			  columns, lengthof(columns));
	check_body(v, label, store, row);
}

static void
check_preset(Verify *v, Store *store, HeapTuple row)
{
	static const VerifyColumn columns[] = {
		{Anum_preset_rule_choices, NULL, Anum_event_log_choices},
		{Anum_preset_rule_purpose, "purpose"},
		{Anum_preset_rule_jurisdiction, NULL, Anum_event_log_jurisdiction},
		{Anum_preset_rule_notice, NULL, Anum_event_log_notice},
		{Anum_preset_rule_event_time, NULL, Anum_event_log_event_time},
		{Anum_preset_rule_recorded_at, NULL, Anum_event_log_recorded_at},
	};
	bool		isnull;
	bool		ends = DatumGetBool(store_get(store, row, Anum_preset_rule_ends, &isnull));

	check_row(v, "preset", psprintf("preset of event %s", verify_column_text(store, row, Anum_preset_rule_event_id)),
			  store, row, Anum_preset_rule_event_id, ends ? "preset_ended" : "preset_set",
			  columns, lengthof(columns));
}

static void
check_protected_table(Verify *v, Store *store, HeapTuple row)
{
	static const VerifyColumn columns[] = {
		{Anum_protected_table_known_as, "known_as"},
		{Anum_protected_table_schema_name, "schema"},
		{Anum_protected_table_table_name, "table"},
		{Anum_protected_table_parties, "parties"},
		{Anum_protected_table_row_key, "row_key"},
		{Anum_protected_table_collected_at, "collected_at"},
		{Anum_protected_table_rule, "rule"},
	};
	bool		isnull;
	int64		event_id = DatumGetInt64(store_get(store, row, Anum_protected_table_event_id, &isnull));
	char	   *thing = psprintf("%s of event " INT64_FORMAT,
								 verify_column_text(store, row, Anum_protected_table_known_as), event_id);
	VerifyEvent event;

	/* The first row of a table and those after renames have the same columns. */
	check_row(v, "protected_table", thing, store, row, Anum_protected_table_event_id,
			  verify_find_event(v, event_id, &event) && strcmp(event.kind, "table_renamed") == 0 ?
			  "table_renamed" : "table_protected", columns, lengthof(columns));
}

/* The first keys are in the ledger's first event; later ones have events of their own. */
static void
check_later_key(Verify *v, Store *store, HeapTuple row)
{
	static const VerifyColumn continued[] = {
		{Anum_key_name, "origin"},
		{Anum_key_vkey, "key_checkpoint"},
	};
	static const VerifyColumn rotated[] = {
		{Anum_key_name, "name"},
		{Anum_key_signs, "signs"},
		{Anum_key_vkey, "vkey"},
	};
	bool		isnull;
	int32		key_no = DatumGetInt32(store_get(store, row, Anum_key_key_no, &isnull));
	int64		event_id = DatumGetInt64(store_get(store, row, Anum_key_event_id, &isnull));
	char	   *thing = psprintf("key %d", key_no);
	char	   *signs = verify_column_text(store, row, Anum_key_signs);
	VerifyEvent event;

	if (key_no <= KEY_ROLES)
		return;
	if (verify_find_event(v, event_id, &event) && strcmp(event.kind, "key_rotated") == 0)
	{
		check_row(v, "key", thing, store, row, Anum_key_event_id, "key_rotated", rotated, lengthof(rotated));
		return;
	}
	check_row(v, "key", thing, store, row, Anum_key_event_id, "log_continued", continued, lengthof(continued));
	if (!verify_same(signs, signer_role_name(KEY_CHECKPOINT)))
		verify_finding(v, "key", thing, signer_role_name(KEY_CHECKPOINT), signs);
}

static void
check_revocation(Verify *v, Store *store, HeapTuple row)
{
	static const VerifyColumn columns[] = {
		{Anum_key_revocation_vkey, "vkey"},
		{Anum_key_revocation_last_trusted_size, "last_trusted_size"},
	};

	check_row(v, "key_revocation", verify_column_text(store, row, Anum_key_revocation_vkey),
			  store, row, Anum_key_revocation_event_id, "key_revoked", columns, lengthof(columns));
}

static void
check_witness(Verify *v, Store *store, HeapTuple row)
{
	static const VerifyColumn columns[] = {
		{Anum_witness_vkey, "vkey"},
		{Anum_witness_url, "url"},
	};
	char	   *vkey = verify_column_text(store, row, Anum_witness_vkey);
	char	   *name = verify_column_text(store, row, Anum_witness_name);

	check_row(v, "witness", name, store, row, Anum_witness_event_id, "witness_registered",
			  columns, lengthof(columns));
	check_key_name(v, "witness", vkey, name);
}

static void
check_witness_quorum(Verify *v, Store *store, HeapTuple row)
{
	static const VerifyColumn columns[] = {
		{Anum_witness_quorum_quorum, "quorum"},
		{Anum_witness_quorum_witnesses, "witnesses"},
	};

	check_row(v, "witness_quorum", psprintf("quorum of event %s", verify_column_text(store, row, Anum_witness_quorum_event_id)),
			  store, row, Anum_witness_quorum_event_id, "witness_quorum_set", columns, lengthof(columns));
}

static void
check_timestamp_authority(Verify *v, Store *store, HeapTuple row)
{
	static const VerifyColumn columns[] = {
		{Anum_timestamp_authority_name, "name"},
		{Anum_timestamp_authority_certificate, "certificate"},
	};

	check_row(v, "timestamp_authority", verify_column_text(store, row, Anum_timestamp_authority_name),
			  store, row, Anum_timestamp_authority_event_id, "tsa_registered", columns, lengthof(columns));
}

static void
check_witnessed_log(Verify *v, Store *store, HeapTuple row)
{
	static const VerifyColumn columns[] = {
		{Anum_witnessed_log_vkey, "vkey"},
	};
	char	   *vkey = verify_column_text(store, row, Anum_witnessed_log_vkey);
	char	   *origin = verify_column_text(store, row, Anum_witnessed_log_origin);

	check_row(v, "witnessed_log", origin, store, row, Anum_witnessed_log_event_id, "log_registered",
			  columns, lengthof(columns));
	check_key_name(v, "witnessed_log", vkey, origin);
}

static void
check_table(Verify *v, const char *table, void (*check) (Verify *, Store *, HeapTuple))
{
	Store	   *store = store_open(table, AccessShareLock);
	StoreScan  *scan = store_scan(store, NULL, v->snapshot, 0, NULL);
	HeapTuple	row;

	while ((row = store_next(scan)) != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(v->scratch);

		check(v, store, row);
		MemoryContextSwitchTo(old);
		MemoryContextReset(v->scratch);
	}
	store_end(scan);
	store_close(store);
}

void
verify_declarations(Verify *v)
{
	HASHCTL		control = {.keysize = sizeof(int64), .entrysize = sizeof(int64)};

	v->declared = hash_create("consent declarations", 256, &control, HASH_ELEM | HASH_BLOBS);
	check_table(v, "purpose", check_purpose);
	check_table(v, "notice", check_notice);
	check_table(v, "preset_rule", check_preset);
	check_table(v, "protected_table", check_protected_table);
	check_table(v, "witness", check_witness);
	check_table(v, "witness_quorum", check_witness_quorum);
	check_table(v, "witnessed_log", check_witnessed_log);
	check_table(v, "timestamp_authority", check_timestamp_authority);
	check_table(v, "key_revocation", check_revocation);
	check_table(v, "key", check_later_key);
}

/* ---- events ---- */

static const char *
table_of(const char *event_kind)
{
	static const char *const tables[][2] = {
		{"purpose_defined", "purpose"},
		{"notice_published", "notice"},
		{"preset_set", "preset_rule"},
		{"preset_ended", "preset_rule"},
		{"table_protected", "protected_table"},
		{"table_renamed", "protected_table"},
		{"witness_registered", "witness"},
		{"witness_quorum_set", "witness_quorum"},
		{"log_registered", "witnessed_log"},
		{"tsa_registered", "timestamp_authority"},
		{"log_continued", "key"},
		{"key_rotated", "key"},
		{"key_revoked", "key_revocation"},
	};

	for (size_t i = 0; i < lengthof(tables); i++)
		if (strcmp(tables[i][0], event_kind) == 0)
			return tables[i][1];
	return NULL;
}

void
verify_declared_event(Verify *v, const Datum *values, const bool *isnull)
{
	int64		event_id = DatumGetInt64(values[Anum_event_log_event_id - 1]);
	char	   *kind = TextDatumGetCString(values[Anum_event_log_kind - 1]);
	const char *table = table_of(kind);

	if (table || strcmp(kind, "ledger_created") == 0)
		v->last_declaration = event_id;
	if (table && !hash_search(v->declared, &event_id, HASH_FIND, NULL))
		verify_finding(v, strcmp(table, "preset_rule") == 0 ? "preset" : table,
					   psprintf("event " INT64_FORMAT ", %s", event_id, kind),
					   psprintf("its row in consent.%s", table), "none");
}

void
verify_last_declaration(Verify *v)
{
	Store	   *store = store_open("ledger", AccessShareLock);
	StoreScan  *scan = store_scan(store, NULL, v->snapshot, 0, NULL);
	HeapTuple	row = store_next(scan);

	if (row && (v->last_declaration != 0 || v->since == 0))
	{
		char	   *expected = psprintf(INT64_FORMAT, v->last_declaration);
		char	   *found = verify_column_text(store, row, Anum_ledger_last_declaration);

		if (!verify_same(expected, found))
			verify_finding(v, "ledger", psprintf("%s: last_declaration", v->origin), expected, found);
	}
	store_end(scan);
	store_close(store);
}
