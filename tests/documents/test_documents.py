#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Makes the test PKI and every named document, and compares what `vanthu check` says of each: of the
# documents as they are, of every attack on a signed one, and of what may come after a signature.
"""Verdicts of the named documents."""

import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

import expect


def main():
    with tempfile.TemporaryDirectory() as folder:
        pki, documents = folder + "/pki", folder + "/documents"
        subprocess.run([HERE + "/../pki/mkpki.sh", pki], check=True)
        subprocess.run([HERE + "/mkdocuments.py", pki, documents], check=True)
        subprocess.run([HERE + "/mkhistories.py", pki, documents], check=True)
        results = [expect.compare(pki, documents, "documents.tsv"), expect.histories(pki, documents, "attacks.tsv", False),
                   expect.histories(pki, documents, "legitimate.tsv", True)]
        return 0 if all(results) else 1


sys.exit(main())
