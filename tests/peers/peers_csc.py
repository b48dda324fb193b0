#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# The sealer with a key at certomancer-csc-dummy, a CSC service that others wrote: RSA v1.5, PSS and
# ECDSA, SCAL 1 and 2, and what it says of a credential that is not there.
# It comes from the Python package index into build/peers. Exit status 77: it cannot be had.
#   peers_csc.py [--install]     only see that it is there
"""Agreement with a CSC service of others."""

import base64
import json
import os
import ssl
import subprocess
import sys
import tempfile
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

import hsm
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from rest_site import Site

VERSION = "0.4.2"
FOLDER = os.path.join(HERE, "..", "..", "build", "peers", "csc-dummy-" + VERSION)
PYTHON = FOLDER + "/bin/python"

CONFIG = """external-url-prefix: "https://localhost"
keysets:
  keys:
    path-prefix: %(folder)s
    keys:
      rsa: {path: rsa.key}
      ec: {path: ec.key}
pki-architectures:
  arch:
    keyset: keys
    entity-defaults: {country-name: VN, organization-name: Test}
    entities:
      rsa: {common-name: Seal rsa}
      ec: {common-name: Seal ec}
    certs:
      rsa: {subject: rsa, issuer: rsa, subject-key: rsa, validity: {valid-from: "2020-01-01T00:00:00+0000", valid-to: "2100-01-01T00:00:00+0000"}}
      ec: {subject: ec, issuer: ec, subject-key: ec, validity: {valid-from: "2020-01-01T00:00:00+0000", valid-to: "2100-01-01T00:00:00+0000"}}
"""

# Its own main has no TLS.
SERVE = """
import ssl, sys
from aiohttp import web
from certomancer import registry
from csc_dummy.csc_dummy_server import CSCWithCertomancer, DummyServiceParams
config, port, scal, chain, key = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(chain, key)
service = CSCWithCertomancer(registry.CertomancerConfig.from_file(config),
                             service_params=DummyServiceParams(hash_pinning_required=scal == "2"))
service.register_routes()
web.run_app(service.app, host="127.0.0.1", port=int(port), ssl_context=context, print=None)
"""


def install():
    """True when it is there. Failing is no fault of ours: no network, or no python3-venv."""
    if os.path.exists(PYTHON) and subprocess.run([PYTHON, "-c", "import csc_dummy"], capture_output=True, check=False).returncode == 0:
        return True
    for command in (["/usr/bin/python3", "-m", "venv", "--clear", FOLDER],
                    [FOLDER + "/bin/pip", "install", "-q", "--disable-pip-version-check", "--timeout", "20", "--retries", "1",
                     "certomancer-csc-dummy==" + VERSION]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print((done.stderr.strip() or done.stdout.strip()).splitlines()[-1])
            return False
    return True


class Dummy:
    """The service, and the certificates it made up."""

    def __init__(self, site, scal):
        self.site, self.port = site, hsm.free_port()
        site.authority.context()
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [PYTHON, "-c", SERVE, site.folder + "/certomancer.yml", str(self.port), scal,
             site.folder + "/service-localhost.pem", site.folder + "/service.key"],
            stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        hsm.wait_for(lambda: self.process.poll() is not None or self.certify(), 20, "the service")
        if self.process.poll() is not None:
            self.log.seek(0)
            raise RuntimeError(self.log.read().decode())

    def certify(self):
        context = ssl.create_default_context(cafile=self.site.authority.file)
        for name in ("rsa", "ec"):
            question = urllib.request.Request(
                "https://localhost:%d/csc/v1/credentials/info" % self.port, headers={"Content-Type": "application/json"},
                data=json.dumps({"credentialID": "arch/" + name, "certificates": "single"}).encode())
            try:
                with urllib.request.urlopen(question, context=context, timeout=5) as answer:
                    der = base64.b64decode(json.load(answer)["cert"]["certificates"][0])
            except OSError:
                return False
            self.site.certificates[name] = der
            with open("%s/%s.pem" % (self.site.folder, name), "wb") as out:
                out.write(x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM))
        return True

    def stop(self):
        self.process.kill()
        self.process.wait()


def main():
    if not install():
        print("certomancer-csc-dummy cannot be had")
        sys.exit(77)
    if sys.argv[1:] == ["--install"]:
        return
    with tempfile.TemporaryDirectory() as folder:
        site = Site(folder)
        for name in ("rsa", "ec"):
            hsm.save_key("%s/%s.key" % (folder, name), site.keys[name])
        with open(folder + "/certomancer.yml", "w") as out:
            out.write(CONFIG % {"folder": folder})
        for scal in ("1", "2"):
            dummy = Dummy(site, scal)
            try:
                uri = "csc+https://localhost:%d/csc/v1#arch/" % dummy.port
                for of, scheme, algorithm in (("rsa", "rsa-pkcs1", "sha256"), ("rsa", "rsa-pss", "sha256"),
                                              ("ec", "ecdsa", "sha256")):
                    key = site.key(uri + of, "scheme: " + scheme, "hash: " + algorithm, of=of)
                    with site.sealer(key, of=of) as role:
                        role.wait_state("up")
                        site.good(role, of, scheme, algorithm)
                    print("ok SCAL %s %s" % (scal, scheme), flush=True)
                site.down(site.key(uri + "nobody"), "HTTP status 404")
            finally:
                dummy.stop()


if __name__ == "__main__":
    main()
