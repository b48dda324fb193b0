#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Hints about documents and signatures: scans, pictures of seals, copies and annexes, what a signature
# is for.  Every one is compared, so that one too many is found as well as one that is missing; and
# no verdict may depend on them.
"""Hints of `vanthu check`."""

import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
sys.path.insert(0, HERE)

import expect
import pdfbuild
import pdfpicture as picture
import pdfsign
from mkpdf import moment

WHEN = moment("100d-ago")
SEAL = picture.SEAL_POINTS
PAGE = picture.photo(500, 707)
NOTHING = {"made": None, "copy": None, "annex": False, "seal_page": 0}
MADE = dict(NOTHING, made="electronic")
SCAN = dict(NOTHING, made="scan")
SEALED = dict(MADE, seal_page=1)


def signed_over(where):
    """A seal over which somebody signed in blue."""
    width, height, rgb, alpha = picture.seal()
    rgb, alpha = bytearray(rgb), bytearray(alpha)
    for step in range(width * 4):
        place = (where + step // 9 % 40) * width + step % width
        rgb[3 * place:3 * place + 3], alpha[place] = bytes(picture.BLUE), 255
    return width, height, bytes(rgb), bytes(alpha)


def with_jpeg(data):
    """The same file, its pictures as if they were JPEG: only sizes are known of them."""
    return data.replace(b"/ColorSpace /DeviceRGB /Filter /FlateDecode", b"/ColorSpace /DeviceRGB /Filter /DCTDecode  ")


def made(*pictures, **options):
    return picture.document(WHEN, pictures, **options)


def unsigned():
    """(name, file, hints)."""
    seal, usual = picture.seal(), (300, 180, SEAL, SEAL)
    yield "text.pdf", pdfbuild.build(when=WHEN), MADE
    yield "text-3.pdf", pdfbuild.build(when=WHEN, pages=3, kind="stream"), MADE
    yield "SAO Y 12-QD.pdf", pdfbuild.build(when=WHEN), dict(MADE, copy="sao-y")
    yield "12-QD (trích sao).pdf", pdfbuild.build(when=WHEN), dict(MADE, copy="trich-sao")
    yield "Phụ lục 2.pdf", pdfbuild.build(when=WHEN), dict(MADE, annex=True)
    yield "nothing.pdf", made(text=False), NOTHING

    yield "scan.pdf", made((PAGE, 0, 0, 595, 842), text=False), SCAN
    yield "scan-ocr.pdf", made((PAGE, 0, 0, 595, 842), hidden_text=True), SCAN
    yield "scan-text.pdf", made((PAGE, 0, 0, 595, 842)), SCAN
    yield "scan-margin.pdf", made((PAGE, 10, 10, 575, 822), text=False), SCAN
    yield "scan-form.pdf", made((PAGE, 0, 0, 595, 842), text=False, in_form=True), SCAN
    strip = picture.photo(500, 177)
    yield "scan-strips.pdf", made(*((strip, 0, y, 595, 211) for y in (0, 211, 421, 632)), text=False), SCAN
    yield "scan-jpeg.pdf", with_jpeg(made((PAGE, 0, 0, 595, 842), text=False)), SCAN
    yield "photo.pdf", made((picture.photo(400, 300), 100, 300, 300, 200)), MADE
    yield "photo-most.pdf", made((PAGE, 50, 50, 500, 650)), NOTHING
    yield "background.pdf", made((picture.photo(40, 56), 0, 0, 595, 842)), MADE
    yield "scan-behind.pdf", made((PAGE, 0, 0, 595, 842), text=False, pages=2), NOTHING
    yield "ocr-alone.pdf", made(hidden_text=True), NOTHING

    yield "seal.pdf", made((seal, *usual)), SEALED
    yield "seal-indexed.pdf", made((seal, *usual, {"kind": "indexed"})), SEALED
    yield "seal-form.pdf", made((seal, *usual), in_form=True), SEALED
    yield "seal-stamp.pdf", made((seal, *usual), as_stamp=True), SEALED
    yield "seal-last.pdf", made((seal, 300, 700, SEAL, SEAL), pages=3), dict(MADE, seal_page=3)
    yield "seal-opaque.pdf", made((seal[:3] + (None,), *usual)), SEALED
    yield "seal-signed-over.pdf", made((signed_over(100), *usual)), SEALED
    yield "seal-and-emblem.pdf", made((picture.emblem(), 250, 740, 60, 60), (seal, *usual)), SEALED

    yield "not-emblem.pdf", made((picture.emblem(), *usual)), MADE
    yield "not-emblem-head.pdf", made((picture.emblem(), 250, 700, SEAL, SEAL)), MADE
    yield "not-head.pdf", made((seal, 60, 700, SEAL, SEAL)), MADE
    yield "not-square.pdf", made((picture.square(), *usual)), MADE
    yield "not-disc.pdf", made((picture.disc(), *usual)), MADE
    yield "not-red.pdf", made((picture.seal(picture.BLUE), *usual)), MADE
    yield "not-small.pdf", made((seal, 300, 180, 30, 30)), MADE
    yield "not-large.pdf", made((seal, 100, 180, 300, 300)), MADE
    yield "not-flat.pdf", made((seal, 300, 180, 120, 60)), MADE
    yield "not-seen.pdf", with_jpeg(made((seal, *usual))), MADE


def signed(pki):
    """(name, file, hints, hints of each signature)."""
    def sign(data, by="agency", **options):
        return pdfsign.sign(data, pki, by, WHEN, certs="leaf", **options)

    def seen(use, spot):
        return {"use": use, "spot": spot}

    text = pdfbuild.build(when=WHEN)
    main = sign(text, "person")
    yield "one.pdf", main, MADE, [seen(None, "elsewhere")]
    yield "hidden.pdf", sign(text, visible=False), MADE, [seen(None, "invisible")]
    yield "picture.pdf", sign(made((picture.seal(), 300, 180, SEAL, SEAL))), MADE, [seen(None, "elsewhere")]
    yield "number.pdf", sign(sign(main, rect=[80, 700, 160, 716])), MADE, \
        [seen(None, "elsewhere"), seen("number-date", "top-left"), seen(None, "elsewhere")]
    yield "date.pdf", sign(main, rect=[350, 700, 500, 716]), MADE, [seen(None, "elsewhere"), seen("number-date", "top-right")]
    yield "corner.pdf", sign(text, rect=[350, 760, 560, 810]), MADE, [seen(None, "top-right")]
    yield "copy.pdf", sign(text, rect=[350, 760, 560, 810], reason="Sao y bản chính"), MADE, [seen("copy", "top-right")]
    yield "incoming.pdf", sign(main, "agency2", reason="Công văn đến số 15"), MADE, [seen(None, "elsewhere"), seen("incoming", "elsewhere")]
    yield "reason.pdf", sign(text, reason="PHỤ LỤC 1"), MADE, [seen("annex", "elsewhere")]
    yield "stamped.pdf", pdfsign.stamp(main, pki, WHEN), MADE, [seen(None, "elsewhere"), seen(None, None)]


def check(pki, config, paths, *options, language="C.UTF-8"):
    command = [expect.VANTHU, "check", "--offline", "--config", config, "--sender-class", "state", *options]
    for name in expect.CRLS:
        command += ["--crl", f"{pki}/crl/{name}.crl"]
    return subprocess.run(command + paths, capture_output=True, text=True, timeout=120, env=dict(os.environ, LC_ALL=language))


def complaints(document, hints, uses):
    if document["hints"] != hints:
        yield f"{document['hints']}, not {hints}"
    if [signature["hints"] for signature in document["signatures"]] != uses:
        yield f"{[signature['hints'] for signature in document['signatures']]}, not {uses}"
    wanted = [] if uses else ["IMAGE_ONLY" if hints["seal_page"] else "NO_SIGNATURE"]
    if document["reasons"] != wanted:
        yield f"reasons {document['reasons']}, not {wanted}"
    for signature in document["signatures"]:
        if signature["indication"] != "TOTAL-PASSED":
            yield f"{signature['indication']}: {signature['findings']}"


def text_complaints(pki, config, path):
    """What a person reads."""
    for language, wanted in (("vi_VN.UTF-8", "hình ảnh con dấu, trang 1"), ("en_US.UTF-8", "the picture of a seal only, page 1")):
        done = check(pki, config, [path], language=language)
        if wanted not in done.stdout:
            yield f"{language}: {done.stdout}{done.stderr}"


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        pki = folder + "/pki"
        subprocess.run([HERE + "/../pki/mkpki.sh", pki], check=True)
        config = expect.configure(pki, folder)
        rows = [(name, data, hints, []) for name, data, hints in unsigned()] + list(signed(pki))
        paths = [f"{folder}/{name}" for name, _, _, _ in rows]
        for path, row in zip(paths, rows):
            with open(path, "wb") as file:
                file.write(row[1])
        done = check(pki, config, paths, "--json")
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        if len(answers) != len(rows):
            raise SystemExit(f"{len(answers)} answers to {len(rows)} files: {done.stderr}")
        for (name, _, hints, uses), answer in zip(rows, answers):
            found = list(complaints(answer["documents"][0], hints, uses))
            failed += bool(found)
            print(f"{'FAIL' if found else 'ok'}  {name}  {'; '.join(found)}")
        found = list(text_complaints(pki, config, f"{folder}/seal.pdf"))
        failed += bool(found)
        print(f"{'FAIL' if found else 'ok'}  as text  {'; '.join(found)}")
    return 1 if failed else 0


sys.exit(main())
