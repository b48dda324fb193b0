# SPDX-License-Identifier: Apache-2.0
#
# Scans of pages: a page is drawn (text, a seal, a signature over it; or what is no seal), printed
# into a JPEG by pdftoppm as a scanner would send it, and put on a page again.
"""Pages as pictures, and what is drawn on them."""

import math
import os
import subprocess
import tempfile
import zlib

import pdfbuild
from pdfobject import Name, Ref, Stream

RED, FADED, DARK, BLUE, GOLD, BLACK = (206, 24, 30), (226, 150, 152), (150, 32, 44), (30, 50, 170), (218, 165, 32), (20, 20, 20)
WHITE, PAPER = (255, 255, 255), (250, 246, 236)
SEAL_RADIUS = 51  # 36 mm across


# ---- strokes ----

def paint(colour, fill=True):
    return "%.3f %.3f %.3f %s " % (*(part / 255 for part in colour), "rg" if fill else "RG")


def circle(x, y, radius, how, across=1.0):
    """how: "f" or "S"; across: width to height."""
    k, w, h = 0.5523, radius * across, radius
    points = [(w, 0), (w, k * h), (k * w, h), (0, h), (-k * w, h), (-w, k * h), (-w, 0), (-w, -k * h), (-k * w, -h), (0, -h),
              (k * w, -h), (w, -k * h), (w, 0)]
    placed = [f"{x + a:.2f} {y + b:.2f}" for a, b in points]
    curves = "".join(f" {placed[i]} {placed[i + 1]} {placed[i + 2]} c" for i in (1, 4, 7, 10))
    return f"{placed[0]} m{curves} {how}\n"


def ring(x, y, radius, width, colour, across=1.0):
    return paint(colour, fill=False) + f"{width} w " + circle(x, y, radius, "S", across)


def disc(x, y, radius, colour):
    return paint(colour) + circle(x, y, radius, "f")


def star(x, y, radius, colour):
    points = []
    for i in range(10):
        far, turn = radius * (1 if i % 2 == 0 else 0.4), math.pi / 2 + i * math.pi / 5
        points.append(f"{x + far * math.cos(turn):.2f} {y + far * math.sin(turn):.2f}")
    return paint(colour) + f"{points[0]} m " + "".join(f"{point} l " for point in points[1:]) + "f\n"


def words(x, y, size, text, colour=BLACK, turn=0.0):
    c, s = math.cos(turn), math.sin(turn)
    return paint(colour) + f"BT /F1 {size} Tf {c:.4f} {s:.4f} {-s:.4f} {c:.4f} {x:.2f} {y:.2f} Tm ({text}) Tj ET\n"


def arc_words(x, y, radius, size, text, colour, begin):
    """Letters on a circle, clockwise from an angle."""
    out, turn = "", begin
    for letter in text:
        out += words(x + radius * math.cos(turn), y + radius * math.sin(turn), size, letter, colour, turn - math.pi / 2)
        turn -= 0.68 * size / radius
    return out


def rectangle(x, y, width, height, colour, line=0.0):
    return paint(colour, fill=not line) + (f"{line} w " if line else "") + f"{x} {y} {width} {height} re {'S' if line else 'f'}\n"


# ---- things on a page ----

def seal(x=400, y=250, radius=SEAL_RADIUS, colour=RED, star_inside=True):
    """Of an agency: two rings, lettering around, a ring, a star or the arms, its name."""
    r = radius / 51
    out = ring(x, y, 49.5 * r, 3.2 * r, colour) + ring(x, y, 46 * r, 0.8 * r, colour) + ring(x, y, 28 * r, 1.1 * r, colour)
    out += arc_words(x, y, 32 * r, 10 * r, "UBND TINH NINH BINH * SO NOI VU *", colour, math.radians(225))
    if star_inside:
        out += star(x, y + 10 * r, 13 * r, colour)
    return out + words(x - 20 * r, y - 8 * r, 9 * r, "SO NOI VU", colour) + words(x - 16 * r, y - 18 * r, 8 * r, "NINH BINH", colour)


def signature(x=400, y=250, colour=BLUE, width=1.8):
    """A hand's strokes, from the seal to its right."""
    points = [(-25, -10), (-5, 45), (5, -40), (20, 30), (28, -25), (45, 20), (60, -12), (90, 10), (120, 0)]
    path = f"{x - 40} {y} m " + "".join(f"{x + a} {y + b} {x + a + 6} {y - b / 2} {x + a + 12} {y} c " for a, b in points)
    return paint(colour, fill=False) + f"{width} w {path} S\n"


