/*
 * manifest.c
 *		The type consent.manifest.
 *
 * The flat form is its version (1 byte) and what follows, wrapped (core/wrap.h)
 * under a key that the ledger's nodes have: whoever collects and carries a
 * manifest is to learn no verdicts from it, and to change none.  Unwrapped,
 * numbers big-endian: system identifier (8), xmin (8), purposes (count 2, each length 2 and bytes, ascending), tables
 * (count 2, ascending by name); a table: name (length 2 and bytes), keys of
 * unknown subjects (count 4, each length 2 and bytes, ascending), two sequences
 * of blocks (count 4, each length 2 and bytes): uses by subject number, and
 * uses by place in those keys, from 1 on.
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xlog.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "core/hash.h"
#include "ledger/subject.h"
#include "use/blocks.h"
#include "use/manifest.h"

#define MANIFEST_MAGIC 0x636c6d31
#define MANIFEST_BUFFER Min((Size) work_mem * 1024 / 2, MANIFEST_MAX / 8)
#define LOOK_AT_SIZE_EVERY 8192
#define NAME_MAX_BYTES 1024
#define LABEL "consent_ledger/manifest/v1"
#define FLAT_MIN (1 + CL_WRAP_TAG_BYTES)

PG_FUNCTION_INFO_V1(consent_manifest_in);
PG_FUNCTION_INFO_V1(consent_manifest_out);
PG_FUNCTION_INFO_V1(consent_manifest_recv);
PG_FUNCTION_INFO_V1(consent_manifest_send);

static Size manifest_flat_size(ExpandedObjectHeader *eohptr);
static void manifest_flatten(ExpandedObjectHeader *eohptr, void *result, Size size);

static const ExpandedObjectMethods manifest_methods = {
	manifest_flat_size,
	manifest_flatten
};

/* ---- making ---- */

Position
position_now(void)
{
	FullTransactionId next = ReadNextFullTransactionId();
	Snapshot	snapshot = GetActiveSnapshot();
	uint64		full = U64FromFullTransactionId(next);
	Position	position;

	position.system = GetSystemIdentifier();
	position.xmin = full - (uint32) ((uint32) full - snapshot->xmin);
	return position;
}

static void
derive_key(cl_wrap_key *key)
{
	bytea	   *secret;

	(void) declared_get();		/* says so if there is no ledger */
	secret = subject_suppression_key(GetActiveSnapshot());
	if (cl_wrap_derive(VARDATA_ANY(secret), VARSIZE_ANY_EXHDR(secret), LABEL, key) != CL_OK)
		elog(ERROR, "could not derive the key of manifests");
}

static Manifest *
new_manifest(MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "consent manifest",
												  ALLOCSET_START_SMALL_SIZES);
	Manifest   *manifest = MemoryContextAllocZero(context, sizeof(Manifest));

	EOH_init_header(&manifest->hdr, &manifest_methods, context);
	manifest->magic = MANIFEST_MAGIC;
	manifest->context = context;
	derive_key(&manifest->key);
	return manifest;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

Manifest *
manifest_create(MemoryContext parent, char **purposes, int npurposes)
{
	Manifest   *manifest = new_manifest(parent);
	int			kept = 0;

	manifest->position = position_now();
	manifest->purposes = MemoryContextAlloc(manifest->context, Max(npurposes, 1) * sizeof(char *));
	for (int i = 0; i < npurposes; i++)
		manifest->purposes[i] = MemoryContextStrdup(manifest->context, purposes[i]);
	qsort(manifest->purposes, npurposes, sizeof(char *), compare_names);
	for (int i = 0; i < npurposes; i++)
		if (kept == 0 || strcmp(manifest->purposes[kept - 1], manifest->purposes[i]) != 0)
			manifest->purposes[kept++] = manifest->purposes[i];
	manifest->npurposes = kept;
	return manifest;
}

Datum
manifest_datum(Manifest *manifest)
{
	return EOHPGetRWDatum(&manifest->hdr);
}

UseTable *
manifest_table(Manifest *manifest, const char *known_as)
{
	UseTable   *table = usetable_find(manifest->tables, known_as);
	MemoryContext old;

	if (table)
		return table;
	old = MemoryContextSwitchTo(manifest->context);
	table = usetable_create(manifest->context, known_as, MANIFEST_BUFFER, false);
	manifest->tables = lappend(manifest->tables, table);
	MemoryContextSwitchTo(old);
	return table;
}

