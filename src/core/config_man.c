/* In the order of the declarations, like docs/configuration.md. */
#include "core/config_man.h"
#include "core/command_page.h"
#include "core/config_table.h"
#include "core/config_value.h"
#include <string.h>

static const char intro[] =
	".SH NAME\njackdaw.conf \\- settings of the XMPP server\n"
	".SH DESCRIPTION\n"
	"A setting is written \\fIkey\\fR = \\fIvalue\\fR, in a section or as \\fIsection\\fR.\\fIkey\\fR = \\fIvalue\\fR. The = may be left out.\n"
	"Case, \\- and _ in names do not matter. A ; or a new line ends a setting; on one line every setting but the first\n"
	"needs = or a ; before it. # begins a comment. Sizes are written 64k or 1m, durations 30s, 5min, 1h or 7d, lists [ a, b ].\n"
	"\\fBinclude\\fR \\fIpattern\\fR reads other files. Relative paths are relative to the file that names them.\n"
	".PP\nScopes inherit: the top level, then xmpp_listener, listen, peer; the top level, then domain.\n"
	"\\fBjackdaw config explain\\fR \\fIKEY\\fR tells a setting's value in each and where it comes from.\n"
	".SH EXAMPLE\n.nf\n"
	"data_dir = \"data\"\n"
	"xmpp_listener {\n  listen \"*:5222\" { }\n  listen \"*:5223\" { tls = direct }\n}\n"
	"domain \"example.com\" {\n  tls_certificate = \"example.com.pem\";  tls_key = \"example.com.key\"\n}\n"
	".fi\n.SH SETTINGS\n";

static void add(struct buf *out, const char *text)
{
	buf_add(out, text, strlen(text));
}

static void one(struct buf *out, struct arena *a, const struct config_entry *e)
{
	const struct setting *s = &e->setting;
	add(out, ".TP\n.B ");
	man_text(out, e->path);
	add(out, "\n");
	man_text(out, arena_printf(a, "%s. It is %s; default %s. In %s. Reload: %s.%s\n", s->help, config_entry_expects(a, e),
		s->preset ? config_value_print(a, &e->preset) : "none", config_kinds_text(a, s->scopes), option_reload_name(s->reload),
		s->later ? " Accepted, and without effect yet." : ""));
}

void config_man(struct buf *out)
{
	struct arena *a = arena_new();
	man_title(out, "JACKDAW.CONF", 5);
	add(out, intro);
	for (const struct config_entry *e = config_table_first(); e; e = e->next)
		one(out, a, e);
	add(out, ".SH FILES\n.TP\n.I /etc/jackdaw/jackdaw.conf\nThe main file. The server never writes it.\n"
		".TP\n.IR data_dir /changes.conf\nWhat was changed at run time; read after the main file.\n"
		".TP\n.IR data_dir /domains.d/*.conf\nDomains that were added at run time.\n.SH SEE ALSO\n.BR jackdaw (1)\n");
	arena_free(a);
}
