/* The secrets are kept as they are: whoever proves one shows an HMAC of it, and to check that one needs it. */
#include "core/token.h"
#include "core/credentials.h"
#include "base/random.h"
#include "core/host.h"
#include "core/turn_out.h"
#include "xmpp/base64.h"
#include "xmpp/datetime.h"
#include <stdlib.h>
#include <string.h>

enum { CURRENT, NEW, SECRET = 32 };

static const char Q_TOKENS[] = "SELECT secret, slot, expires FROM token WHERE account = ?1 AND agent = ?2 AND mechanism = ?3 ORDER BY slot";
static const char Q_TOKEN[] = "SELECT issued, mechanism FROM token WHERE account = ?1 AND agent = ?2 AND slot = ?3";
static const char Q_PUT[] = "INSERT OR REPLACE INTO token (account, agent, slot, mechanism, secret, issued, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
static const char Q_DROP_CURRENT[] = "DELETE FROM token WHERE account = ?1 AND agent = ?2 AND slot = 0";
static const char Q_PROMOTE[] = "UPDATE token SET slot = 0 WHERE account = ?1 AND agent = ?2 AND slot = 1";
static const char Q_DROP[] = "DELETE FROM token WHERE account = ?1 AND agent = ?2";
static const char Q_DROP_ALL[] = "DELETE FROM token WHERE account = ?1";
static const char Q_SEEN[] = "INSERT OR REPLACE INTO device (account, agent, software, device, seen) VALUES (?1, ?2, ?3, ?4, ?5)";
/* The oldest of too many go, and their tokens with them. */
static const char Q_CROWD[] = "DELETE FROM device WHERE account = ?1 AND agent NOT IN (SELECT agent FROM device WHERE account = ?1 ORDER BY seen DESC LIMIT ?2)";
static const char Q_ORPHANS[] = "DELETE FROM token WHERE account = ?1 AND agent NOT IN (SELECT agent FROM device WHERE account = ?1)";
static const char Q_LIST[] =
	"SELECT agent, software, device, seen, (SELECT MAX(expires) FROM token t WHERE t.account = d.account AND t.agent = d.agent)"
	" FROM device d WHERE account = ?1 ORDER BY seen DESC";
static const char Q_FORGET_DEVICE[] = "DELETE FROM device WHERE account = ?1 AND agent = ?2";
static const char Q_FORGET_ALL[] = "DELETE FROM device WHERE account = ?1";

/* --- which are there --- */

static enum stanza_error tokens_found(struct turn *t, const struct rows *rows)
{
	struct arena *a = t->arena;
	struct xml *list = EL(a, NS_CALL, "tokens");
	for (const struct row *row = rows->first; row; row = row->next)
		xml_append(list, EL(a, NS_CALL, "token", ATTR(a, "secret", row_text(row, 0)), ATTR(a, "slot", row_int(row, 1) ? "1" : "0"),
			row_int(row, 2) < clock_wall() ? ATTR(a, "expired", "yes") : NULL));
	turn_answer(t, list);
	return HANDLED;
}

static enum stanza_error tokens(struct turn *t)
{
	const char *agent = xml_get(t->stanza, "agent"), *mechanism = xml_get(t->stanza, "mechanism");
	if (t->account->state == ACCOUNT_FAILED || !agent || !mechanism)
		return RESOURCE_CONSTRAINT;
	if (credentials_must_wait(t->account)) {
		turn_answer(t, EL(t->arena, NS_CALL, "wait"));
		return HANDLED;
	}
	return turn_read(t, tokens_found, Q_TOKENS, V(t->account->state == ACCOUNT_READY ? t->account->id : 0), V(agent), V(mechanism));
}

/* --- a login succeeded --- */

static void see(struct turn *t)
{
	const struct xml *q = t->stanza;
	int64_t id = t->account->id;
	const char *software = xml_get(q, "software"), *device = xml_get(q, "device");
	turn_write(t, Q_SEEN, V(id), V(xml_get(q, "agent")), V(software ? software : ""), V(device ? device : ""), V(clock_wall()));
	turn_write(t, Q_CROWD, V(id), V(host_int(t->host, &mod_tokens, "devices")));
	turn_write(t, Q_ORPHANS, V(id));
}

static void issue(struct turn *t, struct xml *answer, const char *mechanism)
{
	struct arena *a = t->arena;
	unsigned char bytes[SECRET];
	random_fill(bytes, sizeof bytes);
	const char *secret = base64_encode(a, bytes, sizeof bytes);
	int64_t now = clock_wall(), expires = now + host_int(t->host, &mod_tokens, "lifetime");
	turn_write(t, Q_PUT, V(t->account->id), V(xml_get(t->stanza, "agent")), V((int64_t)NEW), V(mechanism), V(secret), V(now), V(expires));
	xml_set(a, answer, "token", secret);
	xml_set(a, answer, "expiry", datetime_print(a, expires));
}

/* The token that was used becomes the one in use; the one before it is good no more. */
static void promote(struct turn *t, const char *agent)
{
	turn_write(t, Q_DROP_CURRENT, V(t->account->id), V(agent));
	turn_write(t, Q_PROMOTE, V(t->account->id), V(agent));
}

static bool is_due(const struct turn *t, const struct row *token)
{
	return token && clock_wall() - row_int(token, 0) >= host_int(t->host, &mod_tokens, "rotate");
}

