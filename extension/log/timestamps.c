/*
 * timestamps.c
 *		Time-stamps (RFC 3161) of checkpoints: whose are trusted, asking for one,
 *		taking it.
 *
 * A token says that a checkpoint existed at its time.  Unlike a witness, an
 * authority remembers nothing: it bounds times, and does not see a fork.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "ledger/arguments.h"
#include "ledger/declared.h"
#include "ledger/detail.h"
#include "ledger/intake.h"
#include "ledger/store.h"
#include "ledger/tables.h"
#include "log/bounds.h"
#include "log/bytes.h"
#include "log/checkpoints.h"
#include "log/timestamps.h"

#define NAME_MAX_BYTES 200

PG_FUNCTION_INFO_V1(consent_register_tsa);
PG_FUNCTION_INFO_V1(consent_timestamp_request);
PG_FUNCTION_INFO_V1(consent_add_timestamp);

/* ---- authorities ---- */

TimestampAuthority *
timestamp_authorities(Snapshot snapshot, int *n)
{
	Store	   *store = store_open("timestamp_authority", AccessShareLock);
	StoreScan  *scan = store_scan(store, NULL, snapshot, 0, NULL);
	int			room = 4;
	TimestampAuthority *authorities = palloc(room * sizeof(TimestampAuthority));
	HeapTuple	row;
	bool		isnull;

	*n = 0;
	while ((row = store_next(scan)) != NULL)
	{
		if (*n == room)
			authorities = repalloc(authorities, (room *= 2) * sizeof(TimestampAuthority));
		authorities[*n].name = TextDatumGetCString(store_get(store, row, Anum_timestamp_authority_name, &isnull));
		authorities[*n].certificates =
			cl_string(TextDatumGetCString(store_get(store, row, Anum_timestamp_authority_certificate, &isnull)));
		(*n)++;
	}
	store_end(scan);
	store_close(store);
	return authorities;
}

const TimestampAuthority *
timestamp_verify(const TimestampAuthority *authorities, int n, cl_value token,
				 const cl_hash imprint, cl_timestamp *stamp, cl_timestamp_status *status)
{
	*status = CL_TIMESTAMP_UNTRUSTED;
	for (int i = 0; i < n; i++)
	{
		*status = cl_timestamp_verify(token.data, token.len, imprint, authorities[i].certificates, stamp);
		if (*status == CL_TIMESTAMP_OK)
			return &authorities[i];
		if (*status != CL_TIMESTAMP_UNTRUSTED)
			break;
	}
	return NULL;
}

void
timestamp_imprint(const char *note, cl_hash imprint)
{
	cl_part		part = {note, cl_note_text(note, strlen(note))};

	if (cl_sha256(&part, 1, imprint) != CL_OK)
		elog(ERROR, "could not compute a hash");
}

/* The certificate that is registered under a name, and its event; NULL if none is. */
static char *
find_authority(Store *store, const char *name, int64 *event_id)
{
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	row;
	bool		isnull;
	char	   *certificate = NULL;

	store_key_text(&key, Anum_timestamp_authority_name, name, strlen(name));
	scan = store_scan(store, "timestamp_authority_pkey", GetActiveSnapshot(), 1, &key);
	row = store_next(scan);
	if (row)
	{
		certificate = TextDatumGetCString(store_get(store, row, Anum_timestamp_authority_certificate, &isnull));
		*event_id = DatumGetInt64(store_get(store, row, Anum_timestamp_authority_event_id, &isnull));
	}
	store_end(scan);
	return certificate;
}

static int64
insert_authority(Store *store, const char *name, const char *certificate)
{
	cl_json_member members[] = {DETAIL("name", name), DETAIL("certificate", certificate)};
	EventInput	event = {.kind = "tsa_registered"};
	Datum		values[Natts_timestamp_authority];
	bool		isnull[Natts_timestamp_authority] = {0};
	int64		event_id;

	event.detail = detail_json(members, lengthof(members));
	event_id = intake_record(SEAL_DECLARATIONS, &event).event_id;
	values[Anum_timestamp_authority_name - 1] = CStringGetTextDatum(name);
	values[Anum_timestamp_authority_certificate - 1] = CStringGetTextDatum(certificate);
	values[Anum_timestamp_authority_event_id - 1] = Int64GetDatum(event_id);
	store_insert(store, values, isnull);
	ledger_declared(event_id);
	return event_id;
}

static void
check_authority(const char *name, const char *certificate)
{
	if (name[0] == '\0' || strlen(name) > NAME_MAX_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the name of an authority has 1 to %d bytes", NAME_MAX_BYTES)));
	if (cl_certificates_count(cl_string(certificate)) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the certificate of \"%s\" cannot be read", name),
				 errdetail("It is the authority's certificate, or that of who issued it, or several (16 at most), as PEM.")));
}

