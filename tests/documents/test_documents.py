#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Makes the test PKI and every named document, runs `vanthu check` over each, offline, and compares
# exit status, verdicts and reasons with documents.tsv.
#   test_documents.py [PKI DOCUMENTS]     folders made before, else new temporary ones
"""Verdicts of the named documents."""

import csv
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
VANTHU = os.path.join(HERE, "..", "..", "build", "vanthu")
CRLS = ("root-g2", "ca-g2", "root-g1", "ca-g1", "public-root", "public-ca")


def check(pki, config, path):
    """Exit status and evidence of one file."""
    command = [VANTHU, "check", "--json", "--offline", "--config", config]
    for name in CRLS:
        command += ["--crl", f"{pki}/crl/{name}.crl"]
    done = subprocess.run(command + [path], capture_output=True, text=True, timeout=60)
    try:
        return done.returncode, json.loads(done.stdout)
    except ValueError:
        return done.returncode, {"stderr": done.stderr}


def configure(pki, folder):
    """A configuration that trusts the roots of the PKI."""
    path = os.path.join(folder, "vanthu.yaml")
    with open(path, "w", encoding="utf-8") as file:
        subprocess.run([os.path.join(HERE, "..", "pki", "mktrust.sh"), pki], check=True, stdout=file)
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


def main():
    with tempfile.TemporaryDirectory() as folder:
        pki, documents = sys.argv[1:3] if len(sys.argv) == 3 else (folder + "/pki", folder + "/documents")
        if len(sys.argv) != 3:
            subprocess.run([os.path.join(HERE, "..", "pki", "mkpki.sh"), pki], check=True)
            subprocess.run([os.path.join(HERE, "mkdocuments.py"), pki, documents], check=True)
        config = configure(pki, folder)
        with open(documents + "/documents.tsv", encoding="utf-8") as table:
            rows = list(csv.DictReader(table, delimiter="\t"))
        failed = 0
        for row in rows:
            found = list(complaints(row, *check(pki, config, f"{documents}/{row['file']}")))
            failed += bool(found)
            print(f"{'FAIL' if found else 'ok'}  {row['file']}  {'; '.join(found)}")
    print(f"{len(rows) - failed} passed, {failed} failed")
    return 0 if rows and not failed else 1


sys.exit(main())
