#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
#   long_large.py [NAME]...        without a NAME all
#
# Files at the edge of what is read (pdflarge.py), each judged by `vanthu check` within bounds of
# processor time and memory, as the kernel counts them, never by a clock on the wall.  Nothing that
# was not read whole may pass, and nothing may end by the limits of the sandbox.
"""Large and hostile PDF files are judged within bounds, or reported TOO_LARGE."""

import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
sys.path.insert(0, HERE)

import expect
import pdflarge
from mkpdf import moment

# Half of what an inspection may take; of memory, two thirds of what its sandbox leaves it.
CPU_SECS = 10
MEMORY_BYTES = 1024 * 1024 * 1024

PASSED = ("TOTAL-PASSED", "TOTAL-PASSED")
OPEN = "INDETERMINATE/SIG_CONSTRAINTS_FAILURE"
FAILED = "TOTAL-FAILED/FORMAT_FAILURE"
# name: exit status, verdicts, a reason that has to be there ("": none is)
EXPECTED = {
    "60-mib": (0, PASSED, ""),
    "100-mb": (2, (), "TOO_LARGE"),
    "10000-revisions-after": (2, (OPEN,), "CHANGE_UNCLEAR"),
    "10000-revisions-before": (2, (OPEN, "TOTAL-PASSED"), "CHANGE_UNCLEAR"),
    "10000-revisions-between": (2, (OPEN, "TOTAL-PASSED"), "CHANGE_UNCLEAR"),
    "10000-revisions-streams": (2, (OPEN, "TOTAL-PASSED"), "CHANGE_UNCLEAR"),
    "1000000-objects": (2, (OPEN, OPEN), "TOO_LARGE"),
    "100000-pages": (0, PASSED, ""),
    "tree-of-50": (0, PASSED, ""),
    "tree-of-10000": (2, (OPEN, OPEN), "TOO_LARGE"),
    "65535-in-a-container": (0, PASSED, ""),
    "content-bomb": (2, (OPEN,), "TOO_LARGE"),
    "many-bombs": (2, (OPEN,), "TOO_LARGE"),
    "container-bomb": (2, (), "TOO_LARGE"),
    "5000-fields": (0, PASSED[:1], ""),
    "4000-fields": (0, PASSED, ""),
    "5000-signatures": (2, (OPEN,), "TOO_LARGE"),
    "object-stream-bombs": (2, (OPEN,), "TOO_LARGE"),
    "object-stream-chains": (2, (OPEN,), "TOO_LARGE"),
    "object-stream-rows": (2, (OPEN,), "TOO_LARGE"),
    "section-bombs": (2, (OPEN,), "TOO_LARGE"),
    "section-rows": (2, (OPEN,), "TOO_LARGE"),
    "section-widths": (2, (OPEN,), "FILE_UNREADABLE"),
    "section-ranges": (2, (OPEN,), "FILE_UNREADABLE"),
    "section-bombs-behind-a-defect": (2, (OPEN,), "TOO_LARGE"),
    "circle-of-sections": (2, (OPEN,), "FILE_UNREADABLE"),
    "array-of-depth-1000000": (2, (OPEN,), "CHANGE_UNCLEAR"),
    "1000000-annotations": (1, (FAILED,), "CONTENT_CHANGED"),
    "contents-of-30-mib": (1, (FAILED,), "MALFORMED"),
    "ranges-of-1000000-numbers": (1, (FAILED,), "MALFORMED"),
    "200000-transforms": (0, PASSED[:1], ""),
    "one-array-20000-times": (2, (OPEN,), "TOO_LARGE"),
    "one-parent-3000-times": (2, (OPEN,), "TOO_LARGE"),
}


def complaints(name, status, evidence):
    if "stderr" in evidence:
        yield f"exit {status}, no evidence: {evidence['stderr'].strip()}"
        return
    wanted, verdicts, reason = EXPECTED[name]
    reasons = expect.reasons_of(evidence)
    if status != wanted:
        yield f"exit {status}, not {wanted}"
    if tuple(expect.verdicts_of(evidence)) != verdicts:
        yield f"verdicts {expect.verdicts_of(evidence)}, not {verdicts}"
    if (reason and reason not in reasons) or (not reason and reasons):
        yield f"reasons {sorted(reasons)}, not {reason or 'none'}"


def measure(pki, config, path):
    """Exit status, evidence, seconds of processor time and bytes of memory, its children's included."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said:
        child = subprocess.Popen(expect.command_of(pki, config) + [path], stdout=out, stderr=said)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said.seek(0)
        try:
            evidence = json.loads(out.read())
        except ValueError:
            evidence = {"stderr": said.read().decode(errors="replace")}
        return child.returncode, evidence, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        pki, path = folder + "/pki", folder + "/large.pdf"
        subprocess.run([HERE + "/../pki/mkpki.sh", pki], check=True)
        config = expect.configure(pki, folder)
        for name, make in pdflarge.cases(pki, moment("100d-ago")):
            if sys.argv[1:] and name not in sys.argv[1:]:
                continue
            with open(path, "wb") as file:
                file.write(make())
            status, evidence, cpu, memory = measure(pki, config, path)
            found = list(complaints(name, status, evidence))
            found += [f"more than {CPU_SECS} s"] if cpu > CPU_SECS else []
            found += ["too much memory"] if memory > MEMORY_BYTES else []
            failed += bool(found)
            print(f"{'FAIL' if found else 'ok'}  {name}  {os.path.getsize(path)} bytes, {cpu:.1f} s of processor time, "
                  f"{memory // pdflarge.MIB} MiB  {'; '.join(found)}", flush=True)
    return 1 if failed else 0


sys.exit(main())
