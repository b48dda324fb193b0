#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Notices with the signature of a key in an HSM: what arrives at the relay is verified by openssl cms,
# and while there is no signature to be had notices wait, or go out unsigned with an alarm.
"""Signed notices."""

import base64
import email
import email.policy
import os
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for name in ("lib", "mta", "hsm"):
    sys.path.insert(0, os.path.join(HERE, "..", name))

import hsm
from fakepost import Post
from relay import Relay
from test_sealer import Site, equal

KEY = "seal:\n  keys:\n%s"
NOTICE = (b"From: =?utf-8?Q?V=C4=83n_th=C6=B0?= <vanthu@mx1.test>\r\nTo: so@gov.vn\r\nSubject: =?utf-8?Q?C=C3=B4ng?=\r\n"
          b" =?utf-8?Q?_v=C4=83n?=\r\nMessage-ID: <n@mx1.test>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
          b"Content-Type: multipart/alternative;\r\n boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
          b"Content-Transfer-Encoding: quoted-printable\r\n\r\nC=C3=B4ng v=C4=83n\r\n.\r\n=20\r\nFrom here\r\n\r\n--b\r\n"
          b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>x</p>\r\n--b--\r\n")


def verified(site, message):
    """What openssl says was signed; the bytes as they arrived."""
    path = site.folder + "/arrived.eml"
    with open(path, "wb") as out:
        out.write(message)
    done = subprocess.run(["openssl", "cms", "-verify", "-in", path, "-inform", "SMIME", "-CAfile", site.folder + "/rsa.pem",
                           "-partial_chain", "-purpose", "any", "-crlfeol"], capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def signed(site, post, relay):
    post.registrar.add(7, message=NOTICE)
    equal(post.registrar.wait_done(1)["outcome"], "sent")
    arrived = relay.messages[0][1]
    head, inside = NOTICE.split(b"MIME-Version: 1.0\r\n")
    equal(verified(site, arrived), inside, "what is signed")
    equal(arrived.startswith(head), True, "what is not")
    mail = email.message_from_bytes(arrived, policy=email.policy.default)
    equal(mail.get_content_type(), "multipart/signed", "type")
    equal((mail.get_param("micalg"), mail.get_param("protocol")), ("sha-256", "application/pkcs7-signature"), "parameters")
    equal(mail.get_body(("plain",)).get_content().startswith("Công văn"), True, "text")
    equal(max(len(line) for line in arrived.split(b"\r\n")) <= 80, True, "short lines")
    changed = arrived.replace(b"C=C3=B4ng v", b"C=C3=B4ng w")
    with open(site.folder + "/changed.eml", "wb") as out:
        out.write(changed)
    done = subprocess.run(["openssl", "cms", "-verify", "-in", site.folder + "/changed.eml", "-inform", "SMIME", "-noverify"],
                          capture_output=True)
    equal(done.returncode != 0, True, "changed afterwards")


def nothing_but_notices(site, role):
    """Over the channel of post nothing else is signed, whatever the key may be used for."""
    for purpose, wanted in (("message", "misuse"), ("document", "misuse"), ("probe", "misuse"), ("notice", "done")):
        answer = role.ask("SEAL_SIGN", {"key": "van-thu", "purpose": purpose, "attributes": base64.b64encode(
            hsm.attributes(site.certificates["rsa"])).decode()}, channel=role.notice)
        equal(answer["failure"], wanted, purpose)


def waits_for_the_hsm(site, post, relay, role):
    """An HSM that is away for a moment costs no signature."""
    site.hsm.signal_server(signal.SIGSTOP)
    post.registrar.add(8, message=NOTICE)
    time.sleep(4)
    equal(len(relay.messages), 1, "sent meanwhile")
    site.hsm.signal_server(signal.SIGCONT)
    equal(post.registrar.wait_done(2, 40)["outcome"], "sent")
    verified(site, relay.messages[1][1])
    role.wait_state("up", 30)


def stopped(site, post, relay, role):
    """What an administrator stopped is not waited for."""
    equal(role.admin_ask("SEAL_STOP", {"by": "root", "text": "thử"}), {"good": True})
    post.registrar.add(9, message=NOTICE)
    post.registrar.add(10, message=NOTICE)
    post.registrar.wait_done(4, 10)
    equal([m for _, m in relay.messages[2:]], [NOTICE, NOTICE], "unsigned")
    equal(post.log_text().count("notices go out unsigned"), 1, post.log_text())
    equal(role.admin_ask("SEAL_RESUME", {"by": "root"}), {"good": True})
    post.registrar.add(11, message=NOTICE)
    equal(post.registrar.wait_done(5)["outcome"], "sent")
    verified(site, relay.messages[4][1])
    equal("notices are signed again" in post.log_text(), True, post.log_text())


def gives_back(site, post, relay, role):
    """When the role is to end, a notice that waits for its signature is another post's."""
    site.hsm.signal_server(signal.SIGSTOP)
    try:
        post.registrar.add(12, message=NOTICE)
        hsm.wait_for(lambda: 12 in post.registrar.leases, 10)
        time.sleep(1)
        post.drain()
        equal(post.wait(15), 0, "end")
        equal((len(post.registrar.done), len(relay.messages), post.registrar.leases[12]), (5, 5, False), "done, sent, kept")
    finally:
        site.hsm.signal_server(signal.SIGCONT)


def main():
    with tempfile.TemporaryDirectory() as folder:
        site = Site(folder)
        relay = Relay()
        try:
            key = site.key().replace("purposes: [message, notice]", "purposes: [message, document, notice]\n      identity: service")
            with site.sealer(key) as role:
                role.wait_state("up")
                post = Post("  {relay: 'smtp://127.0.0.1:%d', sign-with: van-thu}" % relay.port, role.notice,
                            "policy: /test/policy.yaml\nlimits: {hsm: 2s}\n" + KEY % key)
                try:
                    signed(site, post, relay)
                    equal([(e["by"], "purpose=notice" in e["text"]) for e in role.events()], [("notice 7", True)], "use")
                    nothing_but_notices(site, role)
                    print("ok signed, and nothing but notices", flush=True)
                    for test in (waits_for_the_hsm, stopped, gives_back):
                        test(site, post, relay, role)
                        print(f"ok {test.__name__}", flush=True)
                except BaseException:
                    print(post.log_text())
                    raise
                finally:
                    post.stop()
        finally:
            relay.stop()
            site.hsm.stop()


if __name__ == "__main__":
    main()
