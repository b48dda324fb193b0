#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Hints about documents and signatures: scans, pictures of seals alone and on scanned pages, copies and
# annexes, what a signature is for.  Every one is compared, so that one too many is found as well as one that is missing; and
# no verdict may depend on them.
"""Hints of `vanthu check`."""

import functools
import json
import os
import subprocess
import sys
import tempfile
import time
import unicodedata
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
sys.path.insert(0, HERE)

import expect
import pdfbuild
import pdfpicture as picture
import pdfscan as page
import pdfsign
from pdfobject import Name
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


def named():
    """What names say, as offices write them: in any form of Unicode, with letters apart, signed once or twice."""
    data, copy, annex = pdfbuild.build(when=WHEN), "copy", dict(MADE, annex=True)
    for name, hints in (("S A O  Y 3-QD", {copy: "sao-y"}), ("S A O  L Ụ C 4-QD", {copy: "sao-luc"}), ("SaoY-5", {copy: "sao-y"}),
                        ("12-QD bản sao y tại phường", {copy: "sao-y"}),
                        ("bao cao sao luc 21 van ban", {}), ("sao yen 18", {}), ("T R Í C H  S A O 9", {copy: "trich-sao"})):
        yield f"{name}.pdf", data, dict(MADE, **hints)
    yield unicodedata.normalize("NFD", "sao lục 2-QD") + ".pdf", data, dict(MADE, copy="sao-luc")
    yield "P H Ụ  L Ụ C  13.pdf", data, annex
    yield unicodedata.normalize("NFD", "Phụ lục 14") + ".pdf", data, annex
    yield "15-QD-PL2.pdf", data, annex
    yield "16-PL.pdf", data, MADE
    yield "PLO 27.pdf", data, MADE
    yield "17-QD (Sao y).signed.pdf", data, dict(MADE, copy="sao-y")
    yield "18-QD_saoy.signed.signed.pdf", data, dict(MADE, copy="sao-y")


def unsigned():
    """(name, file, hints)."""
    seal, usual = picture.seal(), (300, 180, SEAL, SEAL)
    yield "text.pdf", pdfbuild.build(when=WHEN), MADE
    yield "text-3.pdf", pdfbuild.build(when=WHEN, pages=3, kind="stream"), MADE
    yield "SAO Y 12-QD.pdf", pdfbuild.build(when=WHEN), dict(MADE, copy="sao-y")
    yield "12-QD (trích sao).pdf", pdfbuild.build(when=WHEN), dict(MADE, copy="trich-sao")
    yield "Phụ lục 2.pdf", pdfbuild.build(when=WHEN), dict(MADE, annex=True)
    yield from named()
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
    yield "empty-appearance.pdf", made(as_stamp=True), MADE

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
    yield "not-jpeg.pdf", with_jpeg(made((seal, *usual))), MADE


@functools.lru_cache
def scanned(*things, **how):
    """A scanned page of text with things on it."""
    return page.jpeg(page.text() + "".join(things), **dict({"dpi": 150}, **how))


