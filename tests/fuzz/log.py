#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Runs fuzz targets under the sanitizers, one after the other or some at once, and adds a line for each to log.tsv:
#   log.py [--secs 600] [--jobs 1] [--no-log] [TARGET]...        (make fuzz-log; without a TARGET all)
# The corpus is what is committed in tests/fuzz/corpus and what earlier runs found, in build/fuzz.
# Its digest is the SHA-256 of the sorted SHA-256 of its files.  What is found is an input in
# build/fuzz/TARGET-*: mended, it goes to tests/fuzz/corpus/TARGET as a test.
"""A log of fuzzing that is committed."""

import argparse
import concurrent.futures
import datetime
import hashlib
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
LOG = os.path.join(HERE, "log.tsv")
# Files of several revisions are larger than the seeds.
OPTIONS = {"pdf": ["-max_len=16384"], "seal_pdf": ["-max_len=16384"]}
COLUMNS = ("date", "commit", "target", "seconds", "executions", "all_executions", "corpus_files", "corpus_sha256", "findings")


def targets():
    return sorted(name[len("fuzz_"):-2] for name in os.listdir(HERE) if name.startswith("fuzz_") and name.endswith(".c"))


def corpus_of(folders):
    """(number of different files, digest)."""
    digests = set()
    for folder in folders:
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                digests.add(hashlib.sha256(file.read()).hexdigest())
    return len(digests), hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


def executions_before(target):
    """All that the log has of a target so far."""
    if not os.path.exists(LOG):
        return 0
    with open(LOG, encoding="utf-8") as log:
        rows = [line.split("\t") for line in log.read().splitlines()[1:]]
    return sum(int(row[4]) for row in rows if row[2] == target)


def findings_in(folder, target):
    return sorted(name for name in os.listdir(folder) if re.match(rf"{target}-(crash|leak|timeout|oom|slow-unit)-", name))


def run(target, secs):
    """Fuzz one target; a row of the log, without its commit."""
    build, own = os.path.join(ROOT, "build", "fuzz"), os.path.join(ROOT, "build", "fuzz", target)
    folders = [own, os.path.join(HERE, "corpus", target)]
    os.makedirs(own, exist_ok=True)
    before = findings_in(build, target)
    # Weighing inputs by how rare is what they reach takes a third of the time once there are hundreds; so do long stacks.
    command = [os.path.join(ROOT, "build", "tests", "fuzz", f"fuzz_{target}"), f"-max_total_time={secs}", "-rss_limit_mb=4096",
               "-timeout=20", "-entropic=0", "-print_final_stats=1", f"-artifact_prefix={build}/{target}-"]
    began = time.monotonic()
    done = subprocess.run(command + OPTIONS.get(target, []) + folders, capture_output=True, text=True, errors="replace",
                          env=dict(os.environ, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "malloc_context_size=4")))
    ran = round(time.monotonic() - began)
    found = [name for name in findings_in(build, target) if name not in before]
    match = re.search(r"stat::number_of_executed_units:\s*(\d+)", done.stderr)
    if match is None or (done.returncode != 0 and not found):
        raise SystemExit(f"fuzz_{target} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    count = int(match[1])
    files, digest = corpus_of(folders)
    return [target, str(ran), str(count), str(executions_before(target) + count), str(files), digest,
            " ".join(found) or "-"]


def note(row):
    """Add a row to the log, which begins with the names of its columns."""
    is_new = not os.path.exists(LOG)
    with open(LOG, "a", encoding="utf-8") as log:
        log.write(("\t".join(COLUMNS) + "\n" if is_new else "") + "\t".join(row) + "\n")


def main():
    parser = argparse.ArgumentParser(description="fuzz, and log it")
    parser.add_argument("--secs", type=int, default=600, help="for each target")
    parser.add_argument("--jobs", type=int, default=1, help="targets at once")
    parser.add_argument("--no-log", action="store_true", help="say only what the log would say")
    parser.add_argument("target", nargs="*", default=[])
    a = parser.parse_args()
    unknown = set(a.target) - set(targets())
    if unknown:
        parser.error(f"no such target: {' '.join(sorted(unknown))}")
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    failed = False
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        runs = [pool.submit(run, target, a.secs) for target in dict.fromkeys(a.target or targets())]
        for done in concurrent.futures.as_completed(runs):
            row = [date, commit or "-"] + done.result()
            if not a.no_log:
                note(row)
            print("  ".join(row), flush=True)
            failed = failed or row[-1] != "-"
    return 1 if failed else 0


sys.exit(main())
