#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Mails that were made to have us write to somebody else, to write too often, or to put a stranger's
# words where they do not belong; with long_notice_relay.py a relay that lies. Through a real Postfix and
# all roles.
"""Notices in hostile hands."""

import base64
import contextlib
import email
import email.policy
import os
import re
import sqlite3
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

import site_test
from relay import CUT, Relay
from site_lab import BUILD, wait_for
from site_test import ALIGNED, STATE, build, equal

CRLF = b"\r\n"
RECORDS = "vanthu@ninhbinh.gov.vn"
VICTIM = "nannhan@sonv.ninhbinh.gov.vn"
RELAY = Relay()
SETTINGS = f"""\
notices:
  relay: smtp://127.0.0.1:{RELAY.port}
  tls: none
  quiet: 1s
  retry-first: 1s
  retry-longest: 2s
  per-sender-hour: 3
brake: {{refusals: 0, agencies: 0}}
"""
POLICY = """\
agencies: agencies.yaml
rules:
  - {name: changed, when: {reason: CONTENT_CHANGED}, then: reject}
"""
AGENCIES = f"""\
agencies:
- {{id: ubnd, name: Ủy ban nhân dân tỉnh Ninh Bình, domains: [ninhbinh.gov.vn], records-mailbox: {RECORDS}}}
"""
NUMBERS = iter(range(1, 10**6))


def begin(site):
    with open(site.folder + "/agencies.yaml", "w", encoding="utf-8") as file:
        file.write(AGENCIES)
    site.set_policy(POLICY)
    equal(site.reload()[0], 0, "reload")


def changed(site, name="2415.signed.pdf", subject="V/v quy hoạch", extra=ALIGNED, number=None):
    document = bytearray(site.sign())
    document[document.index(b"stream", document.index(b"/Contents")) + 40] ^= 1
    entity = build.multipart([build.text_part(), build.attachment(bytes(document), name)])
    return build.mail(entity, STATE, subject=subject, extra=extra, number=number or f"hostile.{os.getpid()}.{next(NUMBERS)}")


def refused(site, message, sender=STATE, want=None, why=None):
    """The record of a mail that is refused, and that owes what it should."""
    answer = site.send(message, sender=sender)
    equal(answer["code"], 550, f"answer {answer}")
    record = site.record_of(answer)
    got = [f"{notice['kind']} {notice['to']}" for notice in record["notices"]]
    if want is not None:
        equal((got, record.get("no_notice")), (want, why), f"notices of {record['reference']} from {sender}")
    return record


def taken(reference, seconds=15):
    return wait_for(f"the notice of {reference}", lambda: [m for m in list(RELAY.messages) if reference.encode() in m[1]], seconds)


def words(site, *arguments):
    return subprocess.run([BUILD + "/vanthu", *arguments[:2], "--config", site.folder + "/vanthu.yaml", *arguments[2:]],
                          capture_output=True, env={**os.environ, "LC_ALL": "C"}, check=False)


# ---- to whom ----

def nobody_else_is_written_to(site):
    """Results that only look like a proof, and addresses that lead on to somebody else: no notice."""
    begin(site)
    own = b"Authentication-Results: auth.lab.test; "
    evil = b"dkim=pass header.d=evil.vn"
    forged = b"dkim=pass header.d=sonv.ninhbinh.gov.vn"
    for extra in (own + evil + b' reason="; ' + forged + b'"', own + evil + b" (; " + forged + b")",
                  own + evil + b' header.i="x header.d=sonv.ninhbinh.gov.vn @evil.vn"',
                  own + evil + b" header.i=x header.d=sonv.ninhbinh.gov.vn", own + b"dkim=fail " + forged[10:],
                  own + evil + CRLF + own + forged, own + b"spf=pass smtp.mailfrom=ninhbinh.gov.vn",
                  own + b"spf=pass smtp.helo=sonv.ninhbinh.gov.vn", own + b"dkim=pass header.d=vn", own + b"dkim=pass header.d=gov.vn.",
                  own + b"dmarc=pass header.from=evil.vn", own + b'spf=pass smtp.mailfrom="@sonv.ninhbinh.gov.vn x"@evil.vn',
                  b"Authentication-Results: auth.lab.test.evil.vn; " + forged, b"Authentication-Results: (auth.lab.test;) evil.vn; " + forged,
                  b'Authentication-Results: "evil.vn; auth.lab.test"; ' + forged,
                  b"Received: from a by b; Mon, 23 Nov 2026 09:00:00 +0700" + CRLF + ALIGNED.rstrip()):
        refused(site, changed(site, extra=extra + CRLF), VICTIM, [], "not-proven")
    for sender, why in (("nan%nhan.vn@sonv.ninhbinh.gov.vn", "no-reply-address"), ("nhan.vn!nan@sonv.ninhbinh.gov.vn", "no-reply-address"),
                        ('"nan@nhan.vn"@sonv.ninhbinh.gov.vn', "no-reply-address"), ("tin-return-1-nan=nhan.vn@sonv.ninhbinh.gov.vn", "no-reply-address"),
                        ("x" * 65 + "@sonv.ninhbinh.gov.vn", "no-reply-address")):
        refused(site, changed(site), sender, [], why)
    record = refused(site, changed(site), "@a.vn,@b.vn:" + STATE, [f"refused {STATE}"])
    equal(taken(record["reference"])[0][0][1].split(">")[0], f"RCPT TO:<{STATE}", "receiver")


