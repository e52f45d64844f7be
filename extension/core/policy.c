/*
 * policy.c
 *		Whose checkpoints are believed, and with whose cosignatures.
 *
 * Members stand before their group, and in one group only.  So whatever is
 * asked of a policy is answered by going through its nodes once, in order.
 */
#include "core/policy.h"

/* ---- reading ---- */

/* Each of these returns what is wrong, or NULL. */
typedef const char *complaint;

typedef struct policy_reader
{
	cl_policy  *policy;
	cl_scanner	line;			/* the current one */
	bool		has_quorum;
} policy_reader;

/* Take the next word of the line; false at its end. */
static bool
next_word(policy_reader *reader, cl_value *word)
{
	cl_scanner *in = &reader->line;
	size_t		start;

	while (cl_take(in, " ") || cl_take(in, "\t"))
		continue;
	start = in->pos;
	while (!cl_at_end(in) && in->data[in->pos] != ' ' && in->data[in->pos] != '\t')
		in->pos++;
	*word = (cl_value) {in->data + start, in->pos - start};
	return word->len > 0;
}

/* Append a verifier key, unless its public key is there under any name. */
static complaint
add_key(policy_reader *reader, uint8_t type, cl_verifier *keys, int *n, int max)
{
	cl_value	vkey;

	if (!next_word(reader, &vkey))
		return "a verifier key is missing";
	if (*n == max)
		return "too many keys";
	if (!cl_vkey_parse(vkey.data, vkey.len, &keys[*n]))
		return "not a verifier key of an Ed25519 key that binds its signer";
	if (keys[*n].type != type)
		return type == CL_NOTE_ED25519 ? "the key of a log must be of type 01" :
			"the key of a witness must be of type 04";
	for (int i = 0; i < *n; i++)
		if (memcmp(keys[i].public_key, keys[*n].public_key, CL_PUBLIC_BYTES) == 0)
			return "the same public key a second time";
	(*n)++;
	return NULL;
}

static complaint
read_log(policy_reader *reader)
{
	cl_policy  *policy = reader->policy;
	cl_value	url;
	complaint	wrong = add_key(reader, CL_NOTE_ED25519, policy->logs, &policy->n_logs, CL_POLICY_LOGS);

	if (wrong == NULL)
		next_word(reader, &url);
	return wrong;
}

/* The node of a name, or CL_POLICY_NONE. */
static int
find_node(const cl_policy *policy, cl_value name)
{
	for (int i = 0; i < policy->n_nodes; i++)
		if (cl_value_equal(policy->nodes[i].name, name))
			return i;
	return CL_POLICY_NONE;
}

/* Begin a node under the name that comes next; it is not counted yet. */
static complaint
begin_node(policy_reader *reader, cl_policy_node **node)
{
	cl_policy  *policy = reader->policy;
	cl_value	name;

	if (!next_word(reader, &name))
		return "a name is missing";
	if (cl_value_equal(name, cl_string("none")) || find_node(policy, name) != CL_POLICY_NONE)
		return "this name is taken";
	if (policy->n_nodes == CL_POLICY_NODES)
		return "too many witnesses and groups";
	*node = &policy->nodes[policy->n_nodes];
	**node = (cl_policy_node) {.name = name, .witness = CL_POLICY_NONE, .group = CL_POLICY_NONE};
	return NULL;
}

static complaint
read_witness(policy_reader *reader)
{
	cl_policy  *policy = reader->policy;
	cl_policy_node *node;
	complaint	wrong = begin_node(reader, &node);

	if (wrong == NULL)
		wrong = add_key(reader, CL_NOTE_COSIGNATURE, policy->witnesses, &policy->n_witnesses,
						CL_POLICY_WITNESSES);
	if (wrong == NULL)
	{
		if (!next_word(reader, &node->url))
			node->url.data = NULL;
		node->witness = policy->n_witnesses - 1;
		policy->n_nodes++;
	}
	return wrong;
}

