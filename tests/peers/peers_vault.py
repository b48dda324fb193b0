#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# The sealer with keys in Vault itself: its core, HTTP interface, Transit engine, AppRole and TLS
# certificates out of the Go registry, built into a server of a page (vault/main.go). RSA and ECDSA
# keys, a key that is rotated, tokens that end, a policy that denies, a vault that is sealed.
# `make peers-vault` builds it into build/peers, which takes some minutes. Exit status 77: it was not built.
#   peers_vault.py --install     build it; exit status 1: it cannot be had
"""Agreement with Vault."""

import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

import hsm
from cryptography.hazmat.primitives import serialization
from hsm import equal, failure, wait_for
from programs import PEERS, fetch
from rest_site import Site

VERSION = "1.14.1"  # of the last under the Mozilla Public License
FOLDER = PEERS + "/vault-" + VERSION
PROGRAM = FOLDER + "/vault-server"
SDK = "github.com/hashicorp/vault/sdk"
MODULE = "module vault\n\ngo 1.20\n\nrequire github.com/hashicorp/vault v%s\n\nreplace " + SDK + " => ./sdk\n"
KEYS = {"rsa-2048": ("rsa-pkcs1", "sha256"), "rsa-3072": ("rsa-pss", "sha384"), "rsa-4096": ("rsa-pkcs1", "sha512"),
        "ecdsa-p256": ("ecdsa", "sha256"), "ecdsa-p384": ("ecdsa", "sha384")}
POLICY = 'path "transit/keys/*" {capabilities = ["read"]}\npath "transit/sign/*" {capabilities = ["update"]}\n'


def take_sdk():
    """Vault is built with the SDK of its own tree, which the registry has not: the nearest one is stricter with what
    Vault registers for itself, and that is left out."""
    found = subprocess.run(["go", "mod", "download", "-json", SDK + "@v0.9.2"], capture_output=True, text=True, check=False,
                           cwd=FOLDER)
    if found.returncode != 0:
        print((found.stderr.strip() or found.stdout.strip()).splitlines()[-1])
        return False
    folder = FOLDER + "/sdk"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(json.loads(found.stdout)["Dir"], folder)
    subprocess.run(["chmod", "-R", "u+w", folder], check=True)
    path = folder + "/framework/backend.go"
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for name in ("Operations", "Callbacks"):
        text = text.replace("if _, ok := p.%s[logical.CreateOperation]; ok {" % name, "if false {")
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    return True


def install():
    """True when it is there. Failing is no fault of ours: no network, no Go."""
    if os.path.exists(PROGRAM):
        return True
    if not shutil.which("go"):
        print("there is no go")
        return False
    os.makedirs(FOLDER, exist_ok=True)
    shutil.copy(HERE + "/vault/main.go", FOLDER)
    with open(FOLDER + "/go.mod", "w", encoding="ascii") as out:
        out.write(MODULE % VERSION)
    return take_sdk() and fetch(
        ["go", "-C", FOLDER, "mod", "tidy"],
        ["nice", "go", "-C", FOLDER, "build", "-trimpath", "-ldflags=-s -w", "-o", "vault-server.new", "."],
        ["mv", FOLDER + "/vault-server.new", PROGRAM])


class Public:
    """What Vault shows of a key, in the place of a private one."""

    def __init__(self, pem):
        self.found = serialization.load_pem_public_key(pem.encode())

    def public_key(self):
        return self.found


