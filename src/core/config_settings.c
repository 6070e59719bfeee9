/*
 * Read it as the reference page is read: from the top level down. The order
 * in a row is name, type, default, help, scopes, then what is not usual.
 */
#include "core/config_settings.h"

#define SECOND 1000LL
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define YEAR   (366 * 24 * HOUR)
#define KIB    1024LL
#define MIB    (1024 * KIB)
#define GIB    (1024 * MIB)
#define RESTART .reload = RELOAD_RESTART
#define NEW_ONES .reload = RELOAD_NEW
#define LATER   .later = true
#define IN_BOTH (IN_GLOBAL | IN_DOMAIN)
#define IN_ALL  (IN_GLOBAL | IN_LISTENERS)
#define IN_TLS  (IN_GLOBAL | IN_LISTENERS | IN_DOMAIN | IN_BINDINGS)
#define IN_AUTH (IN_GLOBAL | IN_LISTENERS | IN_DOMAIN)
#define IN_COMPONENTS (IN_GLOBAL | IN_DOMAIN | IN_COMPONENT)
#define LEVELS  "failure major problem low all"
#define SCHEMES "sqlite file odbc pgsql mysql ldap http https exec pam"

static const struct setting top[] = {
	{ "data_dir", OPTION_PATH, "/var/lib/jackdaw", "Folder for the database and what is changed at run time", IN_GLOBAL, RESTART },
	{ "control_socket", OPTION_PATH, NULL, "Unix socket for the command line; without it, control.sock in the data folder", IN_GLOBAL, RESTART },
	{ "user", OPTION_STRING, "jackdaw", "Account to change to when started as root", IN_GLOBAL, .max = 64, RESTART },
	{ "threads", OPTION_INT, "0", "Event loops; 0: one fewer than there are cores, and at least one", IN_GLOBAL, 0, 256, RESTART },
	{ "pool_threads", OPTION_INT, "0", "Threads for passwords, certificates and files; 0: as many as cores", IN_GLOBAL, 0, 256, RESTART },
	{ "admins", OPTION_LIST, NULL, "Addresses of administrators: of the server, or in a domain of that domain", IN_BOTH },
	{ "sandbox", OPTION_ENUM, "on", "Landlock and seccomp; on: as far as the kernel has them; required: not without; off: for debuggers", IN_GLOBAL,
	  .words = "on required off", RESTART },
};

