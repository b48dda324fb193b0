# SPDX-License-Identifier: Apache-2.0
#
# What strangers do to a signed PDF: every published family of attacks, and their neighbours.  Each
# row is (name, source, file, reason, words): the reason code it is refused for, and words that stand
# in what is found.  What other programs say of each row stands in tests/peers.  Sources:
#   USF ISA SWA   Mladenov, Mainka, Meyer zu Selhausen, Grothe, Schwenk: 1 Trillion Dollar Refund, CCS 2019
#   SHADOW        Mainka, Mladenov, Rohlmann: Shadow Attacks, NDSS 2021
#   EAA SSA       Rohlmann, Mladenov, Mainka, Schwenk: Breaking the Specification: PDF Certification, S&P 2021
#   PATHS         Müller, Noss, Mainka, Mladenov, Schwenk: Processing Dangerous Paths, NDSS 2021
#   PARSER        differences between readers, of which the same and later works make use
"""Attacks on signed PDF files."""

import hashlib
import re
import struct
import zlib

import formfile as form
import pdfsign
import pdffile
from pdffile import PdfFile
from pdfobject import Name, Raw, Ref, Stream, text, write

CHANGED, ADDED, UNCLEAR, BAD, UNREADABLE = ("CONTENT_CHANGED", "ADDED_AFTER_SIGNING", "CHANGE_UNCLEAR", "MALFORMED", "FILE_UNREADABLE")


def update(data, objects, **options):
    return PdfFile(data).append(objects, **options)


def with_keys(data, number, **keys):
    """An update that writes an object again with other entries; None removes one."""
    old = PdfFile(data).get(Ref(number))
    value = Stream(dict(old.info), old.data) if isinstance(old, Stream) else dict(old)
    target = value.info if isinstance(value, Stream) else value
    target.update(keys)
    for key in [k for k, v in keys.items() if v is None]:
        del target[key]
    return update(data, {number: value})


def raw_update(data, body, trailer=b"", prev=None):
    """An update of text, {n} being the place of each object, closed by the table of those."""
    pdf, out, entries = PdfFile(data), bytearray(data), []
    for number, value in body:
        entries.append(b"%d 1\n%010d 00000 n \n" % (number, len(out)))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    at = len(out)
    out += b"xref\n" + b"".join(entries) + b"trailer\n<< /Size %d /Root 1 0 R /Info 3 0 R %s /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (
        max([pdf.size] + [n + 1 for n, _ in body]), trailer, prev if prev is not None else pdf.start, at)
    return bytes(out)


def new_annotation(data, page=form.PAGE_1, **keys):
    """One more annotation on a page."""
    pdf = PdfFile(data)
    content = dict(pdf.get(Ref(page)))
    content["Annots"] = list(pdf.get(content["Annots"])) + [Ref(pdf.size)]
    note = {"Type": Name("Annot"), "Rect": [72, 590, 300, 640], "F": 4, "P": Ref(page)}
    note.update(keys)
    return update(data, {page: content, pdf.size: note, pdf.size + 1: form.look(b"1 g 0 0 200 20 re f 0 g BT /F1 10 Tf (900.000) Tj ET\n")})


def freetext(data, **keys):
    return new_annotation(data, Subtype=Name("FreeText"), Contents=text("900.000"), DA=b"/F1 10 Tf",
                          AP={"N": Ref(PdfFile(data).size + 1)}, **keys)


def marked(data, kind, content, resources):
    """One more mark, with an appearance of its own."""
    pdf = PdfFile(data)
    page = dict(pdf.get(Ref(form.PAGE_1)))
    page["Annots"] = list(pdf.get(page["Annots"])) + [Ref(pdf.size)]
    rect = [500, 600, 520, 620] if kind == "Text" else [72, 740, 272, 760]
    x1, y1, x2, y2 = rect
    note = {"Type": Name("Annot"), "Subtype": Name(kind), "Rect": rect, "F": 4, "P": Ref(form.PAGE_1), "AP": {"N": Ref(pdf.size + 1)},
            "QuadPoints": [x1, y2, x2, y2, x1, y1, x2, y1]}
    return update(data, {form.PAGE_1: page, pdf.size: note, pdf.size + 1: form.look(content, x2 - x1, y2 - y1, resources)})


SPOOF = b"BT /F1 12 Tf 72 700 Td (900.000) Tj ET\n"


# ---- Universal Signature Forgery: the signature cannot be checked, and is shown as if it could ----

def forgeries(signed):
    range_at = re.search(rb"/ByteRange \[[^\]]*\] *", signed)
    where = re.compile(rb"/Contents <[0-9A-Fa-f]+>").search(signed, range_at.end())

    def patch(match, new):
        return signed[:match.start()] + new.ljust(len(match[0]))[:len(match[0])] + signed[match.end():]

    for name, new in (("no-contents", b"/Contentz <" + where[0][11:]), ("contents-null", b"/Contents null"),
                      ("contents-empty", b"/Contents <>"), ("contents-zero", b"/Contents <00>"),
                      ("contents-zeros", b"/Contents <" + b"0" * (len(where[0]) - 12) + b">"),
                      ("contents-number", b"/Contents 0"), ("contents-string", b"/Contents (0)")):
        yield f"usf-{name}", "USF", patch(where, new), BAD, "/Contents"
    for name, new in (("no-range", b"/ByteRangf" + range_at[0][10:]), ("range-null", b"/ByteRange null"), ("range-empty", b"/ByteRange []"),
                      ("range-zeros", b"/ByteRange [0 0 0 0]"), ("range-negative", b"/ByteRange [-1 -1 -1 -1]"),
                      ("range-name", b"/ByteRange [/A /B /C /D]"), ("range-all", b"/ByteRange [0 %d %d 0]" % (len(signed), len(signed))),
                      ("range-number", b"/ByteRange 0"), ("range-five", b"/ByteRange [0 1 2 3 4]"),
                      ("range-huge", b"/ByteRange [0 18446744073709551616 2 3]"), ("range-comment", b"/ByteRange [0 %\n1 2]")):
        yield f"usf-{name}", "USF", patch(range_at, new), BAD, "" if name == "range-huge" else "/ByteRange"
    yield "usf-range-hidden-in-comment", "USF", patch(range_at, range_at[0].replace(b"[", b"[%\n")), CHANGED, ""
    value = PdfFile(signed).get(PdfFile(signed).get(PdfFile(signed).get(PdfFile(signed).root["AcroForm"])["Fields"])[-1])["V"]
    yield "usf-value-emptied", "USF", update(signed, {value.num: {"Type": Name("Sig"), "SubFilter": Name("ETSI.CAdES.detached")}}), BAD, ""
    yield "usf-value-no-subfilter", "USF", with_keys(signed, value.num, SubFilter=None), "FORMAT_UNSUPPORTED", "/SubFilter"
    yield "usf-value-other-subfilter", "USF", with_keys(signed, value.num, SubFilter=Name("adbe.x509.none")), "FORMAT_UNSUPPORTED", "adbe.x509.none"


# ---- Incremental Saving Attack: more is written behind the signature ----

def savings(signed):
    replaced = b"%d 0 obj\n" % form.CONTENT_1 + write(Stream({}, SPOOF)) + b"\nendobj\n"
    yield "isa-1-update", "ISA 1", update(signed, {form.CONTENT_1: Stream({}, SPOOF)}), CHANGED, "page 1"
    yield "isa-2-body-only", "ISA 2", signed + replaced, UNCLEAR, "behind the end"
    table = b"xref\n%d 1\n%010d 00000 n \n" % (form.CONTENT_1, len(signed))
    yield "isa-3-table-without-trailer", "ISA 3", signed + replaced + table, UNCLEAR, "behind the end"
    yield "isa-3-trailer-only", "ISA 3", signed + replaced + b"trailer\n<< /Root 1 0 R >>\n", UNCLEAR, "behind the end"
    pdf = PdfFile(signed)
    field = pdf.get(pdf.get(pdf.root["AcroForm"])["Fields"])[-1]
    value = pdf.get(field)["V"]
    body = re.search(rb"\n%d 0 obj\n(.*?)\nendobj" % value.num, signed, re.S)[1]
    yield "isa-4-with-the-signature-again", "ISA 4", raw_update(
        signed, [(form.CONTENT_1, write(Stream({}, SPOOF))), (value.num, body)]), CHANGED, "page 1"
    yield "isa-no-eof", "ISA", update(signed, {form.CONTENT_1: Stream({}, SPOOF)})[:-7], UNREADABLE + "|" + UNCLEAR + "|" + CHANGED, ""
    yield "isa-startxref-to-the-old", "ISA", signed + replaced + b"startxref\n%d\n%%%%EOF\n" % pdf.start, UNCLEAR, ""
    yield "isa-whole-document-again", "ISA", signed + signed.replace(b"100.000", b"900.000"), UNCLEAR + "|" + BAD + "|" + UNREADABLE, ""
    yield "isa-two-steps", "ISA", update(update(signed, {form.UNUSED: 1}), {form.CONTENT_1: Stream({}, SPOOF)}), CHANGED, "page 1"


# ---- Signature Wrapping Attack: the second part of what is signed is moved away ----

def wrappings(signed):
    match = re.search(rb"/ByteRange \[0 (\d+) (\d+) (\d+)\s*\]", signed)
    before, behind, length = map(int, match.groups())
    evil = b"\n%d 0 obj\n" % form.CONTENT_1 + write(Stream({}, SPOOF)) + b"\nendobj\n"

    def wrapped(middle, moved_range=True):
        out = signed[:behind]
        start = len(out) + len(middle) + 60
        new = b" /ByteRange [0 %d %d %d] " % (before, start, length) if moved_range else b""
        out += new + middle
        return out.ljust(start) + signed[behind:]

    yield "swa-1-second-part-moved", "SWA 1", wrapped(b">>\nendobj" + evil), BAD + "|" + UNREADABLE, ""
    yield "swa-2-padding-between", "SWA 2", wrapped(b" " * 100), BAD + "|" + UNREADABLE, ""
    yield "swa-3-range-as-it-was", "SWA 3", wrapped(evil, False), BAD + "|" + UNREADABLE + "|" + CHANGED, ""
    inside = bytearray(signed)
    inside[behind - 200:behind - 1] = (b">>\nendobj" + evil).ljust(199)[:199]
    yield "swa-objects-in-the-gap", "SWA", bytes(inside), BAD + "|" + UNREADABLE, ""
    wider = re.sub(rb"/ByteRange \[0 \d+ \d+ (\d+)(\s*)\]", lambda m: b"/ByteRange [0 %d %d %s]" % (before - 10, behind, m[1]) + m[2], signed, count=1)
    yield "swa-gap-wider", "SWA", wider, BAD, "/ByteRange"
    yield "swa-range-twice", "SWA", signed.replace(b"/Filter /Adobe.PPKLite", b"/ByteRange[0 1 2 3]   ", 1), BAD + "|" + CHANGED, ""
    yield "swa-contents-twice", "SWA", signed.replace(b"/Filter /Adobe.PPKLite", b"/Contents<3003020100> ", 1), CHANGED, ""


