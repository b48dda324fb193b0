# SPDX-License-Identifier: Apache-2.0
"""Documents as an office writes them (Nghị định 30/2020/NĐ-CP, Phụ lục I), with embedded fonts, and the
pictures of its seal and of a signature. Lengths are points from the upper left corner of a page."""

import math
import os
import struct
import subprocess
import sys
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "documents"))

from pdfbuild import assemble
from pdfobject import Name, Ref, Stream

SERIF = "/usr/share/fonts/truetype/liberation2/LiberationSerif-"
FONTS = {"R": "Regular", "B": "Bold", "I": "Italic", "J": "BoldItalic"}
A4, MM = (595.28, 841.89), 72 / 25.4
LEFT, RIGHT = 30 * MM, A4[0] - 18 * MM


class Face:
    """A TrueType font (ISO/IEC 14496-22): glyphs of letters, their widths, and its objects."""

    def __init__(self, name):
        with open(SERIF + FONTS[name] + ".ttf", "rb") as file:
            self.data = file.read()
        self.name = "LiberationSerif-" + FONTS[name]
        count = struct.unpack(">H", self.data[4:6])[0]
        records = (struct.unpack(">4sIII", self.data[12 + 16 * i:28 + 16 * i]) for i in range(count))
        self.tables = {tag.decode(): self.data[start:start + size] for tag, _, start, size in records}
        self.units = struct.unpack(">H", self.tables["head"][18:20])[0]
        self.metrics = struct.unpack(">H", self.tables["hhea"][34:36])[0]
        self.glyph_of = self.read_cmap()
        self.used = {}

    def read_cmap(self):
        """{code point: glyph}, of a subtable of format 4."""
        cmap, found = self.tables["cmap"], {}
        for i in range(struct.unpack(">H", cmap[2:4])[0]):
            start = struct.unpack(">I", cmap[8 + 8 * i:12 + 8 * i])[0]
            if struct.unpack(">H", cmap[start:start + 2])[0] == 4:
                break
        count = struct.unpack(">H", cmap[start + 6:start + 8])[0] // 2

        def column(number):
            at = start + 14 + 2 * count * number + (2 if number else 0)
            return at, struct.unpack(f">{count}H", cmap[at:at + 2 * count])

        ends, begins, deltas, (ranges_at, ranges) = column(0)[1], column(1)[1], column(2)[1], column(3)
        for i in range(count):
            for code in range(begins[i], min(ends[i], 0xfffe) + 1):
                at = ranges_at + 2 * i + ranges[i] + 2 * (code - begins[i])
                glyph = struct.unpack(">H", cmap[at:at + 2])[0] if ranges[i] else code
                found[code] = (glyph + deltas[i]) & 0xffff
        return found

    def advance(self, letter):
        glyph = min(self.glyph_of[ord(letter)], self.metrics - 1)
        return struct.unpack(">H", self.tables["hmtx"][4 * glyph:4 * glyph + 2])[0] / self.units

    def width(self, words):
        return sum(map(self.advance, words))

    def show(self, words):
        for letter in words:
            self.used[self.glyph_of[ord(letter)]] = letter
        return "<" + "".join(f"{self.glyph_of[ord(letter)]:04X}" for letter in words) + ">"

    def objects(self, number):
        """From number on: font, descendant, descriptor, file, ToUnicode."""
        widths = [item for glyph, letter in sorted(self.used.items()) for item in (glyph, [round(1000 * self.advance(letter))])]
        pairs = "".join(f"<{glyph:04X}> <{ord(letter):04X}>\n" for glyph, letter in sorted(self.used.items()))
        cmap = ("/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /vt def /CMapType 2 def\n"
                f"1 begincodespacerange <0000> <FFFF> endcodespacerange\n{len(self.used)} beginbfchar\n{pairs}endbfchar\n"
                "endcmap CMapName currentdict /CMap defineresource pop end end\n")
        return {number: {"Type": Name("Font"), "Subtype": Name("Type0"), "BaseFont": Name(self.name), "Encoding": Name("Identity-H"),
                         "DescendantFonts": [Ref(number + 1)], "ToUnicode": Ref(number + 4)},
                number + 1: {"Type": Name("Font"), "Subtype": Name("CIDFontType2"), "BaseFont": Name(self.name),
                             "CIDSystemInfo": {"Registry": b"Adobe", "Ordering": b"Identity", "Supplement": 0},
                             "FontDescriptor": Ref(number + 2), "CIDToGIDMap": Name("Identity"), "W": widths},
                number + 2: {"Type": Name("FontDescriptor"), "FontName": Name(self.name), "Flags": 4, "FontBBox": [-200, -300, 1200, 1000],
                             "ItalicAngle": 0, "Ascent": 891, "Descent": -216, "CapHeight": 662, "StemV": 80, "FontFile2": Ref(number + 3)},
                number + 3: Stream({"Filter": Name("FlateDecode"), "Length1": len(self.data)}, zlib.compress(self.data)),
                number + 4: Stream({"Filter": Name("FlateDecode")}, zlib.compress(cmap.encode()))}


