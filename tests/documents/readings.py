# SPDX-License-Identifier: Apache-2.0
#
# Signed PDF files and updates that one reader reads otherwise than another: by the number of an object or by its
# index, with its generation or without, by the table or by a search.  Rows as in attacks.py.
"""Updates of signed PDF files that not all readers read alike."""

import re
import struct
import zlib

import formfile as form
import pdfsign
from attacks import ADDED, UNCLEAR, showing, update
from pdffile import PdfFile
from pdfobject import Name, Raw, Ref, Stream, write

OTHER = Stream({}, b"BT /F1 30 Tf 72 700 Td (900.000) Tj ET\n")
NEW = 60  # a number above those of the form


# ---- a search finds what was prepared ----

def placed(data, extra):
    """A file with bytes between its last object and its table."""
    at = int(re.findall(rb"startxref\s+(\d+)", data)[-1])
    return data[:at] + extra + data[at:].replace(b"startxref\n%d\n" % at, b"startxref\n%d\n" % (at + len(extra)))


def numbered(head):
    return lambda when: placed(form.build(when), head + b"\n%s\nendobj\n" % write(OTHER))


def with_a_trailer(when):
    """Another document, which no one refers to, and a trailer that no section has."""
    def change(objects):
        objects[NEW] = {"Type": Name("Catalog"), "Pages": Ref(NEW + 1)}
        objects[NEW + 1] = {"Type": Name("Pages"), "Kids": [Ref(NEW + 2)], "Count": 1}
        objects[NEW + 2] = {"Type": Name("Page"), "Parent": Ref(NEW + 1), "MediaBox": [0, 0, 595, 842], "Contents": Ref(NEW + 3),
                            "Resources": {"Font": {"F1": Ref(form.FONT)}}}
        objects[NEW + 3] = OTHER
    return placed(form.build(when, change=change), b"trailer\n<< /Size 64 /Root %d 0 R /ID [<30> <30>] >>\n" % NEW)


def with_an_object_stream(when):
    """One that no section uses, with another first page in it."""
    def change(objects):
        page, head = write(dict(objects[form.PAGE_1], Contents=Ref(form.CONTENT_SPARE))), b"%d 0 " % form.PAGE_1
        objects[NEW] = Stream({"Type": Name("ObjStm"), "N": 1, "First": len(head)}, head + page)
    return form.build(when, change=change)


def with_the_older_behind(when):
    """Two revisions: what the older one has of the first page lies behind what the newer one has."""
    data = form.build(when)
    pdf = PdfFile(data)
    place, at = pdf.where[form.CONTENT_1], pdf.start
    older = b"%d 0 obj\n%s\nendobj\n" % (form.CONTENT_1, write(OTHER))
    out = placed(data, older).replace(b"%010d 00000 n" % place, b"%010d 00000 n" % at)
    return out + b"xref\n%d 1\n%010d 00000 n \ntrailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (
        form.CONTENT_1, place, write({**pdf.trailer, "Prev": at + len(older)}), len(out))


def with_a_freed_stamp(when):
    """An annotation that the page refers to, and that a second revision frees."""
    def change(objects):
        objects[NEW] = {"Type": Name("Annot"), "Subtype": Name("Stamp"), "Rect": [72, 690, 400, 720], "F": 4, "AP": {"N": Ref(NEW + 1)}}
        objects[NEW + 1] = form.look(b"1 g 0 0 200 20 re f 0 g BT /F1 10 Tf (900.000) Tj ET\n")
        objects[form.PAGE_1]["Annots"].append(Ref(NEW))
    data = form.build(when, change=change)
    pdf = PdfFile(data)
    return data + b"xref\n%d 1\n0000000000 00001 f \ntrailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (NEW, write({**pdf.trailer, "Prev": pdf.start}), len(data))


def dated(data, entry_end=b" \n", more=b"", before_offset=b"\n", numbers=None, size=None):
    """An update of the document information alone, whose section is written so that some reader searches for objects."""
    pdf, place = PdfFile(data), len(data)
    info = write(dict(pdf.get(Ref(form.INFO)), Producer=b"other tests"))
    thing = (numbers or b"%d 0 obj" % form.INFO) + b"\n" + info + b"\nendobj\n"
    return data + thing + b"xref\n%d 1\n%010d 00000 n%s%strailer\n%s\nstartxref%s%d\n%%%%EOF\n" % (
        form.INFO, place, entry_end, more, write({**pdf.trailer, "Size": size or pdf.size, "Prev": pdf.start}), before_offset, place + len(thing))


