/*
 * head.c
 *		Checkpoints that the user's policy accepts, and what they prove.
 */
#include "cli/head.h"
#include "cli/revoked.h"

/* Say who did cosign where that is not enough. */
static void
report_cosigners(const options *o, const cl_policy_result *result)
{
	for (int i = 0; i < o->policy.n_witnesses; i++)
		if (result->witnesses[i].is_signed)
			report_sentence("%s did cosign it, on %s", shown(cl_string(o->policy.witnesses[i].name)),
							shown_time(result->witnesses[i].time));
}

bool
head_check(const options *o, cl_value note, const char *name, head *h)
{
	cl_policy_status status = cl_policy_check(&o->policy, note.data, note.len, &h->checkpoint, &h->policy);

	if (status != CL_POLICY_OK)
	{
		report_bad("%s: %s", name, cl_policy_message(status));
		if (status == CL_POLICY_NO_QUORUM)
			report_cosigners(o, &h->policy);
		return false;
	}
	if (h->checkpoint.extensions.len > 0)
	{
		report_bad("%s: the checkpoint has lines that those of a ledger do not have", name);
		return false;
	}
	return !revoked_head(o, note, h->checkpoint.size, name);
}

bool
head_read(const options *o, const char *path, input *in, head *h)
{
	return input_require(path, CL_NOTE_MAX, in) && head_check(o, input_value(in), shown(cl_string(path)), h);
}

void
explain_head(const options *o, const head *h)
{
	const char *origin = shown(h->checkpoint.origin);

	report_sentence("The key of the log %s signed this head: %s, root %s.", origin,
					counted(h->checkpoint.size, "entry", "entries"), shown_hash(h->checkpoint.root));
	for (int i = 0; i < o->policy.n_witnesses; i++)
		if (h->policy.witnesses[i].is_signed)
			report_sentence("The witness %s cosigned it on %s.",
							shown(cl_string(o->policy.witnesses[i].name)),
							shown_time(h->policy.witnesses[i].time));
	if (h->policy.has_time)
		report_sentence("So the quorum of your policy had seen it by %s. If your witnesses are honest, everything under it "
						"existed then, and the operator cannot remove, change or add to it without being seen.",
						shown_time(h->policy.time));
}

void
explain_unwitnessed(const options *o)
{
	if (o->policy.quorum == CL_POLICY_NONE)
		report_sentence("That everybody is shown the same log, and since when. Your policy asks for no witness, "
						"and the operator's own signatures prove nothing against the operator.");
}
