#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# A real Sendmail with the milter, as conf/sendmail.mc sets it up, beside a real Postfix at the same
# gateway: each mail is sent to both, and the client, the register and the recipient see the same.
"""Mails through a real Sendmail."""

import csv
import email
import email.policy
import json
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import sendmail_site
import site_lab
import site_test
from sendmail_site import POSTFIX, SENDMAIL
from site_lab import wait_for
from site_test import STATE, equal, long_mail, own_headers, pdf_mail, plain_mail

REFUSED = "refused@example.vn"
HELD = "held@example.vn"
MARKED = "marked@example.vn"
POLICY = """\
officer: {name: Nguyễn Văn A, mailbox: vanthu@ninhbinh.gov.vn}
rules:
  - {name: to-hold, when: {sender: held@example.vn}, then: hold}
  - name: to-mark
    when: {sender: marked@example.vn}
    then:
      action: tag
      folder: Cần kiểm tra
      subject-prefix: "[100% cần kiểm tra]"
  - name: to-refuse
    when: {sender: refused@example.vn}
    then: {action: reject, code: "554", enhanced-code: 5.7.2, text: Không nhận thư này}
"""
REFERENCE = re.compile(r"\b\d{4}-\d{4}-\d{4}\b")
# Of one transaction, or of an MTA: Postfix of the tests looks up no names of clients.
NOT_OF_THE_MAIL = ("queue_id", "reference", "received_utc", "daemon_name", "client_name")


def words(answer):
    """The answer of an MTA without what is the MTA's or this mail's own."""
    return answer["code"], REFERENCE.sub("REFERENCE", answer["text"]) if answer["code"] != 250 else ""


def judged(record):
    """What a record says of the mail."""
    evidence, decision = record.get("evidence") or {}, record.get("decision") or {}
    mail = {key: value for key, value in evidence.get("mail", {}).items() if key not in NOT_OF_THE_MAIL}
    return {"mail": mail, "reasons": evidence.get("reasons"), "documents": evidence.get("documents"), "action": decision.get("action"),
            "rule": decision.get("rule")}


