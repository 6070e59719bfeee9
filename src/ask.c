/*
 * Plain blocking calls: the client has one thing to do.
 */
#include "ask.h"
#include "base/buf.h"
#include "xmpp/base64.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

enum { CHUNK = 65536, PASSWORD = 1024 };

/* --- the server --- */

int ask_connect(const char *path, struct fail *why)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof to.sun_path) {
		fail(why, "%s is too long for a socket's name", path);
		return -1;
	}
	memcpy(to.sun_path, path, strlen(path));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0)
		return fd;
	if (errno == ENOENT || errno == ECONNREFUSED)
		fail(why, "no server answers at %s", path);
	else
		fail_errno(why, "cannot ask the server at %s", path);
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool send_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return false;
		bytes += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* The next line's bytes with its end; 0: the other side closed before. */
static size_t receive_line(int fd, struct buf *in)
{
	size_t searched = 0;
	for (;;) {
		const char *end = buf_length(in) > searched ? memchr(buf_start(in) + searched, '\n', buf_length(in) - searched) : NULL;
		if (end)
			return (size_t)(end - buf_start(in)) + 1;
		searched = buf_length(in);
		ssize_t n = read(fd, buf_room(in, CHUNK), CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		buf_added(in, (size_t)n);
	}
}

static char *question(const char *const *words, size_t count, const char *input)
{
	json_t *args = json_array();
	bool is_good = true;
	for (size_t i = 0; i < count; i++)
		is_good &= json_array_append_new(args, json_string(words[i])) == 0;
	json_t *all = is_good ? json_pack("{s:O, s:s}", "args", args, "stdin", input) : NULL;
	char *text = all ? json_dumps(all, JSON_COMPACT) : NULL;
	json_decref(all);
	json_decref(args);
	return text;
}

/* False: it can't be taken, and `why` says so. */
static bool take_part(const char *text, const struct ask_parts *parts, struct fail *why)
{
	struct arena *a = arena_new();
	size_t size = 0;
	const unsigned char *bytes = base64_decode(a, text, &size);
	bool ok = bytes ? parts->take(parts->with, bytes, size, why) : fail(why, "a part of the server's answer is no base64");
	arena_free(a);
	return ok;
}

/* The answer behind all parts; NULL: there is none. */
static json_t *receive(int fd, const struct ask_parts *parts, bool was_sent, struct fail *why)
{
	struct buf in = { 0 };
	json_t *line = NULL;
	for (bool is_part = true; is_part;) {
		size_t size = receive_line(fd, &in);
		if (!size) {                     /* one that refuses us may close before it has read everything */
			fail(why, was_sent ? "the server ended, or turned us away, before it answered" : "the server turned us away");
			break;
		}
		line = json_loadb(buf_start(&in), size, 0, NULL);
		buf_take(&in, size);
		const char *part = json_string_value(json_object_get(line, "part"));
		is_part = part != NULL;
		if (!line)
			fail(why, "the server's answer is no JSON");
		bool is_taken = !is_part || take_part(part, parts, why);
		if (is_part)
			json_decref(line), line = NULL;
		if (!is_taken)
			break;
	}
	buf_clear(&in);
	return line;
}

json_t *ask_server(int fd, const char *const *words, size_t count, const char *input, const struct ask_parts *parts, struct fail *why)
{
	json_t *answer = NULL;
	char *text = question(words, count, input);
	if (!text) {
		fail(why, "the words or the input are no UTF-8");
		goto out;
	}
	bool sent = send_all(fd, text, strlen(text)) && send_all(fd, "\n", 1);
	answer = receive(fd, parts, sent, why);
out:
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
	return answer;
}

/* --- the person --- */

const char *ask_input(struct arena *a, size_t most, struct fail *why)
{
	struct buf in = { 0 };
	ssize_t n;
	while ((n = read(STDIN_FILENO, buf_room(&in, CHUNK), CHUNK)) != 0 && buf_length(&in) <= most) {
		if (n > 0)
			buf_added(&in, (size_t)n);
		else if (errno != EINTR)
			break;
	}
	const char *text = NULL;
	if (n < 0)
		fail_errno(why, "the input can't be read");
	else if (buf_length(&in) > most)
		fail(why, "the input is longer than %zu bytes: split it", most);
	else if (buf_length(&in) && memchr(buf_start(&in), '\0', buf_length(&in)))
		fail(why, "the input holds a NUL");
	else
		text = arena_copy(a, buf_length(&in) ? buf_start(&in) : "", buf_length(&in));
	buf_clear(&in);
	return text;
}

/* A line; NULL at the end of the input, or when it is too long. */
static const char *read_line(struct arena *a)
{
	char line[PASSWORD + 2];
	if (!fgets(line, sizeof line, stdin))
		return NULL;
	size_t size = strcspn(line, "\r\n");
	const char *text = line[size] || feof(stdin) ? arena_copy(a, line, size) : NULL;
	explicit_bzero(line, sizeof line);
	return text;
}

static struct termios before;        /* so that an interrupt leaves the terminal as it was */

static void restore_and_die(int number)
{
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	_exit(128 + number);
}

static const char *read_hidden(struct arena *a, const char *prompt)
{
	struct termios quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	fprintf(stderr, "%s: ", prompt);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	const char *text = read_line(a);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	fputc('\n', stderr);
	return text;
}

const char *ask_password(struct arena *a, struct fail *why)
{
	const char *password, *again = NULL;
	const bool is_terminal = tcgetattr(STDIN_FILENO, &before) == 0;
	if (is_terminal) {
		signal(SIGINT, restore_and_die);
		signal(SIGTERM, restore_and_die);
		password = read_hidden(a, "Password");
		again = password ? read_hidden(a, "The same again") : NULL;
	} else {
		password = read_line(a);
	}
	if (!password)
		fail(why, "no password was given, or it is too long");
	else if (is_terminal && (!again || strcmp(password, again) != 0))
		fail(why, "the two passwords differ");
	else
		return password;
	return NULL;
}