static const struct setting listeners[] = {
	{ "enable", OPTION_BOOL, "yes", "No: the block is checked, and its socket stays closed; of a peer: as if it weren't there", IN_LISTENERS | IN_PATHWAYS },
	{ "channels", OPTION_INT, "10000", "Connections at the same time; 0: no socket is opened", IN_LISTENER | IN_LISTEN, 0, 10000000 },
	{ "listen_backlog", OPTION_INT, "500", "Length of the kernel's queue of new connections", IN_GLOBAL | IN_LISTENER | IN_LISTEN, 1, 65535 },
	{ "accept_queue_backlog", OPTION_INT, "0", "Accepted connections that haven't said yet what they speak, before further ones wait in the kernel's queue; 0: no limit", IN_GLOBAL | IN_LISTENER | IN_LISTEN, 0, 1000000 },
	{ "concurrency", OPTION_INT, "0", "Threads of this listener or pool; 0: the common ones", IN_LISTENER | IN_LISTEN | IN_THREADPOOL, 0, 256, RESTART },
	{ "pool_name", OPTION_STRING, NULL, "The threadpool to use", IN_LISTENER | IN_LISTEN, .max = 64, RESTART },
	{ "events_per_iter", OPTION_INT, "0", "Stanzas of one connection, turns of one account and new connections of a socket that are handled in one round of a loop; 0: no limit", IN_ALL | IN_THREADPOOL, 0, 1000000 },
	{ "disable_nagle_algorithm", OPTION_BOOL, "yes", "Set TCP_NODELAY: what a round wrote leaves at once, in one piece", IN_ALL, NEW_ONES },
	{ "tcp_recv_buffer_size", OPTION_SIZE, "0", "SO_RCVBUF; 0: the kernel decides", IN_ALL, 0, GIB, NEW_ONES },
	{ "tcp_send_buffer_size", OPTION_SIZE, "0", "SO_SNDBUF; 0: the kernel decides", IN_ALL, 0, GIB, NEW_ONES },
	{ "file_mode", OPTION_MODE, "0660", "Access rights of a Unix socket, octal", IN_GLOBAL | IN_LISTENER | IN_LISTEN, 0, 0777 },
	{ "idle_time", OPTION_DURATION, "30min", "A silent peer is asked, then disconnected; 0: never", IN_ALL | IN_PATHWAYS, 0, YEAR },
	{ "access", OPTION_ENUM, "allow", "deny: who comes by here, or from this peer, is closed before a byte is read", IN_LISTENERS, .words = "allow deny", NEW_ONES },
	{ "proxy_protocol", OPTION_LIST, NULL, "Networks, or unix, whose connections must begin with a PROXY header (version 1 or 2)", IN_LISTENER | IN_LISTEN, NEW_ONES },
	{ "streams", OPTION_LIST, "[ client server component ]", "Kinds of XMPP stream that are taken", IN_LISTENERS, .words = "client server component", NEW_ONES },
	{ "http", OPTION_LIST, NULL, "What is served over HTTP", IN_LISTENERS, .words = "websocket bosh upload statistics api administration", LATER },
	{ "tls", OPTION_ENUM, "auto", "auto: look at the first byte, and offer STARTTLS; direct: TLS from the first byte; off: never; required: as auto, and nobody logs in without", IN_LISTENERS, .words = "auto direct starttls off required", NEW_ONES },
	{ "tls", OPTION_ENUM, "required", "TLS for clients of the domain", IN_BOTH, .words = "required optional off", NEW_ONES },
	{ "tls_certificate", OPTION_PATHS, NULL, "Certificate and chain, PEM; or a list, with one for each kind of key", IN_TLS, NEW_ONES },
	{ "tls_key", OPTION_PATHS, NULL, "Its key, PEM, or a list in the same order; none: each is in its certificate's file", IN_TLS, NEW_ONES },
	{ "tls_key_password", OPTION_SECRET, NULL, "Password of the keys that are encrypted", IN_TLS, NEW_ONES },
	{ "tls_key_password_file", OPTION_PATH, NULL, "A file whose first line is that password", IN_TLS, NEW_ONES },
	{ "tls_ciphers", OPTION_STRING, NULL, "OpenSSL's list for TLS 1.2; none: ECDHE with AEAD", IN_TLS, NEW_ONES },
	{ "tls_suites", OPTION_STRING, NULL, "Suites of TLS 1.3; none: OpenSSL's", IN_TLS, NEW_ONES },
	{ "tls_minimum", OPTION_ENUM, "1.2", "Oldest version of TLS", IN_TLS, .words = "1.2 1.3", NEW_ONES },
	{ "tls_client_ca", OPTION_PATH, NULL, "Authorities of client certificates, file or folder", IN_TLS, NEW_ONES },
	{ "tls_verify_mode", OPTION_ENUM, "none", "Whether clients show a certificate", IN_TLS, .words = "none optional required", NEW_ONES },
};

static const struct setting domain[] = {
	{ "xmpp_role", OPTION_ENUM, "both", "server: streams to the domain are accepted; client: streams from it may be opened", IN_DOMAIN | IN_BINDINGS, .words = "server client both", LATER },
	{ "xmpp_dialback_secret", OPTION_SECRET, NULL, "Secret of dialback keys; none: one is made and kept", IN_BOTH | IN_BINDINGS, .max = 1024, LATER },
	{ "suspended", OPTION_BOOL, "no", "Nobody may log in, and to others the domain's users don't exist; what is kept of them stays", IN_DOMAIN },
};

