# SPDX-License-Identifier: Apache-2.0
#
# Reloads under load: mails at a constant rate while the policy changes again and again, every third
# time to a broken one. For test_postfix_reload.py and long_reload.py.
"""prove(site, reloads=50)"""

import collections
import concurrent.futures
import contextlib
import itertools
import json
import os
import smtplib
import sqlite3
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import site_test
from site_lab import wait_for
from site_test import STATE, equal, plain_mail

RATE = 20  # mails a second

# Text and list of one version belong together: what is made of the text of one and the list of
# another refuses every mail.
POLICY = """\
lists:
  doors: {{file: doors.txt}}
rules:
  - name: bundle-{number}
    when: {condition}
    then: note
  - name: mixed-{number}
    when: {{sender: {sender}}}
    then: reject
"""
CONDITIONS = ("{sender: {list: doors}}", "{not: {sender: {list: doors}}}")


def put(site, number, broken):
    """The files of a version; the list of an even one has the sender, that of an odd one has not."""
    text = POLICY.format(number=number, condition=CONDITIONS[number % 2], sender=STATE)
    with open(site.folder + "/doors.txt", "w", encoding="utf-8") as file:
        file.write(STATE + "\n" if number % 2 == 0 else "nobody@example.vn\n")
    site.set_policy(text.replace("then: note", "then: noted") if broken else text)


class Stream:
    """Mails at a constant rate from threads of this process, each on a connection of its own."""

    def __init__(self, site):
        self.site, self.over = site, threading.Event()
        self.found = []  # (queued as, begin, end, answer)
        self.pool = concurrent.futures.ThreadPoolExecutor(40)
        self.clock = threading.Thread(target=self.run)

    def send(self, message):
        begin = time.time()
        try:
            with smtplib.SMTP("127.0.0.1", self.site.port, timeout=60) as client:
                client.ehlo()
                client.mail(STATE)
                client.rcpt("vanthu@ninhbinh.gov.vn")
                code, text = client.data(message)
        except OSError as error:
            code, text = 0, repr(error).encode()
        self.found.append((begin, time.time(), code, text.decode("utf-8", "replace")))

    def run(self):
        begin = time.monotonic()
        for number in itertools.count():
            if self.over.wait(max(0, begin + number / RATE - time.monotonic())):
                return
            self.pool.submit(self.send, plain_mail())

    def __enter__(self):
        self.clock.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.clock.join()
        self.pool.shutdown()


def reload(site):
    """(exit status, the version that serves, when it was asked for, when it was answered)"""
    begin = time.time()
    done = site.vanthu("reload", "--json", "--newly-refused", "0")
    answer = json.loads(done.stdout)
    return done.returncode, answer.get("policy", {}).get("version"), begin, time.time(), answer.get("text")


def decisions(site):
    """queue id -> [(version, rule, outcome)] of every judged mail."""
    register = sqlite3.connect(f"file:{site.folder}/register/register.sqlite?mode=ro", uri=True)
    found = collections.defaultdict(list)
    with contextlib.closing(register):
        for (body,) in register.execute("SELECT body FROM record WHERE kind = 1 ORDER BY seq"):
            record = json.loads(body)
            decision = record.get("decision") or {}
            found[record["evidence"]["mail"]["queue_id"]].append(
                (decision.get("policy_version"), decision.get("rule"), record["answer"]["kind"]))
        events = [json.loads(row[0]) for row in register.execute("SELECT body FROM record WHERE kind = 6")]
    return found, {event["text"].split(",")[0] for event in events if event["what"] == "policy-loaded"}


def change_again_and_again(site, reloads):
    """[(number, version, asked, answered)] of what was loaded; every third reload is of a broken policy."""
    loaded, serving = [], None
    for number in range(1, reloads + 1):
        broken = number % 3 == 0
        put(site, number, broken)
        status, version, asked, answered, text = reload(site)
        equal(status, 78 if broken else 0, f"reload {number}: {text}")
        if not broken:
            loaded.append((number, version, asked, answered))
            serving = version
        equal(json.loads(site.vanthu("status", "--json").stdout)["policy"]["version"], serving, "what serves")
    return loaded


def prove(site, reloads):
    put(site, 0, False)
    status, version, asked, answered, text = reload(site)
    equal(status, 0, text)
    loaded = [(0, version, asked, answered)]
    known = len(list(site.deliveries()))
    with Stream(site) as stream:
        time.sleep(1)
        loaded += change_again_and_again(site, reloads)
        time.sleep(1)
    lost = [f for f in stream.found if f[2] != 250]
    equal(lost, [], f"answers other than 250 of {len(stream.found)} mails")
    wait_for("all deliveries", lambda: len(list(site.deliveries())) >= known + len(stream.found), 60)
    equal(len(list(site.deliveries())), known + len(stream.found), "deliveries")
    found, told = decisions(site)
    numbers = {version: number for number, version, _, _ in loaded}
    equal(set(numbers) <= told, True, f"versions that the register knows: {told}")
    for begin, end, _, text in stream.found:
        queue_id = text.split("queued as ")[1].split()[0]
        equal(len(found[queue_id]), 1, f"records of {queue_id}")
        version, rule, outcome = found[queue_id][0]
        number = numbers[version]
        equal((rule, outcome), (f"bundle-{number}", "accept"), f"decision about {queue_id} by {version}")
        place = [entry[0] for entry in loaded].index(number)
        equal(loaded[place][2] <= end + 1, True, f"{queue_id} was decided by a version of the future")
        late = place + 1 < len(loaded) and begin - loaded[place + 1][3]
        equal(late is False or late <= 1, True, f"{queue_id} began {late} s after version {version} was replaced")
    used = {found[text.split("queued as ")[1].split()[0]][0][0] for _, _, _, text in stream.found}
    equal(len(used) > len(loaded) // 2, True, f"versions that decided: {len(used)} of {len(loaded)}")
    equal(sum(site.restarts().values()), 0, "restarts")
    seconds = sorted(end - begin for begin, end, _, _ in stream.found)
    print(f"     {len(stream.found)} mails, {reloads} reloads, {len(loaded) - 1} of them good: each mail passed, with one record, by "
          f"one of {len(used)} whole versions; median {seconds[len(seconds) // 2]:.2f} s, longest {seconds[-1]:.2f} s")
