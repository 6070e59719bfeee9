/*
 * SCRAM: the RFCs' exchanges, byte for byte, and all that must be refused.
 *
 * A client here is its messages: `proof_for` makes the last one right with
 * OpenSSL's primitives alone, so that a test can then make one thing wrong.
 */
#include "xmpp/scram.h"
#include "xmpp/base64.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { LONGEST = 2000, ROUNDS = 10 };

static struct arena *a;
static struct scram s;

static const struct scram_binding bindings[] = {
	{ "tls-exporter", "\x01\x00\xff" "32 bytes of keying material..", 32 },
	{ "tls-server-end-point", "the certificate's hash, 32 bytes", 32 },
	{ "tls-unique", NULL, 0 },
};

static int begin(void **state)
{
	a = arena_new();
	return 0;
}

static int end(void **state)
{
	arena_free(a);
	return 0;
}

static struct scram_terms terms(enum scram_hash hash, bool plus)
{
	return (struct scram_terms){ .hash = hash, .plus = plus, .plus_offered = plus, .bindings = bindings,
		.bindings_count = sizeof bindings / sizeof *bindings, .longest = LONGEST };
}

static enum sasl_failure first(struct scram_terms t, const char *text)
{
	return scram_first(&s, a, &t, text, strlen(text));
}

static void keys_of(struct scram_keys *keys, enum scram_hash hash, const char *password, const char *salt, unsigned rounds)
{
	size_t size;
	unsigned char *bytes = base64_decode(a, salt, &size);
	scram_keys_make(keys, hash, password, bytes, size, rounds);
}

/* The client's side: the proof for all messages so far, as RFC 5802 §3 has it. */
static const char *proof_for(const struct scram_keys *keys, const char *password, const char *messages)
{
	static const EVP_MD *(*const mds[])(void) = { EVP_sha1, EVP_sha256, EVP_sha512 };
	const EVP_MD *md = mds[keys->hash]();
	int size = EVP_MD_get_size(md);
	unsigned char salted[64], client[64], stored[64], signature[64];
	PKCS5_PBKDF2_HMAC(password, -1, keys->salt, (int)keys->salt_size, (int)keys->rounds, md, size, salted);
	HMAC(md, salted, size, (const unsigned char *)"Client Key", 10, client, NULL);
	EVP_Digest(client, (size_t)size, stored, NULL, md, NULL);
	HMAC(md, stored, size, (const unsigned char *)messages, strlen(messages), signature, NULL);
	for (int i = 0; i < size; i++)
		client[i] ^= signature[i];
	return base64_encode(a, client, (size_t)size);
}

static enum sasl_failure final(const char *text)
{
	const char *answer;
	enum sasl_failure failure = scram_final(&s, text, strlen(text), &answer);
	assert_int_equal(failure == SASL_OK, answer != NULL);
	assert_int_equal(failure == SASL_OK, s.why == NULL);
	return failure;
}

/* Runs an exchange to the point where `unproved` is all that's wanted, with a good proof behind. */
static enum sasl_failure proved(const struct scram_keys *keys, const char *password, const char *unproved)
{
	const char *messages = arena_printf(a, "%s,%s,%s", s.bare, s.challenge, unproved);
	return final(arena_printf(a, "%s,p=%s", unproved, proof_for(keys, password, messages)));
}

static void runs_as_in_the_rfc(enum scram_hash hash, const char *client, const char *server, const char *salt,
	const char *first_text, const char *last_text, const char *verdict)
{
	struct scram_keys keys;
	const char *answer;
	keys_of(&keys, hash, "pencil", salt, 4096);
	assert_int_equal(first(terms(hash, false), first_text), SASL_OK);
	assert_string_equal(s.user, "user");
	assert_null(s.authzid);
	assert_int_equal(s.flag, 'n');
	assert_string_equal(scram_challenge(&s, &keys, server, NULL),
		arena_printf(a, "r=%s%s,s=%s,i=4096", client, server, salt));
	assert_int_equal(scram_final(&s, last_text, strlen(last_text), &answer), SASL_OK);
	assert_string_equal(answer, verdict);
}

