/*
 * witness.c
 *		The add-checkpoint request of C2SP tlog-witness, and what a witness
 *		answers to it.
 */
#include "core/witness.h"


size_t
cl_add_checkpoint_format(const cl_add_checkpoint *request, char *out, size_t cap)
{
	cl_buffer	b = {out, cap, 0};

	if (request->path_len > CL_CONSISTENCY_MAX || request->old_size > INT64_MAX ||
		request->checkpoint.len == 0)
		return 0;
	cl_put_string(&b, "old ");
	cl_put_number(&b, request->old_size);
	cl_put_char(&b, '\n');
	cl_put_path(&b, request->path, request->path_len);
	cl_put_value(&b, request->checkpoint);
	cl_put_char(&b, '\0');
	return b.len <= cap ? b.len - 1 : 0;
}

bool
cl_add_checkpoint_parse(const char *body, size_t len, cl_add_checkpoint *request)
{
	cl_scanner	in = {body, len, 0};

	memset(request, 0, sizeof(*request));
	if (!cl_take(&in, "old ") || !cl_take_number(&in, INT64_MAX, &request->old_size) ||
		!cl_take(&in, "\n") ||
		!cl_take_path(&in, CL_CONSISTENCY_MAX, request->path, &request->path_len))
		return false;
	request->checkpoint = cl_take_rest(&in);
	return request->checkpoint.len > 0;
}

size_t
cl_size_response_format(uint64_t size, char out[CL_SIZE_RESPONSE_MAX])
{
	cl_buffer	b = {out, CL_SIZE_RESPONSE_MAX, 0};

	cl_put_number(&b, size);
	cl_put(&b, "\n", 2);			/* and the NUL */
	return b.len - 1;
}

bool
cl_size_response_parse(const char *body, size_t len, uint64_t *size)
{
	cl_scanner	in = {body, len, 0};

	return cl_take_number(&in, INT64_MAX, size) && cl_take(&in, "\n") && cl_at_end(&in);
}

/* A request with the checkpoint in it, not verified. */
typedef struct taken_apart
{
	cl_add_checkpoint request;
	cl_note		note;
	cl_checkpoint checkpoint;
} taken_apart;

static bool
take_apart(const char *body, size_t len, taken_apart *parts)
{
	cl_note    *note = &parts->note;

	return cl_add_checkpoint_parse(body, len, &parts->request) &&
		cl_note_parse(parts->request.checkpoint.data, parts->request.checkpoint.len, note) &&
		note->text.len <= CL_COSIGNED_MAX &&
		cl_checkpoint_read(note->text.data, note->text.len, &parts->checkpoint);
}

bool
cl_witness_origin(const char *body, size_t len, cl_value *origin)
{
	taken_apart parts;

	if (!take_apart(body, len, &parts))
		return false;
	*origin = parts.checkpoint.origin;
	return true;
}

/* Has the log signed, and is no signature under one of its keys wrong? */
static cl_witness_status
check_signatures(const taken_apart *parts, const cl_verifier *logs, size_t n_logs)
{
	bool		known;
	const cl_verifier *signer;
	cl_note_status status = cl_note_check_name(&parts->note, parts->checkpoint.origin,
											   logs, n_logs, &known, &signer);

	if (!known)
		return CL_WITNESS_UNKNOWN_LOG;
	return status == CL_NOTE_OK ? CL_WITNESS_COSIGN : CL_WITNESS_UNSIGNED;
}

/* Does the checkpoint extend what the witness knows, of the size that was asked? */
static bool
extends(const taken_apart *parts, const cl_witnessed *known)
{
	const cl_add_checkpoint *request = &parts->request;
	const cl_checkpoint *checkpoint = &parts->checkpoint;

	if (!cl_checkpoint_possible(checkpoint))
		return false;
	if (known->size == 0)
		return request->path_len == 0;
	return cl_verify_consistency(known->size, checkpoint->size, known->root, checkpoint->root,
								 request->path, request->path_len);
}

cl_witness_status
cl_witness_decide(const char *body, size_t len, const cl_verifier *logs, size_t n_logs,
				  const cl_witnessed *known, cl_checkpoint *checkpoint)
{
	taken_apart parts;
	cl_witness_status status;

	if (!take_apart(body, len, &parts))
		return CL_WITNESS_MALFORMED;
	status = check_signatures(&parts, logs, n_logs);
	if (status != CL_WITNESS_COSIGN)
		return status;
	if (parts.request.old_size > parts.checkpoint.size)
		return CL_WITNESS_MALFORMED;
	if (parts.request.old_size != known->size)
		return CL_WITNESS_OTHER_SIZE;
	if (!extends(&parts, known))
		return CL_WITNESS_INCONSISTENT;
	*checkpoint = parts.checkpoint;
	return CL_WITNESS_COSIGN;
}
