#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# What each action of a policy does to a mail in Postfix, and how policies are exchanged: one with
# mistakes is refused with all of them, a good one takes effect without losing a mail.
"""Policies through a real Postfix."""

import email
import email.policy
import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import site_test
from site_lab import wait_for
from site_test import CITIZEN, equal, own_headers, pdf_mail, plain_mail

HOLD = "held@example.vn"
TAG = "tagged@example.vn"
NOTE = "noted@example.vn"
DEFER = "deferred@example.vn"
REJECT = "refused@example.vn"
MARKED = "marked@example.vn"

POLICY = """\
officer: {name: Nguyễn Văn A, mailbox: vanthu@ninhbinh.gov.vn}
rules:
  - {name: to-hold, when: {sender: held@example.vn}, then: hold}
  - {name: to-tag, when: {sender: tagged@example.vn}, then: tag}
  - {name: to-note, when: {sender: noted@example.vn}, then: note}
  - {name: to-defer, when: {sender: deferred@example.vn}, then: defer, at-most: 1s, afterwards: tag}
  - name: to-refuse
    when: {sender: refused@example.vn}
    then: {action: reject, code: "554", enhanced-code: 5.7.2, text: Không nhận thư này}
  - name: to-mark
    when: {sender: marked@example.vn}
    then:
      action: tag
      folder: Cần kiểm tra
      subject-prefix: "[Cần kiểm tra chữ ký số]"
      headers: {X-Office-Check: signature}
      notify: [records, admin]
"""
LISTED = """\
lists: {listed: {file: senders.txt}}
rules:
  - {name: listed, when: {sender: {list: listed}}, then: note}
"""
# Five mistakes; each is reported at the line and column where the word stands.
BROKEN = """\
rules:
  - {name: one, when: {reason: CONTENT_CHANGD}, then: reject}
  - {name: two, when: {reason: STATUS_UNKNOWN}, then: reject}
  - {name: three, when: {sendr: a@b.vn}, then: tag}
  - {name: four, when: {}, then: bounce}
  - {name: five, when: {reason: MALFORMED}, then: defer}
"""
WRONG_WORDS = ["CONTENT_CHANGD", "STATUS_UNKNOWN", "sendr", "bounce", "defer"]
PLACES = [(number, line.index(word) + 1) for number, (line, word) in enumerate(zip(BROKEN.splitlines()[1:], WRONG_WORDS), 2)]


def delivered_action(site, message):
    """X-Vanthu-Action of the delivered copy."""
    delivered = site.delivered(message)
    equal(delivered is None, False, "not delivered")
    return own_headers(delivered)["x-vanthu-action"][0]


def hold(site):
    """A mail that is held waits in Postfix's hold queue, and is delivered when it is released."""
    message = pdf_mail(site.unsigned, sender=HOLD, extra=b"")
    answer = site.send(message, sender=HOLD)
    equal(answer["code"], 250, "answer")
    queue_id = re.search(r"queued as (\S+)", answer["text"])[1]
    held = wait_for("the mail in the queue", lambda: [m for m in site.queue() if m["queue_id"] == queue_id])
    equal((held[0]["queue_name"], held[0]["sender"]), ("hold", HOLD), "queue")
    equal(site.delivered(message, 0.5), None, "delivered though held")
    record = site.record_of(answer)
    equal(record["answer"]["kind"], "hold", "record")
    site.release(queue_id)
    equal("to-hold" in delivered_action(site, message), True, "headers after the release")
    print(f"     {queue_id} in queue \"hold\": {record['answer']['hold_reason']}")


def tag_and_note(site):
    """Tag and note deliver with their headers; a mail no rule matches is accepted."""
    for sender, action in ((TAG, "tag"), (NOTE, "note"), (CITIZEN, "accept")):
        message = plain_mail(sender=sender, extra=b"")
        equal(site.send(message, sender=sender)["code"], 250, f"answer of {action}")
        found = delivered_action(site, message)
        equal(found.split(";")[0], action, "action")
        print(f"     {sender}: {found}")


def marks(site):
    """A rule's folder, headers and subject prefix arrive; the prefix stays off mail that goes on to a stranger."""
    for to, has_prefix in (("vanthu@ninhbinh.gov.vn", True), ("ban@example.vn", False)):
        message = plain_mail(sender=MARKED, extra=b"X-Vanthu-Folder: INBOX.forged\r\n")
        answer = site.send(message, sender=MARKED, to=to)
        equal(answer["code"], 250, "answer")
        delivered = site.delivered(message)
        parsed = email.message_from_bytes(delivered, policy=email.policy.default)
        equal(parsed.get_all("X-Vanthu-Folder"), ["Cần kiểm tra"], "folder")
        equal(parsed["X-Office-Check"], "signature", "header of the rule")
        subject = parsed.get_all("Subject")
        before = email.message_from_bytes(message, policy=email.policy.default)["Subject"]
        equal(subject, [("[Cần kiểm tra chữ ký số] " if has_prefix else "") + before], "subject")
        record = site.record_of(answer)
        equal(record["decision"]["marks"]["notify"], ["records", "admin"], "who is to be told")
        print(f"     to {to}: {subject[0]}")


