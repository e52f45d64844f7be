/*
 * row.c
 *		Take a row of a protected table apart.
 *
 * Columns are found by name in the row's own descriptor: a partition has them
 * in another order, and a dropped one is gone.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "gate/gate.h"
#include "ledger/row_key.h"

PG_FUNCTION_INFO_V1(consent_row_key);

typedef struct Row
{
	const ProtectedTable *table;
	TupleDesc	desc;
	HeapTupleData tuple;
} Row;

static const ProtectedTable *
table_of_record(const Declared *d, Oid type)
{
	Oid			relid = get_typ_typrelid(type);
	const ProtectedTable *table = OidIsValid(relid) ? declared_table_of(d, relid) : NULL;

	if (!table)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("row of type %s is not of a protected table", format_type_be(type)),
				 errhint("Pass a whole row of a table that consent.protect() was called for, or ask by columns.")));
	return table;
}

static int
find_column(const Row *row, const char *name)
{
	for (int i = 0; i < row->desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(row->desc, i);

		if (!attr->attisdropped && strcmp(NameStr(attr->attname), name) == 0)
			return i + 1;
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("protected table \"%s\" has no column \"%s\" any more", row->table->known_as, name),
			 errhint("Call consent.protect() again with the columns that it has now.")));
}

static Datum
get_column(Row *row, const char *name, Oid *type, bool *isnull)
{
	int			attno = find_column(row, name);

	*type = getBaseType(TupleDescAttr(row->desc, attno - 1)->atttypid);
	return heap_getattr(&row->tuple, attno, row->desc, isnull);
}

static void
refuse_type(const Row *row, const char *name, Oid type)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" of protected table \"%s\" is of type %s now",
					name, row->table->known_as, format_type_be(type)),
			 errhint("Call consent.protect() again with the columns that it has now.")));
}

/* Text, bigint and uuid pass as they are; the smaller integers grow. */
static void
take_party(const Declared *d, Row *row, const char *name, GateParty *party)
{
	Oid			type;
	bool		isnull;
	Datum		value = get_column(row, name, &type, &isnull);

	switch (type)
	{
		case INT2OID:
			value = Int64GetDatum(DatumGetInt16(value));
			type = INT8OID;
			break;
		case INT4OID:
			value = Int64GetDatum(DatumGetInt32(value));
			type = INT8OID;
			break;
		case VARCHAROID:
			type = TEXTOID;
			break;
		case TEXTOID:
		case INT8OID:
		case UUIDOID:
			break;
		default:
			refuse_type(row, name, type);
	}
	gate_party(d, value, isnull, type, party);
}

static char *
key_part(Row *row, const char *name)
{
	Oid			type;
	bool		isnull;
	Datum		value = get_column(row, name, &type, &isnull);

	if (isnull)
		return NULL;
	switch (type)
	{
		case INT2OID:
			return psprintf("%d", DatumGetInt16(value));
		case INT4OID:
			return psprintf("%d", DatumGetInt32(value));
		case INT8OID:
			return psprintf(INT64_FORMAT, DatumGetInt64(value));
		case UUIDOID:
			return OidOutputFunctionCall(F_UUID_OUT, value);
		case TEXTOID:
		case VARCHAROID:
			return TextDatumGetCString(value);
		default:
			refuse_type(row, name, type);
	}
	return NULL;
}

/* NULL if a part of the key is NULL: such a row has no key. */
static const char *
take_row_key(Row *row)
{
	char	  **parts = palloc(row->table->nkeys * sizeof(char *));

	for (int i = 0; i < row->table->nkeys; i++)
		if ((parts[i] = key_part(row, row->table->row_key[i])) == NULL)
			return NULL;
	return row_key_join(row->table->nkeys, parts);
}

static bool
take_collected(Row *row, TimestampTz *collected)
{
	Oid			type;
	bool		isnull;
	Datum		value;

	if (!row->table->collected_at)
		return false;
	value = get_column(row, row->table->collected_at, &type, &isnull);
	if (type != TIMESTAMPTZOID)
		refuse_type(row, row->table->collected_at, type);
	if (isnull)
		return false;
	*collected = DatumGetTimestampTz(value);
	return true;
}

void
gate_take_item(const Declared *d, Datum record, GateItem *item)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(record);
	Row			row;

	row.table = table_of_record(d, HeapTupleHeaderGetTypeId(header));
	row.desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header),
									  HeapTupleHeaderGetTypMod(header));
	row.tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&row.tuple.t_self);
	row.tuple.t_tableOid = InvalidOid;
	row.tuple.t_data = header;

	memset(item, 0, sizeof(*item));
	item->row.table = row.table;
	item->row.row_key = take_row_key(&row);
	item->row.row_key_len = item->row.row_key ? strlen(item->row.row_key) : 0;
	item->row.has_collected = take_collected(&row, &item->row.collected);
	item->nparties = row.table->nparties;
	item->parties = palloc(Max(item->nparties, 1) * sizeof(GateParty));
	for (int i = 0; i < item->nparties; i++)
		take_party(d, &row, row.table->parties[i], &item->parties[i]);
	ReleaseTupleDesc(row.desc);
}

Datum
consent_row_key(PG_FUNCTION_ARGS)
{
	Datum	   *elements;
	bool	   *nulls;
	int			n;
	char	  **parts;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), TEXTOID, -1, false,
					  TYPALIGN_INT, &elements, &nulls, &n);
	if (n == 0)
		PG_RETURN_NULL();
	parts = palloc(n * sizeof(char *));
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			PG_RETURN_NULL();
		parts[i] = TextDatumGetCString(elements[i]);
	}
	PG_RETURN_TEXT_P(cstring_to_text(row_key_join(n, parts)));
}