static void
refuse_size(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("a manifest exceeds %zu MB", MANIFEST_MAX / (1024 * 1024)),
			 errhint("Make several with GROUP BY, over a range of row keys say, and record each of them for the run.")));
}

static void
check_size(const Manifest *manifest)
{
	if (MemoryContextMemAllocated(manifest->context, true) > MANIFEST_MAX)
		refuse_size();
}

void
manifest_add(Manifest *manifest, UseTable *table, const UseEntry *entry,
			 const char *subject_key)
{
	manifest->flat = NULL;
	usetable_add(table, entry, subject_key);
	if (++manifest->added % LOOK_AT_SIZE_EVERY == 0)
		check_size(manifest);
}

/* Add a block of uses by subject number. */
static void
add_block(Manifest *manifest, UseTable *table, const char *data, const BlockInfo *info)
{
	manifest->flat = NULL;
	useset_add_block(table->known, data, info);
	if ((manifest->added += info->entries) % LOOK_AT_SIZE_EVERY < info->entries)
		check_size(manifest);
}

/* ---- union ---- */

static void
unite_positions(Position *into, Position from)
{
	if (into->system != from.system)
		into->system = 0;
	into->xmin = Min(into->xmin, from.xmin);
}

static bool
same_purposes(const Manifest *a, const Manifest *b)
{
	if (a->npurposes != b->npurposes)
		return false;
	for (int i = 0; i < a->npurposes; i++)
		if (strcmp(a->purposes[i], b->purposes[i]) != 0)
			return false;
	return true;
}

static void
unite_sets(Manifest *into, UseTable *table, UseSet *set, const Strangers *strangers)
{
	UseMerge   *merge = merge_create();
	UseEntry	entry;

	useset_read(set, merge, 0);
	while (merge_next(merge, &entry, NULL))
	{
		const char *key = strangers ? strangers_key(strangers, entry.subject) : NULL;

		manifest_add(into, table, &entry, key);
	}
}

static void
unite_heads(Manifest *into, const Manifest *from)
{
	if (!same_purposes(into, from))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("manifests for different purposes cannot be united")));
	unite_positions(&into->position, from->position);
	into->flat = NULL;
}

static void
unite_expanded(Manifest *into, const Manifest *from)
{
	ListCell   *lc;

	unite_heads(into, from);
	foreach(lc, from->tables)
	{
		UseTable   *source = lfirst(lc);
		UseTable   *table = manifest_table(into, source->known_as);

		unite_sets(into, table, source->known, NULL);
		if (source->unknown)
			unite_sets(into, table, source->unknown, source->strangers);
	}
}

/* ---- flat form ---- */

static void
put_name(StringInfo buf, const char *name)
{
	pq_sendint16(buf, strlen(name));
	appendBinaryStringInfo(buf, name, strlen(name));
}

static void
put_block(StringInfo buf, BlockWriter *writer, int *nblocks)
{
	BlockInfo	info;
	const char *data = block_end(writer, &info);

	pq_sendint16(buf, info.len);
	appendBinaryStringInfo(buf, data, info.len);
	(*nblocks)++;
}

static void
put_set(StringInfo buf, UseSet *set)
{
	int			count_at = buf->len;
	int			nblocks = 0;
	uint32		count;
	BlockWriter *writer = block_writer();
	UseMerge   *merge = merge_create();
	UseEntry	entry;

	pq_sendint32(buf, 0);
	useset_read(set, merge, 0);
	block_begin(writer, BLOCK_BYTES);
	while (merge_next(merge, &entry, NULL))
	{
		if (!block_put(writer, &entry))
		{
			put_block(buf, writer, &nblocks);
			block_begin(writer, BLOCK_BYTES);
			block_put(writer, &entry);
		}
	}
	if (useset_added(set) > 0)
		put_block(buf, writer, &nblocks);
	count = pg_hton32(nblocks);
	memcpy(buf->data + count_at, &count, sizeof(count));
}

/* Places of the strangers by key, from 0 on; places[i] is that of strangers_key(i + 1). */
static void
rank_strangers(const Strangers *strangers, const char **keys, int32 *places)
{
	int			n = strangers_count(strangers);

	for (int i = 0; i < n; i++)
		keys[i] = strangers_key(strangers, i + 1);
	qsort(keys, n, sizeof(char *), compare_names);
	for (int i = 0; i < n; i++)
		places[strangers_find(strangers, keys[i]) - 1] = i;
}