# ---- Shadow attacks: the file was prepared before it was signed ----

def shadows(signed):
    pdf = PdfFile(signed)
    page, catalog, pages = pdf.get(Ref(form.PAGE_1)), pdf.root, pdf.get(Ref(form.PAGES))
    start = pdf.start

    def freed(number):
        at = len(signed)
        return signed + b"xref\n%d 1\n0000000000 00001 f \ntrailer\n<< /Size %d /Root 1 0 R /Info 3 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (
            number, pdf.size, start, at)

    layers = {"OCGs": [Ref(form.LAYER)], "D": {"Order": [Ref(form.LAYER)], "OFF": [Ref(form.LAYER)]}}
    yield "shadow-hide-object-freed", "SHADOW hide", freed(form.PICTURE), CHANGED + "|" + UNCLEAR, str(form.PICTURE)
    yield "shadow-hide-content-freed", "SHADOW hide", freed(form.CONTENT_1), CHANGED + "|" + UNCLEAR, "removed"
    yield "shadow-hide-picture", "SHADOW hide", update(signed, {form.PICTURE: Stream(
        {"Type": Name("XObject"), "Subtype": Name("Form"), "BBox": [0, 0, 1, 1]}, b"\n")}), CHANGED, f"object {form.PICTURE}"
    yield "shadow-hide-layer", "SHADOW hide", with_keys(signed, form.CATALOG, OCProperties=layers), CHANGED, "/OCProperties"
    yield "shadow-hide-layer-dropped", "SHADOW hide", with_keys(signed, form.CATALOG, OCProperties=None), CHANGED, "/OCProperties"
    yield "shadow-hide-layer-object", "SHADOW hide", with_keys(signed, form.LAYER, Usage={"View": {"ViewState": Name("OFF")}}), CHANGED, f"object {form.LAYER}"
    yield "shadow-hide-annotation", "SHADOW hide", with_keys(signed, form.NOTE, F=2), CHANGED, f"object {form.NOTE}"
    yield "shadow-hide-annotation-gone", "SHADOW hide", with_keys(signed, form.PAGE_1, Annots=page["Annots"][:-1]), CHANGED, "page 1"
    yield "shadow-hide-signature-moved", "SHADOW hide", with_keys(signed, form.FIELD_SIGN_2, Rect=[0, 0, 595, 842]), CHANGED + "|" + UNCLEAR, "/Rect"
    font = pdf.get(Ref(form.FONT))
    swapped = dict(font, Encoding={"Type": Name("Encoding"), "Differences": [49, Name("nine")]})
    yield "shadow-replace-font", "SHADOW replace", update(signed, {form.FONT: swapped}), CHANGED, f"object {form.FONT}"
    yield "shadow-replace-font-map", "SHADOW replace", update(signed, {form.FONT_MAP: Stream({}, b"no map")}), CHANGED + "|" + UNCLEAR, f"object {form.FONT_MAP}"
    other = form.look(b"BT /F1 10 Tf 2 5 Td (99) Tj ET\n")
    yield "shadow-replace-field-look", "SHADOW replace", update(signed, {form.LOOK_TEXT: other}), CHANGED + "|" + ADDED, ""
    yield "shadow-replace-button-look", "SHADOW replace", update(signed, {form.LOOK_BUTTON: other}), CHANGED, f"object {form.LOOK_BUTTON}"
    yield "shadow-replace-note-look", "SHADOW replace", update(signed, {form.LOOK_NOTE: other}), CHANGED, f"object {form.LOOK_NOTE}"
    yield "shadow-replace-resources", "SHADOW replace", with_keys(signed, form.PAGE_1, Resources={"Font": {"F1": {
        "Type": Name("Font"), "Subtype": Name("Type1"), "BaseFont": Name("Symbol")}}}), CHANGED, "/Resources"
    yield "shadow-replace-form-fonts", "SHADOW replace", with_keys(signed, form.FORM, DR={"Font": {"F1": {
        "Type": Name("Font"), "Subtype": Name("Type1"), "BaseFont": Name("Symbol")}}}), CHANGED + "|" + UNCLEAR, "/DR"
    yield "shadow-replace-look-again", "SHADOW replace", with_keys(signed, form.FORM, NeedAppearances=True), CHANGED + "|" + UNCLEAR, "/NeedAppearances"
    yield "shadow-swap-contents", "SHADOW hide and replace", with_keys(signed, form.PAGE_1, Contents=Ref(form.CONTENT_SPARE)), CHANGED, "page 1"
    yield "shadow-swap-kids", "SHADOW hide and replace", with_keys(
        signed, form.PAGES, Kids=[Ref(form.PAGE_SPARE), pages["Kids"][1]]), CHANGED, "pages"
    yield "shadow-swap-order", "SHADOW hide and replace", with_keys(signed, form.PAGES, Kids=pages["Kids"][::-1]), CHANGED, "pages"
    tree = {"Type": Name("Pages"), "Kids": [Ref(form.PAGE_SPARE)], "Count": 1}
    yield "shadow-swap-tree", "SHADOW hide and replace", update(signed, {form.CATALOG: dict(catalog, Pages=Ref(pdf.size)), pdf.size: tree}), CHANGED, "page"
    yield "shadow-swap-root", "SHADOW hide and replace", update(
        signed, {pdf.size: dict(catalog, Pages=Ref(pdf.size + 1)), pdf.size + 1: tree}, trailer={"Root": Ref(pdf.size)}), CHANGED + "|" + UNCLEAR, "catalog"
    yield "shadow-swap-places", "SHADOW hide and replace 1", signed + b"xref\n%d 1\n%010d 00000 n \n" % (
        form.CONTENT_1, pdf.where[form.CONTENT_SPARE]) + b"trailer\n<< /Size %d /Root 1 0 R /Info 3 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (
            pdf.size, start, len(signed)), UNCLEAR + "|" + UNREADABLE, ""
    yield "page-added", "SHADOW", with_keys(signed, form.PAGES, Kids=pages["Kids"] + [Ref(form.PAGE_SPARE)], Count=3), CHANGED, "pages"
    yield "page-removed", "SHADOW", with_keys(signed, form.PAGES, Kids=pages["Kids"][:1], Count=1), CHANGED, "removed"
    yield "page-count", "SHADOW hide", with_keys(signed, form.PAGES, Count=1), CHANGED, "/Count"
    for key, value in (("Rotate", 90), ("MediaBox", [0, 0, 595, 421]), ("CropBox", [0, 300, 595, 842]),
                       ("Resources", {"Font": {"F1": {"Type": Name("Font"), "Subtype": Name("Type1"), "BaseFont": Name("Symbol")}}})):
        yield f"page-inherits-{key.lower()}", "SHADOW", with_keys(signed, form.PAGES, **{key: value}), CHANGED, f"/{key}"
    for key, value in (("MediaBox", [0, 0, 595, 421]), ("CropBox", [0, 300, 595, 842]), ("Rotate", 180), ("UserUnit", 2.0),
                       ("Group", {"S": Name("Transparency")}), ("AA", {"O": {"S": Name("Named"), "N": Name("Print")}})):
        yield f"page-{key.lower()}", "SHADOW", with_keys(signed, form.PAGE_1, **{key: value}), CHANGED, f"/{key}"


# ---- certified documents ----

def certified(p1, p2, p3, sign):
    for level, data in ((1, p1), (2, p2)):
        yield f"eaa-freetext-p{level}", "EAA", freetext(data), CHANGED, "annotation"
        yield f"eaa-signed-later-p{level}", "EAA", sign("agency", freetext(data)), CHANGED, "annotation"
    for kind in ("FreeText", "Stamp", "Redact", "Ink", "Line", "Square", "Polygon", "Screen", "Watermark", "FileAttachment", "Link"):
        yield f"eaa-{kind.lower()}-p3", "EAA", new_annotation(p3, Subtype=Name(kind), Contents=text("900.000"),
                                                              AP={"N": Ref(PdfFile(p3).size + 1)}), ADDED + "|" + CHANGED + "|" + UNCLEAR, "annotation"
    yield "eaa-highlight-with-text-p3", "EAA", new_annotation(p3, Subtype=Name("Highlight"), AP={"N": Ref(PdfFile(p3).size + 1)},
                                                              QuadPoints=[0, 0, 1, 0, 0, 1, 1, 1]), ADDED + "|" + UNCLEAR, "annotation"
    yield "eaa-note-as-large-as-the-page-p3", "EAA", new_annotation(p3, Subtype=Name("Text"), Rect=[0, 0, 595, 842]), ADDED + "|" + UNCLEAR, "annotation"
    yield "eaa-note-with-action-p3", "EAA PATHS", new_annotation(p3, Subtype=Name("Text"), Rect=[10, 10, 30, 30], A={
        "S": Name("JavaScript"), "JS": b"this.getField('so').value=9"}), ADDED + "|" + CHANGED + "|" + UNCLEAR, "annotation"
    white = b"1 g 0 0 200 20 re f\n"
    for name, kind, content, resources in (
            ("highlight-opaque", "Highlight", white, {}), ("highlight-not-darkening", "Highlight", b"/G gs " + white, {"ExtGState": {"G": {"BM": Name("Normal")}}}),
            ("highlight-state-unused", "Highlight", white, {"ExtGState": {"G": {"BM": Name("Multiply")}}}),
            ("underline-filled", "Underline", white, {}), ("underline-thick", "Underline", b"1 G 20 w 0 10 m 200 10 l S\n", {}),
            ("underline-often", "StrikeOut", b"1 G 2 w " + b"0 1 m 200 1 l S " * 8, {}),
            ("underline-scaled", "Underline", b"1 0 0 20 0 0 cm 1 G 0 1 m 9 1 l S", {}),
            ("note-with-picture", "Text", b"/Im1 Do\n", {"XObject": {"Im1": Ref(form.PICTURE)}}),
            ("note-with-inline-picture", "Text", b"BI /W 1 /H 1 /BPC 8 /CS /G ID x EI\n", {})):
        yield f"eaa-{name}-p3", "EAA", marked(p3, kind, content, resources), ADDED, "annotation"
    for row in disguised(p3):
        yield row
    yield "eaa-unsigned", "EAA", freetext(sign("person", p3)), ADDED, "annotation"
    yield "ssa-page-p2", "SSA", sign("public", p2, rect=[0, 0, 595, 842]), UNCLEAR, "page 1"
    yield "ssa-in-parts-p2", "SSA", sign("public", sign("public", p2, rect=[0, 421, 595, 631]), rect=[0, 631, 595, 842]), UNCLEAR, "page 1"
    yield "ssa-self-made-p2", "SSA", sign("self", p2, rect=[72, 740, 300, 770]), "PATH_SELF_MADE", ""
    yield "ssa-unsigned-p2", "SSA", pdfsign.remove_signature_value(sign("agency", p2), -1), CHANGED + "|" + UNCLEAR + "|" + BAD, ""
    yield "ssa-p1", "SSA", sign("agency", p1), CHANGED, "certified"
    yield "field-filled-p1", "SSA", filled(p1), CHANGED, "so"
    yield "decertified", "EAA", with_keys(p2, form.CATALOG, Perms=None), CHANGED + "|" + UNCLEAR, "/Perms"
    yield "certified-anew", "EAA", sign("agency", p1, certify=3), CHANGED, "certified"
    yield "certified-late", "SSA", sign("agency", sign("person", p3), certify=3), UNCLEAR, "certifies"