def differences(found, wanted, path=""):
    """Where two values differ: PATH: FOUND, WANTED."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        for key in sorted({*found, *wanted}):
            yield from differences(found.get(key), wanted.get(key), f"{path}.{key}")
    elif isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        for number, pair in enumerate(zip(found, wanted)):
            yield from differences(*pair, f"{path}[{number}]")
    elif found != wanted and not path.endswith(".judged_at"):
        yield f"{path}: Sendmail {found!r}, Postfix {wanted!r}"


def send_to_both(site, message, submission=False, **options):
    """The answers of Postfix and of Sendmail."""
    return [site.send(message, listener=listener + submission, **options) for listener in (POSTFIX, SENDMAIL)]


def complaints(site, message, **options):
    """What differs when a mail is sent through both, in the answer and in what is recorded of it."""
    by_postfix, by_sendmail = send_to_both(site, message, **options)
    yield from differences(words(by_sendmail), words(by_postfix), "answer")
    if by_postfix["code"] and by_sendmail["code"]:
        yield from differences(judged(site.record_of(by_sendmail)), judged(site.record_of(by_postfix)))


# ---- the tests ----

# Sendmail takes a NUL out, Postfix cuts the header there; Postfix gives headers to a mail without any.
REPAIRED = ("nul-in-header.eml", "empty.eml")


def every_mail(site):
    """Every good, damaged and hostile mail of the tests: both MTAs give the same answer, and the same is recorded."""
    found, count = [], 0
    for name in sorted(os.listdir(site.mails)):
        if name.endswith(".eml") and name not in REPAIRED:
            with open(f"{site.mails}/{name}", "rb") as file:
                found += [f"{name}: {complaint}" for complaint in complaints(site, file.read())]
            count += 1
    equal(found, [], "differences")
    equal(count > 40, True, f"mails {count}")
    print(f"     {count} mails through both")


ENVELOPES = (("", "vanthu@ninhbinh.gov.vn"), ("<>", "vanthu@ninhbinh.gov.vn"), ("@a.vn,@b.vn:van@c.vn", "vanthu@ninhbinh.gov.vn"),
             ('"van thu"@sonv.ninhbinh.gov.vn', "vanthu@ninhbinh.gov.vn"), ("van+so=1@SoNV.NinhBinh.gov.vn", "A.B@ninhbinh.gov.vn"),
             (STATE, "Van.Thu@NinhBinh.Gov.VN"))


def every_envelope(site):
    """Senders and recipients are read as the client wrote them, submission is known by the name of the listener."""
    found = []
    for sender, to in ENVELOPES:
        found += [f"{sender} {to}: {c}" for c in complaints(site, plain_mail(), sender=sender, to=to)]
    for to in ("ban@example.vn", "vanthu@ninhbinh.gov.vn"):
        answers = send_to_both(site, plain_mail(), submission=True, to=to)
        records = [site.record_of(answer) for answer in answers]
        found += differences(judged(records[1]), judged(records[0]), f"submission to {to}")
        print(f"     submission to {to}: {records[1]['evidence']['mail']['direction']}")
    equal(found, [], "differences")


def refused(site):
    """A refusal reaches the client in all its lines, with one code, and a % that stays one."""
    for message, sender in ((plain_mail(sender=REFUSED, extra=b""), REFUSED), (pdf_mail(site.changed, "tang 100%s %d.pdf"), STATE)):
        by_postfix, by_sendmail = send_to_both(site, message, sender=sender)
        equal(words(by_sendmail), words(by_postfix), "answer")
        equal((by_sendmail["code"] // 100, len(by_sendmail["text"].splitlines())), (5, 3), "answer")
        equal(site.record_of(by_sendmail)["answer"]["kind"], "reject", "record")
        for line in by_sendmail["text"].splitlines():
            print(f"     {by_sendmail['code']} {line}")
    equal("tang 100%s %d.pdf" in by_sendmail["text"], True, by_sendmail["text"])


FORGED = (b"X-Vanthu-Verdict: TOTAL-PASSED; name=\"a.pdf\"\r\nX-Vanthu-Verdict: TOTAL-PASSED;\r\n\tsignatures=9\r\n"
          b"x-vanthu-action :accept\r\nAuthentication-Results: vanthu.mx.lab.test; smime=pass\r\n"
          b"Authentication-Results: other.example; spf=pass\r\nAuthentication-Results: vanthu.mx.lab.test; x-vanthu=pass\r\n"
          b"X-Vanthu-Reference: 1111-1111-1111\r\nX-VANTHU-FOLDER: INBOX.forged\r\nReceived: from x by y; Sat, 21 Nov 2026 09:00:00 +0700\r\n")


def headers_of(delivered):
    """All headers but those an MTA writes, unfolded, in order."""
    message = email.message_from_bytes(delivered, policy=email.policy.default)
    return [(name.lower(), " ".join(value.split())) for name, value in message.items()]


def forged_are_removed(site):
    """Forged headers of ours are removed and the true ones are there, folded in any way; others' results stay."""
    for listener in (POSTFIX, SENDMAIL):
        message = pdf_mail(site.document_small, sender=MARKED, extra=FORGED)
        answer = site.send(message, sender=MARKED, listener=listener)
        equal(answer["code"], 250, "answer")
        delivered = site.delivered(message)
        equal(delivered is None, False, "not delivered")
        reference = site.record_of(answer)["reference"]
        headers = headers_of(delivered)
        names = [name for name, _ in headers]
        for name in ("x-vanthu-reference", "x-vanthu-action", "x-vanthu-verdict", "x-vanthu-folder", "subject"):
            equal(names.count(name), 1, f"number of {name} in {headers}")
        results = [value for name, value in headers if name == "authentication-results"]
        equal([r for r in results if r.startswith("other.")], ["other.example; spf=pass"], "results of others")
        equal(len(results), 2, f"results {results}")
        found = dict(headers)
        equal(found["x-vanthu-reference"], reference, "reference")
        equal(found["x-vanthu-verdict"].startswith("TOTAL-PASSED; signatures=1; format=pdf"), True, found["x-vanthu-verdict"])
        equal(found["subject"], "[100% cần kiểm tra] V/v chữ ký số", "subject")
        equal((found["x-vanthu-folder"], b"forged" in delivered), ("Cần kiểm tra", False), "folder")
        ours = {name: REFERENCE.sub("", value) for name, value in headers if name.startswith("x-vanthu")}
        if listener == POSTFIX:
            of_postfix = ours
        equal(ours, of_postfix, "our headers")
    print(f"     {len(ours)} headers of ours, each once: {found['x-vanthu-verdict']}")


