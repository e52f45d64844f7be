/*
 * note.c
 *		Signed notes, as in C2SP signed-note and tlog-cosignature.
 */
#include "core/note.h"

#include "core/hash.h"

#define ID_BYTES		4
#define TIME_BYTES		8
#define SIGNED_MAX		(ID_BYTES + TIME_BYTES + CL_SIGNATURE_BYTES)
#define EM_DASH			"\xE2\x80\x94 "
#define COSIGNED_HEADER "cosignature/v1\ntime "
#define COSIGNED_SIZE	(CL_COSIGNED_MAX + 64)	/* header, time and text */

/* Put together what a cosigner signs; its length, or 0 if that cannot be. */
static size_t
cosigned(cl_value text, uint64_t time, char out[COSIGNED_SIZE])
{
	cl_buffer	b = {out, COSIGNED_SIZE, 0};

	if (text.len > CL_COSIGNED_MAX || time > INT64_MAX)
		return 0;
	cl_put_string(&b, COSIGNED_HEADER);
	cl_put_number(&b, time);
	cl_put_char(&b, '\n');
	cl_put_value(&b, text);
	return b.len;
}

/* ---- writing ---- */

/* Valid UTF-8 without control characters other than newline. */
static bool
is_clean(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((uint8_t) bytes[i] < 0x20 && bytes[i] != '\n')
			return false;
	return cl_utf8_valid(bytes, len);
}

/* Start a signature with the key's id; false if there can be none. */
static bool
begin_signature(cl_value text, const char *name, uint8_t type, const cl_key *key,
				uint8_t bytes[SIGNED_MAX])
{
	uint8_t		public_key[CL_PUBLIC_BYTES];
	cl_verifier self;

	if (text.len == 0 || text.data[text.len - 1] != '\n' || !is_clean(text.data, text.len) ||
		cl_key_public(key, public_key) != CL_KEY_OK ||
		!cl_verifier_make(name, strlen(name), type, public_key, &self))
		return false;
	cl_put_big_endian(bytes, self.id, ID_BYTES);
	return true;
}

/* Append a signature line and a NUL; the length without it, or 0 if it does not fit. */
static size_t
put_line(cl_buffer *b, const char *name, const uint8_t *bytes, size_t len)
{
	cl_put_string(b, EM_DASH);
	cl_put_string(b, name);
	cl_put_char(b, ' ');
	cl_put_base64(b, bytes, len);
	cl_put_char(b, '\n');
	cl_put_char(b, '\0');
	return b->len <= b->cap ? b->len - 1 : 0;
}

size_t
cl_note_sign(const char *text, size_t len, const char *name, cl_key *key,
			 char *out, size_t cap)
{
	cl_buffer	b = {out, cap, 0};
	uint8_t		bytes[SIGNED_MAX];

	if (!begin_signature((cl_value) {text, len}, name, CL_NOTE_ED25519, key, bytes) ||
		cl_key_sign(key, text, len, bytes + ID_BYTES) != CL_KEY_OK)
		return 0;
	cl_put(&b, text, len);
	cl_put_char(&b, '\n');
	return put_line(&b, name, bytes, ID_BYTES + CL_SIGNATURE_BYTES);
}

size_t
cl_note_cosign(const char *text, size_t len, const char *name, cl_key *key,
			   uint64_t time, char *out, size_t cap)
{
	cl_buffer	b = {out, cap, 0};
	cl_value	value = {text, len};
	char		message[COSIGNED_SIZE];
	size_t		message_len = cosigned(value, time, message);
	uint8_t		bytes[SIGNED_MAX];

	if (message_len == 0 ||
		!begin_signature(value, name, CL_NOTE_COSIGNATURE, key, bytes) ||
		cl_key_sign(key, message, message_len, bytes + ID_BYTES + TIME_BYTES) != CL_KEY_OK)
		return 0;
	cl_put_big_endian(bytes + ID_BYTES, time, TIME_BYTES);
	return put_line(&b, name, bytes, SIGNED_MAX);
}

/* ---- reading ---- */

/* Read a signature line and its end. */
static bool
take_signature(cl_scanner *in, cl_note_signature *out)
{
	uint8_t		start[6];		/* what eight digits hold */

	if (!cl_take(in, EM_DASH) || !cl_take_until(in, ' ', &out->name) ||
		!cl_take_until(in, '\n', &out->base64) ||
		!cl_key_name_valid(out->name.data, out->name.len) ||
		cl_base64_decode(out->base64.data, out->base64.len, NULL, 0) <= ID_BYTES ||
		cl_base64_decode(out->base64.data, 8, start, sizeof(start)) < ID_BYTES)
		return false;
	out->id = (uint32_t) cl_get_big_endian(start, ID_BYTES);
	return true;
}

bool
cl_note_next_signature(const cl_note *note, size_t *pos, cl_note_signature *signature)
{
	cl_scanner	in = {note->signatures.data, note->signatures.len, *pos};

	if (cl_at_end(&in) || !take_signature(&in, signature))
		return false;
	*pos = in.pos;
	return true;
}

