# SPDX-License-Identifier: Apache-2.0
"""The role post under test, between a fake master and a fake registrar that hands out notices."""
import json
import os
import re
import socket
import subprocess
import tempfile
import threading
import time

from fakeroles import CONNECT, ERROR, PROGRAM, READY, ROOT, receive, sealed, send



def message_numbers(*names):
    """Out of the header."""
    with open(os.path.join(ROOT, "include", "vanthu", "wire.h"), encoding="utf-8") as file:
        found = re.findall(r"^    VT_MSG_(\w+)", file.read(), re.MULTILINE)
    return [found.index(name) for name in names]


NEXT, NOTICE, NONE, DONE, KEPT = message_numbers("NOTICE_NEXT", "NOTICE", "NOTICE_NONE", "NOTICE_DONE", "NOTICE_KEPT")


class Registrar:
    """Hands out what is in due, and keeps what it is told."""

    def __init__(self, channel):
        self.channel = channel
        self.due, self.done, self.leases = [], [], {}
        self.fault = None    # a text: everything is refused with it
        self.deaf = 0        # so many DONE are not answered, as if it died
        self.next_count = 0
        self.lock = threading.Lock()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                message = receive(self.channel)
            except OSError:
                return
            if message is None:
                return
            if message[0] == CONNECT:
                connection = socket.socket(fileno=message[2][0])
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            try:
                message = receive(connection)
                if message is not None:
                    self.answer(connection, message[0], message[1])
            except OSError:
                pass

    def answer(self, connection, kind, body):
        if self.fault:
            send(connection, ERROR, self.fault.encode())
        elif kind == NEXT:
            with self.lock:
                self.next_count += 1
                notice = self.due.pop(0) if self.due else None
            if notice is None:
                send(connection, NONE, json.dumps({"msecs": 100}).encode())
                return
            fd = sealed(notice["message"])
            self.leases[notice["id"]] = True
            send(connection, NOTICE, json.dumps({k: notice[k] for k in ("id", "recipient", "envid")}).encode(), (fd,))
            os.close(fd)
            connection.recv(1)
            self.leases[notice["id"]] = False
        elif kind == DONE:
            with self.lock:
                if self.deaf > 0:
                    self.deaf -= 1
                    return
                self.done.append(json.loads(body))
            send(connection, KEPT)

    def add(self, number, recipient="vanthu@so.gov.vn", envid="abc.1", message=None):
        with self.lock:
            self.due.append({"id": number, "recipient": recipient, "envid": envid,
                             "message": message if message is not None else b"Subject: x\r\n\r\ny\r\n"})

    def wait_done(self, count=1, seconds=15):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with self.lock:
                if len(self.done) >= count:
                    return self.done[count - 1]
            time.sleep(0.01)
        raise AssertionError("%d of %d notices were done" % (len(self.done), count))


class Post:
    def __init__(self, settings, seal=None, more=""):
        """seal: the client end of a sealer's channel. more: settings beside those of notices."""
        self.control, control_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        record, record_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.registrar = Registrar(record)
        config = sealed(("mode: enforce\nhostname: mx1.test\n%snotices:\n%s\n" % (more, settings)).encode())
        fds = {"control": control_end.fileno(), "record": record_end.fileno(), "config": config}
        if seal is not None:
            fds["seal-notice"] = seal.fileno()
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [PROGRAM, "--role=post", "--log-stderr", "--config-name", "/test/vanthu.yaml"]
            + ["--fd-%s=%d" % item for item in fds.items()],
            pass_fds=list(fds.values()), stderr=self.log, stdin=subprocess.DEVNULL)
        control_end.close()
        record_end.close()
        os.close(config)
        self.control.settimeout(15)
        message = receive(self.control)
        if message is None or message[0] != READY:
            raise RuntimeError("post did not become ready:\n" + self.log_text())

    def log_text(self):
        self.log.seek(0)
        return self.log.read().decode()

    def drain(self):
        self.control.close()

    def wait(self, seconds=15):
        return self.process.wait(seconds)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.control.close()
        self.registrar.channel.close()
        self.log.close()
