#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# vanthu seal check with a real service whose keys are at a NetHSM, a CSC service and Vault: what an
# administrator reads when all is well, before a start that would fail, and when one of them does not
# sign; and that no secret stands anywhere.
"""Keys at services as their administrator sees them."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import hsm
from hsm import equal, wait_for
from rest_service import CREDENTIAL, Csc, NetHsm, Vault
from rest_site import Site
from test_seal_command import BUILD, CONFIG, TABLE, USERS, VIETNAMESE
import test_seal_command

PASSWORD, PIN, SECRET, TOKEN = "mật khẩu của HSM", "24681357", "bí mật của cổng", "root-of-the-test"
KEY = {"con-dau": "rsa", "dich-vu": "ec", "thu": "other"}


class Service(test_seal_command.Service):
    """vanthu-milter as root, with three services that sign."""

    def __init__(self, folder):
        self.site, self.folder = Site(folder), folder
        os.chmod(folder, 0o755)
        site = self.site
        self.nodes = [NetHsm(site.authority, {"seal": site.keys["rsa"]}) for _ in range(2)]
        for node in self.nodes:
            node.users = {"gateway": PASSWORD}
        self.csc = Csc(site.authority, site.keys["ec"], site.certificates["ec"], version=2, mode="explicit")
        self.csc.pin, self.csc.client = PIN, ("cổng thư", SECRET)
        self.vault = Vault(site.authority, {1: site.keys["other"], 2: site.keys["rsa"]})
        os.chmod(folder + "/secrets", 0o755)
        hosts = ",".join("localhost:%d" % node.port for node in self.nodes)
        keys = (site.key("nethsm+https://%s/seal" % hosts, "user: gateway", "pin-file: " + self.secret("nethsm", PASSWORD),
                         name="con-dau") +
                site.key("csc+https://localhost:%d/csc/v2#%s" % (self.csc.port, CREDENTIAL), "user: cổng thư",
                         "secret-file: " + self.secret("client", SECRET), "pin-file: " + self.secret("pin", PIN),
                         "scheme: ecdsa", "identity: service", name="dich-vu", of="ec").replace("[message, notice]", "[notice]") +
                site.key("vault+https://localhost:%d/transit/seal?version=1" % self.vault.port,
                         "pin-file: " + self.secret("vault", TOKEN), 'software-token: "yes, without an HSM"',
                         "identity: service", name="thu", of="other").replace("[message, notice]", "[notice]"))
        self.write("vanthu.yaml", CONFIG % {"trust": site.trust(), "folder": folder, "port": hsm.free_port(), "keys": keys, "users": json.dumps(USERS)})
        self.write("policy.yaml", "agencies: agencies.yaml\nrules:\n- {name: all, when: {reason: NO_SIGNATURE}, then: note}\n")
        self.write("agencies.yaml", TABLE % hashlib.sha256(site.certificates["rsa"]).hexdigest())

    def secret(self, name, text):
        path = self.site.secret(name, text)
        os.chown(path, USERS["sealer"], USERS["sealer"])
        return path

    def tried(self):
        return subprocess.run([BUILD + "/vanthu-milter", "-t", "-c", self.folder + "/vanthu.yaml"], text=True,
                              capture_output=True, check=False)

    def end(self):
        if hasattr(self, "process"):
            self.stop()
        for service in [*self.nodes, self.csc, self.vault]:
            service.stop()

    def shown(self, key, *words, status=0, **options):
        found = self.vanthu("seal", "check", key, **options)
        equal(found.returncode, status, found.stdout + found.stderr)
        for word in words:
            assert word in found.stdout, (word, found.stdout)
        return found.stdout


def before_start(service):
    """vanthu-milter -t reads all files of a key as the sealer will."""
    good = service.tried()
    equal(good.returncode, 0, good.stderr)
    for name, words in (("nethsm", "secrets/nethsm"), ("client", "secrets/client"), ("pin", "secrets/pin")):
        path = service.folder + "/secrets/" + name
        os.chmod(path, 0o644)
        bad = service.tried()
        os.chmod(path, 0o400)
        equal(bad.returncode, 78, bad.stderr)
        assert words in bad.stderr and "chmod 0400" in bad.stderr and "vanthu.yaml:" in bad.stderr, bad.stderr
    ca = service.site.authority.file
    os.rename(ca, ca + ".away")
    bad = service.tried()
    os.rename(ca + ".away", ca)
    equal(bad.returncode, 78, bad.stderr)
    assert bad.stderr.count("tls-ca") == 3, bad.stderr
    equal(sum(len(s.asked) for s in [*service.nodes, service.csc, service.vault]), 0, "nobody was asked")


def check(service):
    service.start()
    wait_for(lambda: all(k["state"] == "up" for k in service.keys().values()), 20, "three keys are up")
    service.shown("con-dau", "connected with localhost:%d, localhost:%d (Nitrokey NetHSM), key \"seal\"" % tuple(
        node.port for node in service.nodes), "Seal rsa", "secret", "in use since", "12/GUQ-SXD", "good, ")
    service.shown("con-dau", "good: period, path and status")
    service.shown("dich-vu", "(CSC v2)", CREDENTIAL, "certificate for a service", "good, ")
    service.shown("thu", "(Vault Transit, version 1 of 2)", "A SOFTWARE TOKEN", "good, ")
    found = service.shown("con-dau", "Khóa con-dau", "đã kết nối với localhost", "bí mật", "được ủy quyền", "tốt, ",
                          environment=VIETNAMESE)
    assert "PIN" not in found and "token" not in found, found
    if sys.stdout.isatty() or os.environ.get("SHOW"):
        print(service.vanthu("seal", "check").stdout + service.vanthu("seal", "check", environment=VIETNAMESE).stdout)


def faults(service):
    """What is wrong, in words for whoever can mend it."""
    def says(key, *words):
        wait_for(lambda: service.vanthu("seal", "check", key).returncode == 1, 20, "%s is not well" % key)
        text = service.shown(key, *words, status=1)
        if os.environ.get("SHOW"):
            print(text)
    for node in service.nodes:
        node.state = "Locked"
    says("con-dau", "unlock it with its unlock passphrase")
    for node in service.nodes:
        node.state = "Operational"
    service.csc.mode = "oauth2code"
    service.csc.pin = "another"
    says("dich-vu", "refused the PIN of the credential")
    service.vault.sealed = True
    says("thu", "unseal it")
    service.vault.sealed = False
    wait_for(lambda: service.vanthu("seal", "check", "con-dau").returncode == 0, 25, "the NetHSM is back")


def rotate(service):
    """A new password of a NetHSM's user, tried before it takes the place of the old one."""
    for node in service.nodes:
        node.users["gateway"] = "another"
    service.write("new", "wrong\n")
    wrong = service.vanthu("seal", "rotate-pin", service.folder + "/new", "con-dau")
    assert wrong.returncode == 1 and "refused the password of user gateway" in wrong.stderr, wrong
    for node in service.nodes:
        node.limited_until = 0
    service.write("new", "another\n")
    right = service.vanthu("seal", "rotate-pin", service.folder + "/new", "con-dau")
    equal(right.returncode, 0, right.stderr)
    wait_for(lambda: service.vanthu("seal", "check", "con-dau").returncode == 0, 20, "the new one is used")


def no_secret(service):
    """Neither in the log nor in what the sealer keeps."""
    service.stop()
    del service.process
    for top in (service.folder + "/log", service.folder + "/seal", service.folder + "/state"):
        for path in [top] if os.path.isfile(top) else [os.path.join(f, n) for f, _, names in os.walk(top) for n in names]:
            with open(path, "rb") as file:
                text = file.read()
            for secret in (PASSWORD, PIN, SECRET, TOKEN, "another"):
                assert secret.encode() not in text, (path, secret)


def main():
    if os.geteuid() != 0:
        print("only root can start roles under their users")
        sys.exit(77)
    folder = tempfile.mkdtemp()
    service = None
    try:
        service = Service(folder)
        for case in (before_start, check, faults, rotate, no_secret):
            case(service)
            print("ok", case.__name__, flush=True)
    except BaseException:
        if os.path.exists(folder + "/log"):
            with open(folder + "/log", encoding="utf-8", errors="replace") as log:
                print(log.read()[-6000:])
        raise
    finally:
        if service is not None:
            service.end()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
