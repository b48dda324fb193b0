# SPDX-License-Identifier: Apache-2.0
"""Services that sign over HTTPS, each written from its published interface, with real TLS and real keys.

A fault is a function of (handler, path) that answers in the place of the service and returns True.
"""
import base64
import hashlib
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import hsm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

HASHES = {32: hashes.SHA256, 48: hashes.SHA384, 64: hashes.SHA512}


class Authority:
    """The CA of the services, and their certificates."""

    def __init__(self, folder):
        self.folder = folder
        self.key = rsa.generate_private_key(65537, 2048)
        self.certificate = hsm.certify(self.key.public_key(), "Services CA", issuer_key=self.key, ca=True)
        self.file = folder + "/services-ca.pem"
        with open(self.file, "wb") as out:
            out.write(hsm.pem(self.certificate))
        self.service_key = rsa.generate_private_key(65537, 2048)
        hsm.save_key(folder + "/service.key", self.service_key)

    def context(self, name="localhost"):
        path = "%s/service-%s.pem" % (self.folder, name)
        with open(path, "wb") as out:
            out.write(hsm.pem(hsm.certify(self.service_key.public_key(), name, issuer=self.certificate,
                                          issuer_key=self.key, dns=name)))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(path, self.folder + "/service.key")
        return context

    def pin(self):
        """As tls-key has it."""
        info = self.service_key.public_key().public_bytes(serialization.Encoding.DER,
                                                          serialization.PublicFormat.SubjectPublicKeyInfo)
        return "sha256//" + base64.b64encode(hashlib.sha256(info).digest()).decode()


class Service:
    """One server on a port of its own."""

    def __init__(self, authority, name="localhost"):
        self.lock = threading.Lock()
        self.asked, self.connections = [], 0
        self.fault = None
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                service.connections += 1
                self.request.do_handshake()
                super().setup()

            def log_message(self, *words):
                pass

            def handle(self):
                try:
                    super().handle()
                except OSError:
                    pass

            def take(self):
                size = int(self.headers.get("Content-Length") or 0)
                self.body = self.rfile.read(size)
                path = self.path.split("?")[0]
                with service.lock:
                    service.asked.append(path)
                if service.fault is None or not service.fault(self, path):
                    service.answer(self, path)

            do_GET = do_POST = take

            def say(self, status, body=None, raw=None, kind="application/json"):
                data = raw if raw is not None else json.dumps(body if body is not None else {}).encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *words: None
        self.server.socket = authority.context(name).wrap_socket(self.server.socket, server_side=True,
                                                                 do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def count(self, end):
        with self.lock:
            return sum(1 for path in self.asked if path.endswith(end))

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


# ---- faults that every service may have ----


def oversized(handler, path):
    handler.say(200, raw=b'{"x": "' + b"A" * 600000 + b'"}')
    return True


def malformed(handler, path):
    handler.say(200, raw=b'{"signature": "AAAA')
    return True


def redirect(handler, path):
    handler.send_response(302)
    handler.send_header("Location", "https://localhost:1/")
    handler.send_header("Content-Length", "0")
    handler.end_headers()
    return True


def slow(handler, path):
    """A byte now and then, for ever."""
    handler.send_response(200)
    handler.send_header("Content-Length", "10000")
    handler.end_headers()
    try:
        for _ in range(100):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.1)
    except OSError:
        pass
    handler.close_connection = True
    return True


def only(end, fault):
    """A fault of those paths alone."""
    return lambda handler, path: path.endswith(end) and fault(handler, path)


# ---- signing ----


def sign_digest(key, digest, scheme, raw_ecdsa=False):
    algorithm = HASHES[len(digest)]()
    prehashed = utils.Prehashed(algorithm)
    if scheme == "ecdsa":
        signature = key.sign(digest, ec.ECDSA(prehashed))
        if raw_ecdsa:
            r, s = utils.decode_dss_signature(signature)
            size = (key.key_size + 7) // 8
            signature = r.to_bytes(size, "big") + s.to_bytes(size, "big")
        return signature
    if scheme == "rsa-pss":
        return key.sign(digest, padding.PSS(padding.MGF1(algorithm), len(digest)), prehashed)
    return key.sign(digest, padding.PKCS1v15(), prehashed)


