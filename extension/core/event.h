/*
 * event.h
 *		The canonical bytes of an event (RFC 8785 JSON, flat, strings only).
 *
 * docs/FORMAT.md is the authority; the order of the members below is that of
 * the canonical form.
 */
#ifndef CL_EVENT_H
#define CL_EVENT_H

#include "core/buffer.h"

#define CL_EVENT_MAX		65535	/* bytes of one event */
#define CL_EVENT_VERSION	"1"
#define CL_NONCE_BYTES		16
#define CL_SALT_BYTES		32

typedef enum cl_member
{
	CL_M_ACTOR,
	CL_M_CHOICES,
	CL_M_COMMITMENT,
	CL_M_DETAIL,
	CL_M_EVENT_TIME,
	CL_M_EVIDENCE,
	CL_M_EXTERNAL_ID,
	CL_M_ID,
	CL_M_JURISDICTION,
	CL_M_KIND,
	CL_M_METHOD,
	CL_M_NONCE,
	CL_M_NOTICE,
	CL_M_RECORDED_AT,
	CL_M_RECORDED_BY,
	CL_M_ROW_KEY,
	CL_M_SOURCE,
	CL_M_SUBJECT_NO,
	CL_M_TABLE_NAME,
	CL_M_VERSION,
	CL_MEMBERS
} cl_member;

/* The JSON name of a member. */
extern const char *cl_member_name(cl_member m);

/*
 * Write the canonical bytes into out (cap bytes).  Returns their length, which
 * exceeds cap when they do not fit, or 0 when a value is not UTF-8.
 * CL_M_VERSION is written by us; what is absent is left out.  Linear.
 */
extern size_t cl_event_encode(const cl_value values[CL_MEMBERS],
							  char *out, size_t cap);

/*
 * Read canonical bytes back; strict: members in order, none unknown, none
 * twice, no superfluous escapes.  Values point into scratch (at least len
 * bytes), unescaped.  Returns 0, or the 1-based offset of what is wrong; 1 where
 * a name or the version is not one of ours.  Linear.
 */
extern size_t cl_event_decode(const char *bytes, size_t len,
							  cl_value values[CL_MEMBERS],
							  char *scratch);

#endif
