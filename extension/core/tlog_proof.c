/*
 * tlog_proof.c
 *		The proof that an entry is in a log, as one text: C2SP tlog-proof.
 */
#include "core/tlog_proof.h"

#define FIRST_LINE "c2sp.org/tlog-proof@v1\n"

/* Bytes in base64, of which there is at least one. */
static bool
extra_is_valid(cl_value extra)
{
	return cl_base64_decode(extra.data, extra.len, NULL, 0) > 0;
}

size_t
cl_tlog_proof_format(const cl_tlog_proof *proof, char *out, size_t cap)
{
	cl_buffer	b = {out, cap, 0};

	if (proof->path_len > CL_INCLUSION_MAX || proof->index > INT64_MAX ||
		proof->checkpoint.len == 0 ||
		(proof->extra.data != NULL && !extra_is_valid(proof->extra)))
		return 0;
	cl_put_string(&b, FIRST_LINE);
	if (proof->extra.data != NULL)
	{
		cl_put_string(&b, "extra ");
		cl_put_value(&b, proof->extra);
		cl_put_char(&b, '\n');
	}
	cl_put_string(&b, "index ");
	cl_put_number(&b, proof->index);
	cl_put_char(&b, '\n');
	cl_put_path(&b, proof->path, proof->path_len);
	cl_put_value(&b, proof->checkpoint);
	cl_put_char(&b, '\0');
	return b.len <= cap ? b.len - 1 : 0;
}

/* Read the line of opaque bytes, if there is one. */
static bool
take_extra(cl_scanner *in, cl_value *extra)
{
	if (!cl_take(in, "extra "))
		return true;
	return cl_take_until(in, '\n', extra) && extra_is_valid(*extra);
}

bool
cl_tlog_proof_parse(const char *text, size_t len, cl_tlog_proof *proof)
{
	cl_scanner	in = {text, len, 0};

	memset(proof, 0, sizeof(*proof));
	if (!cl_take(&in, FIRST_LINE) || !take_extra(&in, &proof->extra) ||
		!cl_take(&in, "index ") || !cl_take_number(&in, INT64_MAX, &proof->index) ||
		!cl_take(&in, "\n") ||
		!cl_take_path(&in, CL_INCLUSION_MAX, proof->path, &proof->path_len))
		return false;
	proof->checkpoint = cl_take_rest(&in);
	return proof->checkpoint.len > 0;
}

bool
cl_tlog_proof_includes(const cl_tlog_proof *proof, const uint8_t *leaf, uint64_t size,
					   const uint8_t *root)
{
	return cl_verify_inclusion(root, size, proof->index, leaf, proof->path, proof->path_len);
}
