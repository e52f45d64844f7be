/*
 * timestamp.c
 *		Time-stamps (RFC 3161): the request for one, and what an answer proves.
 */
#include "core/timestamp.h"

#include <limits.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509.h>

#define SECOND		INT64_C(1000000)	/* of an instant */
#define CERTIFICATES_MAX 16

/* ---- requests ---- */

/* Fill in a request; false if libcrypto fails. */
static bool
fill_request(TS_REQ *request, TS_MSG_IMPRINT *imprint, X509_ALGOR *algorithm, const uint8_t *hash)
{
	return X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 &&
		TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1 &&
		TS_MSG_IMPRINT_set_msg(imprint, (unsigned char *) hash, CL_HASH_BYTES) == 1 &&
		TS_REQ_set_version(request, 1) == 1 &&
		TS_REQ_set_msg_imprint(request, imprint) == 1 &&
		TS_REQ_set_cert_req(request, 1) == 1;
}

size_t
cl_timestamp_request(const cl_hash imprint, uint8_t *out, size_t cap)
{
	TS_REQ	   *request = TS_REQ_new();
	TS_MSG_IMPRINT *part = TS_MSG_IMPRINT_new();
	X509_ALGOR *algorithm = X509_ALGOR_new();
	int			len = 0;

	if (request != NULL && part != NULL && algorithm != NULL &&
		fill_request(request, part, algorithm, imprint))
	{
		len = i2d_TS_REQ(request, NULL);
		len = len > 0 && (size_t) len <= cap ? i2d_TS_REQ(request, &out) : 0;
	}
	X509_ALGOR_free(algorithm);
	TS_MSG_IMPRINT_free(part);
	TS_REQ_free(request);
	ERR_clear_error();
	return len > 0 ? (size_t) len : 0;
}

/* ---- answers ---- */

/* Enter a sequence: what is in it, and how long that is; false if it is none. */
static bool
enter_sequence(const uint8_t **at, long *len)
{
	int			tag;
	int			class;
	long		inner;
	int			kind = ASN1_get_object(at, &inner, &tag, &class, *len);

	if ((kind & 0x80) != 0 || (kind & 1) != 0 || tag != V_ASN1_SEQUENCE || class != V_ASN1_UNIVERSAL)
		return false;
	*len = inner;
	return true;
}

/*
 * The token: what was given, or what stands in an answer after the status.  An
 * answer begins with a sequence, a token with an identifier.
 */
static cl_timestamp_status
find_token(const uint8_t *answer, size_t len, cl_value *token)
{
	const uint8_t *at = answer;
	long		inner = (long) len;
	const uint8_t *status;
	long		status_len;
	TS_RESP    *response;
	long		code;

	if (len > CL_TIMESTAMP_MAX || !enter_sequence(&at, &inner) || inner == 0 || at + inner != answer + len)
		return CL_TIMESTAMP_MALFORMED;
	*token = (cl_value) {(const char *) answer, len};
	if (*at == V_ASN1_OBJECT)
		return CL_TIMESTAMP_OK;
	status = at;
	status_len = inner;
	if (!enter_sequence(&status, &status_len))
		return CL_TIMESTAMP_MALFORMED;
	at = answer;
	response = d2i_TS_RESP(NULL, &at, (long) len);
	if (response == NULL)
		return CL_TIMESTAMP_MALFORMED;
	code = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(response)));
	TS_RESP_free(response);
	if (code != TS_STATUS_GRANTED && code != TS_STATUS_GRANTED_WITH_MODS)
		return CL_TIMESTAMP_REFUSED;
	status += status_len;
	*token = (cl_value) {(const char *) status, (size_t) (answer + len - status)};
	return token->len > 0 ? CL_TIMESTAMP_OK : CL_TIMESTAMP_MALFORMED;
}

/* ---- what it states ---- */

