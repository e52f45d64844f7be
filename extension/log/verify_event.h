/*
 * verify_event.h
 *		Rows that events brought in, compared with these events.
 */
#ifndef LOG_VERIFY_EVENT_H
#define LOG_VERIFY_EVENT_H

#include "core/json.h"
#include "ledger/tables.h"
#include "log/verify.h"

#define DETAIL_MEMBERS_MAX 16

/* An event, and what its detail says. */
typedef struct VerifyEvent
{
	int64		event_id;
	char	   *kind;
	Datum		values[Natts_event_log];
	bool		isnull[Natts_event_log];
	int			nmembers;		/* -1: the detail is no canonical JSON */
	cl_json_member members[DETAIL_MEMBERS_MAX];
} VerifyEvent;

/* Read an event from its row. */
extern void verify_read_event(const Datum *values, const bool *isnull, VerifyEvent *event);

/* Find an event by its id; false if there is none. */
extern bool verify_find_event(Verify *v, int64 event_id, VerifyEvent *event);

/* A member of the detail, palloc'd; NULL if it is not there. */
extern char *verify_detail(const VerifyEvent *event, const char *name);

/* A column of a row, and where its event says the same. */
typedef struct VerifyColumn
{
	AttrNumber	row;
	const char *member;			/* of the detail; NULL: */
	AttrNumber	event;			/* column of the event */
} VerifyColumn;

/* One finding for each column that says something else than the event. */
extern void verify_columns(Verify *v, const char *kind, const char *thing,
						   Store *store, HeapTuple row, const VerifyEvent *event,
						   const VerifyColumn *columns, int ncolumns);

/*
 * The event that brought in a row; a finding and false if there is none of
 * that kind.
 */
extern bool verify_origin_event(Verify *v, const char *kind, const char *thing,
								int64 event_id, const char *event_kind, VerifyEvent *event);

#endif
