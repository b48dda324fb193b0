#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Registrar, gateway, inspector and master killed at random moments under load. Every mail that was
# answered 2xx or 5xx has its record with that answer; the answer is recorded once, or a death came
# between; what was answered 4xx is recorded as nothing else; the register is whole.
#   KILLS   how many [30]       SEED   of the random choices [the clock]
"""Nothing is final without a record."""

import collections
import json
import os
import random
import re
import signal
import smtplib
import sqlite3
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for name in ("lib", "mta"):
    sys.path.insert(0, os.path.join(HERE, "..", name))

import processes
import send
import site_test
from site_lab import BUILD, message_id, wait_for
from site_test import STATE, equal, own_headers, pdf_mail, plain_mail

KILLS = int(os.environ.get("KILLS", "30"))
SEED = int(os.environ.get("SEED", str(time.time_ns())))
SENDERS = 6
# The master is the last of each round: with it ends the growing delay of restarts.
ROUND = 5
VICTIMS = ["registrar"] * 3 + ["gateway"] * 2 + ["inspector"]
# The answer is told a little after it was given: a death in between loses it.
BEFORE_SECONDS, AFTER_SECONDS = 0.3, 1.0
FINAL = {"accept": 2, "hold": 2, "reject": 5}


def try_once(port, message):
    """(code, text) of one try; code 0: the connection broke."""
    try:
        with smtplib.SMTP("127.0.0.1", port, "client.lab.test", timeout=120) as smtp:
            smtp.ehlo()
            code, text = send.transaction(smtp, STATE, ["vanthu@ninhbinh.gov.vn"], message)
        return code, text.decode("utf-8", "replace")
    except (smtplib.SMTPException, OSError) as error:
        return 0, str(error)


class Sender(threading.Thread):
    """Sends one mail after the other, each until its answer is final. .mails: (message id, tries)."""

    def __init__(self, site, kinds, seed):
        super().__init__()
        self.port, self.kinds, self.choose = site.port, kinds, random.Random(seed)
        self.over, self.mails = threading.Event(), []

    def run(self):
        while not self.over.is_set():
            message = self.choose.choice(self.kinds)()
            tries = []
            while not tries or tries[-1][0] // 100 not in (2, 5):
                tries.append((*try_once(self.port, message), time.monotonic()))
                if tries[-1][0] // 100 not in (2, 5):
                    time.sleep(0.1)
            self.mails.append((message_id(message), tries))


def kill(site, victim):
    """The moment of its death."""
    if victim == "master":
        site.milter.send_signal(signal.SIGSTOP)  # it starts no role after they were counted
        pids = processes.children_of(site.milter.pid)
        site.milter.kill()
        moment = time.monotonic()
        site.milter.wait()
        wait_for("the end of the roles", lambda: not any(processes.is_alive(pid) for pid in pids), 60)
        site.start_milter()
        return moment

    def strike():
        try:
            os.kill(site.pid(victim), signal.SIGKILL)
        except ProcessLookupError:
            return None
        return time.monotonic()
    return wait_for(f"a {victim} to kill", strike, 20)


def read_register(site):
    """{reference: {"decided": [body], "answered": [body]}}"""
    found = collections.defaultdict(lambda: {"decided": [], "answered": []})
    with sqlite3.connect(f"file:{site.folder}/register/register.sqlite?mode=ro", uri=True) as register:
        for reference, body in register.execute("SELECT reference, body FROM record WHERE kind IN (1, 2) ORDER BY seq"):
            body = json.loads(body)
            found[reference][body["record"]].append(body)
    return found


def mail_of(decided):
    return (decided.get("evidence") or decided)["mail"]


def reference_of(text, by_queue_id):
    """Of the mail that was answered so."""
    queue_id, reference = re.search(r"queued as (\S+)", text), re.search(r"\b\d{4}-\d{4}-\d{4}\b", text)
    return by_queue_id.get(queue_id[1]) if queue_id else reference and reference[0]