/* Read the members of the group that is about to become the last node. */
static complaint
read_members(policy_reader *reader, cl_policy_node *group)
{
	cl_policy  *policy = reader->policy;
	cl_value	name;

	while (next_word(reader, &name))
	{
		int			member = find_node(policy, name);

		if (member == CL_POLICY_NONE)
			return "a member that is not defined before";
		if (policy->nodes[member].group != CL_POLICY_NONE)
			return "a member a second time";
		policy->nodes[member].group = policy->n_nodes;
		group->members++;
	}
	return group->members == 0 ? "a group without members" : NULL;
}

/* How many members a group needs: all, any, or a number of them. */
static complaint
set_needed(cl_policy_node *group, cl_value threshold)
{
	cl_scanner	in = {threshold.data, threshold.len, 0};
	uint64_t	needed;

	if (cl_value_equal(threshold, cl_string("all")))
		needed = (uint64_t) group->members;
	else if (cl_value_equal(threshold, cl_string("any")))
		needed = 1;
	else if (!cl_take_number(&in, (uint64_t) group->members, &needed) || !cl_at_end(&in) || needed == 0)
		return "a threshold is all, any, or a number from 1 to that of the members";
	group->needed = (int) needed;
	return NULL;
}

static complaint
read_group(policy_reader *reader)
{
	cl_policy_node *group;
	cl_value	threshold;
	complaint	wrong = begin_node(reader, &group);

	if (wrong != NULL)
		return wrong;
	if (!next_word(reader, &threshold))
		return "a threshold is missing";
	wrong = read_members(reader, group);
	if (wrong == NULL)
		wrong = set_needed(group, threshold);
	if (wrong == NULL)
		reader->policy->n_nodes++;
	return wrong;
}

static complaint
read_quorum(policy_reader *reader)
{
	cl_policy  *policy = reader->policy;
	cl_value	name;

	if (reader->has_quorum)
		return "a second quorum";
	reader->has_quorum = true;
	if (!next_word(reader, &name))
		return "a name is missing";
	policy->quorum = find_node(policy, name);
	if (policy->quorum == CL_POLICY_NONE && !cl_value_equal(name, cl_string("none")))
		return "a quorum that is not defined before";
	return NULL;
}

static complaint
read_line(policy_reader *reader)
{
	cl_value	word;
	cl_value	more;
	complaint	wrong;

	for (size_t i = 0; i < reader->line.len; i++)
		if (((uint8_t) reader->line.data[i] < 0x20 && reader->line.data[i] != '\t') ||
			reader->line.data[i] == 0x7F)
			return "a control character";
	if (!next_word(reader, &word) || word.data[0] == '#')
		return NULL;
	if (cl_value_equal(word, cl_string("log")))
		wrong = read_log(reader);
	else if (cl_value_equal(word, cl_string("witness")))
		wrong = read_witness(reader);
	else if (cl_value_equal(word, cl_string("group")))
		wrong = read_group(reader);
	else if (cl_value_equal(word, cl_string("quorum")))
		wrong = read_quorum(reader);
	else
		return "a line begins with log, witness, group, quorum or #";
	return wrong == NULL && next_word(reader, &more) ? "a word too many" : wrong;
}

bool
cl_policy_parse(const char *text, size_t len, cl_policy *policy, cl_policy_error *error)
{
	cl_scanner	in = {text, len, 0};
	policy_reader reader = {.policy = policy};
	cl_value	line;

	memset(policy, 0, sizeof(*policy));
	policy->quorum = CL_POLICY_NONE;
	*error = (cl_policy_error) {NULL, 0};
	if (len > CL_POLICY_TEXT_MAX)
		error->message = "the policy is too long";
	while (error->message == NULL && !cl_at_end(&in))
	{
		error->line++;
		if (!cl_take_until(&in, '\n', &line))
			error->message = "the last line does not end with a newline";
		else
		{
			reader.line = (cl_scanner) {line.data, line.len, 0};
			error->message = read_line(&reader);
		}
	}
	if (error->message == NULL && !reader.has_quorum)
		error->message = "there is no quorum";
	return error->message == NULL;
}

/* ---- checking ---- */

