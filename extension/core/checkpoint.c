/*
 * checkpoint.c
 *		The head of a log: the text that the log's key signs.
 */
#include "core/checkpoint.h"

size_t
cl_checkpoint_format(const cl_checkpoint *checkpoint, char *out, size_t cap)
{
	cl_buffer	b = {out, cap, 0};

	if (!cl_origin_valid(checkpoint->origin.data, checkpoint->origin.len))
		return 0;
	cl_put_value(&b, checkpoint->origin);
	cl_put_char(&b, '\n');
	cl_put_number(&b, checkpoint->size);
	cl_put_char(&b, '\n');
	cl_put_base64(&b, checkpoint->root, CL_HASH_BYTES);
	cl_put(&b, "\n", 2);			/* and the NUL */
	return b.len <= b.cap ? b.len - 1 : 0;
}

bool
cl_checkpoint_possible(const cl_checkpoint *checkpoint)
{
	cl_hash		empty;

	return checkpoint->size > 0 ||
		(cl_sha256(NULL, 0, empty) == CL_OK &&
		 memcmp(empty, checkpoint->root, CL_HASH_BYTES) == 0);
}

/* Take lines that are not empty, to the end. */
static bool
take_extensions(cl_scanner *in, cl_value *extensions)
{
	cl_value	line;
	size_t		start = in->pos;

	while (!cl_at_end(in))
		if (!cl_take_until(in, '\n', &line) || line.len == 0)
			return false;
	*extensions = (cl_value) {in->data + start, in->pos - start};
	return true;
}

bool
cl_checkpoint_read(const char *text, size_t len, cl_checkpoint *checkpoint)
{
	cl_scanner	in = {text, len, 0};

	memset(checkpoint, 0, sizeof(*checkpoint));
	return cl_take_until(&in, '\n', &checkpoint->origin) && checkpoint->origin.len > 0 &&
		cl_take_number(&in, INT64_MAX, &checkpoint->size) && cl_take(&in, "\n") &&
		cl_take_base64(&in, '\n', checkpoint->root, CL_HASH_BYTES) &&
		take_extensions(&in, &checkpoint->extensions);
}

bool
cl_checkpoint_parse(const char *text, size_t len, cl_checkpoint *checkpoint)
{
	return cl_checkpoint_read(text, len, checkpoint) && cl_checkpoint_possible(checkpoint);
}

bool
cl_checkpoint_open(const char *note, size_t len, const cl_verifier *log,
				   cl_checkpoint *checkpoint)
{
	size_t		text_len = cl_note_text(note, len);

	return text_len > 0 && cl_checkpoint_parse(note, text_len, checkpoint) &&
		checkpoint->extensions.len == 0 && log->type == CL_NOTE_ED25519 &&
		cl_value_equal(checkpoint->origin, cl_string(log->name)) &&
		cl_note_verify(note, len, log);
}

bool
cl_log_is_of(cl_value log, cl_value ledger)
{
	cl_scanner	in = {log.data, log.len, ledger.len};
	uint64_t	number;

	if (log.len < ledger.len || memcmp(log.data, ledger.data, ledger.len) != 0)
		return false;
	return cl_at_end(&in) ||
		(cl_take(&in, "/") && cl_take_number(&in, INT32_MAX, &number) && cl_at_end(&in) && number >= 2);
}
