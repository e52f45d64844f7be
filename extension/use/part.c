/*
 * part.c
 *		A part of a run: blocks as rows, and the hash that seals them.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

#include "core/event.h"
#include "core/hash.h"
#include "core/instant.h"
#include "ledger/detail.h"
#include "ledger/intake.h"
#include "ledger/store.h"
#include "use/blocks.h"
#include "use/part.h"
#include "use/run.h"
#include "use/tables.h"

/*
 * So many rows fill a page.  Who looks for one subject reads half a block, on
 * average, and each row costs some 150 bytes beside its block.  Where a use
 * has a long key, a block may take half a page.
 */
#define ROWS_ON_PAGE 7
#define ROWS_ON_PAGE_IF_LONG 2
#define ROW_BYTES(rows_on_page) \
	MAXALIGN_DOWN((BLCKSZ - SizeOfPageHeaderData - (rows_on_page) * sizeof(ItemIdData)) / (rows_on_page))

struct PartWriter
{
	int64		run_id;
	int64		part;
	Store	   *store;
	BlockWriter *blocks;
	PartHash   *hash;
	List	   *tables;
	int64		nuses;
	int32		nblocks;
};

PartWriter *
part_begin(int64 run_id, int64 part)
{
	PartWriter *writer = palloc0(sizeof(PartWriter));
	uint8		salt[CL_SALT_BYTES];

	writer->run_id = run_id;
	writer->part = part;
	writer->store = store_open("manifest_block", RowExclusiveLock);
	writer->blocks = block_writer();
	run_salt(run_id, GetActiveSnapshot(), salt);
	writer->hash = part_hash_begin(salt);
	return writer;
}

/* How long a block may be for so many rows like its own to fit a page. */
static int
block_room(const char *table, int rows_on_page)
{
	Size		used = MAXALIGN(SizeofHeapTupleHeader) + 2 * sizeof(int64);
	Size		name = strlen(table);

	used += name + 1 <= VARATT_SHORT_MAX ? name + 1 : name + VARHDRSZ;
	used = INTALIGN(used) + sizeof(int32);
	used = MAXALIGN(used) + 2 * sizeof(int64) + sizeof(int32) + VARHDRSZ;
	return ROW_BYTES(rows_on_page) - used;
}

/* Begin a block with an entry. */
static void
begin_block(PartWriter *writer, const char *table, const UseEntry *entry)
{
	block_begin(writer->blocks, block_room(table, ROWS_ON_PAGE));
	if (block_put(writer->blocks, entry))
		return;
	block_begin(writer->blocks, block_room(table, ROWS_ON_PAGE_IF_LONG));
	if (!block_put(writer->blocks, entry))
		elog(ERROR, "an entry does not fit an empty block");
}

static void
write_block(PartWriter *writer, const char *table, int32 block_no)
{
	BlockInfo	info;
	const char *data = block_end(writer->blocks, &info);
	bytea	   *copy = palloc(VARHDRSZ + info.len);
	Datum		values[Natts_manifest_block];
	bool		isnull[Natts_manifest_block] = {0};

	SET_VARSIZE(copy, VARHDRSZ + info.len);
	memcpy(VARDATA(copy), data, info.len);
	values[Anum_manifest_block_run_id - 1] = Int64GetDatum(writer->run_id);
	values[Anum_manifest_block_part - 1] = Int64GetDatum(writer->part);
	values[Anum_manifest_block_table_name - 1] = CStringGetTextDatum(table);
	values[Anum_manifest_block_block_no - 1] = Int32GetDatum(block_no);
	values[Anum_manifest_block_first_subject - 1] = Int64GetDatum(info.first_subject);
	values[Anum_manifest_block_last_subject - 1] = Int64GetDatum(info.last_subject);
	values[Anum_manifest_block_entries - 1] = Int32GetDatum(info.entries);
	values[Anum_manifest_block_data - 1] = PointerGetDatum(copy);
	store_queue(writer->store, values, isnull);
	part_hash_block(writer->hash, table, block_no, data, info.len);
	writer->nuses += info.entries;
	writer->nblocks++;
	pfree(DatumGetPointer(values[Anum_manifest_block_table_name - 1]));
	pfree(copy);
}

void
part_write_table(PartWriter *writer, const char *table, UseMerge *uses)
{
	int32		block_no = 0;
	UseEntry	entry;

	if (!merge_next(uses, &entry, NULL))
		return;
	writer->tables = lappend(writer->tables, pstrdup(table));
	begin_block(writer, table, &entry);
	while (merge_next(uses, &entry, NULL))
	{
		if (block_put(writer->blocks, &entry))
			continue;
		CHECK_FOR_INTERRUPTS();
		write_block(writer, table, block_no++);
		begin_block(writer, table, &entry);
	}
	write_block(writer, table, block_no);
}

