/*
 * options.c
 *		What the user wants checked, and whom the user trusts.
 *
 * Keys that are given as options become a policy's text, so that there is one
 * way only in which a policy is read.
 */
#include <getopt.h>
#include <stdlib.h>

#include "cli/input.h"
#include "cli/options.h"

#define QUORUM_GROUP "+"		/* no key is named like this */

enum
{
	OPTION_LOG = 256,
	OPTION_SEAL,
	OPTION_WITNESS,
	OPTION_POLICY,
	OPTION_QUORUM,
	OPTION_TREE,
	OPTION_PROOF,
	OPTION_CHECKPOINT,
	OPTION_REVOKED
};

static const struct option long_options[] = {
	{"log", required_argument, NULL, OPTION_LOG},
	{"seal", required_argument, NULL, OPTION_SEAL},
	{"witness", required_argument, NULL, OPTION_WITNESS},
	{"policy", required_argument, NULL, OPTION_POLICY},
	{"quorum", required_argument, NULL, OPTION_QUORUM},
	{"tree", required_argument, NULL, OPTION_TREE},
	{"proof", required_argument, NULL, OPTION_PROOF},
	{"checkpoint", required_argument, NULL, OPTION_CHECKPOINT},
	{"revoked", required_argument, NULL, OPTION_REVOKED},
	{"quiet", no_argument, NULL, 'q'},
	{NULL, 0, NULL, 0}
};

/* What the options say of logs and witnesses, on the way to a policy. */
typedef struct trust_options
{
	cl_buffer	text;			/* the policy so far: logs and witnesses */
	cl_buffer	members;		/* the names of the witnesses, each after a space */
	int			n_witnesses;
	const char *policy;			/* file, or NULL */
	const char *quorum;			/* or NULL */
} trust_options;

/* Append, with more room where it is needed. */
static void
append(cl_buffer *b, const char *data, size_t len)
{
	if (b->cap - b->len < len)
	{
		b->cap = (b->cap + len) * 2;
		b->data = reallocate(b->data, b->cap);
	}
	cl_put(b, data, len);
}

static void
append_string(cl_buffer *b, const char *s)
{
	append(b, s, strlen(s));
}

/* Read a key of a type; what is wrong with it is reported. */
static bool
read_key(const char *option, const char *text, uint8_t type, cl_verifier *key)
{
	if (!cl_vkey_parse(text, strlen(text), key))
	{
		report_unchecked("--%s wants a verifier key, name+id+base64, of an Ed25519 key that binds its signer; this is none: %s",
						 option, shown(cl_string(text)));
		return false;
	}
	if (key->type != type)
	{
		report_unchecked("--%s wants a key of type %02x; this is of type %02x: %s", option, type, key->type,
						 shown(cl_string(text)));
		return false;
	}
	return true;
}

static bool
add_log(const char *text, trust_options *trust)
{
	cl_verifier key;

	if (!read_key("log", text, CL_NOTE_ED25519, &key))
		return false;
	append_string(&trust->text, "log ");
	append_string(&trust->text, text);
	append_string(&trust->text, "\n");
	return true;
}

/* In the policy a witness is called as its key. */
static bool
add_witness(const char *text, trust_options *trust)
{
	cl_verifier key;

	if (!read_key("witness", text, CL_NOTE_COSIGNATURE, &key))
		return false;
	append_string(&trust->text, "witness ");
	append_string(&trust->text, key.name);
	append_string(&trust->text, " ");
	append_string(&trust->text, text);
	append_string(&trust->text, "\n");
	append_string(&trust->members, " ");
	append_string(&trust->members, key.name);
	trust->n_witnesses++;
	return true;
}

static bool
add_seal(const char *text, options *o)
{
	if (o->n_seals == SEALS_MAX)
	{
		report_unchecked("there are more than %d --seal", SEALS_MAX);
		return false;
	}
	if (!read_key("seal", text, CL_NOTE_ED25519, &o->seals[o->n_seals]))
		return false;
	o->n_seals++;
	return true;
}

/* Take a key, @ and the size up to which it counts. */
static bool
add_revoked(const char *text, options *o)
{
	const char *at = strrchr(text, '@');
	revoked_key *revoked = &o->revoked[o->n_revoked];
	cl_scanner	size = {at == NULL ? "" : at + 1, at == NULL ? 0 : strlen(at + 1), 0};

	if (o->n_revoked == REVOKED_MAX)
	{
		report_unchecked("there are more than %d --revoked", REVOKED_MAX);
		return false;
	}
	if (at == NULL || !cl_vkey_parse(text, (size_t) (at - text), &revoked->key) || revoked->key.type != CL_NOTE_ED25519 ||
		!cl_take_number(&size, INT64_MAX, &revoked->size) || !cl_at_end(&size))
	{
		report_unchecked("--revoked wants the verifier key of a log or its seals, @, and the size up to which it is trusted; this is none: %s",
						 shown(cl_string(text)));
		return false;
	}
	o->n_revoked++;
	return true;
}

/* Take one option; false if it cannot be taken, which is reported. */
static bool
take_option(int option, const char *value, options *o, trust_options *trust)
{
	switch (option)
	{
		case OPTION_LOG:
			return add_log(value, trust);
		case OPTION_SEAL:
			return add_seal(value, o);
		case OPTION_WITNESS:
			return add_witness(value, trust);
		case OPTION_REVOKED:
			return add_revoked(value, o);
		case OPTION_POLICY:
			trust->policy = value;
			return true;
		case OPTION_QUORUM:
			trust->quorum = value;
			return true;
		case OPTION_TREE:
			o->tree = value;
			return true;
		case OPTION_PROOF:
			o->proof = value;
			return true;
		case OPTION_CHECKPOINT:
			o->checkpoint = value;
			return true;
		default:
			o->quiet = true;
			return true;
	}
}

