#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Mails that wait for a person, through a real Postfix: listed, released and delivered once, returned
# and deleted, taken out by another hand; and what is finished when the same command is run again.
"""vanthu hold."""

import email
import email.policy
import json
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import site_test
from site_lab import BUILD, wait_for
from site_test import build, equal, pdf_mail, plain_mail

POLICY = """\
officer: {name: Trần Thị B, mailbox: vanthu@ninhbinh.gov.vn}
agencies: agencies.yaml
rules:
  - name: giu-thu-mat
    when: {reason: SECRET_MARK}
    then: {action: hold}
  - name: giu-lai
    when: {reason: [CONTENT_CHANGED, BAD_SIGNATURE]}
    then: {action: hold}
"""
AGENCIES = """\
agencies:
- {id: ubnd, name: Ủy ban nhân dân tỉnh Ninh Bình, domains: [ninhbinh.gov.vn], records-mailbox: so.vanban@ninhbinh.gov.vn}
"""
NOTICES = """\
notices:
  relay: smtp://127.0.0.1:{port}
  quiet: 1s
{more}"""
ENVIRONMENT = {**os.environ, "LC_ALL": "C", "SUDO_USER": "thanhnv"}


def vanthu(site, *arguments, expect=0, postfix=True, **more):
    """A command with the site's configuration, and its Postfix."""
    words = 2 if arguments[0] in ("register", "hold") else 1
    own = ["--config", site.folder + "/vanthu.yaml"] + (["--postfix-config", site.mta + "/etc"] if arguments[0] == "hold" and postfix else [])
    done = subprocess.run([BUILD + "/vanthu", *arguments[:words], *own, *arguments[words:]], capture_output=True, text=True,
                          env={**ENVIRONMENT, **more}, check=False)
    equal(done.returncode, expect, f"status of {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def held(site, **options):
    """A mail that is held: (message, reference, queue id)."""
    document = bytearray(site.sign())
    document[document.index(b"stream", document.index(b"/Contents")) + 40] ^= 1
    message = pdf_mail(bytes(document), **options)
    record = site.record_of(site.send(message))
    equal(record["decision"]["action"], "hold", "decision")
    wait_for("it in the queue", lambda: queue_name(site, record["queue_id"]) == "hold")
    return message, record["reference"], record["queue_id"]


def queue_name(site, queue_id):
    return next((mail["queue_name"] for mail in site.queue() if mail["queue_id"] == queue_id), None)


def listed(site):
    return {row["reference"]: row for row in map(json.loads, vanthu(site, "hold", "list", "--json").splitlines())}


def events(site, reference):
    rows = [json.loads(line) for line in vanthu(site, "register", "show", "--json", reference).splitlines()]
    return [(row["body"]["what"], row["body"].get("by")) for row in rows if row["kind"] == "event"]


def owed(site, reference):
    """Notices to the sender that follow the decision: [(event, kind, recipient)]."""
    rows = [json.loads(line) for line in vanthu(site, "register", "show", "--json", reference).splitlines()]
    return [(row["body"]["what"], notice["kind"], notice["to"]) for row in rows if row["kind"] == "event"
            for notice in row["body"].get("notices", [])]


def copies(site, message):
    wanted = next(line for line in message.split(b"\r\n") if line.lower().startswith(b"message-id:"))
    return sum(wanted in mail for mail in site.deliveries())


def released_once(site):
    """A held mail is listed with whose it is; released it is delivered once, however often that is asked."""
    with open(site.folder + "/agencies.yaml", "w", encoding="utf-8") as file:
        file.write(AGENCIES)
    site.extra = NOTICES.format(port=site.port + 2, more=getattr(site, "more_notices", ""))
    site.set_policy(POLICY)
    equal(site.reload()[0], 0, "reload")
    equal("No mail is held" in vanthu(site, "hold", "list"), True, "before")
    message, reference, queue_id = held(site)
    row = listed(site)[reference]
    equal((row["queue_id"], row["queue"], row["step"], row["officer"], row["sender"], row["rule"]),
          (queue_id, "held", "waiting", "Trần Thị B <vanthu@ninhbinh.gov.vn>", site_test.STATE, "giu-lai"), "row")
    said = vanthu(site, "hold", "list", LC_ALL="vi_VN.UTF-8")
    equal(reference in said and "đang giữ" in said and "Trần Thị B" in said, True, said)
    print("     " + said.replace("\n", "\n     "))
    vanthu(site, "hold", "release", reference)
    equal(site.delivered(message) is None, False, "delivered")
    equal(listed(site), {}, "list")
    equal(events(site, reference), [("hold-releasing", "thanhnv"), ("hold-released", "thanhnv")], "events")
    equal(owed(site, reference), [("hold-released", "released", site_test.STATE)], "owed")
    said = vanthu(site, "hold", "release", reference)
    equal("was released before" in said, True, said)
    equal("was released before" in vanthu(site, "hold", "return", "--reason", "x", reference, expect=1), True, "cannot be returned")
    time.sleep(0.5)
    equal((copies(site, message), len(events(site, reference))), (1, 2), "delivered once, recorded once")


def returned_and_gone(site):
    """A returned mail is deleted, and only it; its reason and who decided stand in the register."""
    (first, reference, queue_id), (other, kept, kept_id) = held(site), held(site)
    vanthu(site, "hold", "return", reference, expect=64)
    said = vanthu(site, "hold", "return", "--reason", "văn bản không đúng thẩm quyền", reference)
    equal("returned" in said, True, said)
    equal((queue_name(site, queue_id), queue_name(site, kept_id)), (None, "hold"), "queue")
    equal(events(site, reference), [("hold-returning", "thanhnv"), ("hold-returned", "thanhnv")], "events")
    equal("thẩm quyền" in vanthu(site, "register", "show", reference), True, "the reason")
    equal("was returned before" in vanthu(site, "hold", "return", "--reason", "x", reference), True, "again")
    equal(owed(site, reference), [("hold-returning", "returned", site_test.STATE)], "owed")
    equal(list(listed(site)), [kept], "list")
    _, unproven, _ = held(site, extra=b"")
    said = vanthu(site, "hold", "return", "--reason", "x", unproven)
    equal("nothing proves" in said.split("returned: it is deleted")[0], True, said)
    equal(owed(site, unproven), [], "owed to somebody who is not proven")
    vanthu(site, "hold", "release", kept, reference, expect=1)
    equal((site.delivered(other) is None, copies(site, first)), (False, 0), "delivered")


def taken_by_another_hand(site):
    """What was deleted or let go by hand is said and recorded as gone; another mail's fault is none."""
    (_, deleted, deleted_id), (_, freed, freed_id) = held(site), held(site)
    for option, queue_id in (("-d", deleted_id), ("-H", freed_id)):
        subprocess.run(["postsuper", "-c", site.mta + "/etc", option, queue_id], check=True, capture_output=True)
    wait_for("the queue", lambda: queue_name(site, freed_id) != "hold")
    rows = listed(site)
    equal(rows[deleted]["queue"], "gone", "list")
    equal(rows[freed]["queue"] in ("queue", "gone"), True, "list")
    said = vanthu(site, "hold", "release", deleted, expect=1) + vanthu(site, "hold", "return", "--reason", "x", freed, expect=1)
    equal(said.count("recorded"), 2, said)
    equal((events(site, deleted), events(site, freed)), ([("hold-gone", "thanhnv")],) * 2, "events")
    equal("had left the queue before" in vanthu(site, "hold", "release", deleted, expect=1), True, "again")
    equal(listed(site), {}, "list")
    delivered = site.record_of(site.send(plain_mail()))["reference"]
    equal("was not held" in vanthu(site, "hold", "release", delivered, expect=1), True, "a mail that was not held")
    vanthu(site, "hold", "release", "1831-0927-5569", expect=1)
    vanthu(site, "hold", "release", "1831-0927-5560", expect=65)


def interrupted(site):
    """Killed between record and act, or with a mail server that cannot do it, or without a registrar: run again, it is finished."""
    (message, reference, queue_id), (_, back, back_id) = held(site), held(site)
    # No Postfix is configured there: nothing can be found out, and nothing is recorded.
    equal("nothing is done" in vanthu(site, "hold", "release", "--postfix-config", "/nonexistent", reference, expect=75), True, "no Postfix")
    equal(events(site, reference), [], "events")
    intend(site, reference, "release")
    intend(site, back, "return", "--reason", "x")
    equal([events(site, one) for one in (reference, back)], [[("hold-releasing", "thanhnv")], [("hold-returning", "thanhnv")]], "intents")
    equal({row["step"] for row in listed(site).values()}, {"releasing", "returning"}, "list")
    equal("finish that with" in vanthu(site, "hold", "release", back, expect=1), True, "its sender may know")
    subprocess.run(["postsuper", "-c", site.mta + "/etc", "-d", back_id], check=True, capture_output=True)
    vanthu(site, "hold", "return", "--reason", "x", back)
    equal(events(site, back)[1:], [("hold-returned", "thanhnv")], "finished without the mail")
    site.stop_milter()
    vanthu(site, "hold", "release", reference, expect=69)
    site.start_milter()
    equal(site.delivered(message) is None, False, "released, though nobody could record it")
    vanthu(site, "hold", "release", reference)
    equal([what for what, _ in events(site, reference)], ["hold-releasing", "hold-released"], "finished")
    equal((listed(site), copies(site, message)), ({}, 1), "delivered once")
    equal(queue_name(site, queue_id), None, "queue")


def intend(site, reference, *words):
    """What stays when the command dies after its first record, by a postsuper(1) that looks in the wrong folders and does nothing."""
    folder = site.folder + "/other-etc"
    shutil.copytree(site.mta + "/etc", folder, dirs_exist_ok=True)
    with open(folder + "/main.cf", "a", encoding="utf-8") as file:
        file.write("hash_queue_names = hold\n")
    said = vanthu(site, "hold", words[0], "--postfix-config", folder, *words[1:], reference, expect=75, postfix=False)
    equal("still holds" in said and "run this again" in said, True, said)


def secret(site):
    """Of a mail marked secret only that there is one; it can be let go all the same."""
    entity = build.multipart([build.text_part(), build.attachment(site.sign(), "ke-hoach.signed.pdf")])
    message = build.mail(entity, site_test.STATE, subject="[MẬT] V/v phòng thủ", extra=site_test.ALIGNED, number=f"secret.{os.getpid()}")
    site.send(message)
    reference, row = wait_for("it in the list", lambda: next(iter(listed(site).items()), None))
    equal((row["secret"], row["queue"], "subject" in row, "sender" in row), (True, "held", False, False), "row")
    said = vanthu(site, "hold", "list")
    equal("marked secret" in said and "phòng" not in said and "ke-hoach" not in said, True, said)
    vanthu(site, "hold", "release", "--reason", "phòng thủ", reference)
    equal(site.delivered(message) is None, False, "delivered")
    equal("phòng" in vanthu(site, "register", "show", "--json", reference), False, "the reason")


def told(site, frame, reference):
    """The delivered notice with these words about a mail, whom it went to, its text."""
    for message in site.deliveries():
        if b"Auto-Submitted:" not in message:
            continue
        mail = email.message_from_bytes(message, policy=email.policy.default)
        text = mail.get_body(("plain",)).get_content()
        if frame in text and reference in text:
            return mail["To"], text
    return None


def sender_is_told(site):
    """The sender of a mail that was released, and of one that was returned, reads what became of it."""
    for event, frame in (("hold-released", "THƯ ĐÃ ĐƯỢC CHUYỂN"), ("hold-returning", "THƯ KHÔNG ĐƯỢC CHUYỂN")):
        reference = next(one for one in decided_to_hold(site) if (event, "thanhnv") in events(site, one) and owed(site, one))
        to, text = wait_for(f"the notice of {event}", lambda: told(site, frame, reference))
        print(f"     {event}: {to}: {text.splitlines()[0]}")
        equal(to, site_test.STATE, "whom it goes to")


def decided_to_hold(site):
    """References of all mails that were held."""
    rows = map(json.loads, vanthu(site, "register", "list", "--json", "--limit", "200").splitlines())
    return [row["reference"] for row in rows
            if row["kind"] == "decided" and row["body"].get("decision", {}).get("action") == "hold"]


def whole(site):
    """After all that the register is whole."""
    equal("Whole: " in vanthu(site, "register", "verify"), True, "register verify")


if __name__ == "__main__":
    sys.exit(site_test.run(released_once, returned_and_gone, taken_by_another_hand, interrupted, secret, sender_is_told, whole, mode="enforce"))
