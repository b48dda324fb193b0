# SPDX-License-Identifier: Apache-2.0
#
# Files that were made so, before they were signed, that an update which looks harmless, or nothing but
# white space, makes some reader show something else.  Rows as in attacks.py.
"""Signed PDF files prepared for what comes after."""

import re
import zlib

import formfile as form
import pdfsign
from attacks import ADDED, BAD, CHANGED, SPOOF, UNCLEAR, showing, update, with_keys
from pdfbuild import assemble
from pdffile import PdfFile
from pdfobject import Name, Ref, Stream, text, write

OTHER = Stream({}, b"BT /F1 30 Tf 72 700 Td (900.000) Tj ET\n")


# ---- readers that begin to read elsewhere ----

def with_unlisted(data, number, value):
    """A file whose table is preceded by an object that it does not list: only a scan of the bytes finds it."""
    at = int(re.findall(rb"startxref\s+(\d+)", data)[-1])
    extra = b"%d 0 obj\n%s\nendobj\n" % (number, write(value))
    return data[:at] + extra + data[at:].replace(b"startxref\n%d\n" % at, b"startxref\n%d\n" % (at + len(extra)))


def table(places, size):
    rows = [b"%010d 00000 n \n" % places[n] if n in places else b"0000000000 00000 f \n" for n in range(1, size)]
    return b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R /Info 3 0 R /ID [<30> <30>] >>\n" % (size, b"".join(rows), size)


def half_linearized(when, length):
    """The form, which begins like a linearized file of some length: behind its first object stands the table of another document."""
    objects, places = form.objects(when), {}
    out = bytearray(b"%PDF-1.7\n")
    size = max(objects) + 2
    places[size - 1] = len(out)
    out += b"%d 0 obj\n<< /Linearized 1 /L %010d /H [600 40] /O 6 /E 20000 /N 2 /T 1000 >>\nendobj\n" % (size - 1, length)
    at = len(out)
    out += b" " * (len(table({}, size)) + 20)
    for number, value in sorted(objects.items()):
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, write(value))
    other = table({**places, form.CONTENT_1: len(out)}, size) + b"startxref\n0\n%%EOF\n"
    out[at:at + len(other)] = other
    out += b"%d 0 obj\n%s\nendobj\n" % (form.CONTENT_1, write(OTHER))
    return bytes(out) + table(places, size) + b"startxref\n%d\n%%%%EOF\n" % len(out)


def repairs(scanned):
    """Updates after which some readers look for objects by themselves."""
    pdf, place = PdfFile(scanned), len(scanned)
    thing = b"%d 0 obj\n%s\nendobj\n" % (form.INFO, write(dict(pdf.get(Ref(form.INFO)), Producer=b"other tests")))
    usual = b"xref\n%d 1\n%010d 00000 n \n" % (form.INFO, place)
    for name, size, section, offset, words in (
            ("as-usual", pdf.size, usual, b"%d", "lists"), ("size", 99999999, usual, b"%d", "/Size"),
            ("spaces", pdf.size, usual.replace(b" 1\n", b"   1\n"), b"%d", "table"), ("indented", pdf.size, usual.replace(b" 1\n", b" 1\n  "), b"%d", "table"),
            ("sign", pdf.size, usual, b"+%d", "startxref"), ("comment", pdf.size, usual, b"%%c\n%d", "startxref")):
        yield f"prepared-for-a-scan-{name}", "SHADOW PARSER", scanned + thing + section + b"trailer\n" + write({**pdf.trailer, "Size": size, "Prev": pdf.start}) + \
            b"\nstartxref\n" + offset % (place + len(thing)) + b"\n%%EOF\n", UNCLEAR, words


def packed_twice(sign):
    """An object stream that no section uses holds another page 1: readers that look for objects by themselves find it."""
    def change(objects):
        page, head = write(dict(objects[form.PAGE_1], Contents=Ref(form.CONTENT_SPARE))), b"%d 0 " % form.PAGE_1
        objects[60] = Stream({"Type": Name("ObjStm"), "N": 1, "First": len(head)}, head + page)

    signed = sign("agency", form.build(sign.at, change=change))
    pdf, place = PdfFile(signed), len(signed)
    thing = b"%d 0 obj\n%s\nendobj\n" % (form.INFO, write(dict(pdf.get(Ref(form.INFO)), Producer=b"other tests")))
    usual = b"%d 1\n%010d 00000 n \n" % (form.INFO, place)
    for name, section in (("object-0", b"0 1\n9999999999 00000 n \n" + usual), ("empty-subsection", usual + b"99999999 0\n")):
        yield f"prepared-packed-{name}", "SHADOW PARSER", signed + thing + b"xref\n" + section + b"trailer\n" + write({**pdf.trailer, "Prev": pdf.start}) + \
            b"\nstartxref\n%d\n%%%%EOF\n" % (place + len(thing)), UNCLEAR, ""


