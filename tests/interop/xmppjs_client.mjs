// @xmpp/client, which logs in by the best that it and the server can: JID PASSWORD HOST PORT. Tells in lines what was sent and what came:
// `sent authenticate MECHANISM [with WISHES]`, `got success [with ANSWERS]`, `online JID`, `resumed`, `heard JID TEXT`. `break` on its
// standard input drops the connection, as a tunnel does; it comes back by itself. Its CA comes by NODE_EXTRA_CA_CERTS.
import readline from "node:readline";
import { client, xml } from "@xmpp/client";

const [address, password, host, port] = process.argv.slice(2);
const [username, domain] = address.split("@");
const say = (...words) => process.stdout.write(words.join(" ") + "\n");
const names = (element) => element.getChildElements().map((child) => child.name).sort().join(",");

const entity = client({
  service: `xmpp://${host}:${port}`, domain, username, password, resource: "js",
  userAgent: xml("user-agent", { id: "d4565fa7-4d72-4749-b3d3-740edbf87770" }, [xml("software", {}, "@xmpp/client")]),
});
entity.reconnect.delay = 200;
entity.on("error", (why) => say("error", why.message));
entity.on("send", (element) => element.name === "authenticate" && say("sent authenticate", element.attrs.mechanism, "with", names(element)));
entity.on("element", (element) => {
  if (element.name === "success" || element.name === "failure") say("got", element.name, "with", names(element));
  if (element.is("message") && element.getChild("body")) say("heard", element.attrs.from, element.getChildText("body"));
});
entity.on("online", async (jid) => {
  say("online", jid.toString(), entity.isSecure?.() ? "secured" : "in the clear");
  await entity.send(xml("presence"));
});
entity.streamManagement.on("resumed", () => say("resumed"));
readline.createInterface({ input: process.stdin }).on("line", (line) => {
  if (line === "break") entity.socket.socket?.destroy ? entity.socket.socket.destroy() : entity.socket.destroy();
}).on("close", () => process.exit(0));
entity.start().catch((why) => say("failed", why.message));
