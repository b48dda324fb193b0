#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# The files of attacks.py and of legitimate.py, and what is to be said of each.
#   mkhistories.py PKI OUT
# OUT/attacks.tsv and OUT/legitimate.tsv have one line per file: file, source, reasons (one of these
# codes, separated by |; "-": none at all) and words that stand in a finding or a change.
"""Signed PDF files with a history."""

import os
import sys

import attacks
import formfile
import legitimate
import pdfsign
from mkpdf import moment


class Signer:
    """sign(by, data, ...) with the credentials of a PKI."""

    def __init__(self, pki):
        self.pki, self.at = pki, moment("100d-ago")

    def __call__(self, by, data, **options):
        return pdfsign.sign(data, self.pki, by, self.at, **options)


def main(pki, out):
    sign = Signer(pki)
    base, streamed = formfile.build(sign.at), formfile.build(sign.at, "stream")
    os.makedirs(out, exist_ok=True)
    for module in (attacks, legitimate):
        name = module.__name__
        with open(os.path.join(out, name + ".tsv"), "w", encoding="utf-8") as table:
            table.write("file\tsource\treasons\twords\n")
            for row, source, data, reasons, words in module.rows(sign, base, streamed):
                with open(os.path.join(out, row + ".pdf"), "wb") as file:
                    file.write(data)
                table.write(f"{row}.pdf\t{source}\t{reasons or '-'}\t{words}\n")


main(*sys.argv[1:])
