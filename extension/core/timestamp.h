/*
 * timestamp.h
 *		Time-stamps (RFC 3161): the request for one, and what an answer proves.
 *
 * What is stamped is the SHA-256 of a note's text, the same bytes that a witness
 * cosigns.  It is unlike any other, so a request needs no nonce.
 */
#ifndef CL_TIMESTAMP_H
#define CL_TIMESTAMP_H

#include "core/hash.h"
#include "core/instant.h"

#define CL_TIMESTAMP_REQUEST_MAX 128	/* bytes of a request */
#define CL_TIMESTAMP_MAX		(64 * 1024) /* bytes of an answer */
#define CL_CERTIFICATES_MAX		(32 * 1024) /* bytes of certificates in PEM */

typedef enum cl_timestamp_status
{
	CL_TIMESTAMP_OK,
	CL_TIMESTAMP_MALFORMED,		/* neither a token nor an answer */
	CL_TIMESTAMP_REFUSED,		/* an answer that says no */
	CL_TIMESTAMP_OTHER,			/* a stamp of something else, or not of a SHA-256 */
	CL_TIMESTAMP_UNTRUSTED,		/* not signed for time-stamping by a certificate that was valid
								 * at the time and leads to a trusted one */
	CL_TIMESTAMP_CRYPTO			/* libcrypto failed */
} cl_timestamp_status;

/* What a token states; values point into the answer. */
typedef struct cl_timestamp
{
	cl_value	token;			/* without the answer around it */
	cl_hash		imprint;
	cl_instant	time;
	cl_instant	not_before;		/* the time less its accuracy */
	cl_instant	not_after;		/* the time, the second that it may be cut to, its accuracy */
} cl_timestamp;

/* Write a request (DER) that also asks for the certificate.  Its length, 0 if it fails. */
extern size_t cl_timestamp_request(const cl_hash imprint, uint8_t *out, size_t cap);

/* Read an answer or a token, believing it. */
extern cl_timestamp_status cl_timestamp_read(const void *answer, size_t len, cl_timestamp *stamp);

/*
 * Read it, and check that it stamps this hash, and was signed under certificates
 * (PEM; any of them is trusted, not only roots) that were valid at its time.
 */
extern cl_timestamp_status cl_timestamp_verify(const void *answer, size_t len, const cl_hash imprint,
											   cl_value certificates, cl_timestamp *stamp);

/* How many certificates a PEM text has; -1 if there is anything else that begins like one, or nothing. */
extern int	cl_certificates_count(cl_value certificates);

#endif
