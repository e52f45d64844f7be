/*
 * witness.c
 *		consent-log witness: have witnesses cosign the newest checkpoint (C2SP
 *		tlog-witness), and keep their cosignatures in the ledger.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/input.h"
#include "client/commands.h"
#include "client/http.h"
#include "core/witness.h"

#define URL_MAX 2048

typedef struct witness_job
{
	PGconn	   *conn;
	char		size[32];		/* of the checkpoint */
	const char *prefix;			/* of the witness at hand, as given */
	char		url[URL_MAX + 32];
	http_answer answer;
} witness_job;

/* ---- the ledger ---- */

static bool
read_size(witness_job *job)
{
	PGresult   *result = database_query(job->conn, "SELECT max(size) FROM consent.checkpoint", 0, NULL);
	const char *size = result == NULL ? NULL : database_value(result, 0, 0);

	if (size != NULL)
		snprintf(job->size, sizeof(job->size), "%s", size);
	else if (result != NULL)
		report_unchecked("the log has no checkpoint yet; CALL consent.checkpoint() signs one");
	PQclear(result);
	return size != NULL;
}

/* The largest size that witnesses with this address have cosigned, as far as the ledger knows. */
static bool
read_known(witness_job *job, char known[32])
{
	const char *values[] = {job->prefix};
	PGresult   *result = database_query(job->conn,
										"SELECT coalesce(max(c.size), 0) FROM consent.cosignature c"
										" JOIN consent.witness w USING (name)"
										" WHERE c.kind = 'cosignature' AND rtrim(w.url, '/') = rtrim($1, '/')", 1, values);

	if (result != NULL)
		snprintf(known, 32, "%s", database_value(result, 0, 0));
	PQclear(result);
	return result != NULL;
}

/* Keep what the witness answered; the ledger checks it. */
static void
keep_cosignature(witness_job *job)
{
	const char *values[] = {job->answer.body, job->size};
	PGresult   *result = database_query(job->conn, "SELECT consent.add_cosignature($1, $2)", 2, values);

	if (result == NULL)
		report_unchecked("the answer of %s was not kept", shown(cl_string(job->prefix)));
	else
		report_verdict("cosigned", "%s by %s%s", counted(strtoull(job->size, NULL, 10), "entry", "entries"),
					   shown(cl_string(job->prefix)),
					   strcmp(database_value(result, 0, 0), "0") == 0 ? ", as is known already" : "");
	PQclear(result);
}

/* ---- the witness ---- */

/* Ask with the size that the witness is thought to know; false if there is no answer. */
static bool
ask(witness_job *job, const char *known)
{
	const char *values[] = {known, job->size};
	PGresult   *result = database_query(job->conn, "SELECT consent.add_checkpoint_request($1, $2)", 2, values);
	bool		good = result != NULL && http_post(job->url, database_value(result, 0, 0), &job->answer);

	PQclear(result);
	return good;
}

static const char *
first_line(const http_answer *answer)
{
	return shown((cl_value) {(char *) answer->body, strcspn(answer->body, "\r\n")});
}

/* Say what an answer other than a cosignature means. */
static void
report_refusal(const witness_job *job)
{
	const char *who = shown(cl_string(job->prefix));
	const char *why = first_line(&job->answer);

	switch (job->answer.status)
	{
		case CL_WITNESS_INCONSISTENT:
			report_bad("%s refuses: this log does not extend what it has cosigned before (422: %s)", who, why);
			break;
		case CL_WITNESS_UNKNOWN_LOG:
			report_unchecked("%s does not know this log (404: %s); give its operator the vkey of consent.key", who, why);
			break;
		case CL_WITNESS_UNSIGNED:
			report_unchecked("%s does not trust the key that signed the checkpoint (403: %s)", who, why);
			break;
		case CL_WITNESS_OTHER_SIZE:
			report_unchecked("%s still knows another size (409: %s); somebody else may be asking it at the same time", who, why);
			break;
		default:
			report_unchecked("%s answers %ld: %s", who, job->answer.status, why);
	}
}

/* The size that a witness knows, which told us so. */
static bool
read_other_size(witness_job *job, char known[32])
{
	uint64_t	size;

	if (!cl_size_response_parse(job->answer.body, job->answer.len, &size))
	{
		report_unchecked("%s answers 409 and does not say which size it knows: %s",
						 shown(cl_string(job->prefix)), first_line(&job->answer));
		return false;
	}
	if (size > strtoull(job->size, NULL, 10))
	{
		report_bad("%s has cosigned %s, and this log's newest checkpoint is of %s: it was set back, or another server signs",
				   shown(cl_string(job->prefix)), counted(size, "entry", "entries"), job->size);
		return false;
	}
	snprintf(known, 32, "%llu", (unsigned long long) size);
	return true;
}

static void
ask_witness(witness_job *job, const char *prefix)
{
	size_t		len = strlen(prefix);
	char		known[32];

	while (len > 0 && prefix[len - 1] == '/')
		len--;
	if (len == 0 || len > URL_MAX)
	{
		report_unchecked("this is no address of a witness: %s", shown(cl_string(prefix)));
		return;
	}
	job->prefix = prefix;
	snprintf(job->url, sizeof(job->url), "%.*s/add-checkpoint", (int) len, prefix);
	if (!read_known(job, known) || !ask(job, known))
		return;
	if (job->answer.status == CL_WITNESS_OTHER_SIZE &&
		(!read_other_size(job, known) || !ask(job, known)))
		return;
	if (job->answer.status == CL_WITNESS_COSIGN)
		keep_cosignature(job);
	else
		report_refusal(job);
}

static void
ask_registered(witness_job *job)
{
	PGresult   *result = database_query(job->conn,
										"SELECT DISTINCT url FROM consent.witness WHERE url IS NOT NULL ORDER BY url", 0, NULL);

	if (result != NULL && PQntuples(result) == 0)
		report_unchecked("no witness is registered with its address: name one, or SELECT consent.register_witness(vkey, url)");
	for (int i = 0; result != NULL && i < PQntuples(result); i++)
		ask_witness(job, database_value(result, i, 0));
	PQclear(result);
}

void
command_witness(const client_options *o)
{
	witness_job *job = allocate(sizeof(witness_job));

	memset(job, 0, sizeof(*job));
	job->conn = database_connect(&o->database);
	if (job->conn != NULL && http_begin())
	{
		if (read_size(job) && o->n_arguments == 0)
			ask_registered(job);
		else
			for (int i = 0; job->size[0] != '\0' && i < o->n_arguments; i++)
				ask_witness(job, o->arguments[i]);
		http_end();
	}
	PQfinish(job->conn);
	free(job);
}
