# SPDX-License-Identifier: Apache-2.0
#
# A time stamp authority of the test PKI over HTTP on loopback, in a thread: openssl-ts(1) answers,
# or, where a test asks for that, something is wrong with the answer in one respect.
"""server = Tsa(pki, port); server.modes["/first"] = "nonce"; server.close()"""

import datetime
import hashlib
import http.server
import os
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "pki"))

import cmsmake
import credentials
from asn1crypto import cms, tsp

CONFIG = """\
[tsa]
default_tsa = one
[one]
serial = %(folder)s/serial
crypto_device = builtin
signer_cert = %(pki)s/certs/%(name)s.pem
certs = %(folder)s/chain.pem
signer_key = %(pki)s/keys/%(name)s.key
signer_digest = sha256
default_policy = """ + cmsmake.TSA_POLICY + """
digests = %(digests)s
accuracy = secs:1
ess_cert_id_alg = sha256
ess_cert_id_chain = no
"""


def now():
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def reply(token):
    return tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": cms.ContentInfo.load(token)}).dump()


class Tsa:
    """modes: what is wrong below a path; nothing: "good"."""

    def __init__(self, pki, port):
        self.pki, self.modes, self.queries = pki, {}, []
        self.folder = tempfile.TemporaryDirectory()
        self.serial, self.lock = 1, threading.Lock()
        tsa = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                query = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), 65536))
                mode = tsa.modes.get(self.path, "good")
                tsa.queries.append((self.path, self.headers.get("Content-Type"), query))
                status, body = tsa.answer(query, mode)
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", "application/timestamp-reply")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):  # who does not want the whole of an answer hangs up
                pass
        self.server = Server(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.folder.cleanup()

    def by_openssl(self, query, name="tsa", digests="sha256, sha384, sha512"):
        """What a real authority says, also when it refuses."""
        with self.lock, tempfile.TemporaryDirectory() as folder:
            with open(folder + "/chain.pem", "wb") as out:
                with open(f"{self.pki}/certs/ca-g2.pem", "rb") as file:
                    out.write(file.read())
            with open(folder + "/serial", "w") as out:
                out.write("%04X\n" % self.serial)
            self.serial += 1
            with open(folder + "/tsa.cnf", "w") as out:
                out.write(CONFIG % {"folder": folder, "pki": self.pki, "name": name, "digests": digests})
            with open(folder + "/query", "wb") as out:
                out.write(query)
            subprocess.run(["openssl", "ts", "-reply", "-config", folder + "/tsa.cnf", "-queryfile", folder + "/query",
                            "-out", folder + "/reply"], check=False, capture_output=True)
            with open(folder + "/reply", "rb") as file:
                return file.read()

    def answer(self, query, mode):
        asked = tsp.TimeStampReq.load(query)
        nonce, imprint = asked["nonce"].native, asked["message_imprint"]["hashed_message"].native
        digest = asked["message_imprint"]["hash_algorithm"]["algorithm"].native

        def made(by="tsa", over=imprint, at=None, number=nonce, hashed=digest, **options):
            token = cmsmake.time_stamp_token(credentials.load(self.pki, by), over, at or now(), hashed, nonce=number, **options)
            return 200, reply(token)
        if mode == "silent":
            time.sleep(20)
            return 200, b""
        if mode == "broken":  # one bit of the signature
            body = bytearray(made()[1])
            body[-9] ^= 1
            return 200, bytes(body)
        return {
            "good": lambda: (200, self.by_openssl(query)),
            "refuses": lambda: (200, self.by_openssl(query, digests="sha1")),
            "imprint": lambda: made(over=hashlib.new(digest, b"other").digest()),
            "nonce": lambda: made(number=nonce + 1),
            "no-nonce": lambda: made(number=None),
            "yesterday": lambda: made(at=now() - datetime.timedelta(days=1)),
            "tomorrow": lambda: made(at=now() + datetime.timedelta(days=1)),
            "expired": lambda: made(by="tsa-old"),
            "not-for-it": lambda: made(by="agency"),
            "stranger": lambda: made(by="tsa-unknown"),
            "no-certificate": lambda: made(certs="none"),
            "other-hash": lambda: made(over=hashlib.sha1(b"").digest(), hashed="sha1"),
            "policy": lambda: made(policy="1.2.3.4"),
            "no-token": lambda: (200, bytes.fromhex("30053003020100")),  # granted
            "garbage": lambda: (200, b"<html>not a time stamp</html>"),
            "cut": lambda: (200, made()[1][:-20]),
            "huge": lambda: (200, b"\x30\x84\x00\x10\x00\x00" + bytes(1 << 20)),
            "error": lambda: (503, b"busy"),
        }[mode]()
