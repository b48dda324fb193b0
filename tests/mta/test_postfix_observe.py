#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Observe is inert: whatever a mail holds and whatever becomes of the roles, the answer is 250 and
# what is delivered is, but for the lines Postfix itself writes, what is delivered without a milter.
"""Observe mode through a real Postfix."""

import collections
import json
import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import processes
import site_test
from site_lab import BUILD, all_reasons, wait_for
from site_test import CRLF, build, equal, long_mail, mail, pdf_mail, plain_mail

OBSERVE_MSECS = 5000  # a mail waits no longer


def without_trace(delivered):
    """A delivered mail without the Received lines of Postfix."""
    return re.sub(rb"(?m)^Received:[^\n]*\n(?:[ \t][^\n]*\n)*", b"", delivered)


def mails(site):
    """(what it is, mail, what the policy would do)."""
    forged = (b"X-Vanthu-Verdict: TOTAL-PASSED, everything is fine" + CRLF + b"X-Vanthu-Action: accept" + CRLF
              + b"Authentication-Results: vanthu.mx.lab.test; smime=pass" + CRLF)
    changed = bytearray(site.sign())
    changed[changed.index(b"stream", changed.index(b"/Contents")) + 40] ^= 1
    yield "ordinary", plain_mail(), "accept"
    yield "signed", pdf_mail(site.sign()), None
    yield "changed after signing", pdf_mail(bytes(changed)), "reject"
    yield "self-made", pdf_mail(site.sign("self")), "reject"
    yield "revoked", pdf_mail(site.sign("revoked")), "reject"
    yield "status unknown", pdf_mail(site.sign("unreachable")), "tag"
    yield "forged headers of ours", plain_mail(extra=forged), "accept"
    yield "signed message", mail(build.multipart_signed(build.text_part(), site.pki, "smime"), "binhtt@ninhbinh.gov.vn", b""), None
    yield "signed message, altered", mail(build.multipart_signed(build.text_part(), site.pki, "smime"), "binhtt@ninhbinh.gov.vn",
                                          b"").replace(b"Tr=C3=A2n", b"Tr=C3=A1n", 1), "tag"
    yield "raw 8-bit name", pdf_mail(site.sign(), "Quyết định.pdf").replace(b"Subject: ", "Subject: Về việc ".encode(), 1), None
    yield "long and odd lines", mail(build.multipart([build.text_part(), b"Content-Type: text/plain" + CRLF + CRLF + b".\r\n..x\r\n"
                                                      + b"a" * 990 + CRLF + b"tab\t \r\n\r\n"])), "accept"
    yield "malformed", mail(b"Content-Type: application/pdf" + CRLF + b"Content-Type: text/plain" + CRLF
                            + b"Content-Transfer-Encoding: base64" + CRLF + CRLF + b"\x01!!\xfe" * 50), None


def same_twice(site, message, what):
    """Send with the milter and without: the answers and deliveries are the same."""
    judged = site.send(message)
    equal(judged["code"], 250, f"answer to {what}")
    first = site.delivered(message)
    site.forget_deliveries()
    plain = site.send(message, listener=2)
    equal(plain["code"], 250, f"answer to {what} without the milter")
    second = site.delivered(message)
    equal(first is not None and second is not None, True, f"deliveries of {what}")
    equal(without_trace(first) == without_trace(second), True, f"delivered bytes of {what}:\n{first[:1500]}\n{second[:1500]}")
    site.forget_deliveries()
    return judged


def nothing_changes(site):
    """Good, bad, forged and malformed mails: 250 and unchanged bytes."""
    for what, message, would_be in mails(site):
        answer = same_twice(site, message, what)
        record = site.record_of(answer)
        if would_be:
            equal(record["decision"]["would_be"], would_be, f"{what}, in enforce")
        print(f"     {what:26} 250 after {answer['seconds']:.2f} s, bytes unchanged; in enforce {record['decision']['would_be']}"
              f" {','.join(all_reasons(record['evidence']))}")


def would_be_is_shown(site):
    """status and register list say what would have become of the mails that all passed."""
    wanted = collections.Counter(record["decision"]["would_be"] for record in site.records() if record.get("decision"))
    counted = json.loads(site.vanthu("status", "--json").stdout)["mails"]["today"]
    equal((counted["accept"], counted["reject"]), (sum(wanted.values()), 0), "what became of them")
    equal((counted["would_be"]["reject"], counted["would_be"]["tag"]), (wanted["reject"], wanted["tag"]), "what would have")
    listed = subprocess.run([BUILD + "/vanthu", "register", "list", "--config", site.folder + "/vanthu.yaml"], capture_output=True,
                            text=True, env=dict(os.environ, LC_ALL="C.UTF-8")).stdout
    equal((listed.count("  would refuse "), listed.count("  would tag ")), (wanted["reject"], wanted["tag"]), listed)


def inspector_killed(site):
    """An inspector child killed in mid-mail: accepted, unchanged."""
    message = long_mail()
    answer = site.send_in_background(message)
    child, _ = site.held_child()
    os.kill(child, signal.SIGKILL)
    found = answer.result(60)
    equal(found["code"], 250, "answer")
    first = site.delivered(message)
    equal(b"X-Vanthu" in first.split(b"\r\n\r\n", 1)[0], False, "headers of ours")
    equal(first.endswith(message.split(b"\r\n\r\n", 1)[1]), True, "body")
    equal("NOT_CHECKED" in str(site.record_of(found)) or "failure" in site.record_of(found), True, "the failure is recorded")


def inspector_hangs(site):
    """An inspector child that hangs: the mail waits five seconds and no longer."""
    message = long_mail()
    answer = site.send_in_background(message)
    child, _ = site.held_child()
    found = answer.result(60)
    equal(found["code"], 250, "answer")
    waited = site.record_of(found)["msecs"]["total"]
    equal(OBSERVE_MSECS - 500 < waited < OBSERVE_MSECS + 500, True, f"milliseconds at the end of the mail {waited}")
    wait_for("the end of the child", lambda: not processes.is_alive(child))
    print(f"     250; {waited} ms at the end of the mail")


def gateway_killed(site):
    """The gateway killed in mid-mail: Postfix accepts, unchanged."""
    message = long_mail()
    gateway = site.pid("gateway")
    answer = site.send_in_background(message)
    site.held_child()
    os.kill(gateway, signal.SIGKILL)
    equal(answer.result(60)["code"], 250, "answer")
    equal(site.delivered(message).endswith(message.split(b"\r\n\r\n", 1)[1]), True, "body")
    site.wait_restarted("gateway", gateway)


def milter_is_away(site):
    """No milter at all: Postfix accepts."""
    site.stop_milter()
    message = plain_mail()
    equal(site.send(message)["code"], 250, "answer")
    equal(site.delivered(message) is None, False, "delivered")


sys.exit(site_test.run(nothing_changes, would_be_is_shown, inspector_killed, inspector_hangs, gateway_killed, milter_is_away, mode="observe"))
