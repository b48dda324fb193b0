# SPDX-License-Identifier: Apache-2.0
"""A network HSM made of packages, and the sealer role between fakes of its neighbours.

    SoftHSM2 ─ p11-kit server ─ unix socket ─ stunnel ═ mutual TLS ═ stunnel ─ unix socket ─ sealer

Clients of SoftHSM begin one after another: several at once fail at its start now and then.
"""
import base64
import contextlib
import datetime
import hashlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "mta"))

import fakeroles
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
SPY = "/usr/lib/x86_64-linux-gnu/pkcs11-spy.so"  # of opensc: writes down every call
CLIENT = "/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so"
PIN = "123456"
POLICY, NAMED_FILE = 1, 2  # files of a bundle
ROOT = fakeroles.ROOT


def message_types():
    """Numbers of the messages, out of the header."""
    names, inside = {}, False
    with open(os.path.join(ROOT, "include", "vanthu", "wire.h")) as header:
        for line in header:
            inside = inside or line.startswith("enum vt_message_type")
            word = line.strip().split(",")[0].split(" ")[0]
            if inside and word.startswith("VT_MSG_"):
                names[word[7:]] = len(names)
            if inside and line.startswith("};"):
                return names
    raise RuntimeError("no messages in wire.h")


TYPES = message_types()


def run(*words, **options):
    return subprocess.run(words, check=True, capture_output=True, **options).stdout


def wait_for(what, seconds=15, text=""):
    """Poll until what() is true; how long that took."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        if what():
            return time.monotonic() - begun
        time.sleep(0.02)
    raise AssertionError("not within %g s: %s" % (seconds, text or what))


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def save_key(path, key):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                    serialization.NoEncryption()))


def certify(public_key, name, days=30, begun_days=1, issuer=None, issuer_key=None, dns=None, ca=False):
    """A certificate; without an issuer it is signed with issuer_key by itself."""
    now = datetime.datetime.utcnow()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (x509.CertificateBuilder().subject_name(subject)
               .issuer_name(issuer.subject if issuer else subject).public_key(public_key)
               .serial_number(x509.random_serial_number())
               .not_valid_before(now - datetime.timedelta(days=begun_days))
               .not_valid_after(now + datetime.timedelta(days=days))
               .add_extension(x509.BasicConstraints(ca, None), critical=True))
    if dns:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(dns)]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def pem(*certificates):
    return b"".join(c.public_bytes(serialization.Encoding.PEM) for c in certificates)


class Hsm:
    """The HSM's side with its tunnel, and the gateway's end of the tunnel at self.address."""

    def __init__(self, folder, label="seal", provider=SPY):
        self.folder, self.label, self.provider = folder, label, provider
        os.makedirs(os.path.join(folder, "tokens"))
        self.environment = dict(os.environ, SOFTHSM2_CONF=os.path.join(folder, "softhsm2.conf"),
                                PKCS11SPY=MODULE, PKCS11SPY_OUTPUT=os.path.join(folder, "calls"))
        with open(self.environment["SOFTHSM2_CONF"], "w") as out:
            out.write("directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n" % folder)
        run("softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "567890",
            env=self.environment)
        self.port = free_port()
        self.socket, self.address = folder + "/p11.sock", folder + "/gw.sock"
        self.processes = {}
        self.write_tunnel()

    def tool(self, *words):
        return run("pkcs11-tool", "--module", MODULE, "--token-label", self.label, "--login", "--pin", PIN, *words,
                   env=self.environment)

    def make_key(self, label, kind="rsa:2048", ident="01"):
        self.tool("--keypairgen", "--key-type", kind, "--label", label, "--id", ident)
        der = self.tool("--read-object", "--type", "pubkey", "--id", ident)
        return serialization.load_der_public_key(der)

    def set_pin(self, old, new):
        run("pkcs11-tool", "--module", MODULE, "--token-label", self.label, "--login", "--pin", old,
            "--change-pin", "--new-pin", new, env=self.environment)

    def write_tunnel(self):
        ca_key = rsa.generate_private_key(65537, 2048)
        ca = certify(ca_key.public_key(), "HSM tunnel CA", issuer_key=ca_key, ca=True)
        self.write("ca.crt", pem(ca))
        for name in ("hsm.test", "gateway.test"):
            key = rsa.generate_private_key(65537, 2048)
            save_key(self.path(name + ".key"), key)
            self.write(name + ".crt", pem(certify(key.public_key(), name, issuer=ca, issuer_key=ca_key, dns=name)))
        for side, own, peer, ends in (
                ("server", "hsm.test", "gateway.test", "accept = 127.0.0.1:%d\nconnect = %s\n" % (self.port, self.socket)),
                ("client", "gateway.test", "hsm.test",
                 "client = yes\naccept = %s\nconnect = 127.0.0.1:%d\n" % (self.address, self.port))):
            self.write(side + ".conf", (
                "foreground = yes\npid =\n[p11]\n%scert = %s\nkey = %s\nCAfile = %s\nverifyChain = yes\n"
                "checkHost = %s\nsslVersionMin = TLSv1.2\n" % (
                    ends, self.path(own + ".crt"), self.path(own + ".key"), self.path("ca.crt"), peer)).encode())

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as out:
            out.write(data)

    def begin(self, name, *words):
        log = open(self.path(name + ".log"), "ab")
        self.processes[name] = subprocess.Popen(words, env=self.environment, stdin=subprocess.DEVNULL, stdout=log,
                                                stderr=log, start_new_session=True)
        log.close()

    def start_server(self):
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        self.begin("p11-kit", "p11-kit", "server", "-f", "--provider", self.provider, "--name", self.socket,
                   "pkcs11:token=%s?write-protected=yes" % self.label)
        wait_for(lambda: os.path.exists(self.socket), text="p11-kit server")

    def start(self):
        self.start_server()
        self.begin("server", "stunnel", self.path("server.conf"))
        if os.path.exists(self.address):
            os.unlink(self.address)
        self.begin("client", "stunnel", self.path("client.conf"))
        wait_for(lambda: os.path.exists(self.address), text="stunnel")
        return self

    def calls(self, name):
        """How often a PKCS #11 function was called at the HSM."""
        if not os.path.exists(self.path("calls")):
            return 0
        with open(self.path("calls"), errors="replace") as calls:
            return sum(line.strip().endswith(": " + name) for line in calls)

    def signal_server(self, number):
        """To the p11-kit server and what it forked for its connections."""
        os.killpg(self.processes["p11-kit"].pid, number)

    def stop_server(self):
        process = self.processes.pop("p11-kit", None)
        if process:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()

    def stop(self):
        self.stop_server()
        for process in self.processes.values():
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
        self.processes = {}


