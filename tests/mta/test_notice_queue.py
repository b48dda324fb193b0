#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# The queue of notices: mails through a real Postfix and all roles, notices to a relay that does what
# it is told. Each test begins with an empty queue.
#   KILLS   deaths of registrar and post during refusals [6]
"""What is owed is sent, once."""

import contextlib
import email
import email.policy
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

import site_test
from relay import STALL, Relay
from site_lab import BUILD, wait_for
from site_test import STATE, equal, pdf_mail

KILLS = int(os.environ.get("KILLS", "6"))
QUIET = 1
POLICY = """\
rules:
  - {name: changed, when: {reason: CONTENT_CHANGED}, then: reject}
"""
RELAY = Relay()


def settings(**changes):
    """The notices of the configuration, tests' times."""
    values = {"relay": f"smtp://127.0.0.1:{RELAY.port}", "tls": "none", "quiet": f"{QUIET}s", "retry-first": "1s",
              "retry-longest": "2s", "per-sender-hour": 100, **{key.replace("_", "-"): value for key, value in changes.items()}}
    return "notices:\n" + "".join(f"  {key}: {value}\n" for key, value in values.items())


def changed(site, **options):
    document = bytearray(site.sign())
    document[document.index(b"stream", document.index(b"/Contents")) + 40] ^= 1
    return pdf_mail(bytes(document), **options)


def refuse(site, message=None, **options):
    """The reference of a mail that is refused."""
    answer = site.send(message or changed(site), **options)
    equal(answer["code"], 550, f"answer {answer}")
    return re.search(r"\d{4}-\d{4}-\d{4}", answer["text"])[0]


def rows(site, *arguments):
    done = site.vanthu_notice("list", "--json", *arguments)
    return [json.loads(line) for line in done.stdout.splitlines()]


def row_of(site, reference):
    return rows(site, reference)[0]


def wait_state(site, reference, state, seconds=20):
    return wait_for(f"{reference} to be {state}", lambda: (row_of(site, reference)["state"] == state) and row_of(site, reference), seconds)


def taken_of(reference):
    return [body for _, body in RELAY.messages if reference.encode() in body]


def noticed(site, reference):
    """What the records say that became of the notices of a mail."""
    with contextlib.closing(sqlite3.connect(f"file:{site.folder}/register/register.sqlite?mode=ro", uri=True)) as register:
        found = register.execute("SELECT body FROM record WHERE kind = 7 AND reference = ? ORDER BY seq", (reference,)).fetchall()
    return [json.loads(body) for body, in found]


def configure(site, **changes):
    site.extra = settings(**changes)
    site.write_config()
    old = site.pid("registrar")
    equal(site.reload()[0], 0, "reload")
    # On a busy machine it outlives the answer of the reload, and judges by what it began with.
    wait_for("the old registrar to end", lambda: not os.path.exists(f"/proc/{old}"))


class NoticeSite(site_test.Site):
    def words(self, *words):
        """A command of two words, in English."""
        return subprocess.run([BUILD + "/vanthu", *words[:2], "--config", self.folder + "/vanthu.yaml", *words[2:]],
                              capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})

    def vanthu_notice(self, *words):
        return self.words("notice", *words)


# ---- the usual way ----

def a_refusal_is_told(site):
    """After the quiet time, to its sender, from the empty sender, with the reference; the register says so."""
    site.set_policy(POLICY)
    equal(site.reload()[0], 0, "reload")
    begin = time.monotonic()
    reference = refuse(site)
    equal(row_of(site, reference)["state"], "waiting", "state at once")
    row = wait_state(site, reference, "sent")
    spent = time.monotonic() - begin
    equal(QUIET <= spent < QUIET + 8, True, f"told after {spent:.1f} s")
    envelope, body = RELAY.messages[-1]
    equal((envelope[0].split(">")[0], envelope[1].split(">")[0]), ("MAIL FROM:<", f"RCPT TO:<{STATE}"), "envelope")
    head = body.split(b"\r\n\r\n")[0].decode()
    equal(f"Message-ID: <{row['message_id']}>" in head, True, head)
    equal("Auto-Submitted: auto-replied" in head, True, head)
    equal(len(taken_of(reference)), 1, "messages")
    said = noticed(site, reference)
    equal([(n["outcome"], n["to"], n["code"], n["message_id"]) for n in said], [("sent", STATE, "250", row["message_id"])], "record")
    shown = site.words("register", "show", reference).stdout
    equal(f"refused -> {STATE}" in shown and "250" in shown, True, shown)


