#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# The sealer with keys at a service of the Cloud Signature Consortium: both versions, each way to
# authorise that works without a person, and what is said of the others.
"""CSC API."""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import hsm
import rest_service
import rest_site
from hsm import equal, failure
from rest_service import CREDENTIAL, Csc

PIN, SECRET = "24681357", "b%&i mật+/="


class Scene:
    """One service and the key that names it."""

    def __init__(self, site, of="rsa", **more):
        self.site, self.of = site, of
        self.service = Csc(site.authority, site.keys[of], site.certificates[of], **more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.service.stop()

    def key(self, *lines, pin=None, secret=None, credential=CREDENTIAL, **options):
        lines = list(lines)
        if pin:
            lines.append("pin-file: " + self.site.secret("pin", pin))
        if secret:
            lines += ["user: cổng thư", "secret-file: " + self.site.secret("client", secret)]
        return self.site.key("csc+https://localhost:%d/csc/v%d#%s" % (self.service.port, self.service.version, credential),
                             *lines, of=self.of, **options)


def signatures(site):
    """Versions, levels of control, authorisations, algorithms."""
    for version in (1, 2):
        for scal, mode, of, scheme, algorithm, raw in (
                ("1", "implicit", "rsa", "rsa-pkcs1", "sha256", False), ("2", "implicit", "rsa", "rsa-pss", "sha384", False),
                ("1", "explicit", "ec", "ecdsa", "sha256", False), ("2", "explicit", "ec", "ecdsa", "sha256", True)):
            with Scene(site, of, version=version, scal=scal, mode=mode) as scene:
                service = scene.service
                service.client, service.raw_ecdsa = ("cổng thư", SECRET), raw
                service.pin = PIN if mode == "explicit" else None
                key = scene.key("scheme: " + scheme, "hash: " + algorithm, pin=service.pin, secret=SECRET)
                with site.sealer(key, of=of) as role:
                    role.wait_state("up")
                    for _ in range(2):
                        site.good(role, of, scheme, algorithm)
                    equal(len(role.events()), 2, "uses")
                    equal(service.tokens_given, 1, "tokens")
                    equal(role.admin_ask("SEAL_PROBE", {"key": "van-thu", "by": "root"})["probe"], "done")
                    equal(role.status()["token"]["model"], "v%d" % version)
    with Scene(site) as scene:  # a service that asks for no token, and the plain algorithm alone
        scene.service.algorithms = ["1.2.840.113549.1.1.1"]
        with site.sealer(scene.key()) as role:
            role.wait_state("up")
            site.good(role)


def person(site):
    """What needs one is refused with words before anything is signed."""
    for version in (1, 2):
        with Scene(site, version=version, mode="oauth2code") as scene:
            site.down(scene.key(), "oauth2code: a person has to log in")
        with Scene(site, version=version, mode="explicit") as scene:
            scene.service.otp = True
            site.down(scene.key(pin=PIN), "one-time password")
            scene.service.otp = False
            site.down(scene.key(), "has no pin-file")
            equal(scene.service.wrong_pins, 0, "attempts")


def pin(site):
    """A wrong one is tried once; services lock after three."""
    for version in (1, 2):
        with Scene(site, version=version, mode="explicit") as scene:
            service = scene.service
            service.pin = PIN
            key = scene.key(pin="11111111")
            state = site.down(key, "refused the PIN", state="refused")
            equal(service.wrong_pins, 1, "attempts")
            with site.sealer(key, state=state) as role:
                role.wait_state("refused")
                assert "not tried again until pin-file" in role.status()["text"]
                equal(service.wrong_pins, 1, "attempts after a restart")
                site.secret("pin", PIN)
                role.wait_state("up")
                site.good(role)
                service.pin = "99999999"  # changed there: many at once make one attempt
                answers = []
                threads = [threading.Thread(target=lambda: answers.append(role.sign(site.attributes()))) for _ in range(6)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                for answer in answers:
                    failure(answer, "credential", "refused the PIN")
                equal(service.wrong_pins, 2, "attempts of many")
                site.secret("pin", "99999999")
                role.wait_state("up")
                site.good(role)
            service.locked = True
            site.down(key, "is locked: its owner has to unlock it", state="refused")
            equal(service.wrong_pins, 2, "attempts")


def unclear(site):
    """A refusal that does not say what of: it may have been the PIN, which is tried once then."""
    for status, error, description in ((400, "invalid_request", "Wrong authentication"), (401, "invalid_pin", ""), (403, "", "")):
        with Scene(site, mode="explicit") as scene:
            service = scene.service
            service.client, service.pin = ("cổng thư", SECRET), PIN
            service.fault = rest_service.only("/authorize", lambda handler, path, answer=(status, {
                "error": error, "error_description": description}): handler.say(*answer) or True)
            key = scene.key(pin=PIN, secret=SECRET)
            state = site.down(key, "HTTP status %d" % status, state="refused")
            equal(service.count("/authorize"), 1, "attempts")
            with site.sealer(key, state=state) as role:
                role.wait_state("refused")
            equal((service.count("/authorize"), service.tokens_given), (1, 1), "attempts after a restart, tokens")


def late(site):
    """Not ready when a gateway begins for the first time."""
    with Scene(site, mode="explicit") as scene:
        service = scene.service
        service.pin = PIN
        busy = rest_service.only("/authorize", lambda handler, path: handler.say(503, {"error": "temporarily_unavailable"}) or True)
        rest_site.comes_late(site, scene.key(pin=PIN), lambda: setattr(service, "fault", busy),
                             lambda: setattr(service, "fault", None), "for a moment")


def client(site):
    """The secret of the client, and its tokens."""
    with Scene(site) as scene:
        service = scene.service
        service.client = ("cổng thư", SECRET)
        key = scene.key(secret="wrong")
        state = site.down(key, "refused user and secret-file", state="refused")
        with site.sealer(key, state=state) as role:
            role.wait_state("refused")
            assert "not tried again until secret-file" in role.status()["text"]
            equal(service.wrong_clients, 1, "attempts")
            site.secret("client", SECRET)
            role.wait_state("up")
            site.good(role)
            equal(service.tokens_given, 1, "tokens")
            service.tokens.clear()  # taken back there: fetched once more, and nobody notices
            site.good(role)
            equal((service.tokens_given, role.status()["losses"]), (2, 0), "tokens, losses")
            service.token_secs = 2
            service.tokens.clear()
            site.good(role)
            time.sleep(1.1)
            site.good(role)
            equal(service.tokens_given, 4, "one that ends is renewed before")
            service.fault = rest_service.only("/signHash", lambda handler, path: handler.say(401) or True)
            failure(role.sign(site.attributes()), "unavailable", "HTTP status 401")
            equal(service.count("/signHash") >= 6, True)
        service.fault = None
        for error, words in (("invalid_scope", "have it allowed"), ("unauthorized_client", "client_credentials"),
                             ("unsupported_grant_type", "need a person"), ("invalid_grant", "what it gave before"),
                             ("server_error", "a fault of its own")):
            service.fault = rest_service.only("/token", lambda handler, path, error=error: handler.say(
                400, {"error": error}) or True)
            site.down(scene.key(secret=SECRET), words)


def login(site):
    """A service without OAuth 2.0: auth/login with HTTP Basic; a wrong password is tried once."""
    for version in (1,):
        with Scene(site, version=version) as scene:
            service = scene.service
            service.basic, service.client = True, ("cổng thư", SECRET)
            site.down(scene.key(secret=SECRET), "look at token-url", "/auth/login")
            url = "token-url: https://localhost:%d/csc/v%d/auth/login" % (service.port, version)
            key = scene.key(url, secret="wrong")
            state = site.down(key, "refused the login of user and secret-file", state="refused")
            with site.sealer(key, state=state) as role:
                role.wait_state("refused")
                equal(service.wrong_clients, 1, "attempts after a restart")
                site.secret("client", SECRET)
                role.wait_state("up")
                site.good(role)
                service.tokens.clear()
                site.good(role)
                equal((service.tokens_given, role.status()["losses"]), (2, 0), "tokens, losses")


def later(site):
    """Version 2: an authorisation that comes in the service's own time, and one that never comes."""
    with Scene(site, version=2, mode="explicit", scal="2") as scene:
        service = scene.service
        service.pin = PIN
        with site.sealer(scene.key(pin=PIN), limit="2s") as role:
            role.wait_state("up")
            service.checks = 3
            site.good(role)
            equal((service.checks, service.count("/authorizeCheck")), (0, 3), "asked again")
            service.checks = 1000
            failure(role.sign(site.attributes()), "unavailable", "waits for an approval of this use, which only a person gives")
            service.checks = 0
            site.good(role)
            equal((service.wrong_pins, role.status()["losses"]), (0, 0), "wrong PINs, losses")


def errors(site):
    with Scene(site, scal="2") as scene:
        service = scene.service
        site.down(scene.key(credential="nobody"), "credentialID")
        service.status = "disabled"
        site.down(scene.key(), "\"disabled\": its owner has to enable it")
        service.status = "enabled"
        service.algorithms = ["1.2.840.113549.1.1.10"]
        site.down(scene.key(), "key.algo is", "1.2.840.113549.1.1.11")
        service.algorithms = ["1.2.840.113549.1.1.11"]
        def answered(status, error, description=""):
            return rest_service.only("/signHash", lambda handler, path: handler.say(
                status, {"error": error, "error_description": description}) or True)
        def of_body(body):
            return rest_service.only("/signHash", lambda handler, path: handler.say(200, body) or True)
        with site.sealer(scene.key(), limit="2s") as role:
            role.wait_state("up")
            service.swap_hash = True
            failure(role.sign(site.attributes()), "unavailable", "authorised another hash")
            service.swap_hash = False
            for fault, words in ((answered(400, "access_denied"), "denies this client"),
                                 (answered(400, "invalid_request", "SAD expired"), "has expired"),
                                 (answered(400, "invalid_request", "Numbers of signatures is too high"), "fewer signatures"),
                                 (answered(400, "invalid_request", "The certificate has expired"), "of the credential has expired"),
                                 (answered(400, "invalid_grant"), "what it gave before"),
                                 (answered(400, "invalid_otp"), "only a person has"),
                                 (answered(202, ""), "waits for an approval"),
                                 (of_body({"signatures": []}), "0 signatures"),
                                 (of_body({"signatures": ["QUJD", "QUJD"]}), "2 signatures"),
                                 (of_body({"signatures": ["QUJD"]}), "3 bytes"),
                                 (rest_service.only("/authorize", lambda handler, path: handler.say(200, {}) or True), "SAD"),
                                 (rest_service.only("/signHash", rest_service.malformed), "no JSON object"),
                                 (rest_service.only("/signHash", rest_service.oversized), "more than")):
                service.fault = fault
                failure(role.sign(site.attributes()), "unavailable", words)
                service.fault = None
                site.good(role)
            service.key = site.keys["other"]
            failure(role.sign(site.attributes()), "certificate", "not one of the certificate")
            service.key = site.keys["rsa"]
            service.fault = answered(503, "temporarily_unavailable")
            failure(role.sign(site.attributes()), "unavailable")
            assert "for a moment" in role.log_text()
        service.fault = None
        with site.sealer(scene.key()) as role:
            role.wait_state("up")
            service.fault = answered(500, "server_error")
            failure(role.sign(site.attributes()), "unavailable", "a fault of its own")
        service.fault = None
        service.certificate = site.certificates["other"]
        with site.sealer(scene.key()) as role:
            role.wait_state("up")
            failure(role.sign(site.attributes()), "certificate", "not that of the certificate")


if __name__ == "__main__":
    rest_site.run(signatures, person, pin, unclear, late, client, login, later, errors)