static const struct setting auth[] = {
	{ "mechanisms", OPTION_LIST, "[ SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-1 PLAIN HT-SHA-256-EXPR HT-SHA-256-UNIQ HT-SHA-256-ENDP HT-SHA-256-NONE ]", "SASL mechanisms that are offered; in a listener: of the domain's, only these", IN_AUTH,
	  .words = "SCRAM-SHA-512-PLUS SCRAM-SHA-512 SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-1 PLAIN EXTERNAL ANONYMOUS"
		" OAUTHBEARER HT-SHA-256-NONE HT-SHA-256-EXPR HT-SHA-256-ENDP HT-SHA-256-UNIQ DIGEST-MD5 CRAM-MD5 LOGIN GSSAPI", NEW_ONES },
	{ "allow_plain_without_tls", OPTION_BOOL, "no", "PLAIN on a connection that anybody can read; not if listener or domain says no", IN_AUTH, NEW_ONES },
	{ "verifier_cache", OPTION_DURATION, "1h", "How long a checked password is remembered (keyed, in memory); 0: not at all. The shorter one of listener and domain", IN_AUTH, 0, YEAR },
	{ "anonymous", OPTION_BOOL, "no", "Anybody may come in, by SASL ANONYMOUS; the section anonymous says what they may do", IN_BOTH, NEW_ONES },
	{ "oauth.keys", OPTION_PATHS, NULL, "Public keys of whoever makes the tokens for OAUTHBEARER: PEM or a JWK Set, one file or a list", IN_BOTH, NEW_ONES },
	{ "oauth.secret_file", OPTION_PATH, NULL, "A file with the secret of tokens that are made with HS256, at least 32 bytes; who has it can be anybody", IN_BOTH, NEW_ONES },
	{ "oauth.issuer", OPTION_STRING, NULL, "What tokens must say in iss; none: anything, if the key is right", IN_BOTH, .max = 1024, NEW_ONES },
	{ "oauth.audience", OPTION_LIST, NULL, "What tokens must have one of in aud; none: the domain's name", IN_BOTH, NEW_ONES },
	{ "oauth.scope", OPTION_STRING, NULL, "A word that tokens must have in scope; none: they need none", IN_BOTH, .max = 256, NEW_ONES },
	{ "oauth.claim", OPTION_STRING, "sub", "The claim with the user's name, or with an address of the domain", IN_BOTH, .max = 64, NEW_ONES },
	{ "oauth.leeway", OPTION_DURATION, "30s", "How far the clocks of others may be off", IN_BOTH, 0, HOUR, NEW_ONES },
	{ "oauth.create", OPTION_BOOL, "no", "Who has a good token and no account gets one, without a password", IN_BOTH, NEW_ONES },
	{ "oauth.end_sessions", OPTION_BOOL, "yes", "A session ends when the token does by which it logged in", IN_BOTH, NEW_ONES },
	{ "oauth.configuration", OPTION_STRING, NULL, "The URL of the issuer's OpenID configuration, which clients are told when a token fails", IN_BOTH, .max = 1024, NEW_ONES },
	{ "scram_iterations", OPTION_INT, "10000", "Rounds for new passwords", IN_BOTH, 4096, 10000000 },
	{ "legacy", OPTION_BOOL, "no", "Also jabber:iq:auth (XEP-0078): password where PLAIN is offered, digest where CRAM-MD5 is", IN_AUTH, NEW_ONES },
	{ "gssapi.keytab", OPTION_PATH, NULL, "Kerberos' keys of xmpp/DOMAIN, for GSSAPI; none: it isn't offered", IN_GLOBAL, RESTART },
	{ "gssapi.realm", OPTION_STRING, NULL, "Whose users are the domain's; none: the realm of its own name", IN_BOTH, .max = 256, NEW_ONES },
	{ "plain.uri", OPTION_URI, "sqlite:", "Where passwords are, for all mechanisms; DIGEST-MD5 may have another place", IN_AUTH, .words = SCHEMES, NEW_ONES },
	{ "digest_md5.uri", OPTION_URI, NULL, "Where passwords for DIGEST-MD5 are, which is offered then; none: where all are", IN_AUTH, .words = SCHEMES, NEW_ONES },
	{ "source_timeout", OPTION_DURATION, "10s", "Until a program, PAM or a web service that is asked for a password counts as silent", IN_GLOBAL, SECOND, 25 * SECOND },
	{ "source_workers", OPTION_INT, "4", "Questions that one of them is asked at once, and so how often a program runs", IN_GLOBAL, 1, 64 },
	{ "https_trusted", OPTION_PATH, NULL, "Authorities of https: sources, a file; none: the system's", IN_GLOBAL },
};