static Datum
table_names(PartWriter *writer)
{
	int			n = list_length(writer->tables);
	char	  **names = palloc(Max(n, 1) * sizeof(char *));

	for (int i = 0; i < n; i++)
		names[i] = list_nth(writer->tables, i);
	return run_make_text_array(names, n);
}

static EventId
record_part(PartWriter *writer, Datum tables, const char *hash)
{
	cl_json_member members[] = {
		DETAIL("run", psprintf(INT64_FORMAT, writer->run_id)),
		DETAIL("part", psprintf(INT64_FORMAT, writer->part)),
		DETAIL("tables", OidOutputFunctionCall(F_ARRAY_OUT, tables)),
		DETAIL("count", psprintf(INT64_FORMAT, writer->nuses)),
		DETAIL("blocks", psprintf("%d", writer->nblocks)),
		DETAIL("hash", hash)
	};
	EventInput	event = {.kind = "run_part"};

	event.detail = detail_json(members, lengthof(members));
	return intake_record(SEAL_RUN, &event);
}

static void
insert_part(PartWriter *writer, Datum tables, const uint8 *hash, const EventId *id)
{
	Store	   *store = store_open("run_part", RowExclusiveLock);
	bytea	   *copy = palloc(VARHDRSZ + PART_HASH_BYTES);
	Datum		values[Natts_run_part];
	bool		isnull[Natts_run_part] = {0};

	SET_VARSIZE(copy, VARHDRSZ + PART_HASH_BYTES);
	memcpy(VARDATA(copy), hash, PART_HASH_BYTES);
	values[Anum_run_part_run_id - 1] = Int64GetDatum(writer->run_id);
	values[Anum_run_part_part - 1] = Int64GetDatum(writer->part);
	values[Anum_run_part_event_id - 1] = Int64GetDatum(id->event_id);
	values[Anum_run_part_tables - 1] = tables;
	values[Anum_run_part_uses - 1] = Int64GetDatum(writer->nuses);
	values[Anum_run_part_blocks - 1] = Int32GetDatum(writer->nblocks);
	values[Anum_run_part_hash - 1] = PointerGetDatum(copy);
	values[Anum_run_part_recorded_at - 1] = TimestampTzGetDatum(id->recorded_at);
	store_insert(store, values, isnull);
	store_close(store);
}

int64
part_seal(PartWriter *writer)
{
	uint8		hash[PART_HASH_BYTES];
	char		hex[2 * PART_HASH_BYTES + 1];
	Datum		tables = table_names(writer);
	EventId		id;

	store_flush(writer->store);
	store_close(writer->store);
	part_hash_end(writer->hash, hash);
	cl_hex_encode(hash, PART_HASH_BYTES, hex);
	id = record_part(writer, tables, hex);
	insert_part(writer, tables, hash, &id);
	return id.event_id;
}

/* ---- reading ---- */

#define BLOCKS_AT_ONCE 4

typedef struct PartSource
{
	UseSource	source;
	Store	   *store;
	int64		run_id;
	int64		part;
	const char *table;
	int64		first_subject;	/* whose uses are the first to be read */
	int64		last_subject;	/* of the block that was fetched last */
	int32		block_no;		/* -1: none was */
	bool		exhausted;
	int			nblocks;		/* fetched */
	int			next;			/* of them, to be opened */
	Size		lengths[BLOCKS_AT_ONCE];
	Size		at;				/* where the next one begins */
	Size		used;
	BlockReader *reader;
	MemoryContext context;
	Size		room;
	char	   *data;
} PartSource;

/* A run may have very many small parts, so each holds no more than it needs. */
static void
make_room(PartSource *s, Size room)
{
	char	   *data;

	if (room <= s->room)
		return;
	data = MemoryContextAlloc(s->context, room);
	if (s->data)
	{
		memcpy(data, s->data, s->used);
		pfree(s->data);
	}
	s->data = data;
	s->room = room;
}

const char *
part_block_bytes(Datum data, int64 run_id, int *len)
{
	bytea	   *bytes = DatumGetByteaPP(data);

	*len = VARSIZE_ANY_EXHDR(bytes);
	if (*len > BLCKSZ)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("a block of run " INT64_FORMAT " is too long", run_id)));
	return VARDATA_ANY(bytes);
}

