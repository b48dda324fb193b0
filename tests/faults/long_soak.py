#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Minutes of mails of all kinds while roles are killed, stopped and reloaded at random. Whatever
# happens, a mail is answered 250, 451 or 550; a forgery is never passed, what is delivered has our
# record, what was answered 250 arrives, and in the end the site is whole.
#   SOAK_SECS   how long [120]       SOAK_SEED   of the random choices [the clock]
"""Mails and deaths at random."""

import os
import random
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import processes
import site_test
from site_lab import message_id, wait_for
from site_test import equal, long_mail, own_headers, pdf_mail, plain_mail

SECONDS = float(os.environ.get("SOAK_SECS", "120"))
SEED = int(os.environ.get("SOAK_SEED", str(time.time_ns())))
PAUSE = 1.5
AT_ONCE = 12


class Mails(threading.Thread):
    """Sends bursts until it is told to end; .found: (kind, mail, answer)."""

    def __init__(self, site, choose):
        super().__init__()
        self.site, self.choose, self.over, self.found = site, choose, threading.Event(), []
        known, changed = site.sign(certs="leaf"), bytearray(site.sign())
        changed[changed.index(b"stream", changed.index(b"/Contents")) + 40] ^= 1
        self.kinds = {"plain": plain_mail, "signed": lambda: pdf_mail(known), "forged": lambda: pdf_mail(bytes(changed)),
                      "unknown": lambda: pdf_mail(unreachable), "long": long_mail}
        unreachable = site.sign("unreachable")

    def run(self):
        while not self.over.is_set():
            kinds = self.choose.choices(list(self.kinds), [4, 6, 4, 2, 0.3], k=AT_ONCE)
            mails = [self.kinds[kind]() for kind in kinds]
            answers = site_test.answers(self.site.burst(mails))
            self.found += zip(kinds, mails, answers)


def kill_role(role, number):
    def act(site):
        os.kill(site.pid(role), number)
    act.__name__ = f"{signal.Signals(number).name} {role}"
    return act


def stop_for_a_second(role):
    def act(site):
        pid = site.pid(role)
        os.kill(pid, signal.SIGSTOP)
        time.sleep(1)
        os.kill(pid, signal.SIGCONT)
    act.__name__ = f"stop {role}"
    return act


def kill_child(site):
    children = processes.children_of(site.pid("inspector"))
    if children:
        os.kill(children[0], random.choice((signal.SIGKILL, signal.SIGSEGV)))


def reload(site):
    site.reload()


def hang_up(site):
    site.milter.send_signal(signal.SIGHUP)


ACTS = [kill_role("gateway", signal.SIGKILL), kill_role("inspector", signal.SIGKILL), kill_role("inspector", signal.SIGSEGV),
        kill_role("status", signal.SIGKILL), kill_role("fetch", signal.SIGKILL), stop_for_a_second("gateway"),
        stop_for_a_second("inspector"), stop_for_a_second("status"), kill_child, kill_child, kill_child, reload, hang_up]


def whole(site):
    """All roles run, and nothing else is left of earlier ones."""
    roles = site.roles()
    children = processes.children_of(site.milter.pid)
    return len(roles) == 4 and all(r["running"] for r in roles.values()) and sorted(children) == sorted(
        r["pid"] for r in roles.values())


def soak(site):
    """Roles die at random under mails of all kinds: nothing is lost, nothing is passed unchecked."""
    choose = random.Random(SEED)
    print(f"     SOAK_SEED={SEED} SOAK_SECS={SECONDS:.0f}", flush=True)
    random.seed(SEED)
    mails = Mails(site, random.Random(choose.random()))
    mails.start()
    counts, until = {}, time.monotonic() + SECONDS
    try:
        while time.monotonic() < until and mails.is_alive():
            act = choose.choice(ACTS)
            try:
                act(site)
                counts[act.__name__] = counts.get(act.__name__, 0) + 1
            except ProcessLookupError:
                pass  # it is dead already
            time.sleep(PAUSE * choose.random())
    finally:
        mails.over.set()
        mails.join()
    wait_for("a whole site", lambda: whole(site), 90)
    codes = {}
    for kind, message, answer in mails.found:
        codes.setdefault(kind, {}).setdefault(answer["code"], []).append(message)
    print("     " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    print("     " + "; ".join(f"{kind} " + ", ".join(f"{code}: {len(found)}" for code, found in sorted(by_code.items()))
                              for kind, by_code in sorted(codes.items())))
    equal({code for by_code in codes.values() for code in by_code} <= {250, 451, 550}, True, "codes")
    check_answers(site, codes)


def check_answers(site, codes):
    equal(250 in codes["forged"], False, "a forgery was passed")
    # Inspections of the same bytes that fail again and again end as NOT_CHECKED, tagged.
    ids = {message_id(m).encode() for by_code in codes.values() for m in by_code.get(250, [])}
    references = {record["reference"] for record in site.records()}
    wait_for("the deliveries", lambda: len(list(site.deliveries())) >= len(ids), 60)
    for delivered in site.deliveries():
        headers = own_headers(delivered)
        equal(headers.get("x-vanthu-reference", [None])[0] in references, True, f"record of {headers}")
        ids.discard(message_id(delivered).encode())
    equal(ids, set(), "answered 250 and not delivered")


def serves_afterwards(site):
    """Afterwards mails are judged as before."""
    def good():
        answer = site.send(pdf_mail(site.sign()))
        return answer["code"] == 250 and all(
            s["indication"] == "TOTAL-PASSED" for d in site.record_of(answer)["evidence"]["documents"] for s in d["signatures"])
    wait_for("a signed mail that passes", good, 90, 1)
    equal(site.stop_milter(), 0, "exit status")


sys.exit(site_test.run(soak, serves_afterwards, host_down="1s", extra="  poison-failures: 100\n"))
