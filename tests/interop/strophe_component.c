/*
 * A component made with libstrophe, for tests/interop/run. Its words are those
 * of slixmpp_component.py, and it does the same.
 *
 *   strophe_component DOMAIN SECRET ADDRESS PORT
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strophe.h>

static bool is_online, is_over;

/* A client's answer needs no `from`; a component's does. */
static xmpp_stanza_t *answer_to(xmpp_stanza_t *stanza)
{
	xmpp_stanza_t *answer = xmpp_stanza_reply(stanza);
	xmpp_stanza_set_from(answer, xmpp_stanza_get_to(stanza));
	return answer;
}

static void send_presence(xmpp_conn_t *conn, const char *type, const char *from, const char *to)
{
	xmpp_stanza_t *p = xmpp_presence_new(xmpp_conn_get_context(conn));
	if (type)
		xmpp_stanza_set_type(p, type);
	xmpp_stanza_set_from(p, from);
	xmpp_stanza_set_to(p, to);
	xmpp_send(conn, p);
	xmpp_stanza_release(p);
}

static int heard(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *with)
{
	xmpp_ctx_t *ctx = xmpp_conn_get_context(conn);
	char *body = xmpp_message_get_body(stanza), text[512];
	const char *type = xmpp_stanza_get_type(stanza);
	if (body && !(type && strcmp(type, "error") == 0)) {
		xmpp_stanza_t *answer = answer_to(stanza);
		printf("heard %s %s %s\n", xmpp_stanza_get_from(stanza), xmpp_stanza_get_to(stanza), body);
		snprintf(text, sizeof text, "again: %s", body);
		xmpp_message_set_body(answer, text);
		xmpp_send(conn, answer);
		xmpp_stanza_release(answer);
	}
	xmpp_free(ctx, body);
	return 1;
}

static int saw(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *with)
{
	const char *type = xmpp_stanza_get_type(stanza), *to = xmpp_stanza_get_to(stanza);
	char *them = xmpp_jid_bare(xmpp_conn_get_context(conn), xmpp_stanza_get_from(stanza));
	if (type && strcmp(type, "subscribe") == 0) {
		printf("asked %s %s\n", them, to);
		send_presence(conn, "subscribed", to, them);
		send_presence(conn, NULL, to, them);
		send_presence(conn, "subscribe", to, them);
	}
	xmpp_free(xmpp_conn_get_context(conn), them);
	return 1;
}

static int pinged(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *with)
{
	xmpp_stanza_t *answer = answer_to(stanza);
	xmpp_stanza_set_type(answer, "result");
	xmpp_send(conn, answer);
	xmpp_stanza_release(answer);
	return 1;
}

static void changed(xmpp_conn_t *conn, xmpp_conn_event_t event, int error, xmpp_stream_error_t *stream_error, void *with)
{
	if (event != XMPP_CONN_CONNECT) {
		printf("%s %d\n", is_online ? "offline" : "failed", error);
		is_over = true;
		return;
	}
	is_online = true;
	xmpp_handler_add(conn, heard, NULL, "message", NULL, NULL);
	xmpp_handler_add(conn, saw, NULL, "presence", NULL, NULL);
	xmpp_handler_add(conn, pinged, "urn:xmpp:ping", "iq", "get", NULL);
	printf("online\n");
}

static void gave_up(xmpp_conn_t *conn, xmpp_conn_event_t event, int error, xmpp_stream_error_t *stream_error, void *with)
{
	*(bool *)with = true;
}

/* libstrophe 0.12.2 makes what it counts stanzas in for clients only, and needs it for components too: a client that isn't let in lends its own. */
static void mend(xmpp_conn_t *conn, const char *address, unsigned short port)
{
	xmpp_ctx_t *ctx = xmpp_conn_get_context(conn);
	xmpp_conn_t *client = xmpp_conn_new(ctx);
	bool is_done = false;
	xmpp_conn_set_jid(client, "nobody@localhost");
	xmpp_conn_set_pass(client, "");
	xmpp_connect_client(client, address, port, gave_up, &is_done);
	for (int i = 0; i < 200 && !is_done; i++)
		xmpp_run_once(ctx, 50);
	xmpp_sm_state_t *state = xmpp_conn_get_sm_state(client);
	if (state)
		xmpp_conn_set_sm_state(conn, state);
	xmpp_conn_release(client);
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	xmpp_initialize();
	xmpp_ctx_t *ctx = xmpp_ctx_new(NULL, getenv("DEBUG") ? xmpp_get_default_logger(XMPP_LEVEL_DEBUG) : NULL);
	xmpp_conn_t *conn = xmpp_conn_new(ctx);
	xmpp_conn_set_jid(conn, argv[1]);
	xmpp_conn_set_pass(conn, argv[2]);
	mend(conn, argv[3], (unsigned short)atoi(argv[4]));
	if (xmpp_connect_component(conn, argv[3], (unsigned short)atoi(argv[4]), changed, NULL) != XMPP_EOK)
		return 1;
	while (!is_over)
		xmpp_run_once(ctx, 50);
	xmpp_conn_release(conn);
	xmpp_ctx_free(ctx);
	xmpp_shutdown();
	return 0;
}
