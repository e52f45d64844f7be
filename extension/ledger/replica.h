/*
 * replica.h
 *		Is the ledger here, and complete?
 */
#ifndef LEDGER_REPLICA_H
#define LEDGER_REPLICA_H

/*
 * ERROR 55000 while one of the tables that every question is answered from is
 * still being copied, or is not copied though the ledger is; 42809 if one is
 * distributed: "no row" would read as an answer.
 */
extern void replica_check_complete(void);

/* The same for one table, where a question needs it; once in a transaction. */
typedef enum ReplicaTable
{
	REPLICA_SCOPE_STATE,
	REPLICA_EVENT_LOG
} ReplicaTable;

extern void replica_check_table(ReplicaTable table);

/* Does a subscription bring the ledger here? */
extern bool replica_is_subscriber(void);

#endif