static void rfc5802_section5(void **state)
{
	runs_as_in_the_rfc(SCRAM_SHA_1, "fyko+d2lbbFgONRv9qkxdawL", "3rfcNHYJY1ZVvWVs7j", "QSXCR+Q6sek8bf92",
		"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
		"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
		"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=");
}

static void rfc7677_section3(void **state)
{
	runs_as_in_the_rfc(SCRAM_SHA_256, "rOprNGfwEbeRWgbNEkqO", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", "W22ZaJ0SNY7soEsUEjb6gQ==",
		"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
		"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
		"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

static void the_mechanisms_are_found_by_their_names(void **state)
{
	enum scram_hash hash;
	bool plus;
	for (enum scram_hash h = 0; h < SCRAM_HASHES; h++)
		for (int p = 0; p < 2; p++) {
			assert_true(scram_find(scram_mechanism(h, p), &hash, &plus));
			assert_int_equal(hash, h);
			assert_int_equal(plus, p);
		}
	assert_true(scram_find("SCRAM-SHA-256-PLUS", &hash, &plus) && hash == SCRAM_SHA_256 && plus);
	assert_false(scram_find("SCRAM-SHA-256-PLU", &hash, &plus));
	assert_false(scram_find("SCRAM-MD5", &hash, &plus));
	assert_false(scram_find("PLAIN", &hash, &plus));
	assert_false(scram_find("", &hash, &plus));
}

/* Every hash, with and without each binding, to the end. */
static void a_right_proof_is_accepted(void **state)
{
	struct scram_keys keys;
	for (enum scram_hash h = 0; h < SCRAM_HASHES; h++) {
		keys_of(&keys, h, "pencil", "c2FsdHNhbHRzYWx0c2FsdA==", ROUNDS);
		assert_int_equal(first(terms(h, false), "y,,n=user,r=abc"), SASL_OK);
		scram_challenge(&s, &keys, "def", NULL);
		assert_int_equal(proved(&keys, "pencil", "c=eSws,r=abcdef"), SASL_OK);
		for (int b = 0; b < 2; b++) {
			const char *header = arena_printf(a, "p=%s,,", bindings[b].type);
			char input[100];
			size_t size = strlen(header);
			memcpy(input, header, size);
			memcpy(input + size, bindings[b].data, bindings[b].size);
			const char *cbind = base64_encode(a, input, size + bindings[b].size);
			assert_int_equal(first(terms(h, true), arena_printf(a, "%sn=user,r=abc", header)), SASL_OK);
			assert_string_equal(s.binding, bindings[b].type);
			scram_challenge(&s, &keys, "def", NULL);
			assert_int_equal(proved(&keys, "pencil", arena_printf(a, "c=%s,r=abcdef", cbind)), SASL_OK);
		}
	}
}

static void names_are_decoded(void **state)
{
	assert_int_equal(first(terms(SCRAM_SHA_1, false), "n,a=o=3Dn=2Ce,n=a=2Cb=3Dc\xc3\xa9=3D2C,r=abc,x=1,Y=a=b"), SASL_OK);
	assert_string_equal(s.user, "a,b=c\xc3\xa9=2C");
	assert_string_equal(s.authzid, "o=n,e");
}

static void the_header_with_its_authzid_is_bound(void **state)
{
	struct scram_keys keys;
	keys_of(&keys, SCRAM_SHA_1, "pencil", "c2FsdA==", ROUNDS);
	assert_int_equal(first(terms(SCRAM_SHA_1, false), "n,a=boss,n=user,r=abc"), SASL_OK);
	scram_challenge(&s, &keys, "def", NULL);
	assert_int_equal(proved(&keys, "pencil", arena_printf(a, "c=%s,r=abcdef", base64_encode(a, "n,a=boss,", 9))), SASL_OK);
	assert_int_equal(first(terms(SCRAM_SHA_1, false), "n,a=boss,n=user,r=abc"), SASL_OK);
	scram_challenge(&s, &keys, "def", NULL);
	assert_int_equal(proved(&keys, "pencil", "c=biws,r=abcdef"), SASL_NOT_AUTHORIZED);
}

static void a_malformed_first_message_is_refused(void **state)
{
	static const char *const wrong[] = {
		"", "n", "n,", "n,,", "n,,n=user", "n,,n=user,", "n,,n=user,r=", "n,,r=abc,n=user", "n,,n=,r=abc",
		"n,,n=user,r=a b", "n,,n=user,r=\xc3\xa9", "n,,n=user,r=a\x7f", "n,,n=user,r=a\tb",
		"n,,n=us=er,r=abc", "n,,n=user=,r=abc", "n,,n=user=2,r=abc", "n,,n=user=2c,r=abc", "n,,n=user=41,r=abc",
		"n,user,n=user,r=abc", "n,a=,n=user,r=abc", "n,a==,n=user,r=abc", "n,b=x,n=user,r=abc",
		"N,,n=user,r=abc", "x,,n=user,r=abc", ",,n=user,r=abc", "nn,,n=user,r=abc", "n=,,n=user,r=abc", "p,,n=user,r=abc",
		"F,n,,n=user,r=abc", "n,n=user,r=abc", "n=user,r=abc",
		"n,,m=x,n=user,r=abc", "n,,n=user,r=abc,m=x", "n,,n=user,m=x,r=abc",
		"n,,n=user,r=abc,", "n,,n=user,r=abc,,x=1", "n,,n=user,r=abc,x", "n,,n=user,r=abc,x=", "n,,n=user,r=abc,1=x", "n,,n=user,r=abc,=x",
		"n,,n=user,r=abc,n=other", "n,,n=user,r=abc,r=other", "n,,n=user,r=abc,a=x", "n,,n=user,r=abc,p=x",
		"n,,n=us\xff" "er,r=abc", "n,,n=us\xed\xa0\x80" "er,r=abc", "n,,n=us\xc0\xbd,r=abc",
		"p=tls-exporter,,n=user,r=abc",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		if (first(terms(SCRAM_SHA_1, false), wrong[i]) != SASL_MALFORMED_REQUEST)
			fail_msg("accepted: %s", wrong[i]);
		assert_non_null(s.why);
	}
	struct scram_terms t = terms(SCRAM_SHA_1, false);
	assert_int_equal(scram_first(&s, a, &t, "n,,n=user,r=abc\0", 16), SASL_MALFORMED_REQUEST);
}

static void mandatory_extensions_are_called_so(void **state)
{
	static const char *const wrong[] = { "n,,m=x,n=user,r=abc", "n,,n=user,r=abc,m=x", "n,,n=user,r=abc,y=z,m=x" };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(first(terms(SCRAM_SHA_1, false), wrong[i]), SASL_MALFORMED_REQUEST);
		assert_string_equal(s.why, "a mandatory extension");
	}
}

static void a_message_beyond_the_limit_is_refused(void **state)
{
	struct scram_terms t = terms(SCRAM_SHA_1, false);
	const char *text = "n,,n=user,r=abcdefgh";
	t.longest = strlen(text);
	assert_int_equal(first(t, text), SASL_OK);
	t.longest--;
	assert_int_equal(first(t, text), SASL_MALFORMED_REQUEST);
}

static void the_flag_must_fit_the_mechanism(void **state)
{
	assert_int_equal(first(terms(SCRAM_SHA_1, true), "n,,n=user,r=abc"), SASL_MALFORMED_REQUEST);
	assert_int_equal(first(terms(SCRAM_SHA_1, true), "y,,n=user,r=abc"), SASL_MALFORMED_REQUEST);
	assert_int_equal(first(terms(SCRAM_SHA_1, true), "p=,,n=user,r=abc"), SASL_MALFORMED_REQUEST);
	assert_int_equal(first(terms(SCRAM_SHA_1, true), "p=tls_exporter,,n=user,r=abc"), SASL_MALFORMED_REQUEST);
	assert_int_equal(first(terms(SCRAM_SHA_1, true), "p=tls-exporter,,n=user,r=abc"), SASL_OK);
}

static void a_binding_that_is_not_there_is_refused(void **state)
{
	assert_int_equal(first(terms(SCRAM_SHA_1, true), "p=tls-unique,,n=user,r=abc"), SASL_NOT_AUTHORIZED);
	assert_int_equal(first(terms(SCRAM_SHA_1, true), "p=tls-exporte,,n=user,r=abc"), SASL_NOT_AUTHORIZED);
	assert_int_equal(first(terms(SCRAM_SHA_1, true), "p=TLS-EXPORTER,,n=user,r=abc"), SASL_NOT_AUTHORIZED);
}

static void a_downgrade_is_noticed(void **state)
{
	struct scram_terms t = terms(SCRAM_SHA_256, false);
	assert_int_equal(first(t, "y,,n=user,r=abc"), SASL_OK);
	t.plus_offered = true;
	assert_int_equal(first(t, "y,,n=user,r=abc"), SASL_NOT_AUTHORIZED);
	assert_int_equal(first(t, "n,,n=user,r=abc"), SASL_OK);
}

static void challenged(struct scram_keys *keys, bool plus, const char *header)
{
	keys_of(keys, SCRAM_SHA_256, "pencil", "c2FsdHNhbHRzYWx0c2FsdA==", ROUNDS);
	assert_int_equal(first(terms(SCRAM_SHA_256, plus), arena_printf(a, "%sn=user,r=abc", header)), SASL_OK);
	scram_challenge(&s, keys, "def", NULL);
}

/* All with a proof that is right for what it says. */
static void a_wrong_binding_is_refused(void **state)
{
	static const char header[] = "p=tls-exporter,,";
	struct scram_keys keys;
	char good[48], bad[48];
	memcpy(good, header, 16);
	memcpy(good + 16, bindings[0].data, 32);
	memcpy(bad, good, 48);
	bad[47] ^= 1;
	const char *wrong[] = {
		base64_encode(a, bad, 48), base64_encode(a, good, 47), base64_encode(a, good, 16),
		base64_encode(a, arena_printf(a, "%s%s", header, (const char *)bindings[1].data), 48), "biws", "eSws",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		challenged(&keys, true, header);
		assert_int_equal(proved(&keys, "pencil", arena_printf(a, "c=%s,r=abcdef", wrong[i])), SASL_NOT_AUTHORIZED);
	}
	challenged(&keys, true, header);
	assert_int_equal(proved(&keys, "pencil", arena_printf(a, "c=%s,r=abcdef", base64_encode(a, good, 48))), SASL_OK);
	challenged(&keys, false, "n,,");
	assert_int_equal(proved(&keys, "pencil", "c=eSws,r=abcdef"), SASL_NOT_AUTHORIZED);
	challenged(&keys, false, "n,,");
	assert_int_equal(proved(&keys, "pencil", arena_printf(a, "c=%s,r=abcdef", base64_encode(a, good, 48))), SASL_NOT_AUTHORIZED);
}

static void a_wrong_nonce_is_refused(void **state)
{
	static const char *const wrong[] = { "abc", "abcde", "abcdefg", "abcdeF", "xbcdef", "def" };
	struct scram_keys keys;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		challenged(&keys, false, "n,,");
		assert_int_equal(proved(&keys, "pencil", arena_printf(a, "c=biws,r=%s", wrong[i])), SASL_NOT_AUTHORIZED);
	}
}

