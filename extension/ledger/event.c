/*
 * event.c
 *		Events as rows of consent.event_log and as canonical bytes.
 *
 * The bytes are computed from the typed columns, so that a changed column is
 * a changed hash.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/hash.h"
#include "ledger/event.h"
#include "ledger/tables.h"
#include "type/consent.h"

typedef enum ColumnType
{
	COLUMN_INT8,
	COLUMN_TEXT,
	COLUMN_BYTEA,
	COLUMN_TIME,
	COLUMN_CONSENT
} ColumnType;

/* Which column a member of the canonical form shows. */
static const struct
{
	cl_member	member;
	AttrNumber	attno;
	ColumnType	type;
}			columns[] =
{
	{CL_M_ACTOR, Anum_event_log_actor, COLUMN_TEXT},
	{CL_M_CHOICES, Anum_event_log_choices, COLUMN_CONSENT},
	{CL_M_COMMITMENT, Anum_event_log_commitment, COLUMN_BYTEA},
	{CL_M_DETAIL, Anum_event_log_detail, COLUMN_TEXT},
	{CL_M_EVENT_TIME, Anum_event_log_event_time, COLUMN_TIME},
	{CL_M_EVIDENCE, Anum_event_log_evidence_hmac, COLUMN_BYTEA},
	{CL_M_EXTERNAL_ID, Anum_event_log_external_id, COLUMN_TEXT},
	{CL_M_ID, Anum_event_log_event_id, COLUMN_INT8},
	{CL_M_JURISDICTION, Anum_event_log_jurisdiction, COLUMN_TEXT},
	{CL_M_KIND, Anum_event_log_kind, COLUMN_TEXT},
	{CL_M_METHOD, Anum_event_log_method, COLUMN_TEXT},
	{CL_M_NONCE, Anum_event_log_nonce, COLUMN_BYTEA},
	{CL_M_NOTICE, Anum_event_log_notice, COLUMN_TEXT},
	{CL_M_RECORDED_AT, Anum_event_log_recorded_at, COLUMN_TIME},
	{CL_M_RECORDED_BY, Anum_event_log_recorded_by, COLUMN_TEXT},
	{CL_M_ROW_KEY, Anum_event_log_row_key, COLUMN_TEXT},
	{CL_M_SOURCE, Anum_event_log_source, COLUMN_TEXT},
	{CL_M_SUBJECT_NO, Anum_event_log_subject_no, COLUMN_INT8},
	{CL_M_TABLE_NAME, Anum_event_log_table_name, COLUMN_TEXT},
};

static void
bytea_member(Datum datum, cl_value *value)
{
	bytea	   *bytes = DatumGetByteaPP(datum);
	size_t		len = VARSIZE_ANY_EXHDR(bytes);
	char	   *hex = palloc(2 * len + 1);

	cl_hex_encode((const uint8_t *) VARDATA_ANY(bytes), len, hex);
	value->data = hex;
	value->len = 2 * len;
}

static void
column_member(ColumnType type, Datum datum, cl_value *value)
{
	char	   *buffer;
	text	   *string;

	switch (type)
	{
		case COLUMN_INT8:
			buffer = palloc(32);
			value->data = buffer;
			value->len = pg_lltoa(DatumGetInt64(datum), buffer);
			break;
		case COLUMN_TIME:
			buffer = palloc(CL_INSTANT_TEXT);
			value->data = buffer;
			value->len = cl_instant_format(DatumGetTimestampTz(datum), buffer);
			break;
		case COLUMN_TEXT:
			string = DatumGetTextPP(datum);
			value->data = VARDATA_ANY(string);
			value->len = VARSIZE_ANY_EXHDR(string);
			break;
		case COLUMN_BYTEA:
			bytea_member(datum, value);
			break;
		case COLUMN_CONSENT:
			value->data = consent_to_text(DatumGetConsentPP(datum));
			value->len = strlen(value->data);
			break;
	}
}

size_t
event_encode_row(const Datum *values, const bool *isnull, char *out, size_t cap)
{
	cl_value	members[CL_MEMBERS];
	bool		same_time = values[Anum_event_log_event_time - 1] == values[Anum_event_log_recorded_at - 1];

	memset(members, 0, sizeof(members));
	for (size_t i = 0; i < lengthof(columns); i++)
	{
		cl_value   *member = &members[columns[i].member];

		if (isnull[columns[i].attno - 1])
			continue;
		/* most events happen when they are recorded */
		if (columns[i].member == CL_M_RECORDED_AT && same_time && members[CL_M_EVENT_TIME].data != NULL)
			*member = members[CL_M_EVENT_TIME];
		else
			column_member(columns[i].type, values[columns[i].attno - 1], member);
	}
	return cl_event_encode(members, out, cap);
}
