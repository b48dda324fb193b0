#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Every PDF file and every mail of others beside what its authors say of it, of PDF files as far as that can be told
# without anchors: crypto_expected is the integrity of the signatures; must_reject = yes wants a signature that is broken,
# followed by a change or failed; changed_after says whether what came after an intact signature is allowed. A file
# that differs has its reason in EXPLAINED; one that no longer does, or has none, fails.
# Exit status 77: there are no files.
"""Verdicts on the files of others."""

import os
import sys

import files

UNLISTED = ("an update brings an object that its table does not list, which readers that make a table of their own from the bytes show")
LEVEL_3 = ("certified with P=3, which allows to add, change and delete annotations (ISO 32000-1 table 254): renderers show something "
           "else than was signed, and only notes and marks that hide nothing pass (Rohlmann et al., 2021)")
EXPLAINED = {
    "Test.signed_Certipost-2048-SHA512.extended-LTA": UNLISTED,
    "Test.signed_Certipost-2048-SHA512.extended.extended-2019-07-02": UNLISTED,
    "timestamped-fields": "a field that stood on no page was put onto one and stamped: what shows there was not there when it was signed",
    "removeFieldAnnots": LEVEL_3,
    "taggedDocAddAndRemoveAnnotations": LEVEL_3,
    "taggedDocModifyAnnotation": LEVEL_3,
    "taggedDocModifyAnnotationAndStructContent": LEVEL_3,
    "alice.plain.sig.SHA512.opaque.dave.sig.SHA512.opaque": "that test asks for no revocation status, and there is no CRL: INDETERMINATE, "
        "since what is not known is not valid (RFC 5280 6.1.3 a 3)",
    "pkcs7_sha1": "what was signed holds an older object that its table does not list: readers that make a table of their own from the "
        "bytes may take it, and nothing tells which ones do",
    "pdf-byterange-overlap": "the second signature leaves out more than its /Contents and is broken: nobody signed what it added",
}
ACCEPTED = ("none", "permitted")


def signatures_of(line):
    return [s for document in line["documents"] for s in document["signatures"]]


def integrity_of(signatures):
    kinds = {s["integrity"] for s in signatures}
    return "UNSIGNED" if not kinds else "BROKEN" if "broken" in kinds else "INTACT" if kinds == {"intact"} else "?"


def is_refused(signature):
    return signature["integrity"] == "broken" or signature["changes_after"] not in ACCEPTED or signature["indication"] == "TOTAL-FAILED"


def differences(row, signatures):
    """Texts, and the number of things that were compared."""
    asked, found = 0, []
    if row["crypto_expected"] in ("INTACT", "BROKEN", "UNSIGNED"):
        asked += 1
        if integrity_of(signatures) != row["crypto_expected"]:
            found.append(f"{row['crypto_expected']} is {integrity_of(signatures)}")
    if row["must_reject"] == "yes":
        asked += 1
        if not any(is_refused(s) for s in signatures):
            found.append("must be rejected, and nothing is found")
    if row["changed_after"] in ("YES", "NO"):
        asked += 1
        changed = [s for s in signatures if s["changes_after"] not in ACCEPTED and s["integrity"] == "intact"]
        if bool(changed) != (row["changed_after"] == "YES"):
            found.append(f"changed after signing: {row['changed_after']}, but {[s['changes_after'] for s in signatures]}")
    return asked, found


def mail_differences(row, status, signatures):
    """The same for a mail, which comes with its anchors: must_reject = no wants it valid."""
    asked, found = 0, []
    if row["crypto_expected"] in ("INTACT", "BROKEN", "UNSIGNED"):
        asked += 1
        if integrity_of(signatures) != row["crypto_expected"]:
            found.append(f"{row['crypto_expected']} is {integrity_of(signatures)}")
    if row["must_reject"] == "yes" or (row["must_reject"] == "no" and files.listed(row["trust"])):
        asked += 1
        if (status == 0) != (row["must_reject"] == "no"):
            found.append(f"must_reject is {row['must_reject']}, but {[s['sub_indication'] for s in signatures]}")
    return asked, found


def compared(given):
    """(row, things asked, differences)"""
    documents = files.rows(given)
    for row, line in zip(documents, files.evidence(given, [row["path"] for row in documents])):
        yield row, *differences(row, signatures_of(line))
    for row in files.rows(given, "SMIME"):
        if not row["file"].startswith("pkits/"):  # see tests/pkits
            status, line = files.judged(given, row)
            yield row, *mail_differences(row, status, signatures_of(line))


def main():
    total = failed = count = 0
    left = set(EXPLAINED)
    for row, asked, found in compared(files.options("verdicts on the files of others")):
        name = os.path.splitext(os.path.basename(row["file"]))[0]
        total, count = total + asked, count + 1
        if not found:
            continue
        explained = EXPLAINED.get(name)
        left.discard(name)
        failed += explained is None
        print(f"{'differ' if explained else 'WRONG'}  {row['file']}: {'; '.join(found)}: {explained or ''}")
    for name in sorted(left):
        failed += 1
        print(f"WRONG  {name}: agrees or is not there, but a difference is explained")
    print(f"{count} files, {total} statements, {len(EXPLAINED) - len(left)} files differ for a stated reason, {failed} wrong")
    return 1 if failed or not total else 0


sys.exit(main())