def state(site, reference):
    return words(site, "notice", "list", reference).stdout.split()[1]


def nobody_is_flooded(site):
    """Urgent mails of a stranger, refused, each another one: the mailbox of an office gets some of them at once."""
    begin(site)
    references = []
    for _ in range(6):
        record = refused(site, changed(site, subject="[HỎA TỐC] V/v bão số 9", extra=b""), VICTIM, [f"list {RECORDS}"], "not-proven")
        references.append(record["reference"])
    wait_for("an end of each", lambda: all(state(site, r) in (b"sent", b"limited") for r in references), 15)
    equal(sum(f"RCPT TO:<{RECORDS}>" in envelope[1] for envelope, _ in list(RELAY.messages)), 3, "mails that were told of at once")
    # Who is entitled to an answer gets it all the same.
    record = refused(site, changed(site), "vanthu+1@sonv.ninhbinh.gov.vn")
    taken(record["reference"])


def an_altered_row_goes_nowhere(site):
    """Whoever writes another receiver into the queue: the record says who is owed it, and nobody gets it."""
    begin(site)
    record = refused(site, changed(site), "sua@sonv.ninhbinh.gov.vn")
    with contextlib.closing(sqlite3.connect(site.folder + "/register/register.sqlite", timeout=10)) as register:
        register.execute("UPDATE notice SET recipient = 'trom@nhan.vn' WHERE reference = ?", (record["reference"],))
        register.commit()
    wait_for("the end", lambda: state(site, record["reference"]) == b"failed", 15)
    equal([m for m in RELAY.messages if b"trom@nhan.vn" in m[1] or "trom" in m[0][1]], [], "messages")
    site.log_line("alert", record["reference"], "is not what record")


# ---- words ----

EVIL = ["x\r\nBcc: nan@nhan.vn\r\n\r\n--=_vanthu_mixed--\r\n", "\u202e\u2066fdp.exe\u200b", "<img src=http://evil.vn/x onerror=alert(1)>",
        '"}],"v":1,{"', "--=_vanthu_mixed", "=?utf-8?B?WA0KQmNjOiBuYW4=?=", "\x1b[2J\x07", "../../etc/passwd\x00.pdf", "a" * 3000]


def strange_words_stay_words(site):
    """File names, subjects and Message-IDs with line ends, directions, tags, boundaries of ours: one part each, no header more."""
    begin(site)
    sent = []
    for i, word in enumerate(EVIL):
        encoded = "=?utf-8?B?" + base64.b64encode(word[:400].encode()).decode() + "?="
        number = ("9" * 600 if i == 0 else f"evil{i}\x1b--=_vanthu_mixed" if i == 1 else None)
        sender = f"so{i}@sonv.ninhbinh.gov.vn"
        message = changed(site, name=word if i != 0 else "x.pdf", subject=encoded, number=number)
        sent.append((refused(site, message, sender, [f"refused {sender}"]), sender, word))
    for record, sender, word in sent:
        messages = taken(record["reference"])
        equal((len(messages), len(messages[0][0])), (1, 2), "messages and their envelope")
        check(messages[0][1], sender, word)
    for row in range(2):
        shown = (words(site, "notice", "list"), words(site, "register", "list"))[row].stdout
        equal([c for c in shown if c < 32 and c != 10], [], "control characters shown")


HEADERS = {"date", "from", "to", "reply-to", "subject", "message-id", "in-reply-to", "references", "auto-submitted", "mime-version",
           "content-type", "content-language", "x-auto-response-suppress", "x-vanthu-notice", "x-vanthu-reference", "precedence",
           "content-transfer-encoding", "organization"}


