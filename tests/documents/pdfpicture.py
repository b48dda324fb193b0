# SPDX-License-Identifier: Apache-2.0
#
# Documents with pictures: scans, seals, letterheads, made pixel by pixel and packed by zlib.  A
# picture is (width, height, bytes of RGB, bytes of alpha or None).
"""PDF files whose pages show pictures."""

import functools
import math
import zlib

import pdfbuild
from pdffile import PdfFile
from pdfobject import Name, Ref, Stream

RED, GOLD, BLUE, WHITE = (206, 24, 30), (218, 165, 32), (30, 60, 190), (255, 255, 255)
SEAL_POINTS = 102  # 36 mm


def draw(side, colour_of):
    """A square picture; colour_of(x, y) in -1 … 1 from the middle gives a colour, or None for none."""
    rgb, alpha = bytearray(), bytearray()
    for row in range(side):
        for column in range(side):
            colour = colour_of((column + 0.5) * 2 / side - 1, (row + 0.5) * 2 / side - 1)
            rgb += bytes(colour or WHITE)
            alpha.append(255 if colour else 0)
    return side, side, bytes(rgb), bytes(alpha)


def is_seal(x, y):
    """Two rings, a star, strokes for letters between the rings."""
    far, turn = math.hypot(x, y), math.atan2(y, x)
    ring = 0.93 < far < 0.99 or 0.55 < far < 0.58
    letters = 0.65 < far < 0.85 and int(turn * 24) % 3 == 0
    return ring or letters or far < 0.3 * (0.6 + 0.4 * math.cos(5 * (turn + math.pi / 2)))


@functools.lru_cache
def seal(colour=RED, side=220):
    return draw(side, lambda x, y: colour if is_seal(x, y) else None)


@functools.lru_cache
def emblem(side=200):
    """Red and gold, round and full, as the coat of arms of a letterhead."""
    def colour_of(x, y):
        far = math.hypot(x, y)
        star = far < 0.5 * (0.6 + 0.4 * math.cos(5 * math.atan2(y, x)))
        return None if far > 0.98 else GOLD if far > 0.78 or star else RED
    return draw(side, colour_of)


def square(side=150):
    """A red frame with strokes: the stamp of a company, or a code."""
    return draw(side, lambda x, y: RED if max(abs(x), abs(y)) > 0.9 or int(x * 12) % 4 == 0 else None)


def disc(side=150):
    """A full red circle."""
    return draw(side, lambda x, y: RED if math.hypot(x, y) < 0.98 else None)


def photo(width, height):
    """A grey page, as a scanner sees one."""
    rows = (bytes([235 - (x * 7 + y * 13) % 30 for x in range(width)]) for y in range(height))
    return width, height, b"".join(bytes(value for grey in row for value in (grey, grey, grey)) for row in rows), None


def objects_of(picture, number, filters=None, kind="rgb"):
    """{number: image, number + 1: its transparency}; kind "indexed": by a palette of 256 colours."""
    width, height, rgb, alpha = picture
    image = {"Type": Name("XObject"), "Subtype": Name("Image"), "Width": width, "Height": height, "BitsPerComponent": 8,
             "ColorSpace": Name("DeviceRGB"), "Filter": filters or Name("FlateDecode")}
    data = rgb
    if kind == "indexed":
        colours = sorted({rgb[i:i + 3] for i in range(0, len(rgb), 3)})
        palette = {colour: index for index, colour in enumerate(colours)}
        data = bytes(palette[rgb[i:i + 3]] for i in range(0, len(rgb), 3))
        image["ColorSpace"] = [Name("Indexed"), Name("DeviceRGB"), len(colours) - 1, b"".join(colours)]
    objects = {}
    if alpha:
        mask = {"Type": Name("XObject"), "Subtype": Name("Image"), "Width": width, "Height": height, "BitsPerComponent": 8,
                "ColorSpace": Name("DeviceGray"), "Filter": Name("FlateDecode")}
        objects[number + 1] = Stream(mask, zlib.compress(alpha))
        image["SMask"] = Ref(number + 1)
    objects[number] = Stream(image, zlib.compress(data))
    return objects


def document(when, pictures=(), text=True, hidden_text=False, pages=1, in_form=False, as_stamp=False):
    """pictures: (picture, left, bottom, width, height[, keywords of objects_of]) on the last page.

    text         the usual document below; else nothing
    hidden_text  its text is drawn invisibly, as that of an OCR
    in_form      the pictures stand in a form XObject; as_stamp: in a stamp annotation
    """
    pdf = PdfFile(pdfbuild.build(when=when, pages=pages))
    objects = {number: pdf.get(Ref(number)) for number in pdf.where if number}
    tree = objects[pdf.root["Pages"].num]
    page_ref = tree["Kids"][-1]
    page, number, drawn, names = dict(objects[page_ref.num]), max(objects) + 1, b"", {}
    for picture, left, bottom, width, height, *rest in pictures:
        objects.update(objects_of(picture, number, **(rest[0] if rest else {})))
        names[f"Im{number}"] = Ref(number)
        drawn += b"q %d 0 0 %d %d %d cm /Im%d Do Q\n" % (width, height, left, bottom, number)
        number += 2
    content = zlib.decompress(objects[page["Contents"].num].data)
    content = content.replace(b"BT ", b"BT 3 Tr ") if hidden_text else content if text else b""
    resources = dict(page["Resources"])
    form = {"Type": Name("XObject"), "Subtype": Name("Form"), "BBox": [0, 0, 595, 842], "Resources": {"XObject": names}}
    if as_stamp:
        objects[number] = Stream(form, drawn)
        objects[number + 1] = {"Type": Name("Annot"), "Subtype": Name("Stamp"), "Rect": [0, 0, 595, 842], "AP": {"N": Ref(number)}}
        page["Annots"] = [Ref(number + 1)]
    elif in_form:
        objects[number] = Stream(form, drawn)
        resources["XObject"] = {"Fm": Ref(number)}
        content = b"/Fm Do\n" + content
    else:
        resources["XObject"] = names
        content = drawn + content
    page["Resources"] = resources
    objects[page["Contents"].num] = Stream({"Filter": Name("FlateDecode")}, zlib.compress(content))
    objects[page_ref.num] = page
    return pdfbuild.assemble(objects, pdf.trailer)
