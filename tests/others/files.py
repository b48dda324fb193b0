# SPDX-License-Identifier: Apache-2.0
#
# Signed files of other people, which are not part of this repository: a folder with manifest.tsv and the
# files it names.
"""Files of others, and what vanthu says of them."""

import argparse
import csv
import datetime
import json
import os
import subprocess
import sys

TOP = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
FILES_A_RUN = 64


def options(description, **numbers):
    """Where the files and the program are, and options of their own; ends the program with 77 when there are no files."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--root", default=os.path.join(os.path.dirname(TOP), "shared", "corpus"), help="folder with manifest.tsv and its files")
    parser.add_argument("--manifest", help="instead of DIR/manifest.tsv")
    parser.add_argument("--vanthu", default=os.path.join(TOP, "build", "vanthu"))
    for name, value in numbers.items():
        parser.add_argument("--" + name, type=int, default=value)
    given = parser.parse_args()
    given.manifest = given.manifest or os.path.join(given.root, "manifest.tsv")
    if not os.path.exists(given.manifest):
        print(f"skipped, no {given.manifest}")
        sys.exit(77)
    return given


def rows(given, kind="PDF"):
    """Rows of the manifest, with the whole path of each file as "path"."""
    with open(given.manifest, encoding="utf-8", newline="") as file:
        found = [dict(row, path=os.path.join(given.root, row["file"]))
                 for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row["format"] == kind]
    if not found:
        print(f"skipped, {given.manifest} has none")
        sys.exit(77)
    return found


def evidence(given, paths):
    """What vanthu says of each, offline and without anchors."""
    lines = []
    for at in range(0, len(paths), FILES_A_RUN):
        done = subprocess.run([given.vanthu, "check", "--json", "--offline", *paths[at:at + FILES_A_RUN]], capture_output=True, text=True,
                              timeout=600, check=False)
        lines += [json.loads(line) for line in done.stdout.splitlines()]
    if len(lines) != len(paths):
        sys.exit(f"{len(lines)} answers for {len(paths)} files")
    return lines


# ---- files that come with anchors, a time or content of their own ----


def judging_time(text):
    """The moment to judge at: the middle of a span of years, noon of a day, the day before "before …"; None: not told."""
    if text.startswith("before "):
        end = datetime.datetime.strptime(text[len("before "):], "%a %b %d %H:%M:%S %Y")
        return (end - datetime.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    if ".." in text:
        first, last = text.split("..")[:2]
        return f"{(int(first[:4]) + int(last[:4])) // 2}-06-15T00:00:00Z"
    if not text[:4].isdigit():
        return None
    return text if "T" in text else text[:10] + "T12:00:00Z"


def listed(text):
    return [] if text in ("-", "", "?") else text.split("|")


def judged(given, row):
    """Exit status and evidence of a file with what its row trusts."""
    command = [given.vanthu, "check", "--json", "--offline"]
    for name in listed(row["trust"]):
        path = os.path.join(given.root, name)
        command += ["--crl", path] if name.endswith(".crl") else ["--trust", "official=" + path]
    for name in listed(row["detached"]):
        command += ["--content", os.path.join(given.root, name)]
    at = judging_time(row["at_time"])
    done = subprocess.run(command + (["--at", at] if at else []) + [row["path"]], capture_output=True, text=True, timeout=60, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if len(lines) != 1:
        sys.exit(f"{row['file']}: no evidence: {done.stderr}")
    return done.returncode, lines[0]
