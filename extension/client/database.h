/*
 * database.h
 *		The ledger, as a client of its server sees it.
 */
#ifndef CLIENT_DATABASE_H
#define CLIENT_DATABASE_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/* Where to connect to; what is NULL libpq takes from its environment. */
typedef struct database_options
{
	const char *dbname;			/* or a connection string */
	const char *host;
	const char *port;
	const char *user;
} database_options;

/* Connect; NULL if that fails, which is reported.  To be closed with PQfinish. */
extern PGconn *database_connect(const database_options *o);

/* One snapshot for all that follows; reported if that fails. */
extern bool database_begin(PGconn *conn);

/*
 * Run a query with text parameters, NULL among them too; rows come as text.
 * NULL if it fails, which is reported: the server's message, detail and hint.
 */
extern PGresult *database_query(PGconn *conn, const char *sql, int n, const char *const *values);

/* A value of a result, or NULL where it is one. */
extern const char *database_value(const PGresult *result, int row, int column);

/*
 * Run a query of two columns, text and bytea, and take each row as it comes;
 * false as soon as `take` is, or if the query fails, which is reported.
 */
typedef bool (*database_take) (void *arg, const char *name, const char *data, size_t len);
extern bool database_stream(PGconn *conn, const char *sql, int n, const char *const *values,
							database_take take, void *arg);

#endif