static void a_malformed_final_message_is_refused(void **state)
{
	static const char *const wrong[] = {
		"r=abcdef", "c=biws", "r=abcdef,c=biws", "c=,r=abcdef", "c=biws,r=", "c=biw,r=abcdef", "c=biw*,r=abcdef", "c=biws\n,r=abcdef",
		"c=biws,r=abc def", "c=biws,r=abcdef,m=x", "m=x,c=biws,r=abcdef", "c=biws,m=x,r=abcdef",
		"c=biws,r=abcdef,", "c=biws,r=abcdef,x", "c=biws,r=abcdef,x=", "c=biws,r=abcdef,r=abcdef", "c=biws,r=abcdef,p=abcd",
		"c=biws,r=abcdef,x=\xff", ",c=biws,r=abcdef", "C=biws,r=abcdef",
	};
	static const char *const unproved[] = {
		"", ",", "p=", "c=biws,r=abcdef", "c=biws,r=abcdef,p=", "c=biws,r=abcdef,p=dGVzdA==", "c=biws,r=abcdef,p=====",
		"c=biws,r=abcdef,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=",     /* 32 bytes, spare bits not zero */
		"c=biws,r=abcdef,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,x=y",
		"c=biws,r=abcdef,P=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	};
	struct scram_keys keys;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		challenged(&keys, false, "n,,");
		if (proved(&keys, "pencil", wrong[i]) != SASL_MALFORMED_REQUEST)
			fail_msg("accepted: %s", wrong[i]);
	}
	for (size_t i = 0; i < sizeof unproved / sizeof *unproved; i++) {
		challenged(&keys, false, "n,,");
		if (final(unproved[i]) != SASL_MALFORMED_REQUEST)
			fail_msg("accepted: %s", unproved[i]);
	}
}

