/*
 * fuzz_use_proof.c
 *		Proofs of use: whatever is read is written as the same bytes, and can be
 *		checked against whatever events it says it has.
 */
#include "core/use_proof.h"

#include <stdlib.h>
#include <string.h>

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* Take the receipts for events, which is what receipts contain. */
static void
check(const cl_use_proof *proof)
{
	cl_use_facts facts = {proof->origin, proof->opened, proof->closed, proof->event, true, 2, 1};
	char	   *scratch = malloc(CL_USE_SCRATCH);
	cl_use_result result;

	cl_use_proof_check(proof, &facts, &result, scratch);
	require((result.answer == CL_USE_NOT_USED) <= (result.reasons == 0));
	require((result.answer == CL_USE_REFUSED) == (result.reasons > 0xFF));
	free(scratch);
}

/* A list of rows is made again from its rows. */
static void
check_rows(const char *list, size_t size, char *again)
{
	cl_buffer	b = {again, size, 0};
	cl_rows_reader reader;
	cl_value	last = {NULL, 0};
	cl_value	table;
	cl_value	key;
	uint8_t		code;
	int			status;

	cl_rows_begin(&reader, list, size);
	while ((status = cl_rows_next(&reader, &table, &code, &key)) == 1)
	{
		if (table.data != last.data)
			cl_rows_put_table(&b, table.data, table.len);
		cl_rows_put_row(&b, code, key.data, key.len);
		last = table;
	}
	if (status == 0)
		require(b.len == size && memcmp(again, list, size) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text = malloc(size + 1);
	char	   *scratch = malloc(size + 1);
	char	   *again = malloc(size + 1);
	cl_use_proof proof;

	memcpy(text, data, size);
	if (cl_use_proof_read(text, size, &proof, scratch))
	{
		require(cl_use_proof_write(&proof, again, size) == size && memcmp(again, text, size) == 0);
		check(&proof);
	}
	check_rows(text, size, again);
	free(again);
	free(scratch);
	free(text);
	return 0;
}