def starts(sign, base):
    scanned = sign("agency", with_unlisted(base, form.CONTENT_1, OTHER))
    yield "prepared-for-a-scan", "SHADOW PARSER", scanned + b" " * 1010, UNCLEAR, "startxref"
    yield "prepared-for-a-scan-saved", "SHADOW PARSER", pdfsign.change_metadata(scanned, sign.at) + b"\n" * 1010, UNCLEAR, "startxref"
    for row in repairs(scanned):
        yield row
    length = len(sign("agency", half_linearized(sign.at, 0))) + 500
    signed = sign("agency", half_linearized(sign.at, length))
    yield "prepared-linearized-padded", "SHADOW PARSER", signed.ljust(length), UNCLEAR, "/Linearized"
    saved = pdfsign.change_metadata(signed, sign.at)
    yield "prepared-linearized-saved", "SHADOW PARSER", saved.ljust(length), UNCLEAR, "/Linearized"
    signed = sign("agency", half_linearized(sign.at, length).replace(b"/L %010d" % length, b"/L %08d.0" % length))
    yield "prepared-linearized-by-a-real-number", "SHADOW PARSER", signed.ljust(length), UNCLEAR, "/Linearized"


# ---- numbers of objects ----

def without_low_numbers(when):
    """The form, but objects 1 and 2 are missing, and the picture refers to 1."""
    objects = form.objects(when)
    catalog, pages = max(objects) + 1, max(objects) + 2
    objects[catalog], objects[pages] = objects.pop(form.CATALOG), objects.pop(form.PAGES)
    for value in objects.values():
        if isinstance(value, dict) and value.get("Parent") == Ref(form.PAGES):
            value["Parent"] = Ref(pages)
    objects[catalog]["Pages"] = Ref(pages)
    objects[form.PAGE_1]["Resources"]["XObject"]["Im1"] = Ref(1)
    return assemble(objects, {"Root": Ref(catalog), "Info": Ref(form.INFO), "ID": [b"0123456789abcdef"] * 2}, "table")


def numbers(sign):
    signed = sign("agency", without_low_numbers(sign.at))
    pdf, picture = PdfFile(signed), form.look(b"0 0 300 300 re f\n", 300, 300, {})
    for name, number, section in (("table-from-one", 1, b"1 2\n0000000000 65535 f \n%010d 00000 n \n"),
                                  ("table-from-one-renumbered", 2, b"1 2\n0000000000 65535 f \n%010d 00000 n \n"),
                                  ("number-of-another", 1, b"2 1\n%010d 00000 n \n")):
        thing = b"%d 0 obj\n%s\nendobj\n" % (number, write(picture))
        yield name, "PARSER", signed + thing + b"xref\n" + section % len(signed) + b"trailer\n" + write({**pdf.trailer, "Prev": pdf.start}) + \
            b"\nstartxref\n%d\n%%%%EOF\n" % (len(signed) + len(thing)), UNCLEAR + "|" + BAD, ""


# ---- objects that are two things at once ----

def tagged(pdf, objects, numbers_left):
    """The widget is tagged below an element whose /K was one value."""
    tag = next(numbers_left)
    widget = next(n for n, v in objects.items() if isinstance(v, dict) and v.get("FT") == "Sig")
    old = pdf.get(Ref(form.TAG))
    objects[widget]["StructParent"] = 1
    objects[tag] = {"Type": Name("StructElem"), "S": Name("Form"), "P": Ref(form.TAG), "K": {"Type": Name("OBJR"), "Obj": Ref(widget), "Pg": Ref(form.PAGE_1)}}
    objects[form.TAG] = dict(old, K=[old["K"], Ref(tag)])
    objects[form.TAGS] = dict(pdf.get(Ref(form.TAGS)), ParentTree={"Nums": [0, [Ref(form.TAG)], 1, Ref(tag)]}, ParentTreeNextKey=2)