/* A time such as 20261126170000.25Z, as DER has it. */
static bool
read_time(const ASN1_GENERALIZEDTIME *time, cl_instant *t)
{
	const char *s = (const char *) ASN1_STRING_get0_data(time);
	int			len = ASN1_STRING_length(time);
	char		text[64];
	cl_buffer	b = {text, sizeof(text), 0};
	static const char separators[] = "--T::";

	if (len < 15 || len > 30 || s[len - 1] != 'Z')
		return false;
	for (int i = 0; i < 14; i++)
	{
		if (s[i] < '0' || s[i] > '9')
			return false;
		if (i >= 4 && i % 2 == 0)
			cl_put_char(&b, separators[(i - 4) / 2]);
		cl_put_char(&b, s[i]);
	}
	if (len > 15)
	{
		int			digits = len - 16;

		if (s[14] != '.' || digits < 1)
			return false;
		cl_put(&b, s + 14, (size_t) (1 + (digits < 6 ? digits : 6)));
	}
	cl_put_char(&b, 'Z');
	return cl_instant_parse(text, b.len, t) == b.len;
}

/* Microseconds of an accuracy, which need not be stated; false if they make no sense. */
static bool
read_accuracy(const TS_ACCURACY *accuracy, int64_t *microseconds)
{
	const ASN1_INTEGER *parts[3];
	static const int64_t units[] = {SECOND, 1000, 1};

	*microseconds = 0;
	if (accuracy == NULL)
		return true;
	parts[0] = TS_ACCURACY_get_seconds(accuracy);
	parts[1] = TS_ACCURACY_get_millis(accuracy);
	parts[2] = TS_ACCURACY_get_micros(accuracy);
	for (int i = 0; i < 3; i++)
	{
		int64_t		n = 0;

		if (parts[i] == NULL)
			continue;
		if (ASN1_INTEGER_get_int64(&n, parts[i]) != 1 || n < 0 || n > 86400)
			return false;
		*microseconds += n * units[i];
	}
	return true;
}

/* Take from the signed content what we need; the accuracy widens the time both ways. */
static cl_timestamp_status
read_info(TS_TST_INFO *info, cl_timestamp *stamp)
{
	TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(info);
	ASN1_OCTET_STRING *hash = TS_MSG_IMPRINT_get_msg(imprint);
	const ASN1_OBJECT *algorithm;
	int64_t		accuracy;

	X509_ALGOR_get0(&algorithm, NULL, NULL, TS_MSG_IMPRINT_get_algo(imprint));
	if (OBJ_obj2nid(algorithm) != NID_sha256 || ASN1_STRING_length(hash) != CL_HASH_BYTES)
		return CL_TIMESTAMP_OTHER;
	memcpy(stamp->imprint, ASN1_STRING_get0_data(hash), CL_HASH_BYTES);
	if (!read_time(TS_TST_INFO_get_time(info), &stamp->time) ||
		!read_accuracy(TS_TST_INFO_get_accuracy(info), &accuracy))
		return CL_TIMESTAMP_MALFORMED;
	stamp->not_before = stamp->time - accuracy;
	stamp->not_after = stamp->time + SECOND + accuracy;
	return cl_instant_valid(stamp->not_before) && cl_instant_valid(stamp->not_after) ? CL_TIMESTAMP_OK : CL_TIMESTAMP_MALFORMED;
}

/* Read a token; the caller frees what it gets. */
static cl_timestamp_status
open_token(const void *answer, size_t len, cl_timestamp *stamp, PKCS7 **token)
{
	const uint8_t *at;
	const uint8_t *end;
	TS_TST_INFO *info;
	cl_timestamp_status status = find_token(answer, len, &stamp->token);

	*token = NULL;
	if (status != CL_TIMESTAMP_OK)
		return status;
	at = (const uint8_t *) stamp->token.data;
	end = at + stamp->token.len;
	*token = d2i_PKCS7(NULL, &at, (long) stamp->token.len);
	if (*token == NULL || at != end)
		return CL_TIMESTAMP_MALFORMED;
	info = PKCS7_to_TS_TST_INFO(*token);
	if (info == NULL)
		return CL_TIMESTAMP_MALFORMED;
	status = read_info(info, stamp);
	TS_TST_INFO_free(info);
	return status;
}