/* SQL: register_tsa(name, certificate). */
Datum
consent_register_tsa(PG_FUNCTION_ARGS)
{
	char	   *name = argument_required_text(fcinfo, 0, "name");
	char	   *certificate = argument_required_text(fcinfo, 1, "certificate");
	Store	   *store;
	char	   *registered;
	int64		event_id;

	ledger_lock_declarations();
	check_authority(name, certificate);
	store = store_open("timestamp_authority", RowExclusiveLock);
	store_push_latest_snapshot();
	registered = find_authority(store, name, &event_id);
	if (registered && strcmp(registered, certificate) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("time-stamping authority \"%s\" is registered already, with another certificate", name),
				 errhint("Tokens that were accepted are verified by it. Register the new certificate under another name.")));
	if (!registered)
		event_id = insert_authority(store, name, certificate);
	store_pop_snapshot();
	store_close(store);
	PG_RETURN_INT64(event_id);
}

/* ---- asking ---- */

/* SQL: timestamp_request(size). */
Datum
consent_timestamp_request(PG_FUNCTION_ARGS)
{
	int64		size;
	char	   *note = checkpoint_require(PG_ARGISNULL(0) ? 0 : PG_GETARG_INT64(0), &size);
	uint8		request[CL_TIMESTAMP_REQUEST_MAX];
	cl_hash		imprint;
	size_t		len;

	timestamp_imprint(note, imprint);
	len = cl_timestamp_request(imprint, request, sizeof(request));
	if (len == 0)
		elog(ERROR, "could not write a request for a time-stamp");
	PG_RETURN_DATUM(bytes_datum(request, len));
}

/* ---- taking ---- */

static void
refuse_token(cl_timestamp_status status)
{
	switch (status)
	{
		case CL_TIMESTAMP_OK:
			return;
		case CL_TIMESTAMP_MALFORMED:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("this is not a time-stamp"),
					 errdetail("It must be the answer of a time-stamping authority (RFC 3161), or the token in it, in DER.")));
			break;
		case CL_TIMESTAMP_REFUSED:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the authority did not grant the time-stamp"),
					 errhint("See why with openssl ts -reply -text -in ANSWER.")));
			break;
		case CL_TIMESTAMP_OTHER:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the time-stamp is not of a checkpoint of this log"),
					 errdetail("It must be of the SHA-256 of the text of a note in consent.checkpoint, as consent.timestamp_request() asks for it."),
					 errhint("Of a checkpoint that is not one of the newest, give the size.")));
			break;
		case CL_TIMESTAMP_UNTRUSTED:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("no registered time-stamping authority has made this time-stamp"),
					 errdetail("It must be signed by a certificate for time-stamping that leads to a registered one, and all of them must have been valid at its time."),
					 errhint("Register the authority with consent.register_tsa().")));
			break;
		case CL_TIMESTAMP_CRYPTO:
			elog(ERROR, "libcrypto failed");
	}
}

/* The size of the checkpoint, among the newest ones, that has this imprint; 0 if none has. */
static int64
find_stamped(const cl_hash wanted)
{
	Store	   *store = store_open("checkpoint", AccessShareLock);
	StoreScan  *scan = store_scan(store, "checkpoint_pkey", GetActiveSnapshot(), 0, NULL);
	int64		size = 0;

	for (int i = 0; i < 1000 && size == 0; i++)
	{
		HeapTuple	row = store_previous(scan);
		cl_hash		imprint;
		bool		isnull;

		if (!row)
			break;
		timestamp_imprint(TextDatumGetCString(store_get(store, row, Anum_checkpoint_note, &isnull)), imprint);
		if (memcmp(imprint, wanted, CL_HASH_BYTES) == 0)
			size = DatumGetInt64(store_get(store, row, Anum_checkpoint_size, &isnull));
	}
	store_end(scan);
	store_close(store);
	return size;
}

/* SQL: add_timestamp(token, size). */
Datum
consent_add_timestamp(PG_FUNCTION_ARGS)
{
	bytea	   *answer;
	cl_value	bytes;
	cl_timestamp stamp;
	cl_timestamp_status status;
	const TimestampAuthority *authorities;
	const TimestampAuthority *authority;
	int64		size;
	int			n;
	cl_hash		imprint;

	argument_refuse_null(fcinfo, 0, "token");
	answer = PG_GETARG_BYTEA_PP(0);
	bytes = (cl_value) {VARDATA_ANY(answer), VARSIZE_ANY_EXHDR(answer)};
	refuse_token(cl_timestamp_read(bytes.data, bytes.len, &stamp));
	size = PG_ARGISNULL(1) ? find_stamped(stamp.imprint) : PG_GETARG_INT64(1);
	if (size == 0)
		refuse_token(CL_TIMESTAMP_OTHER);
	timestamp_imprint(checkpoint_require(size, &size), imprint);
	authorities = timestamp_authorities(GetActiveSnapshot(), &n);
	authority = timestamp_verify(authorities, n, stamp.token, imprint, &stamp, &status);
	if (!authority)
		refuse_token(status);
	PG_RETURN_BOOL(bound_accept(size, BOUND_TIMESTAMP, authority->name, stamp.time, stamp.token));
}
