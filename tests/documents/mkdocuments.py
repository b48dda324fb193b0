#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# The named test documents, and what is to be found in each.
#   mkdocuments.py PKI OUT
# OUT/documents.tsv has one line per document: file, exit (of `vanthu check`; several allowed ones
# separated by |), one verdict per signature separated by spaces (INDICATION[/SUB_INDICATION]; "-":
# no signature), and the reason codes that have to be there ("-": none at all; "*": any).
# Judged offline with the anchors of trust/official and trust/public, trust/intermediates, and the
# CRLs of root-g2, ca-g2, root-g1, ca-g1, public-root and public-ca.
"""Documents of the tests."""

import os
import re
import sys

from mkpdf import moment
import pdfbuild
import pdfsign

PKI, OUT = sys.argv[1], sys.argv[2]
SIGNED = moment("100d-ago")
PASSED = "TOTAL-PASSED"


def new(xref="table"):
    return pdfbuild.build("V/v tăng cường sử dụng chữ ký số", "2415/SNV-VTLT", SIGNED, 1, xref, 0, 0)


def signed(by="agency", data=None, at=SIGNED, **options):
    return pdfsign.sign(data or new(), PKI, by, at, **options)


def both():
    return signed("agency", signed("person"))


def stamped(by="agency", **options):
    return signed(by, stamped=SIGNED, **options)


def pki_file(name):
    with open(os.path.join(PKI, name), "rb") as file:
        return file.read()


def byte_changed(data):
    """One byte of the page's content, covered by every signature."""
    place = data.index(b"stream", data.index(b"/Contents")) + 40
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1:]


def declared_length():
    """1 GB declared in a file of 1 KB."""
    return re.sub(rb"/Length \d+", b"/Length 1073741824", new(), count=1)


def ranges(text):
    return signed(byte_range=text)


