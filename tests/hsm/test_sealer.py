#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# The sealer with a network HSM (SoftHSM2 behind p11-kit server and mutual TLS): what it signs, what
# it refuses, and that each use is in the register before its signature is given.
"""Requests to the sealer."""

import json
import os
import re
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import hsm
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from hsm import Site, attributes, der, equal, failure, oid

# ---- what is signed, and by whom it was permitted ----


def good_signatures(site):
    """Each scheme; verified here by another library, with what the use left in the register."""
    for name, of, scheme, algorithm in (("a", "rsa", "rsa-pkcs1", "sha256"), ("b", "rsa", "rsa-pss", "sha384"),
                                        ("c", "ec", "ecdsa", "sha256"), ("d", "rsa", "rsa-pkcs1", "sha512")):
        certificate = site.certificates[of]
        with site.sealer(site.key(name, of, more="scheme: %s\nhash: %s" % (scheme, algorithm)),
                         policy=hsm.make_policy(certificate)) as role:
            role.wait_state("up")
            data = attributes(certificate, algorithm=algorithm)
            signature = role.sign(data, name, reference="1831-0927-5569", on_behalf="vt@soxd.ninhbinh.gov.vn")
            hsm.verify(site.keys[of], data, signature, scheme, getattr(hashes, algorithm.upper())())
            events = role.events()
            equal(len(events), 1, "uses in the register")
            equal(events[0]["by"], "vt@soxd.ninhbinh.gov.vn", "on whose behalf")
            for words in ("key=" + name, "purpose=notice", "12/QĐ-SXD", "agency=soxd"):
                assert words in events[0]["text"], events
            identity = role.ask("SEAL_IDENTITY", {"key": name})
            equal((identity["scheme"], identity["hash"]), (scheme, algorithm), "identity")
            assert "no such key" in role.ask("SEAL_IDENTITY", {"key": "nobody"})["text"]


def long_permission(site):
    """The whole title of a decision, longer than its place in the record, with quotes in it."""
    title = '45/QĐ-UBND ngày 01/02/2026 về việc giao quản lý, sử dụng con dấu của hệ thống "Văn thư" ' + "ở sở, ngành " * 10
    for more in range(3):  # a character of up to three bytes is never cut in the middle
        own = site.certificates["rsa"]
        with site.sealer(site.key(), policy=hsm.make_policy(own, document="x" * more + title)) as role:
            role.wait_state("up")
            hsm.verify(site.keys["rsa"], attributes(own), role.sign(attributes(own)))
            events = role.events()
            equal(len(events), 1, "uses in the register")
            permission = re.search(' permission="([^"]*)" attributes=', events[0]["text"])
            assert permission and permission.group(1).startswith("x" * more + "45/QĐ-UBND") and \
                permission.group(1).endswith(", vanthu") and "hệ thống 'Văn thư'" in permission.group(1), events
            equal([p["authorised"] for p in role.status()["purposes"]], [True] * 3, "purposes")


def only_attributes(site):
    """Whoever took a gateway over gets nothing else signed."""
    own, other = site.certificates["rsa"], site.certificates["other"]
    good = attributes(own)
    pieces = sorted([good[2 + (good[1] > 127):]])
    extra = hsm.attribute((1, 2, 3, 4), der(4, b"x"))
    twice = hsm.attribute(hsm.PKCS9 + (4,), der(4, b"\1" * 32))
    two_values = der(0x30, oid(*hsm.PKCS9, 3), der(0x31, oid(1, 2, 840, 113549, 1, 7, 1), oid(1, 2, 3)))
    cases = {
        "bytes": b"GET / HTTP/1.1", "nothing": b"", "a digest": b"\x55" * 32,
        "a sequence": der(0x30, *pieces),
        "a set of something": der(0x31, der(4, b"x")),
        "more behind it": good + b"\0",
        "cut": good[:-1],
        "long form of a length": good[:1] + b"\x82\0" + good[2:] if good[1] == 0x81 else b"\x31\x82\0" + good[1:],
        "a time stamp token": attributes(own, content_type=(1, 2, 840, 113549, 1, 9, 16, 1, 4)),
        "another certificate": attributes(other),
        "another hash": attributes(own, algorithm="sha512"),
        "no certificate": attributes(own, leave_out=("certificate",)),
        "no digest": attributes(own, leave_out=("message-digest",)),
        "no content-type": attributes(own, leave_out=("content-type",)),
        "tomorrow": attributes(own, time_off=86400), "yesterday": attributes(own, time_off=-86400),
        "an unknown attribute": attributes(own, more=(extra,)),
        "one twice": attributes(own, more=(twice,)),
        "two values": attributes(own, leave_out=("content-type",), more=(two_values,)),
        "not in order": der(0x31, *reversed(sorted(hsm.elements(good)))),
    }
    with site.sealer(site.key()) as role:
        role.wait_state("up")
        for name, data in cases.items():
            try:
                failure(role.sign(data), "misuse")
            except AssertionError as error:
                raise AssertionError("%s: %s" % (name, error))
        hsm.verify(site.keys["rsa"], good, role.sign(good))
        hsm.verify(site.keys["rsa"], *[attributes(own, leave_out=("signing-time",))] * 1,
                   role.sign(attributes(own, leave_out=("signing-time",))))
        equal(len(role.events()), 2, "uses in the register")
        assert "somebody wants something else signed" in role.log_text()


