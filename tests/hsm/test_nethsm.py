#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# The sealer with keys in a NetHSM: its modes, its errors, several nodes, both sides of the fault of
# firmware 3.0, and what happens to passwords.
"""NetHSM."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import hsm
import rest_service
import rest_site
from hsm import equal, failure
from rest_service import NetHsm

PASSWORD = "a password of the HSM"


class Nodes:
    """Some nodes and the key that names them."""

    def __init__(self, site, count=1, name="localhost", **more):
        self.site = site
        self.nodes = [NetHsm(site.authority, {"seal": site.keys["rsa"], "curve": site.keys["ec"]}, name=name, **more)
                      for _ in range(count)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for node in self.nodes:
            node.stop()

    def key(self, *lines, key="seal", of="rsa", password=PASSWORD, **options):
        hosts = ",".join("localhost:%d" % node.port for node in self.nodes)
        pin = self.site.secret("nethsm", password)
        return self.site.key("nethsm+https://%s/%s" % (hosts, key), "user: gateway", "pin-file: " + pin, *lines, of=of,
                             **options)


def modes(site):
    with Nodes(site) as nsm:
        for of, key, scheme, algorithm in (("rsa", "seal", "rsa-pkcs1", "sha256"), ("rsa", "seal", "rsa-pkcs1", "sha512"),
                                           ("rsa", "seal", "rsa-pss", "sha256"), ("rsa", "seal", "rsa-pss", "sha384"),
                                           ("ec", "curve", "ecdsa", "sha256")):
            with site.sealer(nsm.key("scheme: " + scheme, "hash: " + algorithm, "parallel: 1", key=key, of=of), of=of) as role:
                role.wait_state("up")
                for _ in range(3):
                    site.good(role, of, scheme, algorithm)
                equal(len(role.events()), 3, "uses")
                equal(role.status()["token"]["model"], "NetHSM")
                equal(role.admin_ask("SEAL_PROBE", {"key": "van-thu", "by": "root"})["probe"], "done")
        equal(nsm.nodes[0].connections, 5 * 2, "connections: one to begin, one to sign, kept open")
        with site.sealer(nsm.key("tls-key: " + site.authority.pin(), ca=False)) as role:
            role.wait_state("up")
            site.good(role)


def firmware_3_0(site):
    """It pads twice: nothing of that leaves, and the words name the firmware."""
    with Nodes(site, firmware="3.0") as nsm:
        with site.sealer(nsm.key(), canary="1m") as role:
            role.wait_state("up")
            failure(role.sign(site.attributes()), "unavailable", "firmware 3.0, update it to 3.1")
            hsm.wait_for(lambda: "firmware 3.0" in role.status()["canary"]["text"], 5, "canary")
            equal(role.events(), [], "uses")
            nsm.nodes[0].firmware = "3.1"
            site.good(role)
        with site.sealer(nsm.key("scheme: rsa-pss")) as role:  # the fault was in PKCS1 alone
            role.wait_state("up")
            site.good(role, scheme="rsa-pss")


def password(site):
    """A wrong one is tried once, over restarts; another file is tried at once."""
    with Nodes(site) as nsm:
        node = nsm.nodes[0]
        key = nsm.key(password="wrong")
        state = site.down(key, "refused the password of user gateway", state="refused")
        equal(node.wrong, 1, "attempts")
        with site.sealer(key, state=state) as role:
            role.wait_state("refused")
            assert "not tried again until pin-file" in role.status()["text"]
            time.sleep(0.5)
            equal(node.wrong, 1, "attempts after a restart")
            site.secret("nethsm", PASSWORD)
            role.wait_state("up")
            site.good(role)
            # Changed there first: one attempt with the old one, then none.
            node.users["gateway"] = "another"
            failure(role.sign(site.attributes()), "credential", "refused the password")
            failure(role.sign(site.attributes()), "credential")
            equal(node.wrong, 2, "attempts with the old one")
            site.secret("nethsm", "another")
            role.wait_state("up")
            site.good(role)
            # Changed there and here: nobody notices.
            node.users["gateway"] = "a third"
            site.secret("nethsm", "a third")
            site.good(role)
            equal(node.wrong, 3, "attempts")
        assert "another" not in role_log(state), "no password on the disk"


def role_log(folder):
    text = ""
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), errors="replace") as file:
            text += file.read()
    return text


def errors(site):
    """Each row of the table, when it begins and in between."""
    with Nodes(site) as nsm:
        node, key = nsm.nodes[0], nsm.key()
        for state, words in (("Locked", "unlock it"), ("Unprovisioned", "provision"), ("Failed", "maker")):
            node.state = state
            site.down(key, words)
        node.state = "Operational"
        node.operator = False
        site.down(key, "role Operator")
        node.operator = True
        site.down(nsm.key(key="nobody"), "has no key nobody")
        site.down(nsm.key("scheme: ecdsa", of="ec"), "lacks the mechanism ECDSA_Signature", of="ec")
        node.mechanisms["seal"] = ["RSA_Signature_PSS_SHA256"]
        site.down(key, "RSA_Signature_PKCS1")
        node.mechanisms["seal"] = rest_service.MECHANISMS["rsa"]
        with site.sealer(key) as role:
            role.wait_state("up")
            node.tagged = False
            failure(role.sign(site.attributes()), "unavailable", "one of its tags")
            node.tagged = True
            for status, words in ((400, "does not sign so"), (404, "has no key"), (406, "HTTP status 406")):
                node.fault = lambda handler, path, status=status: handler.say(status, {"message": "vì\nsao"}) or True
                failure(role.sign(site.attributes()), "unavailable", words)
            node.fault = None
            site.good(role)
            begun = time.monotonic()
            node.limited_until = begun + 0.5  # somebody else guessed: wait a second, once
            site.good(role)
            assert 1 < time.monotonic() - begun < 3
            node.limited_until = time.monotonic() + 30
            failure(role.sign(site.attributes()), "credential", "refused the password")
            node.limited_until = 0
        for status in (500, 501, 502):
            with site.sealer(key) as role:
                role.wait_state("up")
                node.fault = lambda handler, path, status=status: handler.say(status, {"message": "x"}) or True
                failure(role.sign(site.attributes()), "unavailable", "HTTP status %d" % status)
            node.fault = None
        equal(node.wrong, 0, "attempts")
        node.limited_until = time.monotonic() + 30
        site.down(key, "leaves no time to wait", limit="1s")  # not asked is not refused


def late(site):
    """Locked after a power cut, or not reached, when a gateway begins for the first time."""
    with Nodes(site) as nsm:
        node = nsm.nodes[0]
        rest_site.comes_late(site, nsm.key(), lambda: setattr(node, "state", "Locked"),
                             lambda: setattr(node, "state", "Operational"), "unlock it")
        rest_site.comes_late(site, nsm.key(), node.stop, lambda: node.start(site.authority), "not reached")
        equal(node.wrong, 0, "attempts")


def bad_answers(site):
    with Nodes(site) as nsm:
        node = nsm.nodes[0]
        def wrong_length(handler, path):
            handler.say(200, {"signature": "QUJD"})
            return True
        def wrong_key(handler, path):
            import base64, json
            message = base64.b64decode(json.loads(handler.body)["message"])
            handler.say(200, {"signature": base64.b64encode(
                rest_service.raw_pkcs1(site.keys["other"], message)).decode()})
            return True
        with site.sealer(nsm.key(), limit="2s") as role:
            role.wait_state("up")
            for fault, wanted, words in ((rest_service.oversized, "unavailable", "more than"),
                                         (rest_service.malformed, "unavailable", "no signature of this key"),
                                         (rest_service.redirect, "unavailable", "HTTP status 302"),
                                         (wrong_length, "unavailable", "3 bytes"),
                                         (wrong_key, "certificate", "not one of the certificate")):
                node.fault = rest_service.only("/sign", fault)
                failure(role.sign(site.attributes()), wanted, words)
                node.fault = None
                site.good(role)
            node.fault = rest_service.only("/sign", rest_service.slow)
            begun = time.monotonic()
            failure(role.sign(site.attributes()), "unavailable", "in time")
            assert time.monotonic() - begun < 5
        node.fault = rest_service.oversized
        site.down(nsm.key(), "more than")
        node.fault = rest_service.slow
        site.down(nsm.key(), "did not answer", limit="1s")
        node.fault = None
        with site.sealer(nsm.key(of="other"), of="other") as role:
            role.wait_state("up")
            failure(role.sign(site.attributes("other")), "certificate", "not that of the certificate")


def nodes(site):
    """One that cannot is left out; when none can, all are named; one that comes back is used."""
    with Nodes(site, 3) as nsm:
        first, second, third = nsm.nodes
        with site.sealer(nsm.key()) as role:
            role.wait_state("up")
            site.good(role)
            equal(first.signed, 1, "the first")
            first.state = "Locked"
            site.good(role)
            equal(second.signed, 1, "the second")
            second.fault = lambda handler, path: handler.say(503, {"message": "x"}) or True
            site.good(role)
            equal(third.signed, 1, "the third")
            asked = len(first.asked)
            site.good(role)
            equal(len(first.asked), asked, "one that cannot is not asked first")
            first.state = "Operational"
            third.stop()
            site.good(role)
            equal(first.signed, 2, "the first again")
            equal(role.status()["losses"], 0, "losses")
            first.state = "Locked"
            failure(role.sign(site.attributes()), "unavailable")
            text = role.status()["text"]
            assert "unlock it" in text and "503" in text and "not reached" in text, text
        nsm.nodes.remove(third)
        equal((first.wrong, second.wrong), (0, 0), "attempts")


def tls(site):
    """Whom it does not know gets no password."""
    with Nodes(site, name="hsm.example") as nsm:
        site.down(nsm.key(), "is not believed", "name in uri")
        with site.sealer(nsm.key("tls-key: " + site.authority.pin(), ca=False)) as role:
            role.wait_state("up")  # its key is known: its name says nothing
            site.good(role)
    with Nodes(site) as nsm:
        site.down(nsm.key('tls-key: "sha256//%s="' % ("A" * 43)), "another TLS key")
        site.down(nsm.key('tls-key: "sha256//%s="' % ("A" * 43), ca=False), "another TLS key")
        stranger = "tls-ca: %s/rsa.pem" % site.folder
        site.down(nsm.key(stranger, ca=False), "is not believed")
        equal(nsm.nodes[0].asked, [], "questions")


if __name__ == "__main__":
    rest_site.run(modes, firmware_3_0, password, errors, late, bad_answers, nodes, tls)
