/*
 * replica.h
 *		Is what logical replication brings here complete?
 */
#ifndef LEDGER_REPLICA_H
#define LEDGER_REPLICA_H

/*
 * ERROR 55000 while one of the tables that questions are answered from is
 * still being copied: "no row" would read as an answer.
 */
extern void replica_check_complete(void);

#endif