def check(body, sender, word):
    equal(any(b > 126 or (b < 32 and b not in (10, 13)) for b in body), False, "bytes of the notice")
    equal(max(map(len, body.split(b"\r\n"))) <= 998, True, "lines")
    notice = email.message_from_bytes(body, policy=email.policy.default)
    found = {name.lower() for name in notice.keys()}
    equal(found - HEADERS, set(), "headers")
    equal(len(notice.keys()), len(found), "headers given twice")
    equal(notice["to"], sender, "To")
    inside = [part for status in notice.walk() if status.get_content_type() == "message/delivery-status" for part in status.get_payload()]
    parts = [part for part in notice.walk() if part not in inside]
    types = [part.get_content_type() for part in parts]
    equal([part.defects for part in notice.walk() if part.defects], [], "defects")
    equal((types[0], types.count("text/plain"), types.count("text/html"), types.count("message/delivery-status")),
          ("multipart/report", 1, 1, 1), f"parts {types}")
    status = body[body.index(b"Reporting-MTA"):]
    status = status[:status.index(b"\r\n--")]
    equal({line.split(b":")[0] for line in status.split(b"\r\n") if line and line[:1] not in b" \t"} -
          {b"Reporting-MTA", b"Arrival-Date", b"Final-Recipient", b"Action", b"Status", b"Diagnostic-Code"}, set(), "fields of the status")
    for part in parts:
        if part.get_content_maintype() != "text":
            continue
        text = part.get_content()
        equal(re.findall("[\x00-\x08\x0b-\x1f\x7f\u200b\u202a-\u202e\u2066-\u2069]", text.replace("\r\n", "\n")), [], "characters")
        if part.get_content_type() == "text/html":
            equal(re.findall(r"<(?:img|script|iframe|link|form)|https?://evil", text), [] if "evil" not in word else re.findall(r"https?://evil", text), "tags")


# ---- a relay that lies ----

def a_lying_relay(site):
    """Its words are shown without what drives a terminal; an answer without end, or none at all, keeps nobody waiting for ever."""
    begin(site)
    cases = [("RCPT", b"450 4.2.0 \x1b]0;x\x07\x1b[2J \xe2\x80\xae later\x00\r\n"), ("RCPT", b"450-" + b"x" * 70000 + b"\r\n"),
             ("MAIL", b"250-a\r\n" * 20000), ("RCPT", b"250 2.1.5 Ok\r\n250 2.0.0 Ok: queued as FORGED\r\n"),
             ("EHLO", b"250 " + b"\x1b" * 5000 + b"\r\n")]
    for i, (step, answer) in enumerate(cases):
        RELAY.at[step] = [answer, "AS_USUAL"]
        sender = f"relay{i}@sonv.ninhbinh.gov.vn"
        before = len(RELAY.messages)
        record = refused(site, changed(site), sender)
        wait_for("the end", lambda: state(site, record["reference"]) == b"sent", 30)
        equal(sum(record["reference"].encode() in m[1] for m in RELAY.messages[before:]), 1, f"{step} {answer[:30]}")
        RELAY.at.pop(step)
    with open(site.folder + "/vanthu.log", "rb") as log:
        text = log.read()
    equal([c for c in text if c < 32 and c not in (9, 10)], [], "control characters in the log")
    equal("\u202e".encode() in text, False, "directions in the log")


def a_relay_that_closes_after_the_dot(site):
    """It may have taken it: tried again, but so seldom that the receiver does not get it again and again."""
    begin(site)
    RELAY.at["END"] = [CUT, CUT, "AS_USUAL"]
    sender = "dau-cham@sonv.ninhbinh.gov.vn"
    begun = time.monotonic()
    record = refused(site, changed(site), sender)
    wait_for("the second", lambda: len(taken(record["reference"])) == 2, 30)
    spent = time.monotonic() - begun
    equal(spent > 12, True, f"the second came after {spent:.0f} s")
    equal(words(site, "notice", "drop", str(owed(site, record)), "--reason", "x").returncode, 0, "drop")
    RELAY.at.pop("END")


def owed(site, record):
    return int(words(site, "notice", "list", record["reference"]).stdout.split()[0])


if __name__ == "__main__":
    sys.exit(site_test.run(nobody_else_is_written_to, nobody_is_flooded, an_altered_row_goes_nowhere, strange_words_stay_words, extra=SETTINGS))