def a_circular_is_told_once(site):
    """Three transactions of one mail are one notice of all of them; a fourth, later, is not told of."""
    message, begin = changed(site), len(RELAY.messages)
    first = refuse(site, message, to="a@ninhbinh.gov.vn")
    others = [refuse(site, message, to=f"{name}@ninhbinh.gov.vn") for name in "bc"]
    equal([row_of(site, other)["state"] for other in others], ["joined", "joined"], "states")
    wait_state(site, first, "sent")
    late = refuse(site, message, to="d@ninhbinh.gov.vn")
    row = row_of(site, late)
    equal((row["state"], row["joined"]), ("joined", row_of(site, first)["id"]), "the late one")
    time.sleep(QUIET + 1)
    equal(len(RELAY.messages) - begin, 1, "messages")
    text = site.vanthu_notice("show", first).stdout
    equal("Joined to" in site.vanthu_notice("show", late).stdout and "sent" in text, True, text)


def what_follows_is_told_at_once(site):
    """undo: a correction with its reason; refuse: the clerk's words to the sender of a mail that was delivered."""
    reference = refuse(site)
    wait_state(site, reference, "sent")
    done = site.vanthu("undo", "--for", "0", "--reason", "so voi ban giay: dung", reference)
    equal(done.returncode, 0, done.stderr)
    begin = time.monotonic()
    sent = wait_for("a correction", lambda: [r for r in rows(site, reference) if r["kind"] == "correction" and r["state"] == "sent"])
    equal(time.monotonic() - begin < 8, True, "at once")
    text = site.words("notice", "show", "--message", str(sent[0]["id"])).stdout
    words = email.message_from_string(text, policy=email.policy.default)
    body = next(part for part in words.walk() if part.get_content_type() == "text/plain").get_content()
    equal("THÔNG BÁO ĐÍNH CHÍNH" in body and "so voi ban giay: dung" in body and reference in body, True, body)
    answer = site.send(pdf_mail(site.sign()))
    equal(answer["code"], 250, f"answer {answer}")
    passed = site.record_of(answer)["reference"]
    equal(site.vanthu("refuse", "--reason", "INCOMPLETE", "--text", "thieu trang 2", passed).returncode, 0, "refuse")
    row = wait_state(site, passed, "sent")
    text = site.words("notice", "show", "--message", str(row["id"])).stdout
    words = email.message_from_string(text, policy=email.policy.default)
    body = next(part for part in words.walk() if part.get_content_type() == "text/plain").get_content()
    equal((row["kind"], "thieu trang 2" in body), ("clerk", True), body)


# ---- a relay that does not take it ----

