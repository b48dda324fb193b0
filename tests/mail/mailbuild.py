# SPDX-License-Identifier: Apache-2.0
#
# Mails byte by byte: attachments with names in every form that mailers use, S/MIME by RFC 8551,
# and broken ones. All lines end in CRLF.
"""Build mails."""

import base64
import os
import quopri
import sys
import unicodedata

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "pki"))

import cmsmake
import credentials

CRLF = b"\r\n"
TEXT = "Kính gửi Quý cơ quan,\r\n\r\nXin gửi văn bản kèm theo.\r\n\r\nTrân trọng./.\r\n"


def utf8(text):
    return text.encode("utf-8")


def encoded_word(text):
    """RFC 2047, one word of base64."""
    return b"=?utf-8?B?" + base64.b64encode(utf8(text)) + b"?="


def base64_lines(data):
    return base64.encodebytes(data).replace(b"\n", CRLF)


# ---- file names ----

def name_2231(name):
    escaped = "".join(chr(c) if c < 128 and (chr(c).isalnum() or chr(c) in "-._") else f"%{c:02X}" for c in utf8(name))
    return b"filename*=utf-8''" + escaped.encode()


def name_2231_continued(name):
    escaped = name_2231(name).split(b"''", 1)[1]
    pieces = [escaped[i:i + 30] for i in range(0, len(escaped), 30)]
    # An escape is never divided.
    for i in range(len(pieces) - 1):
        cut = pieces[i].rfind(b"%", len(pieces[i]) - 2)
        if cut >= 0:
            pieces[i], pieces[i + 1] = pieces[i][:cut], pieces[i][cut:] + pieces[i + 1]
    return (b";" + CRLF + b" ").join(
        b"filename*%d*=%s%s" % (i, b"utf-8''" if i == 0 else b"", piece) for i, piece in enumerate(pieces))


def name_2047(name):
    return b'filename="' + encoded_word(name) + b'"'


def name_raw(name):
    return b'filename="' + utf8(name) + b'"'


def name_nfd(name):
    return name_2231(unicodedata.normalize("NFD", name))


# ---- entities ----

def text_part(text=TEXT):
    return (b"Content-Type: text/plain; charset=utf-8" + CRLF + b"Content-Transfer-Encoding: quoted-printable" + CRLF + CRLF
            + quopri.encodestring(utf8(text.replace("\r\n", "\n"))).replace(b"\n", CRLF))


def attachment(data, name, kind="application/pdf", parameter=name_2231):
    return (b"Content-Type: " + kind.encode() + CRLF + b"Content-Transfer-Encoding: base64" + CRLF
            + b"Content-Disposition: attachment; " + parameter(name) + CRLF + CRLF + base64_lines(data))


def nested(mail, name="thu.eml"):
    return (b"Content-Type: message/rfc822" + CRLF + b"Content-Disposition: attachment; filename=" + name.encode() + CRLF + CRLF
            + mail)


def multipart(parts, subtype="mixed", boundary="=_vanthu", parameters=b""):
    mark = boundary.encode()
    body = b"".join(b"--" + mark + CRLF + part + CRLF for part in parts)
    return (b"Content-Type: multipart/" + subtype.encode() + parameters + b"; boundary=\"" + mark + b"\"" + CRLF + CRLF + body
            + b"--" + mark + b"--" + CRLF)


def mail(entity, sender="vanthu@sonv.ninhbinh.gov.vn", to="vanthu@ninhbinh.gov.vn", subject="V/v chữ ký số", extra=b"",
         date="Sat, 21 Nov 2026 09:00:00 +0700", number="1"):
    return (extra + b"From: " + encoded_word("Văn thư") + b" <" + sender.encode() + b">" + CRLF + b"To: <" + to.encode() + b">"
            + CRLF + b"Subject: " + encoded_word(subject) + CRLF + b"Date: " + date.encode() + CRLF + b"Message-ID: <" + number.encode()
            + b"@sonv.ninhbinh.gov.vn>" + CRLF + b"MIME-Version: 1.0" + CRLF + entity)


# ---- S/MIME ----

def multipart_signed(entity, pki, by, at=None, **options):
    """multipart/signed over the exact bytes of the entity (RFC 1847, RFC 8551)."""
    cms = cmsmake.signed_data(credentials.load(pki, by), entity, detached=True, signing_time=at, **options)
    signature = (b"Content-Type: application/pkcs7-signature; name=smime.p7s" + CRLF + b"Content-Transfer-Encoding: base64" + CRLF
                 + b"Content-Disposition: attachment; filename=smime.p7s" + CRLF + CRLF + base64_lines(cms))
    return multipart([entity, signature], "signed", "=_signed",
                     b"; protocol=\"application/pkcs7-signature\"; micalg=sha-256")


def opaque(entity, pki, by, at=None, **options):
    """application/pkcs7-mime; smime-type=signed-data."""
    cms = cmsmake.signed_data(credentials.load(pki, by), entity, detached=False, signing_time=at, **options)
    return (b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m" + CRLF
            + b"Content-Transfer-Encoding: base64" + CRLF + b"Content-Disposition: attachment; filename=smime.p7m" + CRLF + CRLF
            + base64_lines(cms))


def p7m(data, pki, by, at=None):
    """A file wrapped in a CMS."""
    return cmsmake.signed_data(credentials.load(pki, by), data, detached=False, signing_time=at)


def p7s(data, pki, by, at=None):
    return cmsmake.signed_data(credentials.load(pki, by), data, detached=True, signing_time=at)
