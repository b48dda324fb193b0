# SPDX-License-Identifier: Apache-2.0
"""A gateway role under test, between a fake master, a fake inspector and a milter client.

The gateway is exec'd as the master does it (descriptors by option), with its real sandbox. The
fake inspector does what a header of the mail tells it:

    X-Test: reasons=CONTENT_CHANGED,MALFORMED sleep=0.5 die silent smime=TOTAL-PASSED status

status: the first pass wants the status of a certificate; the fake status role tells it after a
while, and a second pass follows.
"""
import array
import fcntl
import json
import os
import select
import socket
import struct
import subprocess
import tempfile
import threading
import time

INSPECT, INSPECTED, DIED, STATUS, STATUS_IS, ERROR, CONNECT, READY = 1, 2, 3, 4, 5, 11, 12, 13
LOOK, LOOKED, RECORD, RECORDED, ANSWERED = 19, 20, 21, 22, 23
MESSAGE_BYTES = 8 + 65536
ALL_SEALS = 0xF  # F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE
F_ADD_SEALS = 1033

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get("VANTHU_MILTER", os.path.join(ROOT, "build", "vanthu-milter"))

POLICY = """
officer: {name: A, mailbox: a@ours.vn}
rules:
  - {name: changed, when: {reason: CONTENT_CHANGED}, then: reject}
  - {name: secret, when: {reason: SECRET_MARK}, then: hold}
  - {name: status, when: {reason: STATUS_UNKNOWN}, then: defer, at-most: 15m, afterwards: tag}
  - {name: ours, when: {reason: [NOT_CHECKED, TOO_LARGE]}, then: tag}
"""


