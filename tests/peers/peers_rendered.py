#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# PDFium beside poppler and MuPDF (tests/lib/rendering.py). Missed changes: where vanthu says that nothing but what is
# permitted came after a signature, all three have to show the same. False alarms: every attack of
# tests/documents/attacks.py for which vanthu says that what was signed was changed has to look different in one of
# them, or the reason why it does not stands in NOT_SHOWN. A reason that no longer is needed fails.
# Exit status 77: PDFium cannot be had.
"""What is called a change can be seen, or is explained; what can be seen is called a change."""

import concurrent.futures
import fnmatch
import os
import subprocess
import sys
import tempfile

from made import TESTS, make

import expect
import programs
import rendering

ACTION = "a script or action shows nothing until it runs"
CERTIFIED = "an earlier signature forbids what was done, whatever it looks like"
FILE = "a file inside the document is no part of a page"
HYBRID = "a reader that follows /XRefStm shows it; these follow the table"
INHERITED = "each page has an entry of its own, and shows nothing of what it could inherit"
DRAWN_LARGE = "the page draws it a hundred times larger, and what is written on it falls beside the page"
STAMP = "what the time stamp shows stands where a new signature may stand; but nobody answers for it"
NOT_SHOWN = {
    "tag-*": "what is read aloud is not drawn",
    "form-fonts-that-are-something-else": "the page draws nothing with the font that its list got",
    "hybrid-content": HYBRID, "hybrid-field": HYBRID,
    "page-inherits-mediabox": INHERITED, "page-inherits-resources": INHERITED,
    "missing-picture": DRAWN_LARGE, "missing-picture-signed-later": DRAWN_LARGE, "stamp-that-shows-p[12]": STAMP, "stamp-as-*-p1": STAMP,
    "button-*": ACTION, "catalog-aa": ACTION, "catalog-openaction": ACTION, "field-calculated": ACTION, "names-script*": ACTION, "page-aa": ACTION,
    "certified-anew": CERTIFIED, "ssa-p1": CERTIFIED, "lock-with-p1": CERTIFIED, "locked-signature": CERTIFIED,
    "file-replaced": FILE, "names-with-two-uses": FILE,
    "form-xfa": "none of them lays out an XFA form; Acrobat shows it instead of the pages",
    "page-group": "a group of the page mixes colours only where something transparent is drawn",
    "shadow-hide-layer-dropped": "the layer is shown by default; without the list no reader can hide it again, nor say what it is",
}


def look(line):
    """[whether each forbidden change of a file can be seen]"""
    return [bool(texts) for document in rendering.outer(line)
            for _, texts in rendering.compared(line["file"], document, ("forbidden",), {"signature-added"})]


def complaint(name, seen):
    stated = [pattern for pattern in NOT_SHOWN if fnmatch.fnmatchcase(name, pattern)]
    if all(seen):
        return "is seen, but said not to be" if stated else ""
    return "" if stated else "a change that no program shows"


def main():
    if not programs.pdfium_install():
        return 77
    of_debian, pdfium = rendering.RENDERERS, {"pdfium": programs.pdfium_draws(rendering.DPI)}
    with tempfile.TemporaryDirectory() as folder:
        pki, documents, _ = make(folder)
        subprocess.run([TESTS + "/documents/mkhistories.py", pki, documents], check=True)
        _, lines = expect.check_all(pki, documents, "attacks.tsv")
        _, habits = expect.check_all(pki, documents, "legitimate.tsv")
        rendering.RENDERERS = pdfium  # tests/documents/test_documents.py asks the others
        failed = not rendering.agree(lines + habits)
        rendering.RENDERERS = {**of_debian, **pdfium}
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            seen = {os.path.basename(line["file"])[:-4]: value for line, value in zip(lines, pool.map(look, lines)) if value}
    for name, value in seen.items():
        text = complaint(name, value)
        failed += bool(text)
        print("FAIL" if text else "ok", name, text or ("not shown" if not all(value) else ""), sep="  ")
    for pattern in NOT_SHOWN:
        if not fnmatch.filter(seen, pattern):
            failed += 1
            print(f"FAIL  {pattern}: explained, but there is no such file")
    return 1 if failed or not seen else 0


sys.exit(main())
