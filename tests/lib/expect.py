# SPDX-License-Identifier: Apache-2.0
#
# Runs `vanthu check` over a table of files, offline, and compares exit status, verdicts, reasons and
# names with what the table expects. The columns are described in tests/documents/mkdocuments.py.
"""Expected verdicts of named files."""

import csv
import json
import os
import subprocess
import tempfile

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
VANTHU = os.environ.get("VANTHU", os.path.join(TESTS, "..", "build", "vanthu"))
CRLS = ("root-g2", "ca-g2", "root-g1", "ca-g1", "public-root", "public-ca")


def command_of(pki, config):
    command = [VANTHU, "check", "--json", "--offline", "--config", config]
    for name in CRLS:
        command += ["--crl", f"{pki}/crl/{name}.crl"]
    return command


def check(pki, config, path):
    """Exit status and evidence of one file."""
    done = subprocess.run(command_of(pki, config) + [path], capture_output=True, text=True, timeout=60)
    try:
        return done.returncode, json.loads(done.stdout)
    except ValueError:
        return done.returncode, {"stderr": done.stderr}


def configure(pki, folder):
    """A configuration that trusts the roots of the PKI."""
    path = os.path.join(folder, "vanthu.yaml")
    with open(path, "w", encoding="utf-8") as file:
        subprocess.run([TESTS + "/pki/mktrust.sh", pki], check=True, stdout=file)
    return path


def verdicts_of(evidence):
    return [s["indication"] + ("/" + s["sub_indication"] if s["sub_indication"] else "")
            for d in evidence.get("documents", []) for s in d["signatures"]]


def reasons_of(evidence):
    found = set(evidence.get("reasons", []))
    for document in evidence.get("documents", []):
        found.update(document["reasons"])
        for signature in document["signatures"]:
            found.update(signature["reasons"])
    return found


def complaints(row, status, evidence):
    if "stderr" in evidence:
        yield f"no evidence: {evidence['stderr'].strip()}"
        return
    if str(status) not in row["exit"].split("|"):
        yield f"exit {status}, not {row['exit']}"
    verdicts = verdicts_of(evidence)
    if row["verdicts"] != "*" and verdicts != row["verdicts"].replace("-", "", row["verdicts"] == "-").split():
        yield f"verdicts {verdicts}, not {row['verdicts']}"
    reasons = reasons_of(evidence)
    if row["reasons"] == "-" and reasons:
        yield f"reasons {sorted(reasons)}, not none"
    elif row["reasons"] not in "-*" and not reasons & set(row["reasons"].split("|")):
        yield f"reasons {sorted(reasons)}, not {row['reasons']}"
    names = [d["name"] for d in evidence.get("documents", []) if d["name"]]
    if row.get("names", "*") != "*" and names != list(filter(None, row["names"].split("|"))):
        yield f"names {names}, not {row['names']}"


def compare(pki, folder, table_name):
    """Check every file of folder/table_name; print a line each and the sum. True when all agree."""
    with open(os.path.join(folder, table_name), encoding="utf-8") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        config = configure(pki, scratch)
        for row in rows:
            found = list(complaints(row, *check(pki, config, f"{folder}/{row['file']}")))
            failed += bool(found)
            print(f"{'FAIL' if found else 'ok'}  {row['file']}  {'; '.join(found)}")
    print(f"{len(rows) - failed} passed, {failed} failed")
    return bool(rows) and not failed


def said_of(evidence):
    """Everything that is said of a file in words."""
    for document in evidence["documents"]:
        yield from document["findings"]
        for signature in document["signatures"]:
            yield from signature["findings"]
        for change in document["changes"]:
            yield f"page {change['page']}: {change['kind']}: {change['what']}"


def history_complaints(row, evidence, passes):
    verdicts, reasons = verdicts_of(evidence), reasons_of(evidence)
    passed = bool(verdicts) and set(verdicts) == {"TOTAL-PASSED"}
    if passed != passes:
        yield f"verdicts {verdicts}"
    if row["reasons"] == "-" and reasons:
        yield f"reasons {sorted(reasons)}, not none"
    elif row["reasons"] != "-" and not reasons & set(row["reasons"].split("|")):
        yield f"reasons {sorted(reasons)}, not {row['reasons']}"
    if row["words"] not in " ".join(said_of(evidence)):
        yield f"does not say {row['words']!r}"


def check_all(pki, folder, table_name):
    """(rows, evidence) of a table of mkhistories.py, in one run."""
    with open(os.path.join(folder, table_name), encoding="utf-8") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    with tempfile.TemporaryDirectory() as scratch:
        files = [f"{folder}/{row['file']}" for row in rows]
        done = subprocess.run(command_of(pki, configure(pki, scratch)) + files, capture_output=True, text=True, timeout=300)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if len(lines) != len(rows):
        print(f"{table_name}: {len(lines)} verdicts on {len(rows)} files: {done.stderr.strip()}")
        lines = []
    return rows, lines


def histories(rows, lines, passes):
    """Compare the evidence on files of check_all; passes: each has to pass, or none may."""
    failed = 0
    for row, line in zip(rows, lines):
        found = list(history_complaints(row, line, passes))
        failed += bool(found)
        if found:
            print(f"FAIL  {row['file']} ({row['source']})  {'; '.join(found)}")
    print(f"{'must pass' if passes else 'must not'}: {len(lines) - failed} right, {failed} failed")
    return bool(lines) and not failed
