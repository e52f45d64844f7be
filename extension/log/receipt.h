/*
 * receipt.h
 *		Receipts of events, for people who do not trust the ledger.
 */
#ifndef LOG_RECEIPT_H
#define LOG_RECEIPT_H

/* Define the setting of promises; from _PG_init(). */
extern void receipt_init(void);

/* Within how many seconds a promise says that an event will be in the log. */
extern int	receipt_include_within(void);

#endif
