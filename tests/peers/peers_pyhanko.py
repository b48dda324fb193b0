#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Every named document judged by pyHanko too, an independent validator of PDF signatures in Python:
# integrity, coverage, changes after signing, and the indication of EN 319 102-1 with the same roots
# and CRLs. Where it says something else than vanthu, the reason stands in DIFFERENCES; a difference
# that is not there, or no longer occurs, fails.
# pyHanko comes from the Python package index into build/peers. Exit status 77: it cannot be had.
"""Agreement with pyHanko."""

import os
import sys
import tempfile

from made import make, names
from programs import pyhanko, pyhanko_install

import expect

# Files that pyHanko gives up on or passes over, and why.
UNREADABLE = {
    "broken-xref.pdf": "no cross-reference section at the offset: vanthu calls it FILE_UNREADABLE",
    "declared-1gb.pdf": "the same after the length was changed: vanthu calls it damaged",
    "junk-before.pdf": "pyHanko wants %PDF at the first byte; vanthu reads it, and the ranges do not fit",
    "range-huge.pdf": "a number beyond 64 bits: vanthu calls it MALFORMED",
    "range-three.pdf": "three numbers: vanthu says that the signature is broken",
    "truncated.pdf": "no end: vanthu shows the signature whose revision is complete, as INDETERMINATE",
    "sha1-subfilter.pdf": "pyHanko does not know adbe.pkcs7.sha1",
}

DIFF_IS_APART = "the indication of pyHanko's process knows nothing of changes after signing (it agrees on those themselves)"
STAMP_IGNORED = "a time stamp whose authority has expired proves no time, and the certificate is valid without it"
STRUCTURE = "pyHanko leaves a gap that is not /Contents, or ranges that are no ranges, to the coverage it reports"
CLAIM_IS_WORSE = "the signer's own time is after it: a claimed time makes a verdict worse, never better"
HASHED = "pyHanko hashes what the ranges name; vanthu calls ranges that cannot be right a defect of the format"
BROKEN_FORMAT = "FAILED/FORMAT_FAILURE"

APPEARANCE = "pyHanko lets a new signature field look like anything; an appearance that covers the page may hide it"
UNLISTED = "an object that no cross-reference section lists is shown by readers that rebuild the table"
OPEN = "INDETERMINATE/SIG_CONSTRAINTS_FAILURE"

# (file, what): what pyHanko says, what vanthu says, and why they differ.
DIFFERENCES = {
    ("content-replaced.pdf", "indication"): ("PASSED PASSED", f"{BROKEN_FORMAT} {BROKEN_FORMAT}", DIFF_IS_APART),
    ("note-added.pdf", "indication"): ("PASSED PASSED", " ".join(["INDETERMINATE/SIG_CONSTRAINTS_FAILURE"] * 2), DIFF_IS_APART),
    ("page-added.pdf", "indication"): ("PASSED PASSED", " ".join(["FAILED/FORMAT_FAILURE"] * 2), DIFF_IS_APART),
    ("junk-after.pdf", "indication"): ("PASSED PASSED", " ".join(["INDETERMINATE/SIG_CONSTRAINTS_FAILURE"] * 2), DIFF_IS_APART),
    ("junk-after.pdf", "changes"): ("permitted permitted", "not permitted not permitted",
                                    "bytes after the last %%EOF: pyHanko looks at objects only, vanthu cannot say what they are for"),
    ("fake-page.pdf", "changes"): ("permitted permitted none", "not permitted not permitted none", APPEARANCE),
    ("fake-page.pdf", "indication"): ("PASSED PASSED PASSED", f"{OPEN} {OPEN} PASSED", APPEARANCE),
    ("fake-page-in-parts.pdf", "changes"): ("permitted " * 5 + "none", "not permitted " * 5 + "none", APPEARANCE),
    ("fake-page-in-parts.pdf", "indication"): ("PASSED " * 5 + "PASSED", f"{OPEN} " * 5 + "PASSED", APPEARANCE),
    ("unlisted-object.pdf", "changes"): ("permitted", "not permitted", UNLISTED),
    ("unlisted-object.pdf", "indication"): ("PASSED", OPEN, UNLISTED),
    ("authority-signs.pdf", "indication"): ("PASSED", "INDETERMINATE/CHAIN_CONSTRAINTS_FAILURE",
                                            "pyHanko asks for no extended key usage; a certificate for OCSP or time stamps signs no documents"),
    ("gap-wider.pdf", "integrity"): ("intact", "broken", STRUCTURE),
    ("gap-wider.pdf", "indication"): ("PASSED", BROKEN_FORMAT, STRUCTURE),
    ("revoked-since-part-stamped.pdf", "integrity"): ("intact intact", "intact broken", STRUCTURE),
    ("revoked-since-part-stamped.pdf", "changes"): ("permitted not permitted", "not permitted not permitted", STRUCTURE),
    ("revoked-since-part-stamped.pdf", "indication"): (
        "INDETERMINATE/REVOKED_NO_POE PASSED", f"INDETERMINATE/SIG_CONSTRAINTS_FAILURE {BROKEN_FORMAT}", STRUCTURE),
    ("range-beyond.pdf", "integrity"): ("intact", "broken", STRUCTURE),
    ("range-beyond.pdf", "indication"): ("PASSED", BROKEN_FORMAT, STRUCTURE),
    ("range-negative.pdf", "indication"): ("FAILED/HASH_FAILURE", BROKEN_FORMAT, HASHED),
    ("range-not-from-start.pdf", "indication"): ("FAILED/HASH_FAILURE", BROKEN_FORMAT, HASHED),
    ("range-overlapping.pdf", "indication"): ("FAILED/HASH_FAILURE", BROKEN_FORMAT, HASHED),
    ("expired-before.pdf", "indication"): ("INDETERMINATE/OUT_OF_BOUNDS_NO_POE", "FAILED/EXPIRED", CLAIM_IS_WORSE),
    ("revoked.pdf", "indication"): ("INDETERMINATE/REVOKED_NO_POE", "FAILED/REVOKED", CLAIM_IS_WORSE),
    ("not-yet.pdf", "indication"): ("INDETERMINATE/CERTIFICATE_CHAIN_GENERAL_FAILURE", "FAILED/NOT_YET_VALID",
                                    "the time stamp proves a time before the certificate's period (EN 319 102-1 5.5.4)"),
    ("other-stamp.pdf", "indication"): ("FAILED/HASH_FAILURE", "INDETERMINATE/SIG_CONSTRAINTS_FAILURE",
                                        "a stamp over other bytes spoils the stamp; the document is intact"),
    ("unknown-stamp.pdf", "indication"): ("INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND", "PASSED",
                                          "a stamp that proves nothing is left out, and the signature judged without it"),
    ("only-stamped.pdf", "indication"): ("PASSED", "INDETERMINATE/SIG_CONSTRAINTS_FAILURE",
                                         "a time stamp that covers no signature is good as a stamp, and signed by nobody"),
    ("self-made.pdf", "indication"): ("INDETERMINATE/CHAIN_CONSTRAINTS_FAILURE", "INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND",
                                      "a self-signed signer that is no anchor: there is no chain (EN 319 102-1 5.2.6)"),
    ("status-unknown.pdf", "indication"): ("INDETERMINATE/CERTIFICATE_CHAIN_GENERAL_FAILURE", "INDETERMINATE/TRY_LATER",
                                           "status that may be had later is TRY_LATER (EN 319 102-1 table 6)"),
    ("status-silent.pdf", "indication"): ("INDETERMINATE/CERTIFICATE_CHAIN_GENERAL_FAILURE", "INDETERMINATE/TRY_LATER",
                                          "no revocation data at hand: TRY_LATER (EN 319 102-1 table 6)"),
    ("old-stamp.pdf", "indication"): ("INDETERMINATE/OUT_OF_BOUNDS_NO_POE", "PASSED", STAMP_IGNORED),
    ("old-stamp-archived.pdf", "indication"): ("INDETERMINATE/OUT_OF_BOUNDS_NO_POE PASSED", "PASSED PASSED", STAMP_IGNORED),
    ("suspended.pdf", "indication"): ("INDETERMINATE/REVOKED_NO_POE", "INDETERMINATE/TRY_LATER",
                                      "certificateHold may end: TRY_LATER (EN 319 102-1 table 6)"),
    ("weak-digest.pdf", "indication"): ("INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE", "INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
                                        "vanthu says that it would be another verdict with proof of an earlier time"),
    ("weak-key.pdf", "indication"): ("INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE", "INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
                                     "the same"),
}