def scans():
    """(name, file, hints): a seal on scanned pages, as office scanners send them."""
    seal, found = (page.seal(), page.signature()), dict(SCAN, seal_page=1)
    colours = (("red", page.RED), ("faded", page.FADED), ("dark", page.DARK))
    for name, colour in colours:
        for quality, dpi in ((30, 200), (60, 200), (90, 150)):
            data = scanned(page.seal(colour=colour), page.signature(), quality=quality, dpi=dpi, tilt=2)
            yield f"page-{name}-{quality}.pdf", page.scan(data), found
    for millimetres, tilt in ((30, -6), (40, 90), (44, 175)):
        radius = millimetres * 72 / 25.4 / 2
        data = scanned(page.seal(radius=radius), page.signature(width=3), tilt=tilt, quality=50)
        yield f"page-{millimetres}-mm.pdf", page.scan(data), found
    yield "page-600-dpi.pdf", page.scan(scanned(*seal, dpi=600, quality=40)), found
    yield "page-white.pdf", page.scan(scanned(*seal, paper=page.WHITE)), found
    yield "page-arms.pdf", page.scan(scanned(page.seal(star_inside=False))), found
    yield "page-pink.pdf", page.scan(scanned(*seal, paper=(250, 226, 224))), found
    yield "page-urgent.pdf", page.scan(scanned(page.urgent(60, 640), *seal)), found
    yield "page-progressive.pdf", page.scan(scanned(*seal, progressive=True)), found
    yield "page-cmyk.pdf", page.scan(scanned(*seal, cmyk=True), Decode=[1, 0] * 4), found
    packed = page.scan(scanned(*seal), filters=[Name("FlateDecode"), Name("DCTDecode")], pack=zlib.compress)
    yield "page-packed.pdf", packed, found
    yield "page-turned.pdf", page.scan(scanned(*seal), turn=270), found
    # A strip ends in the middle of the seal: 1755 rows for 842 points.
    strips = [scanned(*seal, rows=(first, 351)) for first in range(0, 1755, 351)]
    lines = b"".join(b"q 595 0 0 168.4 0 %d cm /Im%d Do Q\n" % (round(842 - 168.4 * (i + 1)), i) for i in range(5))
    yield "page-strips.pdf", page.layers(lines, *map(page.image, strips)), found
    # Ink of one colour on paper: how scanners pack a page into few bytes.
    ink = page.stencil(400, picture.is_seal)
    paper = b"q 595 0 0 842 0 0 cm /Im0 Do Q q %s rg 102 0 0 102 300 150 cm /Im1 Do Q"
    yield "page-ink.pdf", page.layers(paper % b"0.8 0.1 0.15", page.image(scanned()), ink), found
    yield "page-ink-black.pdf", page.layers(paper % b"0 0 0", page.image(scanned()), ink), SCAN
    yield "page-4.pdf", page.scan(*([scanned()] * 3), scanned(*seal), scanned()), dict(SCAN, seal_page=4)
    yield "page-2-and-3.pdf", page.scan(scanned(), scanned(*seal), scanned(*seal)), dict(SCAN, seal_page=2)
    yield "page-50-of-52.pdf", page.scan(*([scanned()] * 49), scanned(*seal), *([scanned()] * 2)), dict(SCAN, seal_page=50)

    for name in ("emblem", "urgent", "pie", "donut", "target", "forbidden", "logo", "letters_logo", "code", "hand_circle", "red_text",
                 "flag"):
        yield f"page-not-{name}.pdf", page.scan(scanned(getattr(page, name)())), SCAN
    yield "page-not-head.pdf", page.scan(scanned(page.seal(300, 740))), SCAN
    yield "page-not-turned-head.pdf", page.scan(scanned(page.seal(80, 400)), turn=90), SCAN
    yield "page-not-blue.pdf", page.scan(scanned(page.seal(colour=page.BLUE))), SCAN
    yield "page-not-black.pdf", page.scan(scanned(page.seal(colour=page.BLACK))), SCAN
    yield "page-not-grey.pdf", page.scan(scanned(*seal, grey=True)), SCAN
    yield "page-not-there.pdf", page.scan(scanned(page.signature())), SCAN
    yield "page-not-red.pdf", page.scan(scanned(page.rectangle(0, 0, 595, 842, (230, 60, 60)))), SCAN