/* Strangers are written by key, so that equal manifests have equal bytes. */
static void
put_table(StringInfo buf, UseTable *table)
{
	int			n = table->strangers ? strangers_count(table->strangers) : 0;
	const char **keys = MemoryContextAllocHuge(CurrentMemoryContext, Max(n, 1) * sizeof(char *));
	int32	   *places = MemoryContextAllocHuge(CurrentMemoryContext, Max(n, 1) * sizeof(int32));
	UseSet	   *ranked = useset_create(CurrentMemoryContext, MANIFEST_BUFFER, false);
	UseMerge   *merge = merge_create();
	UseEntry	entry;

	if (n > 0)
	{
		rank_strangers(table->strangers, keys, places);
		useset_read(table->unknown, merge, 0);
	}
	while (merge_next(merge, &entry, NULL))
	{
		entry.subject = places[entry.subject - 1] + 1;
		useset_add(ranked, &entry);
	}
	pq_sendint32(buf, n);
	for (int i = 0; i < n; i++)
		put_name(buf, keys[i]);
	put_set(buf, table->known);
	put_set(buf, ranked);
}

static void
put_manifest(StringInfo buf, Manifest *manifest)
{
	ListCell   *lc;

	pq_sendint64(buf, manifest->position.system);
	pq_sendint64(buf, manifest->position.xmin);
	pq_sendint16(buf, manifest->npurposes);
	for (int i = 0; i < manifest->npurposes; i++)
		put_name(buf, manifest->purposes[i]);
	usetable_sort(manifest->tables);
	pq_sendint16(buf, list_length(manifest->tables));
	foreach(lc, manifest->tables)
	{
		put_name(buf, ((UseTable *) lfirst(lc))->known_as);
		put_table(buf, lfirst(lc));
	}
}

