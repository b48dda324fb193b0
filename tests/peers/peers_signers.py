#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Files that go from one signing program to the next, made by the libraries that such programs are built on: iText 5 (of
# which iTextSharp is the translation), iText 9, OpenPDF and Apache PDFBox, with pyHanko and our own seal among them.
# Every signature has to be intact, and what came after it permitted; where a chain does what the standard does not
# permit, what vanthu has to say stands in REFUSED.
#
# A step is (library, operation, option...). Operations: new, sign, stamp, fill, field, free-text, picture, empty, ltv,
# metadata, xmp, content, attach, no-xfa. Options are KEY=VALUE: by, issuers, field (new) or into (existing), rect, page,
# text, image, font, certify, lock, tsa, owner (password), name, value, and words that switch something on.
# Exit status 77: the registries do not answer.
"""Chains of signatures by the libraries of signing programs."""

import itertools
import json
import os
import socket
import subprocess
import sys
import tempfile

import programs
from made import TESTS

for room in ("documents", "servers"):
    sys.path.insert(0, f"{TESTS}/{room}")

import expect
import formfile as form
import pdfbuild
import writers
from legitimate import by_qpdf, encrypted
from mkpdf import moment
from pdf_cases import write_png
from pdfobject import Stream
from tsa import Tsa

SEAL = TESTS + "/../build/tests/seal/seal_file"
FONT = "font=/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf"
LIBRARIES = ("itext5", "itext9", "openpdf", "pdfbox")
PLACES = [f"rect=350,{bottom},550,{bottom + 60}" for bottom in range(100, 500, 80)]
NUMBER = "rect=100,600,200,620"
SIGNERS = (("by=person",), ("by=agency",), ("by=agency2",), ("by=public", "issuers=public-ca"), ("by=agency",))
UNCLEAR, ADDED, CHANGED = "undetermined", "added", "forbidden"

# Chain: what is said of its signatures, and why.
REFUSED = {
    "itext5-writes-onto-the-page": (f"{CHANGED} none", "the content of a signed page is drawn anew"),
    "itext5-p1-signed": (f"{CHANGED} none", "P=1 allows no signature (ISO 32000-2, table 257)"),
    "itext5-locked-and-filled": (f"{CHANGED} none", "the first signature locked all fields"),
    "itext5-removes-xfa": (f"{CHANGED} none", "Acrobat shows XFA instead of the pages"),
    "itext5-into-encrypted": (f"{UNCLEAR} permitted none", "iText 5 writes the metadata of an encrypted file so that nobody can read them"),
    "itext5-filled-last": (ADDED, "nobody signed after it was filled in"),
}


class World:
    """Keys, programs, and the file each chain has come to."""

    def __init__(self, folder):
        self.folder, self.pki, self.image = folder, folder + "/pki", f"{folder}/seal.png"
        subprocess.run([TESTS + "/pki/mkpki.sh", self.pki], check=True)
        write_png(self.image, 100)
        with open(folder + "/agency.chain", "wb") as out:
            for name in ("agency", "ca-g2"):
                with open(f"{self.pki}/certs/{name}.pem", "rb") as file:
                    out.write(file.read())
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.authority, self.stamped = Tsa(self.pki, port), f"tsa=http://127.0.0.1:{port}/good"
        self.libraries = programs.Signers(self.pki, folder)

    def close(self):
        self.libraries.close()
        self.authority.close()

    def step(self, source, target, program, operation="", *options):
        """What is wrong, or an empty text."""
        if program == "seal":
            done = subprocess.run([SEAL, f"{self.pki}/keys/agency.key", self.folder + "/agency.chain", source, target], capture_output=True, text=True)
            return "" if done.returncode == 0 else done.stdout + done.stderr
        if program == "pyhanko":
            programs.pyhanko_sign(self.pki, "agency2", source, target)
            return ""
        named = {"image": "image=" + self.image, "stamped": self.stamped}
        return self.libraries.run(program, operation, source, target, *(named.get(option, option) for option in options))

    def chain(self, name, base, steps):
        """(file, "") or (None, what is wrong)."""
        current = base and f"{self.folder}/{base}.pdf"
        for number, step in enumerate(steps):
            target = f"{self.folder}/{name}.{number}.pdf"
            wrong = self.step(current or "-", target, *step)
            if wrong:
                return None, f"step {number + 1}, {' '.join(step[:2])}: {wrong}"
            current = target
        return current, ""


