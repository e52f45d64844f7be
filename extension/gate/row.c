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
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "gate/gate.h"
#include "ledger/row_key.h"

PG_FUNCTION_INFO_V1(consent_row_key);

typedef struct Column
{
	AttrNumber	attno;
	Oid			type;			/* beneath domains */
} Column;

/* Where a table's rows have what its declaration names. */
typedef struct Layout
{
	Oid			type;			/* of the row */
	uint64		identifier;		/* of the row's descriptor */
	uint64		reading;		/* of the table's declaration; 0: the columns were not looked for */
	Column		collected_at;
	Column	   *row_key;
	Column	   *parties;
	MemoryContext context;		/* of the columns */
} Layout;

/* Some that were used last: a query is about few tables. */
#define LAYOUTS 4
static Layout layouts[LAYOUTS];
static int	next_layout = 0;

typedef struct Row
{
	const ProtectedTable *table;
	Layout	   *layout;
	TupleDesc	desc;
	HeapTupleData tuple;
} Row;

/* ---- where the columns are ---- */

static Column
find_column(const Row *row, const char *name)
{
	for (int i = 0; i < row->desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(row->desc, i);

		if (!attr->attisdropped && strcmp(NameStr(attr->attname), name) == 0)
			return (Column) {attr->attnum, getBaseType(attr->atttypid)};
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("protected table \"%s\" has no column \"%s\" any more", row->table->known_as, name),
			 errhint("Call consent.protect() again with the columns that it has now.")));
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

/* The layout of rows of a type, perhaps without columns yet. */
static Layout *
layout_of(Oid type)
{
	Layout	   *layout;

	for (int i = 0; i < LAYOUTS; i++)
		if (layouts[i].type == type)
			return &layouts[i];
	layout = &layouts[next_layout];
	next_layout = (next_layout + 1) % LAYOUTS;
	layout->reading = 0;
	layout->type = type;
	return layout;
}

static Column *
find_columns(const Row *row, const char **names, int n)
{
	Column	   *columns = MemoryContextAlloc(row->layout->context, Max(n, 1) * sizeof(Column));

	for (int i = 0; i < n; i++)
		columns[i] = find_column(row, names[i]);
	return columns;
}

/* Find the columns, unless they were found in such a row under the same declaration. */
static void
lay_out(const Row *row)
{
	const ProtectedTable *table = row->table;
	Layout	   *layout = row->layout;
	uint64		identifier = assign_record_type_identifier(row->desc->tdtypeid, row->desc->tdtypmod);

	if (layout->reading == table->reading && layout->identifier == identifier)
		return;
	layout->reading = 0;
	if (layout->context == NULL)
		layout->context = AllocSetContextCreate(TopMemoryContext, "consent row", ALLOCSET_SMALL_SIZES);
	MemoryContextReset(layout->context);
	layout->row_key = find_columns(row, table->row_key, table->nkeys);
	if (table->collected_at != NULL)
	{
		layout->collected_at = find_column(row, table->collected_at);
		if (layout->collected_at.type != TIMESTAMPTZOID)
			refuse_type(row, table->collected_at, layout->collected_at.type);
	}
	layout->parties = find_columns(row, table->parties, table->nparties);
	layout->identifier = identifier;
	layout->reading = table->reading;
}

/* ---- what is in them ---- */

static Datum
get_column(Row *row, Column column, bool *isnull)
{
	return heap_getattr(&row->tuple, column.attno, row->desc, isnull);
}

/* Text, bigint and uuid pass as they are; the smaller integers grow. */
static void
take_party(const Declared *d, Row *row, int n, GateParty *party)
{
	Column		column = row->layout->parties[n];
	Oid			type = column.type;
	bool		isnull;
	Datum		value = get_column(row, column, &isnull);

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
			refuse_type(row, row->table->parties[n], type);
	}
	gate_party(d, value, isnull, type, party);
}

static char *
number_text(int64 number)
{
	char	   *text = palloc(MAXINT8LEN + 1);

	pg_lltoa(number, text);
	return text;
}

static char *
key_part(Row *row, int n)
{
	Column		column = row->layout->row_key[n];
	bool		isnull;
	Datum		value = get_column(row, column, &isnull);

	if (isnull)
		return NULL;
	switch (column.type)
	{
		case INT2OID:
			return number_text(DatumGetInt16(value));
		case INT4OID:
			return number_text(DatumGetInt32(value));
		case INT8OID:
			return number_text(DatumGetInt64(value));
		case UUIDOID:
			return OidOutputFunctionCall(F_UUID_OUT, value);
		case TEXTOID:
		case VARCHAROID:
			return TextDatumGetCString(value);
		default:
			refuse_type(row, row->table->row_key[n], column.type);
	}
	return NULL;
}

/* NULL if a part of the key is NULL: such a row has no key. */
static const char *
take_row_key(Row *row)
{
	char	  **parts = palloc(row->table->nkeys * sizeof(char *));

	for (int i = 0; i < row->table->nkeys; i++)
		if ((parts[i] = key_part(row, i)) == NULL)
			return NULL;
	return row_key_join(row->table->nkeys, parts);
}

static bool
take_collected(Row *row, TimestampTz *collected)
{
	bool		isnull;
	Datum		value;

	if (!row->table->collected_at)
		return false;
	value = get_column(row, row->layout->collected_at, &isnull);
	if (isnull)
		return false;
	*collected = DatumGetTimestampTz(value);
	return true;
}

static const ProtectedTable *
table_of_row(const Declared *d, TupleDesc desc)
{
	Oid			relid = desc->natts > 0 ? TupleDescAttr(desc, 0)->attrelid : InvalidOid;
	const ProtectedTable *table = OidIsValid(relid) ? declared_table_of(d, relid) : NULL;

	if (!table)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("row of type %s is not of a protected table", format_type_be(desc->tdtypeid)),
				 errhint("Pass a whole row of a table that consent.protect() was called for, or ask by columns.")));
	return table;
}

void
gate_take_item(const Declared *d, Datum record, GateItem *item)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(record);
	Row			row;

	row.desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header),
									  HeapTupleHeaderGetTypMod(header));
	row.table = table_of_row(d, row.desc);
	row.layout = layout_of(HeapTupleHeaderGetTypeId(header));
	row.tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&row.tuple.t_self);
	row.tuple.t_tableOid = InvalidOid;
	row.tuple.t_data = header;

	memset(item, 0, sizeof(*item));
	lay_out(&row);
	item->row.table = row.table;
	item->row.row_key = take_row_key(&row);
	item->row.row_key_len = item->row.row_key ? strlen(item->row.row_key) : 0;
	item->row.has_collected = take_collected(&row, &item->row.collected);
	item->nparties = row.table->nparties;
	item->parties = palloc(Max(item->nparties, 1) * sizeof(GateParty));
	for (int i = 0; i < item->nparties; i++)
		take_party(d, &row, i, &item->parties[i]);
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
