/*
 * fuzz_policy.c
 *		Policies: one that is read is what a policy must be, and answers for any
 *		set of cosignatures.
 */
#include "core/policy.h"

#include <stdlib.h>

/* The log of the seeds has signed this, and one of its witnesses. */
#define NOTE \
	"example.org/consent\n" \
	"7\n" \
	"P1/zhfSloE4/w1IKLAK34sXZzP/LZZ0McMDa4D7hliY=\n" \
	"\n" \
	"\xe2\x80\x94 example.org/consent Nema+SRAbZOxn+wMgC1GyGZyKpfWsl2NcU27B69ADYWrU2y3BeNwR1SDr/Qg/GTXJJJ1ku3MY0X4M1nqQ1QAdhoKjg8=\n" \
	"\xe2\x80\x94 w1.example TqnQ/gAAAABnHbSAep/XXGQ7hnovTW6hg58E8dnuzCOlq7f2F1mkmyULwjbh4k9WnwjUsSEUGgnU43jTXCtIUDzF14gOL/j70ec2Cg==\n"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* A member stands before its group, and a group needs no more than it has. */
static void
check_nodes(const cl_policy *policy)
{
	int			members[CL_POLICY_NODES] = {0};

	for (int i = 0; i < policy->n_nodes; i++)
	{
		const cl_policy_node *node = &policy->nodes[i];

		require(node->name.len > 0);
		if (node->witness == CL_POLICY_NONE)
			require(node->needed >= 1 && node->needed <= node->members && members[i] == node->members);
		else
			require(node->witness < policy->n_witnesses && node->members == 0);
		if (node->group != CL_POLICY_NONE)
		{
			require(node->group > i && node->group < policy->n_nodes);
			members[node->group]++;
		}
	}
	require(policy->quorum < policy->n_nodes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static cl_policy policy;
	static cl_policy_result result;
	char	   *text = malloc(size + 1);
	cl_policy_error error;
	cl_checkpoint checkpoint;

	memcpy(text, data, size);
	if (cl_policy_parse(text, size, &policy, &error))
	{
		require(error.message == NULL);
		check_nodes(&policy);
		if (cl_policy_check(&policy, NOTE, strlen(NOTE), &checkpoint, &result) == CL_POLICY_OK)
			require(result.log != NULL && checkpoint.size == 7 &&
					result.has_time == (policy.quorum != CL_POLICY_NONE));
	}
	else
		require(error.message != NULL);
	free(text);
	return 0;
}
