/*
 * The reader is expat, since these are files of other people's making: with
 * comments, instructions and declarations that no XMPP stream may have. Of a
 * document only the present element is in memory.
 *
 *   <server-data> <host jid='…'> <user name='…'> child child …
 *    depth 1       depth 2        depth 3         4: copied as it is, and given away in pieces
 *
 * Waiting messages may be many: their wrapper is opened again in each piece.
 * XInclude (§5) is followed where the specification has it: children of
 * server-data, host and user, a relative path, no parse, no xpointer. A path
 * may not lead upwards: the file may be a stranger's.
 */
#include "import.h"
#include "base/arena.h"
#include "base/buf.h"
#include "xml/xml.h"
#include "xmpp/ns.h"
#include <dirent.h>
#include <errno.h>
#include <expat.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024, INCLUDES = 4, SEPARATOR = '\x1f' };
static const char ns_include[] = "http://www.w3.org/2001/XInclude";

struct import {
	import_give *give;
	void        *with;
	struct fail *why;
	bool         is_good;
	XML_Parser   parser;                 /* of the file under way */
	const char  *path;
	unsigned     depth, includes;        /* of elements, over all files; of files */
	unsigned     skipping;               /* the depth of an element that nobody wants; 0: none */
	char        *host, *user, *password; /* escaped for attributes; NULL: none is open */
	bool         is_wrapped;             /* in <offline-messages> */
	bool         has_begun;              /* the piece has its user */
	bool         is_known;               /* an earlier one had it too */
	struct buf   piece;
};

static bool read_file(struct import *, const char *path);

static void stop(struct import *i)
{
	i->is_good = false;
	XML_StopParser(i->parser, XML_FALSE);
}

/* --- text --- */

static void add(struct import *i, const char *text)
{
	buf_add(&i->piece, text, strlen(text));
}

static void add_escaped(struct buf *b, const char *text, size_t size)
{
	for (const char *end = text + size; text < end; text++) {
		const char *as = *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : *text == '&' ? "&amp;" : *text == '\'' ? "&apos;" : *text == '\r' ? "&#xD;" : NULL;
		if (as)
			buf_add(b, as, strlen(as));
		else
			buf_byte(b, *text);
	}
}

static void add_attribute(struct buf *b, const char *name, const char *value)
{
	buf_byte(b, ' ');
	buf_add(b, name, strlen(name));
	buf_add(b, "='", 2);
	for (; *value; value++) {                    /* white space would be made plain by whoever reads it again */
		if (*value == '\n' || *value == '\t')
			buf_add(b, *value == '\n' ? "&#xA;" : "&#x9;", 5);
		else
			add_escaped(b, value, 1);
	}
	buf_byte(b, '\'');
}

static char *escaped(const char *name, const char *value)
{
	struct buf b = { 0 };
	add_attribute(&b, name, value);
	buf_byte(&b, '\0');
	char *text = strdup(buf_start(&b));
	buf_clear(&b);
	return text;
}

/* --- pieces --- */

static void open_user(struct import *i)
{
	if (i->has_begun)
		return;
	if (!buf_length(&i->piece)) {
		add(i, "<server-data xmlns='urn:xmpp:pie:0'><host");
		add(i, i->host);
		add(i, ">");
	}
	add(i, "<user");
	add(i, i->user);
	add(i, !i->is_known ? i->password ? i->password : "" : " continued='yes'");
	add(i, ">");
	i->is_known = true;
	add(i, i->is_wrapped ? "<offline-messages>" : "");
	i->has_begun = true;
}

static void close_user(struct import *i)
{
	if (i->has_begun)
		add(i, i->is_wrapped ? "</offline-messages></user>" : "</user>");
	i->has_begun = false;
}

static void give(struct import *i)
{
	close_user(i);
	if (!buf_length(&i->piece))
		return;
	add(i, "</host></server-data>");
	buf_byte(&i->piece, '\0');
	if (i->is_good && !i->give(i->with, buf_start(&i->piece), i->why))
		stop(i);
	explicit_bzero(buf_start(&i->piece), buf_length(&i->piece));
	buf_clear(&i->piece);
}

static void give_if_large(struct import *i)
{
	if (buf_length(&i->piece) > IMPORT_PIECE)
		give(i);
}

/* --- elements --- */

/* "namespace SEPARATOR name" */
static const char *name_in(const char *full, const char *ns)
{
	size_t size = strlen(ns);
	return strncmp(full, ns, size) == 0 && full[size] == SEPARATOR ? full + size + 1 : NULL;
}