DARKER = {"ExtGState": {"R0": {"Type": Name("ExtGState"), "BM": Name("Multiply"), "AIS": False}}}


def nested(data, kind, outer, inner, resources, group=None, inner_group=None, rect=None):
    """A mark whose appearance draws a form of its own, as Acrobat and poppler nest them."""
    out = marked(data, kind, outer, {**resources, "XObject": {"Form": Ref(PdfFile(data).size + 2)}})
    pdf = PdfFile(out)
    look, form_in = pdf.get(Ref(pdf.size - 1)), Stream({"Type": Name("XObject"), "Subtype": Name("Form"), "BBox": [0, 0, 200, 20],
                                              "Resources": resources}, inner)
    look.info.update({"Group": group} if group else {})
    form_in.info.update({"Group": inner_group} if inner_group else {})
    note, page = dict(pdf.get(Ref(pdf.size - 2))), pdf.get(Ref(form.PAGE_1))
    note.update({"Rect": rect} if rect else {})
    return update(data, {form.PAGE_1: page, pdf.size - 2: note, pdf.size - 1: look, pdf.size: form_in})


def disguised(p3):
    """Marks that are none: they hide text, or pass for it."""
    group = {"S": Name("Transparency")}
    yellow, nine = b"1 1 0 rg 0 0 200 20 re f\n", b"0 g 0 0 m 0 20 l 3 20 l 3 0 l h f\n"
    for name, kind, content, resources in (
            ("highlight-black", "Highlight", b"/R0 gs 0 g 0 0 200 20 re f\n", DARKER),
            ("highlight-dark", "Highlight", b"/R0 gs 0 0 0.6 rg 0 0 200 20 re f\n", DARKER),
            ("highlight-black-by-default", "Highlight", b"/R0 gs 0 0 200 20 re f\n", DARKER),
            ("highlight-digit", "Highlight", b"/R0 gs " + nine, DARKER),
            ("highlight-state-given-back", "Highlight", b"q /R0 gs Q 1 1 0 rg 0 0 200 20 re f\n", DARKER),
            ("underline-digit", "Underline", b"0 G 1 w 2 0 m 2 20 l S\n", {}),
            ("underline-white", "StrikeOut", b"1 G 2 w 0 9 m 200 9 l S\n", {}),
            ("note-digit", "Text", b"1 g 0 0 20 20 re f 0 G 1.5 w 3 2 m 15 18 l S\n", {}),
            ("note-digit-on-nothing", "Text", b"0 G 1.5 w 3 2 m 15 18 l S\n", {}),
            ("note-digit-on-dots", "Text", b"1 1 0 rg 0 0 1 1 re 19 19 1 1 re f 0 G 1.5 w 3 2 m 15 18 l S\n", {}),
            ("note-digit-on-ground-beyond", "Text", b"1 1 0 rg -40 -40 m 60 -40 l 60 60 l -40 60 l -40 -20 l -20 -20 l -20 40 l 40 40 l 40 -20 l -40 -20 l h f "
             b"0 G 1.5 w 3 2 m 15 18 l S\n", {}),
            ("note-white-over-yellow", "Text", b"1 1 0 rg 0 0 20 20 re f 1 g 0 0 20 20 re f 0 G 3 2 m 15 18 l S\n", {}),
            ("note-wiped", "Text", b"1 1 0 rg 0 0 20 20 re f 1 G 2 w " + b"".join(b"0 %d m 20 %d l S " % (y, y) for y in range(1, 20, 2)), {})):
        yield f"eaa-{name}-p3", "EAA", marked(p3, kind, content, resources), ADDED, "annotation"
    for name, kind, colour in (("highlight-black-by-reader", "Highlight", [0]), ("highlight-without-colour", "Highlight", None),
                               ("underline-black-by-reader", "Underline", [0, 0, 0])):
        yield f"eaa-{name}-p3", "EAA", new_annotation(p3, Subtype=Name(kind), Rect=[72, 740, 272, 760], C=colour, QuadPoints=[
            72, 760, 272, 760, 72, 740, 272, 740]), ADDED, "annotation"
    yield "eaa-highlight-isolated-p3", "EAA", nested(p3, "Highlight", b"/Form Do\n", b"/R0 gs " + yellow, DARKER, {**group, "I": True}), ADDED, "annotation"
    yield "eaa-highlight-isolated-inside-p3", "EAA", nested(p3, "Highlight", b"/R0 gs /Form Do\n", yellow, DARKER, {**group, "I": True}), ADDED, "annotation"
    yield "eaa-highlight-form-with-text-p3", "EAA", nested(p3, "Highlight", b"/R0 gs /Form Do\n", b"BT (9) Tj ET\n", DARKER), ADDED, "annotation"
    yield "eaa-highlight-form-old-p3", "EAA", marked(p3, "Highlight", b"/R0 gs /Form Do\n", {**DARKER, "XObject": {"Form": Ref(form.LOOK_BUTTON)}}), \
        ADDED, "annotation"
    yield "eaa-underline-stretched-p3", "EAA", nested(p3, "Underline", b"/Form Do\n", b"1 0 0 RG 2 w 0 9 m 200 9 l S\n", {}, rect=[72, 640, 272, 760]), \
        ADDED, "annotation"


def filled(data, value="34", **keys):
    """The text field is filled in with an appearance of its own."""
    number = PdfFile(data).size
    field = dict(PdfFile(data).get(Ref(form.FIELD_TEXT)), V=text(value), AP={"N": Ref(number)}, **keys)
    return update(data, {form.FIELD_TEXT: field, number: form.look(b"/Tx BMC BT /F1 10 Tf 2 5 Td (%s) Tj ET EMC\n" % value.encode())})


def ticked(data):
    return with_keys(data, form.FIELD_CHECK, V=Name("Yes"), AS=Name("Yes"))


# ---- actions, scripts, files ----

def paths(signed, p2):
    script = {"S": Name("JavaScript"), "JS": b"app.alert(1)"}
    names = {"EmbeddedFiles": {"Names": [b"a.txt", Ref(form.FILE)]}}
    for key, value in (("OpenAction", script), ("AA", {"WC": script}), ("URI", {"Base": b"http://x"}),
                       ("ViewerPreferences", {"HideToolbar": True}), ("Collection", {"View": Name("H")}),
                       ("PageLabels", {"Nums": [0, {"P": b"X"}]}), ("PageMode", Name("UseAttachments")),
                       ("Threads", []), ("SpiderInfo", {}), ("Requirements", []), ("AF", [Ref(form.FILE)])):
        yield f"catalog-{key.lower()}", "PATHS", with_keys(signed, form.CATALOG, **{key: value}), CHANGED + "|" + UNCLEAR + "|" + ADDED, f"/{key}"
    yield "names-script", "PATHS", update(signed, {form.NAMES: dict(names, JavaScript={"Names": [b"x", script]})}), CHANGED, "script"
    yield "names-script-p2", "PATHS", update(p2, {form.NAMES: dict(names, JavaScript={"Names": [b"x", script]})}), CHANGED, "script"
    for kind in ("Launch", "SubmitForm", "GoToR", "GoToE", "ImportData", "URI", "Hide", "SetOCGState", "Rendition", "ResetForm"):
        yield f"button-{kind.lower()}", "PATHS", with_keys(signed, form.FIELD_BUTTON, A={"S": Name(kind), "F": b"http://x"}), CHANGED + "|" + UNCLEAR, "/A"
    yield "field-calculated", "PATHS", with_keys(signed, form.FIELD_TEXT, AA={"C": script}), CHANGED + "|" + UNCLEAR, "/AA"
    yield "form-calculated", "PATHS", with_keys(signed, form.FORM, CO=[Ref(form.FIELD_TEXT)]), CHANGED + "|" + UNCLEAR, "/CO"
    yield "form-xfa", "PATHS", with_keys(signed, form.FORM, XFA=Stream({}, b"<xdp/>").data), CHANGED, "/XFA"
    yield "file-replaced", "PATHS", update(signed, {form.FILE_DATA: Stream({"Type": Name("EmbeddedFile")}, b"nine hundred\n")}), CHANGED, f"object {form.FILE_DATA}"
    pdf = PdfFile(signed)
    spec = {"Type": Name("Filespec"), "F": b"b.exe", "EF": {"F": Ref(pdf.size + 1)}}
    yield "file-added", "PATHS", update(signed, {form.NAMES: {"EmbeddedFiles": {"Names": [b"a.txt", Ref(form.FILE), b"b.exe", Ref(pdf.size)]}},
                                                 pdf.size: spec, pdf.size + 1: Stream({}, b"MZ")}), ADDED, "file"
    yield "outline-changed", "PATHS", with_keys(signed, form.OUTLINE, Title=text("Khác")), CHANGED + "|" + UNCLEAR, f"object {form.OUTLINE}"
    yield from tagged_otherwise(signed)
    yield "tag-spoken-otherwise", "SHADOW", with_keys(signed, form.TAG, ActualText=text("900.000")), CHANGED + "|" + UNCLEAR, f"object {form.TAG}"
    yield "title-changed", "SHADOW", with_keys(signed, form.INFO, Title=text("Khác")), UNCLEAR, "/Title"


