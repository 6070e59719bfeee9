"""A web service that checks passwords: what it answers depends on the user's name."""
import http.server
import ssl
import threading
import time
import urllib.parse

USERS = {'romeo': 'secret', 'juliet': 'secret'}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length'])).decode()
        form = dict(urllib.parse.parse_qsl(body))
        self.server.asked.append((self.path, self.headers['Content-Type'], form))
        status = self.status(form)
        self.send_response(status)
        self.send_header('Content-Length', '0')
        if status == 302:
            self.send_header('Location', '/elsewhere')
        self.end_headers()

    def status(self, form):
        user = form['user']
        if user == 'slow':
            time.sleep(4)
        if user in ('error', 'moved'):
            return {'error': 500, 'moved': 302}[user]
        if user not in USERS:
            return 404
        return 200 if form['action'] == 'isuser' else 204 if form['password'] == USERS[user] else 403

    def log_message(self, *unused):
        pass


class Service(http.server.ThreadingHTTPServer):
    """At a port of 127.0.0.1 that it chooses; with a certificate it speaks TLS."""
    daemon_threads = True

    def __init__(self, certificate=None):
        super().__init__(('127.0.0.1', 0), Handler)
        self.asked = []
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(f'{certificate}.pem', f'{certificate}.key')
            self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, kwargs={'poll_interval': 0.05}, daemon=True).start()

    def handle_error(self, *unused):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.shutdown()
        self.server_close()
