/*
 * http.h
 *		One request, one answer.
 */
#ifndef CLIENT_HTTP_H
#define CLIENT_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#define HTTP_ANSWER_MAX (64 * 1024)	/* bytes of an answer that are taken */

typedef struct http_answer
{
	long		status;
	size_t		len;
	char		body[HTTP_ANSWER_MAX + 1];	/* with a NUL */
} http_answer;

/*
 * POST a body to an http or https address, following no redirection; false if
 * there is no answer within a minute or it is too long, which is reported.
 */
extern bool http_post(const char *url, const char *body, http_answer *answer);

/* Once, before and after all requests. */
extern bool http_begin(void);
extern void http_end(void);

#endif
