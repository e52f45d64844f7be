/*
 * detail.c
 *		What a declaration or a run says, as canonical JSON.
 */
#include "postgres.h"

#include "ledger/detail.h"

char *
detail_json(cl_json_member *members, int n)
{
	size_t		len = cl_json_write(members, n, NULL, 0);
	char	   *text = palloc(len + 1);

	if (len == 0)
		elog(ERROR, "could not write what an event says");
	cl_json_write(members, n, text, len);
	text[len] = '\0';
	return text;
}
