/*
 * http.c
 *		One request, one answer, by libcurl.
 */
#include "client/http.h"

#include <curl/curl.h>
#include <string.h>

#include "cli/report.h"

#define CONNECT_SECONDS 15L
#define WHOLE_SECONDS	60L

bool
http_begin(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		return true;
	report_unchecked("could not start libcurl");
	return false;
}

void
http_end(void)
{
	curl_global_cleanup();
}

/* Keep what comes; other than all of it ends the transfer. */
static size_t
keep(char *data, size_t size, size_t n, void *arg)
{
	http_answer *answer = arg;

	n *= size;
	if (n > HTTP_ANSWER_MAX - answer->len)
		return 0;
	memcpy(answer->body + answer->len, data, n);
	answer->len += n;
	return n;
}

static bool
set_options(CURL *curl, struct curl_slist *headers, const char *url, const char *body, http_answer *answer)
{
	return headers != NULL &&
		curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_TIMEOUT, WHOLE_SECONDS) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_USERAGENT, "consent-log/" CONSENT_LEDGER_VERSION) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long) strlen(body)) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep) == CURLE_OK &&
		curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer) == CURLE_OK;
}

static CURLcode
perform(CURL *curl, const char *url, const char *body, http_answer *answer)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: text/plain; charset=utf-8");
	CURLcode	code = set_options(curl, headers, url, body, answer) ? curl_easy_perform(curl) : CURLE_FAILED_INIT;

	if (code == CURLE_OK)
		code = curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
	curl_slist_free_all(headers);
	return code;
}

bool
http_post(const char *url, const char *body, http_answer *answer)
{
	CURL	   *curl = curl_easy_init();
	CURLcode	code;

	answer->status = 0;
	answer->len = 0;
	code = curl == NULL ? CURLE_FAILED_INIT : perform(curl, url, body, answer);
	curl_easy_cleanup(curl);
	answer->body[answer->len] = '\0';
	if (code == CURLE_WRITE_ERROR)
		report_unchecked("%s answers with more than %d bytes", shown(cl_string(url)), HTTP_ANSWER_MAX);
	else if (code != CURLE_OK)
		report_unchecked("%s: %s", shown(cl_string(url)), curl_easy_strerror(code));
	return code == CURLE_OK;
}