def shown(faces, item, height):
    """The operators of one item."""
    if "path" in item:
        return f"q {item['path']} Q\n"
    face, words, size = faces[item["font"]], item["text"], item["size"]
    begin = f"{item.get('color', '0 g')} BT /{item['font']} {size} Tf "
    if "radius" in item:
        return begin + along(face, item, height) + "ET\n"
    width = face.width(words) * size
    left = item["x"] - {"center": width / 2, "right": width}.get(item["align"], 0)
    pieces = [face.show(words)]
    if item["align"] == "justify":
        pieces = [face.show(word + " ") for word in words.split(" ")]
        pieces[-1] = face.show(words.split(" ")[-1])
        gap = (item["width"] - width) / (len(pieces) - 1) / size * -1000
        pieces = [f" {gap:.1f} ".join(pieces)]
    return f"{begin}1 0 0 1 {left:.2f} {height - item['y']:.2f} Tm [{pieces[0]}] TJ ET\n"


def along(face, item, height):
    """Letters along the upper half of a circle around x and y."""
    steps = [(letter, (face.advance(letter) * item["size"] + item["spacing"]) / item["radius"]) for letter in item["text"]]
    angle, out = math.pi / 2 + sum(step for _, step in steps) / 2, ""
    for letter, step in steps:
        turn = angle - step / 2 - math.pi / 2
        x, y = item["x"] + item["radius"] * math.cos(angle), height - item["y"] + item["radius"] * math.sin(angle)
        numbers = (math.cos(turn), math.sin(turn), -math.sin(turn), math.cos(turn), x, y)
        out += " ".join(f"{n:.4f}" for n in numbers) + f" Tm {face.show(letter)} Tj "
        angle -= step
    return out


def draw(path, size, items, kind="table", **page):
    """A PDF of one page. page: further entries of its dictionary."""
    faces = {name: Face(name) for name in {item["font"] for item in items if "text" in item}}
    content = "".join(shown(faces, item, size[1]) for item in items).encode()
    objects = {1: {"Type": Name("Catalog"), "Pages": Ref(2)}, 2: {"Type": Name("Pages"), "Kids": [Ref(3)], "Count": 1},
               4: Stream({"Filter": Name("FlateDecode")}, zlib.compress(content))}
    fonts = {}
    for name, face in faces.items():
        number = 5 + 5 * len(fonts)
        fonts[name] = Ref(number)
        objects.update(face.objects(number))
    objects[3] = {"Type": Name("Page"), "Parent": Ref(2), "MediaBox": [0, 0, *size], "Contents": Ref(4), "Resources": {"Font": fonts}, **page}
    with open(path, "wb") as file:
        file.write(assemble(objects, {"Root": Ref(1), "ID": [b"0123456789abcdef"] * 2}, kind))


def text(x, y, words, font="R", size=13, align="left", **more):
    return {"x": x, "y": y, "text": words, "font": font, "size": size, "align": align, **more}


def rule(x0, x1, y, height):
    return {"path": f"0.6 w {x0:.1f} {height - y:.1f} m {x1:.1f} {height - y:.1f} l S"}