static const struct setting archive[] = {
	{ "default", OPTION_ENUM, "always", "What is archived for those who chose nothing", IN_BOTH, .words = "always roster never", LATER },
	{ "keep", OPTION_DURATION, "0", "How long messages are kept; 0: for ever", IN_BOTH, 0, 100 * YEAR, LATER },
	{ "page", OPTION_INT, "250", "Messages in one page of an answer", IN_BOTH, 1, 10000, LATER },
};

static const struct setting logging[] = {
	{ "level", OPTION_ENUM, "major", "How detailed", IN_GLOBAL, .words = LEVELS },
	{ "output", OPTION_PATH, "stderr", "stderr, journal or a file", IN_GLOBAL, .words = "stderr journal", RESTART },
	{ "format", OPTION_ENUM, "text", "How a line looks", IN_GLOBAL, .words = "text json journal", RESTART },
	{ "tags", OPTION_MAP, NULL, "Levels of their own for tags that begin so: XMPPS = low", IN_GLOBAL, .words = LEVELS },
};

static const struct setting audit[] = {
	{ "enabled", OPTION_BOOL, "yes", "Keep a trail of administrative acts", IN_GLOBAL, RESTART },
	{ "file", OPTION_PATH, NULL, "Where it is; none: audit.log in the data folder", IN_GLOBAL, RESTART },
};

static const struct setting limits[] = {
	{ "enabled", OPTION_BOOL, "yes", "No: no limit of rate or number of connections is kept", IN_GLOBAL },
	{ "connections", OPTION_INT, "100000", "Connections of the whole server; 0: no limit", IN_GLOBAL, 0, 100000000 },
	{ "connections_per_address", OPTION_INT, "100", "Connections from one address (IPv6: one /64)", IN_ALL, 0, 10000000, NEW_ONES },
	{ "connects_per_minute", OPTION_INT, "600", "New connections from one address (IPv6: one /64) in a minute", IN_ALL, 0, 10000000, NEW_ONES },
	{ "unauthenticated_timeout", OPTION_DURATION, "30s", "From connecting to being logged in", IN_ALL, SECOND, HOUR, NEW_ONES },
	{ "stanza_size_before_auth", OPTION_SIZE, "10k", "Bytes of a stanza before authentication", IN_ALL, 10000, 16 * MIB, NEW_ONES },
	{ "stanza_size", OPTION_SIZE, "256k", "Bytes of a stanza (RFC 6120 §13.12: at least 10000)", IN_ALL | IN_DOMAIN, 10000, 64 * MIB, NEW_ONES },
	{ "stanza_depth", OPTION_INT, "64", "Elements inside one another", IN_ALL, 8, 1024, NEW_ONES },
	{ "stanza_attributes", OPTION_INT, "64", "Attributes of one element", IN_ALL, 8, 1024, NEW_ONES },
	{ "stanzas_per_second", OPTION_INT, "100", "Of a client's session, in the long run; 0: no limit", IN_ALL | IN_DOMAIN, 0, 10000000, NEW_ONES },
	{ "stanzas_burst", OPTION_INT, "1000", "Stanzas that a session may be ahead", IN_ALL | IN_DOMAIN, 1, 10000000, NEW_ONES },
	{ "bytes_per_second", OPTION_SIZE, "64k", "Of a client's session, in the long run; 0: no limit", IN_ALL | IN_DOMAIN, 0, GIB, NEW_ONES },
	{ "bytes_burst", OPTION_SIZE, "1m", "Bytes that a session may be ahead", IN_ALL | IN_DOMAIN, 10000, GIB, NEW_ONES },
	{ "server_bytes_per_second", OPTION_SIZE, "1m", "Of an incoming server stream; 0: no limit", IN_ALL, 0, GIB, LATER },
	{ "server_bytes_burst", OPTION_SIZE, "8m", "Bytes that a server stream may be ahead", IN_ALL, 10000, GIB, LATER },
	{ "logins_per_minute", OPTION_INT, "30", "Failed logins from one address (IPv6: one /64)", IN_ALL, 0, 1000000 },
	{ "logins_per_account", OPTION_INT, "10", "Failed logins to one account in a minute", IN_BOTH, 0, 1000000 },
	{ "login_attempts", OPTION_INT, "5", "Failed logins on one stream, then it ends", IN_ALL, 1, 100 },
	{ "anonymous", OPTION_INT, "1000", "Anonymous users (SASL ANONYMOUS) of the whole server at the same time; 0: no limit", IN_GLOBAL, 0, 10000000, NEW_ONES },
	{ "registrations_per_hour", OPTION_INT, "3", "New accounts from one address (IPv6: one /64)", IN_BOTH, 0, 1000000 },
	{ "strangers_per_hour", OPTION_INT, "200", "Addresses outside its roster that one account may write to first; 0: no limit", IN_BOTH, 0, 1000000 },
	{ "subscriptions_per_hour", OPTION_INT, "200", "Subscription requests of one account; 0: no limit", IN_BOTH, 0, 1000000 },
	{ "roster_items", OPTION_INT, "1000", "Contacts of one account", IN_BOTH, 1, 1000000 },
	{ "resources", OPTION_INT, "20", "Sessions of one account", IN_BOTH, 1, 1000 },
	{ "write_queue_soft", OPTION_SIZE, "256k", "Bytes waiting for a slow reader before pages wait", IN_ALL, 4096, GIB, NEW_ONES },
	{ "write_queue_hard", OPTION_SIZE, "4m", "Bytes waiting for a slow reader before its stream ends", IN_ALL, 65536, GIB, NEW_ONES },
	{ "unsettled_stanzas", OPTION_INT, "200", "Stanzas of a connection not yet settled before it isn't read", IN_ALL, 1, 1000000 },
	{ "unsettled_bytes", OPTION_SIZE, "1m", "Their bytes", IN_ALL, 65536, GIB },
	{ "memory", OPTION_SIZE, "0", "Memory of the whole server above which nobody is read; 0: half of what the machine has", IN_GLOBAL, 0, INT64_MAX },
	{ "mailbox", OPTION_INT, "1000", "Turns waiting for one entity", IN_GLOBAL, 10, 1000000 },
	{ "store_patience", OPTION_DURATION, "10s", "Without a commit for so long, the store counts as slow", IN_GLOBAL, SECOND, HOUR },
};

