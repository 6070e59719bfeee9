/*
 * export: accounts and what belongs to them as one XEP-0227 document.
 *
 * One account after the other is read, a page at a time, printed, and sent as
 * the client takes it: memory is bounded by a page. Each step begins in a new
 * round of the loop (or of the client's own, without a server), so nothing
 * nests. What is written meanwhile is in it or isn't, account by account.
 */
#include "admin/accounts.h"
#include "admin/commands.h"
#include "base/buf.h"
#include "core/home.h"
#include "core/module.h"
#include "core/portable.h"
#include "xmpp/ns.h"
#include <stdio.h>
#include <string.h>

enum { ACCOUNTS = 100, PART = 64 * 1024 };

static const char Q_ACCOUNTS[] = "SELECT id, jid FROM account WHERE host = ?1 AND jid > ?2 ORDER BY jid LIMIT ?3";
static const char Q_ONE[] = "SELECT id, jid FROM account WHERE host = ?1 AND jid = ?2 AND ?3";

struct listed { int64_t id; char jid[3072]; };       /* RFC 7622: 1023 bytes for each part */

struct exporting {
	struct command_run *run;
	const char *const *domains;          /* the one under way first */
	const char *only;                    /* this account; NULL: all */
	char        after[sizeof ((struct listed *)0)->jid];     /* the last account of the page before */
	struct listed *accounts;             /* a page of them */
	size_t      count, at;
	unsigned    slot;                    /* the module whose rows are read */
	int64_t     key;                     /* of the last row read; 0: none yet */
	bool        is_open, is_wrapped;     /* <host>, the wrapper */
	struct arena *arena;                 /* of the read under way */
	struct buf  out;
	int64_t     done;
};

static void step(struct command_run *run);

/* --- text --- */

static void add(struct exporting *x, const char *text)
{
	buf_add(&x->out, text, strlen(text));
}

static void add_open(struct exporting *x, const char *name, const char *attribute, const char *value)
{
	struct arena *a = arena_new();
	xml_print_head(&x->out, EL(a, NS_PIE, name, ATTR(a, attribute, value)), NS_PIE, NULL);
	add(x, ">\n");
	arena_free(a);
}

static void add_children(struct exporting *x, const struct xml *of)
{
	for (const struct xml *child = xml_first(of); child; child = xml_next(child, NULL, NULL)) {
		xml_print(&x->out, child, NS_PIE);
		add(x, "\n");
	}
}

/* --- the end, and going on --- */

static void finish(struct exporting *x, const char *error)
{
	struct command_run *run = x->run;
	buf_clear(&x->out);
	arena_free(x->arena);
	if (error) {
		command_fail(run, "not exported: %s", error);
		return;
	}
	command_say(run, "%lld accounts", (long long)x->done);
	command_row(run);
	command_number(run, "accounts", x->done);
	command_done(run);
}

static void go_on(struct exporting *x)
{
	bool is_taken = buf_length(&x->out) < PART || command_part(x->run, buf_start(&x->out), buf_length(&x->out));
	if (buf_length(&x->out) >= PART)
		buf_clear(&x->out);
	if (is_taken)
		command_when_taken(x->run, step);
	else
		finish(x, "nobody takes it");
}

static void read(struct exporting *x, const char *sql, const struct value *values, unsigned count,
	void (*found)(struct command_run *, const struct rows *, const char *why))
{
	arena_free(x->arena);
	x->arena = arena_new();
	accounts_read_into(x->run, x->arena, sql, values, count, found);
}

/* --- an account's parts --- */

static const struct portable *portable_at(const struct exporting *x)
{
	return x->slot < modules_count() ? modules[x->slot]->portable : NULL;
}

static void next_part(struct exporting *x)
{
	if (x->is_wrapped)
		add(x, arena_printf(x->arena, "</%s>\n", portable_at(x)->wrapper));
	x->is_wrapped = false;
	x->key = 0;
	x->slot++;
}

static void part_found(struct command_run *run, const struct rows *rows, const char *why)
{
	struct exporting *x = run->own;
	const struct portable *p = portable_at(x);
	if (!rows) {
		finish(x, why);
		return;
	}
	struct xml *holder = EL(x->arena, NS_PIE, "user", NULL);
	x->key = p->export(x->arena, holder, rows, *x->domains);
	if (p->wrapper && !x->is_wrapped && rows->count) {
		add(x, arena_printf(x->arena, "<%s>\n", p->wrapper));
		x->is_wrapped = true;
	}
	add_children(x, holder);
	if (!p->is_paged || rows->count < PORTABLE_PAGE)
		next_part(x);
	go_on(x);
}