def text(top=780, lines=34):
    out = words(80, top, 12, "UBND TINH NINH BINH") + words(320, top, 12, "CONG HOA XA HOI CHU NGHIA VIET NAM")
    for i in range(lines):
        out += words(72, top - 40 - 16 * i, 12, "Thuc hien quy dinh ve gui, nhan van ban dien tu va su dung chu ky so, so %02d" % i)
    return out + words(380, 300, 12, "GIAM DOC") + words(370, 190, 12, "Nguyen Van An")


def emblem(x=300, y=250, radius=45):
    """The coat of arms: red and full, with a star and a wreath of gold."""
    return disc(x, y, radius, RED) + ring(x, y, radius * 0.88, radius * 0.22, GOLD) + star(x, y + 5, radius * 0.42, GOLD)


def urgent(x=100, y=250, word="HOA TOC", colour=RED):
    return rectangle(x, y, 120, 34, colour, 2.5) + words(x + 12, y + 9, 21, word, colour)


def pie(x=300, y=300, radius=60, part=0.7):
    """A diagram with a red part."""
    turns = [2 * math.pi * part * i / 60 for i in range(61)]
    edge = "".join(f"{x + radius * math.cos(t):.1f} {y + radius * math.sin(t):.1f} l " for t in turns)
    return disc(x, y, radius, (70, 130, 180)) + paint(RED) + f"{x} {y} m {edge} f\n"


def donut(x=300, y=300, radius=58):
    return ring(x, y, radius * 0.8, radius * 0.4, RED) + words(x - 16, y - 6, 20, "87%")


def target(x=300, y=300, radius=58):
    return "".join(ring(x, y, radius * part, radius * 0.1, RED) for part in (0.95, 0.75, 0.55, 0.35, 0.15))


def forbidden(x=300, y=300, radius=50):
    """A sign of traffic."""
    return ring(x, y, radius * 0.9, radius * 0.2, RED) + paint(RED, False) + f"9 w {x - 30} {y - 30} m {x + 30} {y + 30} l S\n"


def logo(x=300, y=300, radius=50):
    return disc(x, y, radius, RED) + star(x, y, radius * 0.7, WHITE) + ring(x, y, radius * 0.85, 2, WHITE)


def letters_logo(x=300, y=300, radius=50):
    return ring(x, y, radius * 0.94, 6, RED) + words(x - 30, y - 20, 54, "VN", RED)


def code(x=300, y=300, side=100, colour=RED):
    cells, out = 25, ""
    for i in range(cells * cells):
        row, column = i // cells, i % cells
        if (row * 7 + column * 13 + row * column) % 5 < 2 or (row < 7 and column < 7 and (row in (0, 6) or column in (0, 6))):
            out += rectangle(x + column * side / cells, y + row * side / cells, side / cells, side / cells, colour)
    return out


def hand_circle(x=300, y=300):
    return ring(x, y, 40, 2, RED, across=1.08) + words(x - 25, y - 4, 12, "xem lai")


def red_text(x=72, y=500):
    lines = ("QUOC HOI", "VAN PHONG TRUNG UONG DANG", "DANG CONG SAN VIET NAM", "TINH UY NINH BINH")
    return "".join(words(x, y - 40 * i, 28, line, RED) for i, line in enumerate(lines)) + star(500, 700, 60, RED)


def flag(x=200, y=300):
    return rectangle(x, y, 150, 100, RED) + star(x + 75, y + 50, 30, (255, 240, 0))


# ---- scans ----

def page(content, tilt=0.0, paper=PAPER):
    """A page of drawn things as a file: what lies in the scanner, tilted by degrees."""
    c, s = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
    content = rectangle(0, 0, 595, 842, paper) + f"{c:.5f} {s:.5f} {-s:.5f} {c:.5f} {297.5 - 297.5 * c + 421 * s:.2f} " \
        f"{421 - 297.5 * s - 421 * c:.2f} cm\n" + content
    font = {"Type": Name("Font"), "Subtype": Name("Type1"), "BaseFont": Name("Times-Roman")}
    objects = {1: {"Type": Name("Catalog"), "Pages": Ref(2)}, 2: {"Type": Name("Pages"), "Kids": [Ref(3)], "Count": 1},
               3: {"Type": Name("Page"), "Parent": Ref(2), "MediaBox": [0, 0, 595, 842], "Contents": Ref(4),
                   "Resources": {"Font": {"F1": Ref(5)}}}, 4: Stream({}, content.encode("ascii")), 5: font}
    return pdfbuild.assemble(objects, {"Root": Ref(1)})