def lists_wait_for_reload(site):
    """A list that changed on disk has no effect until the policy is read again."""
    path = site.folder + "/senders.txt"

    def action():
        message = plain_mail(sender=CITIZEN, extra=b"")
        equal(site.send(message, sender=CITIZEN)["code"], 250, "answer")
        return delivered_action(site, message).split(";")[0]
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write("# nobody yet\nnobody@example.vn\n")
        site.set_policy(POLICY.replace("rules:\n", LISTED))
        equal(site.reload()[0], 0, "reload")
        equal(action(), "accept", "not in the list")
        with open(path, "a", encoding="utf-8") as file:
            file.write(CITIZEN + "\n")
        equal(action(), "accept", "in the file, not in the list")
        equal(site.reload()[0], 0, "reload")
        equal(action(), "note", "in the list")
        with open(path, "a", encoding="utf-8") as file:
            file.write("no address\n")
        status, answer = site.reload()
        equal(status, 78, "reload with a mistake in the list")
        mistake = [m for m in answer["mistakes"] if not m["warning"]][0]
        equal((os.path.basename(mistake["file"]), mistake["line"], mistake["column"]), ("senders.txt", 4, 1), "its place")
        print(f"     {mistake['text']}")
    finally:
        site.set_policy(POLICY)
        equal(site.reload()[0], 0, "reload of the first policy")


def reject(site):
    """Reject answers with the code and text of the rule, without accents, and the reference."""
    answer = site.send(plain_mail(sender=REJECT, extra=b""), sender=REJECT)
    equal((answer["code"], answer["enhanced"]), (554, "5.7.2"), "answer")
    equal("Khong nhan thu nay" in answer["text"], True, answer["text"])
    equal(answer["text"].isascii(), True, "ASCII")
    equal(site.record_of(answer)["answer"]["kind"], "reject", "record")
    for line in answer["text"].splitlines():
        print(f"     {answer['code']} {line}")


def defer(site):
    """Defer answers 451 until at-most is over; then what stands in afterwards."""
    message = pdf_mail(site.unsigned, sender=DEFER, extra=b"")
    first = site.send(message, sender=DEFER)
    equal((first["code"], first["enhanced"]), (451, "4.7.5"), "first try")
    tries = []

    def again():
        tries.append(site.send(message, sender=DEFER)["code"])
        return tries[-1] == 250
    wait_for("the end of the defer", again, pause=0.2)
    equal(set(tries[:-1]) <= {451}, True, f"tries {tries}")
    equal(delivered_action(site, message).split(";")[0], "tag", "action afterwards")
    print(f"     {first['text'].splitlines()[0]}; further tries {tries}, then tagged")


def broken_policy_is_refused(site):
    """A policy with five mistakes is refused with all five; the old one stays."""
    before = site.restarts(), site.pid("gateway")
    site.set_policy(BROKEN)
    status, answer = site.reload()
    equal((status, answer["ok"]), (78, False), "reload")
    mistakes = [m for m in answer["mistakes"] if not m["warning"]]
    for mistake in mistakes:
        print(f"     {os.path.basename(mistake['file'])}:{mistake['line']}:{mistake['column']}: {mistake['text']}")
    equal([(m["line"], m["column"]) for m in mistakes], PLACES, "places of the mistakes")
    equal((site.restarts(), site.pid("gateway")), before, "roles")
    message = plain_mail(sender=TAG, extra=b"")
    site.send(message, sender=TAG)
    equal("to-tag" in delivered_action(site, message), True, "the old policy")
    site.milter.send_signal(signal.SIGHUP)
    wait_for("the same by SIGHUP", lambda: site.log().count("reload refused") >= 2)
    equal(site.pid("gateway"), before[1], "gateway after SIGHUP")


class Load:
    """Mails without a pause while the block runs; .found: all answers afterwards."""

    def __init__(self, site, at_once=8):
        self.site, self.at_once, self.found, self.bursts = site, at_once, [], []

    def more(self):
        self.bursts.append(self.site.burst([plain_mail(sender=TAG, extra=b"") for _ in range(self.at_once)], sender=TAG))
        while len(self.bursts) > 2:
            self.found += site_test.answers(self.bursts.pop(0))

    def __enter__(self):
        self.more()
        return self

    def __exit__(self, *_):
        for burst in self.bursts:
            self.found += site_test.answers(burst)


def reload_under_load(site):
    """A good policy takes effect by `vanthu reload` and by SIGHUP without losing a mail under load."""
    delivered = len(list(site.deliveries()))
    with Load(site) as load:
        for number, way in enumerate(("reload", "SIGHUP", "reload"), 1):
            site.set_policy(POLICY.replace("name: to-tag", f"name: to-tag-{number}"))
            before = site.log().count("configuration and policy loaded")
            gateway = site.pid("gateway")
            load.more()
            if way == "reload":
                equal(site.reload()[0], 0, "reload")
            else:
                site.milter.send_signal(signal.SIGHUP)
            wait_for("the new roles", lambda: (load.more(), site.log().count("configuration and policy loaded") > before)[1])
            equal(site.pid("gateway") != gateway, True, "a new gateway")
            load.more()
            message = plain_mail(sender=TAG, extra=b"")
            equal(site.send(message, sender=TAG)["code"], 250, "a mail after the change")
            equal(f"to-tag-{number}" in delivered_action(site, message), True, "the new policy")
            delivered += 1
    equal([a["text"] for a in load.found if a["code"] != 250], [], f"answers other than 250 of {len(load.found)} mails")
    wait_for("all deliveries", lambda: len(list(site.deliveries())) >= delivered + len(load.found))
    equal(sum(site.restarts().values()), 0, "restarts")
    print(f"     {len(load.found)} mails during three changes, all answered 250 and delivered")


def prepare(site):
    """The policy of this test is loaded."""
    site.unsigned = site_test.pdfbuild.build("V/v mời họp", "1/GM", site_test.days_ago(1))
    site.set_policy(POLICY)
    equal(site.reload()[0], 0, "reload")


sys.exit(site_test.run(prepare, hold, tag_and_note, marks, lists_wait_for_reload, reject, defer, broken_policy_is_refused, reload_under_load))
