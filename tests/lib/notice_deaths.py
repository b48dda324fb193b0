# SPDX-License-Identifier: Apache-2.0
#
# Roles are killed at random moments of refusals under load. What is refused owes one notice; what is
# owed reaches the mail server, each notice once, but for those that SMTP cannot tell apart: the server
# had taken it and nobody was left who knew.
"""sys.exit(notice_deaths.run(kills))"""

import email.utils
import json
import os
import random
import signal
import subprocess
import threading
import time

import processes
import site_test
import world
from site_lab import BUILD, message_id, wait_for
from site_test import equal

ROLES = ("gateway", "inspector", "status", "registrar", "post", "master")
# Whose death may lose the word that the relay took a notice, and how long that word is under way.
KNOWERS, WORD_SECS = ("registrar", "post", "master"), 5
STILL_SECS = 4
SENDERS, PAUSE_SECS = 4, 0.4  # mails under way at a time; not more than post can send in the end

POLICY = """\
rules:
  - {name: refuse, when: {direction: inbound}, then: reject}
"""
SETTINGS = """\
notices:
  quiet: 1s
  senders: proven
  retry-first: 1s
  retry-longest: 2s
  per-sender-hour: 0
  per-domain-hour: 0
  per-hour: 0
"""


class Site(site_test.Site):
    """A site whose notices go to a listener of its own Postfix without the milter."""

    def __init__(self, folder, **options):
        super().__init__(folder, **options)
        self.extra = SETTINGS + f"  relay: smtp://127.0.0.1:{self.port + 2}\nbrake: {{refusals: 0, agencies: 0}}\n"


class Load:
    """Offices that send mail without a pause, each mail until it is refused, as mail servers do."""

    def __init__(self, site):
        self.site, self.refused, self.answers = site, [], {}
        self.over, self.lock, self.given_up = threading.Event(), threading.Lock(), False
        self.threads = [threading.Thread(target=self.send) for _ in range(SENDERS)]

    def send(self):
        while not self.over.is_set():
            message = site_test.pdf_mail(site_test.pdfbuild.build("V/v chữ ký số", "1/QĐ", site_test.days_ago(1)))
            code = 0
            while code != 550 and not self.given_up:
                code = world.send(self.site.port, world.OUTSIDE, site_test.STATE, "vanthu@ninhbinh.gov.vn", message)[0]
                with self.lock:
                    self.answers[code] = self.answers.get(code, 0) + 1
                time.sleep(PAUSE_SECS if code == 550 else 0.1)
            if code != 550:
                return
            with self.lock:
                self.refused.append(message_id(message))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, failure, *_):
        self.given_up = failure is not None
        self.over.set()
        for thread in self.threads:
            thread.join()


def kill(site, role):
    """kill -9, and wait for the successor: when it was."""
    if role == "master":
        pids = [one["pid"] for one in site.roles().values()]
        when = time.time()
        site.milter.kill()
        site.milter.wait()
        wait_for("the end of the roles", lambda: not any(processes.is_alive(pid) for pid in pids), 30)
        site.start_milter()
        return when
    pid = wait_for("a living " + role, lambda: living(site, role))
    when = time.time()
    os.kill(pid, signal.SIGKILL)
    site.wait_restarted(role, pid, 30)
    return when


def living(site, role):
    try:
        return site.pid(role)
    except ProcessLookupError:
        return None


def rows(site):
    """The queue of notices, with what is over."""
    done = subprocess.run([BUILD + "/vanthu", "notice", "list", "--config", site.folder + "/vanthu.yaml", "--all", "--json"],
                          capture_output=True, text=True)
    equal(done.stderr, "", "vanthu notice list")
    return [json.loads(line) for line in done.stdout.splitlines()]


def is_open(row):
    """Of those that are left in the end: what waits a minute for the word how its mail was answered, which died with the gateway
    or the registrar, and what was handed out by a registrar that died together with post, until its lease is over."""
    return row["state"] in ("waiting", "ready", "sending")