static void
keep_block(PartSource *s, HeapTuple tuple)
{
	bool		isnull;
	int			len;
	Datum		data = store_get(s->store, tuple, Anum_manifest_block_data, &isnull);
	const char *bytes = part_block_bytes(data, s->run_id, &len);

	s->block_no = DatumGetInt32(store_get(s->store, tuple, Anum_manifest_block_block_no, &isnull));
	s->last_subject = DatumGetInt64(store_get(s->store, tuple, Anum_manifest_block_last_subject, &isnull));
	make_room(s, s->used + len);
	memcpy(s->data + s->used, bytes, len);
	s->used += len;
	s->lengths[s->nblocks++] = len;
}

/* Open the next of those fetched, if there is one. */
static bool
open_fetched(PartSource *s)
{
	if (s->next == s->nblocks)
		return false;
	block_open(s->reader, s->data + s->at, s->lengths[s->next]);
	s->at += s->lengths[s->next++];
	return true;
}

/*
 * Fetch some blocks, from the first that the last two keys let through, and
 * open that.  A fresh index scan each time: a scan left open for each part
 * would pin a buffer for each.
 */
static bool
fetch_blocks(PartSource *s, StrategyNumber by_subject, int64 last_subject,
			 bool same_subject, int32 after_block, int most)
{
	ScanKeyData keys[5];
	StoreScan  *scan;
	HeapTuple	tuple;
	RegProcedure compare = by_subject == BTEqualStrategyNumber ? F_INT8EQ :
		by_subject == BTGreaterStrategyNumber ? F_INT8GT : F_INT8GE;

	store_key_int8(&keys[0], Anum_manifest_block_run_id, s->run_id);
	store_key_int8(&keys[1], Anum_manifest_block_part, s->part);
	store_key_text(&keys[2], Anum_manifest_block_table_name, s->table, strlen(s->table));
	ScanKeyInit(&keys[3], Anum_manifest_block_last_subject, by_subject, compare,
				Int64GetDatum(last_subject));
	ScanKeyInit(&keys[4], Anum_manifest_block_block_no, BTGreaterStrategyNumber,
				F_INT4GT, Int32GetDatum(after_block));
	scan = store_scan(s->store, "manifest_block_pkey", GetActiveSnapshot(),
					  same_subject ? 5 : 4, keys);
	s->nblocks = s->next = 0;
	s->at = s->used = 0;
	while (s->nblocks < most && (tuple = store_next(scan)) != NULL)
		keep_block(s, tuple);
	store_end(scan);
	pfree(DatumGetPointer(keys[2].sk_argument));
	return open_fetched(s);
}

/* From the first block with uses of a subject or of one behind her, and there from the first such use. */
static bool
seek(PartSource *s, int64 subject, int most)
{
	if (!fetch_blocks(s, BTGreaterEqualStrategyNumber, subject, false, 0, most))
		return false;
	block_seek(s->reader, subject);
	return true;
}

/* Who begins with a subject may want no more than her. */
static bool
open_next_block(PartSource *s)
{
	if (s->block_no < 0)
		return seek(s, s->first_subject, s->first_subject == NO_PARTY ? BLOCKS_AT_ONCE : 1);
	return open_fetched(s) ||
		fetch_blocks(s, BTEqualStrategyNumber, s->last_subject, true, s->block_no, BLOCKS_AT_ONCE) ||
		fetch_blocks(s, BTGreaterStrategyNumber, s->last_subject, false, 0, BLOCKS_AT_ONCE);
}

static bool
part_next(UseSource *source)
{
	PartSource *s = (PartSource *) source;

	while (s->block_no < 0 || !block_get(s->reader, &source->entry))
		if (!open_next_block(s))
			return false;
	return true;
}

/* Go on in the blocks that were fetched; in the next one, if they end before her. */
static bool
part_seek(UseSource *source, int64 subject)
{
	PartSource *s = (PartSource *) source;

	while (source->entry.subject < subject)
	{
		block_seek(s->reader, subject);
		if (!part_next(source))
			return false;
	}
	return true;
}

UseSource *
part_source(Store *blocks, int64 run_id, const RunPart *part, const char *table,
			int64 subject)
{
	PartSource *s = palloc0(sizeof(PartSource));

	s->source.priority = part->part;
	s->source.next = part_next;
	s->source.seek = part_seek;
	s->store = blocks;
	s->run_id = run_id;
	s->part = part->part;
	s->table = table;
	s->first_subject = subject;
	s->block_no = -1;
	s->reader = block_reader();
	s->context = CurrentMemoryContext;
	return &s->source;
}

bool
part_contains(UseSource *source, const UseEntry *entry)
{
	PartSource *s = (PartSource *) source;
	int			order;

	if (s->exhausted)
		return false;
	if (s->block_no < 0 || entry->subject > s->last_subject)
	{
		if (!seek(s, entry->subject, 1) || !part_next(source))
		{
			s->exhausted = true;
			return false;
		}
	}
	while ((order = use_entry_compare(&source->entry, entry)) < 0)
		if (!part_next(source))
		{
			s->exhausted = true;
			return false;
		}
	return order == 0;
}

