# SPDX-License-Identifier: Apache-2.0
"""An SMTP server for tests that does what it is told: refuses, stalls, cuts, lies, at any step.

    relay = Relay(at={"RCPT": "450 4.2.0 later"}, offers=("DSN", "SIZE 1000000"))

at: for a step (GREETING, EHLO, STARTTLS, TLS, AUTH, MAIL, RCPT, DATA, BODY, END, RSET) what happens
there in the place of the usual answer: a line; CUT; STALL; bytes, as they are; a list of these, one
for each time, the last one for ever; a callable gives one of them.
"""
import base64
import socket
import ssl
import threading
import time

CUT, STALL, AS_USUAL = "CUT", "STALL", "AS_USUAL"


class Relay:
    def __init__(self, at=None, offers=("DSN", "SIZE 10000000", "8BITMIME"), tls=None, smtps=False,
                 user=None, password=None, port=0):
        self.at, self.offers, self.tls, self.smtps = dict(at or {}), offers, tls, smtps
        self.user, self.password = user, password
        self.sessions = []  # commands of each
        self.messages = []  # (envelope commands, bytes between DATA and the final dot, unstuffed)
        self.logins = []
        self.listener = socket.create_server(("127.0.0.1", port), backlog=50)
        self.port = self.listener.getsockname()[1]
        self.connections = []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.connections:
            try:
                connection.close()
            except OSError:
                pass

    def serve(self, connection):
        try:
            Session(self, connection).run()
        except (OSError, EOFError, ssl.SSLError):
            pass
        finally:
            connection.close()

    def what(self, step):
        action = self.at.get(step, AS_USUAL)
        if isinstance(action, list):
            action = action.pop(0) if len(action) > 1 else action[0]
        return action() if callable(action) else action


class Session:
    def __init__(self, relay, connection):
        self.relay, self.socket, self.has_tls = relay, connection, False
        self.commands = []
        relay.sessions.append(self.commands)
        self.envelope = []

    def open_files(self):
        self.file = self.socket.makefile("rb")

    def write(self, answer):
        self.socket.sendall(answer.encode("utf-8") + b"\r\n" if isinstance(answer, str) else answer)

    def step(self, name, usual):
        """True when the usual answer was given."""
        action = self.relay.what(name)
        if action == CUT:
            raise EOFError
        if action == STALL:
            time.sleep(60)
            raise EOFError
        self.write(usual if action == AS_USUAL else action)
        return action == AS_USUAL

    def begin_tls(self):
        if self.relay.what("TLS") == CUT:
            raise EOFError
        self.socket = self.relay.tls.wrap_socket(self.socket, server_side=True)
        self.has_tls = True
        self.open_files()

    def run(self):
        if self.relay.smtps:
            self.begin_tls()
        self.open_files()
        self.step("GREETING", "220 relay.test ESMTP")
        while True:
            line = self.file.readline(5000)
            if not line:
                return
            self.commands.append(line.decode().rstrip("\r\n"))
            verb = line.split()[0].upper().decode() if line.strip() else ""
            handler = getattr(self, "do_" + verb.lower(), None)
            if handler is None:
                self.write("500 5.5.1 unknown")
            elif handler(line.decode()) is False:
                return

    def do_ehlo(self, _):
        offers = ["relay.test"] + list(self.relay.offers)
        if self.relay.tls and not self.has_tls and not self.relay.smtps:
            offers.append("STARTTLS")
        if self.relay.user:
            offers.append("AUTH " + self.relay.at.get("MECHANISMS", "PLAIN LOGIN"))
        lines = ["250%s%s" % (" " if i == len(offers) - 1 else "-", o) for i, o in enumerate(offers)]
        self.step("EHLO", "\r\n".join(lines))

    def do_helo(self, _):
        self.step("HELO", "250 relay.test")

    def do_starttls(self, _):
        if self.step("STARTTLS", "220 2.0.0 go on"):
            self.begin_tls()

    def do_auth(self, line):
        words = line.split()
        if words[1].upper() == "PLAIN":
            given = words[2] if len(words) > 2 else self.challenge("")
            _, user, password = base64.b64decode(given).decode().split("\0")
        else:
            user = base64.b64decode(self.challenge("VXNlcm5hbWU6")).decode()
            password = base64.b64decode(self.challenge("UGFzc3dvcmQ6")).decode()
        self.relay.logins.append((user, password, self.has_tls))
        is_good = (user, password) == (self.relay.user, self.relay.password)
        self.step("AUTH", "235 2.7.0 in" if is_good else "535 5.7.8 authentication failed")

    def challenge(self, text):
        self.write("334 " + text)
        return self.file.readline(5000).decode().strip()

    def do_mail(self, line):
        self.envelope = [line.strip()]
        self.step("MAIL", "250 2.1.0 Ok")

    def do_rcpt(self, line):
        self.envelope.append(line.strip())
        self.step("RCPT", "250 2.1.5 Ok")

    def do_data(self, _):
        if not self.step("DATA", "354 End data with <CR><LF>.<CR><LF>"):
            return
        if self.relay.what("BODY") != AS_USUAL:
            self.file.read(500)
            self.step("BODY", "")
        lines = []
        while True:
            line = self.file.readline()
            if not line:
                raise EOFError
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b".") else line)
        self.relay.messages.append((self.envelope, b"".join(lines)))
        self.step("END", "250 2.0.0 Ok: queued as 4XyZ%d" % len(self.relay.messages))

    def do_rset(self, _):
        self.step("RSET", "250 2.0.0 Ok")

    def do_quit(self, _):
        self.write("221 2.0.0 Bye")
        return False
