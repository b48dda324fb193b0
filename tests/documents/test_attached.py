#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Files inside signed PDF files that are not read, because they are too many, too large, too deep in
# their tree or damaged: the document was not checked whole, which is said with a reason, in both
# languages, and marked by the shipped policy.  What is at the limit passes.
"""Files inside a document that are not read."""

import json
import os
import subprocess
import sys
import tempfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
sys.path.insert(0, HERE)

import expect
import formfile
import pdfbuild
import pdflarge
import pdfsign
from mkpdf import moment
from pdffile import PdfFile
from pdfobject import Name, Ref, Stream

POLICY = os.path.join(HERE, "..", "..", "conf", "policy.yaml")
OPEN = ["INDETERMINATE/SIG_CONSTRAINTS_FAILURE"]
PASSED = ["TOTAL-PASSED"]


def holding(data, streams, levels=0):
    """data with those streams as files of its name tree, so many levels below its root."""
    pdf = PdfFile(data)
    first, objects, names = pdf.size, {}, []
    for index, stream in enumerate(streams):
        objects[first + 2 * index] = {"Type": Name("Filespec"), "F": b"%d.txt" % index, "EF": {"F": Ref(first + 2 * index + 1)}}
        objects[first + 2 * index + 1] = stream
        names += [b"%08d" % index, Ref(first + 2 * index)]
    node, number = {"Names": names}, first + 2 * len(streams)
    for level in range(levels):
        objects[number + level] = node
        node = {"Kids": [Ref(number + level)]}
    objects[pdf.trailer["Root"].num] = dict(pdf.root, Names={"EmbeddedFiles": node})
    return pdf.append(objects)


def file_of(data):
    return Stream({"Type": Name("EmbeddedFile"), "Filter": Name("FlateDecode")}, zlib.compress(data))


def cases():
    """(name, streams, levels, verdicts, reason)."""
    notes = [file_of(b"note %d" % index) for index in range(65)]
    yield "64-files", notes[:64], 0, PASSED, None
    yield "65-files", notes, 0, OPEN, "TOO_LARGE"
    yield "16-levels", notes[:1], 15, PASSED, None
    yield "17-levels", notes[:1], 16, OPEN, "TOO_LARGE"
    spaces = file_of(b" " * 64 * pdflarge.MIB)
    yield "64-mib", [spaces], 0, PASSED, None
    yield "more-than-64-mib", [spaces, file_of(b"x")], 0, OPEN, "TOO_LARGE"
    yield "a-bomb", [pdflarge.bomb(2048 * pdflarge.MIB)], 0, OPEN, "TOO_LARGE"
    yield "damaged", [Stream({"Type": Name("EmbeddedFile"), "Filter": Name("FlateDecode")}, b"x\x9cnothing"), notes[0]], 0, OPEN, "FILE_UNREADABLE"
    yield "of-a-filter-of-its-own", [Stream({"Type": Name("EmbeddedFile"), "Filter": Name("VtOwnDecode")}, b"nothing")], 0, OPEN, "FILE_UNREADABLE"
    yield "not-there", [None], 0, PASSED, None


def check(pki, config, path, *options):
    command = expect.command_of(pki, config) + list(options) + [path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, json.loads(done.stdout), done.stderr


def complaints(status, evidence, verdicts, reason):
    document = evidence["documents"][0]
    said = " ".join(document["findings"])
    if status != (0 if reason is None else 2):
        yield f"exit {status}"
    if expect.verdicts_of(evidence)[:1] != verdicts:
        yield f"verdicts {expect.verdicts_of(evidence)}"
    if (document["reasons"] or None) != (reason and [reason]):
        yield f"reasons {document['reasons']}"
    if reason and "inside the document" not in said:
        yield f"findings {said}"


def shown(pki, config, path):
    """What people read, in both languages."""
    texts = []
    for language in ("vi_VN.UTF-8", "C.UTF-8"):
        command = [word for word in expect.command_of(pki, config) if word != "--json"]
        done = subprocess.run(command + [path], capture_output=True, text=True, timeout=60, env=dict(os.environ, LC_ALL=language, LANG=language))
        texts.append(done.stdout)
    return texts


def lent(pki, config, folder):
    """What is said wrongly of an unsigned file that holds a signed one of its own name."""
    letter, page = folder + "/cong-van.pdf", folder + "/page.html"
    with open(letter, "wb") as file:
        file.write(formfile.build(moment("100d-ago"), change=formfile.holding("cong-van.pdf", formfile.build(moment("100d-ago")))))
    for text, line in zip(shown(pki, config, letter), ("không có chữ ký số, nằm trong tệp cong-van.pdf", "no signature, inside cong-van.pdf")):
        if line not in text:
            yield f"{line!r} is not in {text!r}"
    signed = pdfsign.sign(pdfbuild.build(when=moment("100d-ago")), pki, "agency", moment("100d-ago"))
    with open(letter, "wb") as file:
        file.write(formfile.build(moment("100d-ago"), change=formfile.holding("cong-van.signed.pdf", signed)))
    status, evidence, said = check(pki, config, letter, "--policy", POLICY, "--sender-class", "state")
    outer = evidence["documents"][0]
    command = [word for word in expect.command_of(pki, config) if word != "--json"]
    subprocess.run([*command, "--html=" + page, letter], capture_output=True, timeout=60, check=False)
    with open(page, encoding="utf-8") as file:
        text = file.read()
    seen = (status, expect.verdicts_of(evidence), outer["reasons"], outer["expects_signature"], evidence["decision"]["action"])
    if seen != (3, PASSED, ["NO_SIGNATURE"], True, "tag"):
        yield f"{seen} {said}"
    for sentence in ("chữ ký số của tệp nằm bên trong không bảo đảm cho tệp này", "do not vouch for it",
                     "<h3>cong-van.signed.pdf (nằm trong tệp cong-van.pdf)</h3>", "<h3>cong-van.signed.pdf (inside cong-van.pdf)</h3>"):
        if sentence not in text:
            yield f"the page does not say {sentence!r}"
    if "Chữ ký số hợp lệ của:" in text:
        yield "the page calls the file signed"


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        pki, path, when = folder + "/pki", folder + "/a.pdf", moment("100d-ago")
        subprocess.run([HERE + "/../pki/mkpki.sh", pki], check=True)
        config = expect.configure(pki, folder)
        for name, streams, levels, verdicts, reason in cases():
            with open(path, "wb") as file:
                file.write(pdfsign.sign(holding(pdfbuild.build(when=when), streams, levels), pki, "agency", when, certs="leaf"))
            status, evidence, _ = check(pki, config, path)
            found = list(complaints(status, evidence, verdicts, reason))
            status, decided, said = check(pki, config, path, "--policy", POLICY, "--sender-class", "state")
            action = (decided.get("decision") or {}).get("action")
            if action != ("tag" if reason else "accept"):
                found.append(f"the policy says {action} {said}")
            if reason:
                vietnamese, english = shown(pki, config, path)
                found += [] if reason in vietnamese + english else [f"not shown: {vietnamese}"]
            failed += bool(found)
            print(f"{'FAIL' if found else 'ok'}  {name}  {'; '.join(found)}", flush=True)
        found = list(lent(pki, config, folder))
        failed += bool(found)
        print(f"{'FAIL' if found else 'ok'}  lent  {'; '.join(found)}", flush=True)
    return 1 if failed else 0


sys.exit(main())
