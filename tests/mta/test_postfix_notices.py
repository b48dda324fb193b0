#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Who is told of a mail, and why its sender is not, through a real Postfix: what the register has of
# it. Whether the notice is delivered is the matter of others.
"""Notices that are owed."""

import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import site_test
from site_lab import BUILD
from site_test import ALIGNED, CITIZEN, STATE, equal, pdf_mail, plain_mail

CRLF = b"\r\n"
INSIDE = "127.0.0.2"  # the site's internal network
RECEIVED = b"Received: from mail.example.vn (unknown [203.113.9.25])\r\n\tby x (Postfix) with ESMTP id 4X; Mon, 23 Nov 2026 09:00:00 +0700" + CRLF
SPF = b"Authentication-Results: auth.lab.test; spf=pass smtp.mailfrom="
POLICY = """\
officer: {name: Trần Thị B, mailbox: canbo@ninhbinh.gov.vn}
agencies: agencies.yaml
rules:
  - {name: held, when: {reason: CONTENT_CHANGED, recipient: giu@ninhbinh.gov.vn}, then: hold}
  - {name: changed, when: {reason: CONTENT_CHANGED}, then: reject}
  - {name: told, when: {recipient: bao@ninhbinh.gov.vn}, then: {action: tag, notify: [sender, records, recipient]}}
"""
AGENCIES = """\
agencies:
- {id: ubnd, name: Ủy ban nhân dân tỉnh Ninh Bình, domains: [ninhbinh.gov.vn], records-mailbox: vanthu@ninhbinh.gov.vn}
"""
# No relay: what is owed waits.
SETTINGS = """\
notices:
  relay: smtp://127.0.0.1:1
"""


def changed(site, **options):
    document = bytearray(site.sign())
    document[document.index(b"stream", document.index(b"/Contents")) + 40] ^= 1
    return pdf_mail(bytes(document), **options)


def told(site, message, want, why=None, code=550, **options):
    """The kinds and receivers of the notices that the record owes, and why the sender gets none."""
    answer = site.send(message, **options)
    equal(answer["code"], code, f"answer {answer}")
    record = site.record_of(answer)
    got = [f"{notice['kind']} {notice['to']}" for notice in record["notices"]]
    equal((got, record.get("no_notice")), (want, why), f"notices of {record['reference']}")
    return record


def with_policy(site):
    with open(site.folder + "/agencies.yaml", "w", encoding="utf-8") as file:
        file.write(AGENCIES)
    site.set_policy(POLICY)
    equal(site.reload()[0], 0, "reload")


def vanthu(site, *arguments, status=0):
    words = 2 if arguments[0] in ("register", "policy", "notice") else 1
    done = subprocess.run([BUILD + "/vanthu", *arguments[:words], "--config", site.folder + "/vanthu.yaml", *arguments[words:]],
                          capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}, check=False)
    equal(done.returncode, status, f"status of {' '.join(arguments)}: {done.stderr}")
    return done.stdout


def the_sender_is_told_when_proven(site):
    """A refusal is owed to a state sender whom a trusted result proves, and to nobody else."""
    with_policy(site)
    record = told(site, changed(site), [f"refused {STATE}"])
    equal(record["evidence"]["mail"]["sender_proof"], "dkim", "proof")
    told(site, changed(site, extra=SPF + STATE.encode() + CRLF), [f"refused {STATE}"])
    told(site, changed(site, extra=b""), [], "not-proven")
    told(site, changed(site, extra=SPF + CITIZEN.encode() + CRLF), [], "not-state", sender=CITIZEN)
    told(site, changed(site, extra=b"Authentication-Results: mx.evil.test; dkim=pass header.d=sonv.ninhbinh.gov.vn" + CRLF), [], "not-proven")


def forged_senders_cause_no_mail(site):
    """A good DKIM of somebody else, a result below a Received, one below that of our service: no notice."""
    victim = "nanhan@hanoi.gov.vn"
    record = told(site, changed(site), [], "not-proven", sender=victim)
    equal((record["evidence"]["mail"]["sender_aligned"], record["evidence"]["mail"]["sender_proof"]), (True, "none"), "proof of From alone")
    told(site, changed(site, extra=RECEIVED + ALIGNED), [], "not-proven")
    told(site, changed(site, extra=b"Authentication-Results: auth.lab.test; dkim=fail header.d=x.vn" + CRLF + ALIGNED), [], "not-proven")