def head(left, number, place):
    """Boxes 1 to 4."""
    middle = (LEFT + 190 / 2, RIGHT - 250 / 2)
    above, agency = left
    return [text(middle[0], 78, above, size=12, align="center"), text(middle[0], 93, agency, "B", 12, "center"),
            rule(middle[0] - 28, middle[0] + 28, 98, A4[1]),
            text(middle[1], 78, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "B", 12, "center"),
            text(middle[1], 94, "Độc lập - Tự do - Hạnh phúc", "B", 13, "center"), rule(middle[1] - 80, middle[1] + 80, 99, A4[1]),
            text(middle[0], 120, "Số: " + number, size=13, align="center"), text(middle[1], 120, place, "I", 13, "center")]


def body(y, *paragraphs, font="R", size=13.5):
    """Paragraphs, justified, and where the next one begins."""
    found, face = [], Face(font)
    for paragraph in paragraphs:
        x, words = LEFT + 28, paragraph.split(" ")
        while words:
            count = len(words)
            while face.width(" ".join(words[:count])) * size > RIGHT - x:
                count -= 1
            found.append(text(x, y, " ".join(words[:count]), font, size, "justify" if count < len(words) else "left", width=RIGHT - x))
            words, x, y = words[count:], LEFT, y + 19
        y += 4
    return found, y


def decision(path, kind="table"):
    """A decision of one page: leader's title and name with room between for the signature."""
    middle, right = (LEFT + RIGHT) / 2, RIGHT - 110
    items = head(("UBND TỈNH NINH BÌNH", "SỞ NỘI VỤ"), "2415/QĐ-SNV", "Ninh Bình, ngày 15 tháng 6 năm 2026")
    items += [text(middle, 165, "QUYẾT ĐỊNH", "B", 14, "center"),
              text(middle, 184, "Về việc ban hành Quy chế quản lý và sử dụng chữ ký số", "B", 14, "center"),
              rule(middle - 60, middle + 60, 191, A4[1]), text(middle, 225, "GIÁM ĐỐC SỞ NỘI VỤ", "B", 14, "center")]
    grounds, y = body(255, "Căn cứ Nghị định số 30/2020/NĐ-CP ngày 05 tháng 3 năm 2020 của Chính phủ về công tác văn thư;",
                      "Căn cứ Nghị định số 68/2024/NĐ-CP ngày 25 tháng 6 năm 2024 của Chính phủ quy định về chữ ký số chuyên dùng công vụ;",
                      "Theo đề nghị của Chánh Văn phòng Sở.", font="I")
    articles, _ = body(y + 35, "Điều 1. Ban hành kèm theo Quyết định này Quy chế quản lý và sử dụng chữ ký số, thiết bị lưu khóa bí mật "
                       "trong các cơ quan, đơn vị thuộc Sở.", "Điều 2. Quyết định này có hiệu lực kể từ ngày ký.",
                       "Điều 3. Chánh Văn phòng, Trưởng các phòng, đơn vị thuộc Sở và các tổ chức, cá nhân có liên quan chịu trách "
                       "nhiệm thi hành Quyết định này./.")
    items += grounds + [text(middle, y + 6, "QUYẾT ĐỊNH:", "B", 14, "center")] + articles
    items += [text(LEFT, 590, "Nơi nhận:", "J", 12), text(LEFT, 605, "- Như Điều 3;", size=11),
              text(LEFT, 618, "- Bộ Nội vụ (để b/c);", size=11), text(LEFT, 631, "- Lưu: VT, VP.", size=11),
              text(right, 592, "GIÁM ĐỐC", "B", 14, "center"), text(right, 690, "Nguyễn Văn An", "B", 14, "center")]
    draw(path, A4, items, kind)