def jpeg(content, dpi=100, quality=70, progressive=False, grey=False, cmyk=False, tilt=0.0, paper=PAPER, rows=None):
    """A scanned page: JPEG; rows: (first, count) of a strip of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "page")
        with open(path + ".pdf", "wb") as file:
            file.write(page(content, tilt, paper))
        options = ["-jpegopt", f"quality={quality},progressive={'y' if progressive else 'n'}"]
        how = ["-jpegcmyk"] if cmyk else ["-jpeg", *options, *(["-gray"] if grey else [])]
        if rows:
            how += ["-x", "0", "-W", str(math.ceil(595 * dpi / 72)), "-y", str(rows[0]), "-H", str(rows[1])]
        subprocess.run(["pdftoppm", "-r", str(dpi), *how, "-singlefile", path + ".pdf", path], check=True, timeout=60)
        with open(path + ".jpg", "rb") as file:
            return file.read()


def frame_of(data):
    """Width, height and components of a JPEG."""
    at = 2
    while data[at] == 0xff and data[at + 1] not in (0xc0, 0xc1, 0xc2):
        at += 2 + int.from_bytes(data[at + 2:at + 4], "big")
    return int.from_bytes(data[at + 7:at + 9], "big"), int.from_bytes(data[at + 5:at + 7], "big"), data[at + 9]


def image(data, filters=None, pack=lambda all_of_it: all_of_it, **entries):
    width, height, parts = frame_of(data)
    space = Name({1: "DeviceGray", 3: "DeviceRGB", 4: "DeviceCMYK"}[parts])
    return Stream({"Type": Name("XObject"), "Subtype": Name("Image"), "Width": width, "Height": height, "BitsPerComponent": 8,
                   "ColorSpace": space, "Filter": filters or Name("DCTDecode"), **entries}, pack(data))


def stencil(side, paints):
    """A picture of one bit: paints(x, y) in -1 … 1 from the middle."""
    data = bytearray((side + 7) // 8 * side)
    for i in range(side * side):
        row, column = divmod(i, side)
        if not paints((column + 0.5) * 2 / side - 1, (row + 0.5) * 2 / side - 1):
            data[row * ((side + 7) // 8) + column // 8] |= 0x80 >> column % 8
    return Stream({"Type": Name("XObject"), "Subtype": Name("Image"), "Width": side, "Height": side, "BitsPerComponent": 1,
                   "ImageMask": True, "Filter": Name("FlateDecode")}, zlib.compress(bytes(data)))


def layers(content, *images, turn=0):
    """A file with one page that draws the images /Im0, /Im1, …"""
    objects = {1: {"Type": Name("Catalog"), "Pages": Ref(2)}, 2: {"Type": Name("Pages"), "Kids": [Ref(3)], "Count": 1},
               3: {"Type": Name("Page"), "Parent": Ref(2), "MediaBox": [0, 0, 595, 842], "Rotate": turn, "Contents": Ref(4),
                   "Resources": {"XObject": {f"Im{i}": Ref(5 + i) for i in range(len(images))}}}, 4: Stream({}, content)}
    objects.update((5 + i, one) for i, one in enumerate(images))
    return pdfbuild.assemble(objects, {"Root": Ref(1)})


def scan(*pages, turn=0, more=b"", **how):
    """A file whose pages are pictures.

    turn   degrees by which pages are shown turned
    more   content before the picture of each page
    how    keywords of image
    """
    objects, kids = {1: {"Type": Name("Catalog"), "Pages": Ref(2)}}, []
    for data in pages:
        number = max(objects) + 2 if len(objects) == 1 else max(objects) + 1
        objects[number] = {"Type": Name("Page"), "Parent": Ref(2), "MediaBox": [0, 0, 595, 842], "Rotate": turn,
                           "Contents": Ref(number + 1), "Resources": {"XObject": {"Im": Ref(number + 2)}}}
        objects[number + 1] = Stream({}, more + b"q 595 0 0 842 0 0 cm /Im Do Q")
        objects[number + 2] = image(data, **how)
        kids.append(Ref(number))
    objects[2] = {"Type": Name("Pages"), "Kids": kids, "Count": len(kids)}
    return pdfbuild.assemble(objects, {"Root": Ref(1)})

