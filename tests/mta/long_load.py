#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Memory and waiting under load that takes minutes: large mails at once, a thousand connections,
# rounds of mails beside a slow responder, thousands of mails in a row.
"""Load, the long way."""

import os
import resource
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), HERE]

import milterclient
import processes
import site_test
from site_test import Watch, answers, equal, pdf_mail, plain_mail

MEGABYTE = 1 << 20
LARGE_AT_ONCE = 10
CONNECTIONS = 1000
ROUNDS = 10
HALF = 25
IN_A_ROW = 3000
AT_ONCE = 20


def percentile_99(values):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * 0.99))]


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def large_at_once(site):
    """10 mails of 25 MB at once: judged, at most 1 MB of the gateway's own memory for each."""
    document = site.sign(data=site_test.large_document(objects=5000, padding=25 * MEGABYTE))
    messages = [pdf_mail(document) for _ in range(LARGE_AT_ONCE)]
    gateway = site.pid("gateway")
    before = processes.memory_bytes(gateway)
    with Watch(lambda: processes.memory_bytes(gateway)) as watch:
        found = answers(site.burst(messages))
    equal([a["code"] for a in found], [250] * LARGE_AT_ONCE, "answers")
    each = (watch.peak - before) / LARGE_AT_ONCE
    equal(each < MEGABYTE, True, f"bytes for each {each}")
    print(f"     {LARGE_AT_ONCE} mails: {min(a['seconds'] for a in found):.1f} to {max(a['seconds'] for a in found):.1f} s; gateway"
          f" {each / 1024:.0f} KiB for each")


def thousand_connections(site):
    """1000 connections at the end of the header: at most 40 MB, one descriptor each; all are answered."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    gateway = site.pid("gateway")
    before = processes.memory_bytes(gateway), descriptors(gateway)
    mail = milterclient.Mail(plain_mail())
    waiting = []
    # Until the end nothing is answered, so the greatest value counts, not one moment's.
    with Watch(lambda: processes.memory_bytes(gateway), 0.2) as watch:
        for _ in range(CONNECTIONS):
            milter, outcome = milterclient.Milter(f"unix:{site.folder}/run/milter.sock"), milterclient.Outcome()
            milter.connect()
            equal(milter.begin(mail, outcome) and milter.body(mail.body, outcome), True, "begin")
            waiting.append((milter, outcome))
        open_now = descriptors(gateway) - before[1]
        for milter, outcome in waiting:
            milter.end(mail, outcome)
            milter.close()
    memory = watch.peak - before[0]
    equal({outcome.code() for _, outcome in waiting}, {250}, "answers")
    equal(open_now <= CONNECTIONS + 10, True, f"descriptors {open_now}")
    equal(memory < 40 * MEGABYTE, True, f"memory {memory}")
    print(f"     {CONNECTIONS} connections: {memory / MEGABYTE:.1f} MiB, {open_now} descriptors; all answered 250")


def slow_half(site):
    """Rounds of 25 mails beside 25 that wait 2 s for OCSP."""
    known = site.sign(certs="leaf", visible=False)
    unsigned = site_test.pdfbuild.build("V/v họp", "1/GM", site_test.days_ago(10))
    equal(site.send(pdf_mail(known))["code"], 250, "status of the known one")

    def fast():
        return [plain_mail() if number % 2 else pdf_mail(known) for number in range(HALF)]
    alone, beside, codes = [], [], []
    for _ in range(ROUNDS):
        alone += [a["seconds"] for a in answers(site.burst(fast()))]
        slow = [pdf_mail(site.sign(by, data=unsigned, visible=False)) for by in site.issue(HALF, ocsp="/slow", crl=None)]
        bursts = site.burst(slow), site.burst(fast())
        waited, found = [answers(burst) for burst in bursts]
        beside += [a["seconds"] for a in found]
        codes += [a["code"] for a in waited]
    ratio = percentile_99(beside) / percentile_99(alone)
    equal(percentile_99(beside) < 1, True, f"p99 {percentile_99(beside)}")
    print(f"     {ROUNDS} rounds: fast half p99 {percentile_99(beside) * 1000:.0f} ms, alone {percentile_99(alone) * 1000:.0f} ms,"
          f" ratio {ratio:.2f}; slow half {codes.count(250)} of {len(codes)} known in time")


def thousands_in_a_row(site):
    """3000 signed mails: memory and descriptors of the roles do not grow with their number."""
    document = site.sign(certs="leaf", visible=False)
    pids = {name: role["pid"] for name, role in site.roles().items()}

    def state():
        return {name: (processes.anonymous_bytes(pid) // 1024, descriptors(pid)) for name, pid in pids.items()}
    states = []
    for count in range(0, IN_A_ROW, IN_A_ROW // 3):
        for _ in range(IN_A_ROW // 3 // (5 * AT_ONCE)):
            bursts = [site.burst([pdf_mail(document) for _ in range(AT_ONCE)]) for _ in range(5)]
            for burst in bursts:
                equal({a["code"] for a in answers(burst)}, {250}, "answers")
        site.forget_deliveries()
        states.append(state())
        print(f"     after {count + IN_A_ROW // 3}: " + ", ".join(f"{n} {kib} KiB {fds} fds" for n, (kib, fds) in states[-1].items()), flush=True)
    for name in pids:
        growth = states[-1][name][0] - states[0][name][0]
        equal(growth < 4096, True, f"growth of {name} in KiB over {IN_A_ROW * 2 // 3} mails, {growth}")
        equal(states[-1][name][1] - states[0][name][1] < 10, True, f"descriptors of {name}")
    equal(sum(site.restarts().values()), 0, "restarts")


sys.exit(site_test.run(large_at_once, thousand_connections, slow_half, thousands_in_a_row, status_limit="4s", fetch_timeout="4s"))
