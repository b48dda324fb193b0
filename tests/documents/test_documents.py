#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Makes the test PKI and every named document, and compares what `vanthu check` says of each: of the
# documents as they are, of every attack on a signed one, and of what may come after a signature; where it
# says that nothing but what is permitted did, poppler and MuPDF have to show the same.
"""Verdicts of the named documents."""

import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

import expect
import rendering


def judges_see(line):
    """Content that was replaced is no permitted change for the judges, whatever vanthu would say of it."""
    signatures = [dict(signature, changes_after="permitted") for signature in line["documents"][0]["signatures"]]
    _, texts = rendering.differing(dict(line, documents=[dict(line["documents"][0], signatures=signatures)]))
    seen = [program for program in rendering.RENDERERS if any(program in text for text in texts)]
    print(f"{line['file']}: seen by {seen}")
    return len(seen) == len(rendering.RENDERERS)


def main():
    with tempfile.TemporaryDirectory() as folder:
        pki, documents = folder + "/pki", folder + "/documents"
        subprocess.run([HERE + "/../pki/mkpki.sh", pki], check=True)
        subprocess.run([HERE + "/mkdocuments.py", pki, documents], check=True)
        subprocess.run([HERE + "/mkhistories.py", pki, documents], check=True)
        attacks, attacked = expect.check_all(pki, documents, "attacks.tsv")
        habits, legitimate = expect.check_all(pki, documents, "legitimate.tsv")
        results = [expect.compare(pki, documents, "documents.tsv"), expect.histories(attacks, attacked, False),
                   expect.histories(habits, legitimate, True), rendering.agree(attacked + legitimate),
                   *(judges_see(line) for line in attacked if line["file"].endswith("isa-1-update.pdf"))]
        return 0 if all(results) and len(results) == 5 else 1


sys.exit(main())