cl_timestamp_status
cl_timestamp_read(const void *answer, size_t len, cl_timestamp *stamp)
{
	PKCS7	   *token;
	cl_timestamp_status status = open_token(answer, len, stamp, &token);

	PKCS7_free(token);
	ERR_clear_error();
	return status;
}

/* ---- whom to trust ---- */

/* Add the certificates of a text to a store, or only count them; -1 if one is malformed. */
static int
add_certificates(cl_value pem, X509_STORE *store)
{
	BIO		   *bio = pem.len == 0 || pem.len > CL_CERTIFICATES_MAX ? NULL : BIO_new_mem_buf(pem.data, (int) pem.len);
	X509	   *certificate;
	int			n = 0;
	unsigned long error;

	if (bio == NULL)
		return -1;
	ERR_clear_error();
	while (n <= CERTIFICATES_MAX && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
	{
		if (store != NULL && X509_STORE_add_cert(store, certificate) != 1)
			n = INT_MIN;
		X509_free(certificate);
		n++;
	}
	error = ERR_peek_last_error();
	BIO_free(bio);
	if (n <= 0 || n > CERTIFICATES_MAX || ERR_GET_LIB(error) != ERR_LIB_PEM || ERR_GET_REASON(error) != PEM_R_NO_START_LINE)
		n = -1;
	ERR_clear_error();
	return n;
}

int
cl_certificates_count(cl_value certificates)
{
	return add_certificates(certificates, NULL);
}

/* A store that trusts these, at a time in seconds since 1970. */
static X509_STORE *
make_store(cl_value certificates, time_t at)
{
	X509_STORE *store = X509_STORE_new();

	if (store == NULL)
		return NULL;
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), at);
	if (X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) == 1 && add_certificates(certificates, store) > 0)
		return store;
	X509_STORE_free(store);
	return NULL;
}

/* The context owns the store from here on. */
static void
give_store(TS_VERIFY_CTX *context, X509_STORE *store)
{
#if OPENSSL_VERSION_NUMBER >= 0x30400000L
	TS_VERIFY_CTX_set0_store(context, store);
#else
	TS_VERIFY_CTX_set_store(context, store);
#endif
}

/* Is the token signed, under these certificates, by one that may stamp times? */
static cl_timestamp_status
check_signature(PKCS7 *token, const cl_timestamp *stamp, cl_value certificates)
{
	time_t		at = (time_t) ((stamp->time - CL_INSTANT_1970) / SECOND);
	X509_STORE *store = make_store(certificates, at);
	TS_VERIFY_CTX *context = TS_VERIFY_CTX_new();
	bool		good = false;

	if (store != NULL && context != NULL)
	{
		give_store(context, store);
		TS_VERIFY_CTX_set_flags(context, TS_VFY_SIGNATURE | TS_VFY_VERSION);
		good = TS_RESP_verify_token(context, token) == 1;
		store = NULL;
	}
	X509_STORE_free(store);
	TS_VERIFY_CTX_free(context);
	return good ? CL_TIMESTAMP_OK : CL_TIMESTAMP_UNTRUSTED;
}

cl_timestamp_status
cl_timestamp_verify(const void *answer, size_t len, const cl_hash imprint,
					cl_value certificates, cl_timestamp *stamp)
{
	PKCS7	   *token;
	cl_timestamp_status status = open_token(answer, len, stamp, &token);

	if (status == CL_TIMESTAMP_OK && memcmp(imprint, stamp->imprint, CL_HASH_BYTES) != 0)
		status = CL_TIMESTAMP_OTHER;
	if (status == CL_TIMESTAMP_OK)
		status = check_signature(token, stamp, certificates);
	PKCS7_free(token);
	ERR_clear_error();
	return status;
}
