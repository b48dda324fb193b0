#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# The document of the tests as different programs write it, each signed by an agency and countersigned by a person.
#   mkproducers.py PKI OUT
"""Signed PDF files of different producers."""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "documents"))

from mkpdf import moment
import pdfbuild
import pdfsign

SIGNED = moment("100d-ago")
# What writes the document again: {} is the document, {out} the new file.
WRITERS = {
    "qpdf": ["qpdf", "--static-id", "{}", "{out}"],
    "qpdf-linearized": ["qpdf", "--static-id", "--linearize", "{}", "{out}"],
    "qpdf-object-streams": ["qpdf", "--static-id", "--object-streams=generate", "{}", "{out}"],
    "qpdf-qdf": ["qpdf", "--static-id", "--qdf", "{}", "{out}"],
    "mupdf": ["mutool", "clean", "{}", "{out}"],
    "mupdf-ascii": ["mutool", "clean", "-d", "-a", "{}", "{out}"],
    "cairo": ["pdftocairo", "-pdf", "{}", "{out}"],
    "poppler": ["pdfseparate", "{}", "{out}"],
}


def sources(folder):
    """(producer, unsigned file)"""
    for kind in ("table", "stream"):
        yield "tests-" + kind, pdfbuild.build("V/v tăng cường sử dụng chữ ký số", "2415/SNV-VTLT", SIGNED, 1, kind, 0, 0)
    plain, written = folder + "/plain.pdf", folder + "/written.pdf"
    with open(plain, "wb") as file:
        file.write(pdfbuild.build("V/v tăng cường sử dụng chữ ký số", "2415/SNV-VTLT", SIGNED, 1, "table", 0, 0))
    for name, command in WRITERS.items():
        subprocess.run([part.replace("{out}", written).replace("{}", plain) for part in command], check=True, stdout=subprocess.DEVNULL, timeout=30)
        with open(written, "rb") as file:
            yield name, file.read()
    os.remove(plain)
    os.remove(written)


def main(pki, out):
    os.makedirs(out, exist_ok=True)
    for name, data in sources(out):
        signed = pdfsign.sign(pdfsign.sign(data, pki, "agency", SIGNED, visible=False, certs="leaf"), pki, "person", SIGNED)
        with open(f"{out}/{name}.pdf", "wb") as file:
            file.write(signed)


main(*sys.argv[1:])