# ---- files to begin with ----

def without_fields(all_objects):
    all_objects[form.CATALOG].pop("AcroForm")
    all_objects[form.PAGE_1]["Annots"] = []
    all_objects[form.PAGE_2].pop("Annots")


def with_xfa(all_objects):
    all_objects[form.FORM]["XFA"] = writers.Ref(form.UNUSED)
    all_objects[form.UNUSED] = Stream({}, b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'><template xmlns='http://www.xfa.org/schema/xfa-template/2.5/'>"
                                      b"<subform name='a'/></template><xfa:datasets xmlns:xfa='http://www.xfa.org/schema/xfa-data/1.0/'>"
                                      b"<xfa:data><a/></xfa:data></xfa:datasets></xdp:xdp>")


def bases(folder):
    at = moment("100d-ago")
    whole = form.build(at)
    made = {"table": whole, "unsigned-fields": form.build(at, change=without_fields), "xfa": form.build(at, change=with_xfa),
            "plain": pdfbuild.build(when=at, pages=3), "plain-streams": pdfbuild.build(when=at, pages=2, kind="stream"),
            "linearized": by_qpdf(whole, "--linearize"), "linearized-streams": by_qpdf(whole, "--linearize", "--object-streams=generate"),
            "pdf-2.0": by_qpdf(whole, "--force-version=2.0", "--object-streams=generate"),
            "turned": by_qpdf(pdfbuild.build(when=at, pages=2), "--rotate=+90:1-z"),
            **{kind: form.build(at, kind) for kind in ("stream", "hybrid", "packed", "unlisted")},
            **{cipher: encrypted(whole, cipher) for cipher in ("rc4", "aes-128", "aes-256")}}
    for name, data in made.items():
        with open(f"{folder}/{name}.pdf", "wb") as file:
            file.write(data)
    return list(made)


# ---- chains ----

def sign(library, number, *options):
    """The signature of this number in the file, in a field of its own."""
    return (library, "sign", f"field=Signature{number}", *SIGNERS[number - 1], *options)


def shown(library, number, *options):
    return sign(library, number, PLACES[number - 1], "image", "text=Ký bởi: Sở Nội vụ", FONT, *options)


def alone(library, names):
    """One library from the first signature to the last."""
    yield "five", "plain", [shown(library, n, f"page={1 + n % 2}") for n in range(1, 6)]
    for base in names:
        owner = ("owner=owner",) if base in ("rc4", "aes-128", "aes-256") else ()
        if (library, base) != ("itext5", "aes-256"):  # iText 5 does not know this encryption
            yield f"into-{base}", base, [shown(library, 1, *owner), shown(library, 2, *owner), sign(library, 3, *owner)]
    for level in (2, 3):
        yield f"p{level}-filled", "stream", [shown(library, 1, f"certify={level}"), (library, "fill", "value=34"), (library, "sign", "by=agency", "into=vanthu")]
    yield "p1", "plain", [shown(library, 1, "certify=1")]
    yield "fields", "table", [(library, "sign", "into=lanhdao", FONT), (library, "fill", "value=34"), (library, "sign", "by=agency", "into=vanthu", FONT)]
    yield "free-text", "table", [shown(library, 1), (library, "free-text", NUMBER, "value=06"), shown(library, 2)]
    yield "metadata", "table", [shown(library, 1), (library, "metadata"), shown(library, 2)]
    for words in (("version=4",), ("version=5", "fields"), ("version=7", "full"), ("version=7", "full", "fields"), ("version=7", "owner=owner", "fields")):
        owner = [word for word in words if word.startswith("owner")]
        made = [(library, "new", FONT, *words), shown(library, 1, *owner), shown(library, 2, "page=2", *owner)]
        if "fields" in words:
            made += [(library, "fill", "value=34", *owner), (library, "sign", "by=agency", "into=vanthu", *owner)]
        yield "-".join(["new", *(word.split("=")[-1] for word in words)]), None, made