def tagged_otherwise(signed):
    """What is read aloud, and in what order."""
    pdf = PdfFile(signed)
    tag, tags, new = pdf.get(Ref(form.TAG)), pdf.get(Ref(form.TAGS)), Ref(pdf.size)
    element = {"Type": Name("StructElem"), "S": Name("P"), "P": Ref(form.TAG), "Pg": Ref(form.PAGE_1)}
    for key in ("Alt", "E"):
        yield f"tag-{key.lower()}", "SHADOW", with_keys(signed, form.TAG, **{key: text("900.000")}), CHANGED, "read aloud"
    note = {"Type": Name("OBJR"), "Obj": Ref(form.NOTE)}
    for name, objects in (("replaced", {form.TAG: dict(tag, K=[0, new]), new.num: dict(element, K=0, ActualText=text("900.000"))}),
                          ("of-an-old-note", {form.TAG: dict(tag, K=[0, note])}), ("empty", {form.TAG: dict(tag, K=[0, new]), new.num: element}),
                          ("spoken", {form.TAG: dict(tag, K=[0, new]), new.num: dict(element, K=note, Alt=text("900.000"))}),
                          ("dropped", {form.TAG: dict(tag, K=[])}), ("of-other-content", {form.TAG: dict(tag, K=[1])}),
                          ("renamed", {form.TAG: dict(tag, S=Name("Artifact"))}), ("moved", {form.TAG: dict(tag, Pg=Ref(form.PAGE_2))}),
                          ("mapped", {form.TAGS: dict(tags, RoleMap={"Document": Name("Artifact")})}),
                          ("parent", {form.TAGS: dict(tags, ParentTree={"Nums": [0, [new]]}), new.num: dict(element, K=0)}),
                          ("tree", {form.TAGS: dict(tags, K=new), new.num: dict(element, K=0)})):
        yield f"tag-{name}", "SHADOW", update(signed, objects), UNCLEAR, ""
    for key, value in (("Lang", b"en"), ("MarkInfo", {"Marked": False}), ("StructTreeRoot", None)):
        yield f"catalog-{key.lower()}", "SHADOW", with_keys(signed, form.CATALOG, **{key: value}), UNCLEAR, ""


def with_field(data, kind="Tx", page=form.PAGE_1, look=b"1 g 0 0 200 20 re f 0 g BT /F1 12 Tf 2 5 Td (900.000) Tj ET\n", **keys):
    """One more field of the form."""
    pdf = PdfFile(data)
    content, fields = dict(pdf.get(Ref(page))), dict(pdf.get(Ref(form.FORM)))
    content["Annots"] = list(pdf.get(content["Annots"])) + [Ref(pdf.size)]
    fields["Fields"] = list(pdf.get(fields["Fields"])) + [Ref(pdf.size)]
    field = form.widget(kind, "them", page, [150, 755, 350, 775], V=text("900.000"), AP={"N": Ref(pdf.size + 1)})
    field.update(keys)
    return update(data, {page: content, form.FORM: fields, pdf.size: field, pdf.size + 1: form.look(look)})


def fields_added(signed, p2, p3, sign):
    script = {"S": Name("JavaScript"), "JS": b"app.alert(1)"}
    for kind in ("Tx", "Ch", "Btn"):
        yield f"field-added-{kind.lower()}", "SHADOW", with_field(signed, kind), ADDED, "them"
    yield "field-added-second-page", "SHADOW", with_field(signed, page=form.PAGE_2), ADDED, "them"
    yield "field-added-signed-by-a-stranger", "SSA", sign("unknown", with_field(signed)), ADDED, "them"
    yield "field-added-only-time-stamped", "SSA", pdfsign.stamp(with_field(signed), sign.pki, sign.at), ADDED, "them"
    yield "field-added-over-the-page", "SSA", sign("agency", with_field(signed, Rect=[0, 0, 595, 842])), UNCLEAR, "page 1"
    yield "field-added-p2", "SSA", with_field(p2), CHANGED, "them"
    yield "field-added-p3", "SSA", with_field(p3), CHANGED, "them"
    yield "field-added-p2-and-signed", "SSA", sign("agency", with_field(p2)), CHANGED, "them"
    for key, value in (("A", script), ("AA", {"K": script}), ("AA", {"C": script})):
        yield f"field-added-with-{key.lower()}-{next(iter(value)).lower()}", "PATHS", with_field(signed, "Btn", **{key: value}), UNCLEAR + "|" + CHANGED, ""
    yield "field-added-below-another", "SSA", with_field(signed, Parent=Ref(form.FIELD_TEXT)), UNCLEAR, ""
    yield "field-added-of-no-kind", "SSA", with_field(signed, "Xx"), UNCLEAR, ""
    yield "field-added-that-is-old", "SSA", with_keys(signed, form.FORM, Fields=list(PdfFile(signed).get(Ref(form.FORM))["Fields"]) + [Ref(form.NOTE)]), UNCLEAR, ""


# ---- what readers read differently ----

def parsers(signed, streamed):
    pdf = PdfFile(signed)
    spoof = write(Stream({}, SPOOF))
    catalog = write(pdf.root)[:-2]
    tree = b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % form.PAGE_SPARE
    size = pdf.size
    at = len(signed)
    yield "key-twice", "PARSER", raw_update(signed, [(1, catalog + b"/Pages %d 0 R /Pages %d 0 R >>" % (size, form.PAGES)), (size, tree)]), \
        UNCLEAR + "|" + BAD + "|" + CHANGED, ""
    yield "key-escaped", "PARSER", raw_update(signed, [(1, catalog + b"/#50ages %d 0 R >>" % size), (size, tree)]), UNCLEAR + "|" + BAD + "|" + CHANGED, ""
    yield "hybrid", "PARSER", raw_update(signed, [(size, b"<< >>")], b"/XRefStm %d" % pdf.start), UNCLEAR + "|" + BAD, ""
    yield "prev-loop", "PARSER", raw_update(signed, [(size, b"<< >>")], prev=at + len(b"%d 0 obj\n<< >>\nendobj\n" % size)), UNCLEAR + "|" + BAD + "|" + UNREADABLE, ""
    yield "prev-twice", "PARSER", raw_update(signed, [(size, b"<< >>")], b"/Prev 9"), UNCLEAR + "|" + BAD, ""
    yield "prev-leaves-out-the-signed", "PARSER", raw_update(signed, [(size, b"<< >>")], prev=0), UNCLEAR + "|" + BAD + "|" + UNREADABLE, ""
    yield "listed-twice", "PARSER", signed + b"%d 0 obj\n%s\nendobj\n" % (form.CONTENT_1, spoof) + \
        b"xref\n%d 1\n%010d 00000 n \n%d 1\n%010d 00000 n \ntrailer\n<< /Size %d /Root 1 0 R /Info 3 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (
            form.CONTENT_1, pdf.where[form.CONTENT_1], form.CONTENT_1, at, size, pdf.start, at + len(b"%d 0 obj\n%s\nendobj\n" % (form.CONTENT_1, spoof))), UNCLEAR, ""
    yield "not-listed", "PARSER", pdfsign.add_unlisted(signed), UNCLEAR, "does not list"
    yield "generation", "PARSER", signed + b"%d 1 obj\n%s\nendobj\n" % (form.CONTENT_1, spoof) + \
        b"xref\n%d 1\n%010d 00001 n \ntrailer\n<< /Size %d /Root 1 0 R /Info 3 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (
            form.CONTENT_1, at, size, pdf.start, at + len(b"%d 1 obj\n%s\nendobj\n" % (form.CONTENT_1, spoof))), UNCLEAR + "|" + BAD, ""
    yield "object-in-a-stream", "PARSER", in_object_stream(streamed, form.CONTENT_1), CHANGED + "|" + UNCLEAR + "|" + BAD, ""
    yield "object-stream-replaced", "PARSER", container_replaced(streamed), UNCLEAR + "|" + CHANGED, ""
    yield "object-stream-font", "PARSER", in_object_stream(streamed, form.FONT, {"Type": Name("Font"), "Subtype": Name("Type1"),
                                                                                 "BaseFont": Name("Symbol")}), CHANGED, f"object {form.FONT}"
    html = b"<html>900.000</html>\n"
    yield "polyglot-html-before", "PARSER", html + signed, BAD, "before the header"
    yield "polyglot-script-before", "PARSER", b"%!PS-Adobe-3.0\n(900.000) show showpage quit\n" + signed, BAD, "before the header"
    yield "polyglot-zip-behind", "PARSER", signed + b"PK\x05\x06" + bytes(18), UNCLEAR + "|" + BAD, "behind the end"
    yield "polyglot-pdf-behind", "PARSER", signed + form_only(), UNCLEAR + "|" + BAD + "|" + UNREADABLE + "|SIGNED_DATA", ""
    yield "second-header", "PARSER", signed + b"%PDF-1.7\n", UNCLEAR + "|" + BAD, "behind the end"
    yield "unused-made-used", "PARSER", with_keys(signed, form.UNUSED, Of=Name("Somebody")), UNCLEAR + "|" + CHANGED, f"object {form.UNUSED}"


