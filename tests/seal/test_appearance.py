#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# The appearance of seals on documents as an office writes them: a decision with its leader's signature and
# the seal over a third of it, an annex, copies, a page that is turned and cut. Drawn by Poppler and
# MuPDF, and measured on the drawn page; to be looked at by whoever changes it:
#   test_appearance.py [--keep FOLDER]     leaves the pictures there
"""Seals as they are seen."""

import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

import office

SEAL = os.path.join(HERE, "..", "..", "build", "tests", "seal", "seal_file")
FONT = "font=" + office.SERIF + "Regular.ttf"
DPI = 60
PER_MM = DPI / 25.4
ANNEX = (FONT, "line=2415/SNV-VTLT", "line=2026-06-15T09:30:00+07:00")
OFFICE = "VĂN PHÒNG ỦY BAN NHÂN DÂN TỈNH NINH BÌNH"
LONG = "BAN QUẢN LÝ DỰ ÁN ĐẦU TƯ XÂY DỰNG CÁC CÔNG TRÌNH GIAO THÔNG TỈNH NINH BÌNH"
COPY = (FONT, "line=SAO Y", "line=" + OFFICE, "line=2026-06-16T14:05:12+07:00")
failures = 0


def check(what, holds, detail=""):
    global failures
    if not holds:
        failures += 1
        print(f"FAIL  {what} {detail}")


def seal(site, source, target, *options, by="agency"):
    chain = f"{site}/{by}.chain"
    with open(chain, "wb") as out:
        for name in (by, "ca-g2"):
            with open(f"{site}/pki/certs/{name}.pem", "rb") as file:
                out.write(file.read())
    done = subprocess.run([SEAL, f"{site}/pki/keys/{by}.key", chain, f"{site}/{source}.pdf", f"{site}/{target}.pdf", *options],
                          capture_output=True, text=True, check=False)
    check(f"{target}: sealed", done.returncode == 0, done.stdout + done.stderr)


def make(site):
    """{picture: file}."""
    subprocess.run([HERE + "/../pki/mkpki.sh", site + "/pki"], check=True)
    office.seal_picture(site + "/seal.png")
    office.signature_picture(site + "/signature.png")
    office.decision(site + "/plain.pdf")
    office.decision(site + "/plain-stream.pdf", "stream")
    office.annex(site + "/plain-annex.pdf")
    office.annex(site + "/plain-wide.pdf", landscape=True)
    office.annex(site + "/plain-cut.pdf", CropBox=[20, 30, 575.28, 821.89], Rotate=180)
    leader = ("image=" + site + "/signature.png", "anchor=GIÁM ĐỐC", "left=-12", "top=7")
    over = ("image=" + site + "/seal.png", "signature")
    seal(site, "plain", "signed", *leader, by="person")
    seal(site, "signed", "decision", *over)
    # The number was put in by the agency after the leader had signed.
    seal(site, "plain-stream", "signed-stream", *leader, by="person")
    seal(site, "signed-stream", "numbered", FONT, "line=2415", "anchor=QUYẾT ĐỊNH", "left=-70", "top=-20", by="agency2")
    seal(site, "numbered", "numbered-twice", "image=" + site + "/signature.png", "page=1", "left=40", "top=250")
    seal(site, "numbered-twice", "decision-numbered", *over)
    seal(site, "plain-annex", "annex", *ANNEX)
    seal(site, "decision", "copy", *COPY, by="agency2")
    seal(site, "annex", "copy-of-annex", FONT, "line=SAO LỤC", "line=" + LONG, *COPY[-1:], by="agency2")
    seal(site, "copy-of-annex", "copy-of-copy", *COPY, by="agency-ec")
    seal(site, "plain-wide", "wide", *ANNEX)
    seal(site, "plain-cut", "cut", *COPY)
    return ("decision", "decision-numbered", "annex", "copy", "copy-of-annex", "copy-of-copy", "wide", "cut")


# ---- looking ----

def drawn(site, name, program):
    """Width, height and pixels of page 1."""
    path = f"{site}/{name}-{program}.ppm"
    if program == "poppler":
        subprocess.run(["pdftoppm", "-cropbox", "-r", str(DPI), "-l", "1", "-singlefile", f"{site}/{name}.pdf", path[:-4]], check=True)
    else:
        subprocess.run(["mutool", "draw", "-q", "-r", str(DPI), "-o", path, f"{site}/{name}.pdf", "1"], check=True,
                       stderr=subprocess.DEVNULL)
    with open(path, "rb") as file:
        data = file.read()
    os.unlink(path)
    width, height = map(int, data.split(b"\n", 2)[1].split())
    return width, height, data[-3 * width * height:]


