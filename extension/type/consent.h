/*
 * consent.h
 *		The consent datatype inside the server.
 *
 * A Consent is a varlena around the packed value of core/choice.h.  Wherever a
 * const Consent * is taken it may have a short header, so its bytes are reached
 * by consent_bytes() only.  Choices taken out of a value point into it.
 */
#ifndef TYPE_CONSENT_H
#define TYPE_CONSENT_H

#include "fmgr.h"

#include "compat.h"
#include "core/choice.h"
#include "core/rule.h"

typedef struct Consent
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	char		packed[FLEXIBLE_ARRAY_MEMBER];
} Consent;

/* Detoasted, perhaps with a short header. */
#define DatumGetConsentPP(d)		((Consent *) PG_DETOAST_DATUM_PACKED(d))
#define PG_GETARG_CONSENT_PP(n)		DatumGetConsentPP(PG_GETARG_DATUM(n))
#define PG_RETURN_CONSENT(c)		PG_RETURN_POINTER(c)

#define consent_bytes(c)			((const char *) VARDATA_ANY(c))
#define consent_size(c)				((size_t) VARSIZE_ANY_EXHDR(c))
#define consent_count(c)			cl_packed_count(consent_bytes(c))

/* Walk the choices: consent_iterate(value, &it); while (consent_next(&it, &c)). */
typedef struct ConsentIterator
{
	const char *packed;
	size_t		len;
	size_t		pos;
} ConsentIterator;

static inline void
consent_iterate(const Consent *value, ConsentIterator *it)
{
	it->packed = consent_bytes(value);
	it->len = consent_size(value);
	it->pos = CL_PACKED_HEADER;
}

static inline bool
consent_next(ConsentIterator *it, cl_choice *c)
{
	return cl_packed_next(it->packed, it->len, &it->pos, c);
}

/* type/consent.c */

/* The choices of a value, palloc'd; they point into the value. */
extern cl_choice *consent_choices(const Consent *value, int *n);

/*
 * A value of these choices, each already checked; sorts and merges them in
 * place.  ERROR 54000 above CL_CHOICES_MAX.
 */
extern Consent *consent_build(cl_choice *choices, size_t n);
extern Consent *consent_empty(void);

/* Merge two values; each may be returned itself when nothing changes. */
extern Consent *consent_merge2(Consent *a, Consent *b);

extern bool consent_equal(const Consent *a, const Consent *b);

/* Check a choice put together by a program; ERROR 22023 says what is wrong. */
extern void consent_check_choice(const cl_choice *c);

/* type/consent_io.c */

/* Parse; with an error context (PostgreSQL 16 on) returns NULL on a soft error. */
extern Consent *consent_from_text(const char *text, size_t len, struct Node *escontext);

/* Canonical text, palloc'd and NUL-terminated. */
extern char *consent_to_text(const Consent *value);
extern char *consent_choice_to_text(const cl_choice *c);

/* type/verdict.c */

/* Values of the enum consent.verdict; its OIDs are looked up once a session. */
extern Oid	verdict_type_oid(void);
extern Datum verdict_datum(cl_verdict v);
extern cl_verdict verdict_from_datum(Datum d);

#endif