static void unknown_extensions_are_ignored_but_proved(void **state)
{
	struct scram_keys keys;
	challenged(&keys, false, "n,,");
	assert_int_equal(proved(&keys, "pencil", "c=biws,r=abcdef,x=1,Z=a=b"), SASL_OK);
	challenged(&keys, false, "n,,");
	const char *messages = arena_printf(a, "%s,%s,c=biws,r=abcdef,x=1", s.bare, s.challenge);
	assert_int_equal(final(arena_printf(a, "c=biws,r=abcdef,x=2,p=%s", proof_for(&keys, "pencil", messages))), SASL_NOT_AUTHORIZED);
}

static void our_extensions_are_sent_and_proved(void **state)
{
	struct scram_keys keys;
	keys_of(&keys, SCRAM_SHA_1, "pencil", "c2FsdA==", ROUNDS);
	assert_int_equal(first(terms(SCRAM_SHA_1, false), "n,,n=user,r=abc"), SASL_OK);
	assert_string_equal(scram_challenge(&s, &keys, "def", "h=aGFzaA=="), "r=abcdef,s=c2FsdA==,i=10,h=aGFzaA==");
	assert_int_equal(proved(&keys, "pencil", "c=biws,r=abcdef"), SASL_OK);
}

static void a_wrong_password_is_refused(void **state)
{
	struct scram_keys keys;
	challenged(&keys, false, "n,,");
	assert_int_equal(proved(&keys, "Pencil", "c=biws,r=abcdef"), SASL_NOT_AUTHORIZED);
}

