# SPDX-License-Identifier: Apache-2.0
#
# A small administrative document as a PDF: A4, Vietnamese text that can be
# extracted, classic or compressed cross-references, padding to a wanted size.
"""Build an unsigned PDF."""

import random
import zlib

from pdffile import cross_reference
from pdfobject import Name, Ref, Stream, date, text, write

LINES = [
    ("center", "UBND TỈNH NINH BÌNH          CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
    ("center", "SỞ NỘI VỤ                    Độc lập - Tự do - Hạnh phúc"),
    ("left", ""),
    ("left", "Số: {number}                       Ninh Bình, ngày {day} tháng {month} năm {year}"),
    ("left", ""),
    ("center", "{title}"),
    ("left", ""),
    ("left", "Kính gửi: Các sở, ban, ngành; Ủy ban nhân dân các xã, phường."),
    ("left", "Thực hiện quy định về gửi, nhận văn bản điện tử và sử dụng chữ ký số chuyên dùng"),
    ("left", "công vụ, Sở Nội vụ đề nghị các cơ quan, đơn vị rà soát việc ký số văn bản, bảo đảm"),
    ("left", "mỗi văn bản gửi đi có đủ chữ ký số của người có thẩm quyền và của cơ quan."),
    ("left", "Báo cáo gửi về Sở Nội vụ trước ngày 15 hằng tháng để tổng hợp."),
    ("left", ""),
    ("left", "Nơi nhận:                                              GIÁM ĐỐC"),
    ("left", "- Như trên;"),
    ("left", "- Lưu: VT, VP.                                         Nguyễn Văn An"),
]


class Font:
    """One simple font: ASCII as it is, other characters on codes from 128."""

    def __init__(self, string):
        letters = sorted({c for c in string if not c.isascii()})
        if len(letters) > 128:
            raise ValueError("more than 128 letters beyond ASCII")
        self.code = {c: 128 + i for i, c in enumerate(letters)}

    def encode(self, string):
        return bytes(self.code.get(c, ord(c) if c.isascii() else 63) for c in string)

    def objects(self, number):
        """{number: font, number + 1: ToUnicode}."""
        names = [Name(f"uni{ord(c):04X}") for c in sorted(self.code, key=self.code.get)]
        font = {"Type": Name("Font"), "Subtype": Name("Type1"), "BaseFont": Name("Times-Roman"),
                "Encoding": {"Type": Name("Encoding"), "BaseEncoding": Name("WinAnsiEncoding"), "Differences": [128] + names},
                "ToUnicode": Ref(number + 1)}
        ranges = "".join(f"<{code:02X}> <{ord(c):04X}>\n" for c, code in self.code.items())
        cmap = ("/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n/CMapName /vt def /CMapType 2 def\n"
                "1 begincodespacerange <00> <FF> endcodespacerange\n1 beginbfrange <20> <7E> <0020> endbfrange\n")
        chunks = ranges.splitlines(True)
        for first in range(0, len(chunks), 100):
            part = chunks[first:first + 100]
            cmap += f"{len(part)} beginbfchar\n{''.join(part)}endbfchar\n"
        cmap += "endcmap CMapName currentdict /CMap defineresource pop end end\n"
        return {number: font, number + 1: Stream({"Filter": Name("FlateDecode")}, zlib.compress(cmap.encode()))}


def page_content(font, lines):
    """The content stream of one page of (alignment, text) lines."""
    out = bytearray(b"BT /F1 12 Tf 16 TL 72 780 Td\n")
    for align, line in lines:
        out += (b"30 0 Td " if align == "center" else b"") + write(font.encode(line)) + b" Tj "
        out += b"-30 0 Td T*\n" if align == "center" else b"T*\n"
    return bytes(out) + b"ET\n"


def build(title="V/v tăng cường sử dụng chữ ký số", number="2415/SNV-VTLT", when=None, pages=1, kind="table",
          pad_bytes=0, pad_objects=0, seed=1):
    """An unsigned PDF.

    when         aware datetime: the date in the text and of creation
    kind         "table" (PDF 1.4) or "stream" (PDF 1.7, objects in object streams)
    pad_bytes    bytes of incompressible padding; pad_objects: small objects, all reachable
    """
    fill = dict(title=title, number=number, day=f"{when.day:02d}", month=f"{when.month:02d}", year=when.year)
    lines = [(align, line.format(**fill)) for align, line in LINES]
    font = Font("".join(line for _, line in lines))
    objects = {1: {"Type": Name("Catalog"), "Pages": Ref(2), "Lang": b"vi-VN"},
               3: {"Title": text(title), "Author": text("Sở Nội vụ tỉnh Ninh Bình"), "Creator": text("vanthu tests"),
                   "CreationDate": date(when), "ModDate": date(when)}}
    objects.update(font.objects(4))
    number_next = 6
    kids = []
    for page in range(pages):
        extra = [("left", ""), ("left", f"Trang {page + 1}/{pages}")]
        content = zlib.compress(page_content(font, lines + extra))
        objects[number_next] = {"Type": Name("Page"), "Parent": Ref(2), "MediaBox": [0, 0, 595, 842],
                                "Resources": {"Font": {"F1": Ref(4)}}, "Contents": Ref(number_next + 1)}
        objects[number_next + 1] = Stream({"Filter": Name("FlateDecode")}, content)
        kids.append(Ref(number_next))
        number_next += 2
    objects[2] = {"Type": Name("Pages"), "Kids": kids, "Count": pages}
    generator = random.Random(seed)
    padding = []
    for i in range(pad_objects):
        objects[number_next] = {"Type": Name("VtPadding"), "Index": i, "Value": b"%016x" % generator.getrandbits(64)}
        padding.append(Ref(number_next))
        number_next += 1
    if pad_bytes:
        objects[number_next] = Stream({"Type": Name("VtPadding")}, generator.randbytes(pad_bytes))
        padding.append(Ref(number_next))
        number_next += 1
    if padding:
        objects[number_next] = padding
        private = {"LastModified": date(when), "Private": Ref(number_next)}
        objects[1]["PieceInfo"] = {"VtPadding": private}
        number_next += 1
    identity = generator.randbytes(16)
    return assemble(objects, {"Root": Ref(1), "Info": Ref(3), "ID": [identity, identity]}, kind)


def assemble(objects, trailer, kind="table", per_container=100):
    """A whole file from {number: value}; kind "stream" packs all but streams into object streams."""
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n" if kind == "table" else b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets, packed = {}, {}
    number_next = max(objects) + 1
    whole = dict(objects)
    if kind in ("stream", "packed"):
        small = [n for n in sorted(objects) if not isinstance(objects[n], Stream)]
        for first in range(0, len(small), per_container):
            part = small[first:first + per_container]
            bodies = [write(objects[n]) for n in part]
            header, pos = [], 0
            for index, (num, body) in enumerate(zip(part, bodies)):
                header.append(b"%d %d" % (num, pos))
                pos += len(body) + 1
                packed[num] = (number_next, index)
                del whole[num]
            head = b" ".join(header) + b"\n"
            info = {"Type": Name("ObjStm"), "N": len(part), "First": len(head), "Filter": Name("FlateDecode")}
            whole[number_next] = Stream(info, zlib.compress(head + b"\n".join(bodies)))
            number_next += 1
    for num in sorted(whole):
        offsets[num] = len(out)
        out += b"%d 0 obj\n" % num + write(whole[num]) + b"\nendobj\n"
    info = dict(trailer)
    info["Size"] = number_next
    return bytes(out) + cross_reference(kind, len(out), offsets, info, packed)
