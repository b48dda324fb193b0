#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Every named document judged by the Digital Signature Service of the EU too, with the same roots and CRLs and
# its own policy: the indications of EN 319 102-1. Where it says something else than vanthu, the reason
# stands in DIFFERENCES; a difference that is not there, or no longer occurs, fails.
# Exit status 77: it cannot be had from the Maven repository.
"""Agreement with DSS."""

import os
import sys
import tempfile

from made import make, names
from programs import dss, dss_install

import expect

WARNED = "DSS only warns of changes after signing that leave the number of pages as it is"
NO_PERIOD = "DSS finds no status of the time in which the certificate was valid, and stops there"
CHAIN = "DSS has one word for a path whose status is not known; TRY_LATER is that of EN 319 102-1 table 6"
STAMPS = "DSS does not list document time stamps among the signatures"
CLAIM = "the signer's own time is after it: a claimed time makes a verdict worse, never better"
GENERAL, OPEN, FORMAT = "INDETERMINATE/CERTIFICATE_CHAIN_GENERAL_FAILURE", "INDETERMINATE/SIG_CONSTRAINTS_FAILURE", "FAILED/FORMAT_FAILURE"

# file: what DSS says, what vanthu says, and why they differ.
DIFFERENCES = {
    "authority-signs.pdf": ("PASSED", "INDETERMINATE/CHAIN_CONSTRAINTS_FAILURE",
                            "DSS asks for no extended key usage; a certificate for OCSP or time stamps signs no documents"),
    "content-replaced.pdf": ("PASSED PASSED", f"{FORMAT} {FORMAT}", WARNED),
    "note-added.pdf": ("PASSED PASSED", f"{OPEN} {OPEN}", WARNED),
    "junk-after.pdf": ("PASSED PASSED", f"{OPEN} {OPEN}", WARNED),
    "fake-page.pdf": ("PASSED PASSED PASSED", f"{OPEN} {OPEN} PASSED", WARNED),
    "fake-page-in-parts.pdf": ("PASSED PASSED PASSED PASSED PASSED PASSED", f"{OPEN} " * 5 + "PASSED", WARNED),
    "unlisted-object.pdf": ("PASSED", OPEN, WARNED),
    "expired.pdf": (GENERAL, "INDETERMINATE/OUT_OF_BOUNDS_NO_POE", NO_PERIOD),
    "expired-before.pdf": (GENERAL, "FAILED/EXPIRED", f"{NO_PERIOD}; {CLAIM}"),
    "not-yet.pdf": (GENERAL, "FAILED/NOT_YET_VALID", f"{NO_PERIOD}; the time stamp proves a time before it began"),
    "revoked.pdf": ("INDETERMINATE/REVOKED_NO_POE", "FAILED/REVOKED", CLAIM),
    "revoked-ca.pdf": (GENERAL, "INDETERMINATE/REVOKED_CA_NO_POE", CHAIN),
    "status-silent.pdf": (GENERAL, "INDETERMINATE/TRY_LATER", CHAIN),
    "status-unknown.pdf": (GENERAL, "INDETERMINATE/TRY_LATER", CHAIN),
    "good-archived.pdf": ("PASSED", "PASSED PASSED", STAMPS),
    "old-stamp-archived.pdf": ("PASSED", "PASSED PASSED", STAMPS),
    "only-stamped.pdf": ("-", OPEN, STAMPS),
    "revoked-since-part-stamped.pdf": ("INDETERMINATE/REVOKED_NO_POE", f"{OPEN} {FORMAT}",
                                       STAMPS + "; and it does not ask whether a stamp's gap is /Contents alone"),
    "old-stamp-expired.pdf": ("INDETERMINATE/OUT_OF_BOUNDS_NOT_REVOKED", "INDETERMINATE/OUT_OF_BOUNDS_NO_POE",
                              "DSS adds that it is not revoked today"),
    "other-stamp.pdf": ("PASSED", OPEN, "DSS leaves a stamp over other bytes out; vanthu lets somebody look at it"),
    "sha1-subfilter.pdf": ("PASSED", "INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
                           "adbe.pkcs7.sha1: DSS judges the SHA-256 over it, vanthu the SHA-1 of the document"),
    "truncated.pdf": ("PASSED", OPEN, "the end is missing: DSS rebuilds the table by guessing"),
    "junk-before.pdf": ("unreadable", f"{FORMAT} {FORMAT}", "DSS wants %PDF at the first byte"),
    "range-huge.pdf": (FORMAT, "-", "a number beyond 64 bits damages the object for vanthu's reader: MALFORMED"),
    "range-three.pdf": ("-", FORMAT, "three numbers are no range: DSS passes the signature over"),
}


def said(answer):
    if not isinstance(answer, list):
        return "unreadable"
    return " ".join(signature["indication"] for signature in answer) or "-"


def main():
    if not dss_install():
        print("DSS cannot be installed from the Maven repository")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        pki, documents, _ = make(folder)
        config, unused, failed = expect.configure(pki, folder), set(DIFFERENCES), 0
        for path, answer in dss(pki, [f"{documents}/{name}" for name in names(documents, ".pdf")]).items():
            name = os.path.basename(path)
            _, evidence = expect.check(pki, config, path)
            ours = " ".join(word.replace("TOTAL-", "") for word in expect.verdicts_of(evidence)) or "-"
            stated = DIFFERENCES.get(name, (ours, ours))[:2]
            unused.discard(name)
            differs = "stderr" in evidence or (said(answer), ours) != stated
            failed += differs
            print("FAIL" if differs else "ok", name, f"DSS {said(answer)}, vanthu {ours}, stated {stated}" if differs else "", sep="  ")
    for name in sorted(unused):
        print(f"FAIL  {name}: a difference is stated, but the file is not there")
    return 1 if failed or unused else 0


sys.exit(main())
