/*
 * settings.h
 *		The extension's settings.
 */
#ifndef CONSENT_SETTINGS_H
#define CONSENT_SETTINGS_H

extern char *setting_key_directory; /* empty: beside the data directory */
extern int	setting_max_lateness;	/* seconds */

#endif
