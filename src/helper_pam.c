/*
 * PAM speaks with whoever logs in: it is told the name and the password, and
 * what it says besides is dropped. The name is the part before the @. Modules
 * that would wait after a wrong password don't: the server counts wrong ones
 * itself, and nobody else shall wait for them.
 */
#include "helper.h"
#include "base/mem.h"
#include <openssl/crypto.h>
#include <security/pam_appl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST = 65535 };
enum { NO, YES, CANT_SAY };

struct login { const char *user, *password; };

static int converse(int count, const struct pam_message **messages, struct pam_response **answers, void *with)
{
	const struct login *login = with;
	struct pam_response *all = calloc((size_t)count, sizeof *all);      /* PAM frees it */
	for (int i = 0; all && i < count; i++) {
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
			all[i].resp = strdup(login->password);
		else if (messages[i]->msg_style == PAM_PROMPT_ECHO_ON)
			all[i].resp = strdup(login->user);
	}
	*answers = all;
	return all ? PAM_SUCCESS : PAM_BUF_ERR;
}

static void dont_wait(int status, unsigned usec, void *with)
{
}

static int meaning(int status)
{
	switch (status) {
	case PAM_SUCCESS:
		return YES;
	case PAM_AUTH_ERR: case PAM_USER_UNKNOWN: case PAM_PERM_DENIED: case PAM_ACCT_EXPIRED: case PAM_MAXTRIES: case PAM_CRED_EXPIRED:
	case PAM_NEW_AUTHTOK_REQD: case PAM_CRED_INSUFFICIENT: case PAM_AUTHTOK_EXPIRED:
		return NO;
	default:                                     /* a module, or what it asks, is in trouble */
		return CANT_SAY;
	}
}

/* "service", or "/folder/service": one that isn't among the system's. */
static int begin(const char *service, const char *user, const struct pam_conv *conversation, pam_handle_t **pam)
{
	const char *slash = strrchr(service, '/');
	if (!slash)
		return pam_start(service, user, conversation, pam);
	char *folder = mem_printf("%.*s", (int)(slash - service), service);
	int status = pam_start_confdir(slash + 1, user, conversation, folder, pam);
	mem_free(folder);
	return status;
}

static int check(const char *service, const struct login *login)
{
	pam_handle_t *pam = NULL;
	union { const void *kept; void *given; } with = { .kept = login };
	const struct pam_conv conversation = { converse, with.given };
	int status = begin(service, login->user, &conversation, &pam);
	if (status != PAM_SUCCESS)
		return CANT_SAY;
	union { void (*function)(int, unsigned, void *); const void *item; } delay = { dont_wait };
	pam_set_item(pam, PAM_FAIL_DELAY, delay.item);
	status = pam_authenticate(pam, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
	if (status == PAM_SUCCESS)
		status = pam_acct_mgmt(pam, PAM_SILENT);
	pam_end(pam, status);
	return meaning(status);
}

/* "auth:user:domain:password" */
static int answer(const char *service, char *text)
{
	struct login login;
	char *rest = text;
	const char *verb = strsep(&rest, ":");
	login.user = strsep(&rest, ":");
	strsep(&rest, ":");
	login.password = rest;
	return strcmp(verb, "auth") == 0 && rest && *login.user ? check(service, &login) : CANT_SAY;
}

static bool read_all(char *to, size_t size)
{
	for (ssize_t n; size; to += n, size -= (size_t)n)
		if ((n = read(STDIN_FILENO, to, size)) <= 0)
			return false;
	return true;
}

/* Modules may write to what they take for a terminal: descriptor 1 is none of our business. */
int helper_pam(const char *service)
{
	static char text[LONGEST + 1];
	unsigned char head[2];
	while (read_all((char *)head, 2)) {
		size_t size = (size_t)head[0] << 8 | head[1];
		if (!read_all(text, size))
			return 1;
		text[size] = '\0';
		const char said[4] = { 0, 2, 0, (char)answer(*service ? service : "jackdaw", text) };
		OPENSSL_cleanse(text, sizeof text);
		if (write(STDIN_FILENO, said, sizeof said) != sizeof said)
			return 1;
	}
	return 0;
}