def whoever_should_not_be_answered(site):
    """Lists, automatic mail, addresses that nobody reads, our own notices."""
    told(site, changed(site, extra=ALIGNED + b"Auto-Submitted: auto-generated" + CRLF), [], "automatic")
    told(site, changed(site, extra=ALIGNED + b"Precedence: junk" + CRLF), [], "automatic")
    told(site, changed(site, extra=ALIGNED + b"X-Auto-Response-Suppress: All" + CRLF), [], "automatic")
    told(site, changed(site, extra=ALIGNED + b"List-Unsubscribe: <https://x.vn/>" + CRLF), [], "list")
    told(site, changed(site, extra=ALIGNED + b"X-Vanthu-Notice: 1" + CRLF), [], "our-own")
    told(site, changed(site), [], "no-reply-address", sender="no-reply@sonv.ninhbinh.gov.vn")


def own_people_are_told_at_once(site):
    """From our networks, with a sender in our domains: at once. Another sender proves nothing there."""
    own = "canbo@soxd.ninhbinh.gov.vn"
    record = told(site, changed(site, extra=b""), [f"refused {own}"], sender=own, source=INSIDE)
    equal((record["evidence"]["mail"]["sender_proof"], record["notices"][0].get("quiet")), ("network", None), "at once")
    told(site, changed(site, extra=b""), [], "not-proven", sender="x@hanoi.gov.vn", source=INSIDE)


def others_are_told(site):
    """Urgent mail: the records mailbox at once; held mail: sender and officer; by the policy: whom it names."""
    records = "vanthu@ninhbinh.gov.vn"
    urgent = re.sub(rb"(?m)^Subject: .*?\r\n(?=\S)", "Subject: HỎA TỐC V/v bão số 9\r\n".encode(), changed(site), count=1, flags=re.S)
    told(site, urgent, [f"refused {STATE}", f"list {records}"])
    told(site, changed(site), [f"held {STATE}", "officer canbo@ninhbinh.gov.vn"], code=250, to="giu@ninhbinh.gov.vn")
    told(site, plain_mail(), [f"remark {STATE}", f"marked {records}", "marked bao@ninhbinh.gov.vn"], code=250, to="bao@ninhbinh.gov.vn")
    told(site, plain_mail(), [], "not-wanted", code=250)


def people_are_told_who_is(site):
    """explain and register show name receivers and reasons; undo owes a correction, refuse a word to the sender."""
    record = told(site, changed(site), [f"refused {STATE}"])
    reference = record["reference"]
    explained = json.loads(vanthu(site, "policy", "explain", "--json", reference))
    equal((explained["notices"], explained["no_notice"]), ([{"kind": "refused", "to": STATE}], None), "explained")
    said = vanthu(site, "policy", "explain", reference)
    equal(f"refused → {STATE}" in said, True, said)
    said = vanthu(site, "undo", "--for", "0", "--reason", "đã đối chiếu", reference)
    equal(f"A notice goes to: {STATE}." in said, True, said)
    rows = [json.loads(line) for line in vanthu(site, "register", "show", "--json", reference).splitlines()]
    owed = [row["body"]["notices"] for row in rows if row["kind"] == "overruled"]
    equal([(n["kind"], n["to"]) for n in owed[0]], [("correction", STATE)], "owed with the record of undo")

    silent = told(site, changed(site, extra=b""), [], "not-proven")["reference"]
    for command in ("list", "show"):
        said = vanthu(site, "notice", command, silent, status=1)
        equal("There are no notices." in said and "nothing proves that the sender's address is true" in said, True, said)
    said = vanthu(site, "register", "show", silent)
    equal("nothing proves that the sender's address is true" in said, True, said)
    equal("Nobody gets a notice." in vanthu(site, "undo", "--for", "0", "--reason", "x", silent), True, "undo without anybody told")

    vanthu(site, "refuse", "--reason", "INCOMPLETE", silent, status=1)  # it did not arrive
    waiting = told(site, changed(site), [f"held {STATE}", "officer canbo@ninhbinh.gov.vn"], code=250, to="giu@ninhbinh.gov.vn")
    vanthu(site, "refuse", "--reason", "INCOMPLETE", waiting["reference"], status=1)  # nor did this
    passed = told(site, plain_mail(), [], "not-wanted", code=250)["reference"]
    said = vanthu(site, "refuse", "--reason", "INCOMPLETE", passed)
    equal(f"A notice goes to: {STATE}." in said, True, said)
    passed = told(site, plain_mail(extra=b""), [], "not-wanted", code=250)["reference"]
    said = vanthu(site, "refuse", "--reason", "INCOMPLETE", passed)
    equal("Nobody gets a notice: nothing proves" in said, True, said)


def nothing_in_observe(site):
    """In observe mode nothing is owed to anybody."""
    site.set_mode("observe")
    told(site, changed(site), [], "off", code=250)


sys.exit(site_test.run(the_sender_is_told_when_proven, forged_senders_cause_no_mail, whoever_should_not_be_answered,
                       own_people_are_told_at_once, others_are_told, people_are_told_who_is, nothing_in_observe,
                       mode="enforce", extra=SETTINGS))
