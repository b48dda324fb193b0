#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# What a mail costs in the whole service, beside a milter that does (almost) nothing, in turn.
#   milter_bench.py [PAIRS]
# The test is the MTA. Status is asked for once, by the first mail, and known afterwards. Prints
# lines of: name, ours, other, median, lowest and highest ratio (CPU ms per mail, all processes of the
# service together; for latency: ms from MAIL to the answer, fastest of three, and their difference).
# Needs root: the roles run under users of their own.
"""CPU and latency per mail, through the milter protocol."""

import os
import statistics
import subprocess
import sys
import tempfile
import time

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path[:0] = [TESTS + "/lib", TESTS + "/mta"]

from milterclient import Mail, Milter
from site_lab import BUILD, Lab, wait_for

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# name, input, milter to compare with, mails of one sample (ours, other): at least 20 ticks each
CASES = (
    ("plain-10k", "plain-10k", "idle", 150, 2500),
    ("plain-10m", "plain-10m", "hash", 15, 25),
)
LATENCY = ("latency-25m", "pdf-25m", "idle")


class MilterOnly(Lab):
    """The site without an MTA."""

    def script_servers_mta(self, command):
        pass


def stat_of(pid):
    """Parent and CPU ticks, those of ended and reaped children included."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return int(fields[1]), sum(map(int, fields[11:15]))


def tree_ticks(root):
    """CPU ticks of a process and everything below it."""
    stats = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                stats[int(name)] = stat_of(name)
            except (FileNotFoundError, ProcessLookupError):
                pass
    tree = {root}
    while True:
        more = {pid for pid, (parent, _) in stats.items() if parent in tree} - tree
        if not more:
            return sum(stats[pid][1] for pid in tree)
        tree |= more


def send(socket, mail, count):
    """Mails over one connection, as an MTA does it; seconds of the fastest."""
    milter = Milter(f"unix:{socket}")
    milter.connect(address="203.0.113.9")
    fastest = min(milter.deliver(mail).total_seconds for _ in range(count))
    milter.close()
    return fastest


def cpu_per_mail(pid, socket, mail, count):
    """CPU ms of a service per mail."""
    before = tree_ticks(pid)
    send(socket, mail, count)
    time.sleep(0.05)
    return (tree_ticks(pid) - before) / TICKS_PER_SECOND * 1000 / count


class Noop:
    """noop_milter in one of its modes."""

    def __init__(self, folder, mode):
        self.socket = f"{folder}/{mode}.sock"
        self.process = subprocess.Popen([BUILD + "/tests/bench/noop_milter", "unix:" + self.socket, mode])
        wait_for("noop_milter", lambda: os.path.exists(self.socket))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def print_pairs(name, ours, other, ratios):
    values = (statistics.median(ours), statistics.median(other), statistics.median(ratios), min(ratios), max(ratios))
    print(name, *(f"{v:.3f}" for v in values), sep="\t", flush=True)


def measure(name, pairs, sample_ours, sample_other, relate):
    ours, other = [], []
    sample_ours(), sample_other()
    for i in range(pairs):
        for sample, values in ((sample_ours, ours), (sample_other, other))[:: 1 if i % 2 else -1]:
            values.append(sample())
    print_pairs(name, ours, other, [relate(a, b) for a, b in zip(ours, other)])


def main():
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as folder, MilterOnly(folder, mode="observe", documents=False) as lab, \
            Noop(folder, "idle") as idle, Noop(folder, "hash") as hashing:
        noops = {"idle": idle, "hash": hashing}
        lab.script("bench/mkinputs.py", lab.pki, folder + "/in", *(case[1] for case in CASES + (LATENCY,)))

        def mail(name):
            with open(f"{folder}/in/{name}.eml", "rb") as file:
                return Mail(file.read())

        socket, pid = folder + "/run/milter.sock", lab.milter.pid
        for name, file, against, ours, other in CASES:
            noop, data = noops[against], mail(file)
            measure(name, pairs, lambda: cpu_per_mail(pid, socket, data, ours),
                    lambda: cpu_per_mail(noop.process.pid, noop.socket, data, other), lambda a, b: a / b)
        name, file, against = LATENCY
        data = mail(file)
        measure(name, pairs, lambda: 1000 * send(socket, data, 3), lambda: 1000 * send(noops[against].socket, data, 3),
                lambda a, b: a - b)


main()