static bool is_pie(const char *full, const char *name)
{
	const char *its = name_in(full, NS_PIE);
	return its && strcmp(its, name) == 0;
}

static const char *value_of(const char **attributes, const char *name)
{
	for (; *attributes; attributes += 2)
		if (strcmp(attributes[0], name) == 0)
			return attributes[1];
	return NULL;
}

/* As it is, its namespace said anew; an attribute with one gets a prefix. */
static void copy_start(struct import *i, const char *full, const char **attributes)
{
	char prefix[32];
	const char *cut = strchr(full, SEPARATOR), *name = cut ? cut + 1 : full;
	char *ns = strndup(full, cut ? (size_t)(cut - full) : 0);
	add(i, "<");
	add(i, name);
	add_attribute(&i->piece, "xmlns", ns);
	for (unsigned n = 0; *attributes; attributes += 2) {
		const char *own = strchr(attributes[0], SEPARATOR), *lang = name_in(attributes[0], NS_XML);
		if (own && !lang) {
			char *its = strndup(attributes[0], (size_t)(own - attributes[0]));
			snprintf(prefix, sizeof prefix, "xmlns:ns%u", ++n);
			add_attribute(&i->piece, prefix, its);
			free(its);
			snprintf(prefix, sizeof prefix, " ns%u:", n);
			add(i, prefix);
		} else {
			add(i, lang ? " xml:" : " ");
		}
		char *attribute = escaped(lang ? lang : own ? own + 1 : attributes[0], attributes[1]);
		add(i, attribute + 1);               /* without its blank */
		free(attribute);
	}
	add(i, ">");
	free(ns);
}

static void copy_end(struct import *i, const char *full)
{
	const char *cut = strchr(full, SEPARATOR);
	add(i, "</");
	add(i, cut ? cut + 1 : full);
	add(i, ">");
}

/* --- XInclude --- */

static bool leads_away(const char *href)
{
	return !*href || *href == '/' || strstr(href, "..") || strchr(href, ':') || strchr(href, '#') || strchr(href, '?');
}

/* A relative URI: %40 is an @. */
static void decode(char *text)
{
	char *to = text;
	for (unsigned n; *text; to++)
		if (*text == '%' && sscanf(text + 1, "%2x", &n) == 1 && n)
			*to = (char)n, text += 3;
		else
			*to = *text++;
	*to = '\0';
}

static void include(struct import *i, const char **attributes)
{
	const char *href = value_of(attributes, "href"), *slash = strrchr(i->path, '/');
	char path[4096], *plain = href ? strdup(href) : NULL;
	if (plain)
		decode(plain);
	i->depth--;                                  /* the file's root stands in place of the element */
	if (!plain || value_of(attributes, "parse") || value_of(attributes, "xpointer") || leads_away(plain) || i->includes == INCLUDES) {
		i->is_good = fail(i->why, "%s, line %lu: this include can't be followed", i->path, (unsigned long)XML_GetCurrentLineNumber(i->parser));
	} else {
		snprintf(path, sizeof path, "%.*s%s", slash ? (int)(slash - i->path) + 1 : 0, i->path, plain);
		read_file(i, path);
	}
	i->depth++;
	i->skipping = i->depth;                      /* what stands in it is for readers that can't */
	free(plain);
	if (!i->is_good)
		stop(i);
}

/* --- what expat tells --- */

static void wrong_place(struct import *i, const char *full)
{
	const char *cut = strchr(full, SEPARATOR);
	if (i->depth == 1)
		i->is_good = fail(i->why, "%s begins with <%.60s>, not with <server-data xmlns='urn:xmpp:pie:0'>", i->path, cut ? cut + 1 : full);
	if (!i->is_good)
		stop(i);
	i->skipping = i->depth;                      /* an extension: §4 */
}

static void start_user(struct import *i, const char **attributes)
{
	const char *name = value_of(attributes, "name"), *password = value_of(attributes, "password");
	i->is_known = false;
	i->user = escaped("name", name ? name : "");
	i->password = password ? escaped("password", password) : NULL;
	open_user(i);
}