# ---- signed attributes in DER ----


def der(tag, *parts):
    body = b"".join(parts)
    size = len(body)
    head = bytes([size]) if size < 128 else bytes([0x80 | len(size.to_bytes((size.bit_length() + 7) // 8, "big"))]) \
        + size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag]) + head + body


def oid(*arcs):
    out = bytes([arcs[0] * 40 + arcs[1]])
    for arc in arcs[2:]:
        chunk = bytes([arc & 0x7F])
        arc >>= 7
        while arc:
            chunk = bytes([0x80 | (arc & 0x7F)]) + chunk
            arc >>= 7
        out += chunk
    return der(6, out)


PKCS9 = (1, 2, 840, 113549, 1, 9)


def attribute(arcs, value):
    return der(0x30, oid(*arcs), der(0x31, value))


def attributes(certificate, content=b"a mail", algorithm="sha256", content_type=(1, 2, 840, 113549, 1, 7, 1),
               time_off=0, more=(), leave_out=()):
    """As RFC 5652 5.4 has them; certificate: DER."""
    when = datetime.datetime.utcnow() + datetime.timedelta(seconds=time_off)
    every = {
        "content-type": attribute(PKCS9 + (3,), oid(*content_type)),
        "message-digest": attribute(PKCS9 + (4,), der(4, hashlib.new(algorithm, content).digest())),
        "signing-time": attribute(PKCS9 + (5,), der(0x17, when.strftime("%y%m%d%H%M%SZ").encode())),
        "certificate": attribute(PKCS9 + (16, 2, 47), der(0x30, der(0x30, der(0x30, der(
            4, hashlib.sha256(certificate).digest()))))),
    }
    return der(0x31, *sorted([v for k, v in every.items() if k not in leave_out] + list(more)))


def elements(outer):
    """The elements inside one."""
    def size(data):
        if data[1] < 128:
            return 2, data[1]
        count = data[1] & 0x7F
        return 2 + count, int.from_bytes(data[2:2 + count], "big")
    head, _ = size(outer)
    rest, out = outer[head:], []
    while rest:
        head, length = size(rest)
        out.append(rest[:head + length])
        rest = rest[head + length:]
    return out


def verify(public_key, data, signature, scheme="rsa-pkcs1", algorithm=None):
    algorithm = algorithm or hashes.SHA256()
    if scheme == "ecdsa":
        public_key.verify(signature, data, ec.ECDSA(algorithm))
    elif scheme == "rsa-pss":
        public_key.verify(signature, data, padding.PSS(padding.MGF1(algorithm), algorithm.digest_size), algorithm)
    else:
        public_key.verify(signature, data, padding.PKCS1v15(), algorithm)


# ---- the role ----


def make_policy(certificate=None, begun="2020-01-01", until="2100-01-01", agency="soxd", document="12/QĐ-SXD"):
    """Descriptor of a policy with its table of agencies, as the master packs them (policy/bundle.c); with a
    certificate (DER) its table has an authorisation to seal."""
    table = "agencies:\n- id: %s\n  name: Sở Xây dựng tỉnh Ninh Bình\n  domains: [soxd.ninhbinh.gov.vn]\n" % agency
    if certificate is not None:
        table += ("  authorisations:\n  - {holder: vanthu, sha256: %s, document: '%s', from: %s, until: %s}\n"
                  % (hashlib.sha256(certificate).hexdigest(), document, begun, until))
    rules = "agencies: agencies.yaml\nrules:\n- {name: all, when: {reason: NO_SIGNATURE}, then: note}\n"
    packed = b"vanthu-bundle 1\n"
    for kind, name, data in ((POLICY, "", rules), (NAMED_FILE, "agencies.yaml", table)):
        data, name = data.encode(), name.encode()
        packed += struct.pack("=QIIII", len(data), kind, len(name), len(name), 0) + name + name + data
    return fakeroles.sealed(packed)


class Sealer:
    """The role, exec'd as the master does it."""

    def __init__(self, folder, settings, policy_fd=None, registrar=fakeroles.Registrar):
        self.folder = folder
        pairs = {name: socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                 for name in ("control", "seal", "seal-notice", "seal-admin", "record")}
        self.control, self.seal, self.notice, self.admin = (
            pairs[n][0] for n in ("control", "seal", "seal-notice", "seal-admin"))
        # The registrar's end is the server of its channel.
        self.registrar = registrar(pairs["record"][0])
        config = fakeroles.sealed(settings.encode())
        fds = {name: pair[1].fileno() for name, pair in pairs.items()}
        fds["config"] = config
        if policy_fd is not None:
            fds["policy"] = policy_fd
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [fakeroles.PROGRAM, "--role=sealer", "--log-stderr", "--config-name", folder + "/vanthu.yaml"]
            + ["--fd-%s=%d" % item for item in fds.items()],
            pass_fds=list(fds.values()), stderr=self.log, stdin=subprocess.DEVNULL)
        for pair in pairs.values():
            pair[1].close()
        os.close(config)
        self.control.settimeout(20)
        message = fakeroles.receive(self.control)
        if message is None:
            self.process.wait(5)
            raise RuntimeError("the sealer did not become ready:\n" + self.log_text())

    def log_text(self):
        self.log.seek(0)
        return self.log.read().decode()

    def ask(self, kind, body, fds=(), channel=None, timeout=30):
        mine, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with mine:
            fakeroles.send(channel or self.seal, fakeroles.CONNECT, b"", [other.fileno()])
            other.close()
            mine.settimeout(timeout)
            fakeroles.send(mine, TYPES[kind], json.dumps(body).encode(), list(fds))
            message = fakeroles.receive(mine)
        if message is None:
            return None
        kind, body, _ = message
        return json.loads(body) if kind == TYPES["SEAL_ANSWER"] else body.decode()

    def admin_ask(self, kind, body=None, fds=()):
        return self.ask(kind, body or {}, fds, self.admin)

    def sign(self, data, key="van-thu", purpose="notice", **more):
        answer = self.ask("SEAL_SIGN", dict({"key": key, "purpose": purpose,
                                             "attributes": base64.b64encode(data).decode()}, **more))
        if isinstance(answer, dict) and answer.get("failure") == "done":
            return base64.b64decode(answer["signature"])
        return answer

    def status(self, key=None):
        keys = self.admin_ask("SEAL_STATUS")["keys"]
        return keys[0] if key is None else [k for k in keys if k["key"] == key][0]

    def wait_state(self, state, seconds=15, key=None):
        return wait_for(lambda: self.status(key)["state"] == state, seconds, "state %s; %s" % (state, self.log_text()))

    def events(self, what="seal-used"):
        with self.registrar.lock:
            return [body for _, body in self.registrar.decided if body.get("what") == what]

    def workers(self):
        """Pids of its worker processes."""
        out = subprocess.run(["ps", "-o", "pid=,stat=", "--ppid", str(self.process.pid)], capture_output=True, text=True)
        return [int(line.split()[0]) for line in out.stdout.splitlines() if "Z" not in line.split()[1]]

    def stop(self):
        self.control.close()
        try:
            status = self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.seal.close()
        self.notice.close()
        self.admin.close()
        self.registrar.channel.close()
        self.log.close()
        return status


KEY = """    %(name)s:
      agency: soxd
      uri: "pkcs11:token=seal;object=%(object)s?module-path=%(module)s"
      module-environment: {P11_KIT_SERVER_ADDRESS: "unix:path=%(address)s"}
      purposes: [message, notice]
      pin-file: %(folder)s/pins/pin
      software-token: "%(software)s"
"""


def equal(found, wanted, what=""):
    if found != wanted:
        raise AssertionError("%s: %r, not %r" % (what, found, wanted))


def failure(answer, wanted, words=""):
    """What the sealer says instead of a signature."""
    if not isinstance(answer, dict) or answer.get("failure") != wanted or words not in answer["text"]:
        raise AssertionError("%r, not %s with %r" % (answer, wanted, words))


class Certified:
    """The CA of the certificates of keys."""

    def make_ca(self):
        self.ca_key = rsa.generate_private_key(65537, 2048)
        self.ca = certify(self.ca_key.public_key(), "Seal CA", issuer_key=self.ca_key, ca=True)

    def trust(self):
        """The CA as an anchor, for a configuration; its revocation list goes to self.crl."""
        folder, self.crl = self.folder + "/trust", self.folder + "/ca.crl"
        os.makedirs(folder + "/anchors", exist_ok=True)
        with open(folder + "/anchors/ca.pem", "wb") as out:
            out.write(pem(self.ca))
        self.revoke()
        return "trust:\n  official: {anchors: %s/anchors, confirmed: [%s]}\n" % (
            folder, self.ca.fingerprint(hashes.SHA256()).hex())

    def revoke(self, *names):
        now = datetime.datetime.utcnow()
        builder = (x509.CertificateRevocationListBuilder().issuer_name(self.ca.subject)
                   .last_update(now - datetime.timedelta(hours=1)).next_update(now + datetime.timedelta(days=7)))
        for name in names:
            serial = x509.load_der_x509_certificate(self.certificates[name]).serial_number
            builder = builder.add_revoked_certificate(x509.RevokedCertificateBuilder().serial_number(serial)
                                                      .revocation_date(now - datetime.timedelta(minutes=5)).build())
        with open(self.crl, "wb") as out:
            out.write(builder.sign(self.ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.DER))


class Site(Certified):
    """An HSM with three keys, their certificates, and sealers one after another."""

    def __init__(self, folder, provider=SPY):
        self.folder = folder
        self.hsm = Hsm(folder + "/hsm", provider=provider)
        self.make_ca()
        self.keys, self.certificates = {}, {}
        for number, (name, kind) in enumerate((("rsa", "rsa:2048"), ("ec", "EC:prime256v1"), ("other", "rsa:2048"))):
            self.keys[name] = self.hsm.make_key(name, kind, "%02x" % (number + 1))
            self.certify(name)
        os.makedirs(folder + "/pins")
        self.write_pin(PIN)
        self.hsm.start()
        self.number = 0

    def certify(self, name, public_key=None, **options):
        certificate = certify(public_key or self.keys[name], "Seal " + name, issuer=self.ca, issuer_key=self.ca_key,
                              **options)
        self.certificates[name] = certificate.public_bytes(serialization.Encoding.DER)
        with open("%s/%s.pem" % (self.folder, name), "wb") as out:
            out.write(pem(certificate))

    def write_pin(self, pin, mode=0o600):
        path = self.folder + "/pins/pin"
        with open(os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as out:
            out.write(pin + "\n")
        os.chmod(path + ".new", mode)
        os.rename(path + ".new", path)

    def key(self, name="van-thu", of="rsa", certificate=None, more="", software="yes, without an HSM", uri_object=None):
        text = KEY % {"name": name, "object": uri_object or of, "module": CLIENT, "address": self.hsm.address,
                      "folder": self.folder, "software": software}
        if certificate is None:
            certificate = of
        if certificate:
            text += "      certificate: %s/%s.pem\n" % (self.folder, certificate)
        return text + "".join("      %s\n" % line for line in more.splitlines())

    @contextlib.contextmanager
    def sealer(self, *keys, policy=None, limit="2s", state=None, canary="0s", registrar=fakeroles.Registrar):
        """A sealer that is up; state: the folder of one before; registrar: is given the channel to it."""
        self.number += 1
        directory = state or "%s/state%d" % (self.folder, self.number)
        os.makedirs(directory, exist_ok=True)
        settings = ("hostname: mx1.test\npolicy: /test/policy.yaml\nlimits: {hsm: %s}\nseal:\n  directory: %s\n"
                    "  canary: %s\n  keys:\n%s" % (limit, directory, canary, "".join(keys)))
        role = Sealer(self.folder, settings, policy if policy is not None else
                      make_policy(self.certificates["rsa"]), registrar)
        role.directory = directory
        try:
            yield role
        except BaseException:
            print(role.log_text())
            role.stop()
            raise
        log, status = role.log_text(), role.stop()
        if status != 0:
            raise AssertionError("the sealer ended with %d: %s" % (status, log))
