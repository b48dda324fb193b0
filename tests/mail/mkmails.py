#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# The named test mails, and what is to be found in each.
#   mkmails.py PKI DOCUMENTS OUT
# DOCUMENTS is what mkdocuments.py made. OUT/mails.tsv has the columns of documents.tsv, and names:
# the file names of the documents that have one, separated by "|", "*" for any.
"""Mails of the tests."""

import base64
import datetime
import hashlib
import os
import sys

import mailbuild as build
import cmsmake
import credentials
from mailbuild import CRLF, attachment, mail, multipart, text_part

PKI, DOCUMENTS, OUT = sys.argv[1:4]
PASSED = "TOTAL-PASSED"
STAMPED = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=100)
NAME = "Quyết định số 123-QĐ-UBND (phụ lục).signed.pdf"


def document(name):
    with open(os.path.join(DOCUMENTS, name), "rb") as file:
        return file.read()


def with_pdf(name, shown=NAME, parameter=build.name_2231, **options):
    return mail(multipart([text_part(), attachment(document(name), shown, parameter=parameter)]), **options)


def smime(entity=None, by="smime", **options):
    return mail(build.multipart_signed(entity or text_part(), PKI, by, **options), sender="binhtt@ninhbinh.gov.vn")


def deep_multipart(depth):
    entity = text_part("sâu\r\n")
    head, tail = b"", b""
    for i in range(depth):
        mark = b"b%d" % i
        head += b"Content-Type: multipart/mixed; boundary=" + mark + CRLF + CRLF + b"--" + mark + CRLF
        tail = CRLF + b"--" + mark + b"--" + CRLF + tail
    return mail(head + entity + tail)


def deep_mail(depth):
    inner = with_pdf("good-small.pdf")
    for _ in range(depth):
        inner = mail(build.nested(inner))
    return inner


def many_parts(count):
    return mail(multipart([b"Content-Type: text/plain" + CRLF + CRLF + b"x"] * count))


def good_mails():
    yield "plain.eml", mail(text_part()), "3", "-", "-", ""
    yield "pdf.eml", with_pdf("good.pdf"), "0", f"{PASSED} {PASSED}", "-", NAME
    for form in ("2231", "2231_continued", "2047", "raw", "nfd"):
        yield (f"name-{form}.eml", with_pdf("good-small.pdf", parameter=getattr(build, f"name_{form}")), "0", PASSED, "-", NAME)
    yield ("name-path.eml", with_pdf("good-small.pdf", "../../etc/cron.d/x.pdf", build.name_raw), "0", PASSED, "-", "x.pdf")
    yield "pdf-changed.eml", with_pdf("byte-changed.pdf"), "1", "*", "CONTENT_CHANGED", NAME
    yield ("nested.eml", mail(build.nested(with_pdf("good-small.pdf"))), "0", PASSED, "-", "*")
    yield ("octet-stream.eml", mail(multipart([text_part(), attachment(document("good-small.pdf"), "a.dat",
                                                                      "application/octet-stream")])), "0", PASSED, "-", "a.dat")
    yield "smime.eml", smime(), "0", PASSED, "-", ""
    yield "smime-pss.eml", smime(scheme="pss"), "0", PASSED, "-", ""
    yield "smime-ecdsa.eml", mail(build.multipart_signed(text_part(), PKI, "agency-ec"), sender="vanthu@soyt.ninhbinh.gov.vn"), \
        "0", PASSED, "-", ""
    yield "smime-opaque.eml", mail(build.opaque(text_part(), PKI, "smime"), sender="binhtt@ninhbinh.gov.vn"), "0", PASSED, "-", "*"
    with_attachment = multipart([text_part(), attachment(document("good-small.pdf"), NAME)])
    yield "smime-pdf.eml", smime(with_attachment), "0", f"{PASSED} {PASSED}", "-", NAME
    yield ("smime-opaque-pdf.eml", mail(build.opaque(with_attachment, PKI, "smime"), sender="binhtt@ninhbinh.gov.vn"), "0",
           f"{PASSED} {PASSED}", "-", "*")
    yield ("p7m.eml", mail(multipart([text_part(), attachment(build.p7m(document("unsigned.pdf"), PKI, "agency"), "a.pdf.p7m",
                                                             "application/pkcs7-mime")])), "0", PASSED, "-", "*")
    yield ("p7s.eml", mail(multipart([text_part(), attachment(document("unsigned.pdf"), "a.pdf"),
                                      attachment(build.p7s(document("unsigned.pdf"), PKI, "agency"), "a.pdf.p7s",
                                                 "application/pkcs7-signature")])), "0", PASSED, "-", "a.pdf|a.pdf.p7s")