def unknown_request_ends_it(site):
    """Also what an administrator may ask; over the administrator's channel it is none."""
    for kind, body, channel in (("INSPECT", {}, "seal"), ("SEAL_STOP", {"by": "x"}, "seal"),
                                ("SEAL_CSR", {"key": "van-thu"}, "seal"), ("SEAL_PROBE", {"key": "van-thu"}, "seal")):
        with site.sealer(site.key()) as role:
            role.wait_state("up")
            role.ask(kind, body)
            equal(role.process.wait(5), 0, "exit status after %s over %s" % (kind, channel))
            assert "none of the sealer's" in role.log_text(), role.log_text()
            equal(role.events(), [], "uses")
    with site.sealer(site.key()) as role:
        role.wait_state("up")
        failure(role.ask("SEAL_SIGN", {}, channel=role.admin), "misuse")
        failure(role.sign(attributes(site.certificates["rsa"]), purpose="probe"), "misuse")
        failure(role.sign(attributes(site.certificates["rsa"]), key="nobody"), "misuse")
        equal(role.process.poll(), None, "the sealer lives")


def authorisation(site):
    own = site.certificates["rsa"]
    data = attributes(own)
    service = site.key(more="identity: service")
    for text, key, policy, purpose, wanted, words in (
            ("none", site.key(), hsm.make_policy(), "notice", "not-authorised", "no authorisation"),
            ("of another", site.key(), hsm.make_policy(site.certificates["other"]), "notice", "not-authorised", "no authorisation"),
            ("past", site.key(), hsm.make_policy(own, "2020-01-01", "2020-02-01"), "notice", "not-authorised", "only"),
            ("to come", site.key(), hsm.make_policy(own, "2090-01-01", "2091-01-01"), "message", "not-authorised", "only"),
            ("of another agency", site.key(), hsm.make_policy(own, agency="sogd"), "message", "not-authorised", "soxd"),
            ("good", site.key(), hsm.make_policy(own), "message", None, ""),
            ("a service for notices", service, hsm.make_policy(), "notice", None, ""),
            ("a service for mails", service, hsm.make_policy(), "message", "not-authorised", "no authorisation"),
            ("not for documents", site.key(), hsm.make_policy(own), "document", "not-authorised", "purpose")):
        with site.sealer(key, policy=policy) as role:
            role.wait_state("up")
            answer = role.sign(data, purpose=purpose)
            if wanted is None:
                hsm.verify(site.keys["rsa"], data, answer)
            else:
                failure(answer, wanted, words)
            equal(len(role.events()), 0 if wanted else 1, "uses: " + text)


def quota(site):
    """Also over a death: whoever may ask for nothing else could end the sealer."""
    data = attributes(site.certificates["rsa"])
    key = site.key(more="per-hour: 3")
    with site.sealer(key) as role:
        role.wait_state("up")
        for _ in range(2):
            assert isinstance(role.sign(data), bytes)
        state = role.directory
    with site.sealer(key, state=state) as role:
        role.wait_state("up")
        assert isinstance(role.sign(data), bytes)
        failure(role.sign(data), "quota", "3 signatures")
        equal(len(role.events()), 1, "uses")


def stop(site):
    """At once, over restarts, and also what was under way."""
    data = attributes(site.certificates["rsa"])
    with site.sealer(site.key()) as role:
        role.wait_state("up")
        assert isinstance(role.sign(data), bytes)
        equal(role.admin_ask("SEAL_STOP", {"by": "root", "text": "mất thiết bị"}), {"good": True})
        failure(role.sign(data), "stopped", "mất thiết bị")
        assert "root" in role.admin_ask("SEAL_STATUS")["stopped"]
        hsm.wait_for(lambda: len(role.events("seal-stopped")) == 1, 5, "the stop is recorded")
        state = role.directory
    with site.sealer(site.key(), state=state) as role:
        role.wait_state("up")
        failure(role.sign(data), "stopped")
        failure_of_probe = role.admin_ask("SEAL_PROBE", {"key": "van-thu", "by": "root"})
        equal(failure_of_probe["probe"], "stopped")
        equal(role.admin_ask("SEAL_RESUME", {"by": "root"}), {"good": True})
        assert isinstance(role.sign(data), bytes)
        assert "was not stopped" in role.admin_ask("SEAL_RESUME", {"by": "root"})


def register_first(site):
    """Without a record there is no signature."""
    data = attributes(site.certificates["rsa"])
    with site.sealer(site.key()) as role:
        role.wait_state("up")
        role.registrar.fault = "the disk is full"
        failure(role.sign(data), "unavailable", "the disk is full")
        role.registrar.fault = None
        role.registrar.silent = True
        begun = time.monotonic()
        failure(role.sign(data), "unavailable", "the register did not answer")
        assert time.monotonic() - begun < 2.5
        role.registrar.silent = False
        assert isinstance(role.sign(data), bytes)
        equal(len(role.events()), 1, "uses")


