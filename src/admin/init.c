/*
 * What is there already is somebody's work, and never overwritten: neither the
 * configuration nor a certificate. The key is the server's alone; made by
 * root, it is given to the account that the server will change to.
 */
#include "admin/init.h"
#include "admin/commands.h"
#include "core/config_table.h"
#include <errno.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DAYS = 398 };                 /* as long as clients accept one */

bool (*init_make_certificate)(const char *domain, const char *certificate, const char *key, int days, struct fail *why);

static const char template[] =
	"# Jackdaw's configuration. `jackdaw config check` reads it, `jackdaw config explain KEY` tells about a setting.\n"
	"data_dir = \"data\"                    # the database, and what is changed at run time\n"
	"log { level = major;  output = stderr }\n"
	"\n"
	"xmpp_listener {\n"
	"  channels = 10000;  idle_time = 30min\n"
	"  listen \"*:5222\" {}                  # clients, STARTTLS\n"
	"  listen \"*:5269\" {}                  # other servers\n"
	"  listen \"*:5223\" { tls = direct }    # clients, TLS from the first byte\n"
	"}\n"
	"\n"
	"domain \"%s\" {\n"
	"  tls_certificate = \"certs/%s.pem\";  tls_key = \"certs/%s.key\"\n"
	"  registration { auto_signup = no;  allow_password_change = yes }\n"
	"  # admins = [ \"you@%s\" ]\n"
	"}\n";

static bool is_domain(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");
	return n > 0 && n < 254 && !name[n] && *name != '.' && *name != '-';
}

/* The machine's own name, whole when the resolver knows it. */
static bool own_name(char *name, size_t size)
{
	struct addrinfo hints = { .ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM }, *found = NULL;
	if (gethostname(name, size) != 0)
		return false;
	name[size - 1] = '\0';
	if (!strchr(name, '.') && getaddrinfo(name, NULL, &hints, &found) == 0) {
		if (found->ai_canonname && strchr(found->ai_canonname, '.'))
			snprintf(name, size, "%s", found->ai_canonname);
		freeaddrinfo(found);
	}
	return is_domain(name);
}

static bool write_template(const char *file, const char *domain, struct fail *why)
{
	FILE *f = fopen(file, "wxe");
	if (!f)
		return fail_errno(why, "cannot make %s", file);
	fprintf(f, template, domain, domain, domain, domain);
	return fclose(f) == 0 || fail_errno(why, "cannot write %s", file);
}

/* --- the certificate --- */

/* False: it stays root's, and the server will say that it can't read it. */
static bool give_to_server(const char *path)
{
	const struct config_entry *user = config_table_find("user", CONFIG_GLOBAL);
	struct passwd *p = geteuid() == 0 ? getpwnam(user->preset.text) : NULL;       /* cppcheck-suppress getpwnamCalled ; one thread */
	return geteuid() != 0 || (p && chown(path, p->pw_uid, p->pw_gid) == 0);
}

static const char *folder_of(struct arena *a, const char *file)
{
	const char *slash = strrchr(file, '/');
	return slash ? arena_copy(a, file, (size_t)(slash - file + 1)) : "";
}

/* What there is to say of it; NULL: nothing. */
static const char *make_certificate(struct arena *a, const char *file, const char *domain)
{
	struct fail why;
	const char *folder = arena_printf(a, "%scerts", folder_of(a, file));
	const char *certificate = arena_printf(a, "%s/%s.pem", folder, domain), *key = arena_printf(a, "%s/%s.key", folder, domain);
	if (!init_make_certificate)
		return NULL;
	if (access(certificate, F_OK) == 0 || access(key, F_OK) == 0)
		return arena_printf(a, "the certificate in %s is left as it is", folder);
	if (mkdir(folder, 0755) != 0 && errno != EEXIST)
		return arena_printf(a, "a certificate is wanted in %s, which cannot be made: %s", folder, strerror(errno));
	if (!init_make_certificate(domain, certificate, key, DAYS, &why))
		return arena_printf(a, "a certificate is wanted in %s, and none could be made: %s", folder, why.text);
	const char *whose = give_to_server(key) ? "" : "; its key must be given to the server's user";
	return arena_printf(a, "%s is self-signed, to try with: clients will ask whether to trust it%s", certificate, whose);
}

static void init(struct command_run *run)
{
	char own[256];
	struct fail why;
	const char *file = run->file ? run->file : "jackdaw.conf", *domain = command_get(run, "DOMAIN");
	if (!domain && !own_name(own, sizeof own)) {
		command_fail(run, "this machine's name is no domain: jackdaw init DOMAIN");
		return;
	}
	if (domain && !is_domain(domain)) {
		command_fail(run, "\"%s\" is not a domain's name", domain);
		return;
	}
	domain = domain ? domain : own;
	if (!write_template(file, domain, &why)) {
		command_fail(run, "%s", why.text);
		return;
	}
	const char *note = make_certificate(run->arena, file, domain);
	command_row(run);
	command_text(run, "file", file);
	command_text(run, "domain", domain);
	command_text(run, "note", note);
	command_say(run, "%s is written, for %s%s%s", file, domain, note ? "\n" : "", note ? note : "");
	command_done(run);
}

const struct command cmd_init = {
	.noun = "init", .help = "Writes a commented configuration (-c FILE, else jackdaw.conf), and a certificate to try it with",
	.where = COMMAND_ANYWHERE, .run = init,
	.args = ARGS({ "DOMAIN", "to serve; without it, this machine's name", ARG_OPTIONAL }),
	.fields = FIELDS({ "file", "the configuration" }, { "domain", "which it serves" }, { "note", "on its certificate", FIELD_TEXT | OR_NULL }),
};
