#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Death of the gateway and of the master. What waits in the socket is served by the successor, a
# mail under way is answered 451 by Postfix, nothing is delivered without a record, and a drain
# answers what is under way.
"""Death of gateway and master."""

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import processes
import site_test
from site_lab import wait_for
from site_test import equal, long_mail, own_headers, pdf_mail, plain_mail

WAITING = 20


def backlog(site):
    """Connections of Postfix that nobody has accepted yet."""
    with open("/proc/net/unix", encoding="utf-8") as file:
        rows = [line.split() for line in file if line.rstrip().endswith(f"{site.folder}/run/milter.sock")]
    # State 2 is connecting: in the queue of the listening socket.
    return sum(row[5] == "02" for row in rows)


def killed_while_connections_wait(site):
    """The gateway killed while connections wait in its socket: its successor serves them."""
    gateway = site.pid("gateway")
    os.kill(gateway, signal.SIGSTOP)
    burst = site.burst([plain_mail() for _ in range(WAITING)])
    wait_for("the backlog", lambda: backlog(site) >= WAITING)
    waiting = backlog(site)
    os.kill(gateway, signal.SIGKILL)
    answers = site_test.answers(burst)
    equal([a["code"] for a in answers], [250] * WAITING, "answers")
    site.wait_restarted("gateway", gateway)
    slowest = max(a["seconds"] for a in answers)
    print(f"     {waiting} connections waited; all {WAITING} mails answered 250 by the successor, slowest {slowest:.2f} s")


def killed_in_mid_mail(site):
    """The gateway killed while it judges a mail: Postfix answers 451; the next mail is served."""
    message = long_mail()
    gateway = site.pid("gateway")
    answer = site.send_in_background(message)
    child, _ = site.held_child()
    os.kill(gateway, signal.SIGKILL)
    found = answer.result(60)
    equal((found["code"], found["enhanced"][:2]), (451, "4."), "answer of the mail under way")
    wait_for("the end of its inspection", lambda: not processes.is_alive(child))
    after = site.send(plain_mail())
    equal(after["code"], 250, "the next mail")
    site.wait_restarted("gateway", gateway)
    print(f"     under way: {found['code']} {found['text']}; the next: 250 after {after['seconds']:.2f} s")


def killed_under_load(site):
    """The gateway killed three times under load: 250 or 451, and nothing is delivered unchecked."""
    bursts, messages = [], []
    for _ in range(3):
        some = [pdf_mail(site.document_small) for _ in range(15)]
        messages += some
        bursts.append(site.burst(some))
        gateway = site.pid("gateway")
        before = len(site.records())
        wait_for("a mail that is judged", lambda: len(site.records()) > before, pause=0.005)
        os.kill(gateway, signal.SIGKILL)
        site.wait_restarted("gateway", gateway)
    codes = [a["code"] for burst in bursts for a in site_test.answers(burst)]
    equal(set(codes) <= {250, 451}, True, f"answers {codes}")
    for message in (m for m, code in zip(messages, codes) if code == 250):
        equal(site.delivered(message) is None, False, "delivered what was answered 250")
    print(f"     {len(codes)} mails: {codes.count(250)} answered 250, {codes.count(451)} answered 451")


def nothing_unchecked(site):
    """Every mail that was delivered has our reference, and its record is in the register."""
    references = {record["reference"] for record in site.records()}
    delivered = list(site.deliveries())
    for message in delivered:
        equal(own_headers(message).get("x-vanthu-reference", [None])[0] in references, True, f"reference in {own_headers(message)}")
    print(f"     {len(delivered)} delivered mails, {len(references)} records")


def terminated_with_a_mail_under_way(site):
    """SIGTERM: the mail under way is answered before the end."""
    message = long_mail()
    pids = [role["pid"] for role in site.roles().values()]
    answer = site.send_in_background(message)
    child, _ = site.held_child()
    site.milter.send_signal(signal.SIGTERM)
    site.log_line("draining:", "1 mails under way")
    os.kill(child, signal.SIGCONT)
    found = answer.result(60)
    equal(found["code"], 250, "the mail under way")
    equal(site.milter.wait(60), 0, "exit status")
    equal([pid for pid in pids if processes.is_alive(pid)], [], "roles that are left")
    equal(os.path.exists(site.folder + "/run/milter.sock"), False, "socket file is left")
    refused = site.send(plain_mail())
    equal(refused["code"] // 100, 4, "a mail while nothing serves")
    site.start_milter()
    equal(site.send(plain_mail())["code"], 250, "after the start")
    print(f"     under way: 250 after {found['seconds']:.2f} s; afterwards {refused['code']}; after a start 250")


def master_killed(site):
    """The master killed: all roles end; a new one takes over the socket and serves."""
    pids = {name: role["pid"] for name, role in site.roles().items()}
    equal(len(pids), 6, "roles")
    site.milter.kill()
    site.milter.wait()
    wait_for("the end of the roles", lambda: not any(processes.is_alive(pid) for pid in pids.values()), 30)
    refused = site.send(plain_mail())
    equal(refused["code"] // 100, 4, "a mail while nothing serves")
    site.start_milter()
    equal(site.send(plain_mail())["code"], 250, "after the start")
    print(f"     5 roles ended; a mail meanwhile {refused['code']}; after a start 250")


def prepare(site):
    """A signed document whose status is known."""
    site.document_small = site.sign(certs="leaf", visible=False)
    equal(site.send(pdf_mail(site.document_small))["code"] in (250, 451), True, "first mail")


sys.exit(site_test.run(prepare, killed_while_connections_wait, killed_in_mid_mail, killed_under_load, master_killed,
                       terminated_with_a_mail_under_way, nothing_unchecked))