/* Make the bytes once; they stay until something is added. */
static void
make_flat(Manifest *manifest)
{
	MemoryContext work;
	MemoryContext old;
	StringInfoData buf;

	if (manifest->flat)
		return;
	work = AllocSetContextCreate(CurrentMemoryContext, "consent manifest bytes",
								 ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(work);
	initStringInfo(&buf);
	put_manifest(&buf, manifest);
	if (buf.len > MANIFEST_MAX)
		refuse_size();
	manifest->flat = MemoryContextAlloc(manifest->context, FLAT_MIN + buf.len);
	manifest->flat[0] = MANIFEST_VERSION;
	if (cl_wrap(&manifest->key, buf.data, buf.len, (uint8 *) manifest->flat + 1) != CL_OK)
		elog(ERROR, "could not encrypt a manifest");
	manifest->flat_len = FLAT_MIN + buf.len;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(work);
}

static Size
manifest_flat_size(ExpandedObjectHeader *eohptr)
{
	Manifest   *manifest = (Manifest *) eohptr;

	make_flat(manifest);
	return VARHDRSZ + manifest->flat_len;
}

static void
manifest_flatten(ExpandedObjectHeader *eohptr, void *result, Size size)
{
	Manifest   *manifest = (Manifest *) eohptr;

	SET_VARSIZE(result, size);
	memcpy(VARDATA(result), manifest->flat, manifest->flat_len);
}

/* ---- reading the flat form ---- */

static void
refuse_bytes(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid manifest: %s", what)));
}

static char *
get_name(StringInfo buf, MemoryContext context, int max, const char *what)
{
	int			len = pq_getmsgint(buf, 2);
	const char *bytes;
	char	   *name;

	if (len < 1 || len > max)
		refuse_bytes(what);
	bytes = pq_getmsgbytes(buf, len);
	if (memchr(bytes, '\0', len) || !pg_verifymbstr(bytes, len, true))
		refuse_bytes(what);
	name = MemoryContextAlloc(context, len + 1);
	memcpy(name, bytes, len);
	name[len] = '\0';
	return name;
}

static void
get_purposes(StringInfo buf, Manifest *manifest)
{
	int			n = pq_getmsgint(buf, 2);

	manifest->purposes = MemoryContextAlloc(manifest->context, Max(n, 1) * sizeof(char *));
	for (int i = 0; i < n; i++)
	{
		char	   *name = get_name(buf, manifest->context, CL_PURPOSE_MAX, "a purpose is malformed");

		if (!cl_purpose_valid(name, strlen(name)))
			refuse_bytes("a purpose is malformed");
		if (i > 0 && strcmp(manifest->purposes[i - 1], name) >= 0)
			refuse_bytes("the purposes are not in order");
		manifest->purposes[manifest->npurposes++] = name;
	}
}

/* Text, and not that of an integer or a uuid, which would come as such. */
static bool
is_canonical_key(const RowKey *key)
{
	char		scratch[ROW_KEY_TEXT_SIZE];
	RowKey		again;

	if (key->kind != ROW_KEY_TEXT)
		return true;
	if (memchr(key->bytes, '\0', key->len) || !pg_verifymbstr(key->bytes, key->len, true))
		return false;
	row_key_parse(key->bytes, key->len, scratch, &again);
	return again.kind == ROW_KEY_TEXT;
}

/* Uses as they come, each to be after the last one. */
typedef struct Coming
{
	char	  **strangers;		/* whose places the subjects are; NULL: they are numbers */
	int			nstrangers;
	bool		has_last;
	UseEntry	last;			/* its bytes are in last_bytes */
	char		last_bytes[ROW_KEY_MAX];
} Coming;

static void
check_entry(Coming *coming, const UseEntry *entry)
{
	if (coming->has_last && use_entry_compare(&coming->last, entry) >= 0)
		refuse_bytes("the uses are not in order");
	if (!is_canonical_key(&entry->key))
		refuse_bytes("a row key is malformed");
	if (coming->strangers && (entry->subject < 1 || entry->subject > coming->nstrangers))
		refuse_bytes("a use has no subject");
	use_entry_keep(&coming->last, entry, coming->last_bytes);
	coming->has_last = true;
}

/*
 * Take the entries of one sequence of blocks, and check their order.  A long
 * one by subject number is taken block by block, as it is.
 */
static void
get_set(StringInfo buf, Manifest *manifest, UseTable *table, char **strangers, int nstrangers)
{
	int			nblocks = pq_getmsgint(buf, 4);
	bool		by_block = !strangers && useset_takes_blocks(table->known, nblocks);
	BlockReader *reader = block_reader();
	Coming		coming = {strangers, nstrangers};

	if (by_block)
		useset_begin_blocks(table->known);
	for (int i = 0; i < nblocks; i++)
	{
		BlockInfo	info = {.len = pq_getmsgint(buf, 2)};
		const char *data;
		UseEntry	entry;

		CHECK_FOR_INTERRUPTS();
		if (info.len > BLOCK_BYTES)
			refuse_bytes("a block is too long");
		data = pq_getmsgbytes(buf, info.len);
		block_open(reader, data, info.len);
		while (block_get(reader, &entry))
		{
			check_entry(&coming, &entry);
			if (info.entries++ == 0)
				info.first_subject = entry.subject;
			info.last_subject = entry.subject;
			if (!by_block)
				manifest_add(manifest, table, &entry, strangers ? strangers[entry.subject - 1] : NULL);
		}
		if (by_block)
			add_block(manifest, table, data, &info);
	}
	pfree(reader);
}

/* Take a table, which comes after another one, into a manifest; its name there. */
static const char *
get_table(StringInfo buf, Manifest *manifest, const char *before)
{
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "consent manifest keys",
											   ALLOCSET_DEFAULT_SIZES);
	char	   *name = get_name(buf, work, NAME_MAX_BYTES, "a table's name is malformed");
	int			n = pq_getmsgint(buf, 4);
	char	  **strangers;
	UseTable   *table;

	if (before && strcmp(before, name) >= 0)
		refuse_bytes("the tables are not in order");
	if (n < 0 || n > (buf->len - buf->cursor) / 2)
		refuse_bytes("there are fewer subjects than it says");
	table = manifest_table(manifest, name);
	strangers = MemoryContextAllocHuge(work, Max(n, 1) * sizeof(char *));
	for (int i = 0; i < n; i++)
	{
		strangers[i] = get_name(buf, work, SUBJECT_KEY_MAX, "a subject's key is malformed");
		if (i > 0 && strcmp(strangers[i - 1], strangers[i]) >= 0)
			refuse_bytes("the subjects are not in order");
	}
	get_set(buf, manifest, table, NULL, 0);
	get_set(buf, manifest, table, strangers, n);
	MemoryContextDelete(work);
	return table->known_as;
}

static void
get_head(StringInfo buf, Manifest *manifest)
{
	manifest->position.system = pq_getmsgint64(buf);
	manifest->position.xmin = pq_getmsgint64(buf);
	get_purposes(buf, manifest);
}