def held(site):
    """A held mail is quarantined with its reason, is not delivered, and is when it is released."""
    message = pdf_mail(site.document_small, sender=HELD, extra=b"")
    answer = site.send(message, sender=HELD, listener=SENDMAIL)
    equal(answer["code"], 250, "answer")
    record = site.record_of(answer)
    equal(record["answer"]["kind"], "hold", "record")
    line = wait_for("the mail in quarantine", lambda: re.search(r"QUARANTINE: *(.*)", site.mailq("quarantined")))[1]
    equal(len(line) >= 60 and record["answer"]["hold_reason"].startswith(line), True, f"reason {line}")
    equal(f"vanthu {record['reference']}: POLICY to-hold" in line, True, f"reason {line}")
    equal(site.delivered(message, 1.5), None, "delivered though held")
    site.release_from_sendmail(record["queue_id"])
    delivered = site.delivered(message)
    equal(delivered is None, False, "not delivered after the release")
    equal(own_headers(delivered)["x-vanthu-reference"], [record["reference"]], "reference")
    wait_for("an empty quarantine", lambda: "QUARANTINE" not in site.mailq("quarantined"))
    print(f"     QUARANTINE: {line}")


def hold(site, *arguments, expect=0):
    """vanthu hold on a host whose sendmail(8) is this one: what it says."""
    program = site_lab.BUILD + "/sendmail/usr/libexec/sendmail/sendmail"
    done = subprocess.run(["unshare", "--uts", "--mount", "sh", "-c", '''echo sm.lab.test >/proc/sys/kernel/hostname
                           mount --bind "$1" /usr/sbin/sendmail
                           shift
                           exec "$@"''', "sh", program, site_lab.BUILD + "/vanthu", "hold", arguments[0], "--config", site.folder + "/vanthu.yaml",
                           "--sendmail-config", site.sendmail + "/etc/sendmail.cf", *arguments[1:]], capture_output=True, text=True, check=False,
                          env={**os.environ, "LC_ALL": "C"})
    equal(done.returncode, expect, f"hold {arguments}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def quarantined(site):
    """A mail that is held: (message, reference, queue id)."""
    message = pdf_mail(site.document_small, sender=HELD, extra=b"")
    record = site.record_of(site.send(message, sender=HELD, listener=SENDMAIL))
    wait_for("the mail in quarantine", lambda: record["queue_id"] in site.mailq("quarantined"))
    return message, record["reference"], record["queue_id"]


def held_by_command(site):
    """vanthu hold lists, releases and returns what is quarantined, and knows what was taken out by hand."""
    (freed, release, _), (back, returned, back_id), (_, gone, gone_id) = (quarantined(site) for _ in range(3))
    rows = {row["reference"]: row for row in map(json.loads, hold(site, "list", "--json").splitlines())}
    equal([rows[one]["queue"] for one in (release, returned, gone)], ["held"] * 3, f"list {rows}")
    hold(site, "release", release)
    equal(site.delivered(freed) is None, False, "not delivered after the release")
    said = hold(site, "return", "--reason", "không đúng thẩm quyền", returned)
    equal("nothing proves" in said and "it is deleted" in said, True, said)
    left = os.listdir(site.sendmail + "/queue")
    equal([name for name in left if back_id in name], [], "files of the returned mail")
    equal(sorted(name[:2] for name in left if gone_id in name), ["df", "hf"], "files of the other one")
    for kind in ("hf", "df"):
        os.remove(f"{site.sendmail}/queue/{kind}{gone_id}")
    equal("recorded as gone" in hold(site, "release", gone, expect=1), True, "taken out by hand")
    equal("was released before" in hold(site, "release", release), True, "again")
    equal([one for one in (release, returned, gone) if one in hold(site, "list")], [], "list afterwards")
    equal(site.delivered(back, 1), None, "delivered though returned")


def big_body(site):
    """A mail of 20 MB arrives as it was sent."""
    message = plain_mail() + b"\r\n".join(b"%060d" % number for number in range(320000)) + b"\r\n"
    answer = site.send(message, listener=SENDMAIL)
    equal(answer["code"], 250, "answer")
    delivered = site.delivered(message, 30)
    equal(delivered.split(b"\r\n\r\n", 1)[1] == message.split(b"\r\n\r\n", 1)[1], True, "body")
    print(f"     {len(message) >> 20} MB: 250 after {answer['seconds']:.2f} s")


def slow_end(site):
    """An end of message longer than the 10 s that Sendmail waits for a milter by default: it is told that we work."""
    message = long_mail()
    answer = site.send_in_background(message, listener=SENDMAIL)
    child, _ = site.held_child()
    time.sleep(11)
    os.kill(child, signal.SIGCONT)
    found = answer.result(60)
    equal(found["code"], 250, "answer")
    equal(found["seconds"] > 11, True, "time")
    equal(site.delivered(message) is None, False, "not delivered")
    print(f"     250 after {found['seconds']:.1f} s")


def inspector_dies(site):
    """The inspector killed in mid-mail: 451 with the reason, as Postfix gives it, and the next mail is served."""
    answers = []
    for listener in (POSTFIX, SENDMAIL):
        answer = site.send_in_background(long_mail(), listener=listener)
        child, _ = site.held_child()
        os.kill(child, signal.SIGKILL)
        answers.append(answer.result(60))
    equal(words(answers[1]), words(answers[0]), "answer")
    equal((answers[1]["code"], answers[1]["enhanced"]), (451, "4.7.5"), "answer")
    equal(site.send(plain_mail(), listener=SENDMAIL)["code"], 250, "the next mail")
    print(f"     451 {answers[1]['text'].splitlines()[0]}")


def gateway_dies(site):
    """The gateway killed in mid-mail: 451; its successor serves the next mail."""
    gateway = site.pid("gateway")
    answer = site.send_in_background(long_mail(), listener=SENDMAIL)
    child, _ = site.held_child()
    os.kill(gateway, signal.SIGKILL)
    found = answer.result(60)
    equal(found["code"], 451, "answer")
    wait_for("the next mail", lambda: site.send(plain_mail(), listener=SENDMAIL)["code"] == 250)
    print(f"     {found['code']} {found['text']}")


def service_is_down(site):
    """Without the service F=T asks to come again; without F, as a site that observes has it, mail passes."""
    site.stop_milter()
    found = site.send(plain_mail(), listener=SENDMAIL)
    equal(found["code"], 451, "answer with F=T")
    site.stop_sendmail()
    site.start_sendmail(LAB_SENDMAIL_F="")
    message = plain_mail()
    equal(site.send(message, listener=SENDMAIL)["code"], 250, "answer without F")
    equal(own_headers(site.delivered(message)), {}, "headers")
    site.start_milter()
    equal(site.send(plain_mail(), listener=SENDMAIL)["code"], 250, "after the start")
    print(f"     F=T: {found['code']} {found['text']}; without F: 250")


def prepare(site):
    """The mails are made; the policy of this test is loaded."""
    site.mails = site.folder + "/mails"
    site.script("mail/mkmails.py", site.pki, site.documents, site.mails)
    site.document_small, site.changed = site.document("good-small.pdf"), site.document("byte-changed.pdf")
    with open(site.policy, encoding="utf-8") as file:
        shipped = file.read().replace("agencies: ", f"agencies: {os.path.dirname(site.policy)}/")
    rules = POLICY.split("rules:\n")
    site.set_policy(shipped.replace("\nrules:\n", f"\n{rules[0]}rules:\n{rules[1]}", 1))
    equal(site.reload()[0], 0, "reload")


# 10 s for the milter, which is what Sendmail has by default.
sys.exit(site_test.run(prepare, every_mail, every_envelope, refused, forged_are_removed, held, held_by_command, big_body, slow_end,
                       inspector_dies, gateway_dies, service_is_down, site_class=sendmail_site.Site, documents=True,
                       sendmail_options={"LAB_SENDMAIL_T": "C:5m;S:10s;R:10s;E:5m"}))
