#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Of the PDF files of others, the first of each producer whose signatures are intact and were followed by nothing but
# what is permitted: no covered byte can be changed unnoticed, and no byte of /Contents makes another
# signature of it (tests/mutate/mutate.c). A sample of each file, the same every time; --offset moves it.
# Exit status 77: there are no files.
"""Changed bytes in files of many producers."""

import os
import re
import subprocess
import sys
import tempfile

import files

PRODUCERS = 10


def producer(path):
    """Its name without version, of /Producer or else of /Creator."""
    done = subprocess.run(["pdfinfo", path], capture_output=True, check=False)
    told = dict(re.findall(r"^(Producer|Creator): *(\S.*)$", done.stdout.decode("utf-8", "replace"), re.M))
    return re.match(r"[^\d;(/]*", told.get("Producer") or told.get("Creator") or "")[0].strip(" ©®-").lower()


def is_intact(line):
    """What mutate asks of the unchanged file."""
    signatures = [s for document in line["documents"] for s in document["signatures"]]
    return bool(signatures) and not any(document["reasons"] for document in line["documents"]) and all(
        s["integrity"] == "intact" and s["changes_after"] in ("none", "permitted") for s in signatures)


def first_of_each(lines):
    """{producer: file}"""
    found = {}
    for line in lines:
        if is_intact(line):
            name = producer(line["file"])
            if name:
                found.setdefault(name, line["file"])
    return found


def main():
    given = files.options("changed bytes in files of many producers", samples=60, offset=0)
    chosen = first_of_each(files.evidence(given, [row["path"] for row in files.rows(given)]))
    print(f"{len(chosen)} producers: {', '.join(sorted(chosen))}")
    if len(chosen) < PRODUCERS:
        print(f"fewer than {PRODUCERS}")
        return 1
    mutate = os.path.join(files.TOP, "build", "tests", "mutate", "mutate")
    known = dict(os.environ, MUTATE_INTEGRITY="1", MUTATE_UNCOVERED="1", MUTATE_SAMPLES=str(given.samples), MUTATE_OFFSET=str(given.offset))
    with tempfile.TemporaryDirectory() as nobody:
        return subprocess.run([mutate, nobody, nobody, "--", *chosen.values()], env=known, check=False).returncode


sys.exit(main())