def documents():
    good = both()
    past = pki_file("crl-extra/ca-g2.past.crl")
    chain = [pki_file("crt/ca-g2.crt"), pki_file("crt/root-g2.crt")]
    yield "good.pdf", good, "0", f"{PASSED} {PASSED}", "-"
    yield "good-small.pdf", signed(certs="leaf", visible=False), "0", PASSED, "-"
    yield "good-stamped.pdf", stamped(), "0", PASSED, "-"
    yield "good-xref-stream.pdf", signed("agency", signed("person", new(xref="stream"))), "0", f"{PASSED} {PASSED}", "-"
    yield "good-pkcs7.pdf", signed(sub_filter="adbe.pkcs7.detached"), "0", PASSED, "-"
    yield "good-pss.pdf", signed(scheme="pss"), "0", PASSED, "-"
    yield "good-ecdsa.pdf", signed("agency-ec"), "0", PASSED, "-"
    yield "good-sha512.pdf", signed(digest="sha512"), "0", PASSED, "-"
    yield "good-leaf-only.pdf", signed(certs="leaf"), "0", PASSED, "-"
    yield "good-no-ess.pdf", signed(sub_filter="adbe.pkcs7.detached", ess=False), "0", PASSED, "-"
    yield "good-public.pdf", signed("public"), "0", PASSED, "-"
    yield "good-dss.pdf", pdfsign.add_dss(stamped(), chain, [pki_file("crl/ca-g2.crl")]), "0", PASSED, "-"
    yield "good-archived.pdf", pdfsign.stamp(signed(), PKI, SIGNED), "0", f"{PASSED} {PASSED}", "-"
    yield "good-certified.pdf", signed(certify=2), "0", PASSED, "-"
    yield "metadata-after.pdf", pdfsign.change_metadata(good, moment("1d-ago")), "0|2", "*", "*"

    yield "only-stamped.pdf", pdfsign.stamp(new(), PKI, SIGNED), "2", "INDETERMINATE/SIG_CONSTRAINTS_FAILURE", "-"
    # A signed file that is also a web page, under the name of one.
    yield "two-kinds.html", pdfsign.add_dss(signed(), [b"<html>Shown instead</html>"]), "2", \
        "INDETERMINATE/SIG_CONSTRAINTS_FAILURE", "MALFORMED"

    yield "byte-changed.pdf", byte_changed(good), "1", "TOTAL-FAILED/HASH_FAILURE TOTAL-FAILED/HASH_FAILURE", "CONTENT_CHANGED"
    yield "content-replaced.pdf", pdfsign.replace_content(good), "1|2", "*", "CONTENT_CHANGED|CHANGE_UNCLEAR"
    yield "page-added.pdf", pdfsign.add_page(good), "1|2", "*", "CONTENT_CHANGED|CHANGE_UNCLEAR"
    for name, rects in (("fake-page.pdf", [[0, 0, 595, 842]]), ("fake-page-in-parts.pdf", [[0, y, 595, y + 169] for y in range(0, 676, 169)])):
        hidden = good
        for rect in rects:
            hidden = signed("public", hidden, rect=rect)
        yield name, hidden, "2", " ".join(["INDETERMINATE/SIG_CONSTRAINTS_FAILURE"] * (1 + len(rects)) + [PASSED]), "CHANGE_UNCLEAR"
    yield "good-large-seal.pdf", signed("agency", signed("person"), rect=[300, 60, 560, 320]), "0", f"{PASSED} {PASSED}", "-"
    yield "unlisted-object.pdf", pdfsign.add_unlisted(signed()), "2", "INDETERMINATE/SIG_CONSTRAINTS_FAILURE", "CHANGE_UNCLEAR"
    yield "note-added.pdf", pdfsign.add_note(good), "1|2", "*", "ADDED_AFTER_SIGNING|CHANGE_UNCLEAR"
    yield "signature-removed.pdf", pdfsign.remove_signature_value(signed()), "1|2", "*", "*"
    yield "other-key.pdf", signed(key_of="agency2"), "1", "TOTAL-FAILED/SIG_CRYPTO_FAILURE", "BAD_SIGNATURE"

    yield "revoked.pdf", signed("revoked"), "1", "TOTAL-FAILED/REVOKED", "CERT_REVOKED"
    yield "revoked-since.pdf", signed("revoked-since"), "2", "INDETERMINATE/REVOKED_NO_POE", "CERT_REVOKED_SINCE"
    yield "revoked-since-stamped.pdf", stamped("revoked-since"), "0", PASSED, "-"
    # A time stamp over some bytes of a later revision says nothing of the signature.
    yield "revoked-since-part-stamped.pdf", pdfsign.stamp(signed("revoked-since"), PKI, SIGNED, gap=(1000, 0)), "1", \
        "INDETERMINATE/SIG_CONSTRAINTS_FAILURE TOTAL-FAILED/FORMAT_FAILURE", "CERT_REVOKED_SINCE"
    yield "suspended.pdf", signed("suspended"), "2", "*", "CERT_SUSPENDED"
    yield "expired.pdf", signed("expired"), "2", "INDETERMINATE/OUT_OF_BOUNDS_NO_POE", "CERT_EXPIRED_SINCE"
    yield "expired-stamped.pdf", pdfsign.add_dss(stamped("expired"), chain, [past]), "0", PASSED, "-"
    yield "expired-before.pdf", signed("expired", at=moment("10d-ago")), "1", "TOTAL-FAILED/EXPIRED", "CERT_EXPIRED"
    yield "not-yet.pdf", signed("future", stamped=SIGNED), "1", "TOTAL-FAILED/NOT_YET_VALID", "CERT_NOT_YET"
    yield "unknown-ca.pdf", signed("unknown"), "2", "INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND", "PATH_UNKNOWN_ROOT"
    yield "self-made.pdf", signed("self"), "2", "INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND", "PATH_SELF_MADE"
    yield "imitated-root.pdf", signed("fake"), "2", "INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND", "PATH_SELF_MADE"
    yield "missing-ca.pdf", signed("missing", certs="leaf"), "2", "INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND", "PATH_UNKNOWN_ROOT"
    yield "revoked-ca.pdf", signed("old-ca"), "1|2", "*", "CA_INVALID"
    yield "status-unknown.pdf", signed("unreachable"), "2", "INDETERMINATE/TRY_LATER", "STATUS_UNKNOWN"
    yield "status-silent.pdf", signed("silent"), "2", "INDETERMINATE/TRY_LATER", "STATUS_UNKNOWN"
    yield "weak-key.pdf", signed("weak"), "2", "INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE_NO_POE", "WEAK_ALGORITHM"
    yield "weak-digest.pdf", signed(digest="sha1"), "2", "INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE_NO_POE", "WEAK_ALGORITHM"
    yield "authority-signs.pdf", signed("tsa"), "2", "INDETERMINATE/CHAIN_CONSTRAINTS_FAILURE", "CERT_SCOPE"
    yield "sha1-subfilter.pdf", signed(sub_filter="adbe.pkcs7.sha1"), "2", "INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE_NO_POE", "WEAK_ALGORITHM"
    yield "other-stamp.pdf", stamped(wrong_stamp=True), "1|2", "*", "TIMESTAMP_INVALID"
    yield "unknown-stamp.pdf", stamped(tsa="tsa-unknown"), "0|2", "*", "TIMESTAMP_UNVERIFIED"
    # An authority that has expired: its time stamp proves nothing, unless a later one covers it that does.
    yield "old-stamp.pdf", stamped(tsa="tsa-old"), "0", PASSED, "TIMESTAMP_UNVERIFIED"
    yield "old-stamp-expired.pdf", pdfsign.add_dss(stamped("expired", tsa="tsa-old"), chain, [past]), "2", \
        "INDETERMINATE/OUT_OF_BOUNDS_NO_POE", "CERT_EXPIRED_SINCE"
    yield "old-stamp-archived.pdf", \
        pdfsign.stamp(pdfsign.add_dss(stamped("expired", tsa="tsa-old"), chain, [past]), PKI, moment("59d-ago")), "0", \
        f"{PASSED} {PASSED}", "-"
    yield "local-as-utc.pdf", stamped(sub_filter="adbe.pkcs7.detached", local_as_utc=True), "0|2", "*", "TIME_INCONSISTENT"

    yield "unsigned.pdf", new(), "3", "-", "-"
    yield "truncated.pdf", good[:len(good) * 2 // 3], "2", "*", "FILE_UNREADABLE|MALFORMED"
    yield "broken-xref.pdf", re.sub(rb"startxref\n\d+", b"startxref\n7", new()), "2", "-", "FILE_UNREADABLE"
    yield "declared-1gb.pdf", declared_length(), "2", "-", "FILE_UNREADABLE|MALFORMED"
    yield "range-negative.pdf", ranges("[0 -5 {b} {c}]"), "1|2", "*", "MALFORMED"
    yield "range-overlapping.pdf", ranges("[0 {b} {a} {c}]"), "1|2", "*", "MALFORMED"
    yield "range-beyond.pdf", ranges("[0 {a} {b} 99999999]"), "1|2", "*", "MALFORMED"
    yield "range-huge.pdf", ranges("[0 {a} 9223372036854775808 {c}]"), "1|2", "*", "MALFORMED"
    yield "range-not-from-start.pdf", ranges("[10 {a} {b} {c}]"), "1|2", "*", "MALFORMED"
    yield "range-three.pdf", ranges("[0 {a} {b}]"), "1|2", "*", "MALFORMED"
    yield "gap-wider.pdf", signed(gap=(30, 30)), "1|2", "*", "MALFORMED"
    yield "junk-before.pdf", b"junk before\n" + good, "1|2", "*", "*"
    yield "junk-after.pdf", good + b"junk after\n" * 20, "1|2", "*", "*"


def main():
    os.makedirs(OUT, exist_ok=True)
    with open(os.path.join(OUT, "documents.tsv"), "w", encoding="utf-8") as table:
        table.write("file\texit\tverdicts\treasons\n")
        for name, data, status, verdicts, reasons in documents():
            with open(os.path.join(OUT, name), "wb") as file:
                file.write(data)
            table.write(f"{name}\t{status}\t{verdicts}\t{reasons}\n")


main()
