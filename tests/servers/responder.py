#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# The services of the test PKI over HTTP on loopback: OCSP (each answer is made by openssl-ocsp(1)
# from the index of the CA that is asked about), CRLs and CA certificates.
#   responder.py PKI LOG OCSP_PORT CRL_PORT
# OCSP: POST to any path. Paths below /slow are answered after 2 s, below /hang after a minute. LOG gets one line per
# request: METHOD PATH CA.
"""OCSP, CRL and CA certificates of the test PKI."""

import hashlib
import http.server
import os
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "pki"))

from asn1crypto import ocsp
from credentials import read_cert

PKI, LOG = sys.argv[1], sys.argv[2]
DELAYS = {"/slow": 2, "/hang": 60}
# CA -> who signs its OCSP answers
RESPONDERS = {"ca-g2": "ocsp-g2", "ca-party": "ocsp-party", "public-ca": "ocsp-public"}


def key_hash(ca, algorithm):
    public_key = read_cert(f"{PKI}/certs/{ca}.pem")["tbs_certificate"]["subject_public_key_info"]["public_key"]
    return hashlib.new(algorithm, bytes(public_key)).digest()


def asked_ca(request):
    """The CA whose certificate is asked about, by the hash of its key."""
    cert_id = ocsp.OCSPRequest.load(request)["tbs_request"]["request_list"][0]["req_cert"]
    algorithm = cert_id["hash_algorithm"]["algorithm"].native
    for ca in RESPONDERS:
        if key_hash(ca, algorithm) == cert_id["issuer_key_hash"].native:
            return ca
    return None


def answer(request, ca):
    responder = RESPONDERS[ca]
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/request", "wb") as file:
            file.write(request)
        subprocess.run(["openssl", "ocsp", "-index", f"{PKI}/index/{ca}.txt", "-CA", f"{PKI}/certs/{ca}.pem",
                        "-rsigner", f"{PKI}/certs/{responder}.pem", "-rkey", f"{PKI}/keys/{responder}.key",
                        "-nmin", "60", "-reqin", folder + "/request", "-respout", folder + "/response"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(folder + "/response", "rb") as file:
            return file.read()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def note(self, text):
        with open(LOG, "a", encoding="utf-8") as file:
            file.write(f"{self.command} {self.path} {text}\n")

    def reply(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        request = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), 65536))
        ca = asked_ca(request)
        self.note(ca)
        time.sleep(DELAYS.get(self.path, 0))
        if ca is None:
            self.reply(200, "application/ocsp-response", ocsp.OCSPResponse({"response_status": "unauthorized"}).dump())
        else:
            self.reply(200, "application/ocsp-response", answer(request, ca))

    def do_GET(self):
        self.note("-")
        first, _, rest = self.path.lstrip("/").partition("/")
        delay = DELAYS.get("/" + first)
        time.sleep(delay or 0)
        folder, _, name = (rest if delay else first + "/" + rest).partition("/")
        path = f"{PKI}/{folder}/{os.path.basename(name)}"
        if folder not in ("crl", "crt") or not os.path.isfile(path):
            self.reply(404, "text/plain", b"no such file\n")
            return
        with open(path, "rb") as file:
            kind = "application/pkix-crl" if folder == "crl" else "application/pkix-cert"
            self.reply(200, kind, file.read())

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 200
    daemon_threads = True


def main():
    servers = [Server(("127.0.0.1", int(port)), Handler) for port in sys.argv[3:5]]
    for server in servers[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    servers[0].serve_forever()


main()