def raw_pkcs1(key, message):
    """Type 1 block around whatever is given (RFC 8017 9.2)."""
    numbers = key.private_numbers()
    size = (key.key_size + 7) // 8
    block = b"\0\1" + b"\xff" * (size - len(message) - 3) + b"\0" + message
    return pow(int.from_bytes(block, "big"), numbers.d, numbers.public_numbers.n).to_bytes(size, "big")


def public_pem(key):
    return key.public_key().public_bytes(serialization.Encoding.PEM,
                                         serialization.PublicFormat.SubjectPublicKeyInfo)


# ---- NetHSM ----

DIGEST_INFO_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
MECHANISMS = {"rsa": ["RSA_Signature_PKCS1", "RSA_Signature_PSS_SHA256", "RSA_Signature_PSS_SHA384",
                      "RSA_Signature_PSS_SHA512"], "ec": ["ECDSA_Signature"]}


class NetHsm(Service):
    """docs/nethsm-api.yaml of Nitrokey/nethsm, what a client that signs sees of it."""

    def __init__(self, authority, keys, firmware="3.1", **more):
        self.keys = keys
        self.mechanisms = {name: MECHANISMS["ec" if isinstance(key, ec.EllipticCurvePrivateKey) else "rsa"]
                           for name, key in keys.items()}
        self.firmware, self.state = firmware, "Operational"
        self.users = {"gateway": "a password of the HSM"}
        self.operator, self.tagged = True, True
        self.wrong, self.limited_until = 0, 0
        self.signed = 0
        super().__init__(authority, **more)

    def may(self, handler):
        """None, or the status of a refusal; attempts after a wrong one are limited to one in a second."""
        word = handler.headers.get("Authorization", "")
        name, _, password = base64.b64decode(word[6:]).decode().partition(":") if word.startswith("Basic ") else ("", "", "")
        if time.monotonic() < self.limited_until:
            return 429
        if self.users.get(name) != password:
            self.wrong += 1
            self.limited_until = time.monotonic() + 1
            return 401
        return None if self.operator else 403

    def answer(self, handler, path):
        prefix = "/api/v1"
        if path == prefix + "/health/state":
            return handler.say(200, {"state": self.state})
        if self.state != "Operational":
            return handler.say(412, {"message": "Service not available"})
        refusal = self.may(handler)
        if refusal:
            return handler.say(refusal, {"message": "no"})
        parts = path[len(prefix):].split("/")
        key = self.keys.get(parts[2]) if len(parts) > 2 and parts[1] == "keys" else None
        if key is None:
            return handler.say(404, {"message": "Key %s not found." % parts[-1]})
        if parts[3:] == []:
            return handler.say(200, {"mechanisms": self.mechanisms[parts[2]], "type": "RSA", "operations": 0,
                                     "restrictions": {}})
        if parts[3:] == ["public.pem"]:
            return handler.say(200, raw=public_pem(key), kind="application/x-pem-file")
        if parts[3:] == ["sign"]:
            return self.sign(handler, key)
        return handler.say(404, {"message": "no"})

    def sign(self, handler, key):
        body = json.loads(handler.body)
        if sorted(body) != ["message", "mode"]:
            return handler.say(400, {"message": "Unknown field"})
        if not self.tagged:
            return handler.say(403, {"message": "Not allowed to use the key, restricted by tags"})
        mode, message = body["mode"], base64.b64decode(body["message"], validate=True)
        if mode == "PKCS1":
            if self.firmware == "3.0":
                message = DIGEST_INFO_SHA256 + message
            signature = raw_pkcs1(key, message)
        elif mode.startswith("PSS_SHA"):
            if len(message) * 8 != int(mode[7:]):
                return handler.say(400, {"message": "wrong length"})
            signature = sign_digest(key, message, "rsa-pss")
        elif mode == "ECDSA":
            signature = sign_digest(key, message, "ecdsa")
        else:
            return handler.say(400, {"message": "Invalid mode"})
        with self.lock:
            self.signed += 1
        return handler.say(200, {"signature": base64.b64encode(signature).decode()})
