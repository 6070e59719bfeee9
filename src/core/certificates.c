/* The hash is keyed by all that makes a struct tls, as text. */
#include "core/certificates.h"
#include "base/log.h"
#include "core/config.h"
#include "core/config_value.h"
#include <string.h>
#include <sys/stat.h>

#define DAY (24 * 3600 * 1000LL)

static const char *const settings[] = { "tls_certificate", "tls_key", "tls_key_password", "tls_key_password_file", "tls_ciphers", "tls_suites",
	"tls_minimum", "tls_client_ca", "tls_verify_mode" };

void certificates_init(struct certificates *all, struct arena *a)
{
	*all = (struct certificates){ .arena = a };
	all->last = &all->first;
}

void certificates_clear(struct certificates *all)
{
	for (struct certificate *i = all->first; i; i = i->next)
		tls_drop(i->tls);
	hash_clear(&all->by_text);
}

static const char *text_of(struct arena *a, const struct config_scope *s)
{
	const char *text = "";
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
		text = arena_printf(a, "%s%s\n", text, config_value_text(a, config_value(s, settings[i])));
	return text;
}

uint64_t certificate_look(const char *path)
{
	struct stat st = { 0 };
	uint64_t sum = stat(path, &st) == 0;
	const uint64_t facts[] = { st.st_dev, st.st_ino, (uint64_t)st.st_size, (uint64_t)st.st_mtim.tv_sec, (uint64_t)st.st_mtim.tv_nsec,
		(uint64_t)st.st_ctim.tv_sec, (uint64_t)st.st_ctim.tv_nsec };
	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
		sum = (sum ^ facts[i]) * 0x9e3779b97f4a7c15u + (sum >> 29);
	return sum;
}

/* Before it is read: what changes later will be another number. */
void certificates_note_file(struct certificates *all, const char *path)
{
	if (!path)
		return;
	struct certificate_file *f = ARENA_NEW(all->arena, struct certificate_file);
	*f = (struct certificate_file){ path, certificate_look(path), all->files };
	all->files = f;
}

static void note_files(struct certificates *all, const struct tls_options *o)
{
	for (const char *const *p = o->certificates; *p; p++)
		certificates_note_file(all, *p);
	for (const char *const *p = o->keys; *p; p++)
		certificates_note_file(all, *p);
	certificates_note_file(all, o->key_password_file);
	certificates_note_file(all, o->wishes.client_ca);
}

static struct certificate *add(struct certificates *all, const char *text, const struct tls_options *o, const char *whose)
{
	struct certificate *i = ARENA_NEW(all->arena, struct certificate);
	i->certificate = o->certificates[0];
	i->whose = whose;
	*all->last = i;
	all->last = &i->next;
	hash_put(&all->by_text, &i->by_text, arena_string(all->arena, text));
	note_files(all, o);
	return i;
}

bool certificates_get(struct certificates *all, const struct config_scope *s, const char *whose, struct tls **tls, struct fail *why)
{
	static const int minimum[] = { 12, 13 };
	struct tls_options o = {
		.certificates = config_list(s, "tls_certificate"), .keys = config_list(s, "tls_key"),
		.key_password = config_text(s, "tls_key_password"), .key_password_file = config_text(s, "tls_key_password_file"),
		.wishes = {
			.ciphers = config_text(s, "tls_ciphers"), .suites = config_text(s, "tls_suites"), .client_ca = config_text(s, "tls_client_ca"),
			.verify = (enum tls_verify)config_enum(s, "tls_verify_mode"), .minimum = minimum[config_enum(s, "tls_minimum")],
		},
	};
	*tls = NULL;
	if (!o.certificates[0])
		return true;
	struct arena *a = arena_new();
	const char *text = text_of(a, s);
	struct hash_node *known = hash_find(&all->by_text, text);
	struct certificate *i = known ? CONTAINER(known, struct certificate, by_text) : add(all, text, &o, whose);
	arena_free(a);
	if (!known)
		i->tls = tls_new(&o, why);
	i->users++;
	*tls = i->tls;
	return *tls != NULL;
}

/* --- expiry --- */

unsigned certificate_stage(msec left)
{
	static const int days[] = { 30, 14, 7, 1, 0 };
	unsigned stage = 0;
	while (stage < sizeof days / sizeof *days && left <= days[stage] * DAY)
		stage++;
	return stage;
}

static void warn(const struct certificate *i, msec left)
{
	if (left <= 0)
		log_major("TLS", "the certificate in %s (%s) has expired: clients refuse it", i->certificate, i->whose);
	else if (left < 2 * DAY)
		log_major("TLS", "the certificate in %s (%s) expires in %lld hours", i->certificate, i->whose, (long long)(left / 3600000));
	else
		log_major("TLS", "the certificate in %s (%s) expires in %lld days", i->certificate, i->whose, (long long)(left / DAY));
}

void certificates_warn(const struct certificates *all, msec now, msec before)
{
	for (const struct certificate *i = all->first; i; i = i->next) {
		msec expires = tls_expires(i->tls);
		unsigned stage = certificate_stage(expires - now);
		if (stage && (!before || stage != certificate_stage(expires - before)))
			warn(i, expires - now);
	}
}
