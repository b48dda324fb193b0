#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# What came after a signature, in the words of pyHanko's difference analysis and of DSS's modification detection, for
# every row of tests/documents/attacks.py and legitimate.py. One word for a signature: accepted (intact, and
# nothing or only what is permitted came after it) or refused. Where they say something else than vanthu, the
# reason stands in history_differences.py; a difference that is not there, or no longer occurs, fails.
# Exit status 77: one of the programs cannot be had from its registry.
"""Agreement on changes after signing."""

import fnmatch
import os
import subprocess
import sys
import tempfile

from history_differences import DSS, PYHANKO
from made import TESTS, make
import programs

import expect


def our_words(line, with_stamps):
    signatures = [s for document in line["documents"] if document["path"] == "" for s in document["signatures"]
                  if with_stamps or s["sub_filter"] != "ETSI.RFC3161"]
    return " ".join("accepted" if s["integrity"] == "intact" and s["changes_after"] in ("none", "permitted") else "refused"
                    for s in signatures) or "-"


def of_pyhanko(signature):
    return "refused" if signature["integrity"] != "intact" or signature["changes"] == "not permitted" else "accepted"


def of_dss(signature):
    if signature["indication"].startswith("FAILED") or signature["changes"] == "not permitted":
        return "refused"
    return "overlap" if signature["changes"] == "annotations overlap" else "accepted"


def their_words(answer, word):
    if not isinstance(answer, list):
        return "unreadable"
    return " ".join(word(signature) for signature in answer) or "-"


def stated(groups, said, name):
    """The pattern for which this difference is stated; None."""
    for theirs, ours, _, patterns in groups:
        for pattern in patterns.split():
            if (theirs, ours) == said and fnmatch.fnmatchcase(name, pattern):
                return pattern, theirs, ours
    return None


def compare(program, answers, lines, word, groups, with_stamps):
    """The number of rows that are not as stated, and of statements that no row needs."""
    unused = {(pattern, theirs, ours) for theirs, ours, _, patterns in groups for pattern in patterns.split()}
    failed = 0
    for line in lines:
        name = os.path.basename(line["file"])[:-len(".pdf")]
        said = their_words(answers[line["file"]], word), our_words(line, with_stamps)
        found = stated(groups, said, name)
        unused.discard(found)
        wrong = said[0] != said[1] and found is None
        failed += wrong
        print("FAIL" if wrong else "ok", program, name, "{} says {}, vanthu {}".format(program, *said) if wrong else "", sep="  ")
    for pattern, theirs, ours in sorted(unused):
        print(f"FAIL  {program}: {theirs} beside {ours} is stated for {pattern}, but there is no such difference")
    return failed + len(unused)


def main():
    if not programs.pyhanko_install() or not programs.dss_install():
        print("pyHanko or DSS cannot be installed from its registry")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        pki, documents, _ = make(folder)
        subprocess.run([TESTS + "/documents/mkhistories.py", pki, documents], check=True)
        lines = [line for table in ("attacks.tsv", "legitimate.tsv") for line in expect.check_all(pki, documents, table)[1]]
        files = [line["file"] for line in lines]
        failed = compare("pyHanko", programs.pyhanko(pki, files), lines, of_pyhanko, PYHANKO, True)
        failed += compare("DSS", programs.dss(pki, files), lines, of_dss, DSS, False)
    return 1 if failed or not lines else 0


sys.exit(main())
