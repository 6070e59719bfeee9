/* Snapshots: what counts where, where it is from, and what a wrong file is told. */
#include "core/config.h"
#include "core/config_diff.h"
#include "core/config_parse.h"
#include "core/config_value.h"
#include "core/config_write.h"
#include "core/module.h"
#include <setjmp.h>          /* our headers come first: cmocka makes a macro of fail() */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const struct module *const modules[] = { NULL };

static char folder[64], file[128];
static struct config_report report;
static struct arena *arena;

static int setup(void **state)
{
	strcpy(folder, "/tmp/jackdaw-config-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof file, "%s/jackdaw.conf", folder);
	config_report_init(&report);
	arena = arena_new();
	return 0;
}

static int teardown(void **state)
{
	char command[128];
	config_report_clear(&report);
	arena_free(arena);
	snprintf(command, sizeof command, "rm -r %s", folder);
	return system(command);
}

static void put(const char *name, const char *text)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static struct config *load(const char *text)
{
	put("jackdaw.conf", text);
	config_report_clear(&report);
	config_report_init(&report);
	return config_load(file, 0, &report);
}

static struct config *load_well(const char *text)
{
	struct config *c = load(text);
	if (!c)
		print_error("%s\n", config_note_text(arena, &report.errors[0]));
	assert_non_null(c);
	return c;
}

/* The one error, without the folder. */
static const char *error_of(const char *text)
{
	struct config *c = load(text);
	assert_null(c);
	assert_int_equal(report.error_count, 1);
	return config_note_text(arena, &report.errors[0]) + strlen(folder) + 1;
}

static const struct config_scope *first_listen(const struct config *c)
{
	return config_first(config_first(config_global(c), CONFIG_LISTENER), CONFIG_LISTEN);
}

static const char example[] =
	"data_dir = \"data\"\n"
	"log { level = major;  output = stderr }\n"
	"xmpp_listener {\n"
	"  channels = 10000;  idle_time = 30min\n"
	"  listen \"*:5222\" {}\n"
	"  listen \"*:5269\" {}\n"
	"  listen \"*:5223\" { tls = direct }\n"
	"}\n"
	"domain \"example.com\" {\n"
	"  xmpp_role = server\n"
	"  tls_certificate = \"certs/example.com.pem\";  tls_key = \"certs/example.com.key\"\n"
	"  registration { auto_signup = no;  allow_password_change = yes }\n"
	"}\n";

static void the_example_of_the_documentation_is_read(void **state)
{
	struct config *c = load_well(example);
	const struct config_scope *listen = first_listen(c), *d = config_domain(c, "example.com", NULL);
	char path[256];
	assert_int_equal(report.warning_count, 1);
	assert_string_equal(report.warnings[0].text, "xmpp_role is accepted and has no effect yet");
	assert_string_equal(listen->name, "*:5222");
	assert_int_equal(config_int(listen, "channels"), 10000);
	assert_int_equal(config_duration(listen, "idle_time"), 30 * 60 * 1000);
	assert_int_equal(config_enum(listen, "tls"), 0);
	listen = config_next(config_next(listen));
	assert_string_equal(config_text(listen, "tls"), "direct");
	assert_null(config_next(listen));
	assert_string_equal(config_text(d, "xmpp_role"), "server");
	assert_string_equal(config_text(d, "tls"), "required");
	snprintf(path, sizeof path, "%s/certs/example.com.pem", folder);
	assert_string_equal(config_list(d, "tls_certificate")[0], path);
	assert_true(config_bool(d, "registration.allow_password_change"));
	assert_false(config_bool(d, "registration.auto_signup"));
	snprintf(path, sizeof path, "%s/data", folder);
	assert_string_equal(config_data_dir(c), path);
	assert_string_equal(config_text(config_global(c), "log.output"), "stderr");
	config_drop(c);
}

static void names_of_momentum_are_read(void **state)
{
	struct config *c = load_well(
		"Idle_Time = 5\n"
		"xmpp {}\n"
		"XMPP_Listener {\n"
		"  AuthPlainParameters = [ uri = \"file:///opt/msys/etc/passwd\" ]\n"
		"  Listen \"*:5222\" { Disable_Nagle_Algorithm = true }\n"
		"  Peer \"10.0.0.0/8\" { TLS_Verify_Mode = required }\n"
		"}\n"
		"Domain \"#xmpp#Remote.example.com\" { XMPP_Role = client; XMPP_Dialback_Secret = \"s3cr\" }\n");
	const struct config_scope *listen = first_listen(c), *d = config_domain(c, "remote.example.com", "xmpp");
	assert_string_equal(config_text(listen, "auth.plain.uri"), "file:///opt/msys/etc/passwd");
	assert_int_equal(config_duration(listen, "idle_time"), 5000);
	assert_true(config_bool(listen, "disable_nagle_algorithm"));
	assert_string_equal(config_text(config_first(listen, CONFIG_PEER), "tls_verify_mode"), "required");
	assert_null(config_domain(c, "remote.example.com", NULL));
	assert_string_equal(config_text(d, "xmpp_dialback_secret"), "s3cr");
	assert_string_equal(config_value_print(arena, config_value(d, "xmpp_dialback_secret")), "\"********\"");
	config_drop(c);
}

static void scopes_inherit_and_tell_the_origin(void **state)
{
	struct config *c = load_well(
		"idle_time = 1s\n"
		"registration { auto_signup = yes }\n"
		"xmpp_listener { idle_time = 2s\n"
		" peer \"10.0.0.0/8\" { idle_time = 4s\n events_per_iter = 7 }\n"
		" listen \"*:1\" { idle_time = 3s\n  peer \"10.0.0.0/8\" { idle_time = 5s } }\n"
		" listen \"*:2\" { }\n"
		"}\n"
		"domain \"a\" { registration.auto_signup = off }\n"
		"domain \"#xmpp#a\" { }\n"
		"domain \"b\" { }\n");
	const struct config_scope *g = config_global(c), *l = config_first(g, CONFIG_LISTENER), *one = config_first(l, CONFIG_LISTEN);
	const struct config_scope *two = config_next(one), *peer = config_first(one, CONFIG_PEER);
	assert_int_equal(config_duration(g, "idle_time"), 1000);
	assert_int_equal(config_duration(l, "idle_time"), 2000);
	assert_int_equal(config_duration(one, "idle_time"), 3000);
	assert_int_equal(config_duration(two, "idle_time"), 2000);
	assert_int_equal(config_duration(peer, "idle_time"), 5000);
	assert_int_equal(config_int(peer, "events_per_iter"), 7);        /* said in the listener, of the same peer */
	assert_int_equal(config_duration(config_first(two, CONFIG_PEER), "idle_time"), 4000);
	assert_int_equal(config_int(two, "listen_backlog"), 500);
	assert_string_equal(config_origin(arena, config_value(two, "idle_time")) + strlen(folder), "/jackdaw.conf:3");
	assert_string_equal(config_origin(arena, config_value(two, "listen_backlog")), "default");
	assert_string_equal(config_scope_text(arena, peer), "xmpp_listener > listen \"*:1\" > peer \"10.0.0.0/8\"");
	assert_false(config_bool(config_domain(c, "a", NULL), "registration.auto_signup"));
	assert_false(config_bool(config_domain(c, "a", "xmpp"), "registration.auto_signup"));
	assert_true(config_bool(config_domain(c, "b", "xmpp"), "registration.auto_signup"));
	config_drop(c);
}

/* --- every key at every scope --- */

/* One scope of each kind in each place where it may be. */
enum { PLACES = 15 };
static const struct place {
	enum config_kind kind;
	int parent;                          /* whom it inherits from, among these */
	const char *open, *close;            /* how it is written around what is in it */
} places[PLACES] = {
	{ CONFIG_GLOBAL, -1, "", "" },
	{ CONFIG_LISTENER, 0, "xmpp_listener {\n", "}\n" },
	{ CONFIG_LISTEN, 1, "listen \"*:1\" {\n", "}\n" },
	{ CONFIG_PEER, 2, "peer \"10.0.0.0/8\" {\n", "}\n" },
	{ CONFIG_DOMAIN, 0, "domain \"a\" {\n", "}\n" },
	{ CONFIG_PATHWAY_GROUP, 0, "pathway_group \"g\" {\n", "}\n" },
	{ CONFIG_PATHWAY, 5, "pathway \"p\" {\n", "}\n" },
	{ CONFIG_PATHWAY, 0, "pathway \"q\" {\n", "}\n" },
	{ CONFIG_BINDING_GROUP, 0, "binding_group \"g\" {\n", "}\n" },
	{ CONFIG_BINDING, 8, "binding \"b\" {\n", "}\n" },
	{ CONFIG_DOMAIN, 9, "domain \"c\" {\n", "}\n" },
	{ CONFIG_BINDING, 0, "binding \"d\" {\n", "}\n" },
	{ CONFIG_DOMAIN, 11, "domain \"e\" {\n", "}\n" },
	{ CONFIG_THREADPOOL, 0, "threadpool \"t\" {\n", "}\n" },
	{ CONFIG_LISTEN, 1, "listen \"*:2\" {\n", "}\n" },
};

static void write_place(FILE *f, int at, int wanted, const char *setting, int *line, int *found)
{
	fputs(places[at].open, f);
	*line += *places[at].open != '\0';
	if (at == wanted) {
		fprintf(f, "%s\n", setting);
		*found = (*line)++;
	}
	for (int i = 0; i < PLACES; i++)
		if (places[i].parent == at)
			write_place(f, i, wanted, setting, line, found);
	fputs(places[at].close, f);
	*line += *places[at].close != '\0';
}

static void find_scopes(const struct config_scope *s, int at, const struct config_scope **scopes)
{
	const struct config_scope *child = s->children;
	scopes[at] = s;
	for (int i = 0; i < PLACES; i++) {
		if (places[i].parent != at)
			continue;
		const char *name = strchr(places[i].open, '"');
		size_t length = name ? strcspn(++name, "\"") : 0;
		for (child = s->children; child->kind != places[i].kind || strlen(child->name) != length || memcmp(child->name, name ? name : "", length) != 0;)
			child = child->next;
		find_scopes(child, i, scopes);
	}
}

static bool is_below(int at, int above)
{
	while (at != above && at >= 0)
		at = places[at].parent;
	return at == above;
}

/* A value that is not the default. */
static const char *other_value(const struct config_entry *e)
{
	const struct setting *s = &e->setting;
	if (strcmp(e->path, "pool_name") == 0)
		return "t";                          /* the one that is there */
	if (strcmp(e->path, "admins") == 0)
		return "[ a@b.example ]";
	if (strcmp(e->path, "proxy_protocol") == 0)
		return "[ 10.0.0.0/8 ]";
	const char *first = s->words ? arena_copy(arena, s->words, strcspn(s->words, " ")) : NULL;
	int64_t n = e->preset.number == s->min ? s->max : s->min;
	switch (s->type) {
	case OPTION_BOOL:     return e->preset.number ? "no" : "yes";
	case OPTION_INT: case OPTION_SIZE: case OPTION_DURATION:
		return config_number_print(arena, s->type, s->max ? n : 77);
	case OPTION_MODE:     return "0111";
	case OPTION_STRING: case OPTION_SECRET: return "other";
	case OPTION_PATH: case OPTION_PATHS: return "/other";
	case OPTION_URI:      return arena_printf(arena, "\"%s:other\"", strrchr(s->words, ' ') + 1);
	case OPTION_ENUM:     return e->preset.number || !s->preset ? first : strrchr(s->words, ' ') + 1;
	case OPTION_LIST:     return arena_printf(arena, "[ %s ]", first ? first : "other");
	case OPTION_ADDRESSES: return "[ mailto:a@b.example ]";
	case OPTION_MAP:      return arena_printf(arena, "[ other = %s ]", first ? first : "value");
	}
	return "";
}

/* What must be said on the same line, or the settings would contradict each other. */
static const char *beside(const struct config_entry *e)
{
	if (strcmp(e->path, "tls_key") == 0)
		return "tls_certificate = /c;  ";
	return strcmp(e->path, "limits.write_queue_hard") == 0 ? "limits.write_queue_soft = 4k;  " : "";
}

/* Set at one place, it counts there and in all that inherits, and tells the line; elsewhere the default counts. */
static void resolve(const struct config_entry *e, int wanted)
{
	const struct config_scope *scopes[PLACES];
	const char *value = other_value(e);
	int line = 1, set_at = 0;
	FILE *f = fopen(file, "w");
	write_place(f, 0, wanted, arena_printf(arena, "%s%s = %s", beside(e), e->path, value), &line, &set_at);
	fclose(f);
	struct config *c = config_load(file, 0, &report);
	if (!c)
		fail_msg("%s = %s: %s", e->path, value, config_note_text(arena, &report.errors[0]));
	find_scopes(config_global(c), 0, scopes);
	for (int i = 0; i < PLACES; i++) {
		if (!(e->setting.scopes & 1u << places[i].kind))
			continue;
		const struct config_value *v = config_value(scopes[i], e->path);
		const char *origin = config_origin(arena, v);
		if (!is_below(i, wanted))
			assert_string_equal(origin, "default");
		else
			assert_string_equal(origin, arena_printf(arena, "%s:%d", file, set_at));
		if (e->setting.type != OPTION_SECRET)
			assert_int_equal(strcmp(config_value_text(arena, v), config_value_text(arena, &e->preset)) != 0, is_below(i, wanted));
	}
	config_drop(c);
}

static void every_key_counts_where_it_is_set_and_below(void **state)
{
	int tried = 0;
	for (const struct config_entry *e = config_table_first(); e; e = e->next)
		for (int i = 0; i < PLACES; i++)
			if (e->setting.scopes & 1u << places[i].kind && config_table_find(e->path, places[i].kind) == e) {
				config_report_clear(&report);
				config_report_init(&report);
				resolve(e, i);
				tried++;
			}
	assert_true(tried > 300);
}

static void named_groups_inherit_like_listeners(void **state)
{
	struct config *c = load_well(
		"idle_time = 1s\n"
		"pathway_group \"g\" { idle_time = 2s\n pathway \"p\" { idle_time = 3s }\n pathway \"r\" { } }\n"
		"pathway \"q\" { }\n"
		"binding_group \"g\" { tls_minimum = 1.3\n binding \"b\" { domain \"c\" { tls_minimum = 1.2 }\n domain \"d\" { } } }\n"
		"domain \"c\" { }\n");
	const struct config_scope *g = config_global(c), *group = config_first(g, CONFIG_PATHWAY_GROUP), *p = config_first(group, CONFIG_PATHWAY);
	assert_int_equal(config_duration(group, "idle_time"), 2000);
	assert_int_equal(config_duration(p, "idle_time"), 3000);
	assert_int_equal(config_duration(config_next(p), "idle_time"), 2000);
	assert_int_equal(config_duration(config_first(g, CONFIG_PATHWAY), "idle_time"), 1000);
	const struct config_scope *inner = config_first(config_first(config_first(g, CONFIG_BINDING_GROUP), CONFIG_BINDING), CONFIG_DOMAIN);
	assert_string_equal(config_scope_text(arena, inner), "binding_group \"g\" > binding \"b\" > domain \"c\"");
	assert_string_equal(config_text(inner, "tls_minimum"), "1.2");
	assert_string_equal(config_text(config_next(inner), "tls_minimum"), "1.3");
	assert_ptr_not_equal(config_domain(c, "c", NULL), inner);
	config_drop(c);
}

static void an_unknown_key_names_the_nearest(void **state)
{
	assert_string_equal(error_of("xmpp_listener {\n  chanels = 5\n}\n"),
		"jackdaw.conf:2:3: unknown key \"chanels\" in xmpp_listener; did you mean \"channels\"?");
	assert_string_equal(error_of("limits { stanza_szie = 5k }"),
		"jackdaw.conf:1:10: unknown key \"stanza_szie\" in limits; did you mean \"stanza_size\"?");
	assert_string_equal(error_of("domian \"x\" { }"),
		"jackdaw.conf:1:1: unknown section \"domian\" at the top level; did you mean \"domain\"?");
	assert_string_equal(error_of("channels = 5"),
		"jackdaw.conf:1:1: unknown key \"channels\" at the top level; it stands in xmpp_listener");
	assert_string_equal(error_of("zzzzzzzz = 5"), "jackdaw.conf:1:1: unknown key \"zzzzzzzz\" at the top level");
}

static void a_wrong_value_is_told_what_is_expected(void **state)
{
	assert_string_equal(error_of("threads = 1000"), "jackdaw.conf:1:11: threads is a whole number from 0 to 256, not 1000");
	assert_string_equal(error_of("threads = -1"), "jackdaw.conf:1:11: threads is a whole number from 0 to 256, not -1");
	assert_string_equal(error_of("threads = 99999999999999999999"), "jackdaw.conf:1:11: threads is a whole number from 0 to 256, not 99999999999999999999");
	assert_string_equal(error_of("log { level = loud }"), "jackdaw.conf:1:15: log.level is one of failure|major|problem|low|all, not loud");
	assert_string_equal(error_of("limits { enabled = maybe }"), "jackdaw.conf:1:20: limits.enabled is yes or no, not maybe");
	assert_string_equal(error_of("threads = [ 1 ]"), "jackdaw.conf:1:1: threads is a whole number from 0 to 256");
	assert_string_equal(error_of("file_mode = 0999"), "jackdaw.conf:1:13: file_mode is an octal mode from 0000 to 0777, not 0999");
	assert_string_equal(error_of("limits { unauthenticated_timeout = 1ms }"),
		"jackdaw.conf:1:36: limits.unauthenticated_timeout is a duration from 1s to 1h, as 30s, 5min, 1h or 7d, not 1ms");
}

static void all_errors_are_told_up_to_twenty(void **state)
{
	char text[4096] = "";
	assert_null(load("threads = x\nlog { level = y }\nuser {\n"));
	assert_int_equal(report.error_count, 3);
	assert_int_equal(report.errors[0].place.line, 1);
	assert_int_equal(report.errors[1].place.line, 2);
	for (int i = 0; i < 30; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "unknown%d = 1\n", i);
	assert_null(load(text));
	assert_int_equal(report.error_count, 30);
	assert_string_equal(report.errors[CONFIG_NOTES - 1].text, "unknown key \"unknown19\" at the top level");
}

static void what_is_not_built_warns_once(void **state)
{
	config_drop(load_well("xmpp_listener { http = [ websocket ]\n listen \"*:1\" { http = [ bosh ] } }\n"));
	assert_int_equal(report.warning_count, 1);
	assert_string_equal(report.warnings[0].text, "http is accepted and has no effect yet");
}

static void a_setting_twice_in_one_file_is_refused(void **state)
{
	assert_string_equal(error_of("threads = 1\nthreads = 2\n"), "jackdaw.conf:2:1: \"threads\" was set already at line 1");
}

static void included_files_know_where_they_are(void **state)
{
	char path[256];
	snprintf(path, sizeof path, "%s/more", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	put("more/a.conf", "tls_certificate = \"a.pem\"\n");
	put("more/b.conf", "threads = 3\n");
	struct config *c = load_well("include \"more/*.conf\"\nuser = me\n");
	snprintf(path, sizeof path, "%s/more/a.pem", folder);
	assert_string_equal(config_list(config_global(c), "tls_certificate")[0], path);
	assert_int_equal(config_int(config_global(c), "threads"), 3);
	assert_string_equal(config_text(config_global(c), "user"), "me");
	config_drop(c);
	put("more/b.conf", "include \"b.conf\"\n");
	assert_non_null(strstr(error_of("include \"more/*.conf\"\n"), "include each other"));
	assert_non_null(strstr(error_of("include \"none.conf\"\n"), "cannot be read"));
}

static void a_path_may_be_a_list_of_them(void **state)
{
	struct fail why;
	char expected[512];
	struct config *c = load_well("data_dir = \".\"\ndomain \"a\" { tls_certificate = [ rsa.pem, /ec.pem ];  tls_key = [ rsa.key, /ec.key ] }\n");
	const struct config_scope *d = config_domain(c, "a", NULL);
	const char *const *list = config_list(d, "tls_certificate");
	snprintf(expected, sizeof expected, "[ %s/rsa.pem, /ec.pem ]", folder);
	assert_string_equal(config_value_print(arena, config_value(d, "tls_certificate")), expected);
	assert_string_equal(list[1], "/ec.pem");
	assert_null(list[2]);
	assert_string_equal(config_text(d, "tls_key") + strlen(folder), "/rsa.key");
	assert_false(config_change_set(c, d, "tls_key", "[ /rsa.key, ec.key ]", &why));
	assert_string_equal(why.text, "tls_key needs an absolute path");
	assert_true(config_change_set(c, d, "tls_key", "[ /rsa.key, /other.key ]", &why));
	config_drop(c);
}

static void listeners_are_checked_without_opening_anything(void **state)
{
	static const struct { const char *text, *error; } wrong[] = {
		{ "xmpp_listener { peer \"10.0.0.1/8\" { } }", "\"10.0.0.1/8\" names more than the network: there are bits behind the first 8" },
		{ "xmpp_listener { listen \"*:1\" { peer \"x\" { } } }", "\"x\" is no network: 10.0.0.0/8, 2001:db8::/32, an address, or unix" },
		{ "xmpp_listener { listen \"*:1\" { proxy_protocol = [ 10.0.0.0/33 ] } }", "\"10.0.0.0/33\" is no network: 10.0.0.0/8, 2001:db8::/32, an address, or unix" },
		{ "xmpp_listener { listen \"*:1\" { pool_name = web } }", "there is no threadpool \"web\" { }" },
		{ "xmpp_listener { limits { write_queue_hard = 64k } }", "limits.write_queue_soft is above limits.write_queue_hard" },
		{ "domain \"a\" { tls_certificate = [ a, b ];  tls_key = k }", "there are 1 tls_key for 2 tls_certificate: each certificate needs its key, or none is named and each certificate's file has its key" },
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_non_null(strstr(error_of(wrong[i].text), wrong[i].error));
	config_drop(load_well("threadpool \"web\" { concurrency = 2 }\nxmpp_listener { pool_name = web;  listen \"*:1\" { peer \"unix\" { }\n peer \"::1\" { } } }"));
}

static void files_are_included_within_a_section_and_tell_their_own_lines(void **state)
{
	put("in.conf", "# of a section\ntls = optional\n");
	struct config *c = load_well("domain \"a\" {\n include in.conf\n archive.default = never\n}\ninclude \"nothing-*.conf\"\n");
	assert_string_equal(config_text(config_domain(c, "a", NULL), "tls"), "optional");
	assert_string_equal(config_origin(arena, config_value(config_domain(c, "a", NULL), "tls")) + strlen(folder), "/in.conf:2");
	assert_string_equal(config_text(config_domain(c, "a", NULL), "archive.default"), "never");
	config_drop(c);
	put("in.conf", "\ntsl = optional\n");
	assert_string_equal(error_of("domain \"a\" {\n include in.conf\n}\n"), "in.conf:2:1: unknown key \"tsl\" in domain; did you mean \"tls\"?");
}

static void an_administrator_is_an_address(void **state)
{
	assert_string_equal(error_of("admins = [ a@b.example, \"b.example\" ]"), "jackdaw.conf:1:1: admins holds addresses, as you@example.com, and not \"b.example\"");
	assert_string_equal(error_of("domain \"b\" {\n admins = [ \"a@@b\" ]\n}"), "jackdaw.conf:2:2: admins holds addresses, as you@example.com, and not \"a@@b\"");
}

static void names_are_one_in_any_spelling(void **state)
{
	struct config *c = load_well("Limits.Stanza-Size = 20k\nlimits { STANZA_DEPTH = 9;  memory 2g }\nXmppListener { listen \"*:1\" { IdleTime = 5 } }\n");
	assert_int_equal(config_int(config_global(c), "limits.stanza_size"), 20480);
	assert_int_equal(config_int(config_global(c), "limits.stanza_depth"), 9);
	assert_int_equal(config_duration(first_listen(c), "idle_time"), 5000);
	config_drop(c);
	assert_string_equal(error_of("limits.stanza_size = 20k\nlimits { StanzaSize = 30k }\n"), "jackdaw.conf:2:10: \"StanzaSize\" was set already at line 1");
}

/* What other people's scripts rely on. */
static void every_promised_name_is_in_the_table(void **state)
{
	config_drop(load_well(
		"data_dir = data;  control_socket = s;  user = me;  admins = [ a@b ]\n"
		"log { level = low;  output = stderr;  format = json }\n"
		"limits { enabled = no }\n"
		"pubsub { create = local }\n"
		"services { conference = rooms;  pubsub = off;  upload = files;  proxy = off }\n"
		"xmpp_listener { enable = yes;  channels = 5;  idle_time = 0;  listen_backlog = 9;  accept_queue_backlog = 9;  concurrency = 1\n"
		"  events_per_iter = 9;  disable_nagle_algorithm = yes;  tcp_recv_buffer_size = 4096;  tcp_send_buffer_size = 4096;  file_mode = 0600\n"
		"  listen \"*:1\" { tls = direct;  pool_name = p;  peer \"10.0.0.0/8\" { tls_ciphers = x;  tls_client_ca = x;  tls_verify_mode = none } } }\n"
		"threadpool \"p\" { concurrency = 1;  events_per_iter = 3 }\n"
		"domain \"a\" { xmpp_role = server;  xmpp_dialback_secret = x;  tls = off;  tls_certificate = c;  tls_key = k\n"
		"  auth { mechanisms = [ PLAIN ];  allow_plain_without_tls = yes;  verifier_cache = 1h;  plain { uri = \"file:x\" } }\n"
		"  archive { default = roster };  admins = [ a@b ];  registration { auto_signup = no;  allow_password_change = yes } }\n"));
}

static void a_data_folder_may_have_any_name(void **state)
{
	char path[256];
	struct fail why;
	snprintf(path, sizeof path, "%s/d[1]*", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	struct config *c = load_well("data_dir = \"d[1]*\"\n");
	assert_true(config_domain_add(c, "a.example", &why));
	config_drop(c);
	c = config_load(file, 0, &report);
	assert_non_null(config_domain(c, "a.example", NULL));
	config_drop(c);
}

static void limits_begin_with_protecting_defaults(void **state)
{
	struct config *c = load_well("");
	const struct config_scope *g = config_global(c);
	assert_true(config_bool(g, "limits.enabled"));
	assert_int_equal(config_int(g, "limits.stanza_size"), 256 * 1024);
	assert_int_equal(config_int(g, "limits.resources"), 20);
	assert_int_equal(config_duration(g, "limits.unauthenticated_timeout"), 30000);
	assert_false(config_bool(g, "auth.allow_plain_without_tls"));
	assert_string_equal(config_text(g, "archive.default"), "always");
	assert_true(config_list_has(g, "auth.mechanisms", "scram-sha-256"));
	assert_false(config_list_has(g, "auth.mechanisms", "SCRAM-SHA-512"));
	config_drop(c);
}

static void changes_are_kept_and_read_after_the_main_file(void **state)
{
	struct fail why;
	struct config *c = load_well("data_dir = \".\"\nxmpp_listener { channels = 5\n listen \"*:1\" { } }\ndomain \"a.example\" { }\n");
	const struct config_scope *d = config_domain(c, "a.example", NULL);
	assert_true(config_change_set(c, config_global(c), "limits.enabled", "no", &why));
	assert_true(config_change_set(c, config_global(c), "admins", "[ \"x@y\", z@y ]", &why));
	assert_true(config_change_set(c, first_listen(c), "idle_time", "7s", &why));
	assert_true(config_change_set(c, first_listen(c), "idle_time", "8s", &why));
	assert_true(config_change_set(c, d, "component.secret", "a \"b\\ c", &why));
	assert_false(config_change_set(c, d, "archive.default", "often", &why));
	assert_string_equal(why.text, "archive.default is one of always|roster|never, not often");
	assert_false(config_change_set(c, d, "tls_certificate", "here.pem", &why));
	assert_string_equal(why.text, "tls_certificate needs an absolute path");
	assert_false(config_change_set(c, d, "tls_certificate", "[ \"/there.pem\", here.pem ]", &why));
	assert_true(config_change_set(c, d, "tls_certificate", "[ \"/a.pem\", \"/b.pem\" ]", &why));
	assert_false(config_change_set(c, config_global(c), "tls_client_ca", "here.pem", &why));
	assert_true(config_change_set(c, config_global(c), "log.output", "journal", &why));
	assert_false(config_change_set(c, d, "channels", "1", &why));

	struct config *new = config_load(file, 0, &report);
	assert_non_null(new);
	assert_false(config_bool(config_global(new), "limits.enabled"));
	assert_true(config_list_has(config_global(new), "admins", "z@y"));
	assert_int_equal(config_duration(first_listen(new), "idle_time"), 8000);
	assert_int_equal(config_int(first_listen(new), "channels"), 5);
	assert_string_equal(config_text(config_domain(new, "a.example", NULL), "component.secret"), "a \"b\\ c");
	assert_non_null(strstr(config_origin(arena, config_value(config_global(new), "limits.enabled")), "changes.conf:"));
	assert_non_null(strstr(config_origin(arena, config_value(config_domain(new, "a.example", NULL), "component.secret")), "domains.d/a.example.conf:"));

	assert_true(config_change_unset(new, config_global(new), "limits.enabled", &why));
	config_drop(c);
	c = config_load(file, 0, &report);
	assert_true(config_bool(config_global(c), "limits.enabled"));
	config_drop(new);
	new = config_load(file, CONFIG_MAIN_ONLY, &report);
	assert_int_equal(config_duration(first_listen(new), "idle_time"), 30 * 60 * 1000);
	config_drop(new);
	config_drop(c);
}

static void domains_come_and_go_by_command(void **state)
{
	struct fail why;
	struct config *c = load_well("data_dir = \".\"\ndomain \"fixed.example\" { }\n");
	assert_true(config_domain_add(c, "New.Example", &why));
	assert_false(config_domain_add(c, "fixed.example", &why));
	assert_false(config_domain_add(c, "../etc/passwd", &why));
	assert_false(config_domain_add(c, "", &why));
	assert_false(config_domain_remove(c, "fixed.example", &why));
	assert_non_null(strstr(why.text, "jackdaw.conf:2"));
	config_drop(c);
	c = config_load(file, 0, &report);
	assert_non_null(config_domain(c, "new.example", NULL));
	assert_true(config_domain_remove(c, "new.example", &why));
	assert_false(config_domain_remove(c, "other.example", &why));
	config_drop(c);
	c = config_load(file, 0, &report);
	assert_null(config_domain(c, "new.example", NULL));
	config_drop(c);
}

static void a_difference_says_what_needs_a_restart(void **state)
{
	struct config *a = load_well("threads = 1\nlog.level = low\narchive.default = always\ndomain \"a\" { }\n");
	struct config *b = load_well("threads = 2\nlog.level = low\ndomain \"b\" { xmpp_dialback_secret = x }\n");
	struct config_change *d = config_diff(arena, a, b);
	assert_string_equal(d->entry->path, "threads");
	assert_string_equal(d->before, "1");
	assert_string_equal(d->after, "2");
	assert_int_equal(d->reload, RELOAD_RESTART);
	assert_string_equal(d->next->scope, "domain \"b\"");
	assert_null(d->next->before);
	assert_string_equal(d->next->next->scope, "domain \"a\"");
	assert_null(d->next->next->after);
	assert_null(d->next->next->next);
	assert_null(config_diff(arena, a, a));
	config_drop(a);
	config_drop(b);
}

static void two_changed_secrets_differ_without_being_shown(void **state)
{
	struct config *a = load_well("domain \"a\" { component.secret = one }\n"), *b = load_well("domain \"a\" { component.secret = two }\n");
	struct config_change *d = config_diff(arena, a, b);
	assert_non_null(d);
	assert_null(strstr(d->before, "one"));
	assert_null(strstr(d->after, "two"));
	config_drop(a);
	config_drop(b);
}

static void the_file_is_the_given_one_then_the_environments_then_ones_own(void **state)
{
	char back[4096];
	assert_non_null(getcwd(back, sizeof back));
	assert_int_equal(chdir(folder), 0);
	unsetenv("JACKDAW_CONF");
	assert_string_equal(config_find_file(NULL), "/etc/jackdaw/jackdaw.conf");
	put("jackdaw.conf", "");
	chmod("jackdaw.conf", 0644);
	assert_string_equal(config_find_file(NULL), "jackdaw.conf");
	chmod("jackdaw.conf", 0666);
	assert_string_equal(config_find_file(NULL), "/etc/jackdaw/jackdaw.conf");
	setenv("JACKDAW_CONF", "/x", 1);
	assert_string_equal(config_find_file(NULL), "/x");
	assert_string_equal(config_find_file("/y"), "/y");
	unsetenv("JACKDAW_CONF");
	assert_int_equal(chdir(back), 0);
}

static void a_path_of_log_tags_and_routes_is_a_map(void **state)
{
	struct config *c = load_well("log { tags = [ XMPPS = low, STORE = ALL ] }\ns2s { routes { \"company.dom\" = \"relay:5269\" } }\n");
	assert_string_equal(config_list(config_global(c), "log.tags")[1], "STORE=all");
	assert_string_equal(config_list(config_global(c), "s2s.routes")[0], "company.dom=relay:5269");
	config_drop(c);
	assert_string_equal(error_of("log.tags = [ A = loud ]"), "jackdaw.conf:1:18: log.tags is a list [ a = b ] with values of failure|major|problem|low|all, not loud");
}

static void many_domains_load(void **state)
{
	char *text = malloc(10000 * 40), *to = text;
	for (int i = 0; i < 10000; i++)
		to += sprintf(to, "domain \"d%d.example\" { }\n", i);
	struct config *c = load_well(text);
	assert_non_null(config_domain(c, "d9999.example", NULL));
	config_drop(c);
	free(text);
}

/* Last but one: the table stays changed. */
static void a_module_adds_settings_of_its_own(void **state)
{
	static const struct setting own[] = { { "show_system", OPTION_BOOL, "no", "Also tell the operating system's name" } };
	static const struct setting create[] = { { "create", OPTION_ENUM, "anyone", "Who", .words = "admins local anyone" } };
	static const struct setting contact[] = { { "abuse", OPTION_ADDRESSES, NULL, "Whom to write to" } };
	config_table_add_module("version", own, 1);
	config_table_add_module("contact", contact, 1);
	config_table_add_module("pubsub", create, 1);
	struct config *c = load_well("version { show_system = yes }\ndomain \"a\" { version { enabled = no }\n pubsub.create = local }\n");
	assert_int_equal(report.warning_count, 0);       /* pubsub.create was only accepted before */
	assert_true(config_bool(config_domain(c, "a", NULL), "version.show_system"));
	assert_false(config_bool(config_domain(c, "a", NULL), "version.enabled"));
	assert_true(config_bool(config_global(c), "version.enabled"));
	assert_string_equal(config_text(config_global(c), "pubsub.create"), "anyone");
	config_drop(c);
	assert_non_null(strstr(error_of("version { show_sytsem = yes }"), "did you mean \"show_system\""));
	static const char *const no_address[] = { "a@b", ":b", "mailto:", "1a:b", "https://a b", "https://a<b", "https://\xC3\xA9" };
	for (size_t i = 0; i < sizeof no_address / sizeof *no_address; i++)
		assert_non_null(strstr(error_of(arena_printf(arena, "contact { abuse = [ mailto:a@b, \"%s\" ] }", no_address[i])), "contact.abuse is a list of URIs"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
/* What a module declares of its own, as src/modules/register.c does. */
static void declare_registration(void)
{
	static const struct setting settings[] = {
		{ "auto_signup", OPTION_BOOL, "no", "Anybody may make an account" },
		{ "allow_password_change", OPTION_BOOL, "yes", "Users may change their password" },
	};
	config_table_add("registration", settings, 2);
}

int main(void)
{
	declare_registration();
	const struct CMUnitTest tests[] = {
		T(the_example_of_the_documentation_is_read), T(names_of_momentum_are_read), T(scopes_inherit_and_tell_the_origin), T(every_key_counts_where_it_is_set_and_below), T(named_groups_inherit_like_listeners),
		T(an_unknown_key_names_the_nearest), T(a_wrong_value_is_told_what_is_expected), T(all_errors_are_told_up_to_twenty),
		T(what_is_not_built_warns_once),
		T(a_setting_twice_in_one_file_is_refused), T(included_files_know_where_they_are),
		T(a_path_may_be_a_list_of_them), T(listeners_are_checked_without_opening_anything),
		T(files_are_included_within_a_section_and_tell_their_own_lines), T(an_administrator_is_an_address), T(names_are_one_in_any_spelling), T(every_promised_name_is_in_the_table),
		T(a_data_folder_may_have_any_name), T(limits_begin_with_protecting_defaults), T(changes_are_kept_and_read_after_the_main_file), T(domains_come_and_go_by_command),
		T(a_difference_says_what_needs_a_restart), T(two_changed_secrets_differ_without_being_shown),
		T(the_file_is_the_given_one_then_the_environments_then_ones_own), T(a_path_of_log_tags_and_routes_is_a_map),
		T(many_domains_load), T(a_module_adds_settings_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