/* Where the signatures begin: after the last empty line; 0 if there is none. */
static size_t
find_signatures(const char *bytes, size_t len)
{
	for (size_t i = len; i >= 2; i--)
		if (bytes[i - 1] == '\n' && bytes[i - 2] == '\n')
			return i;
	return 0;
}

bool
cl_note_parse(const char *bytes, size_t len, cl_note *note)
{
	cl_note_signature signature;
	size_t		start;
	size_t		pos = 0;
	int			n = 0;

	if (len > CL_NOTE_MAX || !is_clean(bytes, len))
		return false;
	start = find_signatures(bytes, len);
	if (start == 0)
		return false;
	note->text = (cl_value) {bytes, start - 1};
	note->signatures = (cl_value) {bytes + start, len - start};
	while (cl_note_next_signature(note, &pos, &signature))
		if (++n > CL_NOTE_SIGNATURES_MAX)
			return false;
	return n > 0 && pos == note->signatures.len;
}

/* True if these bytes, id left out, sign the text in the way of the key's type. */
static bool
signs(const uint8_t *bytes, long len, cl_value text, const cl_verifier *verifier,
	  uint64_t *time)
{
	char		message[COSIGNED_SIZE];
	size_t		message_len;

	*time = 0;
	if (verifier->type == CL_NOTE_ED25519)
		return len == CL_SIGNATURE_BYTES &&
			cl_key_verify(verifier->public_key, text.data, text.len, bytes);
	if (verifier->type != CL_NOTE_COSIGNATURE || len != TIME_BYTES + CL_SIGNATURE_BYTES)
		return false;
	*time = cl_get_big_endian(bytes, TIME_BYTES);
	message_len = cosigned(text, *time, message);
	return message_len > 0 &&
		cl_key_verify(verifier->public_key, message, message_len, bytes + TIME_BYTES);
}

static bool
is_by(const cl_note_signature *signature, const cl_verifier *verifier)
{
	return signature->id == verifier->id &&
		cl_value_equal(signature->name, cl_string(verifier->name));
}

/* Verify a signature that is by this verifier, and note it. */
static bool
check_one(const cl_note *note, const cl_note_signature *signature,
		  const cl_verifier *verifier, cl_note_check *check)
{
	uint8_t		bytes[SIGNED_MAX];
	long		len = cl_base64_decode(signature->base64.data, signature->base64.len,
									   bytes, SIGNED_MAX);
	uint64_t	time;

	if (len < 0 || !signs(bytes + ID_BYTES, len - ID_BYTES, note->text, verifier, &time))
		return false;
	if (!check->is_signed || time < check->time)
		check->time = time;
	check->is_signed = true;
	return true;
}

cl_note_status
cl_note_check_all(const cl_note *note, const cl_verifier *verifiers, size_t n,
				  cl_note_check *checks)
{
	cl_note_signature signature;
	cl_note_status status = CL_NOTE_UNSIGNED;
	size_t		pos = 0;

	memset(checks, 0, n * sizeof(*checks));
	while (cl_note_next_signature(note, &pos, &signature))
		for (size_t i = 0; i < n; i++)
		{
			if (!is_by(&signature, &verifiers[i]))
				continue;
			if (!check_one(note, &signature, &verifiers[i], &checks[i]))
			{
				memset(checks, 0, n * sizeof(*checks));
				return CL_NOTE_FORGED;
			}
			status = CL_NOTE_OK;
		}
	return status;
}

cl_note_status
cl_note_check_name(const cl_note *note, cl_value name, const cl_verifier *verifiers, size_t n,
				   bool *known, const cl_verifier **signer)
{
	cl_note_check check;
	cl_note_status status;

	*known = false;
	*signer = NULL;
	for (size_t i = 0; i < n; i++)
	{
		if (verifiers[i].type != CL_NOTE_ED25519 ||
			!cl_value_equal(cl_string(verifiers[i].name), name))
			continue;
		*known = true;
		status = cl_note_check_all(note, &verifiers[i], 1, &check);
		if (status == CL_NOTE_FORGED)
		{
			*signer = NULL;
			return CL_NOTE_FORGED;
		}
		if (status == CL_NOTE_OK)
			*signer = &verifiers[i];
	}
	return *signer != NULL ? CL_NOTE_OK : CL_NOTE_UNSIGNED;
}

size_t
cl_note_text(const char *note, size_t len)
{
	cl_note		parsed;

	return cl_note_parse(note, len, &parsed) ? parsed.text.len : 0;
}

bool
cl_note_verify(const char *note, size_t len, const cl_verifier *verifier)
{
	cl_note		parsed;
	cl_note_check check;

	return cl_note_parse(note, len, &parsed) &&
		cl_note_check_all(&parsed, verifier, 1, &check) == CL_NOTE_OK;
}
