/*
 * database.c
 *		The ledger, as a client of its server sees it.
 */
#include "client/database.h"

#include <string.h>

#include "cli/report.h"

/* Report what the server or libpq says, on one line. */
static void
report_message(const char *message)
{
	size_t		len = strlen(message);

	while (len > 0 && message[len - 1] == '\n')
		len--;
	report_unchecked("%s", shown((cl_value) {(char *) message, len}));
}

static void
report_result(PGconn *conn, const PGresult *result)
{
	static const int fields[] = {PG_DIAG_MESSAGE_PRIMARY, PG_DIAG_MESSAGE_DETAIL, PG_DIAG_MESSAGE_HINT};

	if (PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) == NULL)
	{
		report_message(PQerrorMessage(conn));
		return;
	}
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
	{
		const char *message = PQresultErrorField(result, fields[i]);

		if (message != NULL)
			report_message(message);
	}
}

PGconn *
database_connect(const database_options *o)
{
	const char *keywords[] = {"dbname", "host", "port", "user", "fallback_application_name",
		"client_encoding", NULL};
	const char *values[] = {o->dbname, o->host, o->port, o->user, "consent-log", "UTF8", NULL};
	PGconn	   *conn = PQconnectdbParams(keywords, values, 1);

	if (PQstatus(conn) == CONNECTION_OK)
		return conn;
	report_message(PQerrorMessage(conn));
	PQfinish(conn);
	return NULL;
}

PGresult *
database_query(PGconn *conn, const char *sql, int n, const char *const *values)
{
	PGresult   *result = PQexecParams(conn, sql, n, NULL, values, NULL, NULL, 0);
	ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return result;
	report_result(conn, result);
	PQclear(result);
	return NULL;
}

bool
database_begin(PGconn *conn)
{
	PGresult   *result = database_query(conn, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", 0, NULL);

	PQclear(result);
	return result != NULL;
}

const char *
database_value(const PGresult *result, int row, int column)
{
	return PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
}

/* Take the row of a result in single-row mode. */
static bool
take_row(const PGresult *result, database_take take, void *arg)
{
	if (PQnfields(result) != 2 || PQgetisnull(result, 0, 0) || PQgetisnull(result, 0, 1))
	{
		report_unchecked("the server answers other than this program expects; is the extension of another version?");
		return false;
	}
	return take(arg, PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1), (size_t) PQgetlength(result, 0, 1));
}

/* Let the server stop what nobody reads. */
static void
cancel(PGconn *conn)
{
	PGcancel   *request = PQgetCancel(conn);
	char		error[256];

	if (request != NULL)
		PQcancel(request, error, sizeof(error));
	PQfreeCancel(request);
}

bool
database_stream(PGconn *conn, const char *sql, int n, const char *const *values,
				database_take take, void *arg)
{
	PGresult   *result;
	bool		good = true;

	if (!PQsendQueryParams(conn, sql, n, NULL, values, NULL, NULL, 1) || !PQsetSingleRowMode(conn))
	{
		report_message(PQerrorMessage(conn));
		return false;
	}
	while ((result = PQgetResult(conn)) != NULL)
	{
		ExecStatusType status = PQresultStatus(result);

		if (!good)
			;
		else if (status == PGRES_SINGLE_TUPLE)
		{
			good = take_row(result, take, arg);
			if (!good)
				cancel(conn);
		}
		else if (status != PGRES_TUPLES_OK)
		{
			report_result(conn, result);
			good = false;
		}
		PQclear(result);
	}
	return good;
}
