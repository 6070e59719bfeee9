/*
 * http: and https: a web service says whether a password is right.
 *
 *	POST /path  Content-Type: application/x-www-form-urlencoded
 *	action=auth&user=romeo&domain=example.com&password=secret
 *	action=isuser&user=romeo&domain=example.com
 *
 * 200 and 204 are a yes; 401, 403 and 404 a no; anything else means that it
 * can't say. What the answer says besides isn't looked at. A form, since any
 * web framework reads one without a line of code, and a POST, since a password
 * in an address ends in the logs of every machine on the way.
 *
 * In clear text only this machine is asked. Certificates are checked, nothing
 * is redirected, and no proxy of the environment is used.
 */
#include "core/source_inside.h"
#include "core/source_wait.h"
#include "base/mem.h"
#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { LONGEST_ANSWER = 65536 };

struct transfer {
	struct question *question;
	char            *form;
	size_t           answered;           /* bytes */
	char             why[CURL_ERROR_SIZE];
};

/* --- what may be asked --- */

/* "127.evil.example" is a name like any other. */
static bool is_here(const char *host)
{
	struct in_addr address;
	if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

static bool check_url(const struct source *s, bool is_clear, struct fail *why)
{
	CURLU *url = curl_url();
	char *host = NULL;
	bool ok = curl_url_set(url, CURLUPART_URL, s->uri, 0) == CURLUE_OK && curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK;
	if (!ok)
		fail(why, "%s is no address of a web service", s->name);
	else if (is_clear && !is_here(host))
		ok = fail(why, "%s: passwords would cross the network in clear text; https: is wanted, http: is for this machine only", s->name);
	curl_free(host);
	curl_url_cleanup(url);
	return ok;
}

static bool open_clear(struct source *s, struct fail *why)
{
	return check_url(s, true, why);
}

static bool open_secure(struct source *s, struct fail *why)
{
	return check_url(s, false, why);
}

/* --- a transfer --- */

static char *form_of(CURL *c, const struct question *q)
{
	const bool is_check = q->what == ASK_PASSWORD;
	char *user = curl_easy_escape(c, q->user, 0), *domain = curl_easy_escape(c, q->domain, 0);
	char *password = is_check ? curl_easy_escape(c, q->password, 0) : NULL;
	char *form = mem_printf("action=%s&user=%s&domain=%s%s%s", is_check ? "auth" : "isuser", user, domain, is_check ? "&password=" : "",
		is_check ? password : "");
	if (password)
		OPENSSL_cleanse(password, strlen(password));
	curl_free(user);
	curl_free(domain);
	curl_free(password);
	return form;
}

static size_t take_answer(char *bytes, size_t size, size_t count, void *with)
{
	struct transfer *t = with;
	t->answered += size * count;
	return t->answered > LONGEST_ANSWER ? 0 : size * count;
}

static void set(CURL *c, struct transfer *t)
{
	const struct question *q = t->question;
	curl_easy_setopt(c, CURLOPT_URL, q->source->uri);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_USERAGENT, SERVER_NAME "/" SERVER_VERSION);
	curl_easy_setopt(c, CURLOPT_POSTFIELDS, t->form);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->why);
	curl_easy_setopt(c, CURLOPT_PRIVATE, t);
	if (q->trusted) {
		curl_easy_setopt(c, CURLOPT_CAINFO, q->trusted);
		curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	}
}

static bool http_begin(struct question *q)
{
	CURL *c = curl_easy_init();
	struct transfer *t = NEW(struct transfer);
	t->question = q;
	t->form = form_of(c, q);
	set(c, t);
	q->state = c;
	curl_multi_add_handle(wait_transfers(), c);
	return true;
}

static void end(CURL *c, struct transfer *t)
{
	curl_multi_remove_handle(wait_transfers(), c);
	curl_easy_cleanup(c);
	OPENSSL_cleanse(t->form, strlen(t->form));
	mem_free(t->form);
	mem_free(t);
}

static struct transfer *transfer_of(CURL *c)
{
	char *private = NULL;
	curl_easy_getinfo(c, CURLINFO_PRIVATE, &private);
	return (struct transfer *)(void *)private;
}

static void http_abandon(struct question *q)
{
	end(q->state, transfer_of(q->state));
}

static enum source_answer meaning(long status)
{
	if (status == 200 || status == 204)
		return SOURCE_YES;
	return status == 401 || status == 403 || status == 404 ? SOURCE_NO : SOURCE_LATER;
}

void http_finished(CURL *c, CURLcode result)
{
	struct transfer *t = transfer_of(c);
	struct question *q = t->question;
	char why[CURL_ERROR_SIZE + 32] = "";
	long status = 0;
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	enum source_answer answer = result == CURLE_OK ? meaning(status) : SOURCE_LATER;
	if (result != CURLE_OK)
		snprintf(why, sizeof why, "%s", *t->why ? t->why : curl_easy_strerror(result));
	else if (answer == SOURCE_LATER)
		snprintf(why, sizeof why, "it answered with status %ld", status);
	end(c, t);
	source_answer(q, answer, *why ? why : NULL);
}

const struct source_kind source_http = {
	.scheme = "http", .can = SOURCE_CHECK | SOURCE_KNOWS, .open = open_clear, .begin = http_begin, .abandon = http_abandon,
};
const struct source_kind source_https = {
	.scheme = "https", .can = SOURCE_CHECK | SOURCE_KNOWS, .open = open_secure, .begin = http_begin, .abandon = http_abandon,
};