def odd_trees(sign):
    """Page trees that are none, and what is said of their pages all the same."""
    def twice(all_objects):
        all_objects[form.PAGES].update(Kids=[Ref(form.PAGE_1), Ref(form.PAGE_1), Ref(form.PAGE_2)], Count=3)

    def half_twice(all_objects):
        all_objects[form.UNUSED] = {"Type": Name("Pages"), "Parent": Ref(form.PAGES), "Kids": [Ref(form.PAGE_1)], "Count": 1}
        all_objects[form.PAGES].update(Kids=[Ref(form.UNUSED), Ref(form.UNUSED), Ref(form.PAGE_2)], Count=3)

    def circle(all_objects):
        all_objects[form.PAGES].update(Kids=[Ref(form.PAGE_1), Ref(form.PAGES), Ref(form.PAGE_2)], Count=3)

    def lying(all_objects):
        all_objects[form.PAGES].update(Count=7)

    def dangling(all_objects):
        all_objects[form.PAGES].update(Kids=[Ref(form.PAGE_1), Ref(60), Ref(form.PAGE_2)], Count=3)

    other = {form.CONTENT_2: Stream({}, SPOOF)}
    yield "page-shown-twice", "SHADOW", update(sign("agency", form.build(sign.at, change=twice)), other), CHANGED, "page 3: "
    yield "pages-shown-twice", "SHADOW", update(sign("agency", form.build(sign.at, change=half_twice)), other), CHANGED, "content"
    yield "pages-in-a-circle", "SHADOW", update(sign("agency", form.build(sign.at, change=circle)), other), CHANGED + "|" + UNREADABLE + "|" + BAD, ""
    yield "pages-counted-wrongly", "SHADOW", update(sign("agency", form.build(sign.at, change=lying)), other), CHANGED, "page 2: "
    page = {"Type": Name("Page"), "Parent": Ref(form.PAGES), "MediaBox": [0, 0, 595, 842], "Contents": Ref(61), "Resources": {"Font": {"F1": Ref(form.FONT)}}}
    yield "page-that-was-missing", "SHADOW replace", update(sign("agency", form.build(sign.at, change=dangling)), {60: page, 61: Stream({}, SPOOF)}), \
        CHANGED + "|" + UNCLEAR, ""


def missing(sign):
    """What was referred to, but not there, comes later."""
    spoof = form.look(SPOOF, 595, 842)

    def picture(all_objects):
        all_objects[form.PAGE_1]["Resources"]["XObject"]["Im1"] = Ref(60)

    def contents(all_objects):
        all_objects[form.PAGE_1]["Contents"] = [Ref(form.CONTENT_1), Ref(60)]

    def annotation(all_objects):
        all_objects[form.PAGE_1]["Annots"].append(Ref(60))

    def appearance(all_objects):
        all_objects[form.NOTE]["AP"] = {"N": Ref(60)}

    def layers(all_objects):
        all_objects[form.CATALOG]["OCProperties"]["D"]["OFF"] = Ref(60)

    note = {"Type": Name("Annot"), "Subtype": Name("Stamp"), "Rect": [72, 740, 300, 770], "AP": {"N": Ref(61)}, "F": 4}
    for name, change, objects in (("picture", picture, {60: spoof}), ("content", contents, {60: Stream({}, SPOOF)}),
                                  ("annotation", annotation, {60: note, 61: spoof}), ("look", appearance, {60: spoof}),
                                  ("layer", layers, {60: [Ref(form.LAYER)]})):
        signed = sign("agency", form.build(sign.at, change=change))
        yield f"missing-{name}", "SHADOW replace", update(signed, objects), CHANGED + "|" + UNCLEAR, ""
        yield f"missing-{name}-signed-later", "SHADOW replace", sign("agency", update(signed, objects)), CHANGED + "|" + UNCLEAR, ""


def form_only():
    return b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\nxref\n0 3\n" \
        b"0000000000 65535 f \n0000000009 00000 n \n0000000054 00000 n \ntrailer\n<</Size 3/Root 1 0 R>>\nstartxref\n100\n%%EOF\n"


def in_object_stream(data, number, value=None):
    """An update that brings an object inside an object stream."""
    pdf = PdfFile(data)
    body = write(value if value is not None else {"Not": Name("AStream")})
    head = b"%d 0 " % number
    container = Stream({"Type": Name("ObjStm"), "N": 1, "First": len(head)}, head + body)
    out = bytearray(data)
    offset = len(out)
    out += b"%d 0 obj\n%s\nendobj\n" % (pdf.size, write(container))
    at = len(out)
    rows = b"\x02" + struct.pack(">IH", pdf.size, 0) + b"\x01" + struct.pack(">IH", offset, 0) + b"\x01" + struct.pack(">IH", at, 0)
    section = Stream({"Type": Name("XRef"), "W": [1, 4, 2], "Index": [number, 1, pdf.size, 2], "Size": pdf.size + 2, "Root": Ref(1), "Info": Ref(3),
                      "Prev": pdf.start}, rows)
    out += b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (pdf.size + 1, write(section), at)
    return bytes(out)


def container_replaced(data):
    """An update that lists an object stream only: what is in it changes all the same."""
    pdf = PdfFile(data)
    number = pdf.where[form.FONT][0]
    old = pdf.get(Ref(number))
    plain = zlib.decompress(old.data).replace(b"/Times-Roman", b"/Symbol     ")
    return update(data, {number: Stream(dict(old.info), zlib.compress(plain))})


# ---- hybrid files: a table for all readers, a stream for newer ones ----

def two_readings(data, older, newer):
    """An update whose table lists some objects, and whose stream lists others."""
    pdf, out, places = PdfFile(data), bytearray(data), []
    for objects in (older, newer):
        places.append({})
        for number, value in objects.items():
            places[-1][number] = len(out)
            out += b"%d 0 obj\n" % number + (value if isinstance(value, Raw) else write(value)) + b"\nendobj\n"
    info = {**pdf.trailer, "Prev": pdf.start, "Size": max([pdf.size] + [n + 1 for n in {**older, **newer}])}
    return bytes(out) + pdffile.hybrid(len(out), places[1], {**places[0], info["Size"]: len(out)}, info)


def hybrids(sign):
    signed = sign("agency", form.build(sign.at, "hybrid"))
    pdf = PdfFile(signed)
    spoof, field, page, number = Stream({}, SPOOF), dict(pdf.get(Ref(form.FIELD_TEXT)), V=text("34")), dict(pdf.get(Ref(form.PAGE_1))), pdf.size
    noted = dict(page, Annots=list(pdf.get(page["Annots"])) + [Ref(number)])
    old, note = pdf.get(Ref(form.CONTENT_1)), {
        "Type": Name("Annot"), "Subtype": Name("FreeText"), "Rect": [72, 590, 300, 640], "DA": b"/F1 10 Tf", "Contents": text("900.000")}
    for name, older, newer, reason, words in (
            ("content", {form.CONTENT_1: old}, {form.CONTENT_1: spoof}, CHANGED, ""),
            ("content-older", {form.CONTENT_1: spoof}, {form.CONTENT_1: old}, CHANGED, ""),
            ("content-only-for-newer", {}, {form.CONTENT_1: spoof}, CHANGED, "page 1"),
            ("content-only-for-older", {form.CONTENT_1: spoof}, {}, CHANGED, "page 1"),
            ("annotation", {form.NOTE: dict(pdf.get(Ref(form.NOTE)), F=2)}, {form.NOTE: pdf.get(Ref(form.NOTE))}, CHANGED, f"object {form.NOTE}"),
            ("annotation-only-for-newer", {}, {form.PAGE_1: noted, number: note}, UNCLEAR, "annotation"),
            ("annotation-hidden-from-older", {form.PAGE_1: noted}, {number: note}, UNCLEAR, f"object {number}"),
            ("field", {form.FIELD_TEXT: pdf.get(Ref(form.FIELD_TEXT))}, {form.FIELD_TEXT: field}, CHANGED, f"object {form.FIELD_TEXT}"),
            ("metadata-only-for-newer", {}, {form.INFO: dict(pdf.get(Ref(form.INFO)), Producer=b"x")}, UNCLEAR, f"object {form.INFO}")):
        yield f"hybrid-{name}", "PARSER", two_readings(signed, older, newer), reason, words
    same = two_readings(signed, {}, {})
    at = int(re.findall(rb"/XRefStm (\d+)", same)[-1])
    yield "hybrid-beyond", "PARSER", same.replace(b"/XRefStm %d" % at, b"/XRefStm 9%d" % at, 1), UNCLEAR + "|" + UNREADABLE + "|" + BAD, ""
    yield "hybrid-of-the-signed", "PARSER", raw_update(signed, [(number, b"<< >>")], b"/XRefStm %d" % int(re.findall(rb"/XRefStm (\d+)", signed)[-1])), UNCLEAR, ""
    yield "hybrid-freed-for-newer", "PARSER", freed_for_newer(signed), CHANGED, f"object {form.CONTENT_1}"


def freed_for_newer(data):
    """The table has the object, the stream says that there is none."""
    pdf, out = PdfFile(data), bytearray(data)
    place = len(out)
    out += b"%d 0 obj\n%s\nendobj\n" % (form.CONTENT_1, write(pdf.get(Ref(form.CONTENT_1))))
    at, own = len(out), pdf.size
    rows = struct.pack(">BIH", 0, 0, 1) + struct.pack(">BIH", 1, at, 0)
    info = {**pdf.trailer, "Prev": pdf.start, "Size": own + 1}
    out += b"%d 0 obj\n%s\nendobj\n" % (own, write(Stream({**info, "Type": Name("XRef"), "W": [1, 4, 2], "Index": [form.CONTENT_1, 1, own, 1]}, rows)))
    return bytes(out) + pdffile.cross_reference("table", len(out), {form.CONTENT_1: place, own: at}, {**info, "XRefStm": at})


# ---- locks ----

def locks(sign, base):
    everything = {"Type": Name("TransformParams"), "Action": Name("All"), "V": Name("1.2")}
    some = {"Type": Name("TransformParams"), "Action": Name("Include"), "Fields": [text("so")], "V": Name("1.2")}
    other = dict(some, Action=Name("Exclude"), Fields=[text("dongy")])
    for name, lock in (("all", everything), ("include", some), ("exclude", other)):
        yield f"locked-{name}", "FieldMDP", filled(sign("person", base, locks=lock)), CHANGED, "locked"
        yield f"locked-{name}-signed-later", "FieldMDP", sign("agency", filled(sign("person", base, locks=lock))), CHANGED, "locked"
    yield "locked-tick", "FieldMDP", ticked(sign("person", base, locks=everything)), CHANGED, "locked"
    yield "locked-signature", "FieldMDP", sign("agency", sign("person", base, locks=dict(some, Fields=[text("lanhdao")])), into="lanhdao"), CHANGED, "locked"
    lock = {"Type": Name("SigFieldLock"), "Action": Name("All")}
    yield "lock-of-the-field", "Lock", filled(sign("person", base, into="lanhdao", lock=lock)), CHANGED, "locked"
    closed = sign("person", base, into="lanhdao", lock=dict(lock, P=1))
    yield "lock-with-p1", "Lock, PDF 2.0", sign("agency", closed), CHANGED, "certified"
    yield "lock-with-p2-annotation", "Lock, PDF 2.0", freetext(sign("person", base, into="lanhdao", lock=dict(lock, P=2))), CHANGED, "annotation"
    yield "lock-dropped", "Lock", with_keys(closed, form.FIELD_SIGN, Lock=None), CHANGED + "|" + UNCLEAR, "/Lock"
    yield from odd_locks(sign, base, some)