class Vault:
    """The server, asked as its administrator."""

    def __init__(self, site):
        self.site, self.port = site, hsm.free_port()
        site.authority.context()
        self.log = open(site.folder + "/vault.log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [PROGRAM, "127.0.0.1:%d" % self.port, site.folder + "/service-localhost.pem", site.folder + "/service.key"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.root, self.unseal_key = self.process.stdout.readline().split()
        self.tls = ssl.create_default_context(cafile=site.authority.file)
        wait_for(self.is_there, 20, "vault")
        self.ask("sys/mounts/transit", {"type": "transit"})
        self.ask("sys/auth/approle", {"type": "approle"})
        self.set_policy(POLICY)
        self.ask("auth/approle/role/gateway", {"token_policies": "gateway", "token_ttl": "2s", "token_max_ttl": "1h"})
        self.role = self.ask("auth/approle/role/gateway/role-id")["data"]["role_id"]
        for kind in KEYS:
            self.ask("transit/keys/" + kind, {"type": kind})
            self.take(kind)

    def is_there(self):
        try:
            return self.ask("sys/health")["initialized"]
        except urllib.error.URLError:
            return False

    def ask(self, path, body=None):
        question = urllib.request.Request("https://localhost:%d/v1/%s" % (self.port, path),
                                          headers={"X-Vault-Token": self.root},
                                          data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(question, context=self.tls, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else {}

    def set_policy(self, text):
        self.ask("sys/policies/acl/gateway", {"policy": text})

    def secret(self):
        return self.ask("auth/approle/role/gateway/secret-id", {})["data"]["secret_id"]

    def revoke_of_roles(self):
        for accessor in self.ask("auth/token/accessors?list=true")["data"]["keys"]:
            if self.ask("auth/token/lookup-accessor", {"accessor": accessor})["data"]["path"] == "auth/approle/login":
                self.ask("auth/token/revoke-accessor", {"accessor": accessor})

    def take(self, kind):
        """The public key of its newest version, certified."""
        data = self.ask("transit/keys/" + kind)["data"]
        site = self.site
        site.keys[kind] = Public(data["keys"][str(data["latest_version"])]["public_key"])
        certificate = hsm.certify(site.keys[kind].public_key(), "Seal " + kind, issuer_key=site.ca_key)
        site.certificates[kind] = certificate.public_bytes(serialization.Encoding.DER)
        with open("%s/%s.pem" % (site.folder, kind), "wb") as out:
            out.write(hsm.pem(certificate))

    def key(self, kind, *lines, secret=None, version=1, name=None, role=True, query="", **options):
        scheme, algorithm = KEYS[kind]
        if secret is not None:
            lines = (*lines, "pin-file: " + self.site.secret("vault", secret))
        if role:
            lines = (*lines, "user: " + self.role)
        return self.site.key("vault+https://localhost:%d/transit/%s?version=%d%s" % (self.port, name or kind, version, query),
                             "scheme: " + scheme, "hash: " + algorithm, 'software-token: "yes, without an HSM"', *lines,
                             of=kind, **options)

    def good(self, role, kind):
        self.site.good(role, kind, *KEYS[kind])

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


def signatures(vault):
    """Each kind of key, by AppRole; the token is renewed though nothing is signed, and a new one follows its end."""
    for kind in KEYS:
        with vault.site.sealer(vault.key(kind, secret=vault.secret()), of=kind) as role:
            role.wait_state("up")
            for _ in range(2):
                vault.good(role, kind)
            equal(role.admin_ask("SEAL_PROBE", {"key": "van-thu", "by": "root"})["probe"], "done")
            equal((role.status()["token"]["software"], len(role.events())), (True, 3), "software, uses")


def rotation(vault):
    """A new version is another key: the one of the certificate goes on, until it may not be used any more."""
    kind, site = "rsa-2048", vault.site
    with site.sealer(vault.key(kind, secret=vault.secret()), of=kind) as role:
        role.wait_state("up")
        vault.ask("transit/keys/%s/rotate" % kind, {})
        vault.good(role, kind)
        vault.ask("transit/keys/%s/config" % kind, {"min_encryption_version": 2})
        failure(role.sign(site.attributes(kind)), "unavailable", "the key was rotated")
    site.down(vault.key(kind, secret=vault.secret()), "was rotated, the newest is 2", "version=2", of=kind)
    vault.take(kind)
    with site.sealer(vault.key(kind, secret=vault.secret(), version=2), of=kind) as role:
        role.wait_state("up")
        vault.good(role, kind)
        equal(role.status()["token"]["model"], "Transit, version 2")
    site.down(vault.key(kind, secret=vault.secret(), version=3), "version 3", of=kind)
    site.down(vault.key(kind, secret=vault.secret(), name="nobody"), "has nothing at", of=kind)


def tokens(vault):
    kind, site = "ecdsa-p256", vault.site
    made = vault.ask("auth/token/create", {"policies": ["gateway"], "ttl": "1h"})["auth"]["client_token"]
    key = vault.key(kind, secret=made, role=False)
    with site.sealer(key, of=kind) as role:
        role.wait_state("up")
        vault.good(role, kind)
        vault.ask("auth/token/revoke", {"token": made})
        failure(role.sign(site.attributes(kind)), "credential", "refused the token of pin-file")
        fresh = vault.ask("auth/token/create", {"policies": ["gateway"], "ttl": "1h"})["auth"]["client_token"]
        site.secret("vault", fresh)
        role.wait_state("up")
        vault.good(role, kind)
    secret = vault.secret()
    with site.sealer(vault.key(kind, secret=secret), of=kind) as role:
        role.wait_state("up")
        vault.revoke_of_roles()
        vault.good(role, kind)  # logs in once more, and nobody notices
        equal(role.status()["losses"], 0, "losses")
        vault.ask("auth/approle/role/gateway/secret-id/destroy", {"secret_id": secret})
        vault.good(role, kind)  # a token that is renewed outlives its secret id
        vault.revoke_of_roles()
        failure(role.sign(site.attributes(kind)), "credential", "make a new one")
    site.down(vault.key(kind, secret="wrong"), "refused role id", "make a new one", of=kind, state="refused")


def denied(vault):
    kind, site = "ecdsa-p256", vault.site
    with site.sealer(vault.key(kind, secret=vault.secret()), of=kind) as role:
        role.wait_state("up")
        vault.good(role, kind)
        vault.set_policy(POLICY.splitlines()[0])
        failure(role.sign(site.attributes(kind)), "unavailable", "\"update\" of …/sign/…")
        vault.set_policy(POLICY.splitlines()[1])
    site.down(vault.key(kind, secret=vault.secret()), "\"read\" of …/keys/…", of=kind)
    vault.set_policy(POLICY)


def sealed(vault):
    """It tells that it is sealed, and recovers when it is unsealed."""
    kind, site = "ecdsa-p256", vault.site
    with site.sealer(vault.key(kind, secret=vault.secret()), of=kind) as role:
        role.wait_state("up")
        vault.ask("sys/seal", {})
        failure(role.sign(site.attributes(kind)), "unavailable", "is sealed: unseal it")
        vault.ask("sys/unseal", {"key": vault.unseal_key})
        wait_for(lambda: isinstance(role.sign(site.attributes(kind)), bytes), 25, "it is back")


def main():
    if sys.argv[1:] == ["--install"]:
        sys.exit(0 if install() else "Vault cannot be had")
    if not os.path.exists(PROGRAM):
        print("Vault is not there: make peers-vault builds it, in some minutes")
        sys.exit(77)
    wanted = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        vault = Vault(Site(folder))
        try:
            for case in (signatures, rotation, tokens, denied, sealed):
                if not wanted or case.__name__ in wanted:
                    case(vault)
                    print("ok", case.__name__, flush=True)
        finally:
            vault.stop()


if __name__ == "__main__":
    main()
