# SPDX-License-Identifier: Apache-2.0
"""A sealer whose keys are at services that sign over HTTPS."""
import contextlib
import os
import sys
import tempfile
import time

import hsm
import rest_service
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hsm import attributes, equal, failure


class Site(hsm.Certified):
    """Keys with certificates, a CA of services, and sealers one after another."""

    def __init__(self, folder):
        self.folder = folder
        self.authority = rest_service.Authority(folder)
        self.make_ca()
        self.keys = {"rsa": rsa.generate_private_key(65537, 2048), "other": rsa.generate_private_key(65537, 2048),
                     "ec": ec.generate_private_key(ec.SECP256R1())}
        self.certificates = {}
        for name, key in self.keys.items():
            certificate = hsm.certify(key.public_key(), "Seal " + name, issuer=self.ca, issuer_key=self.ca_key)
            self.certificates[name] = certificate.public_bytes(serialization.Encoding.DER)
            with open("%s/%s.pem" % (folder, name), "wb") as out:
                out.write(hsm.pem(certificate))
        os.makedirs(folder + "/secrets")
        self.number = 0

    def secret(self, name, text):
        """A file that the sealer alone reads."""
        path = "%s/secrets/%s" % (self.folder, name)
        with open(os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(text + "\n")
        os.rename(path + ".new", path)
        return path

    def key(self, uri, *lines, name="van-thu", of="rsa", ca=True):
        """The text of one key under seal.keys."""
        lines = ["agency: soxd", 'uri: "%s"' % uri, "purposes: [message, notice]",
                 "certificate: %s/%s.pem" % (self.folder, of)] + list(lines)
        if ca:
            lines.append("tls-ca: " + self.authority.file)
        return "    %s:\n" % name + "".join("      %s\n" % line for line in lines)

    @contextlib.contextmanager
    def sealer(self, key, of="rsa", limit="4s", state=None, canary="0s"):
        self.number += 1
        directory = state or "%s/state%d" % (self.folder, self.number)
        os.makedirs(directory, exist_ok=True)
        settings = ("hostname: mx1.test\npolicy: /test/policy.yaml\nlimits: {hsm: %s}\nseal:\n  directory: %s\n"
                    "  canary: %s\n  keys:\n%s" % (limit, directory, canary, key))
        role = hsm.Sealer(self.folder, settings, hsm.make_policy(self.certificates[of]))
        role.directory = directory
        try:
            yield role
        except BaseException:
            print(role.log_text())
            raise
        finally:
            role.stop()

    def attributes(self, of="rsa", algorithm="sha256"):
        return attributes(self.certificates[of], algorithm=algorithm)

    def good(self, role, of="rsa", scheme="rsa-pkcs1", algorithm="sha256"):
        """One signature, verified by another library."""
        data = self.attributes(of, algorithm)
        answer = role.sign(data)
        if not isinstance(answer, bytes):
            raise AssertionError("no signature: %r" % (answer,))
        hsm.verify(self.keys[of].public_key(), data, answer, scheme, getattr(hashes, algorithm.upper())())

    def down(self, key, *words, state="down", state_directory=None, **options):
        """The key does not come up, and its state says why; twice, for a restart."""
        with self.sealer(key, state=state_directory, **options) as role:
            hsm.wait_for(lambda: role.status()["state"] == state and role.status()["text"], 10,
                         "state %s; %s" % (state, role.status()))
            for word in words:
                if word not in role.status()["text"]:
                    raise AssertionError("%r is not in %r" % (word, role.status()["text"]))
            wanted = "credential" if state == "refused" else "unavailable"
            failure(role.sign(self.attributes(options.get("of", "rsa"))), wanted)
            equal(role.events(), [], "uses")
            return role.directory


def comes_late(site, key, away, back, words):
    """A service that cannot work when its secret is new has not looked at it: that is no attempt, however often."""
    away()
    directory = "%s/late%d" % (site.folder, site.number)
    for _ in range(3):
        site.down(key, words, state_directory=directory)
    back()
    with site.sealer(key, state=directory) as role:
        role.wait_state("up")
        site.good(role)


def run(*cases):
    """Cases one after another in one site; with names on the command line only those."""
    with tempfile.TemporaryDirectory() as folder:
        site = Site(folder)
        for case in cases:
            if not sys.argv[1:] or case.__name__ in sys.argv[1:]:
                begun = time.monotonic()
                case(site)
                print("ok %s (%.1f s)" % (case.__name__, time.monotonic() - begun), flush=True)