def referring(reference):
    """For sign: the /Reference of the signature."""
    def also(_, objects, __):
        pdfsign.value_of(objects)[1]["Reference"] = reference
    return also


def transform(method, parameters):
    return {"Type": Name("SigRef"), "TransformMethod": Name(method), "TransformParams": parameters}


def odd_locks(sign, base, some):
    """Locks that a hasty reader does not find, or not under the name of the field."""
    def field_named(name):
        return form.build(sign.at, change=lambda all_objects: all_objects[form.FIELD_TEXT].update(T=text(name)))

    def below(all_objects):
        all_objects[form.FORM]["Fields"][0] = Ref(form.UNUSED)
        all_objects[form.UNUSED] = {"T": text("a" * 200), "Kids": [Ref(form.FIELD_TEXT)]}
        all_objects[form.FIELD_TEXT].update(T=text("b" * 200), Parent=Ref(form.UNUSED))

    other, everything = dict(some, Fields=[text("dongy")]), {"Type": Name("SigFieldLock"), "Action": Name("All")}
    named = form.build(sign.at, change=lambda all_objects: all_objects.update({form.UNUSED: text("so")}))
    for name, data, options in (
            ("two-lists", base, {"also": referring([transform("FieldMDP", some), transform("FieldMDP", other)])}),
            ("many-lists", base, {"also": referring([transform("FieldMDP", other)] * 9)}),
            ("list-without-array", base, {"also": referring(transform("FieldMDP", some))}),
            ("list-and-lock", base, {"into": "lanhdao", "lock": everything, "locks": other}),
            ("name-elsewhere", named, {"locks": dict(some, Fields=[Ref(form.UNUSED)])}),
            ("long-name", form.build(sign.at, change=below), {"locks": dict(some, Fields=[text("a" * 200 + "." + "b" * 200)])}),
            ("no-name", field_named(""), {"locks": dict(some, Fields=[text("")])}),
            ("no-list", base, {"locks": dict(some, Fields=text("dongy"))}), ("no-action", base, {"locks": dict(other, Action=Name("include"))}),
            ("names-that-look-the-same", field_named("so\x01"), {"locks": dict(some, Action=Name("Exclude"), Fields=[text("so\x02")])})):
        yield f"locked-by-{name}", "FieldMDP", sign("agency", filled(sign("person", data, **options))), CHANGED, "locked"
    yield "locked-and-field-added", "FieldMDP", sign("agency", with_field(sign("person", base, locks=everything))), CHANGED, "them"
    for name, levels in (("0", [0]), ("4", [4]), ("minus", [-2]), ("a-half", [2.5]), ("a-name", [Name("2")]), ("twice", [3, 1])):
        signed = sign("person", base, also=referring([transform("DocMDP", {"P": level}) for level in levels]))
        yield f"certified-p-{name}", "EAA", filled(signed), CHANGED, "certification"


# ---- without certification ----

def additions(signed, sign):
    yield "note-added", "SHADOW", freetext(signed), ADDED, "page 1"
    yield "note-added-second-page", "SHADOW", freetext(signed, page=form.PAGE_2), ADDED, "page 2"
    yield "field-filled", "SHADOW", filled(signed), ADDED, "so"
    yield "field-ticked", "SHADOW", ticked(signed), ADDED, "dongy"
    yield "filled-and-signed-by-a-stranger", "SSA", sign("self", filled(signed)), ADDED, "so"
    yield "note-and-signed-by-a-stranger", "SSA", sign("unknown", freetext(signed)), ADDED, "annotation"
    yield "note-and-only-time-stamped", "SSA", pdfsign.stamp(freetext(signed), sign.pki, sign.at), ADDED, "annotation"
    yield "note-over-the-page-signed", "SSA", sign("agency", freetext(signed, Rect=[0, 0, 595, 842])), UNCLEAR, "page 1"
    yield "field-filled-and-moved", "SHADOW", filled(signed, Rect=[72, 740, 300, 760]), CHANGED + "|" + UNCLEAR, "/Rect"
    yield "field-filled-and-widened", "SHADOW", filled(signed, MK={"BG": [1]}), CHANGED + "|" + UNCLEAR, "/MK"
    yield "signature-look-replaced", "SHADOW", signature_look(signed), CHANGED, ""


def showing(content, width=360, height=30):
    """For sign and stamp: the field that is added shows something else."""
    def also(pdf, objects, numbers):
        number = next(numbers)
        objects[number] = form.look(content, width, height)
        next(v for v in objects.values() if isinstance(v, dict) and v.get("FT") == "Sig")["AP"] = {"N": Ref(number)}
    return also


def stamps(signed, p1, p2, sign):
    """Everybody gets a time stamp, and its field may show what he likes."""
    other = showing(b"1 g 0 0 360 30 re f 0 g BT /F1 12 Tf 12 16 Td (900.000) Tj ET\n")

    def stamp(data, **options):
        return pdfsign.stamp(data, sign.pki, sign.at, also=other, rect=[60, 745, 420, 775], **options)

    yield "stamp-that-shows", "SSA", stamp(signed), ADDED, "time stamp shows"
    yield "stamp-that-shows-and-is-stamped", "SSA", pdfsign.stamp(stamp(signed), sign.pki, sign.at), ADDED, "time stamp shows"
    yield "stamp-that-shows-p1", "SSA", stamp(p1), CHANGED, "time stamp shows"
    yield "stamp-that-shows-p2", "SSA", stamp(p2), CHANGED, "time stamp shows"
    yield "stamp-that-shows-and-signed-by-a-stranger", "SSA", sign("unknown", stamp(signed)), ADDED, "time stamp shows"


def signature_look(data):
    """The signed field gets another appearance: the name of somebody else."""
    pdf = PdfFile(data)
    ref = pdf.get(pdf.get(pdf.root["AcroForm"])["Fields"])[-1]
    return update(data, {ref.num: dict(pdf.get(ref), AP={"N": Ref(form.LOOK_NOTE)})})


def filled_as(data, value, content, fonts=None, box=(200, 20), **more):
    """The text field gets a value and an appearance that shows what it likes; more: objects."""
    number = PdfFile(data).size
    field = dict(PdfFile(data).get(Ref(form.FIELD_TEXT)), V=text(value), AP={"N": Ref(number)})
    look = form.look(content, *box, {"Font": {"F1": Ref(form.FONT), **(fonts or {})}})
    return update(data, {form.FIELD_TEXT: field, number: look, **{number + 1 + i: value for i, value in enumerate(more.values())}})


def showing_another_value(plain, chosen):
    """A reader sees one thing, and a program reads another."""
    def shown(content, value="34"):
        return b"/Tx BMC q BT /F1 10 Tf 0 g %s ET Q EMC\n" % content

    new = Ref(PdfFile(plain).size + 1)
    simple = {"Type": Name("Font"), "Subtype": Name("Type1"), "BaseFont": Name("Helvetica")}
    nines = {"Type": Name("Encoding"), "BaseEncoding": Name("WinAnsiEncoding"), "Differences": [51, Name("nine"), Name("nine")]}
    cmap = Stream({}, b"1 beginbfchar <39> <0033> endbfchar 1 beginbfrange <38> <38> [<0034>] endbfrange")
    drawn = {"Type": Name("Font"), "Subtype": Name("Type3"), "Encoding": {"Differences": [51, Name("three"), Name("four")]}}
    for name, value, content, fonts, objects, reason in (
            ("another-text", "34", shown(b"2 5 Td (900.000) Tj"), {}, {}, UNCLEAR),
            ("more-text", "34", shown(b"2 5 Td (34) Tj (.000) Tj"), {}, {}, UNCLEAR),
            ("less-text", "900.000", shown(b"2 5 Td (900) Tj"), {}, {}, UNCLEAR),
            ("nothing", "34", b"/Tx BMC EMC\n", {}, {}, UNCLEAR),
            ("no-value", "", shown(b"2 5 Td (34) Tj"), {}, {}, UNCLEAR),
            ("white-text", "34", b"BT /F1 10 Tf 1 g 2 5 Td (34) Tj ET\n", {}, {}, ADDED),
            ("invisible-text", "34", shown(b"3 Tr 2 5 Td (34) Tj"), {}, {}, ADDED),
            ("text-outside", "34", shown(b"-90 5 Td (34) Tj"), {}, {}, ADDED),
            ("text-clipped", "34", b"0 0 1 1 re W n " + shown(b"2 5 Td (34) Tj"), {}, {}, ADDED),
            ("text-tiny", "34", b"BT /F1 0.1 Tf 2 5 Td (34) Tj ET\n", {}, {}, ADDED),
            ("text-turned-round", "3412", shown(b"40 5 Td (34) Tj -30 0 Td (12) Tj"), {}, {}, ADDED),
            ("text-moved-back", "3412", shown(b"2 5 Td [(34) 9000 (12)] TJ"), {}, {}, ADDED),
            ("text-mirrored", "34", shown(b"-1 0 0 1 60 5 Tm (34) Tj"), {}, {}, ADDED),
            ("text-covered", "34", shown(b"2 5 Td (34) Tj") + b"1 g 0 0 200 20 re f\n", {}, {}, ADDED),
            ("drawn-digits", "34", b"1 g 0 0 200 20 re f 0 g 2 2 3 15 re f 1 g " + shown(b"2 5 Td (34) Tj"), {}, {}, ADDED),
            ("drawn-digit-at-the-rim", "34", b"0 g 1 3 2 12 re f " + shown(b"5 5 Td (34) Tj"), {}, {}, ADDED),
            ("drawn-lines", "34", b"2 2 m 2 18 l S " + shown(b"2 5 Td (34) Tj"), {}, {}, ADDED),
            ("layered-text", "34", b"/OC /L1 BDC " + shown(b"2 5 Td (34) Tj") + b"EMC\n", {}, {}, ADDED),
            ("no-such-font", "34", b"BT /F9 10 Tf 2 5 Td (34) Tj ET\n", {}, {}, ADDED),
            ("font-that-lies", "34", b"BT /F2 10 Tf 2 5 Td (34) Tj ET\n", {"F2": new}, {"a": dict(simple, Encoding=nines)}, UNCLEAR),
            ("map-that-lies", "34", b"BT /F2 10 Tf 2 5 Td (98) Tj ET\n", {"F2": new},
             {"a": dict(simple, Encoding=Name("WinAnsiEncoding"), ToUnicode=Ref(new.num + 1)), "b": cmap}, ADDED),
            ("font-of-drawings", "34", b"BT /F2 10 Tf 2 5 Td (34) Tj ET\n", {"F2": new}, {"a": drawn}, ADDED),
            ("font-of-symbols", "34", b"BT /F2 10 Tf 2 5 Td (34) Tj ET\n", {"F2": new}, {"a": dict(simple, BaseFont=Name("ZapfDingbats"))}, ADDED),
            ("font-without-map", "34", b"BT /F2 10 Tf 2 5 Td <00330034> Tj ET\n", {"F2": new},
             {"a": dict(simple, Subtype=Name("Type0"), Encoding=Name("Identity-H"))}, ADDED)):
        yield f"filled-with-{name}", "SHADOW replace", filled_as(plain, value, content, fonts, **objects), reason, "so"
    yield "filled-with-box-too-large", "SHADOW replace", filled_as(plain, "34", shown(b"2 5 Td (34) Tj"), box=(6000, 600)), ADDED, "so"
    yield "filled-value-only", "SHADOW replace", with_keys(plain, form.FIELD_TEXT, V=text("34")), UNCLEAR, "something else"
    yield "ticked-value-only", "SHADOW replace", with_keys(plain, form.FIELD_CHECK, V=Name("Yes")), UNCLEAR, "something else"
    yield "ticked-look-only", "SHADOW replace", with_keys(plain, form.FIELD_CHECK, AS=Name("Yes")), UNCLEAR, "something else"
    yield "ticked-without-a-look", "SHADOW replace", with_keys(plain, form.FIELD_CHECK, V=Name("Yes"), AS=Name("No")), UNCLEAR, "something else"
    yield "chosen-and-another-shown", "SHADOW replace", filled_as(chosen, "34", b"BT /F1 10 Tf 2 5 Td (Dong y) Tj ET\n"), UNCLEAR, "something else"
    group, kid, other = (dict(PdfFile(chosen).get(Ref(n))) for n in (form.FIELD_CHECK, form.FIELD_BUTTON, form.UNUSED))
    for name, objects in (("another", {form.FIELD_CHECK: dict(group, V=Name("Co")), form.UNUSED: dict(other, AS=Name("Khong"))}),
                          ("none", {form.FIELD_CHECK: dict(group, V=Name("Co"))}),
                          ("both", {form.FIELD_CHECK: dict(group, V=Name("Co")), form.FIELD_BUTTON: dict(kid, AS=Name("Co")),
                                    form.UNUSED: dict(other, AS=Name("Khong"))})):
        yield f"radio-{name}-shown", "SHADOW replace", update(chosen, objects), UNCLEAR, "something else"


