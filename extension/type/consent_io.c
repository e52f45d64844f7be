/*
 * consent_io.c
 *		Text and binary input and output of type consent.
 *
 * The text is canonical and depends on no setting.  What comes from outside
 * is checked completely; an error says at which byte, counted from 1.
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"

#include "type/consent.h"

#define EXCERPT_BYTES 40

/* What stands where the parser stopped, for people. */
static char *
describe_place(const char *text, size_t len, size_t offset)
{
	const char *rest = text + offset;
	int			left = (int) (len - offset);
	int			n = pg_mbcliplen(rest, left, EXCERPT_BYTES);

	if (left == 0)
		return pstrdup("The text ends there.");
	return psprintf("There stands \"%.*s\"%s.", n, rest, n < left ? "..." : "");
}

Consent *
consent_from_text(const char *text, size_t len, struct Node *escontext)
{
	size_t		max = cl_choices_bound(text, len);
	cl_choice  *choices = palloc(sizeof(cl_choice) * max);
	cl_choice_error err;
	Consent    *value;
	int			n = cl_choices_parse(text, len, choices, max, &err);

	if (n < 0)
		soft_error(escontext, NULL,
				   (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					errmsg("invalid input syntax for type consent at byte %zu: %s",
						   err.offset + 1, err.message),
					errdetail_internal("%s", describe_place(text, len, err.offset)),
					err.hint ? errhint("%s", err.hint) : 0));
	value = consent_build(choices, n);
	pfree(choices);
	return value;
}

static char *
choices_to_text(const cl_choice *choices, int n)
{
	char	   *text = palloc(cl_choices_text_size(choices, n) + 1);

	cl_choices_text(choices, n, text);
	return text;
}

char *
consent_to_text(const Consent *value)
{
	int			n;
	cl_choice  *choices = consent_choices(value, &n);
	char	   *text = choices_to_text(choices, n);

	pfree(choices);
	return text;
}

char *
consent_choice_to_text(const cl_choice *c)
{
	return choices_to_text(c, 1);
}

PG_FUNCTION_INFO_V1(consent_in);
Datum
consent_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
	Consent    *value = consent_from_text(text, strlen(text),
										  SOFT_ERROR_CONTEXT(fcinfo));

	if (value == NULL)
		PG_RETURN_NULL();
	PG_RETURN_CONSENT(value);
}

PG_FUNCTION_INFO_V1(consent_out);
Datum
consent_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(consent_to_text(PG_GETARG_CONSENT_PP(0)));
}

PG_FUNCTION_INFO_V1(consent_recv);
Datum
consent_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int			len = buf->len - buf->cursor;
	const char *bytes = pq_getmsgbytes(buf, len);
	cl_choice_error err;
	Consent    *value;

	if (!cl_packed_check(bytes, len, &err))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary value for type consent at byte %zu: %s",
						err.offset + 1, err.message)));
	value = palloc(VARHDRSZ + len);
	SET_VARSIZE(value, VARHDRSZ + len);
	memcpy(value->packed, bytes, len);
	PG_RETURN_CONSENT(value);
}

PG_FUNCTION_INFO_V1(consent_send);
Datum
consent_send(PG_FUNCTION_ARGS)
{
	Consent    *value = PG_GETARG_CONSENT_PP(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendbytes(&buf, consent_bytes(value), consent_size(value));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}