def vanthu(pki, config, path):
    status, evidence = expect.check(pki, config, path)
    if "stderr" in evidence:
        raise RuntimeError(f"{path}: no evidence (exit {status}): {evidence['stderr']}")
    return [signature for document in evidence["documents"] for signature in document["signatures"]]


# ---- vanthu's words as pyHanko's ----

def changes_of(signature):
    # pyHanko does not tell what is forbidden from what it does not know.
    return {"none": "none", "permitted": "permitted"}.get(signature["changes_after"], "not permitted")


def indication_of(signature):
    word = signature["indication"].replace("TOTAL-", "")
    return word + ("/" + signature["sub_indication"] if signature["sub_indication"] else "")


OURS = {"integrity": lambda s: s["integrity"], "covers": lambda s: s["covers"], "changes": changes_of, "indication": indication_of}


def compare(name, theirs, ours, unused):
    """Texts of unstated differences."""
    unused.discard((name, "*"))
    if name in UNREADABLE:
        if isinstance(theirs, list) and theirs:
            yield "pyHanko reads it now"
        return
    if not isinstance(theirs, list):
        yield f"pyHanko cannot read it: {theirs}"
        return
    for what, get in OURS.items():
        said, we_say = " ".join(s[what] for s in theirs), " ".join(get(s) for s in ours)
        unused.discard((name, what))
        stated = DIFFERENCES.get((name, what), (we_say, we_say))[:2]
        if (said, we_say) != stated:
            yield f"{what}: pyHanko {said}, vanthu {we_say}, stated {stated}"


def main():
    if not pyhanko_install():
        print("pyHanko cannot be installed from the package index")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        pki, documents, _ = make(folder)
        config, unused, failed = expect.configure(pki, folder), set(DIFFERENCES) | {(n, "*") for n in UNREADABLE}, 0
        files = [f"{documents}/{name}" for name in names(documents, ".pdf")]
        for path, theirs in pyhanko(pki, files).items():
            name = os.path.basename(path)
            wrong = list(compare(name, theirs, vanthu(pki, config, path), unused))
            failed += bool(wrong)
            print("FAIL" if wrong else "ok", name, "; ".join(wrong), sep="  ")
    for name, what in sorted(unused):
        print(f"FAIL  {name}: a difference in {what} is stated, but the file is not there")
    return 1 if failed or unused else 0


sys.exit(main())
