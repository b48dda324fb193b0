#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Mails to measure with.
#   mkinputs.py PKI OUT [NAME...]
# pdf-SIZE.eml: one signed PDF that is one large stream; pdf-SIZE-objects.eml: the same with 200
# objects a megabyte, so that comparing revisions is seen; pdf-25m-10.eml: ten signatures, each a
# revision of its own; smime-25m.eml: multipart/signed; plain-10k.eml and plain-10m.eml: nothing to
# verify, the large one with a picture (by its first bytes).
"""Inputs of the measurements."""

import os
import random
import sys

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path[:0] = [TESTS + "/documents", TESTS + "/mail"]

PKI, OUT = sys.argv[1:3]

import mailbuild
import pdfbuild
import pdfsign
from mkpdf import moment

MEGABYTE = 1 << 20
SIZES = {"100k": 100 << 10, "1m": MEGABYTE, "10m": 10 * MEGABYTE, "25m": 25 * MEGABYTE}
SIGNED = moment("100d-ago")


def pdf(size, objects):
    title, number = "V/v tăng cường sử dụng chữ ký số", "2415/SNV-VTLT"
    count = objects * size // MEGABYTE
    return pdfbuild.build(title, number, SIGNED, 1, "table", max(size - 40000 - 120 * count, 0), count)


def signed(data, by="agency"):
    return pdfsign.sign(data, PKI, by, SIGNED)


def with_attachment(data, name="van-ban.pdf", kind="application/pdf"):
    return mailbuild.mail(mailbuild.multipart([mailbuild.text_part(), mailbuild.attachment(data, name, kind)]))


def ten_signatures(data):
    for i in range(10):
        data = signed(data, ("agency", "person")[i % 2])
    return data


def picture(size):
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + random.Random(7).randbytes(size)


def message_signature(size):
    parts = [mailbuild.text_part(), mailbuild.attachment(picture(size), "anh.jpg", "image/jpeg")]
    return mailbuild.mail(mailbuild.multipart_signed(mailbuild.multipart(parts), PKI, "smime"), sender="binhtt@ninhbinh.gov.vn")


# name: how to make it
MAILS = {f"pdf-{name}{suffix}": lambda size=size, objects=objects: with_attachment(signed(pdf(size, objects)))
         for name, size in SIZES.items() for suffix, objects in (("", 0), ("-objects", 200))}
MAILS |= {
    "pdf-25m-10": lambda: with_attachment(ten_signatures(pdf(SIZES["25m"], 0))),
    "pdf-25m-objects-10": lambda: with_attachment(ten_signatures(pdf(SIZES["25m"], 200))),
    "smime-25m": lambda: message_signature(SIZES["25m"]),
    "plain-10k": lambda: mailbuild.mail(mailbuild.text_part(mailbuild.TEXT * 70)),
    "plain-10m": lambda: with_attachment(picture(SIZES["10m"]), "anh.jpg", "image/jpeg"),
}


def main():
    os.makedirs(OUT, exist_ok=True)
    for name in sys.argv[3:] or MAILS:
        with open(f"{OUT}/{name}.eml", "wb") as file:
            file.write(MAILS[name]())


main()
