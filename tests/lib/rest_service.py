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

        self.handler, self.name, self.port = Handler, name, 0
        self.start(authority)

    def start(self, authority):
        """Again on the same port, after stop."""
        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), self.handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *words: None
        self.server.socket = authority.context(self.name).wrap_socket(self.server.socket, server_side=True,
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


# ---- Cloud Signature Consortium ----

HASH_NAMES = {"2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384",
              "2.16.840.1.101.3.4.2.3": "sha512"}
SIGN_NAMES = {"1.2.840.113549.1.1.1": "rsa-pkcs1", "1.2.840.113549.1.1.11": "rsa-pkcs1",
              "1.2.840.113549.1.1.12": "rsa-pkcs1", "1.2.840.113549.1.1.13": "rsa-pkcs1",
              "1.2.840.113549.1.1.10": "rsa-pss", "1.2.840.10045.4.3.2": "ecdsa"}
CREDENTIAL = "SO-XD/con dấu số"


class Csc(Service):
    """CSC API 1.0.4.0 and 2.0, what a client that signs by itself sees of it."""

    def __init__(self, authority, key, certificate, version=1, scal="1", mode="implicit", **more):
        self.key, self.certificate = key, certificate
        self.version, self.scal, self.mode = version, scal, mode
        self.pin, self.otp, self.locked, self.status = None, False, False, "enabled"
        self.client = None  # (id, secret)
        self.basic = False  # auth/login in the place of OAuth 2.0
        self.checks = 0  # of an authorisation, until it is given
        self.algorithms = [name for name, scheme in SIGN_NAMES.items()
                           if (scheme == "ecdsa") == isinstance(key, ec.EllipticCurvePrivateKey)]
        self.raw_ecdsa, self.swap_hash = False, False
        self.tokens, self.token_secs, self.tokens_given = set(), 3600, 0
        self.sads, self.wrong_pins, self.wrong_clients = {}, 0, 0
        super().__init__(authority, **more)

    def refuse(self, handler, error, description="", status=400):
        handler.say(status, {"error": error, "error_description": description})

    def answer(self, handler, path):
        base = "/csc/v%d/" % self.version
        if not path.startswith(base):
            return handler.say(404, raw=b"<html>no</html>", kind="text/html")
        method = path[len(base):]
        if method == ("auth/login" if self.basic else "oauth2/token"):
            return self.log_in(handler) if self.basic else self.give_token(handler)
        if method in ("auth/login", "oauth2/token"):
            return handler.say(404, raw=b"<html>no</html>", kind="text/html")
        if self.client and handler.headers.get("Authorization", "") not in self.tokens:
            return self.refuse(handler, "invalid_token", status=401)
        body = json.loads(handler.body)
        if method == "credentials/authorizeCheck" and self.version == 2:
            return self.check(handler, body)
        if body.get("credentialID") != CREDENTIAL:
            return self.refuse(handler, "invalid_request", "Invalid parameter credentialID")
        action = {"credentials/info": self.info, "credentials/authorize": self.authorize,
                  "signatures/signHash": self.sign}.get(method)
        return action(handler, body) if action else handler.say(404)

    def give_token(self, handler):
        import urllib.parse
        form = urllib.parse.parse_qs(handler.body.decode(), strict_parsing=True)
        if form.get("grant_type") != ["client_credentials"] or form.get("scope") != ["service"]:
            return self.refuse(handler, "invalid_request")
        if (form["client_id"][0], form["client_secret"][0]) != self.client:
            self.wrong_clients += 1
            return self.refuse(handler, "invalid_client", status=401)
        self.tokens_given += 1
        token = "t%d.%s" % (self.tokens_given, base64.b64encode(b"x" * 40).decode())
        self.tokens.add("Bearer " + token)
        return handler.say(200, {"access_token": token, "token_type": "Bearer", "expires_in": self.token_secs})

    def log_in(self, handler):
        wanted = "Basic " + base64.b64encode(":".join(self.client).encode()).decode()
        if handler.headers.get("Authorization") != wanted:
            self.wrong_clients += 1
            return self.refuse(handler, "authentication_error", "An error occurred during authentication process")
        assert json.loads(handler.body) == {"rememberMe": False}
        self.tokens_given += 1
        self.tokens.add("Bearer b%d" % self.tokens_given)
        return handler.say(200, {"access_token": "b%d" % self.tokens_given, "expires_in": self.token_secs})

    def check(self, handler, body):
        self.checks -= 1
        if self.checks > 0:
            return handler.say(202, {"handle": body["handle"]})
        return handler.say(200, {"SAD": body["handle"][1:], "expiresIn": 3600})

    def info(self, handler, body):
        answer = {"key": {"status": self.status, "algo": self.algorithms, "len": 2048},
                  "cert": {"status": "valid", "certificates": [base64.b64encode(self.certificate).decode()]},
                  "SCAL": self.scal, "multisign": 1}
        if self.version == 1:
            answer["authMode"] = self.mode
            if self.mode == "explicit":
                answer["PIN"] = {"presence": "true", "format": "N"}
                answer["OTP"] = {"presence": "true" if self.otp else "false"}
        else:
            objects = [{"type": "Password", "id": "PIN", "format": "N"}] if self.mode == "explicit" else []
            if self.otp:
                objects.append({"type": "Password", "id": "OTP", "format": "N", "generator": "totp"})
            answer["auth"] = {"mode": self.mode, "expression": " AND ".join(o["id"] for o in objects), "objects": objects}
        handler.say(200, answer)

    def authorize(self, handler, body):
        hashes_of = body.get("hash" if self.version == 1 else "hashes")
        if self.locked:
            return self.refuse(handler, "invalid_request", "Credential is locked")
        pin = body.get("PIN") if self.version == 1 else \
            {e["id"]: e["value"] for e in body.get("authData", [])}.get("PIN")
        if pin != self.pin:
            self.wrong_pins += 1
            self.locked = self.wrong_pins >= 3
            return self.refuse(handler, "invalid_pin" if self.version == 1 else "invalid_authentication_data")
        if body["numSignatures"] != 1 or (self.scal == "2" and len(hashes_of or []) != 1):
            return self.refuse(handler, "invalid_request", "Numbers of signatures is too high")
        if self.version == 2 and body["hashAlgorithmOID"] not in HASH_NAMES:
            return self.refuse(handler, "invalid_request")
        with self.lock:
            sad = "sad%d" % (len(self.sads) + 1)
            self.sads[sad] = ["another"] if self.swap_hash else hashes_of if self.scal == "2" else None
        if self.checks > 0:
            return handler.say(202, {"handle": "h" + sad})
        return handler.say(200, {"SAD": sad, "expiresIn": 3600})

    def sign(self, handler, body):
        of_hashes, of_algorithm = ("hash", "hashAlgo") if self.version == 1 else ("hashes", "hashAlgorithmOID")
        if self.version == 2 and body.get("operationMode") != "S":
            return self.refuse(handler, "invalid_request")
        with self.lock:
            pinned = self.sads.pop(body["SAD"], "none")
        if pinned == "none":
            return self.refuse(handler, "invalid_request", "SAD expired")
        if pinned is not None and pinned != body[of_hashes]:
            return self.refuse(handler, "invalid_request", "Hash is not authorized by the SAD")
        digest = base64.b64decode(body[of_hashes][0], validate=True)
        if len(body[of_hashes]) != 1 or hashlib.new(HASH_NAMES[body[of_algorithm]]).digest_size != len(digest):
            return self.refuse(handler, "invalid_request")
        scheme = SIGN_NAMES[body["signAlgo"]]
        if scheme == "rsa-pss":
            from asn1crypto import algos
            found = algos.RSASSAPSSParams.load(base64.b64decode(body["signAlgoParams"]), strict=True)
            named = HASH_NAMES[body[of_algorithm]]
            if (found["hash_algorithm"]["algorithm"].native, found["salt_length"].native,
                    found["mask_gen_algorithm"]["parameters"]["algorithm"].native) != (named, len(digest), named):
                return self.refuse(handler, "invalid_request", "signAlgoParams")
        value = sign_digest(self.key, digest, scheme, self.raw_ecdsa)
        return handler.say(200, {"signatures": [base64.b64encode(value).decode()]})


# ---- Vault and OpenBao ----


class Vault(Service):
    """The Transit engine, AppRole and tokens, what a client that signs sees of them."""

    def __init__(self, authority, versions, kind="rsa-2048", **more):
        self.versions, self.kind = versions, kind  # {number: key}
        self.least, self.sealed, self.allowed = 1, False, True
        self.health = None  # 429, 472, 473: a standby; 501: not initialised
        self.tokens = {"root-of-the-test": True}
        self.roles = {"role-1": "secret-1"}
        self.lease, self.logins, self.renewals, self.refused = 3600, 0, 0, 0
        self.force_version, self.raw = None, False
        self.namespaces = set()
        super().__init__(authority, **more)

    def refuse(self, handler, status, *words):
        handler.say(status, {"errors": list(words)})

    def answer(self, handler, path):
        self.namespaces.add(handler.headers.get("X-Vault-Namespace", ""))
        if path == "/v1/sys/health":
            return handler.say(self.health or (503 if self.sealed else 200), {"sealed": self.sealed})
        if self.health == 501:
            return self.refuse(handler, 503, "Vault is not initialized")
        if self.health:
            handler.send_response(307)
            handler.send_header("Location", "https://active.invalid" + path)
            handler.send_header("Content-Length", "0")
            return handler.end_headers()
        if self.sealed:
            return self.refuse(handler, 503, "Vault is sealed")
        if path == "/v1/auth/approle/login":
            return self.log_in(handler)
        token = handler.headers.get("X-Vault-Token", "")
        if token not in self.tokens:
            self.refused += 1
            return self.refuse(handler, 403, "permission denied")
        if path == "/v1/auth/token/lookup-self":
            return handler.say(200, {"data": {"ttl": self.lease, "renewable": True}})
        if path == "/v1/auth/token/renew-self":
            self.renewals += 1
            return handler.say(200, {"auth": {"lease_duration": self.lease, "renewable": True}})
        if path == "/v1/transit/keys/seal":
            return handler.say(200, {"data": {
                "type": self.kind, "latest_version": max(self.versions), "min_encryption_version": self.least,
                "exportable": False, "keys": {str(n): {"public_key": public_pem(key).decode()}
                                              for n, key in self.versions.items()}}})
        if path == "/v1/transit/sign/seal":
            return self.sign(handler) if self.allowed else self.refuse(handler, 403, "permission denied")
        return self.refuse(handler, 404)

    def log_in(self, handler):
        body = json.loads(handler.body)
        if self.roles.get(body["role_id"]) != body["secret_id"]:
            self.refused += 1
            return self.refuse(handler, 400, "invalid role or secret ID")
        self.logins += 1
        token = "hvs.%d" % self.logins
        self.tokens[token] = True
        return handler.say(200, {"auth": {"client_token": token, "lease_duration": self.lease, "renewable": True}})

    def sign(self, handler):
        """With the defaults of Transit, which are not ours: PSS, with the longest salt."""
        body = json.loads(handler.body)
        version = self.force_version or body.get("key_version", 0) or max(self.versions)
        key, digest = self.versions[version], base64.b64decode(body["input"], validate=True)
        if body.get("prehashed") is not True or \
                body.get("hash_algorithm") != {32: "sha2-256", 48: "sha2-384", 64: "sha2-512"}[len(digest)]:
            return self.refuse(handler, 400, "hash")
        algorithm = HASHES[len(digest)]()
        if isinstance(key, ec.EllipticCurvePrivateKey):
            value = sign_digest(key, digest, "ecdsa", body.get("marshaling_algorithm") != "asn1")
        elif body.get("signature_algorithm", "pss") == "pss":
            salt = len(digest) if body.get("salt_length", "auto") == "hash" else padding.PSS.MAX_LENGTH
            value = key.sign(digest, padding.PSS(padding.MGF1(algorithm), salt), utils.Prehashed(algorithm))
        else:
            value = sign_digest(key, digest, "rsa-pkcs1")
        handler.say(200, {"data": {"signature": "vault:v%d:%s" % (version, base64.b64encode(value).decode()),
                                   "key_version": version}})
