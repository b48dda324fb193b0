# SPDX-License-Identifier: Apache-2.0
#
# Signed PDF files of other people, which are not part of this repository: a folder with manifest.tsv and the
# files it names.
"""Files of others, and what vanthu says of them."""

import argparse
import csv
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