def what_is_deferred_is_tried_again(site):
    """After a while, with the same Message-ID; retry does not wait for it; what was overruled meanwhile is not told."""
    configure(site, retry_first="1h", retry_longest="1h")
    RELAY.at["RCPT"] = ["450 4.2.0 later", "AS_USUAL"]
    reference = refuse(site)
    row = wait_for("an attempt", lambda: row_of(site, reference)["attempts"] == 1 and row_of(site, reference))
    equal((row["state"], row["code"], "later" in row["text"]), ("ready", "450", True), f"row {row}")
    listed = site.vanthu_notice("list").stdout
    equal("tried 1 times" in listed and "later" in listed, True, listed)
    RELAY.at["RCPT"] = ["450 4.2.0 later", "AS_USUAL"]
    overruled = refuse(site)
    wait_for("an attempt of the other", lambda: row_of(site, overruled)["attempts"] == 1)
    equal(site.vanthu("undo", "--for", "0", "--reason", "dung", overruled).returncode, 0, "undo")
    RELAY.at.pop("RCPT")
    equal(site.vanthu_notice("retry", "--all").returncode, 0, "retry")
    sent = wait_state(site, reference, "sent")
    equal((sent["message_id"], sent["attempts"]), (row["message_id"], 2), "the second attempt")
    equal(len(taken_of(reference)), 1, "messages")
    wait_for("the other to be taken back", lambda: {(r["kind"], r["state"]) for r in rows(site, overruled)} ==
             {("refused", "dropped"), ("correction", "sent")})
    equal(["taken back" in n["text"] for n in noticed(site, overruled) if n["notice"] == "refused"], [True], "record")
    configure(site)


def what_is_refused_for_ever_ends(site):
    """The relay says 550: failed, and recorded; an administrator may try once more."""
    RELAY.at["RCPT"] = "550 5.1.1 nobody"
    reference = refuse(site)
    row = wait_state(site, reference, "failed")
    equal([(n["outcome"], n["code"]) for n in noticed(site, reference)], [("failed", "550")], "record")
    RELAY.at.pop("RCPT")
    equal(site.vanthu_notice("drop", "--reason", "x", str(row["id"])).returncode, 1, "drop of what has ended")
    equal(site.vanthu_notice("retry", str(row["id"])).returncode, 0, "retry")
    wait_state(site, reference, "sent")
    equal(site.vanthu_notice("retry", str(row["id"])).returncode, 1, "retry of what is sent")
    equal([n["outcome"] for n in noticed(site, reference)], ["failed", "sent"], "records")


def an_administrator_drops_one(site):
    """It is never sent; who and why stand in the register."""
    configure(site, retry_first="1h", retry_longest="1h")
    RELAY.at["RCPT"] = "450 4.2.0 later"
    reference = refuse(site)
    row = wait_for("an attempt", lambda: row_of(site, reference)["attempts"] == 1 and row_of(site, reference))
    equal(site.vanthu_notice("drop", str(row["id"])).returncode, 64, "without a reason")
    done = site.vanthu_notice("drop", "--reason", "gửi nhầm", str(row["id"]))
    equal((done.returncode, done.stdout), (0, "Dropped: it is not sent.\n"), done.stderr)
    RELAY.at.pop("RCPT")
    equal([(n["outcome"], n["text"], n["by"]) for n in noticed(site, reference)], [("dropped", "gửi nhầm", "root")], "record")
    equal(site.vanthu_notice("retry", "--all").stdout, "Notices that are tried now: 0\n", "nothing waits")
    equal(taken_of(reference), [], "messages")
    configure(site)


def what_cannot_be_sent_expires(site):
    """With an alarm in the log, a record, and a number for the monitor."""
    configure(site, expire_after="6s")
    RELAY.at["RCPT"] = "450 4.2.0 later"
    reference = refuse(site)
    wait_state(site, reference, "expired", 30)
    RELAY.at.pop("RCPT")
    line = site.log_line("expired", reference)
    equal("later" in line, True, line)
    equal([n["outcome"] for n in noticed(site, reference)], ["expired"], "record")
    equal('vanthu_notices_ended_total{end="expired"} 1' in site.vanthu("status", "--prometheus").stdout, True, "metric")
    configure(site)


def limits_are_kept(site):
    """More than a sender gets within an hour: recorded as such, counted, not sent."""
    configure(site, per_sender_hour=1)  # those before are more already
    reference = refuse(site)
    wait_state(site, reference, "limited")
    equal([n["outcome"] for n in noticed(site, reference)], ["limited"], "record")
    equal(taken_of(reference), [], "messages")
    configure(site)