def by_itext(library):
    """What iText does of itself."""
    for base in ("table", "stream", "plain"):
        yield f"lta-{base}", base, [shown(library, 1, "stamped", "cades"), (library, "ltv"), (library, "stamp", "stamped", "field=Stamp1"), shown(library, 2),
                                    (library, "ltv", "name=Signature2"), (library, "stamp", "stamped", "field=Stamp2")]
        yield f"empty-{base}", base, [(library, "empty", "name=A", PLACES[0]), (library, "empty", "name=B", PLACES[1], "page=2"),
                                      (library, "sign", "into=A", FONT), (library, "sign", "by=agency", "into=B", "image", FONT)]
        yield f"empty-between-{base}", base, [shown(library, 1), (library, "empty", "name=B", PLACES[1]), (library, "sign", "by=agency", "into=B", FONT)]
        yield f"field-between-{base}", base, [shown(library, 1), (library, "field", NUMBER, "value=34"), shown(library, 2)]
        yield f"lock-{base}", base, [sign(library, 1, PLACES[0], "lock=Signature1"), sign(library, 2, PLACES[1], "lock=Signature2"), shown(library, 3)]
    yield "p1-lta", "plain", [shown(library, 1, "certify=1", "stamped"), (library, "ltv"), (library, "stamp", "stamped", "field=Stamp1")]
    yield "picture", "plain", [shown(library, 1), (library, "picture", NUMBER, "image"), shown(library, 2)]
    vietnamese = (library, "fill-font" if library == "itext5" else "fill", "value=Đã trả", FONT)
    yield "p2-in-vietnamese", "table", [shown(library, 1, "certify=2"), vietnamese, (library, "sign", "by=agency", "into=vanthu")]
    for words in (("tagged",), ("tagged", "xmp", "fields"), ("tagged", "full", "xmp", "fields")):
        made = [(library, "new", "version=7", FONT, *words), shown(library, 1), shown(library, 2, "page=2")]
        if "fields" in words:
            made += [(library, "fill", "value=34"), (library, "sign", "by=agency", "into=vanthu", FONT)]
        yield "-".join(["new", *words]), None, made


def by_itext_5():
    def two(*options, base="plain"):
        return base, [shown("itext5", 1), shown("itext5", 2, *options)]

    yield "layers", "plain", [sign("itext5", 1, PLACES[0], "layers", FONT), shown("itext5", 2, "layers")]
    yield "background", "plain", [sign("itext5", n, PLACES[n], f"page={n}", FONT, "layers") for n in (1, 2)]
    yield ("version-later", *two("version=7"))
    yield ("with-metadata", *two("also=metadata"))
    yield ("with-new-metadata", *two("also=xmp"))
    yield ("locks-all", *two("lockall"))
    yield "locked-and-filled", "table", [shown("itext5", 1, "lockall"), ("itext5", "fill", "value=34"), shown("itext5", 2)]
    yield "filled-last", "table", [shown("itext5", 1), ("itext5", "fill", "value=34")]
    yield "p1-signed", "plain", [shown("itext5", 1, "certify=1"), ("pdfbox", "sign", "by=agency")]
    yield "writes-onto-the-page", "plain", [shown("itext5", 1), ("itext5", "content"), shown("itext5", 2)]
    yield "removes-xfa", "xfa", [shown("itext5", 1), ("itext5", "no-xfa"), shown("itext5", 2)]
    yield "attaches", "plain", [shown("itext5", 1), ("itext5", "attach"), shown("itext5", 2)]
    yield "into-encrypted", "rc4", [shown("pdfbox", 1, "owner=owner"), shown("itext5", 2, "owner=owner"), sign("pdfbox", 3, "owner=owner")]


