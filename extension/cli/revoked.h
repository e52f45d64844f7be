/*
 * revoked.h
 *		Keys that the user trusts up to a place in the log only.
 */
#ifndef CLI_REVOKED_H
#define CLI_REVOKED_H

#include "cli/options.h"

#define REVOKED_NOWHERE UINT64_MAX	/* the place of what is not in the log */

/*
 * Did a key sign the note of a seal, an entry at this place, beyond what it is
 * trusted for, and no other trusted one?  That is reported; `what` names it.
 */
extern bool revoked_seal(const options *o, cl_value note, uint64_t index, const char *what);

/* The same for a head of the log of this size. */
extern bool revoked_head(const options *o, cl_value note, uint64_t size, const char *what);

#endif