static void start(void *with, const char *full, const char **attributes)
{
	struct import *i = with;
	i->depth++;
	const char *included = name_in(full, ns_include);
	if (i->skipping)
		return;
	if (included && strcmp(included, "include") == 0 && i->depth >= 2 && i->depth <= 4)
		include(i, attributes);
	else if (i->depth == 1 && is_pie(full, "server-data"))
		;
	else if (i->depth == 2 && is_pie(full, "host"))
		i->host = escaped("jid", value_of(attributes, "jid") ? value_of(attributes, "jid") : "");
	else if (i->depth == 3 && is_pie(full, "user"))
		start_user(i, attributes);
	else if (i->depth < 4)
		wrong_place(i, full);
	else {
		open_user(i);
		if (i->depth == 4 && is_pie(full, "offline-messages"))
			add(i, "<offline-messages>"), i->is_wrapped = true;
		else
			copy_start(i, full, attributes);
	}
}

static void end_of_user(struct import *i)
{
	close_user(i);
	free(i->user);
	if (i->password)
		explicit_bzero(i->password, strlen(i->password));
	free(i->password);
	i->user = i->password = NULL;
	give_if_large(i);
}

static void end(void *with, const char *full)
{
	struct import *i = with;
	unsigned depth = i->depth--;
	if (i->skipping) {
		i->skipping = i->skipping == depth ? 0 : i->skipping;
	} else if (depth == 2) {
		give(i);
		free(i->host);
		i->host = NULL;
	} else if (depth == 3) {
		end_of_user(i);
	} else if (depth == 4 && i->is_wrapped) {
		add(i, i->has_begun ? "</offline-messages>" : "");
		i->is_wrapped = false;
	} else if (depth >= 4) {
		copy_end(i, full);
		if (depth == 4 || (depth == 5 && i->is_wrapped))
			give_if_large(i);
	}
}

static void text(void *with, const char *bytes, int size)
{
	struct import *i = with;
	if (!i->skipping && i->depth >= 4 && i->has_begun && !(i->depth == 4 && i->is_wrapped))
		add_escaped(&i->piece, bytes, (size_t)size);
}

/* --- files --- */

static void feed(struct import *i, int fd)
{
	ssize_t n = 1;
	while (i->is_good && n > 0) {
		void *room = XML_GetBuffer(i->parser, CHUNK);
		n = room ? read(fd, room, CHUNK) : -1;
		if (n < 0)
			i->is_good = fail_errno(i->why, "cannot read %s", i->path);
		else if (XML_ParseBuffer(i->parser, (int)n, n == 0) == XML_STATUS_ERROR && i->is_good)
			i->is_good = fail(i->why, "%s, line %lu: %s", i->path, (unsigned long)XML_GetCurrentLineNumber(i->parser),
				XML_ErrorString(XML_GetErrorCode(i->parser)));
	}
}

/* In place of what was being read; that goes on afterwards. */
static bool read_file(struct import *i, const char *path)
{
	XML_Parser before = i->parser;
	const char *path_before = i->path;
	int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return i->is_good = fail_errno(i->why, "cannot read %s", path);
	i->includes++;
	i->path = path;
	i->parser = XML_ParserCreateNS("UTF-8", SEPARATOR);
	XML_SetUserData(i->parser, i);
	XML_SetElementHandler(i->parser, start, end);
	XML_SetCharacterDataHandler(i->parser, text);
	feed(i, fd);
	XML_ParserFree(i->parser);
	close(fd);
	i->parser = before;
	i->path = path_before;
	i->includes--;
	return i->is_good;
}

static bool read_document(struct import *i, const char *path)
{
	i->depth = i->skipping = 0;
	bool ok = read_file(i, path);
	free(i->host);
	free(i->user);
	free(i->password);
	i->host = i->user = i->password = NULL;
	i->is_wrapped = i->has_begun = false;
	buf_clear(&i->piece);
	return ok;
}

static int is_document(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name);
	return entry->d_name[0] != '.' && size > 4 && strcmp(entry->d_name + size - 4, ".xml") == 0;
}

static bool read_folder(struct import *i, const char *folder)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_document, alphasort);
	bool ok = count > 0 || (count < 0 ? fail_errno(i->why, "cannot read %s", folder) : fail(i->why, "%s holds no file *.xml", folder));
	for (int n = 0; n < count; n++) {
		char path[4096];
		snprintf(path, sizeof path, "%s/%s", folder, entries[n]->d_name);
		ok = ok && read_document(i, path);
		free(entries[n]);
	}
	if (count >= 0)
		free(entries);
	return ok;
}

bool import_read(const char *path, import_give *fn, void *with, struct fail *why)
{
	struct stat st;
	struct import i = { .give = fn, .with = with, .why = why, .is_good = true };
	if (strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return read_folder(&i, path);
	return read_document(&i, path);
}