def mixed(base):
    """Each goes on after each other. pyHanko does not go on with every hybrid file, nor iText 9 where OpenPDF wrote dates of metadata twice."""
    beyond = {("itext9", "openpdf")} if base in ("table", "stream", "hybrid") else set()
    for first, second in itertools.permutations((*LIBRARIES, "seal", "pyhanko"), 2):
        if first in LIBRARIES and (first, second) not in beyond and (base, second) != ("hybrid", "pyhanko"):
            middle = shown(second, 2) if second in LIBRARIES else (second,)
            yield f"{first}-{second}", base, [shown(first, 1), middle, shown(first, 3)]


def chains(names):
    for library in LIBRARIES:
        for row in alone(library, [name for name in names if name != "xfa"]):
            yield f"{library}-{row[0]}", *row[1:]
    for library in ("itext5", "itext9"):
        for row in by_itext(library):
            yield f"{library}-{row[0]}", *row[1:]
    for row in by_itext_5():
        yield f"itext5-{row[0]}", *row[1:]
    for base in ("plain", "plain-streams", "table", "stream", "hybrid"):
        for row in mixed(base):
            yield f"{base}-{row[0]}", *row[1:]


# ---- verdicts ----

def words_of(line):
    signatures = [s for document in line["documents"] if document["path"] == "" for s in document["signatures"]]
    return " ".join(s["changes_after"] if s["integrity"] == "intact" else s["integrity"] for s in signatures) or "-"


def complaint(name, steps, line):
    said = words_of(line)
    signed = sum(step[0] in ("seal", "pyhanko") or step[1] in ("sign", "stamp") for step in steps)
    if name in REFUSED:
        return "" if said == REFUSED[name][0] else f"{said}, not {REFUSED[name][0]}"
    if len(said.split()) != signed or not set(said.split()) <= {"none", "permitted"} or not expect.verdicts_of(line) == ["TOTAL-PASSED"] * signed:
        return f"{said}: {' '.join(text for text in expect.said_of(line) if 'cannot be told' in text or 'was changed' in text)}"
    return ""


def judge(world, made):
    """The number of chains that are judged otherwise than they should be."""
    files = [path for _, _, path in made]
    done = subprocess.run(expect.command_of(world.pki, expect.configure(world.pki, world.folder)) + files, capture_output=True, text=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if len(lines) != len(files):
        print(f"FAIL  {len(lines)} verdicts on {len(files)} files: {done.stderr[-500:]}")
        return 1
    failed = 0
    for (name, steps, _), line in zip(made, lines):
        wrong = complaint(name, steps, line)
        failed += bool(wrong)
        print("FAIL" if wrong else "ok", name, wrong or words_of(line), sep="  ")
    return failed


def main():
    if not programs.signers_install() or not programs.pyhanko_install():
        print("iText, OpenPDF, PDFBox or pyHanko cannot be installed from its registry")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        world, made, failed = World(folder), [], 0
        try:
            for name, base, steps in chains(bases(folder)):
                path, wrong = world.chain(name, base, steps)
                if wrong:
                    failed += 1
                    print(f"FAIL  {name}: {wrong}")
                else:
                    made.append((name, steps, path))
        finally:
            world.close()
        failed += judge(world, made)
    for name in sorted(set(REFUSED) - {name for name, _, _ in made}):
        failed += 1
        print(f"FAIL  {name}: stated, but there is no such chain")
    print(f"{len(made)} chains, {failed} failed")
    return 1 if failed or not made else 0


sys.exit(main())