static void every_bit_of_the_proof_counts(void **state)
{
	struct scram_keys keys;
	size_t size;
	for (int bit = 0; bit < 32 * 8; bit++) {
		challenged(&keys, false, "n,,");
		const char *messages = arena_printf(a, "%s,%s,c=biws,r=abcdef", s.bare, s.challenge);
		unsigned char *proof = base64_decode(a, proof_for(&keys, "pencil", messages), &size);
		proof[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_int_equal(final(arena_printf(a, "c=biws,r=abcdef,p=%s", base64_encode(a, proof, size))), SASL_NOT_AUTHORIZED);
	}
}

static void our_nonces_differ(void **state)
{
	struct scram_keys keys;
	keys_of(&keys, SCRAM_SHA_1, "pencil", "c2FsdA==", ROUNDS);
	assert_int_equal(first(terms(SCRAM_SHA_1, false), "n,,n=user,r=abc"), SASL_OK);
	const char *one = scram_challenge(&s, &keys, NULL, NULL);
	assert_int_equal(first(terms(SCRAM_SHA_1, false), "n,,n=user,r=abc"), SASL_OK);
	assert_string_not_equal(scram_challenge(&s, &keys, NULL, NULL), one);
	assert_int_equal(strlen(s.nonce), 3 + 24);
}

static void passwords_are_verified(void **state)
{
	struct scram_keys keys;
	for (enum scram_hash h = 0; h < SCRAM_HASHES; h++) {
		keys_of(&keys, h, "pencil", "c2FsdHNhbHRzYWx0c2FsdA==", ROUNDS);
		assert_true(scram_verify_password(&keys, "pencil"));
		assert_false(scram_verify_password(&keys, "pencil "));
		assert_false(scram_verify_password(&keys, ""));
		keys.rounds++;
		assert_false(scram_verify_password(&keys, "pencil"));
	}
}

static void fake_keys(struct scram_keys *keys, const char *secret, const char *user, enum scram_hash hash)
{
	scram_fake_keys(keys, secret, strlen(secret), user, hash, SCRAM_SALT_USUAL, ROUNDS);
}

static void fake_salts_are_the_same_for_the_same_user_only(void **state)
{
	struct scram_keys one, two;
	fake_keys(&one, "secret", "nobody", SCRAM_SHA_256);
	fake_keys(&two, "secret", "nobody", SCRAM_SHA_256);
	assert_int_equal(one.salt_size, SCRAM_SALT_USUAL);
	assert_int_equal(one.rounds, ROUNDS);
	assert_memory_equal(one.salt, two.salt, SCRAM_SALT_USUAL);
	fake_keys(&two, "secret", "nobodY", SCRAM_SHA_256);
	assert_memory_not_equal(one.salt, two.salt, SCRAM_SALT_USUAL);
	fake_keys(&two, "secret", "nobody", SCRAM_SHA_1);
	assert_memory_not_equal(one.salt, two.salt, SCRAM_SALT_USUAL);
	fake_keys(&two, "Secret", "nobody", SCRAM_SHA_256);
	assert_memory_not_equal(one.salt, two.salt, SCRAM_SALT_USUAL);
}

/* Even with keys that would fit, the mark decides. */
static void fake_keys_let_nobody_in(void **state)
{
	struct scram_keys keys;
	keys_of(&keys, SCRAM_SHA_1, "pencil", "c2FsdA==", ROUNDS);
	keys.fake = true;
	assert_false(scram_verify_password(&keys, "pencil"));
	assert_int_equal(first(terms(SCRAM_SHA_1, false), "n,,n=user,r=abc"), SASL_OK);
	scram_challenge(&s, &keys, "def", NULL);
	assert_int_equal(proved(&keys, "pencil", "c=biws,r=abcdef"), SASL_NOT_AUTHORIZED);
	fake_keys(&keys, "secret", "nobody", SCRAM_SHA_1);
	assert_false(scram_verify_password(&keys, "pencil"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rfc5802_section5),
		TEST(rfc7677_section3),
		TEST(the_mechanisms_are_found_by_their_names),
		TEST(a_right_proof_is_accepted),
		TEST(names_are_decoded),
		TEST(the_header_with_its_authzid_is_bound),
		TEST(a_malformed_first_message_is_refused),
		TEST(mandatory_extensions_are_called_so),
		TEST(a_message_beyond_the_limit_is_refused),
		TEST(the_flag_must_fit_the_mechanism),
		TEST(a_binding_that_is_not_there_is_refused),
		TEST(a_downgrade_is_noticed),
		TEST(a_wrong_binding_is_refused),
		TEST(a_wrong_nonce_is_refused),
		TEST(a_malformed_final_message_is_refused),
		TEST(unknown_extensions_are_ignored_but_proved),
		TEST(our_extensions_are_sent_and_proved),
		TEST(a_wrong_password_is_refused),
		TEST(every_bit_of_the_proof_counts),
		TEST(our_nonces_differ),
		TEST(passwords_are_verified),
		TEST(fake_salts_are_the_same_for_the_same_user_only),
		TEST(fake_keys_let_nobody_in),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
