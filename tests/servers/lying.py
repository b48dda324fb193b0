# SPDX-License-Identifier: Apache-2.0
#
# An OCSP responder and a CRL host on loopback that can be killed, slowed, stopped and made to lie
# while they run; LIES names everything they can do. Their answers are built here, without
# openssl-ocsp(1), which would refuse to make most of them.
"""OCSP and CRL hosts of the test PKI that lie on demand."""

import datetime
import functools
import hashlib
import http.server
import os
import socket
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "pki"))

import mkpki
from asn1crypto import core, ocsp
from credentials import load, read_cert

# How a host may behave. `right` is the truth; `dead` refuses connections as a killed server does;
# `unplugged` does not even answer a connection attempt.
LIES = {"right": "answers truly",
        "dead": "killed: connections are refused",
        "unplugged": "drops every packet: a connection is never made",
        "slow": "answers after 30 s",
        "dripping": "sends a byte of its answer each 100 ms",
        "garbage": "answers bytes that are no answer, or half of one",
        "huge": "sends without end",
        "wrong key": "answers signed by another key, and by those who may not",
        "stale": "answers whose nextUpdate is past",
        "redirect": "sends to another loopback address, which is not listed",
        "error": "unsigned errors: tryLater, unauthorized, internalError, HTTP 503 and 404",
        "other": "a signed good for another certificate, the CRL of another CA"}
SLOW_SECS = 30
DAY, HOUR = datetime.timedelta(days=1), datetime.timedelta(hours=1)
OCSP_TYPE, CRL_TYPE = "application/ocsp-response", "application/pkix-crl"
# What a network that wants a login answers to every address.
PORTAL = b"<!DOCTYPE html><html><body>Please log in to use this network.</body></html>"


# Names of reasons, as the index has them and as ASN.1 calls them.
REASONS = {"": "unspecified", "keyCompromise": "key_compromise", "cACompromise": "ca_compromise", "superseded": "superseded",
           "affiliationChanged": "affiliation_changed", "cessationOfOperation": "cessation_of_operation",
           "certificateHold": "certificate_hold"}


def utc_now():
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


# ---- OCSP answers ----

def nonce_of(request):
    for extension in request["tbs_request"]["request_extensions"] or []:
        if extension["extn_id"].native == "nonce":
            return extension["extn_value"].parsed.native
    return None


def ocsp_answer(signer, cert_id, status, this_update, next_update, nonce=None, certificates=None, named=None):
    """A signed OCSPResponse in DER. status: good, unknown, or (when, reason) of a revocation. named: whose
    name it bears, if not the signer's."""
    single = {"cert_id": cert_id, "this_update": this_update}
    if next_update is not None:
        single["next_update"] = next_update
    if isinstance(status, str):
        single["cert_status"] = ocsp.CertStatus(status, core.Null())
    else:
        single["cert_status"] = ocsp.CertStatus("revoked", {"revocation_time": status[0], "revocation_reason": status[1]})
    key_id = hashlib.sha1(bytes((named or signer).cert["tbs_certificate"]["subject_public_key_info"]["public_key"])).digest()
    fields = {"responder_id": ocsp.ResponderId("by_key", key_id), "produced_at": this_update, "responses": [single]}
    if nonce is not None:
        fields["response_extensions"] = [{"extn_id": "nonce", "extn_value": nonce}]
    data = ocsp.ResponseData(fields)
    scheme = signer.scheme()
    basic = {"tbs_response_data": data, "signature_algorithm": signer.algorithm(scheme, "sha256"),
             "signature": signer.sign(data.dump(), scheme, "sha256"),
             "certs": [signer.cert] if certificates is None else certificates}
    return ocsp.OCSPResponse({"response_status": "successful", "response_bytes": {
        "response_type": "basic_ocsp_response", "response": ocsp.BasicOCSPResponse(basic)}}).dump()


def ocsp_error(status):
    return ocsp.OCSPResponse({"response_status": status}).dump()


# ---- the hosts ----

class Host(http.server.ThreadingHTTPServer):
    """One listening address. Closing it ends its connections too, as the death of a process does."""
    request_queue_size = 200
    daemon_threads = True

    def __init__(self, port, owner, lie):
        self.owner, self.lie, self.connections = owner, lie, set()
        self.changed = threading.Event()
        super().__init__(("127.0.0.1", port), Handler)
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def set(self, lie):
        """Whoever is in the middle of an answer ends it."""
        self.lie = lie
        self.changed.set()
        self.changed = threading.Event()

    def process_request(self, request, client_address):
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):  # a client that has gone is nothing to report
            super().handle_error(request, client_address)

    def close(self):
        self.changed.set()
        self.shutdown()
        self.thread.join()
        self.server_close()
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Unplugged:
    """A listening socket whose queue is full: the kernel drops further connection attempts."""

    def __init__(self, port):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen(0)
        self.fillers = [socket.socket() for _ in range(4)]
        for filler in self.fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))

    def close(self):
        for one in self.fillers + [self.listener]:
            one.close()