static const struct setting acks[] = {
	{ "resume_time", OPTION_DURATION, "10min", "How long a session that lost its connection waits for its client to resume it (XEP-0198); 0: it can't be resumed", IN_ALL, 0, 24 * HOUR, NEW_ONES },
	{ "queue_stanzas", OPTION_INT, "2000", "Stanzas that a client may leave unacknowledged, there or away; then its session ends", IN_ALL, 100, 1000000, NEW_ONES },
	{ "queue_bytes", OPTION_SIZE, "4m", "Their bytes", IN_ALL, MIB, GIB, NEW_ONES },
	{ "answer_time", OPTION_DURATION, "2min", "Without an answer to <r/> for so long, the connection counts as lost; 0: it may take for ever", IN_ALL, 0, 24 * HOUR, NEW_ONES },
	{ "location", OPTION_STRING, NULL, "Where clients are asked to come back to, as address:port or [IPv6]:port; none: where they came before", IN_ALL, .max = 300, NEW_ONES },
};

static const struct setting session[] = {
	{ "conflict", OPTION_ENUM, "replace", "A resource that is taken: a new name, the old session ends, or the new one is refused", IN_BOTH, .words = "new replace refuse" },
	{ "idle_after", OPTION_DURATION, "10min", "A user of whom nothing was heard for so long counts as idle, in lists and figures", IN_GLOBAL, SECOND, YEAR },
};

static const struct setting legacy[] = {
	{ "error_codes", OPTION_BOOL, "no", "Also give errors the numbers that old clients read (XEP-0086)", IN_BOTH },
	{ "delay_stamps", OPTION_BOOL, "no", "Also stamp messages that waited as old clients read it (XEP-0091)", IN_BOTH },
};

static const struct setting services[] = {
	{ "conference", OPTION_STRING, "conference", "Name before the domain for rooms; off: none", IN_BOTH, LATER },
	{ "pubsub", OPTION_STRING, "pubsub", "Name before the domain for publish-subscribe; off: none", IN_BOTH, LATER },
	{ "upload", OPTION_STRING, "upload", "Name before the domain for file upload; off: none", IN_BOTH, LATER },
	{ "proxy", OPTION_STRING, "proxy", "Name before the domain for SOCKS5 bytestreams; off: none", IN_BOTH, LATER },
};