def fillings(sign):
    """What filling in may not do, although the certification allows to fill in."""
    def certified_form(change=None):
        return sign("agency", form.build(sign.at, change=change), certify=2)

    plain = certified_form()
    size = PdfFile(plain).size
    picture = {"XObject": {"Im1": Ref(form.PICTURE)}}
    field = dict(PdfFile(plain).get(Ref(form.FIELD_TEXT)), V=text("34"))
    yield "filled-with-picture", "SSA", update(plain, {form.FIELD_TEXT: dict(field, AP={"N": Ref(size)}), size: form.look(b"/Im1 Do\n", resources=picture)}), \
        UNCLEAR, "/AP"
    yield "filled-with-an-old-look", "SSA", update(plain, {form.FIELD_TEXT: dict(field, AP={"N": Ref(form.LOOK_NOTE)})}), UNCLEAR, "/AP"
    yield "filled-with-another-state", "SSA", update(plain, {form.FIELD_TEXT: dict(field, AP={"N": Ref(form.LOOK_TEXT), "R": Ref(form.LOOK_NOTE)})}), \
        UNCLEAR, "/AP"
    yield "filled-button", "SSA", with_keys(plain, form.FIELD_BUTTON, V=text("x"), AP={"N": Ref(form.LOOK_NOTE)}), UNCLEAR + "|" + CHANGED, ""
    yield "filled-flags", "SSA", with_keys(plain, form.FIELD_TEXT, V=text("34"), Ff=1 << 12), UNCLEAR, "/Ff"
    yield "filled-rich", "SSA", with_keys(plain, form.FIELD_TEXT, V=text("34"), RV=text("<body/>")), UNCLEAR, "/RV"
    yield "ticked-with-another-look", "SSA", with_keys(plain, form.FIELD_CHECK, V=Name("Yes"), AS=Name("Yes"), AP={"N": {
        "Yes": Ref(form.LOOK_NOTE), "Off": Ref(form.LOOK_OFF)}}), UNCLEAR, "/AP"
    yield "ticked-in-place", "SSA", update(ticked(plain), {form.LOOK_YES: form.look(b"0 g 0 0 9 9 re f\n", 10, 10, {})}), CHANGED, f"object {form.LOOK_YES}"
    yield "look-only", "SHADOW replace", update(plain, {form.FIELD_TEXT: dict(field, V=text("12"), AP={"N": Ref(size)}), size: form.look(b"\n")}), UNCLEAR, "/AP"

    yield from showing_another_value(plain, certified_form(form.choosing))

    def formatted(all_objects):
        all_objects[form.FIELD_TEXT]["AA"] = {"F": {"S": Name("JavaScript"), "JS": b"AFNumber_Format(0)"}}

    yield "filled-in-a-format", "SHADOW replace", filled_as(certified_form(formatted), "1000", b"BT /F1 10 Tf 2 5 Td (1.000) Tj ET\n"), ADDED, "compared"

    def shared(all_objects):
        all_objects[form.PAGE_1]["Resources"]["XObject"]["Im1"] = Ref(form.LOOK_TEXT)

    yield "look-with-two-uses", "SHADOW replace", update(certified_form(shared), {
        form.FIELD_TEXT: field, form.LOOK_TEXT: form.look(b"BT /F1 10 Tf 2 5 Td (34) Tj ET\n")}), CHANGED + "|" + UNCLEAR, ""

    def large(all_objects):
        all_objects[form.FIELD_TEXT]["Rect"] = [0, 0, 595, 842]

    yield "field-as-large-as-the-page", "SHADOW replace", filled(certified_form(large)), UNCLEAR, "page 1"

    def names_shared(all_objects):
        all_objects[form.PAGE_1]["PieceInfo"] = Ref(form.NAMES)

    yield "names-with-two-uses", "SHADOW", sign("agency", update(sign("person", form.build(sign.at, change=names_shared)), {
        form.NAMES: {"EmbeddedFiles": {"Names": [b"a.txt", Ref(form.FILE), b"b.txt", Ref(form.FILE)]}}})), CHANGED + "|" + UNCLEAR, f"object {form.NAMES}"


def secrets(sign, base):
    """Encrypted files: what cannot be read is not unsigned, and what can is compared."""
    import legitimate  # which takes changes from here

    yield "encrypted-with-a-password", "PARSER", legitimate.encrypted(sign("agency", base), "aes-256", "secret"), UNREADABLE, "password"
    weak = {"Filter": Name("Standard"), "V": 1, "R": 2, "O": bytes(32), "U": bytes(32), "P": -4}
    for cipher in legitimate.CIPHERS:
        opened = sign("agency", legitimate.encrypted(base, cipher))
        pdf, page = PdfFile(opened), page_of(opened)
        content, spoof = page["Contents"].num, Stream({}, SPOOF)
        yield f"encrypted-{cipher}-content-replaced", "ISA", update(opened, {content: spoof}), CHANGED, "page 1"
        yield f"encrypted-{cipher}-note-added", "SHADOW", freetext_on(opened), ADDED, "page 1"
        yield f"encrypted-{cipher}-content-in-clear", "PARSER", update(opened, {content: spoof}, in_clear=True), CHANGED + "|" + UNCLEAR, ""
        info = dict(pdf.get(pdf.trailer["Info"]), ModDate=b"D:20261122000000Z", Title=b"900.000")
        yield f"encrypted-{cipher}-title-in-clear", "PARSER", update(opened, {pdf.trailer["Info"].num: info}, in_clear=True), UNCLEAR, ""
        yield f"encrypted-{cipher}-otherwise", "PARSER", update(opened, {}, trailer={"Encrypt": weak}), UNREADABLE + "|" + UNCLEAR, ""
        other = dict(pdf.get(pdf.trailer["Encrypt"]), P=-8)
        yield f"encrypted-{cipher}-other-permissions", "PARSER", update(opened, {pdf.trailer["Encrypt"].num: other}), UNREADABLE + "|" + UNCLEAR, ""
        yield f"encrypted-{cipher}-another-dictionary", "PARSER", update(opened, {pdf.size: other}, trailer={"Encrypt": Ref(pdf.size)}), \
            UNREADABLE + "|" + UNCLEAR, ""
        if "CF" in other:
            filters = {"Crypt": Stream({"Filter": [Name("Crypt")], "DecodeParms": [{"Name": Name("Identity")}]}, SPOOF),
                       "Unknown": Stream({"Filter": [Name("Crypt")], "DecodeParms": [{"Name": Name("StdCF")}]}, SPOOF)}
            yield f"encrypted-{cipher}-identity", "PARSER", update(opened, {content: filters["Crypt"]}), CHANGED + "|" + UNCLEAR, ""
            yield f"encrypted-{cipher}-named-filter", "PARSER", update(opened, {content: filters["Unknown"]}), CHANGED + "|" + UNCLEAR, ""
            yield f"encrypted-{cipher}-identity-for-all", "PARSER", update(
                opened, {pdf.trailer["Encrypt"].num: dict(other, StmF=Name("Identity"), StrF=Name("Identity"))}), UNREADABLE + "|" + UNCLEAR + "|" + CHANGED + "|" + BAD, ""
    yield "encrypted-afterwards", "PARSER", update(sign("agency", base), {}, trailer={"Encrypt": weak}), UNREADABLE + "|" + UNCLEAR + "|" + BAD, ""
    yield "decrypted-afterwards", "PARSER", undone(opened), UNREADABLE + "|" + UNCLEAR + "|" + CHANGED + "|" + BAD, ""


def freetext_on(data):
    """A comment on the first page, wherever it is."""
    pdf = PdfFile(data)
    ref, page = pdf.first_page()
    note = {"Type": Name("Annot"), "Subtype": Name("FreeText"), "Rect": [72, 590, 300, 640], "F": 4, "Contents": text("900.000"), "DA": b"/F1 10 Tf"}
    return update(data, {ref.num: dict(page, Annots=list(pdf.get(page["Annots"])) + [Ref(pdf.size)]), pdf.size: note})