def check_mail(name, tries, register, by_queue_id, by_message_id, deaths):
    """True when the final answer of a mail is recorded, False when a death came before that."""
    code, text, moment = tries[-1]
    reference = reference_of(text, by_queue_id)
    records = register.get(reference, {"decided": [], "answered": []})
    equal(len(records["decided"]), 1, f"decided records of {name}, {code} {text}, {reference}")
    equal(FINAL.get(records["decided"][0]["answer"]["kind"]), code // 100, f"decided for {name}, {code} {text}")
    for other in by_message_id[name] - {reference}:
        kinds = {body["answer"]["kind"] for body in register[other]["answered"]}
        equal(kinds <= {"tempfail"}, True, f"answers of {other}, a try of {name} that was answered {[t[0] for t in tries]}: {kinds}")
    if not records["answered"]:
        near = any(moment - BEFORE_SECONDS < death < moment + AFTER_SECONDS for death in deaths)
        equal(near, True, f"no answer recorded of {name}, {code} {text}, {reference}, and no death near it")
        return False
    equal([body["answer"]["kind"] for body in records["answered"]], [records["decided"][0]["answer"]["kind"]], f"answers of {reference}")
    return True


def check_deliveries(site, register):
    seen = collections.Counter()
    for message in site.deliveries():
        if b"\r\nAuto-Submitted: auto-" in message.partition(b"\r\n\r\n")[0]:
            continue  # a notice of the site itself: what it was sent for has the record
        reference = own_headers(message).get("x-vanthu-reference", [None])[0]
        equal([body["answer"]["kind"] for body in register[reference]["decided"]], ["accept"], f"record of a delivery, {reference}: {message[:600]}")
        seen[message_id(message)] += 1
    equal([name for name, count in seen.items() if count > 1], [], "delivered twice")
    return len(seen)


def killed_under_load(site):
    """Roles killed at random under load: each final answer has exactly one record, none is without."""
    choose = random.Random(SEED)
    changed = bytearray(site.document)
    changed[changed.index(b"stream", changed.index(b"/Contents")) + 40] ^= 1
    kinds = [plain_mail, plain_mail, lambda: pdf_mail(site.document), lambda: pdf_mail(bytes(changed))]
    senders = [Sender(site, kinds, choose.random()) for _ in range(SENDERS)]
    for sender in senders:
        sender.start()
    deaths, victims = [], collections.Counter()
    try:
        for number in range(KILLS):
            victim = "master" if number % ROUND == ROUND - 1 else choose.choice(VICTIMS)
            time.sleep(choose.uniform(0.0, 0.8))
            moment = kill(site, victim)
            victims[victim] += 1
            if victim != "inspector":  # it knows nothing of answers
                deaths.append(moment)
    finally:
        for sender in senders:
            sender.over.set()
        for sender in senders:
            sender.join(120)
    equal(site.stop_milter(), 0, "exit status")
    register = read_register(site)
    by_queue_id, by_message_id = {}, collections.defaultdict(set)
    for reference, records in register.items():
        for decided in records["decided"]:
            by_queue_id[mail_of(decided)["queue_id"]] = reference
            by_message_id[mail_of(decided).get("message_id", "").strip("<>")].add(reference)
    mails = [mail for sender in senders for mail in sender.mails]
    told = [check_mail(name.strip("<>"), tries, register, by_queue_id, by_message_id, deaths) for name, tries in mails]
    codes = collections.Counter(code for _, tries in mails for code, _, _ in tries)
    equal(len(mails) > KILLS and codes[250] > 0 and codes[550] > 0, True, f"a load: {codes}")
    delivered = check_deliveries(site, register)
    print(f"     seed {SEED}; killed: {dict(victims)}")
    print(f"     {len(mails)} mails, {sum(codes.values())} tries: {dict(codes)}; {delivered} delivered")
    print(f"     {len(told)} final answers, each with its decided record; {sum(told)} with one answered record, "
          f"{len(told) - sum(told)} with a death in between")


def whole_afterwards(site):
    """The register is whole, and the site serves."""
    done = subprocess.run([BUILD + "/vanthu", "register", "verify", "--config", site.folder + "/vanthu.yaml"], capture_output=True,
                          text=True)
    equal(done.returncode, 0, done.stdout + done.stderr)
    site.start_milter()
    equal(site.send(plain_mail())["code"], 250, "a mail afterwards")
    print("     " + (done.stdout.splitlines() or [""])[0])


def prepare(site):
    """A signed document whose status is known."""
    site.document = site.sign(certs="leaf", visible=False)
    equal(site.send(pdf_mail(site.document))["code"] in (250, 451), True, "first mail")


sys.exit(site_test.run(prepare, killed_under_load, whole_afterwards))
