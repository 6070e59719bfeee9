/*
 * The traffic log: a line for each stanza that comes in (R) and that goes out
 * (D), and one now and then (M) that says we live.
 *
 * It is a tap, so what it logs is what taps see, on whatever loop. It keeps
 * nothing of a loop: a plan doesn't change while it is followed, and the file
 * has its own lock and thread. Settings, formats and macros are those of
 * Momentum's module of this name.
 */
#include "modules/xmpp_logger.h"
#include "base/line_file.h"
#include "core/config.h"
#include "modules/modules.h"
#include "modules/traffic_format.h"
#include <string.h>

struct traffic_plan {
	struct tap   tap;
	struct arena *arena;
	struct line_file *file;
	struct line_file_options options;    /* without its strings */
	bool         owns_file;              /* no other plan has it */
	bool         is_on;                  /* for who belongs to no domain of ours */
	unsigned     slot;                   /* the module's, of struct host.off */
	const struct traffic_format *format[2], *beat;       /* by enum tap_way; NULL: not logged */
	msec         heartbeat, beat_at;     /* beat_at: the first loop's */
};

static struct traffic_plan *current;         /* of whoever reloads */

/* --- on the loops --- */

static void add_line(const struct traffic_plan *p, const struct traffic_format *f, const struct tap_view *v)
{
	struct buf line = { 0 };
	traffic_format_print(&line, f, v, clock_wall());
	line_file_add(p->file, buf_start(&line), buf_length(&line));
	buf_clear(&line);
}

static void saw(struct tap *tap, const struct tap_view *v)
{
	const struct traffic_plan *p = CONTAINER(tap, struct traffic_plan, tap);
	const struct host *host = v->place->host;
	bool is_on = host ? host_runs(host, p->slot) : p->is_on;
	if (is_on && p->format[v->way])
		add_line(p, p->format[v->way], v);
}

static void second(struct tap *tap)
{
	struct traffic_plan *p = CONTAINER(tap, struct traffic_plan, tap);
	msec now = clock_now();
	if (!p->heartbeat || now < p->beat_at)
		return;
	p->beat_at = now + p->heartbeat;
	add_line(p, p->beat, NULL);
}

/* --- plans --- */

static void plan_free(struct traffic_plan *p)
{
	if (p->owns_file)
		line_file_leave(p->file);
	arena_free(p->arena);
}

static void closed(struct tap *tap)
{
	plan_free(CONTAINER(tap, struct traffic_plan, tap));
}

static unsigned slot(void)
{
	unsigned i = 0;
	while (modules[i] != &mod_xmpp_logger)
		i++;
	return i;
}

/* Somewhere. */
static bool is_wanted(const struct config_scope *g)
{
	bool is_on = config_bool(g, "xmpp_logger.enabled");
	for (const struct config_scope *s = config_first(g, CONFIG_DOMAIN); s && !is_on; s = config_next(s))
		is_on = config_bool(s, "xmpp_logger.enabled");
	return is_on && config_text(g, "xmpp_logger.logfile");
}

/* A configuration that has come so far has been checked. */
static const struct traffic_format *format(struct arena *a, const struct config_scope *g, const char *wish, const char *name)
{
	return config_bool(g, wish) ? traffic_format_read(a, config_text(g, name), true, NULL) : NULL;
}

static struct line_file_options options_of(const struct config_scope *g)
{
	return (struct line_file_options){
		.path = config_text(g, "xmpp_logger.logfile"), .tag = "XMPP_LOGGER",
		.mode = (unsigned)config_int(g, "xmpp_logger.logmode"),
		.size = config_int(g, "xmpp_logger.rotate_size"), .period = config_duration(g, "xmpp_logger.rotate_every"),
		.older = (unsigned)config_int(g, "xmpp_logger.rotate_keep"),
	};
}

static struct traffic_plan *plan_new(const struct config_scope *g)
{
	struct arena *a = arena_new();
	struct traffic_plan *p = ARENA_NEW(a, struct traffic_plan);
	p->arena = a;
	p->tap.saw = saw;
	p->tap.second = second;
	p->tap.closed = closed;
	p->is_on = config_bool(g, "xmpp_logger.enabled");
	p->slot = slot();
	p->format[TAP_IN] = format(a, g, "xmpp_logger.log_reception", "xmpp_logger.log_reception_format");
	p->format[TAP_OUT] = format(a, g, "xmpp_logger.log_delivery", "xmpp_logger.log_delivery_format");
	p->beat = traffic_format_read(a, config_text(g, "xmpp_logger.log_heartbeat_format"), false, NULL);
	p->heartbeat = config_duration(g, "xmpp_logger.heartbeat");
	p->options = options_of(g);
	p->options.path = p->options.tag = NULL;
	return p;
}

static bool is_same_file(const char *path)
{
	return current && strcmp(line_file_path(current->file), path) == 0;
}

bool xmpp_logger_prepare(const struct config *c, struct traffic_plan **plan, struct fail *why)
{
	const struct config_scope *g = config_global(c);
	*plan = NULL;
	if (!is_wanted(g))
		return true;
	const struct line_file_options o = options_of(g);
	struct traffic_plan *p = plan_new(g);
	if (is_same_file(o.path))
		p->file = current->file;
	else if ((p->file = line_file_open(&o, why)))
		p->owns_file = true;
	if (p->file) {
		*plan = p;
		return true;
	}
	arena_free(p->arena);
	return false;
}

void xmpp_logger_forget(struct traffic_plan *p)
{
	if (p)
		plan_free(p);
}

void xmpp_logger_follow(struct traffic_plan *p)
{
	struct traffic_plan *old = current;
	if (p && old && p->file == old->file) {
		line_file_set(p->file, &p->options);
		p->owns_file = true;
		old->owns_file = false;
	}
	current = p;
	if (old || p)
		tap_replace(old ? &old->tap : NULL, p ? &p->tap : NULL);
}

void xmpp_logger_reopen(void)
{
	if (current)
		line_file_reopen(current->file);
}

void xmpp_logger_stop(void)
{
	if (!current)
		return;
	line_file_close(current->file);
	arena_free(current->arena);
	current = NULL;
}

/* --- what a configuration may say --- */

static void check(const struct config *c, struct config_report *report)
{
	static const struct { const char *name; bool is_of_a_stanza; } formats[] = {
		{ "xmpp_logger.log_reception_format", true }, { "xmpp_logger.log_delivery_format", true }, { "xmpp_logger.log_heartbeat_format", false },
	};
	struct arena *a = arena_new();
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		const struct config_value *v = config_value(config_global(c), formats[i].name);
		struct fail why;
		if (!traffic_format_read(a, v->text, formats[i].is_of_a_stanza, &why))
			config_error(report, v->place, "%s: %s", formats[i].name, why.text);
	}
	arena_free(a);
}

const struct module mod_xmpp_logger = {
	.name  = "xmpp_logger",
	.title = "Traffic log",
	.check = check,
};
