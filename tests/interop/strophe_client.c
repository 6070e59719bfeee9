/*
 * A client made with libstrophe, for tests/interop/run: commands come by
 * standard input, what happens goes to standard output, a line each. The
 * words are those of slixmpp_client.py.
 *
 *   strophe_client JID PASSWORD ADDRESS PORT CA-FILE
 */
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strophe.h>
#include <unistd.h>

static bool is_online, is_over;

static void send_presence(xmpp_conn_t *conn, const char *type, const char *to)
{
	xmpp_stanza_t *p = xmpp_presence_new(xmpp_conn_get_context(conn));
	if (type)
		xmpp_stanza_set_type(p, type);
	if (to)
		xmpp_stanza_set_to(p, to);
	xmpp_send(conn, p);
	xmpp_stanza_release(p);
}

static void say(xmpp_conn_t *conn, const char *to, const char *text)
{
	xmpp_stanza_t *m = xmpp_message_new(xmpp_conn_get_context(conn), "chat", to, NULL);
	xmpp_message_set_body(m, text);
	xmpp_send(conn, m);
	xmpp_stanza_release(m);
}

static int heard(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *with)
{
	char *body = xmpp_message_get_body(stanza);
	if (body)
		printf("heard %s %s\n", xmpp_stanza_get_from(stanza), body);
	xmpp_free(xmpp_conn_get_context(conn), body);
	return 1;
}

static int saw(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *with)
{
	const char *type = xmpp_stanza_get_type(stanza), *from = xmpp_stanza_get_from(stanza);
	if (!type) {
		printf("sees %s\n", from);
	} else if (strcmp(type, "subscribe") == 0) {
		send_presence(conn, "subscribed", from);
		send_presence(conn, "subscribe", from);
	}
	return 1;
}

static int pushed(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *with)
{
	xmpp_stanza_t *query = xmpp_stanza_get_child_by_ns(stanza, "jabber:iq:roster");
	for (xmpp_stanza_t *item = query ? xmpp_stanza_get_children(query) : NULL; item; item = xmpp_stanza_get_next(item))
		printf("roster %s %s\n", xmpp_stanza_get_attribute(item, "jid"), xmpp_stanza_get_attribute(item, "subscription"));
	return 1;
}

static void ask_roster(xmpp_conn_t *conn)
{
	xmpp_ctx_t *ctx = xmpp_conn_get_context(conn);
	xmpp_stanza_t *iq = xmpp_iq_new(ctx, "get", "roster"), *query = xmpp_stanza_new(ctx);
	xmpp_stanza_set_name(query, "query");
	xmpp_stanza_set_ns(query, "jabber:iq:roster");
	xmpp_stanza_add_child(iq, query);
	xmpp_send(conn, iq);
	xmpp_stanza_release(query);
	xmpp_stanza_release(iq);
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
	xmpp_handler_add(conn, pushed, "jabber:iq:roster", "iq", NULL, NULL);
	ask_roster(conn);
	send_presence(conn, NULL, NULL);
	printf("online %s\n", xmpp_conn_is_secured(conn) ? "secured" : "bare");
}

static void obey(xmpp_conn_t *conn, char *line)
{
	char *word = strtok(line, " \n"), *jid = strtok(NULL, " \n"), *text = strtok(NULL, "\n");
	if (word && strcmp(word, "say") == 0 && text)
		say(conn, jid, text);
	else if (word && strcmp(word, "add") == 0 && jid)
		send_presence(conn, "subscribe", jid);
	else
		xmpp_disconnect(conn);
}

static void listen_to_commands(xmpp_conn_t *conn)
{
	static char line[1024];
	struct pollfd in = { STDIN_FILENO, POLLIN, 0 };
	if (!is_online || poll(&in, 1, 0) <= 0)
		return;
	if (fgets(line, sizeof line, stdin))
		obey(conn, line);
	else
		xmpp_disconnect(conn);
}

int main(int argc, char **argv)
{
	if (argc != 6)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	setvbuf(stdin, NULL, _IONBF, 0);
	xmpp_initialize();
	xmpp_ctx_t *ctx = xmpp_ctx_new(NULL, getenv("DEBUG") ? xmpp_get_default_logger(XMPP_LEVEL_DEBUG) : NULL);
	xmpp_conn_t *conn = xmpp_conn_new(ctx);
	xmpp_conn_set_flags(conn, XMPP_CONN_FLAG_MANDATORY_TLS);
	xmpp_conn_set_jid(conn, argv[1]);
	xmpp_conn_set_pass(conn, argv[2]);
	xmpp_conn_set_cafile(conn, argv[5]);
	if (xmpp_connect_client(conn, argv[3], (unsigned short)atoi(argv[4]), changed, NULL) != XMPP_EOK)
		return 1;
	while (!is_over) {
		xmpp_run_once(ctx, 50);
		listen_to_commands(conn);
	}
	xmpp_conn_release(conn);
	xmpp_ctx_free(ctx);
	xmpp_shutdown();
	return 0;
}
