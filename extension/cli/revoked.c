/*
 * revoked.c
 *		Keys that the user trusts up to a place in the log only.
 */
#include "cli/revoked.h"

static bool
same_key(const cl_verifier *a, const cl_verifier *b)
{
	return strcmp(a->name, b->name) == 0 && memcmp(a->public_key, b->public_key, CL_PUBLIC_BYTES) == 0;
}

/* The revoked key that has signed, unless another trusted one has too; NULL if none has. */
static const revoked_key *
find_signer(const options *o, cl_value note, const cl_verifier *trusted, size_t n)
{
	const revoked_key *found = NULL;

	for (int i = 0; i < o->n_revoked; i++)
		if (cl_note_verify(note.data, note.len, &o->revoked[i].key))
			found = &o->revoked[i];
	for (size_t i = 0; found != NULL && i < n; i++)
	{
		bool		is_revoked = false;

		for (int j = 0; j < o->n_revoked; j++)
			is_revoked |= same_key(&trusted[i], &o->revoked[j].key);
		if (!is_revoked && cl_note_verify(note.data, note.len, &trusted[i]))
			found = NULL;
	}
	return found;
}

bool
revoked_seal(const options *o, cl_value note, uint64_t index, const char *what)
{
	const revoked_key *key = find_signer(o, note, o->seals, o->n_seals);

	if (key == NULL || index < key->size)
		return false;
	if (index == REVOKED_NOWHERE)
		report_bad("%s: the key that sealed it is trusted for the first %s of the log, and this is not known to be there",
				   what, counted(key->size, "entry", "entries"));
	else
		report_bad("%s: the key that sealed it is trusted for the first %s of the log, and this is entry %llu", what,
				   counted(key->size, "entry", "entries"), (unsigned long long) index);
	return true;
}

bool
revoked_head(const options *o, cl_value note, uint64_t size, const char *what)
{
	const revoked_key *key = find_signer(o, note, o->policy.logs, (size_t) o->policy.n_logs);

	if (key == NULL || size <= key->size)
		return false;
	report_bad("%s: the key that signed it is trusted up to a head of %s, and this one has %llu", what,
			   counted(key->size, "entry", "entries"), (unsigned long long) size);
	return true;
}