class Trap:
    """An address that nobody may connect to; .count says how often it happened."""

    def __init__(self):
        self.count = 0
        self.listener = socket.create_server(("127.0.0.2", 0))
        self.host, self.port = self.listener.getsockname()
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            self.count += 1
            connection.close()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes the thread in accept(2), which holds the socket
        self.listener.close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def reply(self, status, kind, body, headers=(), promised=None):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if promised is None else promised))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.serve(self.rfile.read(min(int(self.headers.get("Content-Length", 0)), 65536)))

    def do_GET(self):
        self.serve(None)

    def serve(self, request):
        host, changed = self.server, self.server.changed
        lie, number = host.lie, host.owner.note(host.server_address[1], self.command, self.path, host.lie)
        kind = CRL_TYPE if request is None else OCSP_TYPE
        if lie == "slow":
            changed.wait(SLOW_SECS)
        elif lie == "huge":
            return self.flood(kind, changed)
        elif lie == "redirect":
            return self.redirect(number)
        elif lie == "error" and (request is None or number % 4 == 3):
            return self.reply((503, 404, 500)[number % 3], "text/plain", b"not now\n")
        body = host.owner.file_body(self.path, lie, number) if request is None else host.owner.ocsp_body(request, lie, number)
        if body is None:
            return self.reply(404, "text/plain", b"no such file\n")
        if lie == "dripping":
            return self.drip(kind, body, changed)
        if lie == "garbage" and number % 4 == 3:
            self.close_connection = True
            return self.reply(200, kind, body, promised=len(body) + 1000)
        return self.reply(200, kind, body)

    def drip(self, kind, body, changed):
        self.close_connection = True
        self.reply(200, kind, b"", promised=len(body))
        for i in range(len(body)):
            if changed.wait(0.1):
                return
            self.wfile.write(body[i:i + 1])

    def flood(self, kind, changed):
        self.close_connection = True
        self.reply(200, kind, b"", promised=1 << 40)
        while not changed.is_set():
            self.wfile.write(b"\x30" * 65536)

    def redirect(self, number):
        trap, (host, port) = self.server.owner.trap, self.server.server_address
        targets = (f"http://{trap.host}:{trap.port}{self.path}", f"//{trap.host}:{trap.port}/ocsp",
                   f"http://{host}:{port}@{trap.host}:{trap.port}/", f"http://0x7f000002:{trap.port}/",
                   f"http://[::ffff:{trap.host}]:{trap.port}/")
        target, status = targets[number % len(targets)], (302, 301, 307, 308, 303)[number // len(targets) % 5]
        self.reply(status, "text/plain", b"", [("Location", target), ("Refresh", f"0; url={target}")])

    def log_message(self, *_):
        pass


class Lying:
    """A host on each port, for OCSP and files alike. lie() chooses what they do; .asked lists (port, method,
    path, lie). ocsp_validity: how long a true answer is in force. forced_status: what OCSP says of every
    certificate, whatever the index has. custom: a function (path, OCSPRequest or None)
    that may answer before all others: bytes, or None."""

    def __init__(self, pki, *ports):
        self.pki, self.ports = pki, ports
        self.hosts, self.asked = {}, []
        self.lock = threading.Lock()
        self.ocsp_validity, self.forced_status, self.custom = HOUR, None, None
        self.made = {}
        self.keys, self.responders = {}, {}
        self.trap = Trap()
        self.lie("right")

    def close(self):
        self.lie("dead")
        self.trap.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def lie(self, what, *ports):
        """From now on all hosts, or those of the ports, do this."""
        if what not in LIES:
            raise ValueError(what)
        for port in ports or self.ports:
            host = self.hosts.get(port)
            if isinstance(host, Host) and what not in ("dead", "unplugged"):
                host.set(what)
                continue
            if host is not None:
                host.close()
            self.hosts[port] = None if what == "dead" else Unplugged(port) if what == "unplugged" else Host(port, self, what)

    def note(self, port, *request):
        """The number of this request among those of its port and lie."""
        with self.lock:
            number = sum(one[0] == port and one[3] == request[2] for one in self.asked)
            self.asked.append((port, *request))
            return number

    def requests(self, word=""):
        return [one for one in self.asked if word in one[2]]

    # ---- what they answer ----

    def ca_of(self, cert_id):
        """The CA whose certificate is asked about, by the hash of its key."""
        algorithm = cert_id["hash_algorithm"]["algorithm"].native
        for name in os.listdir(self.pki + "/crt"):
            path = f"{self.pki}/crt/{name}"
            if (path, algorithm) not in self.keys:
                public_key = read_cert(path)["tbs_certificate"]["subject_public_key_info"]["public_key"]
                self.keys[path, algorithm] = hashlib.new(algorithm, bytes(public_key)).digest()
            if self.keys[path, algorithm] == cert_id["issuer_key_hash"].native:
                return name.removesuffix(".crt")
        return None

    def responder_of(self, ca):
        """Who signs for a CA: its delegated responder, or the CA itself."""
        if ca not in self.responders:
            delegated = next((e[0] for e in mkpki.ENTRIES if e[1] == ca and e[2] == "ocsp"), ca)
            self.responders[ca] = load(self.pki, delegated)
        return self.responders[ca]

    def status_of(self, ca, serial):
        if self.forced_status:
            return self.forced_status
        for row in mkpki.read_index(self.pki, ca):
            if int(row[3], 16) == serial:
                when, _, reason = row[2].partition(",")
                return "good" if row[0] == "V" else (mkpki.parse_index_time(when).replace(tzinfo=datetime.timezone.utc), REASONS[reason])
        return "unknown"

    def ocsp_body(self, request, lie, number):
        request = ocsp.OCSPRequest.load(request)
        special = self.custom and self.custom("", request)
        if special:
            return special
        cert_id, nonce, now = request["tbs_request"]["request_list"][0]["req_cert"], nonce_of(request), utc_now()
        ca = self.ca_of(cert_id)
        if ca is None:
            return ocsp_error("unauthorized")
        true = functools.partial(ocsp_answer, self.responder_of(ca), cert_id, self.status_of(ca, cert_id["serial_number"].native))
        if lie == "garbage":
            return (os.urandom(500), PORTAL, b"", true(now, now + HOUR, nonce)[:100])[number % 4]
        if lie == "stale":
            return (true(now - 3 * DAY, now - DAY, nonce), true(now - 3 * DAY, now - DAY), true(now - 30 * DAY, None))[number % 3]
        if lie == "error":
            return ocsp_error(("try_later", "unauthorized", "internal_error")[number % 3])
        if lie == "other":
            other = cert_id.copy()
            other["serial_number"] = cert_id["serial_number"].native + 1
            return ocsp_answer(self.responder_of(ca), other, "good", now, now + HOUR, nonce)
        if lie == "wrong key":
            return self.forged_answer(ca, number, cert_id, nonce)
        return true(now, now + self.ocsp_validity, nonce)

    def forged_answer(self, ca, number, cert_id, nonce):
        """Good, in the responder's name but by another key; by a certificate of this CA that is not for OCSP;
        by the responder of another CA; by a CA of the same name."""
        responder, now, named = self.responder_of(ca), utc_now(), None
        other = next(e[0] for e in mkpki.ENTRIES if e[2] == "ocsp" and e[1] != ca)
        leaf = next(e[0] for e in mkpki.ENTRIES if e[1] == ca and e[2] == "leaf")
        signer = load(self.pki, (other, leaf, other, "fake-root")[number % 4])
        certificates = signer.chain[:2]
        if number % 4 == 0:
            named, certificates = responder, [responder.cert]
        return ocsp_answer(signer, cert_id, "good", now, now + HOUR, nonce, certificates, named)

    def file_body(self, path, lie, number):
        special = self.custom and self.custom(path, None)
        if special:
            return special
        folder, name = path.strip("/").split("/")[-2:] if path.count("/") > 1 else ("", "")
        file = f"{self.pki}/{folder}/{name}"
        if folder not in ("crl", "crt") or name.startswith(".") or not os.path.isfile(file):
            return None
        ca = name.rpartition(".")[0]
        if lie == "other":
            other = "public-ca" if ca != "public-ca" else "ca-g2"
            file = f"{self.pki}/{folder}/{other}.{folder}"
        elif folder == "crl" and lie in ("stale", "wrong key"):
            return self.lying_crl(ca, lie)
        with open(file, "rb") as data:
            content = data.read()
        if lie == "garbage":
            return (os.urandom(500), PORTAL, b"", content[:len(content) // 2])[number % 4]
        return content

    def lying_crl(self, ca, lie):
        """A list that was in force once, or that another key signed in the name of the CA."""
        with self.lock:
            if (ca, lie) not in self.made:
                path, now = f"{self.pki}/crl-extra/{ca}.{lie.replace(' ', '-')}.lie", mkpki.now()
                if lie == "stale":
                    mkpki.make_crl(self.pki, ca, now - 10 * DAY, path, days=5)
                else:
                    mkpki.make_crl(self.pki, ca, now, path, signer="fake-root")
                with open(path, "rb") as data:
                    self.made[ca, lie] = data.read()
            return self.made[ca, lie]