# ---- words ----

def mistakes_of_words_refuse_the_reload(site):
    """With file, line and column; the service goes on with the words it has."""
    words = site.folder + "/notices"
    os.makedirs(words + "/vi")
    with open(words + "/vi/refused.txt", "w", encoding="utf-8") as file:
        file.write("THƯ CHƯA ĐƯỢC CHUYỂN ĐẾN NƠI NHẬN.\n\nKính gửi: {không có trường này}.\n")
    site.extra = settings(directory=words)
    site.write_config()
    status, answer = site.reload()
    equal(status != 0, True, f"reload {answer}")
    mistakes = [(m["file"], m["line"]) for m in answer["mistakes"] if not m.get("warning")]
    equal(any(f.endswith("vi/refused.txt") and line == 3 for f, line in mistakes), True, f"mistakes {answer['mistakes']}")
    configure(site)
    reference = refuse(site)
    wait_state(site, reference, "sent")


# ---- deaths ----

def deaths_lose_nothing(site):
    """kill -9 of registrar and post at random moments of refusals: each is told, once."""
    choose = random.Random(int(os.environ.get("SEED", "7")))
    begin, references = len(RELAY.messages), []
    configure(site, quiet="1s")
    for number in range(KILLS):
        references.append(refuse(site))
        time.sleep(choose.uniform(0, 2.5))
        victim = ["registrar", "post"][number % 2]
        with contextlib.suppress(ProcessLookupError):
            os.kill(site.pid(victim), signal.SIGKILL)
        wait_for("the roles", lambda: all(role["running"] for role in site.roles().values()) and site.roles(), 30)
    for reference in references:
        wait_state(site, reference, "sent", 60)
    equal([len(taken_of(reference)) for reference in references], [1] * len(references), "messages of each")
    equal(len(RELAY.messages) - begin, len(references), "messages")
    equal(site.vanthu_notice("list").returncode, 1, "an empty queue")


def a_death_while_it_is_sent(site):
    """The registrar dies while post has the notice: what became of it is kept all the same. Post dies: it is
    sent by the next one."""
    RELAY.at["END"] = lambda: (time.sleep(2), "AS_USUAL")[1]
    reference = refuse(site)
    wait_state(site, reference, "sending")
    os.kill(site.pid("registrar"), signal.SIGKILL)
    wait_state(site, reference, "sent", 30)
    RELAY.at["END"] = [STALL, "AS_USUAL"]
    reference = refuse(site)
    wait_state(site, reference, "sending")
    os.kill(site.pid("post"), signal.SIGKILL)
    wait_state(site, reference, "sent", 30)
    RELAY.at.pop("END")


def a_reload_loses_nothing(site):
    """Reloads while notices wait and are sent: each is sent once."""
    RELAY.at["END"] = lambda: (time.sleep(1), "AS_USUAL")[1]
    references = []
    for _ in range(3):
        references.append(refuse(site))
        equal(site.reload()[0], 0, "reload")
        time.sleep(0.7)
    for reference in references:
        wait_state(site, reference, "sent", 40)
    RELAY.at.pop("END")
    equal([len(taken_of(reference)) for reference in references], [1] * len(references), "messages of each")


def the_register_is_whole(site):
    """After all of it."""
    done = site.words("register", "verify")
    equal(done.returncode, 0, done.stdout + done.stderr)


sys.exit(site_test.run(a_refusal_is_told, a_circular_is_told_once, what_follows_is_told_at_once,
                       what_is_deferred_is_tried_again, what_is_refused_for_ever_ends,
                       an_administrator_drops_one, what_cannot_be_sent_expires, limits_are_kept, mistakes_of_words_refuse_the_reload,
                       deaths_lose_nothing, a_death_while_it_is_sent, a_reload_loses_nothing, the_register_is_whole,
                       mode="enforce", extra=settings(), site_class=NoticeSite))