static const struct setting pubsub[] = {
	{ "create", OPTION_ENUM, "admins", "Who creates nodes", IN_BOTH, .words = "admins local anyone", LATER },
};

static const struct setting s2s[] = {
	{ "enabled", OPTION_BOOL, "yes", "Talk to other servers", IN_BOTH, LATER },
	{ "idle_time", OPTION_DURATION, "10min", "An outgoing stream without stanzas is closed; 0: never", IN_BOTH | IN_PATHWAYS, 0, YEAR, LATER },
	{ "connect_timeout", OPTION_DURATION, "30s", "From the first stanza to an authenticated stream", IN_BOTH, SECOND, HOUR, LATER },
	{ "queue", OPTION_INT, "1000", "Stanzas waiting for one domain", IN_BOTH, 1, 1000000, LATER },
	{ "tls", OPTION_ENUM, "required", "checked: and the certificate must be valid; optional: also clear text", IN_BOTH, .words = "checked required optional off", LATER },
	{ "checked_domains", OPTION_LIST, NULL, "Domains (or *.patterns) that are only reached over TLS with a valid certificate; !domain: never over TLS", IN_BOTH, LATER },
	{ "dialback", OPTION_BOOL, "yes", "Servers may prove their name by dialback (XEP-0220)", IN_BOTH, LATER },
	{ "trusted", OPTION_PATH, NULL, "Authorities of servers, file or folder; none: the system's", IN_BOTH, LATER },
	{ "routes", OPTION_MAP, NULL, "Static routes: company.dom = \"relay:5269\"", IN_BOTH, LATER },
};

static const struct setting dns[] = {
	{ "servers", OPTION_LIST, NULL, "Resolvers; none: the system's", IN_GLOBAL, LATER },
	{ "hosts", OPTION_PATH, NULL, "A hosts file read before asking", IN_GLOBAL, LATER },
	{ "dnssec", OPTION_BOOL, "yes", "Check signatures, and use DANE where they hold", IN_GLOBAL, LATER },
	{ "trust_anchor", OPTION_PATH, "/usr/share/dns/root.key", "The root's key", IN_GLOBAL, LATER },
	{ "timeout", OPTION_DURATION, "10s", "For one answer", IN_GLOBAL, SECOND, HOUR, LATER },
};

static const struct setting store[] = {
	{ "uri", OPTION_URI, "sqlite:", "The database; sqlite: is in the data folder", IN_GLOBAL, .words = "sqlite pgsql mysql odbc", RESTART, LATER },
	{ "readers", OPTION_INT, "3", "Threads that read", IN_GLOBAL, 1, 64, RESTART },
};