def beside(signature, *files):
    """Files and a signature named after a.pdf."""
    return mail(multipart([text_part()] + [attachment(data, "a.pdf") for data in files]
                          + [attachment(signature, "a.pdf.p7s", "application/pkcs7-signature")]))


def smime_named(kind, name):
    """The signature of a signed message goes by another type or name."""
    return smime().replace(b"Content-Type: application/pkcs7-signature; name=smime.p7s", b"Content-Type: " + kind, 1).replace(
        b"filename=smime.p7s", b"filename=" + name, 1)


def substituted_mails():
    """Signatures that are right, beside something that is taken for what they sign."""
    open_verdict = "INDETERMINATE/SIG_CONSTRAINTS_FAILURE"
    signed, other = document("unsigned.pdf"), document("unsigned.pdf").replace(b"%%EOF", b"% other\n%%EOF")
    token = cmsmake.time_stamp_token(credentials.load(PKI, "tsa"), hashlib.sha256(other).digest(), STAMPED)
    yield "p7s-own-content.eml", beside(build.p7m(b"another text", PKI, "agency"), other), "2", open_verdict, "MALFORMED", "*"
    yield "p7s-two-files.eml", beside(build.p7s(signed, PKI, "agency"), signed, other), "2", open_verdict, "MALFORMED", "*"
    yield "p7s-same-file-twice.eml", beside(build.p7s(signed, PKI, "agency"), signed, signed), "0", PASSED, "-", "*"
    yield "p7s-token.eml", beside(token, other), "2", open_verdict, "FORMAT_UNSUPPORTED", "*"
    yield "smime-part-type.eml", smime_named(b"application/pdf; name=a.p7s", b"a.p7s"), "2", "*", "MALFORMED", "*"
    yield "smime-part-name.eml", smime_named(b"application/pkcs7-signature; name=a.pdf", b"a.pdf"), "2", open_verdict, "MALFORMED", "*"
    entity = text_part()
    cms = cmsmake.signed_data(credentials.load(PKI, "smime"), entity) + b"%PDF-1.4 something else"
    part = (b"Content-Type: application/pkcs7-signature; name=smime.p7s" + CRLF + b"Content-Transfer-Encoding: base64" + CRLF
            + CRLF + build.base64_lines(cms))
    yield ("smime-part-longer.eml", mail(multipart([entity, part], "signed", "=_signed",
                                                   b"; protocol=\"application/pkcs7-signature\"; micalg=sha-256"),
                                         sender="binhtt@ninhbinh.gov.vn"), "2", open_verdict, "MALFORMED", "*")
    yield ("smime-opaque-beside.eml", mail(multipart([text_part("Chữ đặt thêm\r\n"), build.opaque(entity, PKI, "smime")]),
                                           sender="binhtt@ninhbinh.gov.vn"), "2", open_verdict, "*", "*")
    yield ("p7m-without-inner-name.eml", mail(multipart([text_part(), attachment(build.p7m(signed, PKI, "agency"), "a.p7m",
                                                                                "application/pkcs7-mime")])), "0", PASSED, "-", "*")
    yield ("smime-nested-other-sender.eml", mail(build.nested(mail(build.multipart_signed(entity, PKI, "smime"),
                                                                   sender="giamdoc@ninhbinh.gov.vn"))), "2", open_verdict,
           "NAME_MISMATCH", "*")
    page = attachment(document("two-kinds.html"), "a.dat", "text/html")
    yield "pdf-as-html.eml", mail(multipart([text_part(), page])), "2", open_verdict, "MALFORMED", "*"
    yield "pdf-as-docx.eml", with_pdf("good-small.pdf", "a.docx"), "2", open_verdict, "MALFORMED", "*"


