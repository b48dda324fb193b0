#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# An inspector child or the zygote that dies in the middle of a mail costs that mail a 451, and the
# log says which mail and why; the next one is served. A mail that does it again and again is
# delivered as NOT_CHECKED instead of being answered 451 for days.
"""Death of inspectors."""

import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import processes
import site_test
from site_lab import BUILD, message_id, wait_for
from site_test import equal, long_mail, own_headers, plain_mail

FAILURES = 3  # limits.poison-failures of this site


def strike(site, message, number, whom="child"):
    """The answer to a mail whose inspector gets a signal in the middle of it."""
    answer = site.send_in_background(message)
    child, zygote = site.held_child()
    os.kill(child if whom == "child" else zygote, number)
    os.kill(child, signal.SIGCONT)
    return answer.result(60)


def expect_451(site, message, answer, *why):
    equal((answer["code"], answer["enhanced"][:2]), (451, "4."), "answer of the mail that was hit")
    record = site.record_of(answer)
    line = site.log_line("inspection failed:", record["reference"], *why)
    equal("queue-id=-" in line, False, "queue id missing in: " + line)
    # Its files may be marked secret; nobody knows.
    for word in (message_id(message), site_test.STATE):
        equal([l for l in site.log().splitlines() if ("failed:" in l or " mail: " in l) and record["reference"] in l and word in l], [],
              "the mail is named")
    equal(record["answer"]["kind"], "tempfail", "record")
    print(f"     {answer['text'].splitlines()[0]}\n     {line[line.index('inspection failed'):][:230]}")


def expect_served(site):
    message = plain_mail()
    answer = site.send(message)
    equal(answer["code"], 250, "the next mail")
    print(f"     the next mail: 250 after {answer['seconds']:.2f} s")


def child_killed(site):
    """An inspector child killed with SIGKILL in mid-mail."""
    message = long_mail()
    expect_451(site, message, strike(site, message, signal.SIGKILL), "killed")
    expect_served(site)


def child_crashes(site):
    """An inspector child that dies of SIGSEGV in mid-mail; the zygote is exec'd anew."""
    message = long_mail()
    before = site.pid("inspector")
    expect_451(site, message, strike(site, message, signal.SIGSEGV), "SEGV")
    site.wait_restarted("inspector", before)
    wait_for("the end of the old zygote", lambda: not processes.is_alive(before))
    expect_served(site)


def zygote_killed(site):
    """The zygote killed in mid-mail; its child goes with it."""
    message = long_mail()
    before = site.pid("inspector")
    restarts = site.restarts()["inspector"]
    expect_451(site, message, strike(site, message, signal.SIGKILL, "zygote"))
    expect_served(site)
    site.wait_restarted("inspector", before)
    equal(site.restarts()["inspector"], restarts + 1, "restarts")


def neighbours_unharmed(site):
    """Mails beside the one whose child is killed are served."""
    message = long_mail()
    victim = site.send_in_background(message)
    child, _ = site.held_child()
    burst = site.burst([plain_mail() for _ in range(10)])
    answers = site_test.answers(burst)
    os.kill(child, signal.SIGKILL)
    equal([a["code"] for a in answers], [250] * 10, "neighbours")
    equal(victim.result(60)["code"], 451, "victim")
    print(f"     10 neighbours served while one child hung: at most {max(a['seconds'] for a in answers):.2f} s")


def poison_is_given_up(site):
    """A mail whose inspection fails again and again, over reload and restart, is delivered, tagged NOT_CHECKED; somebody is alarmed."""
    message = long_mail()
    codes = [strike(site, message, signal.SIGSEGV)["code"]]
    site.reload()
    wait_for("the new roles", site.roles_run)
    codes.append(strike(site, message, signal.SIGSEGV)["code"])
    site.restart_milter()
    codes.append(strike(site, message, signal.SIGSEGV)["code"])
    equal(codes, [451] * (FAILURES - 1) + [250], "answers")
    delivered = site.delivered(message)
    equal(delivered is None, False, "not delivered")
    headers = own_headers(delivered)
    equal("NOT_CHECKED" in headers["x-vanthu-action"][0] and headers["x-vanthu-action"][0].startswith("tag"), True,
          f"tag {headers}")
    equal("TOTAL-PASSED" in str(headers), False, f"verdict {headers}")
    site.log_line("inspection failed:", "given-up=yes")
    alert = site.log_line("alert: mail not checked:")
    events = [json.loads(line) for line in subprocess.run(
        [BUILD + "/vanthu", "register", "list", "--config", site.folder + "/vanthu.yaml", "--json", "--limit", "20"],
        capture_output=True, text=True, check=True).stdout.splitlines()]
    found = [event for event in events if event["kind"] == "event" and event["body"].get("what") == "mail-not-checked"]
    equal(len(found), 1, f"events of the register: {events}")
    equal(found[0]["reference"] in alert, True, alert)
    again = site.send(message)
    equal(again["code"], 250, "once more, without an inspection")
    equal(site.record_of(again)["decision"]["action"], "tag", "decision of the next try")
    print(f"     answers {codes}, then {again['code']} after {again['seconds']:.2f} s; {headers['x-vanthu-action'][0]}")


sys.exit(site_test.run(child_killed, child_crashes, zygote_killed, neighbours_unharmed, poison_is_given_up,
                       extra=f"  poison-failures: {FAILURES}\n"))
