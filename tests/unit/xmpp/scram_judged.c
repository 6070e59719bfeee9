/*
 * SCRAM judged by another hand: libgsasl is the client of real exchanges.
 *
 * It checks our signature too, so an exchange that it calls done is right on
 * both sides.
 */
#include "xmpp/base64.h"
#include "xmpp/scram.h"
#include <gsasl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static const char exporter[] = "thirty-two bytes of the channel.";

struct exchange {
	const char *mechanism, *password;
	const char *binding;         /* the client's bytes; NULL: it has none */
	bool plus_offered;
};

struct verdict {
	enum sasl_failure ours;
	bool theirs;                 /* the client is content */
};

static void configure(struct arena *a, Gsasl_session *client, const struct exchange *x)
{
	gsasl_property_set(client, GSASL_AUTHID, "r,om=eo");
	gsasl_property_set(client, GSASL_PASSWORD, x->password);
	if (x->binding)
		gsasl_property_set(client, GSASL_CB_TLS_EXPORTER, base64_encode(a, x->binding, 32));
}

static const char *step(struct arena *a, Gsasl_session *client, const char *heard, int *rc)
{
	char *said = NULL;
	size_t size = 0;
	*rc = gsasl_step(client, heard, strlen(heard), &said, &size);
	const char *copy = arena_copy(a, said ? said : "", size);
	gsasl_free(said);
	return copy;
}

static struct verdict talk(struct arena *a, Gsasl_session *client, const struct exchange *x)
{
	static const struct scram_binding bindings[] = { { "tls-exporter", exporter, 32 } };
	struct scram_terms terms = { .bindings = bindings, .bindings_count = 1, .longest = 2000, .plus_offered = x->plus_offered };
	struct verdict v = { 0 };
	struct scram_keys keys;
	struct scram s;
	const char *answer;
	int rc;

	assert_true(scram_find(x->mechanism, &terms.hash, &terms.plus));
	scram_keys_make(&keys, terms.hash, "pencil", "a salt, 16 bytes", 16, 4096);
	const char *text = step(a, client, "", &rc);
	assert_int_equal(rc, GSASL_NEEDS_MORE);
	v.ours = scram_first(&s, a, &terms, text, strlen(text));
	if (v.ours)
		return v;
	assert_string_equal(s.user, "r,om=eo");
	text = step(a, client, scram_challenge(&s, &keys, NULL, NULL), &rc);
	assert_int_equal(rc, GSASL_NEEDS_MORE);
	v.ours = scram_final(&s, text, strlen(text), &answer);
	if (!v.ours) {
		step(a, client, answer, &rc);
		v.theirs = rc == GSASL_OK;
	}
	return v;
}

static struct verdict run(struct exchange x)
{
	struct arena *a = arena_new();
	Gsasl *gsasl;
	Gsasl_session *client;
	assert_int_equal(gsasl_init(&gsasl), GSASL_OK);
	assert_int_equal(gsasl_client_start(gsasl, x.mechanism, &client), GSASL_OK);
	configure(a, client, &x);
	struct verdict v = talk(a, client, &x);
	gsasl_finish(client);
	gsasl_done(gsasl);
	arena_free(a);
	return v;
}

static void both_sides_are_content(void **state)
{
	static const struct exchange exchanges[] = {
		{ "SCRAM-SHA-1", "pencil" },
		{ "SCRAM-SHA-256", "pencil" },
		{ "SCRAM-SHA-1-PLUS", "pencil", exporter, true },
		{ "SCRAM-SHA-256-PLUS", "pencil", exporter, true },
	};
	for (size_t i = 0; i < sizeof exchanges / sizeof *exchanges; i++) {
		struct verdict v = run(exchanges[i]);
		assert_int_equal(v.ours, SASL_OK);
		assert_true(v.theirs);
	}
}

static void a_wrong_password_fails(void **state)
{
	assert_int_equal(run((struct exchange){ "SCRAM-SHA-1", "Pencil" }).ours, SASL_NOT_AUTHORIZED);
	assert_int_equal(run((struct exchange){ "SCRAM-SHA-256-PLUS", "Pencil", exporter, true }).ours, SASL_NOT_AUTHORIZED);
}

static void a_man_in_the_middle_fails(void **state)
{
	const char *other = "thirty-two bytes of another one.";
	assert_int_equal(run((struct exchange){ "SCRAM-SHA-1-PLUS", "pencil", other, true }).ours, SASL_NOT_AUTHORIZED);
	assert_int_equal(run((struct exchange){ "SCRAM-SHA-256-PLUS", "pencil", other, true }).ours, SASL_NOT_AUTHORIZED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides_are_content),
		cmocka_unit_test(a_wrong_password_fails),
		cmocka_unit_test(a_man_in_the_middle_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