def bad_mails():
    changed = smime().replace(b"Tr=C3=A2n", b"Tr=C3=A1n", 1)
    yield "smime-changed.eml", changed, "1", "TOTAL-FAILED/HASH_FAILURE", "MESSAGE_CHANGED", ""
    yield "smime-footer.eml", mail(multipart([build.multipart_signed(text_part(), PKI, "smime"), text_part("Chân thư\r\n")]),
                                   sender="binhtt@ninhbinh.gov.vn"), "2", "*", "*", ""
    yield "smime-other-sender.eml", mail(build.multipart_signed(text_part(), PKI, "smime"), sender="giamdoc@ninhbinh.gov.vn"), \
        "2", "INDETERMINATE/SIG_CONSTRAINTS_FAILURE", "NAME_MISMATCH", ""
    yield "deep-multipart.eml", deep_multipart(10000), "2", "*", "TOO_LARGE|MALFORMED", "*"
    yield "deep-mail.eml", deep_mail(40), "2", "*", "TOO_LARGE|MALFORMED", "*"
    yield "many-parts.eml", many_parts(5000), "2", "*", "TOO_LARGE|MALFORMED", "*"
    twice = with_pdf("good-small.pdf").replace(b"Content-Type: application/pdf",
                                               b"Content-Type: text/plain" + CRLF + b"Content-Type: application/pdf", 1)
    yield "content-type-twice.eml", twice, "2", "*", "MALFORMED", "*"
    garbage = with_pdf("good-small.pdf")
    place = garbage.index(base64.b64encode(b"%PDF")[:5])
    yield "base64-garbage.eml", garbage[:place + 400] + b"!!\x00\xff==" + garbage[place + 400:], "1|2", "*", "MALFORMED", "*"
    yield "base64-only-garbage.eml", mail(b"Content-Type: application/pdf; name=a.pdf" + CRLF
                                          + b"Content-Transfer-Encoding: base64" + CRLF + CRLF + b"\x00\x01!!\xfe" * 500), \
        "2", "-", "MALFORMED", "*"
    yield "nul-in-header.eml", with_pdf("good-small.pdf").replace(b"Subject: ", b"Subject: a\x00b ", 1), "2", "*", "MALFORMED", "*"
    yield "empty.eml", b"", "3", "-", "*", "*"
    yield "empty-body.eml", mail(CRLF), "3", "-", "-", "*"
    yield "no-body.eml", mail(b"Content-Type: text/plain" + CRLF), "3", "-", "*", "*"
    yield "no-boundary.eml", mail(b"Content-Type: multipart/mixed" + CRLF + CRLF + b"--x" + CRLF + text_part()), "2|3", "*", "*", "*"
    cut = smime()
    yield "smime-cut.eml", cut[:cut.index(b"application/pkcs7-signature; name") - 40], "2", "*", "MALFORMED", "*"


def main():
    os.makedirs(OUT, exist_ok=True)
    with open(os.path.join(OUT, "mails.tsv"), "w", encoding="utf-8") as table:
        table.write("file\texit\tverdicts\treasons\tnames\n")
        for make in (good_mails, substituted_mails, bad_mails):
            for name, data, status, verdicts, reasons, names in make():
                with open(os.path.join(OUT, name), "wb") as file:
                    file.write(data)
                table.write(f"{name}\t{status}\t{verdicts}\t{reasons}\t{names}\n")


if __name__ == "__main__":
    main()