def undone(data):
    """The trailer of the update no longer says that the file is encrypted."""
    pdf = PdfFile(data)
    pdf.trailer = {k: v for k, v in pdf.trailer.items() if k != "Encrypt"}
    return pdf.append({pdf.trailer["Info"].num: {"Title": b"x"}}, in_clear=True)


def page_of(data):
    return PdfFile(data).first_page()[1]


def written(old, new):
    """For sign: in the text of the signature dictionary."""
    def also(_, objects, __):
        number, value = pdfsign.value_of(objects)
        objects[number] = Raw(write(value).replace(old, new, 1))
    return also


def dictionaries(sign, base):
    """Signature dictionaries that were signed so, and are read in two ways or in none."""
    for name, old, new, reason in (
            ("contents-before", b"/Filter", b"/Contents <30> /Filter", BAD), ("contents-behind", b"/M ", b"/Contents <30> /M ", BAD),
            ("contents-escaped", b"/M ", b"/#43ontents <30> /M ", BAD), ("range-before", b"/Filter", b"/ByteRange[0 1 2 3] /Filter", BAD),
            ("range-behind", b"/M ", b"/ByteRange[0 1 2 3] /M ", BAD), ("subfilter", b"/M ", b"/SubFilter /ETSI.RFC3161 /M ", BAD)):
        yield f"twice-{name}", "PARSER", sign("agency", base, also=written(old, new)), reason, "duplicated key"
    for name, numbers in (("real", "[0.0 {a} {b} {c}]"), ("nested", "[[0 {a} {b} {c}]]"), ("with-null", "[0 {a} {b} {c} null]"),
                          ("with-two-more", "[0 {a} {b} {c} 0 0]")):
        yield f"range-{name}", "USF", sign("agency", base, byte_range=numbers), BAD, "exactly four numbers"
    person = sign("person", base)
    both = sign("agency", person)
    pdf = PdfFile(both)
    (first, his), (second, theirs) = ((ref.num, dict(pdf.get(ref))) for ref in pdf.get(Ref(form.FORM))["Fields"][-2:])
    again = with_field(person, "Sig", V=his["V"])
    yield "value-in-a-second-field", "SSA", again, UNCLEAR, "does not sign this revision"
    yield "value-in-a-second-field-signed", "SSA", sign("agency", again), UNCLEAR, "does not sign this revision"
    yield "value-copied", "SSA", with_field(person, "Sig", V=Raw(write(pdf.get(his["V"])))), BAD, "one of the two is a copy"
    yield "values-exchanged", "SSA", update(both, {first: dict(his, V=theirs["V"]), second: dict(theirs, V=his["V"])}), UNCLEAR, "/V of a form field"
    yield "value-of-another", "SSA", update(both, {his["V"].num: pdf.get(theirs["V"])}), UNCLEAR, "was changed"
    yield "value-renamed", "SSA", with_keys(both, his["V"].num, Name=text("ỦY BAN NHÂN DÂN")), UNCLEAR, "was changed"
    yield "field-renamed", "SSA", sign("agency", with_keys(person, first, T=text("khac"))), UNCLEAR, "/T of a form field"
    yield "certification-named-later", "EAA", with_keys(person, form.CATALOG, Perms={"DocMDP": his["V"]}), UNCLEAR, "/Perms"
    yield "certification-named-elsewhere", "EAA", with_keys(sign("person", base, certify=1), form.CATALOG, Perms={"DocMDP": Ref(form.UNUSED)}), UNCLEAR, "/Perms"


def messages(sign, base):
    """What /Contents holds, and the key did sign, but not this document for this purpose."""
    import cmsmake
    import credentials

    agency, tsa = (credentials.load(sign.pki, name) for name in ("agency", "tsa"))

    def imprint(covered):
        return hashlib.sha256(covered).digest()

    def inner(make):
        return lambda covered: cmsmake.signed_data(agency, make(covered), detached=False)

    def token(credential):
        return lambda covered: cmsmake.time_stamp_token(credential, imprint(covered), sign.at)

    def detached(covered):
        return cmsmake.signed_data(agency, covered)

    sha1 = "adbe.pkcs7.sha1"
    for name, sub_filter, cms, reason, words in (
            ("token-as-signature", "ETSI.CAdES.detached", token(tsa), CHANGED, "time stamp token"),
            ("signature-called-token", "ETSI.CAdES.detached", lambda covered: cmsmake.signed_data(agency, covered, content_type="tst_info"),
             "FORMAT_UNSUPPORTED", "time stamp token"),
            ("signature-as-token", "ETSI.RFC3161", detached, "TIMESTAMP_UNVERIFIED", "TSTInfo"),
            ("token-by-a-signer", "ETSI.RFC3161", token(agency), "TIMESTAMP_UNVERIFIED", "not for time stamping"),
            ("token-alone", "ETSI.RFC3161", token(tsa), None, "nobody signed it"),
            ("sha1-of-other-bytes", sha1, inner(lambda _: hashlib.sha1(b"other").digest()), CHANGED, "SHA-1 digest"),
            ("sha1-and-more", sha1, inner(lambda covered: hashlib.sha1(covered).digest() + b"x"), CHANGED, "SHA-1 digest"),
            ("sha1-of-nothing", sha1, detached, CHANGED, "SHA-1 digest"),
            ("sha256-as-sha1", sha1, inner(imprint), CHANGED, "SHA-1 digest"),
            ("bare-value", "adbe.x509.rsa_sha1", lambda covered: b"\x04\x82\x01\x00" + agency.sign(covered, "pkcs1", "sha1"),
             "FORMAT_UNSUPPORTED", "adbe.x509.rsa_sha1")):
        yield f"cms-{name}", "USF", sign("agency", base, sub_filter=sub_filter, claim=False, cms=cms), reason, words
    for name, by, options, reason in (("", "person", {}, BAD), ("-one-self-made", "self", {}, "PATH_SELF_MADE"),
                                      ("-one-of-other-bytes", "person", {"message_digest": bytes(32)}, CHANGED)):
        yield f"cms-two-signers{name}", "USF", sign("agency", base, cms=joined(
            agency, credentials.load(sign.pki, by), options)), reason, "2 signers"


def joined(first, second, options):
    """A CMS with two signers, in this order."""
    import cmsmake
    from asn1crypto import cms, parser

    def make(covered):
        infos = [cms.ContentInfo.load(cmsmake.signed_data(credential, covered, **more)) for credential, more in ((first, {}), (second, options))]
        data = infos[0]["content"]
        certificates = {certificate.dump(): certificate for info in infos for certificate in info["content"]["certificates"]}
        signers = b"".join(info["content"]["signer_infos"][0].dump() for info in infos)
        data["signer_infos"] = cms.SignerInfos.load(parser.emit(0, 1, 17, signers))  # as a list it would be sorted
        data["certificates"] = cms.CertificateSet(list(certificates.values()))
        return cms.ContentInfo({"content_type": "signed_data", "content": data}).dump()
    return make


def inside(sign, base):
    """A file inside the document is a document of its own."""
    forged = update(sign("person", base), {form.CONTENT_1: Stream({}, SPOOF)})
    for name, change in (("attached", form.holding("cong-van.pdf", forged)), ("in-a-portfolio", form.holding("cong-van.pdf", forged, True)),
                         ("in-a-note", form.noting("cong-van.pdf", forged)),
                         ("two-levels-deep", form.holding("a.pdf", form.build(sign.at, change=form.holding("b.pdf", forged))))):
        yield f"forged-{name}", "PATHS", sign("agency", form.build(sign.at, change=change)), CHANGED, "page 1"
        yield f"forged-{name}-unsigned-outside", "PATHS", form.build(sign.at, "stream", change), CHANGED, "page 1"
    for number, place in ((form.PAGE_1, "a-page"), (form.NOTE, "an-annotation")):
        yield f"forged-of-{place}", "PATHS", sign("agency", form.build(sign.at, change=belonging(number, forged))), CHANGED, "page 1"
    yield "forged-behind-its-other-name", "PATHS", sign("agency", form.build(sign.at, change=two_faced(sign("person", base), forged))), CHANGED, "page 1"
    yield "forged-behind-the-same-name", "PATHS", sign("agency", form.build(sign.at, change=two_of_a_name(sign("person", base), forged))), CHANGED, "page 1"


def belonging(number, data):
    """A change for build: a file that belongs to a page or an annotation alone."""
    def change(all_objects):
        form.holding("cong-van.pdf", data)(all_objects)
        del all_objects[form.CATALOG]["Names"]
        all_objects[number]["AF"] = [Ref(form.FILE)]
    return change


def two_faced(good, forged):
    """A change for build: a file with one content for each of its names."""
    def change(all_objects):
        form.holding("cong-van.pdf", good)(all_objects)
        all_objects[form.UNUSED] = form.embedded(forged)
        all_objects[form.FILE]["EF"]["UF"] = Ref(form.UNUSED)
    return change


def two_of_a_name(good, forged):
    """A change for build: two files that are called the same."""
    def change(all_objects):
        form.holding("cong-van.pdf", good)(all_objects)
        all_objects[form.UNUSED] = form.embedded(forged)
        other = dict(all_objects[form.FILE], EF={"F": Ref(form.UNUSED)})
        all_objects[form.NAMES] = {"EmbeddedFiles": {"Names": [b"a", Ref(form.FILE), b"a", other]}}
    return change


def rows(sign, base, streamed_base):
    """Every attack on the form, signed by sign(by, data, **options)."""
    import prepared  # which take changes from here
    import readings
    import writers

    signed, streamed = sign("agency", base), sign("agency", streamed_base)
    p1, p2, p3 = (sign("agency", base, certify=level) for level in (1, 2, 3))
    for family in (forgeries(signed), savings(signed), wrappings(signed), shadows(signed), certified(p1, p2, p3, sign), paths(signed, p2),
                   parsers(signed, streamed), fields_added(signed, p2, p3, sign), odd_trees(sign), missing(sign), hybrids(sign), locks(sign, base), dictionaries(sign, base), messages(sign, base),
                   additions(signed, sign), stamps(signed, p1, p2, sign), inside(sign, base), secrets(sign, base), fillings(sign),
                   prepared.rows(sign, base), readings.rows(sign), writers.attacks(sign, base)):
        yield from family
