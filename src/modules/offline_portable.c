/*
 * Messages that wait, as XEP-0227 carries them: oldest first, with the time
 * since when each waits (XEP-0203).
 */
#include "modules/offline_portable.h"
#include "base/log.h"
#include "core/portable.h"
#include "xml/parser.h"
#include "xmpp/datetime.h"
#include "xmpp/ns.h"
#include <string.h>

static const char Q_PAGE[] = "SELECT id, stored_at, stanza FROM offline WHERE account = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
/* The same message waits once, however often it is imported: it lies among the few keys of its time (?1 to ?6). */
static const char Q_ADD[] =
	"INSERT INTO offline (id, account, stored_at, size, stanza)"
	" SELECT COALESCE((SELECT MAX(id) + 1 FROM offline WHERE id BETWEEN ?1 AND ?6), ?1), ?2, ?3, ?4, ?5"
	" WHERE NOT EXISTS (SELECT 1 FROM offline WHERE id BETWEEN ?1 AND ?6 AND account = ?2 AND size = ?4 AND stanza = ?5)";

static const struct xml *own_delay(const struct xml *message, const char *domain)
{
	for (const struct xml *d = xml_child(message, NS_DELAY, "delay"); d; d = xml_next(d, NS_DELAY, "delay")) {
		const char *from = xml_get(d, "from");
		if (from && strcmp(from, domain) == 0)
			return d;
	}
	return NULL;
}

static int64_t export(struct arena *a, struct xml *user, const struct rows *rows, const char *domain)
{
	int64_t last = 0;
	for (const struct row *row = rows->first; row; row = row->next) {
		const char *text = row_text(row, 2);
		struct xml *message = xml_parse(a, text, strlen(text), NS_CLIENT);
		last = row_int(row, 0);
		if (!message) {
			log_problem("OFFLINE", "the message of row %lld can't be read: it isn't exported", (long long)last);
			continue;
		}
		xml_append(message, EL(a, NS_DELAY, "delay", ATTR(a, "from", domain), ATTR(a, "stamp", datetime_print_msec(a, row_int(row, 1))),
			TEXT(a, "Offline Storage")));
		xml_append(user, message);
	}
	return last;
}

static bool take_message(struct importing *in, const struct xml *message)
{
	const struct xml *delay = own_delay(message, in->jid->domain), *any = delay ? delay : xml_child(message, NS_DELAY, "delay");
	msec since;
	if (!xml_is(message, NS_CLIENT, "message"))
		return false;
	if (!any || !xml_get(any, "stamp") || !datetime_parse(xml_get(any, "stamp"), &since))
		since = clock_wall();
	struct xml *kept = xml_clone(in->arena, message);
	const struct xml *ours = own_delay(kept, in->jid->domain);
	if (ours)
		xml_remove(kept, ours);              /* it is added when the message is delivered */
	const char *text = xml_string(in->arena, kept, NS_CLIENT);
	int64_t key = clock_key_at(since);
	import_put(in, Q_ADD, V(key), V(in->account), V(since), V((int64_t)strlen(text)), V(text), V(key + CLOCK_KEYS - 1));
	return true;
}

static enum import_verdict import(struct importing *in, const struct xml *child)
{
	bool is_good = true;
	if (!xml_is(child, NS_PIE, "offline-messages"))
		return IMPORT_NOT_MINE;
	for (const struct xml *message = xml_first(child); message; message = xml_next(message, NULL, NULL))
		is_good &= take_message(in, message);
	return is_good ? IMPORT_TAKEN : IMPORT_WRONG;
}

const struct portable offline_portable = { .wrapper = "offline-messages", .is_paged = true, .query = Q_PAGE, .export = export, .import = import };
