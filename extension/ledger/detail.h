/*
 * detail.h
 *		What a declaration or a run says, as canonical JSON.
 */
#ifndef LEDGER_DETAIL_H
#define LEDGER_DETAIL_H

#include "core/json.h"

/* A member of NUL-terminated strings; value may be NULL, then it is left out. */
#define DETAIL(name, value) \
	{(name), strlen(name), (value), (value) ? strlen(value) : 0}

/* The palloc'd canonical text. */
extern char *detail_json(cl_json_member *members, int n);

#endif
