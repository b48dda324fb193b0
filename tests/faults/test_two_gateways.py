#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Two gateways, each with a real Postfix and a register of its own, and one PostgreSQL that is stopped
# and that hangs while mails come in. No mail notices it, and afterwards both registers and the central
# one agree record by record. What one gateway knows holds on the other.
#   OUTAGE_SECS   of each of the two outages [5]
"""Two MX hosts and one central database."""

import ctypes
import json
import os
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

import site_test
from postgres import Postgres, programs
from site_lab import BUILD, wait_for
from site_test import Site, equal, pdf_mail, plain_mail

OUTAGE_SECONDS = float(os.environ.get("OUTAGE_SECS", "5"))
HOSTS = ("mx1.lab.test", "mx2.lab.test")
# What a machine that does other things at the same time adds by itself.
NOTICED_SECONDS = 2.5
DEFER_SECONDS = 4


def vanthu(site, *arguments, expect=0):
    words = 2 if arguments[0] in ("register", "policy") else 1
    done = subprocess.run([BUILD + "/vanthu", *arguments[:words], "--config", site.folder + "/vanthu.yaml", *arguments[words:]],
                          capture_output=True, text=True, env={**os.environ, "LC_ALL": "C", "SUDO_USER": "thanhnv"}, check=False)
    equal(done.returncode, expect, f"status of {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def central_of(site):
    return json.loads(site.vanthu("status", "--json").stdout).get("central", {})


def rows_of(site):
    """{seq: (digest, chain, whether there is a body)} of the register of a gateway."""
    with sqlite3.connect(f"file:{site.folder}/register/register.sqlite?mode=ro", uri=True) as register:
        return {seq: (digest.hex(), chain.hex(), body) for seq, digest, chain, body in
                register.execute("SELECT seq, body_digest, chain, body IS NOT NULL FROM record")}


def wait_shipped(site, seconds=60):
    """Nothing waits, and the shipper has said so."""
    last = max(rows_of(site))
    wait_for("all records to be shipped", lambda: central_of(site).get("shipped", 0) >= last, seconds)


class Load(threading.Thread):
    """One mail after the other through a gateway. .answers: (code, seconds, when)."""

    def __init__(self, site, kinds):
        super().__init__()
        self.site, self.kinds, self.over, self.answers = site, kinds, threading.Event(), []

    def run(self):
        number = 0
        while not self.over.is_set():
            begin = time.monotonic()
            answer = self.site.send(self.kinds[number % len(self.kinds)]())
            self.answers.append((answer["code"], time.monotonic() - begin, begin))
            number += 1

    def between(self, begin, end):
        return [(code, seconds) for code, seconds, when in self.answers if begin <= when < end]


class Office(Site):
    """The first gateway, with the second one and the database beside it."""

    def __init__(self, folder, **options):
        os.chmod(folder, 0o755)
        self.database = Postgres(folder)
        self.other = None
        conf = os.path.join(HERE, "../../conf")
        with open(conf + "/policy.yaml", encoding="utf-8") as file:
            text = file.read()
        shutil.copy(conf + "/agencies.yaml", folder)
        equal(text.count("at-most: 15m"), 1, "deferring rules of the sample policy")
        with open(folder + "/policy.yaml", "w", encoding="utf-8") as file:
            file.write(text.replace("at-most: 15m", f"at-most: {DEFER_SECONDS}s"))
        super().__init__(folder, hostname=HOSTS[0], central=self.database.connection, policy=folder + "/policy.yaml", **options)

    def start(self):
        self.database.__enter__()
        super().start()
        os.makedirs(self.folder + "/other", mode=0o755)
        self.other = Site(self.folder + "/other", documents=False, mode=self.mode, hostname=HOSTS[1], central=self.central,
                          policy=self.policy)
        # The same certificates: what is signed for one is signed for both.
        self.other.pki, self.other.ocsp, self.other.crl = self.pki, self.ocsp, self.crl
        self.other.with_servers = False
        self.other.make_pki = lambda: None
        self.other.__enter__()

    def stop(self):
        if self.other:
            self.other.stop()
        super().stop()
        self.database.__exit__()

    def log(self):
        return super().log() + (self.other.log() if self.other else "")

    def roles_run(self):
        return Site.roles_run(self)


def changed(office):
    document = bytearray(office.sign())
    document[document.index(b"stream", document.index(b"/Contents")) + 40] ^= 1
    return bytes(document)


def nothing_is_noticed(office):
    """PostgreSQL is stopped, then hangs: mails are answered as before, and afterwards all registers agree."""
    good, bad = office.sign(), changed(office)
    kinds = [plain_mail, lambda: pdf_mail(good), lambda: pdf_mail(bad)]
    loads = [Load(site, kinds) for site in (office, office.other) for _ in range(2)]
    marks = []
    for load in loads:
        load.start()
    try:
        time.sleep(3)
        marks.append(time.monotonic())
        time.sleep(4)
        marks.append(time.monotonic())
        office.database.stop()
        time.sleep(OUTAGE_SECONDS)
        stopped = central_of(office)
        office.database.start()
        wait_for("shipping after the stop", lambda: central_of(office)["state"] == "shipping", 40)
        office.database.hang()
        time.sleep(OUTAGE_SECONDS)
        marks.append(time.monotonic())
    finally:
        office.database.wake()
        for load in loads:
            load.over.set()
        for load in loads:
            load.join(60)
    equal((stopped["state"], stopped["waiting"] > 0, stopped["since"] is not None), ("away", True, True), f"state meanwhile: {stopped}")
    before = [item for load in loads for item in load.between(marks[0], marks[1])]
    during = [item for load in loads for item in load.between(marks[1], marks[2])]
    equal({code for code, _ in before}, {250, 550}, "answers before")
    equal({code for code, _ in during}, {250, 550}, "answers meanwhile")
    slow = [max(seconds for _, seconds in part) for part in (before, during)]
    middle = [statistics.median(seconds for _, seconds in part) for part in (before, during)]
    equal(slow[1] < slow[0] + NOTICED_SECONDS and middle[1] < 3 * middle[0] + 0.3, True, f"seconds: slowest {slow}, median {middle}")
    print(f"     {len(before)} mails before: median {middle[0] * 1000:.0f} ms, slowest {slow[0] * 1000:.0f} ms; "
          f"{len(during)} during the outages: {middle[1] * 1000:.0f} ms, {slow[1] * 1000:.0f} ms; {stopped['waiting']} records waited")
    all_agree(office)
    for site in (office, office.other):
        lines = [line for line in Site.log(site).splitlines() if "central database" in line]
        equal(2 <= len(lines) <= 12, True, f"lines of the log: {lines}")


def all_agree(office):
    for site in (office, office.other):
        wait_shipped(site)
    schemas = dict(office.database.ask("SELECT name, schema_name FROM vanthu.gateway"))
    equal(sorted(schemas), sorted(HOSTS), "gateways")
    for site in (office, office.other):
        there = {int(seq): (digest, chain, int(body)) for seq, digest, chain, body in office.database.ask(
            "SELECT seq, encode(body_digest, 'hex'), encode(chain, 'hex'), (body IS NOT NULL)::int FROM "
            f"{schemas[site.hostname]}.record")}
        here = rows_of(site)
        equal({seq: here[seq] for seq in there}, there, f"records of {site.hostname}")
        equal(len(here) - len(there) <= 2, True, f"{len(here)} records, {len(there)} in the central database")
    verdicts = [json.loads(line) for line in vanthu(office, "register", "verify", "--central", "--json").splitlines()]
    equal([(v["gateway"], v["whole"]) for v in verdicts], [(host, True) for host in HOSTS], verdicts)
    equal([v.get("same_here") for v in verdicts], [True, None], "compared with the own register")
    listed = [json.loads(line)["gateway"] for line in
              vanthu(office, "register", "list", "--central", "--json", "--limit", "0").splitlines()]
    equal({host: listed.count(host) > 3 for host in HOSTS}, {host: True for host in HOSTS}, "gateways of the list")
    reports = [json.loads(vanthu(site, "report", *where, "--format", "json"))["totals"]["mails"]
               for site, where in ((office, ()), (office.other, ()), (office, ("--central",)))]
    equal(reports[2], reports[0] + reports[1], f"mails of the reports: {reports}")


def undone_here_is_undone_there(office):
    """vanthu undo on one gateway: the file is accepted on the other one within seconds."""
    document = changed(office) + b"\n"
    equal(office.other.send(pdf_mail(document))["code"], 550, "answer of the other gateway before")
    answer = office.send(pdf_mail(document))
    reference = re.search(r"\d{4}-\d{4}-\d{4}", answer["text"]).group(0)
    vanthu(office, "undo", "--reason", "đã đối chiếu bản giấy", "--for", "2h", reference)
    equal(office.send(pdf_mail(document))["code"], 250, "answer of this gateway")
    begin = time.monotonic()
    wait_for("the exception to hold on the other gateway", lambda: office.other.send(pdf_mail(document))["code"] == 250, 15)
    print(f"     {time.monotonic() - begin:.1f} s until it held there")
    said = vanthu(office.other, "register", "show", "--central", reference)
    equal("OVERRULED" in said and HOSTS[0] in said, True, said)


def clock_is_synchronised():
    """As adjtimex(2) has it: neither TIME_ERROR nor STA_UNSYNC."""
    timex = (ctypes.c_long * 64)()
    state = ctypes.CDLL(None).adjtimex(timex)
    return state not in (-1, 5) and (ctypes.cast(timex, ctypes.POINTER(ctypes.c_int))[10] & 0x40) == 0


def claims_of(site):
    with sqlite3.connect(f"file:{site.folder}/register/register.sqlite?mode=ro", uri=True) as register:
        return register.execute("SELECT count(*) FROM first_seen").fetchone()[0]


def seen_here_is_seen_there(office):
    """A signature that one gateway saw first was seen for the other one, too, and is claimed once; a clock that nobody keeps claims nothing."""
    document = office.sign(data=site_test.pdfbuild.build("V/v lần đầu", "9/QĐ", site_test.days_ago(3)), at=site_test.days_ago(3))
    is_claimed = clock_is_synchronised()
    before = claims_of(office), claims_of(office.other)
    equal(office.send(pdf_mail(document))["code"], 250, "first mail")
    equal(claims_of(office) > before[0], is_claimed, "claims of this gateway, as its clock is")
    wait_shipped(office)
    time.sleep(3)
    equal(office.other.send(pdf_mail(document))["code"], 250, "the same on the other gateway")
    equal(claims_of(office.other), before[1], "claims of the other gateway")
    if not is_claimed:
        print("     the clock of this machine is not synchronised: nothing was claimed")
        equal((before, claims_of(office)), ((0, 0), 0), "claims of both")


def deferred_here_is_deferred_there(office):
    """A mail that one gateway deferred long enough is not deferred anew by the other one."""
    message = pdf_mail(office.sign(by=office.issue(1, ocsp="/hang", crl=None)[0]))
    equal(office.send(message)["code"], 451, "answer of this gateway")
    wait_shipped(office)
    keys = "SELECT hex(key), first_utc_secs FROM defer_clock ORDER BY first_utc_secs DESC LIMIT 1"
    with sqlite3.connect(f"file:{office.folder}/register/register.sqlite?mode=ro", uri=True) as register:
        key, first = register.execute(keys).fetchone()

    def known():
        with sqlite3.connect(f"file:{office.other.folder}/register/register.sqlite?mode=ro", uri=True) as register:
            return register.execute("SELECT first_utc_secs FROM peer_defer_clock WHERE hex(key) = ?", (key,)).fetchone()
    equal(wait_for("the clock to be brought back", known, 15), (first,), "when it was first deferred")
    time.sleep(max(0, first + DEFER_SECONDS + 1 - time.time()))
    equal(office.other.send(message)["code"], 250, "answer of the other gateway, which never saw it")


def replay_of(site, *where):
    done = subprocess.run([BUILD + "/vanthu", "policy", "replay", "--config", site.folder + "/vanthu.yaml", *where, "--json"],
                          capture_output=True, text=True, check=False)
    equal(done.returncode in (0, 1), True, done.stdout + done.stderr)
    return json.loads(done.stdout)


def replay_agrees(office):
    """vanthu policy replay: the policy that ran decides as it did, with the clocks and exceptions of both gateways."""
    for site in (office, office.other):
        wait_shipped(site)
    replays = [replay_of(site, *where) for site, where in ((office, ()), (office.other, ()), (office, ("--central",)))]
    mails = [replay["counts"]["mails"] for replay in replays]
    equal(mails[2], mails[0] + mails[1], "mails that were replayed")
    equal([replay["counts"]["excepted"] > 0 for replay in replays], [True, True, True], "mails with exceptions")
    # But for those that came to one gateway in the second before it knew of the exception that the other one has.
    rest = [mail for replay in replays for mail in replay["mails"] if not str(mail["now"]["rule"]).startswith("undo:")]
    equal(rest, [], "mails that are decided otherwise")


def status_tells(office):
    """vanthu status says how far the central database is."""
    said = site_test.Lab.vanthu(office, "status").stdout
    metrics = site_test.Lab.vanthu(office, "status", "--prometheus").stdout
    shown = {name: int(float(value)) for name, value in re.findall(r"^vanthu_central_(\w+) (\S+)$", metrics, re.M)}
    equal((shown["up"], shown["waiting_records"] < 5, shown["records_total"] > 20), (1, True, True), shown)
    equal(re.search(r"(Central database|CSDL tập trung)  (shipping|đang chuyển)", said) is None, False, said)


def prepare(office):
    """A signed document whose status is known on both."""
    document = office.sign()
    for site in (office, office.other):
        wait_for("a known status", lambda site=site: site.send(pdf_mail(document))["code"] == 250, 20)


if programs() is None:
    print("needs PostgreSQL (Debian: postgresql)")
    sys.exit(77)
sys.exit(site_test.run(prepare, nothing_is_noticed, undone_here_is_undone_there, seen_here_is_seen_there,
                       deferred_here_is_deferred_there, replay_agrees, status_tells, site_class=Office, mode="enforce"))