static const struct setting component[] = {
	{ "secret", OPTION_SECRET, NULL, "What a component must know (XEP-0114); none: none may connect", IN_COMPONENTS, .max = 1024 },
	{ "allowed", OPTION_LIST, NULL, "Names that a component may take without a section of its own, or patterns as *.example.com; none: those below the domains with a secret", IN_BOTH },
	{ "domains", OPTION_LIST, NULL, "Further domains that this component serves, or patterns as *.irc.example.com", IN_COMPONENT },
	{ "tls", OPTION_ENUM, "local", "local: in clear text from this machine only; required: always TLS; optional: in clear text from anywhere", IN_COMPONENTS,
	  .words = "local required optional", NEW_ONES },
	{ "conflict", OPTION_ENUM, "refuse", "A second connection for a domain: is refused, takes the place of the first, or shares its work, by recipient", IN_COMPONENTS,
	  .words = "refuse replace share", NEW_ONES },
	{ "listed", OPTION_BOOL, "yes", "Who asks the domain above for its services is told of it", IN_COMPONENTS },
	{ "queue", OPTION_INT, "0", "Messages and subscriptions that wait for a component that is away; 0: they are returned", IN_COMPONENTS, 0, 1000000 },
	{ "queue_bytes", OPTION_SIZE, "4m", "The memory that they hold; a small one takes some KiB", IN_COMPONENTS, 65536, GIB },
	{ "queue_time", OPTION_DURATION, "10min", "How long each waits before it is returned", IN_COMPONENTS, SECOND, YEAR },
	{ "idle_time", OPTION_DURATION, "5min", "A silent component is asked (XEP-0199), then disconnected; 0: never", IN_COMPONENTS, 0, YEAR },
	{ "stanza_size", OPTION_SIZE, "1m", "Bytes of a stanza from a component", IN_COMPONENTS, 10000, 64 * MIB, NEW_ONES },
	{ "stanzas_per_second", OPTION_INT, "0", "From one component, in the long run; 0: no limit", IN_COMPONENTS, 0, 10000000, NEW_ONES },
	{ "bytes_per_second", OPTION_SIZE, "0", "From one component, in the long run; 0: no limit", IN_COMPONENTS, 0, GIB, NEW_ONES },
	{ "unsettled_stanzas", OPTION_INT, "500", "Of one component, not yet settled, before it is read no further; at most half of limits.mailbox counts", IN_COMPONENTS, 1, 1000000 },
	{ "unsettled_bytes", OPTION_SIZE, "8m", "Their bytes", IN_COMPONENTS, 65536, GIB },
	{ "write_queue", OPTION_SIZE, "16m", "Bytes waiting for a component that doesn't read before its stream ends", IN_COMPONENTS, 65536, GIB },
};

static const struct setting xmpp_logger[] = {
	{ "logfile", OPTION_PATH, NULL, "Where traffic is logged; none: nowhere", IN_GLOBAL },
	{ "logmode", OPTION_MODE, "0644", "Access rights of the file, octal", IN_GLOBAL, 0, 0777 },
	{ "log_reception", OPTION_BOOL, "yes", "Log what came in", IN_GLOBAL },
	{ "log_delivery", OPTION_BOOL, "yes", "Log what went out", IN_GLOBAL },
	{ "log_reception_format", OPTION_STRING, "%t+R+%st+%at+%af+%ai+%ay+%H", "A line for what came in: docs/signals.md has the macros", IN_GLOBAL, .max = 1024 },
	{ "log_delivery_format", OPTION_STRING, "%t+D+%st+%at+%af+%ai+%ay+%H", "A line for what went out", IN_GLOBAL, .max = 1024 },
	{ "log_heartbeat_format", OPTION_STRING, "%t+M", "A line that says that the server lives", IN_GLOBAL, .max = 1024 },
	{ "heartbeat", OPTION_DURATION, "60s", "Between such lines; 0: there are none", IN_GLOBAL, 0, YEAR },
	{ "rotate_size", OPTION_SIZE, "0", "The file is replaced before it is larger than this; 0: any size", IN_GLOBAL, 0, INT64_MAX },
	{ "rotate_every", OPTION_DURATION, "0", "The file is replaced when a new such period begins, counted from 1970 (1d: at midnight UTC); 0: never", IN_GLOBAL, 0, YEAR },
	{ "rotate_keep", OPTION_INT, "7", "Older files that are kept: LOGFILE.1 is the newest of them", IN_GLOBAL, 0, 1000 },
};

static const struct setting scriptlet[] = {
	{ "source", OPTION_PATH, NULL, "A Lua file", IN_GLOBAL, LATER },
};

#define SECTION(name, array, module) { name, array, sizeof array / sizeof *array, module }
const struct settings_section config_settings[] = {
	SECTION("", top, false), SECTION("", listeners, false), SECTION("", domain, false), SECTION("auth", auth, false),
	SECTION("archive", archive, false), SECTION("log", logging, false), SECTION("audit", audit, false),
	SECTION("limits", limits, false), SECTION("acks", acks, false), SECTION("session", session, false), SECTION("legacy", legacy, false),
	SECTION("services", services, false), SECTION("pubsub", pubsub, false), SECTION("s2s", s2s, false),
	SECTION("dns", dns, false), SECTION("store", store, false), SECTION("component", component, false),
	SECTION("xmpp_logger", xmpp_logger, true), SECTION("scriptlet", scriptlet, true),
	{ "xmpp", NULL, 0, true },
};
const size_t config_settings_count = sizeof config_settings / sizeof *config_settings;