def searches(sign):
    short, odd, null = {"entry_end": b"\n"}, {"entry_end": b"%x\n"}, {"before_offset": b"\0\f"}
    far = {"more": b"4194303 1\n0000000000 00001 f \n", "size": 4194304}
    content = b"%d" % form.CONTENT_1
    for name, build, section, words in (
            ("a-point-after-the-number", numbered(content + b". 0 obj"), short, "table"), ("a-point-after-the-generation", numbered(content + b" 0. obj"), short, "table"),
            ("other-white-space", numbered(content + b"\xff0\xffobj"), short, "table"), ("another-trailer", with_a_trailer, null, "startxref"),
            ("an-object-stream", with_an_object_stream, odd, "table"), ("the-older-behind-short", with_the_older_behind, short, "table"),
            ("the-older-behind-odd", with_the_older_behind, odd, "table"), ("the-older-behind-null", with_the_older_behind, null, "startxref"),
            ("the-older-behind-far", with_the_older_behind, far, "far above"),
            ("the-older-behind-empty", with_the_older_behind, {"more": b"8388607 0\n"}, "table"),
            ("the-older-behind-signed", with_the_older_behind, {"numbers": b"+%d +0 obj" % form.INFO}, "number"),
            ("the-older-behind-a-comment", with_the_older_behind, {"numbers": b"%d 0 %%c\nobj" % form.INFO}, "number"),
            ("a-freed-stamp", with_a_freed_stamp, null, "startxref")):
        yield f"search-finds-{name}", "SHADOW PARSER", dated(sign("agency", build(sign.at)), **section), UNCLEAR, words
    for name, build in (("a-point", numbered(content + b". 0 obj")), ("another-trailer", with_a_trailer), ("an-object-stream", with_an_object_stream),
                        ("the-older-behind", with_the_older_behind)):
        yield f"search-would-find-{name}", "SHADOW PARSER", dated(sign("agency", build(sign.at))), UNCLEAR, "after an update"


# ---- generation numbers ----

def generations(sign):
    other = Ref(NEW, 9)

    def picture(objects):
        objects[form.PAGE_1]["Resources"]["XObject"]["Im1"] = other

    def content(objects):
        objects[form.PAGE_2]["Contents"] = other

    for name, change, value in (("picture", picture, form.look(b"0 0 300 300 re f\n", 300, 300, {})), ("content", content, OTHER)):
        for kind in ("table", "stream"):
            signed = sign("agency", form.build(sign.at, kind, change))
            yield f"generation-of-a-{name}-{kind}", "SHADOW PARSER", update(signed, {NEW: value}), UNCLEAR, "generation"
    signed = sign("agency", form.build(sign.at))
    size = PdfFile(signed).size
    for key, value in (("CropBox", [0, 400, 595, 842]), ("Rotate", 180)):
        page = dict(PdfFile(signed).get(Ref(form.PAGE_1)), **{key: Ref(size, 9)})
        yield f"generation-of-a-{key.lower()}", "PARSER", update(signed, {form.PAGE_1: page, size: value}), UNCLEAR, "generation"


# ---- object streams ----

def packed(data, pairs, index, encode=bytes, **more):
    """An update that brings the first page in an object stream: (number, offset, text) as they stand in it; index: what its section says."""
    pdf, out = PdfFile(data), bytearray(data)
    head = b"".join(b"%d %d " % pair[:2] for pair in pairs)
    place = len(out)
    out += b"%d 0 obj\n%s\nendobj\n" % (pdf.size, write(Stream({"Type": Name("ObjStm"), "N": len(pairs), "First": len(head), **more},
                                                                encode(head + b"".join(pair[2] for pair in pairs)))))
    at = len(out)
    rows = b"".join(struct.pack(">BIH", *row) for row in ((2, pdf.size, index), (1, place, 0), (1, at, 0)))
    section = Stream({**pdf.trailer, "Type": Name("XRef"), "W": [1, 4, 2], "Index": [form.PAGE_1, 1, pdf.size, 2], "Size": pdf.size + 2, "Prev": pdf.start}, rows)
    return bytes(out) + b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (pdf.size + 1, write(section), at)