def sealed(data):
    fd = os.memfd_create("test", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(fd, data)
    fcntl.fcntl(fd, F_ADD_SEALS, ALL_SEALS)
    return fd


def bundle(policy):
    """What the master reads a policy into: policy/bundle.c."""
    return b"vanthu-bundle 1\n" + struct.pack("=QIIII", len(policy), 1, 0, 0, 0) + policy


def receive(sock):
    """(type, body, descriptors), or None at the end."""
    data, ancillary, _, _ = sock.recvmsg(MESSAGE_BYTES, socket.CMSG_SPACE(4 * 4),
                                         socket.MSG_CMSG_CLOEXEC)
    fds = array.array("i")
    for level, kind, payload in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(payload[:len(payload) - len(payload) % 4])
    if len(data) < 8:
        return None
    return struct.unpack("=II", data[:8])[0], data[8:], list(fds)


def send(sock, kind, body=b"", fds=()):
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    sock.sendmsg([struct.pack("=II", kind, len(body)), body], ancillary)


class Role(threading.Thread):
    """Serves one channel until it is closed: each connection in a thread of its own."""

    def __init__(self, channel):
        super().__init__(daemon=True)
        self.channel = channel
        self.running = self.most_running = 0
        self.lock = threading.Lock()
        self.start()

    def run(self):
        while True:
            try:
                message = receive(self.channel)
            except OSError:
                return
            if message is None:
                return
            kind, _, fds = message
            if kind == CONNECT and len(fds) == 1:
                connection = socket.socket(fileno=fds[0])
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        """answer gives what is sent back, so that whoever hears it no longer counts as running."""
        answer = None
        with connection:
            message = receive(connection)
            with self.lock:
                self.running += 1
                self.most_running = max(self.most_running, self.running)
            if message is not None:
                answer = self.answer(connection, *message)
            with self.lock:
                self.running -= 1
            if answer is None:
                return
            kind, body, fds = answer
            try:
                send(connection, kind, body, fds)
            except OSError:
                pass  # the gateway did not wait for it
            for fd in fds:
                os.close(fd)


class Status(Role):
    """Takes its time, then knows that the certificate is good."""

    seconds = 2.0

    def answer(self, connection, kind, _, fds):
        assert kind == STATUS and len(fds) == 1, kind
        os.close(fds[0])
        time.sleep(self.seconds)
        known = sealed(json.dumps({"facts": [{
            "issuer_key": "ab" * 32, "serial": "01", "value": "good", "source": "ocsp"}]}).encode())
        return STATUS_IS, b"", (known,)


class Registrar(Role):
    """Keeps records in memory: heads and bodies in their order, answers, the first defer of a key."""

    fault = None  # a text: everything is refused with it
    silent = False

    def __init__(self, channel):
        self.decided, self.answered, self.deferred, self.looks = [], [], {}, []
        self.times = {}  # first seen
        super().__init__(channel)

    def answer(self, connection, kind, body, fds):
        content = json.loads(os.pread(fds[0], 1 << 25, 0)) if fds else None
        for fd in fds:
            os.close(fd)
        if kind == ANSWERED:
            with self.lock:
                self.answered += json.loads(body)["answers"]
            return None
        if self.silent:
            select.select([connection], [], [], 30)
            return None
        if self.fault:
            return ERROR, self.fault.encode(), ()
        if kind == LOOK:
            with self.lock:
                self.looks.append(content)
            return LOOKED, b"", (sealed(json.dumps({
                "first_seen": [self.times.get(d) for d in content["first_seen"]],
                "first_deferred": self.deferred.get(content["defer_key"]), "exceptions": []}).encode()),)
        assert kind == RECORD, kind
        with self.lock:
            self.decided.append((json.loads(body), content))
            if content.get("defer_key"):
                self.deferred.setdefault(content["defer_key"], int(time.time()))
        return RECORDED, b"", ()


class Inspector(Role):
    def __init__(self, channel):
        self.mails = []        # bytes of every mail that was handed over
        self.descriptors = []  # (readlink of the mail's descriptor, access mode)
        super().__init__(channel)

    @staticmethod
    def orders(mail):
        words = {}
        for line in mail.partition(b"\r\n\r\n")[0].split(b"\r\n"):
            if line.lower().startswith(b"x-test:"):
                for word in line[7:].decode().split():
                    name, _, value = word.partition("=")
                    words[name] = value
        return words

    def answer(self, connection, kind, body, fds):
        assert kind == INSPECT, kind
        request = json.loads(body)
        size = os.fstat(fds[0]).st_size
        mail = os.pread(fds[0], size, 0)
        facts = json.loads(os.pread(fds[1], 1 << 24, 0)) if request.get("facts") else {}
        with self.lock:
            self.mails.append(mail)
            self.descriptors.append((os.readlink("/proc/self/fd/%d" % fds[0]),
                                     fcntl.fcntl(fds[0], fcntl.F_GETFL) & os.O_ACCMODE))
        for fd in fds:
            os.close(fd)
        orders = self.orders(mail)
        if "sleep" in orders:
            time.sleep(float(orders["sleep"]))
        if "silent" in orders:
            select.select([connection], [], [], 30)
        elif "die" in orders:
            return DIED, json.dumps({"why": "the child died by signal 11"}).encode(), ()
        else:
            kind, body, answer = self.evidence(facts, orders, "status" in orders and not request.get("known"))
            # A file of no objects: milter/base/object.c.
            objects = (sealed(b"vtobj\0\0\1" + bytes(4)),) if request.get("objects") else ()
            return kind, body, answer + objects
        return None

    @staticmethod
    def evidence(facts, orders, wants_status):
        document = {"path": "2", "name": orders.get("name", "a.pdf"), "format": "pdf",
                    "reasons": [r for r in orders.get("reasons", "").split(",") if r]}
        documents = [document]
        if "smime" in orders:
            documents.append({"path": "1", "format": "smime", "signatures": [
                {"format": "smime", "indication": orders["smime"]}]})
        evidence = sealed(json.dumps({"v": 1, "mail": facts, "documents": documents}).encode())
        wanted = [{"certificate": "MAA=", "issuer": "MAA="}] if wants_status else []
        wants = sealed(json.dumps({"status": wanted, "issuer_of": [], "first_seen": []}).encode())
        return INSPECTED, b"", (evidence, wants)


class Gateway:
    """The gateway process. The listening socket outlives it, as with the real master."""

    def __init__(self, folder, settings="", policy=POLICY, listener=None, inet=False):
        self.folder = folder
        self.listener = listener or self.listen(inet)
        self.control, control_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        inspect, inspect_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        status, status_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        record, record_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.inspector, self.status, self.registrar = Inspector(inspect), Status(status), Registrar(record)
        config = sealed(("hostname: mx1.test\npolicy: /test/policy.yaml\n"
                         "our-domains: [ours.vn]\nspool-directory: %s\noffice-phone: 0229.123.4567\n"
                         "%s\n" % (folder, settings)).encode())
        policy_fd = sealed(bundle(policy.encode()))
        fds = {"control": control_end.fileno(), "milter": self.listener.fileno(),
               "inspect": inspect_end.fileno(), "status": status_end.fileno(), "record": record_end.fileno(),
               "config": config, "policy": policy_fd}
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [PROGRAM, "--role=gateway", "--log-stderr", "--config-name", "/test/vanthu.yaml"]
            + ["--fd-%s=%d" % item for item in fds.items()],
            pass_fds=list(fds.values()), stderr=self.log, stdin=subprocess.DEVNULL)
        control_end.close()
        inspect_end.close()
        status_end.close()
        record_end.close()
        os.close(config)
        os.close(policy_fd)

    def listen(self, inet):
        if inet:
            listener = socket.create_server(("127.0.0.1", 0), backlog=128)
            return listener
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(os.path.join(self.folder, "milter.sock"))
        listener.listen(128)
        return listener

    @property
    def spec(self):
        name = self.listener.getsockname()
        return "unix:" + name if isinstance(name, str) else "inet:%d@%s" % (name[1], name[0])

    def wait_ready(self, seconds=15):
        self.control.settimeout(seconds)
        message = receive(self.control)
        if message is None or message[0] != READY:
            raise RuntimeError("the gateway did not become ready:\n" + self.log_text())
        return self

    def log_text(self):
        self.log.seek(0)
        return self.log.read().decode()

    def records(self):
        """What the gateway had recorded, in order."""
        with self.registrar.lock:
            return [body for _, body in self.registrar.decided]

    def drain(self):
        """What the master does: it closes its end."""
        self.control.close()

    def wait(self, seconds=30):
        return self.process.wait(seconds)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.control.close()
        self.inspector.channel.close()
        self.status.channel.close()
        self.registrar.channel.close()
        self.log.close()