/* Is this option one of the command's? */
static bool
is_taken(int option, unsigned takes)
{
	switch (option)
	{
		case OPTION_SEAL:
			return (takes & NEEDS_SEAL) != 0;
		case OPTION_TREE:
			return (takes & TAKES_TREE) != 0;
		case OPTION_PROOF:
			return (takes & TAKES_PROOF) != 0;
		case OPTION_CHECKPOINT:
			return (takes & TAKES_CHECKPOINT) != 0;
		case OPTION_REVOKED:
			return (takes & TAKES_REVOKED) != 0;
		default:
			return true;
	}
}

/* Append the quorum that the options ask for: all witnesses, or so many. */
static void
append_quorum(trust_options *trust)
{
	if (trust->n_witnesses == 0)
	{
		append_string(&trust->text, "quorum none\n");
		return;
	}
	append_string(&trust->text, "group " QUORUM_GROUP " ");
	append_string(&trust->text, trust->quorum != NULL ? trust->quorum : "all");
	append(&trust->text, trust->members.data, trust->members.len);
	append_string(&trust->text, "\nquorum " QUORUM_GROUP "\n");
}

/* Complete the text of the policy; false if the options contradict each other. */
static bool
complete_policy(trust_options *trust)
{
	input		file = {0};
	bool		good;

	if (trust->policy == NULL)
	{
		if (trust->quorum != NULL && trust->n_witnesses == 0)
			report_unchecked("--quorum counts among the keys given by --witness, and there is none");
		else
			append_quorum(trust);
		return trust->quorum == NULL || trust->n_witnesses > 0;
	}
	if (trust->quorum != NULL || trust->n_witnesses > 0)
	{
		report_unchecked("--policy says itself which witnesses are asked: it does not go with --witness or --quorum");
		return false;
	}
	good = input_require(trust->policy, CL_POLICY_TEXT_MAX, &file);
	if (good)
		append(&trust->text, file.data, file.len);
	input_free(&file);
	return good;
}

/*
 * Read the policy that the options make.  Its names point into the text.
 */
static bool
read_policy(trust_options *trust, options *o)
{
	cl_policy_error error;
	int			lines = 0;

	for (size_t i = 0; i < trust->text.len; i++)
		lines += trust->text.data[i] == '\n';
	if (!complete_policy(trust))
		return false;
	if (cl_policy_parse(trust->text.data, trust->text.len, &o->policy, &error))
		return true;
	if (trust->policy == NULL || error.line <= lines)
		report_unchecked("the keys given as options make no policy: %s", error.message);
	else
		report_unchecked("%s, line %d: %s", shown(cl_string(trust->policy)), error.line - lines, error.message);
	return false;
}

/* Does a witness have one of these keys? */
static bool
witness_has_key(const options *o, const cl_verifier *keys, size_t n)
{
	for (int w = 0; w < o->policy.n_witnesses; w++)
		for (size_t i = 0; i < n; i++)
			if (memcmp(o->policy.witnesses[w].public_key, keys[i].public_key, CL_PUBLIC_BYTES) == 0)
				return true;
	return false;
}

/* Is somebody trusted for what the command checks, and nobody as his own witness? */
static bool
has_keys(unsigned takes, const options *o)
{
	if ((takes & NEEDS_LOG) != 0 && o->policy.n_logs == 0)
		report_unchecked("no key of a log is trusted: give it by --log or --policy; it is the first line of consent.key, "
						 "and comes from somebody whom you trust, not from what is checked");
	else if ((takes & NEEDS_SEAL) != 0 && o->n_seals == 0)
		report_unchecked("no key of seals is trusted: give it by --seal; its name is the log's and /seal, "
						 "and it comes from somebody whom you trust, not from what is checked");
	else if (witness_has_key(o, o->policy.logs, (size_t) o->policy.n_logs) ||
			 witness_has_key(o, o->seals, o->n_seals))
		report_unchecked("a witness has the key of a log or its seals: nobody is his own witness");
	else
		return true;
	return false;
}

/* Take the options one after another; false if one cannot be taken. */
static bool
take_options(int argc, char **argv, unsigned takes, options *o, trust_options *trust)
{
	int			option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
	{
		if (option == '?' || !is_taken(option, takes))
		{
			report_unchecked("this command takes no such option, or it lacks its value: %s; see consent-verify --help",
							 shown(cl_string(argv[optind - 1])));
			return false;
		}
		if (!take_option(option, optarg, o, trust))
			return false;
	}
	return true;
}

bool
options_read(int argc, char **argv, unsigned takes, int n_arguments, options *o)
{
	trust_options trust = {{NULL, 0, 0}};
	bool		good;

	memset(o, 0, sizeof(*o));
	good = take_options(argc, argv, takes, o, &trust);
	report_quietly(o->quiet);
	o->n_arguments = argc - optind;
	o->arguments = argv + optind;
	if (good && o->n_arguments != n_arguments)
	{
		report_unchecked("this command takes %s; see consent-verify --help",
						 counted((uint64_t) n_arguments, "argument", "arguments"));
		good = false;
	}
	good = good && read_policy(&trust, o) && has_keys(takes, o);
	o->policy_text = trust.text.data;
	free(trust.members.data);
	return good;
}

cl_receipt_trust
options_trust(const options *o)
{
	return (cl_receipt_trust) {o->policy.n_logs > 0 ? &o->policy : NULL, o->seals, o->n_seals};
}