static void read_part(struct exporting *x)
{
	const struct portable *p = portable_at(x);
	const struct value values[] = { V(x->accounts[x->at].id), V(x->key), V((int64_t)PORTABLE_PAGE) };
	read(x, p->query, values, p->is_paged ? 3 : 1, part_found);
}

static void begin_account(struct exporting *x)
{
	const char *jid = x->accounts[x->at].jid;
	const char *name = arena_copy(x->arena, jid, strcspn(jid, "@"));
	add_open(x, "user", "name", name);
	x->slot = 0;
}

static void end_account(struct exporting *x)
{
	add(x, "</user>\n");
	x->done++;
	x->at++;
}

/* The account under way: its next part, or the next account. */
static void go_on_with_account(struct exporting *x)
{
	if (x->slot > modules_count())
		begin_account(x);
	while (x->slot < modules_count() && !portable_at(x))
		x->slot++;
	if (x->slot < modules_count()) {
		read_part(x);
		return;
	}
	end_account(x);
	x->slot = modules_count() + 1;
	go_on(x);
}

/* --- accounts and domains --- */

static void accounts_found(struct command_run *run, const struct rows *rows, const char *why)
{
	struct exporting *x = run->own;
	if (!rows) {
		finish(x, why);
		return;
	}
	x->count = x->at = 0;
	for (const struct row *row = rows->first; row && x->count < ACCOUNTS; row = row->next, x->count++) {
		x->accounts[x->count].id = row_int(row, 0);
		snprintf(x->accounts[x->count].jid, sizeof x->accounts->jid, "%s", row_text(row, 1));
	}
	if (x->count)
		memcpy(x->after, x->accounts[x->count - 1].jid, sizeof x->after);
	x->slot = modules_count() + 1;               /* none is under way */
	if (!x->count) {
		add(x, "</host>\n");
		x->is_open = false;
		x->domains++;
	}
	go_on(x);
}

static void read_accounts(struct exporting *x)
{
	if (!x->is_open) {
		add_open(x, "host", "jid", *x->domains);
		*x->after = '\0';
	}
	bool is_first = !x->is_open;
	x->is_open = true;
	if (x->only)
		read(x, Q_ONE, (const struct value[]){ V(*x->domains), V(x->only), V((int64_t)is_first) }, 3, accounts_found);
	else
		read(x, Q_ACCOUNTS, (const struct value[]){ V(*x->domains), V((const char *)x->after), V((int64_t)ACCOUNTS) }, 3, accounts_found);
}

static void step(struct command_run *run)
{
	struct exporting *x = run->own;
	if (run->is_alone) {
		finish(x, "nobody takes it");
	} else if (x->at < x->count) {
		go_on_with_account(x);
	} else if (*x->domains) {
		read_accounts(x);
	} else {
		add(x, "</server-data>\n");
		bool is_taken = command_part(run, buf_start(&x->out), buf_length(&x->out));
		finish(x, is_taken ? NULL : "nobody takes it");
	}
}

static const char *const *one(struct command_run *run, const char *domain)
{
	const char **domains = arena_alloc(run->arena, 2 * sizeof *domains);
	domains[0] = domain;
	return domains;
}

static void export(struct command_run *run)
{
	struct exporting *x = ARENA_NEW(run->arena, struct exporting);
	const char *who = command_get(run, "WHO"), *error = NULL;
	const struct jid *jid = who && strchr(who, '@') ? accounts_jid(run, who, &error) : NULL;
	const char *domain = jid ? jid->domain : who && !error ? accounts_domain(run, who, &error) : NULL;
	if (error) {
		command_fail(run, "%s", error);
		return;
	}
	x->run = run;
	x->only = jid ? jid->bare : NULL;
	x->domains = domain ? one(run, domain) : accounts_domains(run);
	x->accounts = arena_alloc(run->arena, ACCOUNTS * sizeof *x->accounts);
	run->own = x;
	add(x, "<?xml version='1.0' encoding='UTF-8'?>\n<server-data xmlns='urn:xmpp:pie:0'>\n");
	if (command_part(run, "", 0))
		command_when_taken(run, step);
	else
		finish(x, "this way a file can't be had");
}

const struct command cmd_export = {
	.noun = "export", .where = COMMAND_STORE, .is_act = true, .run = export,
	.help = "Writes accounts with their keys, rosters, waiting messages and cards as XEP-0227, for this or another server",
	.args = ARGS({ "FILE", "to be made, for its owner only; -: the output", ARG_TO_FILE }, { "WHO", "only this domain, or this account", ARG_OPTIONAL }),
	.fields = FIELDS({ "accounts", "how many", FIELD_NUMBER }),
};