def many_at_once(site):
    data = attributes(site.certificates["rsa"])
    found = []
    with site.sealer(site.key(more="parallel: 8")) as role:
        role.wait_state("up")
        def work():
            for _ in range(5):
                found.append(role.sign(data))
        threads = [threading.Thread(target=work) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        equal(len(found), 100, "answers")
        for signature in found:
            hsm.verify(site.keys["rsa"], data, signature)
        equal(len(role.events()), 100, "uses")


def certificates(site):
    """Expired, not yet valid, of another key, none at all, unreadable."""
    site.certify("expired", site.keys["rsa"], days=-1, begun_days=10)
    site.certify("future", site.keys["rsa"], days=10, begun_days=-5)
    with open(site.folder + "/broken.pem", "w") as out:
        out.write("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    for name, words in (("expired", "expired"), ("future", "valid only from"), ("other", "not that of the certificate"),
                        ("", "no certificate yet"), ("broken", "broken.pem"), ("absent", "absent.pem")):
        own = site.certificates.get(name, site.certificates["rsa"])
        with site.sealer(site.key(certificate=name), policy=hsm.make_policy(own)) as role:
            role.wait_state("up")
            failure(role.sign(attributes(own)), "certificate", words)
            equal(role.events(), [], "uses with certificate " + name)


def canary(site):
    """A signature at intervals, recorded as one; what keeps it from being made is told."""
    with site.sealer(site.key(), canary="1s") as role:
        role.wait_state("up")
        hsm.wait_for(lambda: len([e for e in role.events() if "purpose=probe" in e["text"]]) >= 2, 8, "two of them")
        role.registrar.fault = "the disk is full"
        hsm.wait_for(lambda: "the disk is full" in role.status()["canary"]["text"], 8, "a fault")
        assert "canary=failed" in role.log_text()
        role.registrar.fault = None
        hsm.wait_for(lambda: role.status()["canary"]["text"] == "", 8, "good again")
        assert role.status()["canary"]["good"] > 0 and "canary=good again" in role.log_text()
    with site.sealer(site.key(), canary="1s", policy=hsm.make_policy()) as role:
        role.wait_state("up")
        time.sleep(1.5)
        equal((role.events(), role.status()["canary"]["text"]), ([], ""), "without an authorisation there is none")


def old_pin(site):
    """150 days, by what the sealer remembers, not by the time of a file."""
    with site.sealer(site.key()) as role:
        role.wait_state("up")
        equal(role.status()["pin"]["old"], False)
        kept = [name for name in os.listdir(role.directory) if name.startswith("login-")]
        equal(len(kept), 1, "what is remembered of logins")
        with open(os.path.join(role.directory, kept[0]), "r+") as file:
            state = json.load(file)
            state["met"][0]["since"] -= 151 * 86400
            file.seek(0)
            file.truncate()
            json.dump(state, file)
        equal(role.status()["pin"]["old"], True)


def probe_and_request(site):
    with site.sealer(site.key(), site.key("new", "ec", certificate="", more="scheme: ecdsa")) as role:
        role.wait_state("up", key="van-thu")
        role.wait_state("up", key="new")
        probe = role.admin_ask("SEAL_PROBE", {"key": "van-thu", "by": "root"})
        equal((probe["probe"], probe["state"], probe["token"]["label"]), ("done", "up", "seal"))
        equal(role.admin_ask("SEAL_PROBE", {"key": "new"})["probe"], "certificate")
        assert "--subject" in role.admin_ask("SEAL_CSR", {"key": "new", "by": "root"})
        for name, subject, of, common in (("new", "/C=VN/O=Sở Xây dựng/CN=Hệ thống thư", "ec", "Hệ thống thư"),
                                          ("van-thu", None, "rsa", "Seal rsa")):
            answer = role.admin_ask("SEAL_CSR", {"key": name, "by": "root", **({"subject": subject} if subject else {})})
            equal(answer["failure"], "done", "request")
            request = x509.load_pem_x509_csr(answer["pem"].encode())
            assert request.is_signature_valid
            equal(request.subject.get_attributes_for_oid(hsm.NameOID.COMMON_NAME)[0].value, common)
            equal(request.public_key().public_numbers(), site.keys[of].public_numbers(), "key of the request")
        equal(len(role.events("seal-request")), 2, "requests in the register")


CASES = [good_signatures, long_permission, only_attributes, unknown_request_ends_it, authorisation, quota, stop, register_first,
         many_at_once, certificates, canary, old_pin, probe_and_request]


def main():
    wanted = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        site = Site(folder)
        try:
            for case in CASES:
                if not wanted or case.__name__ in wanted:
                    begun = time.monotonic()
                    case(site)
                    print("ok %s (%.1f s)" % (case.__name__, time.monotonic() - begun), flush=True)
        finally:
            site.hsm.stop()


if __name__ == "__main__":
    main()
