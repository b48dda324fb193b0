#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# The sealer with keys in the Transit engine of Vault or OpenBao: tokens and roles, versions of a
# key, and each way in which it does not sign.
"""Vault Transit."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import hsm
import rest_service
import rest_site
from hsm import equal, failure
from rest_service import Vault

SOFTWARE = 'software-token: "yes, without an HSM"'


class Scene:
    """One service and the key that names it."""

    def __init__(self, site, of="rsa", **more):
        self.site, self.of = site, of
        self.service = Vault(site.authority, {1: site.keys["other"], 2: site.keys[of]}, **more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.service.stop()

    def key(self, *lines, token="root-of-the-test", role=None, secret="secret-1", query="version=2", path="transit/seal",
            software=True, **options):
        lines = list(lines) + ["pin-file: " + self.site.secret("vault", secret if role else token)]
        if role:
            lines.append("user: " + role)
        if software:
            lines.append(SOFTWARE)
        return self.site.key("vault+https://localhost:%d/%s?%s" % (self.service.port, path, query), *lines,
                             of=self.of, **options)


def signatures(site):
    for of, scheme, algorithm in (("rsa", "rsa-pkcs1", "sha256"), ("rsa", "rsa-pss", "sha256"),
                                  ("rsa", "rsa-pss", "sha512"), ("ec", "ecdsa", "sha256")):
        with Scene(site, of) as scene:
            with site.sealer(scene.key("scheme: " + scheme, "hash: " + algorithm, role="role-1",
                                       query="version=2&namespace=ninhbinh/soxd"), of=of) as role:
                role.wait_state("up")
                for _ in range(2):
                    site.good(role, of, scheme, algorithm)
                equal((len(role.events()), scene.service.logins), (2, 1), "uses, logins")
                equal(role.status()["token"]["software"], True, "a key on a disk")
            equal(scene.service.namespaces, {"ninhbinh/soxd"}, "namespaces")
    with Scene(site) as scene:
        site.down(scene.key(software=False), "without an HSM", "managed")
        scene.service.kind = "managed_key"
        with site.sealer(scene.key(software=False)) as role:
            role.wait_state("up")
            site.good(role)
            equal(role.status()["token"]["software"], False)


def versions(site):
    """A rotation there changes nothing here; a version that is gone is told."""
    with Scene(site) as scene:
        service = scene.service
        with site.sealer(scene.key()) as role:
            role.wait_state("up")
            service.versions[3] = site.keys["other"]
            site.good(role)
            service.force_version = 3
            failure(role.sign(site.attributes()), "unavailable", "version 3 of the key, not with 2")
            service.force_version = None
            site.good(role)
        service.least = 3
        site.down(scene.key(), "was rotated, the newest is 3", "version=3")
        service.least = 1
        site.down(scene.key(query="version=7"), "version 7")
        with site.sealer(scene.key(query="version=1")) as role:
            role.wait_state("up")
            failure(role.sign(site.attributes()), "certificate", "not that of the certificate")


def tokens(site):
    with Scene(site) as scene:
        service = scene.service
        key = scene.key(token="ended")
        state = site.down(key, "refused the token of pin-file", state="refused")
        equal(service.refused, 1, "attempts")
        with site.sealer(key, state=state) as role:
            role.wait_state("refused")
            equal(service.refused, 1, "attempts after a restart")
            site.secret("vault", "root-of-the-test")
            role.wait_state("up")
            site.good(role)
            service.tokens.pop("root-of-the-test")
            service.tokens["fresh"] = True
            site.secret("vault", "fresh")  # as an agent of Vault does it
            hsm.wait_for(lambda: isinstance(role.sign(site.attributes()), bytes), 15, "the new token is used")
    with Scene(site) as scene:
        service = scene.service
        service.lease = 1
        with site.sealer(scene.key(role="role-1")) as role:
            role.wait_state("up")
            hsm.wait_for(lambda: service.renewals >= 2, 5, "renewed though nothing is signed")
            equal(service.logins, 1, "logins")
            service.tokens.clear()
            site.good(role)
            equal((service.logins, role.status()["losses"]), (2, 0), "logged in once more")
            service.tokens.clear()
            service.roles.clear()
            failure(role.sign(site.attributes()), "credential", "make a new one")
            before = service.refused
            failure(role.sign(site.attributes()), "credential")
            equal(service.refused, before, "attempts")
        site.down(scene.key(role="role-1", secret="wrong"), "refused role id", state="refused")


def errors(site):
    with Scene(site) as scene:
        service = scene.service
        service.sealed = True
        site.down(scene.key(), "sealed")
        service.sealed = False
        site.down(scene.key(path="transit/nobody"), "has nothing at")
        for status, words in ((429, "a standby that does not forward"), (472, "a standby of another cluster"),
                              (473, "a performance standby"), (501, "is not initialised")):
            service.health = status
            site.down(scene.key(role="role-1" if status == 472 else None), words)
            service.health = None
            with site.sealer(scene.key()) as role:
                role.wait_state("up")
                service.health = status
                failure(role.sign(site.attributes()), "unavailable", words)
            service.health = None
        equal(service.refused, 0, "no token was refused")
        def answered(status, *words):
            return rest_service.only("/sign/seal", lambda handler, path: handler.say(status, {"errors": words}) or True)
        def of_signature(text):
            return rest_service.only("/sign/seal", lambda handler, path: handler.say(
                200, {"data": {"signature": text}}) or True)
        with site.sealer(scene.key(), limit="2s") as role:
            role.wait_state("up")
            service.allowed = False
            failure(role.sign(site.attributes()), "unavailable", "\"update\"")
            service.allowed = True
            for fault, words in ((answered(400, "cannot"), "refuses /transit/sign/seal: cannot"),
                                 (answered(404), "has nothing at"),
                                 (of_signature("vault:v2:QUJD"), "3 bytes"), (of_signature("x"), "no signature of Transit"),
                                 (rest_service.only("/sign/seal", rest_service.malformed), "no signature of Transit"),
                                 (rest_service.only("/sign/seal", rest_service.oversized), "more than")):
                service.fault = fault
                failure(role.sign(site.attributes()), "unavailable", words)
                service.fault = None
                site.good(role)
            service.versions[2] = site.keys["other"]
            failure(role.sign(site.attributes()), "certificate", "not one of the certificate")
            service.versions[2] = site.keys["rsa"]
            service.sealed = True
            failure(role.sign(site.attributes()), "unavailable", "is sealed: unseal it")


def denied(site):
    """What a role may not do it may not with the next token either: its secret id, good for some logins, is not used up by mails."""
    with Scene(site) as scene:
        service = scene.service
        with site.sealer(scene.key(role="role-1")) as role:
            role.wait_state("up")
            service.allowed = False
            for _ in range(4):
                failure(role.sign(site.attributes()), "unavailable", "\"update\"")
            equal(service.logins, 2, "logins")
            service.allowed = True
            site.good(role)
            equal(service.logins, 2, "logins")


def late(site):
    """Sealed when a gateway begins for the first time."""
    with Scene(site) as scene:
        for role in (None, "role-1"):
            rest_site.comes_late(site, scene.key(role=role), lambda: setattr(scene.service, "sealed", True),
                                 lambda: setattr(scene.service, "sealed", False), "is sealed")
        equal(scene.service.refused, 0, "attempts")


if __name__ == "__main__":
    rest_site.run(signatures, versions, tokens, denied, late, errors)