def bad_jpegs():
    """(name, file, hints): nothing is seen, and the file is read no worse for it."""
    data = scanned(page.seal(), page.signature())
    frame = data.index(b"\xff\xc0")
    yield "jpeg-half.pdf", page.scan(data, pack=lambda all_of_it: all_of_it[:len(data) // 3]), SCAN
    yield "jpeg-none.pdf", page.scan(data, pack=lambda _: b""), SCAN
    yield "jpeg-head.pdf", page.scan(data, pack=lambda _: data[:frame + 4]), SCAN
    yield "jpeg-noise.pdf", page.scan(data, pack=lambda _: data[:frame] + b"\xff\xda\x00\x03" * 5000), SCAN
    huge = data[:frame + 5] + b"\xff\xdc\xff\xdc" + data[frame + 9:]
    yield "jpeg-huge.pdf", page.scan(data, pack=lambda _: huge), SCAN
    yield "jpeg-flat.pdf", page.scan(*[data] * 12, pack=lambda _: data[:frame + 5] + b"\x1a\xdc\x1a\xdc" + data[frame + 9:]), SCAN
    steps = scanned(page.seal(), progressive=True, dpi=300)
    scan = steps.index(b"\xff\xda")
    # The first scan again and again: every one fills a page of 300 dots to the inch.
    again = steps[:scan] + steps[scan:steps.index(b"\xff", scan + 20)] * 400
    yield "jpeg-scans.pdf", page.scan(steps, pack=lambda _: again), SCAN


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
    yield "copy-apart.pdf", sign(text, reason="S A O  L Ụ C"), MADE, [seen("copy", "elsewhere")]
    yield "incoming-nfd.pdf", sign(main, reason=unicodedata.normalize("NFD", "Văn bản đến")), MADE, [seen(None, "elsewhere"), seen("incoming", "elsewhere")]
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


def stamped_complaints(pki, config, folder):
    """A time stamp is nobody's signature: the picture of a seal stays all there is."""
    path = folder + "/stamped-seal.pdf"
    with open(path, "wb") as file:
        file.write(pdfsign.stamp(made((picture.seal(), 300, 180, SEAL, SEAL)), pki, WHEN))
    document = json.loads(check(pki, config, [path], "--json").stdout)["documents"][0]
    if (document["hints"], document["reasons"]) != (SEALED, ["IMAGE_ONLY"]):
        yield f"{document['hints']} {document['reasons']}"


def borrowed_complaints(pki, config, folder):
    """/Name is what the signer wrote: who signed says the certificate alone, wherever it is said."""
    def also(_, objects, __):
        pdfsign.value_of(objects)[1].update(Name=b"UBND MUON TEN", Prop_Build={"App": {"Name": Name("MUON#20TEN")}})

    path, page_path = folder + "/name.pdf", folder + "/name.html"
    with open(path, "wb") as file:
        file.write(pdfsign.sign(pdfbuild.build(when=WHEN), pki, "public", WHEN, also=also))
    check(pki, config, [path], "--html=" + page_path)
    with open(page_path, encoding="utf-8") as file:
        said = [check(pki, config, [path]).stdout, check(pki, config, [path], "--json").stdout, file.read()]
    for text in said:
        if "MUON" in text or "XI MĂNG" not in text:
            yield text[:400]


def named_complaints(pki, config, folder):
    """Whoever sends a file chooses its name: no control reaches the terminal, no character turns the line round."""
    path = folder + "/a\x1b[2J\nb\u202efdp.pdf"
    with open(path, "wb") as file:
        file.write(pdfbuild.build(when=WHEN))
    shown = check(pki, config, [path]).stdout
    if any(letter in shown for letter in "\x1b\u202e") or "a?[2J?b?fdp.pdf" not in shown:
        yield repr(shown)


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        pki = folder + "/pki"
        subprocess.run([HERE + "/../pki/mkpki.sh", pki], check=True)
        config = expect.configure(pki, folder)
        bad = list(bad_jpegs())
        rows = [(name, data, hints, []) for name, data, hints in [*unsigned(), *scans(), *bad]] + list(signed(pki))
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
        begin = time.monotonic()
        check(pki, config, [f"{folder}/{name}" for name, _, _ in bad])
        found = [f"{time.monotonic() - begin:.1f} s"] if time.monotonic() - begin > 10 else []
        failed += bool(found)
        print(f"{'FAIL' if found else 'ok'}  time of bad pictures  {'; '.join(found)}")
        found = list(text_complaints(pki, config, f"{folder}/seal.pdf"))
        failed += bool(found)
        print(f"{'FAIL' if found else 'ok'}  as text  {'; '.join(found)}")
        for name, complaints_of in (("seal and time stamp", stamped_complaints), ("name of a stranger", named_complaints),
                                    ("borrowed name", borrowed_complaints)):
            found = list(complaints_of(pki, config, folder))
            failed += bool(found)
            print(f"{'FAIL' if found else 'ok'}  {name}  {'; '.join(found)}")
    return 1 if failed else 0


sys.exit(main())