/* Indexed by cl_policy_status. */
static const char *const messages[] = {
	"the checkpoint is as the policy asks",
	"this is not a checkpoint",
	"no trusted key is for the origin of the checkpoint",
	"no trusted key of the log has signed the checkpoint",
	"a signature on the checkpoint that names a trusted key is forged",
	"the checkpoint lacks cosignatures that the policy asks for"
};

const char *
cl_policy_message(cl_policy_status status)
{
	return messages[status];
}

/* Check the signatures of the log, under each of its keys. */
static cl_policy_status
check_log(const cl_policy *policy, const cl_note *note, cl_value origin, cl_policy_result *result)
{
	bool		known;

	switch (cl_note_check_name(note, origin, policy->logs, (size_t) policy->n_logs,
							   &known, &result->log))
	{
		case CL_NOTE_OK:
			return CL_POLICY_OK;
		case CL_NOTE_UNSIGNED:
			return known ? CL_POLICY_UNSIGNED : CL_POLICY_UNKNOWN_LOG;
		case CL_NOTE_FORGED:
			break;
	}
	return CL_POLICY_FORGED;
}

/* Which nodes have cosigned, and by when. */
typedef struct node_times
{
	bool		has[CL_POLICY_NODES];
	uint64_t	time[CL_POLICY_NODES];
} node_times;

/* Gather the times of a group's members in ascending order; their number. */
static int
member_times(const cl_policy *policy, int group, const node_times *nodes,
			 uint64_t times[CL_POLICY_NODES])
{
	int			n = 0;

	for (int member = 0; member < group; member++)
	{
		int			i;

		if (policy->nodes[member].group != group || !nodes->has[member])
			continue;
		for (i = n++; i > 0 && times[i - 1] > nodes->time[member]; i--)
			times[i] = times[i - 1];
		times[i] = nodes->time[member];
	}
	return n;
}

/* Find out whether the quorum has cosigned, and by when. */
static bool
find_quorum(const cl_policy *policy, const cl_note_check *witnesses, uint64_t *time)
{
	node_times	nodes = {{false}};
	uint64_t	times[CL_POLICY_NODES];

	for (int i = 0; i <= policy->quorum; i++)
	{
		const cl_policy_node *node = &policy->nodes[i];

		if (node->witness != CL_POLICY_NONE)
		{
			nodes.has[i] = witnesses[node->witness].is_signed;
			nodes.time[i] = witnesses[node->witness].time;
		}
		else
		{
			nodes.has[i] = member_times(policy, i, &nodes, times) >= node->needed;
			nodes.time[i] = nodes.has[i] ? times[node->needed - 1] : 0;
		}
	}
	*time = nodes.time[policy->quorum];
	return nodes.has[policy->quorum];
}

/* Check the cosignatures on a note that the log has signed. */
static cl_policy_status
check_witnesses(const cl_policy *policy, const cl_note *note, cl_policy_result *result)
{
	if (cl_note_check_all(note, policy->witnesses, (size_t) policy->n_witnesses,
						  result->witnesses) == CL_NOTE_FORGED)
		return CL_POLICY_FORGED;
	for (int i = 0; i < policy->n_witnesses; i++)
		result->cosigned += result->witnesses[i].is_signed;
	if (policy->quorum == CL_POLICY_NONE)
		return CL_POLICY_OK;
	result->has_time = find_quorum(policy, result->witnesses, &result->time);
	return result->has_time ? CL_POLICY_OK : CL_POLICY_NO_QUORUM;
}

cl_policy_status
cl_policy_check(const cl_policy *policy, const char *note, size_t len,
				cl_checkpoint *checkpoint, cl_policy_result *result)
{
	cl_note		parsed;

	memset(result, 0, sizeof(*result));
	result->status = CL_POLICY_MALFORMED;
	if (!cl_note_parse(note, len, &parsed) ||
		!cl_checkpoint_parse(parsed.text.data, parsed.text.len, checkpoint))
		return result->status;
	result->status = check_log(policy, &parsed, checkpoint->origin, result);
	if (result->status == CL_POLICY_OK)
		result->status = check_witnesses(policy, &parsed, result);
	return result->status;
}
