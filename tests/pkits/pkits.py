#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""NIST PKITS, the Public Key Interoperability Test Suite: paths and S/MIME mails whose verdict NIST states.

usage: pkits.py [--root DIR] [--manifest FILE] [--vanthu PROGRAM] [--list]

The files are not part of this repository. DIR has manifest.tsv with the columns file, format, expected, trust and
at_time: certificates of format X509PATH go through `vanthu trust path`, the mails below pkits/smime through
`vanthu check --offline`, all that share anchors, CRLs and time in one run. Agreement is: VALID is valid, INVALID is
not. Exit status 0: every row agrees or its deviation is explained below; 1: a path that must be refused is valid, a
deviation is not explained, or an explained one is gone; 77: there are no files.
"""
import argparse
import collections
import csv
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "others"))

from files import judging_time

# Deliberate deviations, by the name of NIST's test. Each only ever refuses what NIST calls valid.
INHERITED = ("4.1.5: a DSA key without parameters of its own is not completed from its CA's (RFC 5280 6.1.4 f); the key would "
             "be too weak all the same, as that of test 4: the algorithm is out of use (TS 119 312)")
OWN_CRL = ("4.14.30: the only CRL about the signer of the CRL is the one it signed itself; RFC 5280 6.3.3 f has its path "
           "validated first, and with a stolen CRL key that list would never tell: it proves nothing about its own signer")
CARRIED = ("the only CRL of the signer's CA is in the mail itself and older than the time judged for: a sender who "
           "chooses what he encloses would choose the list from before his key was revoked")
EXPLAINED = {
    "ValidDSAParameterInheritanceTest5EE": INHERITED,
    "SignedValidDSAParameterInheritanceTest5": INHERITED,
    "ValidDSASignaturesTest4EE": "4.1.4: DSA of 1024 bits with SHA-1 is too weak at the time judged for (TS 119 312)",
    "ValidcRLIssuerTest30EE": OWN_CRL,
    "SignedValidcRLIssuerTest30": OWN_CRL,
    "SignedValidPolicyMappingTest1": CARRIED,
    "SignedValidPolicyMappingTest3": CARRIED,
    "SignedValidPolicyMappingTest12": CARRIED,
}

Row = collections.namedtuple("Row", "name path file expected trust at")


def read_rows(manifest, root):
    rows = []
    with open(manifest, encoding="utf-8", newline="") as file:
        for entry in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            is_path = entry["format"] == "X509PATH"
            if not is_path and not entry["file"].startswith("pkits/smime/"):
                continue
            name = os.path.splitext(os.path.basename(entry["file"]))[0]
            trust = tuple(os.path.join(root, part) for part in entry["trust"].split("|"))
            rows.append(Row(name, is_path, os.path.join(root, entry["file"]), entry["expected"], trust,
                            judging_time(entry["at_time"])))
    return rows


def command(vanthu, row):
    """The program with what the row trusts: the first certificate is the anchor, the others may stand between."""
    is_crl = [os.path.splitext(file)[1].lower() == ".crl" for file in row.trust]
    crls = [file for file, yes in zip(row.trust, is_crl) if yes]
    certificates = [file for file, yes in zip(row.trust, is_crl) if not yes]
    line = [vanthu, "trust", "path"] if row.path else [vanthu, "check", "--offline"]
    line += ["--json", "--trust", "official=" + certificates[0]]
    for file in certificates[1:]:
        line += ["--with" if row.path else "--content", file]
    for file in crls:
        line += ["--crl", file]
    return line + (["--at", row.at] if row.at else [])


def is_valid(line):
    """Of one line of JSON; the rest of it says why not."""
    if "verdict" in line:
        return line["verdict"] == "valid", line
    signatures = [s for document in line["documents"] for s in document["signatures"]]
    valid = bool(signatures) and all(s["indication"] == "TOTAL-PASSED" for s in signatures)
    return valid, signatures[0] if signatures else line


def judge(vanthu, rows):
    """{file: (valid, evidence)} of rows that are judged in one run."""
    done = subprocess.run(command(vanthu, rows[0]) + [row.file for row in rows], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120, check=False)
    lines = done.stdout.decode("utf-8").splitlines()
    if len(lines) != len(rows):
        sys.exit(f"{rows[0].name}: {len(lines)} answers for {len(rows)} files: {done.stderr.decode()}")
    return {row.file: is_valid(json.loads(line)) for row, line in zip(rows, lines)}


def judge_all(vanthu, rows):
    groups = collections.defaultdict(list)
    for row in rows:
        groups[row.path, row.trust, row.at].append(row)
    results = {}
    for group in groups.values():
        results.update(judge(vanthu, group))
    return results


def why(evidence):
    findings = " ".join(evidence.get("findings") or [])
    return f"{evidence.get('sub_indication')} {','.join(evidence.get('reasons') or [])}: {findings}"


def compare(rows, results, show_all):
    """Print what deviates; the number of rows that do so without leave."""
    agree = asked = faults = 0
    deviating = set()
    for row in rows:
        valid, evidence = results[row.file]
        verdict = "valid" if valid else "not valid"
        if row.expected not in ("VALID", "INVALID"):
            print(f"?       {row.name}: {verdict}; no verdict is stated for it")
            continue
        asked += 1
        if valid == (row.expected == "VALID"):
            agree += 1
            if show_all:
                print(f"agree   {row.name}: {verdict}")
            continue
        deviating.add(row.name)
        explanation = None if valid else EXPLAINED.get(row.name)
        faults += explanation is None
        print(f"{'differ' if explanation else 'WRONG '}  {row.name}: {row.expected} is {verdict}: "
              f"{explanation or why(evidence)}")
    for name in sorted(set(EXPLAINED) - deviating):
        print(f"WRONG   {name}: agrees, but a deviation is explained")
        faults += 1
    print(f"PKITS: {agree} of {asked} agree, {len(deviating)} deviate, {faults} of them without an explanation")
    return faults


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    top = os.path.dirname(os.path.dirname(here))
    parser = argparse.ArgumentParser(description="NIST PKITS")
    parser.add_argument("--root", default=os.path.join(os.path.dirname(top), "shared", "corpus"),
                        help="folder with manifest.tsv and its files")
    parser.add_argument("--manifest", help="instead of DIR/manifest.tsv")
    parser.add_argument("--vanthu", default=os.path.join(top, "build", "vanthu"))
    parser.add_argument("--list", action="store_true", help="print the rows that agree, too")
    options = parser.parse_args()
    manifest = options.manifest or os.path.join(options.root, "manifest.tsv")
    if not os.path.exists(manifest):
        print(f"PKITS: skipped, no {manifest}")
        return 77
    rows = read_rows(manifest, options.root)
    if not rows:
        print(f"PKITS: skipped, {manifest} has none of its files")
        return 77
    return 1 if compare(rows, judge_all(options.vanthu, rows), options.list) else 0


if __name__ == "__main__":
    sys.exit(main())