def object_streams(sign):
    signed = sign("agency", form.build(sign.at, "stream"))
    page = dict(PdfFile(signed).get(Ref(form.PAGE_1)))
    same, other = write(page) + b" ", write(dict(page, Contents=Ref(form.CONTENT_SPARE))) + b" "
    cut = write({k: page[k] for k in page if k != "Contents"})[:-2]
    rest = b"/Contents %d 0 R >> " % form.CONTENT_1
    for name, pairs, index in (
            ("first-of-two", ((form.PAGE_1, 0, other), (form.PAGE_1, len(other), same)), 0), ("second-of-two", ((form.PAGE_1, 0, other), (form.PAGE_1, len(other), same)), 1),
            ("index-of-another", ((form.PAGE_1, 0, same), (NEW, len(same), other)), 1), ("more-than-listed", ((form.PAGE_1, 0, same), (NEW, len(same), other)), 0),
            ("cut-short", ((form.PAGE_1, 0, cut), (NEW, len(cut), rest)), 0)):
        yield f"packed-{name}", "PARSER", packed(signed, pairs, index), UNCLEAR, "object stream"
    flate = {"Filter": Name("FlateDecode")}
    for name, more, tag in (("first-with-ff", {"X": Raw(b"1 /First\xff 3")}, None), ("unknown-predictor", {**flate, "DecodeParms": {"Predictor": 12, "Columns": 1}}, b"\x09"),
                            ("parameters-for-two", {**flate, "DecodeParms": [{"Predictor": 12, "Columns": 1}]}, b"\0"),
                            ("columns-with-ff", {**flate, "DecodeParms": {"Predictor": 12, "Columns": 1, "X": Raw(b"1 /Columns\xff 5")}}, b"\0")):
        data = packed(signed, ((form.PAGE_1, 0, same),), 0, (lambda raw, tag=tag: zlib.compress(b"".join(tag + bytes([c]) for c in raw))) if tag else bytes, **more)
        yield f"packed-with-{name}", "PARSER", data, UNCLEAR, "object stream"


# ---- cross-reference streams ----

def sections(sign):
    signed = sign("agency", form.build(sign.at, "stream"))
    pdf, place = PdfFile(signed), len(signed)
    out = signed + b"%d 0 obj\n%s\nendobj\n" % (form.INFO, write(dict(pdf.get(Ref(form.INFO)), Producer=b"other tests")))
    for name, widths, more, encode in (
            ("another-filter", (1, 4, 2), {"F": Name("ASCIIHexDecode")}, bytes), ("two-filters", (1, 4, 2), {"Filter": Name("FlateDecode"), "F": Name("ASCIIHexDecode")}, zlib.compress),
            ("wide-types", (4, 4, 4), {}, bytes), ("name-with-ff", (1, 4, 2), {"X": Raw(b"1 /Prev\xff 15")}, bytes),
            ("unknown-predictor", (1, 4, 2), {"Filter": Name("FlateDecode"), "DecodeParms": {"Predictor": 12, "Columns": 7}},
             lambda rows: zlib.compress(b"".join(b"\x09" + rows[at:at + 7] for at in range(0, len(rows), 7))))):
        data = encode(b"".join(field.to_bytes(width, "big") for entry in ((1, place, 0), (1, len(out), 0)) for field, width in zip(entry, widths)))
        section = Stream({**pdf.trailer, "Type": Name("XRef"), "W": list(widths), "Index": [form.INFO, 1, pdf.size, 1], "Size": pdf.size + 1,
                          "Prev": pdf.start, **more}, data)
        yield f"section-with-{name}", "PARSER", out + b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (pdf.size, write(section), len(out)), \
            UNCLEAR, "cross-reference section"


# ---- time stamps that some readers show ----

def stamps(sign):
    signed = sign("agency", form.build(sign.at))

    def stamp(rect, flags=132):
        def also(pdf, objects, numbers):
            showing(b"1 g 0 0 400 60 re f 0 g BT /F1 12 Tf 12 16 Td (900.000) Tj ET\n")(pdf, objects, numbers)
            next(v for v in objects.values() if isinstance(v, dict) and v.get("FT") == "Sig")["F"] = flags
        return pdfsign.stamp(signed, sign.pki, sign.at, also=also, rect=rect)

    yield "stamp-without-room-shows", "SSA", stamp([150, 750, 150, 750]), ADDED, "time stamp shows"
    for name, flags in (("32-bits", 2 + (1 << 32)), ("31-bits", 2 + (1 << 31)), ("below-zero", -1)):
        yield f"stamp-hidden-by-{name}", "SSA", stamp([60, 745, 420, 775], flags), ADDED, "time stamp shows"


def rows(sign):
    for family in (searches(sign), generations(sign), object_streams(sign), sections(sign), stamps(sign)):
        yield from family