def double_roles(sign):
    page = dict(form.objects(sign.at)[form.PAGE_1]["Resources"], XObject={"Im1": Ref(60)})

    def drawing(role, picture, **keys):
        def change(objects):
            objects[role].update(keys)
            objects[form.PAGE_1]["Resources"] = page
            objects[60] = picture
        return form.build(sign.at, change=change)

    def group(role, state, content):
        return Stream({"Type": Name("XObject"), "Subtype": Name("Form"), "BBox": [0, 0, 2, 2], "Group": Ref(role),
                       "Resources": {"ExtGState": {"G": state}}}, content)

    wiped = group(form.TAG, {"ca": 0}, b"0 g 0 0 2 2 re f /G gs 1 g 0 0 2 2 re f\n")
    fax = Stream({"Type": Name("XObject"), "Subtype": Name("Image"), "Width": 1728, "Height": 4, "BitsPerComponent": 1, "ColorSpace": Name("DeviceGray"),
                  "Filter": Name("CCITTFaxDecode"), "DecodeParms": Ref(form.TAG)}, b"\x24\x92\x49" * 40)
    for name, picture, kids in (("group", wiped, True), ("filter", fax, -1)):
        signed = sign("person", drawing(form.TAG, picture, S=Name("Transparency"), K=kids))
        yield f"tag-that-is-a-{name}", "SHADOW replace", sign("agency", signed, also=tagged), UNCLEAR + "|" + CHANGED, ""
        yield f"tag-that-is-a-{name}-stamped", "SHADOW replace", pdfsign.stamp(signed, sign.pki, sign.at, also=tagged), UNCLEAR + "|" + CHANGED, ""
    cover = group(form.FIELD_TEXT, {"BM": Name("Multiply")}, b"/G gs 1 1 1 rg 0 0 2 2 re f\n")
    certified = sign("agency", drawing(form.FIELD_TEXT, cover, S=Name("Transparency"), I=True), certify=2)
    yield "field-that-is-a-group", "SHADOW replace", with_keys(certified, form.FIELD_TEXT, V=text("34"), I=None), UNCLEAR, "/I"


# ---- what readers draw by themselves ----

def defaults(sign):
    def below(objects):
        objects[60] = {"FT": Name("Sig"), "T": b"x", "Kids": [Ref(form.FIELD_TEXT)]}
        objects[form.FIELD_TEXT].update(Parent=Ref(60))
        del objects[form.FIELD_TEXT]["AP"]
        objects[form.FORM].update(Fields=[Ref(60), Ref(form.FIELD_SIGN), Ref(form.FIELD_SIGN_2)], NeedAppearances=True)

    def free(objects):
        objects[60] = {"Type": Name("Annot"), "Subtype": Name("FreeText"), "Rect": [72, 590, 300, 640], "F": 4, "Contents": b"900.000", "DA": b"/F1 12 Tf 0 g"}
        objects[form.PAGE_1]["Annots"] = [Ref(form.FIELD_SIGN), Ref(60)]
        objects[form.FORM]["Fields"] = [Ref(form.FIELD_SIGN), Ref(form.FIELD_SIGN_2)]
        for number in (form.FIELD_TEXT, form.FIELD_CHECK, form.FIELD_BUTTON):
            del objects[number]

    symbols = {"Font": {"F1": {"Type": Name("Font"), "Subtype": Name("Type1"), "BaseFont": Name("Symbol")}}}
    for name, change in (("fields-below", below), ("free-text", free)):
        yield f"form-fonts-of-{name}", "SHADOW replace", with_keys(sign("agency", form.build(sign.at, change=change)), form.FORM, DR=symbols,
                                                                   DA=b"/F1 30 Tf 0 g"), UNCLEAR, "/DR"

    def commented(objects):
        old = objects[form.METADATA]
        objects[form.METADATA] = Stream(old.info, old.data.replace(b"<xmp:ModifyDate>", b'<!-- xmp:ModifyDate="" --><xmp:ModifyDate>'))

    signed = sign("agency", form.build(sign.at, change=commented))
    packet = PdfFile(signed).get(Ref(form.METADATA))
    yield "title-in-a-comment", "SHADOW", update(signed, {form.METADATA: Stream(packet.info, packet.data.replace(
        b'ModifyDate=""', b'ModifyDate="--><dc:title>Other</dc:title><!--"'))}), UNCLEAR, "metadata"


# ---- time stamps as large as a dot ----

def dots(sign, base):
    for name, certify, reason in (("", None, ADDED), ("-p1", 1, CHANGED)):
        signed = sign("agency", base, certify=certify)
        for shape, size in (("dot", (1, 1)), ("stroke", (0.2, 4.0)), ("line", (0, 4))):
            yield f"stamp-as-a-{shape}{name}", "SSA", pdfsign.stamp(signed, sign.pki, sign.at, also=showing(b"0 g 0 0 9 9 re f\n", *size), rect=[
                150, 740, 150 + size[0], 740 + size[1]]), reason, "time stamp shows"


def rows(sign, base):
    for family in (starts(sign, base), packed_twice(sign), numbers(sign), double_roles(sign), defaults(sign), dots(sign, base)):
        yield from family
