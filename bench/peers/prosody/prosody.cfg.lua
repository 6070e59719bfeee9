-- Prosody for the bench. Debian's prosody.cfg.lua is the base; a line that differs from it says why.

admins = { }
plugin_paths = { "/usr/local/lib/prosody/modules" }

modules_enabled = {
	"disco"; "roster"; "saslauth"; "tls"; "blocklist"; "bookmarks"; "carbons"; "dialback"; "pep"; "private"; "smacks";
	"vcard4"; "vcard_legacy"; "csi_simple"; "invites"; "invites_adhoc"; "invites_register"; "ping"; "register"; "time";
	"uptime"; "version"; "admin_adhoc"; "posix";
	-- "limits" is left out: it holds a client to 10 kb/s, and what is measured would be the limit.
	-- "admin_shell" is left out: it opens a socket that nobody here uses.
}

-- Other servers are not served: no ports but those of the bench are opened.
modules_disabled = { "s2s" }
-- Everything the server writes is in the bench's own folder.
data_path = "$folder/data"
pidfile = "$folder/prosody.pid"
-- Only the loopback is listened on, at ports that were free.
interfaces = { "127.0.0.1" }
c2s_ports = { $port }
-- Clients that speak TLS at once, for the rows over TLS.
c2s_direct_tls_ports = { $tls_port }
-- The rows in the clear need streams, and PLAIN, without TLS.
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
-- Many connect at once; a queue of 32 would make the kernel drop some, and a second's pause for them.
network_settings = { tcp_backlog = 4096 }
-- The bench's certificate (ECDSA P-256, the same for all).
ssl = { certificate = "$folder/cert.pem"; key = "$folder/key.pem" }
-- In the clear for the rows with a clear store, hashed for the others.
authentication = "internal_$kind"
-- The generator speaks SCRAM-SHA-256.
password_hash = "SHA-256"
-- All servers derive their keys with the same number of rounds.
default_iteration_count = $rounds

s2s_secure_auth = true
archive_expires_after = "1w"
-- Errors only, and into the own folder: nobody reads a log while a server is measured.
log = { error = "$folder/prosody.err" }
certificates = "certs"

-- The bench's domain.
VirtualHost "$domain"