def wait_for_the_end(site, all_of_it):
    """Until nothing moves, or until nothing waits any more: the rows."""
    last, since = None, time.monotonic()

    def look():
        nonlocal last, since
        found = rows(site)
        now = sorted((row["id"], row["state"]) for row in found)
        if now != last:
            last, since = now, time.monotonic()
        still = any(is_open(row) for row in found)
        return found if not still or (not all_of_it and time.monotonic() - since > STILL_SECS) else None
    return wait_for("the end of the queue", look, 900 if all_of_it else 60, 0.5)


def when_taken(head):
    """When Postfix took it: the date of the topmost Received."""
    return email.utils.parsedate_to_datetime(head["Received"].rpartition(";")[2].strip()).timestamp()


def taken(site):
    """{Message-ID of a notice: (Message-ID of the mail it is about, when it was taken, once and again)} by what Postfix delivered."""
    found = {}
    for delivered in site.deliveries():
        head = world.head_of(delivered)
        if "X-Vanthu-Notice" in head:
            _, times = found.setdefault(head["Message-ID"].strip(), (str(head["In-Reply-To"]).strip(), []))
            times.append(when_taken(head))
    return found


def forced(before, kills):
    """Whether the word that a notice was taken may have been lost with somebody who had it. Received knows seconds."""
    return any(role in KNOWERS and before - 1 <= when <= before + WORD_SECS for role, when in kills)


def judge(site, refused, queue, delivered, kills):
    """One notice for each refused mail; (notices that wait, doubles)."""
    waiting = [row for row in queue if is_open(row)]
    equal([row for row in queue if row["state"] not in ("sent", "joined") and not is_open(row)], [], "notices that were given up")
    about = {}
    for message_id, (mail, _) in delivered.items():
        about.setdefault(mail, []).append(message_id)
    equal([mail for mail in about if mail not in refused], [], "notices about mails that were not refused")
    equal({mail: ids for mail, ids in about.items() if len(ids) > 1}, {}, "two notices about one mail")
    mails = {record["reference"]: record["evidence"]["mail"]["message_id"] for record in site.records() if record.get("evidence")}
    excused = {mails[row["reference"]] for row in waiting}
    equal([mail for mail in refused if mail not in about and mail not in excused], [], "refused mails without a notice")
    doubles = [(message_id, before, after) for message_id, (_, times) in delivered.items() for before, after in zip(sorted(times), sorted(times)[1:])]
    equal([double for double in doubles if not forced(double[1], kills)], [], "doubles that SMTP does not force")
    sent = {row["message_id"].strip("<>") for row in queue if row["state"] == "sent"}
    equal(sent - {message_id.strip("<>") for message_id in delivered}, set(), "said to be sent, and not delivered")
    return waiting, doubles


def deaths(kills_count, all_of_it):
    """The test, with so many deaths."""
    def deaths_under_load(site):
        """Roles killed at random moments of refusals: each refused mail has one notice at the mail server."""
        chance = random.Random(int(os.environ.get("SEED", time.time_ns())))
        kills, begin = [], time.monotonic()
        with Load(site) as load:
            wait_for("refused mails", lambda: len(load.refused) >= 2 * SENDERS)
            for number in range(kills_count):
                role = ROLES[number % len(ROLES)]
                time.sleep(chance.uniform(0, 0.6))
                kills.append((role, kill(site, role)))
        killed_secs = time.monotonic() - begin
        queue = wait_for_the_end(site, all_of_it)
        delivered = wait_for("all deliveries", lambda: not site.queue() and taken(site))
        waiting, doubles = judge(site, set(load.refused), queue, delivered, kills)
        states = {state: sum(row["state"] == state for row in queue) for state in sorted({row["state"] for row in queue})}
        print(f"     {len(kills)} deaths in {killed_secs:.0f} s; {len(load.refused)} mails refused, answers {load.answers}; notices: {states}; "
              f"{len(delivered)} delivered, {len(doubles)} of them twice, {len(waiting)} still wait")
    return deaths_under_load


def prepare(site):
    """The policy of this test is loaded."""
    site.set_policy(POLICY)
    equal(site.reload()[0], 0, "reload")


def run(kills_count, all_of_it=False):
    return site_test.run(prepare, deaths(kills_count, all_of_it), site_class=Site)