static enum stanza_error token_used(struct turn *t, const struct rows *rows)
{
	const struct xml *q = t->stanza;
	const char *agent = xml_get(q, "agent"), *slot = xml_get(q, "slot"), *wants = xml_get(q, "wants");
	struct xml *answer = EL(t->arena, NS_CALL, "device");
	const struct row *token = rows->first;
	see(t);
	if (xml_get(q, "invalidate"))
		turn_write(t, Q_DROP, V(t->account->id), V(agent));
	else if (strcmp(slot, "1") == 0)
		promote(t, agent);
	if (wants)
		issue(t, answer, wants);
	else if (!xml_get(q, "invalidate") && is_due(t, token))
		issue(t, answer, row_text(token, 1));
	turn_answer(t, answer);
	return HANDLED;
}

static bool may_have(const struct turn *t, const char *mechanism)
{
	for (const char *const *m = t->host->mechanisms; mechanism && *m; m++)
		if (strncmp(mechanism, "HT-", 3) == 0 && strcmp(*m, mechanism) == 0)
			return true;
	return false;
}

static enum stanza_error device(struct turn *t)
{
	const char *agent = xml_get(t->stanza, "agent"), *slot = xml_get(t->stanza, "slot"), *wants = xml_get(t->stanza, "wants");
	struct xml *answer = EL(t->arena, NS_CALL, "device");
	if (t->account->state != ACCOUNT_READY || !agent)
		return RESOURCE_CONSTRAINT;
	if (wants && !may_have(t, wants))
		xml_set(t->arena, (struct xml *)(uintptr_t)t->stanza, "wants", NULL);
	if (slot)
		return turn_read_to_write(t, token_used, Q_TOKEN, V(t->account->id), V(agent), V((int64_t)atoi(slot)));
	see(t);
	if (may_have(t, wants))
		issue(t, answer, wants);
	turn_answer(t, answer);
	return HANDLED;
}

/* --- for administrators and owners --- */

static enum stanza_error devices_found(struct turn *t, const struct rows *rows)
{
	struct arena *a = t->arena;
	struct xml *list = EL(a, NS_CALL, "devices");
	for (const struct row *row = rows->first; row; row = row->next)
		xml_append(list, EL(a, NS_CALL, "device", ATTR(a, "agent", row_text(row, 0)), ATTR(a, "software", row_text(row, 1)),
			ATTR(a, "device", row_text(row, 2)), ATTR(a, "seen", arena_printf(a, "%lld", (long long)row_int(row, 3))),
			row_int(row, 4) ? ATTR(a, "token", arena_printf(a, "%lld", (long long)row_int(row, 4))) : NULL));
	turn_answer(t, list);
	return HANDLED;
}

static enum stanza_error devices(struct turn *t)
{
	if (t->account->state == ACCOUNT_FAILED)
		return RESOURCE_CONSTRAINT;
	return turn_read(t, devices_found, Q_LIST, V(t->account->state == ACCOUNT_READY ? t->account->id : 0));
}

static enum stanza_error to_forget_found(struct turn *t, const struct rows *rows)
{
	struct arena *a = t->arena;
	const char *agent = xml_get(t->stanza, "agent");
	unsigned count = 0;
	for (const struct row *row = rows->first; row; row = row->next)
		count += !agent || strcmp(agent, row_text(row, 0)) == 0;
	if (agent) {
		turn_write(t, Q_DROP, V(t->account->id), V(agent));
		turn_write(t, Q_FORGET_DEVICE, V(t->account->id), V(agent));
	} else {
		turn_write(t, Q_DROP_ALL, V(t->account->id));
		turn_write(t, Q_FORGET_ALL, V(t->account->id));
	}
	turn_answer(t, EL(a, NS_CALL, "done", ATTR(a, "devices", arena_printf(a, "%u", count))));
	return HANDLED;
}

static enum stanza_error device_forget(struct turn *t)
{
	if (t->account->state != ACCOUNT_READY)
		return RESOURCE_CONSTRAINT;
	return turn_read_to_write(t, to_forget_found, Q_LIST, V(t->account->id));
}

void tokens_forget(struct turn *t)
{
	turn_write(t, Q_DROP_ALL, V(t->account->id));
}

const struct module mod_tokens = {
	.name   = "tokens",
	.title  = "Fast Authentication Streamlining Tokens",
	.xep    = 484,
	.is_needed = true,
	.forget = FORGET(Q_DROP_ALL, Q_FORGET_ALL),
	.calls  = CALLS({ "tokens", tokens }, { "device", device }, { "devices", devices }, { "device-forget", device_forget }),
	.options = OPTIONS(
		{ "lifetime", OPTION_DURATION, "21d", "A token that isn't used for so long is good no more", 60000, 366LL * 24 * 3600 * 1000, NULL },
		{ "rotate", OPTION_DURATION, "1d", "A token that is older is exchanged for a new one when it is used", 0, 0, NULL },
		{ "devices", OPTION_INT, "50", "Devices of one account that are remembered; the oldest is forgotten first", 1, 1000, NULL }),
	.migrations = MIGRATIONS({ "tokens", 1,
		"CREATE TABLE device (account INTEGER NOT NULL, agent TEXT NOT NULL, software TEXT NOT NULL, device TEXT NOT NULL, seen INTEGER NOT NULL,"
		" PRIMARY KEY (account, agent)) WITHOUT ROWID;"
		"CREATE TABLE token (account INTEGER NOT NULL, agent TEXT NOT NULL, slot INTEGER NOT NULL, mechanism TEXT NOT NULL, secret TEXT NOT NULL,"
		" issued INTEGER NOT NULL, expires INTEGER NOT NULL, PRIMARY KEY (account, agent, slot)) WITHOUT ROWID;" }),
};