def box(picture, wanted):
    """Millimetres from the upper left corner around the pixels that are wanted: left, top, right, bottom."""
    width, _, pixels = picture
    found = [(i % width, i // width) for i, color in enumerate(zip(pixels[::3], pixels[1::3], pixels[2::3]))
             if color != (255, 255, 255) and wanted(*color)]
    xs, ys = [x for x, _ in found], [y for _, y in found]
    return tuple(value / PER_MM for value in (min(xs), min(ys), max(xs) + 1, max(ys) + 1)) if found else None


def red(r, g, b):
    return r > 170 and g < 90 and b < 100


def blue(r, g, b):
    return b > 120 and r < 100 and g < 110


def near(values, wanted, by=1.0):
    return values is not None and all(abs(a - b) <= by for a, b in zip(values, wanted))


def words(site, name):
    """[(line, left, top, right, bottom)] of what stands in the upper 25 mm of page 1, in millimetres."""
    out = subprocess.run(["pdftotext", "-bbox-layout", "-l", "1", f"{site}/{name}.pdf", "-"], check=True, capture_output=True, text=True).stdout
    lines = []
    for part in out.split("<line ")[1:]:
        numbers = [float(part.split(key + '="')[1].split('"')[0]) / office.MM for key in ("xMin", "yMin", "xMax", "yMax")]
        text = " ".join(piece.split("</word>")[0].split(">")[1] for piece in part.split("<word ")[1:])
        if numbers[1] < 25:
            lines.append((text, *numbers))
    return lines


def over_a_third(name, picture):
    """R-59: the seal in its size, on the left of the signature, over about a third of it."""
    seal_box, hand = box(picture, red), box(picture, blue)
    check(f"{name}: real size", seal_box and near((seal_box[2] - seal_box[0], seal_box[3] - seal_box[1]), (36, 36), 1.5), seal_box)
    part = (seal_box[2] - hand[0]) / (hand[2] - hand[0]) if seal_box and hand else 0
    check(f"{name}: over a third", 0.25 < part < 0.42 and seal_box[0] < hand[0], f"{seal_box} {hand}")


def look(site, names):
    for name in names:
        pictures = [drawn(site, name, program) for program in ("poppler", "mupdf")]
        check(f"{name}: black as both draw it", near(*(box(p, lambda r, g, b: r + g + b < 600) for p in pictures), by=1.5))
        if name.startswith("decision"):
            for picture in pictures:
                over_a_third(name, picture if name == "decision" else (picture[0], picture[1], without_upper(picture)))


def without_upper(picture):
    """Another signature of the agency stands at 250 mm."""
    width, height, pixels = picture
    end = int(245 * PER_MM) * width * 3
    return pixels[:end] + b"\xff" * (len(pixels) - end)


def text_of(site):
    """R-61, R-62: what it says, top right, and over nothing."""
    for name, wanted, edge in (
            ("annex", ["2415/SNV-VTLT", "2026-06-15T09:30:00+07:00"], 195), ("wide", ["2415/SNV-VTLT", "2026-06-15T09:30:00+07:00"], 282),
            ("copy", ["SAO Y", OFFICE, "2026-06-16T14:05:12+07:00"], 195),
            ("copy-of-annex", ["SAO LỤC", " ".join(LONG.split()[:12]), " ".join(LONG.split()[12:]), "2026-06-16T14:05:12+07:00"], 150)):
        lines = words(site, name)
        own = [line for line in lines if line[0] in wanted]
        check(f"{name}: text", sorted(line[0] for line in own) == sorted(wanted), lines)
        check(f"{name}: right edge", abs(max((line[3] for line in own), default=0) - edge) < 2.5, own)
        check(f"{name}: above the head", all(line[4] < 26 for line in own), own)
    for name in ("copy-of-annex", "copy-of-copy"):
        lines = words(site, name)
        clashes = [(a[0], b[0]) for i, a in enumerate(lines) for b in lines[:i]
                   if a[1] < b[3] and b[1] < a[3] and a[2] + 0.8 < b[4] and b[2] + 0.8 < a[4]]
        check(f"{name}: nothing over another", not clashes, clashes)


def keep(site, names, folder):
    os.makedirs(folder, exist_ok=True)
    for name in names:
        subprocess.run(["pdftoppm", "-cropbox", "-r", "110", "-l", "1", "-singlefile", "-png", f"{site}/{name}.pdf", f"{folder}/{name}"], check=True)


def main():
    site = tempfile.mkdtemp(prefix="vanthu-appearance-")
    try:
        names = make(site)
        if sys.argv[1:2] == ["--keep"]:
            keep(site, names, sys.argv[2])
        look(site, names)
        text_of(site)
    finally:
        shutil.rmtree(site, ignore_errors=True)
    print("appearance of seals: " + ("passed" if failures == 0 else f"{failures} failed"))
    return 0 if failures == 0 else 1


sys.exit(main())