def annex(path, landscape=False, **page):
    """Phụ lục, a table; landscape: as many programs make it, a page of A4 turned by /Rotate."""
    width, height = (A4[1], A4[0]) if landscape else A4
    left, right = 30 * MM, width - 18 * MM
    middle = (left + right) / 2
    items = [text(middle, 80, "PHỤ LỤC", "B", 14, "center"),
             text(middle, 98, "DANH MỤC HỒ SƠ GIAO NỘP NĂM 2026", "B", 14, "center"),
             text(middle, 116, "(Kèm theo Công văn số 2415/SNV-VTLT ngày 15 tháng 6 năm 2026 của Sở Nội vụ)", "I", 13, "center")]
    columns = (left, left + 35, right - 160, right - 80, right)
    rows = (("STT", "Tên hồ sơ", "Số tờ", "Thời hạn"), ("1", "Hồ sơ quản lý chữ ký số của cơ quan", "120", "Vĩnh viễn"),
            ("2", "Hồ sơ cấp phát thiết bị lưu khóa bí mật", "86", "20 năm"), ("3", "Hồ sơ kiểm tra công tác văn thư", "54", "20 năm"),
            ("4", "Báo cáo định kỳ về gửi, nhận văn bản điện tử", "35", "10 năm"))
    for number, row in enumerate(rows):
        y = 160 + 24 * number
        for column, words in enumerate(row):
            centred = column != 1 or number == 0
            x = (columns[column] + columns[column + 1]) / 2 if centred else columns[column] + 6
            items.append(text(x, y, words, "B" if number == 0 else "R", 13, "center" if centred else "left"))
    top, bottom = height - 143, height - 143 - 24 * len(rows)
    lines = [f"{left:.1f} {top - 24 * i:.1f} m {right:.1f} {top - 24 * i:.1f} l" for i in range(len(rows) + 1)]
    lines += [f"{x:.1f} {top:.1f} m {x:.1f} {bottom:.1f} l" for x in columns]
    items.append({"path": "0.6 w " + " ".join(lines) + " S"})
    draw(path, (width, height), items, **page)


# ---- pictures ----

def star(middle, radius):
    points = [(middle + r * math.sin(math.radians(36 * i)), middle + r * math.cos(math.radians(36 * i)))
              for i, r in enumerate((radius, radius * 0.382) * 5)]
    return " ".join(f"{x:.2f} {y:.2f} {'l' if i else 'm'}" for i, (x, y) in enumerate(points)) + " f"


def circle(middle, radius):
    k = radius * 0.5523
    m, r = middle, radius
    return (f"{m + r:.2f} {m:.2f} m {m + r:.2f} {m + k:.2f} {m + k:.2f} {m + r:.2f} {m:.2f} {m + r:.2f} c "
            f"{m - k:.2f} {m + r:.2f} {m - r:.2f} {m + k:.2f} {m - r:.2f} {m:.2f} c "
            f"{m - r:.2f} {m - k:.2f} {m - k:.2f} {m - r:.2f} {m:.2f} {m - r:.2f} c "
            f"{m + k:.2f} {m - r:.2f} {m + r:.2f} {m - k:.2f} {m + r:.2f} {m:.2f} c S")


def picture(path, size, items):
    """A PNG with transparency, 600 dpi."""
    draw(path + ".pdf", size, items)
    subprocess.run(["mutool", "draw", "-q", "-c", "rgba", "-r", "600", "-o", path, path + ".pdf", "1"], check=True, stderr=subprocess.DEVNULL)
    os.unlink(path + ".pdf")


def seal_picture(path):
    """The seal of an agency: red, 36 mm, transparent."""
    side, red = 36 * MM, "0.84 0.08 0.12 rg 0.84 0.08 0.12 RG"
    middle = side / 2
    items = [{"path": f"{red} 2.2 w {circle(middle, middle - 1.5)}"}, {"path": f"{red} 0.8 w {circle(middle, middle - 4)}"},
             {"path": f"{red} 0.8 w {circle(middle, middle - 19)}"}, {"path": f"{red} {star(middle, 15)}"}]
    items += [text(middle, middle, "ỦY BAN NHÂN DÂN TỈNH NINH BÌNH", "B", 8.5, radius=middle - 16, spacing=0.7, color=red),
              text(middle, middle + 23, "SỞ NỘI VỤ", "B", 7, "center", color=red)]
    picture(path, (side, side), items)


def signature_picture(path):
    """A leader's signature: blue, 50 by 22 mm, transparent."""
    width, height = 50 * MM, 22 * MM
    strokes = ("0.10 0.22 0.62 RG 1.8 w 1 J 1 j 8 20 m 18 58 30 62 32 40 c 34 16 24 6 26 22 c 30 52 50 62 54 44 c 56 30 46 20 48 30 c "
               "52 44 66 46 70 32 c 73 22 80 24 82 34 c 84 42 92 42 96 30 c 99 22 106 24 108 32 c 112 46 122 40 124 30 c 128 16 134 40 138 36 c S "
               "1.2 w 14 12 m 60 22 100 20 136 10 c S")
    picture(path, (width, height), [{"path": strokes}])
