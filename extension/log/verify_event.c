/*
 * verify_event.c
 *		Rows that events brought in, compared with these events.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "log/verify_event.h"

void
verify_read_event(const Datum *values, const bool *isnull, VerifyEvent *event)
{
	char	   *detail = verify_text(values[Anum_event_log_detail - 1],
									 isnull[Anum_event_log_detail - 1], TEXTOID);
	size_t		offset;

	memcpy(event->values, values, sizeof(event->values));
	memcpy(event->isnull, isnull, sizeof(event->isnull));
	event->event_id = DatumGetInt64(values[Anum_event_log_event_id - 1]);
	event->kind = TextDatumGetCString(values[Anum_event_log_kind - 1]);
	event->nmembers = 0;
	if (detail)
		event->nmembers = cl_json_read(detail, strlen(detail), event->members, DETAIL_MEMBERS_MAX,
									   palloc(strlen(detail) + 1), &offset);
}

bool
verify_find_event(Verify *v, int64 event_id, VerifyEvent *event)
{
	Store	   *store = store_open("event_log", AccessShareLock);
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	tuple;

	store_key_int8(&key, Anum_event_log_event_id, event_id);
	scan = verify_look_up(v, store, "event_log_pkey", 1, &key);
	tuple = store_next(scan);
	if (tuple)
	{
		Datum		values[Natts_event_log];
		bool		isnull[Natts_event_log];

		heap_deform_tuple(heap_copytuple(tuple), RelationGetDescr(store_relation(store)), values, isnull);
		verify_read_event(values, isnull, event);
	}
	store_end(scan);
	store_close(store);
	return tuple != NULL;
}

char *
verify_detail(const VerifyEvent *event, const char *name)
{
	for (int i = 0; i < event->nmembers; i++)
		if (event->members[i].name_len == strlen(name) &&
			memcmp(event->members[i].name, name, strlen(name)) == 0)
			return pnstrdup(event->members[i].value, event->members[i].value_len);
	return NULL;
}

static char *
said_by_event(Verify *v, const VerifyEvent *event, const VerifyColumn *column, Oid type)
{
	if (column->member)
		return verify_detail(event, column->member);
	return verify_text(event->values[column->event - 1], event->isnull[column->event - 1], type);
}

void
verify_columns(Verify *v, const char *kind, const char *thing, Store *store,
			   HeapTuple row, const VerifyEvent *event,
			   const VerifyColumn *columns, int ncolumns)
{
	for (int i = 0; i < ncolumns; i++)
	{
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(store_relation(store)), columns[i].row - 1);
		char	   *expected = said_by_event(v, event, &columns[i], att->atttypid);
		char	   *found = verify_column_text(store, row, columns[i].row);

		if (!verify_same(expected, found))
			verify_finding(v, kind, psprintf("%s: %s", thing, NameStr(att->attname)), expected, found);
	}
}

bool
verify_origin_event(Verify *v, const char *kind, const char *thing, int64 event_id,
					const char *event_kind, VerifyEvent *event)
{
	bool		found = verify_find_event(v, event_id, event);

	if (found && strcmp(event->kind, event_kind) == 0)
		return true;
	verify_finding(v, kind, thing, psprintf("event " INT64_FORMAT ", %s", event_id, event_kind),
				   found ? event->kind : "no such event");
	return false;
}
