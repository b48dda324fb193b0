#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# `vanthu check` under limits of address space that shrink in steps, over files that are good, changed
# and hostile.  Wherever memory ends, in libqpdf, OpenSSL, GMime or in our own rooms: it says so, and
# never ends by a signal; no signature passes that does not pass with enough memory, and none of the
# reasons it has then is missing where it says to have read the file whole.
"""Checking files with too little memory."""

import json
import os
import resource
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
sys.path.insert(0, HERE)

import expect
import pdfbuild
import pdflarge
import pdfsign
from mkpdf import moment
from pdffile import PdfFile

MIB = 1024 * 1024
# Above what starting takes: many small steps, where each part of the program meets the limit, and some large ones.
STEPS_KIB = [256 * step for step in range(12)] + [1024 * step for step in (4, 6, 8, 12, 20, 40, 80, 160)]
NOT_READ = {"TOO_LARGE", "NOT_CHECKED", "CHANGE_UNCLEAR", "FILE_UNREADABLE"}
# Of sysexits.h: no memory, or what a library says instead.
NO_ANSWER = {69, 70, 71, 75}


def files(pki, when):
    def sign(data, by="agency"):
        return pdfsign.sign(data, pki, by, when, certs="leaf")

    once = sign(pdfbuild.build(when=when))
    pdf = PdfFile(once)
    _, page = pdf.first_page()
    yield "signed-twice.pdf", sign(once, "person")
    yield "changed.pdf", pdf.append({page["Contents"].num: pdfbuild.Stream({}, b"BT ET")})
    yield "100000-objects.pdf", sign(sign(pdflarge.packed(when, 100000, 100), "person"))
    yield "large.pdf", sign(sign(pdfbuild.build(when=when, pad_bytes=8 * MIB)), "person")
    yield "changed-large.pdf", pdflarge.content_bomb(sign(pdfbuild.build(when=when)), 40 * MIB)
    letter = b"From: a@b.vn\r\nTo: c@d.vn\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    part = b"--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    yield "mail.eml", letter + part + b"%PDF-1.4\r\n" + b"x" * 100 + b"\r\n--b--\r\n"
    with open(f"{pki}/crl/ca-g2.crl", "rb") as file:
        yield "not-a-signature.p7m", file.read()


def run(command, limit):
    """Exit status and evidence under a limit of address space; no evidence: None."""
    def small():
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    done = subprocess.run(command, capture_output=True, text=True, timeout=60, preexec_fn=small)
    try:
        return done.returncode, json.loads(done.stdout), done.stderr
    except ValueError:
        return done.returncode, None, done.stderr


def passed(evidence):
    return sum(verdict == "TOTAL-PASSED" for verdict in expect.verdicts_of(evidence))


def complaints(whole, status, evidence, said):
    if status < 0 or status >= 128:
        yield f"signal {status}"
    elif evidence is None:
        if status not in NO_ANSWER or not said.strip():
            yield f"exit {status} without a word: {said.strip()}"
    else:
        reasons = expect.reasons_of(evidence)
        missing = expect.reasons_of(whole) - reasons
        if passed(evidence) > passed(whole):
            yield f"passes: {expect.verdicts_of(evidence)}"
        if (missing or passed(evidence) < passed(whole)) and not reasons & NOT_READ:
            yield f"says less, and not why: {sorted(reasons)} {expect.verdicts_of(evidence)}"
        if status == 0 and reasons & NOT_READ:
            yield "exit 0 of a file that was not read"


def least(command):
    """Address space in which the smallest file is judged, to 1 MiB."""
    low, high = 1, 1024
    while high - low > 1:
        middle = (low + high) // 2
        _, evidence, _ = run(command, middle * MIB)
        low, high = (low, middle) if evidence is not None else (middle, high)
    return high


def main():
    failed = answers = 0
    with tempfile.TemporaryDirectory() as folder:
        pki = folder + "/pki"
        subprocess.run([HERE + "/../pki/mkpki.sh", pki], check=True)
        command, when = expect.command_of(pki, expect.configure(pki, folder)), moment("100d-ago")
        begin = None
        for name, data in files(pki, when):
            path = os.path.join(folder, name)
            with open(path, "wb") as file:
                file.write(data)
            begin = begin or least(command + [path])
            _, whole, _ = run(command + [path], None)
            found, answered = [], 0
            for step in STEPS_KIB:
                status, evidence, said = run(command + [path], begin * MIB + step * 1024)
                answered += evidence is not None
                found += [f"{begin} MiB and {step} KiB: {text}" for text in complaints(whole, status, evidence, said)]
            failed += bool(found)
            answers += answered
            print(f"{'FAIL' if found else 'ok'}  {name}  {answered} of {len(STEPS_KIB)} answered  {'; '.join(found)}", flush=True)
    return 1 if failed or answers == 0 else 0


sys.exit(main())
