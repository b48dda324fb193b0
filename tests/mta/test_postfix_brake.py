#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# The refusal brake through a real Postfix: a rule that was changed lately and refuses too much only
# tags for a while, over reloads and deaths, and never what is refused on proof.
"""Run by make test; names of tests as arguments run only those."""

import contextlib
import json
import os
import signal
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import site_test
from site_lab import wait_for
from site_test import equal, own_headers, pdf_mail, plain_mail

RULES = """\
rules:
  - name: proven
    when: {{reason: [CONTENT_CHANGED, BAD_SIGNATURE]}}
    then: reject
  - name: doors-{number}
    when: {{sender-domain: sonv.ninhbinh.gov.vn}}
    then: reject
"""


def set_rules(site, number):
    """A policy whose rule nobody has seen before."""
    site.set_policy(RULES.format(number=number))
    equal(site.reload()[0], 0, "reload")


def answers(site, count, **options):
    return [site.send(plain_mail(), **options)["code"] for _ in range(count)]


def braked(site):
    return [rule["rule"] for rule in json.loads(site.vanthu("status", "--json").stdout)["braked"]]


def events(site, what):
    register = sqlite3.connect(f"file:{site.folder}/register/register.sqlite?mode=ro", uri=True)
    with contextlib.closing(register):
        rows = register.execute("SELECT body FROM record WHERE kind = 6 ORDER BY seq").fetchall()
    return [event for event in (json.loads(row[0]) for row in rows) if event["what"] == what]


def changed(site):
    """A signed document that was changed after signing."""
    document = bytearray(site.sign())
    document[document.index(b"stream", document.index(b"/Contents")) + 40] ^= 1
    return bytes(document)


def the_eleventh_refusal_is_the_last(site):
    """Ten are borne; with the eleventh the rule only tags, an alarm is raised, a forgery is refused as ever."""
    set_rules(site, 1)
    equal(answers(site, 11), [550] * 11, "answers")
    site.log_line("refusal brake", 'rule "doors-1"', "refused 11 mails of 1 sender ")
    message = plain_mail()
    equal(site.send(message)["code"], 250, "the twelfth")
    headers = own_headers(site.delivered(message))
    assert headers["x-vanthu-action"][0].startswith("tag;"), headers
    record = site.record(message)["record"]
    equal((record["decision"]["action"], record["decision"]["would_be"], record["decision"]["rule"]), ("tag", "reject", "doors-1"),
          "record")
    equal(braked(site), ["doors-1"], "status --json")
    assert 'REFUSAL BRAKE: a rule that was changed lately refused too much and only tags: "doors-1"' in site.vanthu("status").stdout
    assert "vanthu_refusal_brakes_total 1" in site.vanthu("status", "--prometheus").stdout
    assert "rule-braked" in [p["code"] for p in json.loads(site.vanthu("status", "--json").stdout)["problems"]]
    event = wait_for("the event", lambda: events(site, "rule-braked"))[-1]
    assert event["text"].startswith('rule "doors-1" was changed lately and refused 11 mails'), event
    equal(site.send(pdf_mail(changed(site)))["code"], 550, "a changed document")


def it_outlives_reload_and_death(site):
    """The brake stays on over a reload, a gateway that is killed and a new master; another text of the rule is another rule."""
    set_rules(site, 2)
    equal(answers(site, 12), [550] * 11 + [250], "answers")
    equal(site.reload()[0], 0, "reload")
    equal(answers(site, 2), [250] * 2, "after a reload")
    gateway = site.pid("gateway")
    os.kill(gateway, signal.SIGKILL)
    site.wait_restarted("gateway", gateway)
    wait_for("mail again", lambda: answers(site, 1) == [250])
    site.restart_milter()
    equal(answers(site, 2), [250] * 2, "after a start")
    text = site.vanthu("status", "--prometheus").stdout
    until = [line for line in text.splitlines() if line.startswith("vanthu_refusal_brake_until_timestamp_seconds ")][0]
    assert float(until.split()[1]) > time.time(), until
    set_rules(site, 3)
    equal(answers(site, 1), [550], "another rule")


def five_agencies(site):
    """Mails of five senders are enough, however few they are."""
    site.set_policy("rules:\n  - {name: all-doors, when: {sender-domain: ninhbinh.gov.vn}, then: reject}\n")
    equal(site.reload()[0], 0, "reload")
    codes = [site.send(plain_mail(), sender=f"vanthu@so{n}.ninhbinh.gov.vn")["code"] for n in range(7)]
    equal(codes, [550] * 5 + [250] * 2, "answers")
    site.log_line("refusal brake", "all-doors", "5 senders")


def counts_outlive_a_reload(site):
    """Refusals before and after a reload that changes another rule are counted together."""
    set_rules(site, 4)
    equal(answers(site, 6), [550] * 6, "before")
    site.set_policy(RULES.format(number=4) + "  - {name: more, when: {sender: nobody@example.vn}, then: tag}\n")
    equal(site.reload()[0], 0, "reload")
    equal(answers(site, 6), [550] * 5 + [250], "after")


def proof_never_trips_it(site):
    """Refusals on proof are refused as often as they come."""
    site.set_policy("rules:\n  - {name: on-proof, when: {reason: [CONTENT_CHANGED, BAD_SIGNATURE]}, then: reject}\n")
    equal(site.reload()[0], 0, "reload")
    document = changed(site)
    mails = [pdf_mail(document) for _ in range(13)]
    found = site_test.answers(site.burst(mails))
    equal([a["code"] for a in found], [550] * 13, "answers")
    assert "on-proof" not in braked(site)


def it_can_be_left_out(site):
    """brake.refusals: 0 is no brake."""
    site.extra = "brake: {refusals: 0}\n"
    set_rules(site, 5)
    equal(answers(site, 13), [550] * 13, "answers")
    site.extra = "brake: {refusals: 2, lasts: 2s}\n"
    set_rules(site, 6)
    equal(answers(site, 4), [550] * 3 + [250], "answers")
    time.sleep(2.5)
    equal(answers(site, 1), [550], "when it is over")
    site.extra = ""


if __name__ == "__main__":
    sys.exit(site_test.run(the_eleventh_refusal_is_the_last, it_outlives_reload_and_death, five_agencies, counts_outlive_a_reload,
                           proof_never_trips_it, it_can_be_left_out, mode="enforce"))