static void
get_tables(StringInfo buf, Manifest *manifest)
{
	int			ntables = pq_getmsgint(buf, 2);
	const char *last = NULL;

	for (int i = 0; i < ntables; i++)
		last = get_table(buf, manifest, last);
	if (buf->cursor != buf->len)
		refuse_bytes("there are bytes left over");
}

/* All that can be told without the ledger. */
static void
check_flat(const char *bytes, Size len)
{
	if (len > FLAT_MIN + MANIFEST_MAX)
		refuse_size();
	if (len < 1 || bytes[0] != MANIFEST_VERSION)
		refuse_bytes("it is of a version unknown here");
	if (len < FLAT_MIN)
		refuse_bytes("it is too short");
}

/* What is wrapped was made here; it is checked all the same, as it is read. */
static void
unwrap(const cl_wrap_key *key, struct varlena *flat, StringInfo buf)
{
	const char *bytes = VARDATA_ANY(flat);
	Size		len = VARSIZE_ANY_EXHDR(flat);

	check_flat(bytes, len);
	memset(buf, 0, sizeof(StringInfoData));
	buf->len = len - FLAT_MIN;
	buf->data = MemoryContextAllocHuge(CurrentMemoryContext, Max(buf->len, 1));
	switch (cl_unwrap(key, bytes + 1, len - 1, (uint8 *) buf->data))
	{
		case CL_OK:
			break;
		case CL_FORGED:
			refuse_bytes("another ledger made it, or it was changed on the way");
			break;
		default:
			elog(ERROR, "could not decrypt a manifest");
	}
}

Manifest *
manifest_from_datum(Datum value, MemoryContext parent)
{
	Manifest   *manifest;
	StringInfoData buf;

	if (VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(value)))
	{
		manifest = (Manifest *) DatumGetEOHP(value);

		Assert(manifest->magic == MANIFEST_MAGIC);
		return manifest;
	}
	manifest = new_manifest(parent);
	unwrap(&manifest->key, PG_DETOAST_DATUM_PACKED(value), &buf);
	get_head(&buf, manifest);
	get_tables(&buf, manifest);
	pfree(buf.data);
	return manifest;
}

/* A flat one is read right into the other: none is made of it first. */
static void
unite_flat(Manifest *into, struct varlena *flat)
{
	Manifest	head = {.context = CurrentMemoryContext};
	StringInfoData buf;

	unwrap(&into->key, flat, &buf);
	get_head(&buf, &head);
	unite_heads(into, &head);
	get_tables(&buf, into);
	pfree(buf.data);
}

void
manifest_unite(Manifest *into, Datum value)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "consent union",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);

	if (VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(value)))
		unite_expanded(into, (Manifest *) DatumGetEOHP(value));
	else
		unite_flat(into, PG_DETOAST_DATUM_PACKED(value));
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* ---- input and output ---- */

static Datum
flat_datum(const char *bytes, Size len)
{
	bytea	   *flat = palloc(VARHDRSZ + len);

	SET_VARSIZE(flat, VARHDRSZ + len);
	memcpy(VARDATA(flat), bytes, len);
	return PointerGetDatum(flat);
}

Datum
consent_manifest_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
	size_t		len = strlen(text);
	uint8	   *bytes = palloc(len / 4 * 3 + 3);
	long		n = cl_base64_decode(text, len, bytes, len / 4 * 3 + 3);

	if (n < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s", "consent.manifest"),
				 errdetail("A manifest is written in base64.")));
	check_flat((const char *) bytes, n);
	PG_RETURN_DATUM(flat_datum((const char *) bytes, n));
}

Datum
consent_manifest_out(PG_FUNCTION_ARGS)
{
	bytea	   *flat = PG_GETARG_BYTEA_PP(0);
	Size		len = VARSIZE_ANY_EXHDR(flat);
	char	   *text = palloc(CL_BASE64_SIZE(len));

	cl_base64_encode((const uint8 *) VARDATA_ANY(flat), len, text);
	PG_RETURN_CSTRING(text);
}

Datum
consent_manifest_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int			len = buf->len - buf->cursor;
	const char *bytes = pq_getmsgbytes(buf, len);

	check_flat(bytes, len);
	PG_RETURN_DATUM(flat_datum(bytes, len));
}

Datum
consent_manifest_send(PG_FUNCTION_ARGS)
{
	bytea	   *flat = PG_GETARG_BYTEA_PP(0);

	PG_RETURN_DATUM(flat_datum(VARDATA_ANY(flat), VARSIZE_ANY_EXHDR(flat)));
}
