/*
 * settings.h
 *		The extension's settings.
 */
#ifndef CONSENT_SETTINGS_H
#define CONSENT_SETTINGS_H

extern char *setting_key_directory; /* empty: beside the data directory */
extern int	setting_max_lateness;	/* seconds */

/* How subjects are looked up: left to the gate, or always the same way. */
typedef enum LookupWay
{
	LOOKUP_AUTO,
	LOOKUP_SINGLE,				/* each time anew */
	LOOKUP_CACHED,				/* each once */
	LOOKUP_LOADED				/* all at once, before the first */
} LookupWay;

extern int	setting_lookup;		/* a LookupWay */

#endif