/* ---- hash ---- */

struct PartHash
{
	pg_cryptohash_ctx *sha;
	StringInfo	out;			/* in place of it */
};

static void
check_hash(int result)
{
	if (result < 0)
		elog(ERROR, "could not compute a SHA-256");
}

PartHash *
part_hash_begin(const uint8 *salt)
{
	PartHash   *hash = palloc0(sizeof(PartHash));

	hash->sha = pg_cryptohash_create(PG_SHA256);
	check_hash(pg_cryptohash_init(hash->sha));
	part_hash_bytes(hash, salt, CL_SALT_BYTES);
	return hash;
}

PartHash *
part_copy_begin(StringInfo out)
{
	PartHash   *copy = palloc0(sizeof(PartHash));

	copy->out = out;
	return copy;
}

void
part_hash_number(PartHash *hash, uint32 number)
{
	number = pg_hton32(number);
	part_hash_bytes(hash, &number, sizeof(number));
}

void
part_hash_bytes(PartHash *hash, const void *bytes, size_t len)
{
	if (hash->out)
		appendBinaryStringInfo(hash->out, bytes, len);
	else
		check_hash(pg_cryptohash_update(hash->sha, bytes, len));
}

static void
hash_text(PartHash *hash, const char *text)
{
	part_hash_number(hash, strlen(text));
	part_hash_bytes(hash, text, strlen(text));
}

void
part_hash_block(PartHash *hash, const char *table, int32 block_no,
				const char *data, int len)
{
	hash_text(hash, table);
	part_hash_number(hash, block_no);
	part_hash_number(hash, len);
	part_hash_bytes(hash, data, len);
}

bool
part_copy_blocks(PartHash *copy, int64 run_id, int64 part, const char *table,
				 Snapshot snapshot, Size room, PartPlace *after)
{
	Store	   *store = store_open("manifest_block", AccessShareLock);
	int			end = copy->out->len + (int) room;
	ScanKeyData keys[4];
	StoreScan  *scan;
	HeapTuple	tuple = NULL;

	store_key_int8(&keys[0], Anum_manifest_block_run_id, run_id);
	store_key_int8(&keys[1], Anum_manifest_block_part, part);
	store_key_text(&keys[2], Anum_manifest_block_table_name, table, strlen(table));
	store_key_int8_from(&keys[3], Anum_manifest_block_last_subject, after->last_subject);
	scan = store_scan(store, "manifest_block_pkey", snapshot, 4, keys);
	while (copy->out->len < end && (tuple = store_next(scan)) != NULL)
	{
		bool		isnull;
		int32		block_no = DatumGetInt32(store_get(store, tuple, Anum_manifest_block_block_no, &isnull));
		bytea	   *data = DatumGetByteaPP(store_get(store, tuple, Anum_manifest_block_data, &isnull));

		if (block_no <= after->block_no)
			continue;
		part_hash_block(copy, table, block_no, VARDATA_ANY(data), VARSIZE_ANY_EXHDR(data));
		after->block_no = block_no;
		after->last_subject = DatumGetInt64(store_get(store, tuple, Anum_manifest_block_last_subject, &isnull));
	}
	store_end(scan);
	store_close(store);
	return tuple != NULL;
}

void
part_hash_draw(PartHash *hash, Store *store, HeapTuple draw)
{
	TimestampTz drawn_at;
	char		at[CL_INSTANT_TEXT] = "";
	FullTransactionId xid;
	uint64		numbers[2];
	bool		isnull;

	xid = DatumGetFullTransactionId(store_get(store, draw, Anum_run_draw_xid, &isnull));
	numbers[0] = pg_hton64(DatumGetInt64(store_get(store, draw, Anum_run_draw_draw_no, &isnull)));
	numbers[1] = pg_hton64(U64FromFullTransactionId(xid));
	drawn_at = DatumGetTimestampTz(store_get(store, draw, Anum_run_draw_drawn_at, &isnull));
	if (cl_instant_valid(drawn_at))
		cl_instant_format(drawn_at, at);
	part_hash_bytes(hash, numbers, sizeof(numbers));
	hash_text(hash, at);
	hash_text(hash, TextDatumGetCString(store_get(store, draw, Anum_run_draw_drawn_by, &isnull)));
}

void
part_hash_end(PartHash *hash, uint8 *out)
{
	check_hash(pg_cryptohash_final(hash->sha, out, PART_HASH_BYTES));
	pg_cryptohash_free(hash->sha);
	pfree(hash);
}
