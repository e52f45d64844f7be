/*
 * sealed_event.c
 *		An event as a stranger reads it.
 */
#include "core/sealed_event.h"

#include "core/merkle.h"

/* Kinds that only seals of choices hold; those of runs begin alike. */
static const char *const choices_kinds[] = {"choices", "notice_served", "subject_erased"};

#define RUN_PREFIX "run_"

bool
cl_event_seal_kind(cl_value kind, cl_seal_kind *seal_kind)
{
	*seal_kind = CL_SEAL_DECLARATIONS;
	for (size_t i = 0; i < sizeof(choices_kinds) / sizeof(choices_kinds[0]); i++)
		if (cl_value_equal(kind, cl_string(choices_kinds[i])))
			*seal_kind = CL_SEAL_CHOICES;
	if (kind.len >= strlen(RUN_PREFIX) && memcmp(kind.data, RUN_PREFIX, strlen(RUN_PREFIX)) == 0)
		*seal_kind = CL_SEAL_RUN;
	for (size_t i = 0; i < kind.len; i++)
		if ((kind.data[i] < 'a' || kind.data[i] > 'z') && kind.data[i] != '_')
			return false;
	return kind.len > 0;
}

/* Read a number from 1 upwards. */
static bool
read_positive(cl_value text, int64_t *n)
{
	return cl_read_integer(text, n) && *n > 0;
}

/* Read a hash that need not be there. */
static bool
read_hash(cl_value hex, bool *has, uint8_t *hash)
{
	*has = hex.data != NULL;
	return !*has || cl_hex_decode(hex.data, hex.len, hash, CL_HASH_BYTES);
}

/* Number and commitment of a subject come together. */
static bool
read_subject(cl_sealed_event *event)
{
	cl_value	number = event->values[CL_M_SUBJECT_NO];

	return read_hash(event->values[CL_M_COMMITMENT], &event->has_commitment, event->commitment) &&
		event->has_commitment == (number.data != NULL) &&
		(number.data == NULL || read_positive(number, &event->subject_no));
}

bool
cl_sealed_event_read(const char *bytes, size_t len, char *scratch, cl_sealed_event *event)
{
	const cl_value *values = event->values;
	uint8_t		nonce[CL_NONCE_BYTES];

	memset(event, 0, sizeof(*event));
	return cl_event_decode(bytes, len, event->values, scratch) == 0 &&
		read_positive(values[CL_M_ID], &event->id) &&
		cl_event_seal_kind(values[CL_M_KIND], &event->seal_kind) &&
		cl_hex_decode(values[CL_M_NONCE].data, values[CL_M_NONCE].len, nonce, CL_NONCE_BYTES) &&
		cl_instant_read(values[CL_M_EVENT_TIME], &event->event_time) &&
		cl_instant_read(values[CL_M_RECORDED_AT], &event->recorded_at) &&
		values[CL_M_RECORDED_BY].data != NULL && values[CL_M_SOURCE].data != NULL &&
		read_subject(event) &&
		read_hash(values[CL_M_EVIDENCE], &event->has_evidence, event->evidence) &&
		cl_merkle_leaf(bytes, len, event->leaf) == CL_OK;
}

cl_fit
cl_sealed_event_fits(const cl_sealed_event *event, const cl_seal *seal, uint64_t *place)
{
	*place = (uint64_t) (event->id % CL_SEAL_EVENTS);
	if (event->id / CL_SEAL_EVENTS != seal->number || *place >= (uint64_t) seal->count)
		return CL_OUTSIDE;
	return event->seal_kind == seal->kind ? CL_FITS : CL_OTHER_KIND;
}

bool
cl_opens_subject(const cl_sealed_event *event, const cl_seal *seal,
				 const uint8_t *salt, cl_value key)
{
	cl_value	number = event->values[CL_M_SUBJECT_NO];
	cl_part		parts[] = {
		{CL_COMMIT_SUBJECT, strlen(CL_COMMIT_SUBJECT)},
		{seal->origin, seal->origin_len},
		{number.data, number.len},
		{key.data, key.len}
	};
	cl_hash		commitment;

	return event->has_commitment && cl_commit(salt, CL_SALT_BYTES, parts, 4, commitment) == CL_OK &&
		memcmp(commitment, event->commitment, CL_HASH_BYTES) == 0;
}

bool
cl_opens_evidence(const cl_sealed_event *event, const uint8_t *salt, cl_value text)
{
	cl_part		parts[] = {
		{CL_COMMIT_EVIDENCE, strlen(CL_COMMIT_EVIDENCE)},
		{text.data, text.len}
	};
	cl_hash		commitment;

	return event->has_evidence && cl_commit(salt, CL_SALT_BYTES, parts, 2, commitment) == CL_OK &&
		memcmp(commitment, event->evidence, CL_HASH_BYTES) == 0;
}
