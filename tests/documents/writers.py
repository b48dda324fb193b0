# SPDX-License-Identifier: Apache-2.0
#
# How libraries write what a signing program adds (iText, PDFBox, OpenPDF, pyHanko), one form in each
# row, and what an attacker makes of the same form. Rows as in attacks.py and legitimate.py; the
# libraries themselves sign in tests/peers/peers_signers.py.
"""Forms of updates, as libraries write them, and attacks that use them."""

import datetime

import formfile as form
import pdffile
from attacks import ADDED, CHANGED, SPOOF, UNCLEAR, filled_as, update, with_keys
from pdffile import PdfFile
from pdfobject import Name, Ref, Stream, text, write

HELVETICA = {"Type": Name("Font"), "Subtype": Name("Type1"), "BaseFont": Name("Helvetica"), "Encoding": Name("WinAnsiEncoding")}
DINGBATS = {"Type": Name("Font"), "Subtype": Name("Type1"), "BaseFont": Name("ZapfDingbats")}
SYMBOL = {"Type": Name("Font"), "Subtype": Name("Type1"), "BaseFont": Name("Symbol")}
VIETNAM = datetime.timezone(datetime.timedelta(hours=7))


def rewriting(number, **keys):
    """For sign: it writes an object again with other entries; None removes one."""
    def also(pdf, objects, numbers):
        value = dict(objects.get(number, pdf.get(Ref(number))), **keys)
        objects[number] = {key: value for key, value in value.items() if keys.get(key, True) is not None}
    return also


def built(sign, number, kind="table", **keys):
    """The form with other entries in an object; None removes one."""
    def change(all_objects):
        for key, value in keys.items():
            if value is None:
                all_objects[number].pop(key, None)
            else:
                all_objects[number][key] = value
    return form.build(sign.at, kind, change)


# ---- metadata ----

XMP_NAMES = (' xmlns:pdf="http://ns.adobe.com/pdf/1.3/"\n   xmlns:xmp="http://ns.adobe.com/xap/1.0/"\n   xmlns:dc="http://purl.org/dc/elements/1.1/"'
             ' xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"')
XMP_TITLE = '<dc:title>\n <rdf:Alt>\n  <rdf:li xml:lang="x-default">{}</rdf:li>\n </rdf:Alt>\n</dc:title>'


def packet(properties, attributes='xmp:ModifyDate="2026-02-06T09:00:00Z"\npdf:Producer="iText"', before="", names=XMP_NAMES):
    """Metadata as the XMP library of iText writes them."""
    return Stream({"Type": Name("Metadata"), "Subtype": Name("XML")}, f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>{before}
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 5.1.0-jc003">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
  {names}
   {attributes}>
   {properties}
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
{' ' * 99}
<?xpacket end="w"?>""".encode())


TITLE = XMP_TITLE.format("Tờ trình")
WITH_HISTORY = ('<xmpMM:DerivedFrom rdf:parseType="Resource"><xmpMM:DocumentID>1</xmpMM:DocumentID></xmpMM:DerivedFrom>'
                '<dc:subject><rdf:Bag><rdf:li>a &amp; b</rdf:li><rdf:li>c</rdf:li></rdf:Bag></dc:subject>')
WITH_HISTORY_AGAIN = ('<dc:subject>\n<rdf:Bag>\n<rdf:li>a &amp; b</rdf:li>\n<rdf:li>c</rdf:li>\n</rdf:Bag></dc:subject>'
                      '<xmpMM:DerivedFrom\n xmpMM:DocumentID="1"/>')


def metadata(sign, base):
    """Packets that say the same."""
    def signed_over(before, after):
        return sign("agency", sign("person", before), also=lambda pdf, objects, numbers: objects.update({form.METADATA: after}))

    created = f'xmp:CreateDate="{sign.at.astimezone(VIETNAM).isoformat()}"'

    def added(pdf, objects, numbers):
        number = next(numbers)
        objects[number] = packet(TITLE, 'xmp:CreatorTool="tests" ' + created)
        objects[form.CATALOG] = dict(objects.get(form.CATALOG, pdf.root), Metadata=Ref(number))

    rich = form.build(sign.at, change=lambda all_objects: all_objects.update({form.METADATA: packet(TITLE + WITH_HISTORY)}))
    plain = built(sign, form.CATALOG, Metadata=None)
    plain = with_keys(plain, form.INFO, Creator=b"tests")
    yield "metadata-as-attributes", "iText: the packet again, by another library", signed_over(base, packet(TITLE)), ""
    yield "metadata-in-another-order", "iText: structures and lists", signed_over(rich, packet(WITH_HISTORY_AGAIN + TITLE)), ""
    yield "metadata-of-the-information", "iText: what the document information says too", signed_over(base, packet(
        TITLE, created)), ""
    yield "metadata-with-dates-twice", "OpenPDF: as attributes, and as elements again", signed_over(base, packet(
        TITLE + "<pdf:Producer>OpenPDF</pdf:Producer><xmp:ModifyDate>2026-02-06T09:00:00Z</xmp:ModifyDate>")), ""
    yield "information-given-up", "iText 7, PDF 2.0: what the metadata say too", sign("agency", sign("person", base), also=rewriting(
        form.INFO, Title=None, Producer=None)), ""
    yield "metadata-where-none-were", "iText", sign("agency", sign("person", plain), also=added), ""


def metadata_attacks(sign, base):
    signed = sign("agency", base)

    def over(data):
        return update(signed, {form.METADATA: data})

    other = XMP_TITLE.format("Quyết định")
    plain = built(sign, form.CATALOG, Metadata=None)
    number = PdfFile(sign("agency", plain)).size
    for name, data in (
            ("title", packet(other)), ("title-gone", packet("")), ("title-twice", packet(TITLE + other)),
            ("title-in-another-form", packet(TITLE + "<dc:title>Quyết định</dc:title>")),
            ("title-in-another-language", packet(TITLE.replace("</rdf:Alt>", '<rdf:li xml:lang="vi">Quyết định</rdf:li></rdf:Alt>'))),
            ("added", packet(TITLE, 'pdf:Keywords="KHẨN"')), ("author-added", packet(
                TITLE + "<dc:creator><rdf:Seq><rdf:li>Nguyễn Văn An</rdf:li></rdf:Seq></dc:creator>")),
            ("date-of-creation", packet(TITLE, 'xmp:CreateDate="2020-01-01T00:00:00Z"')),
            ("names-exchanged", packet(TITLE, 'dc:title="Quyết định" pdf:ModifyDate="x"', names=XMP_NAMES.replace("xmlns:pdf", "xmlns:x-pdf").replace(
                "xmlns:xmp=", "xmlns:pdf="))),
            ("entity", packet(XMP_TITLE.format("&t;"), before='<!DOCTYPE x [<!ENTITY t "Tờ trình">]>')),
            ("comment", packet(TITLE + "<!-- " + other + " -->")), ("no-end", Stream({"Type": Name("Metadata")}, packet(TITLE).data[:-150]))):
        yield f"metadata-{name}", "SHADOW", over(data), UNCLEAR, "metadata"
    gone = {key: value for key, value in PdfFile(signed).get(Ref(form.INFO)).items() if key != "Title"}
    yield "information-given-up-and-metadata-too", "SHADOW", update(signed, {form.INFO: gone, form.METADATA: packet(other)}), UNCLEAR, "/Title"
    untitled = sign("agency", plain)
    yield "information-given-up-without-metadata", "SHADOW", update(untitled, {form.INFO: gone}), UNCLEAR, "/Title"
    yield "metadata-invented", "SHADOW", update(sign("agency", plain), {
        number: packet(other), form.CATALOG: dict(PdfFile(sign("agency", plain)).root, Metadata=Ref(number))}), UNCLEAR, "metadata"


# ---- cross-reference sections ----

def behind(data, space):
    """startxref names the end of the line before the table, and white space."""
    start = PdfFile(data).start
    return data[:start] + space + data[start:].replace(b"startxref\n%d" % start, b"startxref\n%d" % (start - 1))


def sections(sign):
    """A section that does not list itself, and one with object streams beside a table."""
    unlisted, packed = (form.build(sign.at, kind) for kind in ("unlisted", "packed"))
    yield "number-of-a-section-again", "PDFBox: its section does not list itself, and the next update takes the number", sign(
        "public", sign("agency", sign("person", unlisted))), ""
    yield "table-behind-a-line-end", "@signpdf: startxref names the line end before the table", sign("public", sign("agency", sign(
        "person", behind(form.build(sign.at), b"")))), ""
    yield "table-and-object-streams", "iText: a hybrid file is gone on with", sign("public", sign("agency", sign("person", packed))), ""


def section_attacks(sign):
    for name, space in (("spaces", b"   "), ("lines", b"\n\n"), ("tab", b"\t")):
        yield f"table-behind-{name}", "PARSER", sign("agency", sign("person", behind(form.build(sign.at), space))), UNCLEAR + "|MALFORMED", ""
    own = PdfFile(sign("agency", form.build(sign.at, "unlisted"))).size
    for name, number, keys in (("content", form.PAGE_1, {"Contents": [Ref(form.CONTENT_1), Ref(own)]}),
                               ("look", form.NOTE, {"AP": {"N": Ref(own)}}),
                               ("annotation", form.PAGE_2, {"Annots": [Ref(form.FIELD_SIGN_2), Ref(own)]})):
        signed = sign("agency", built(sign, number, "unlisted", **keys))
        note = {"Type": Name("Annot"), "Subtype": Name("Stamp"), "Rect": [72, 740, 300, 770], "AP": {"N": Ref(own + 1)}, "F": 4}
        objects = {own: note if name == "annotation" else form.look(SPOOF, 595, 842), own + 1: form.look(SPOOF, 595, 842)}
        yield f"missing-section-as-{name}", "SHADOW replace", update(signed, objects), CHANGED + "|" + UNCLEAR, ""
    packed = sign("agency", form.build(sign.at, "packed"))
    note = {"Type": Name("Annot"), "Subtype": Name("FreeText"), "Rect": [72, 590, 300, 640], "DA": b"/F1 10 Tf", "Contents": text("900.000")}
    pdf = PdfFile(packed)
    page = pdf.get(Ref(form.PAGE_1))
    yield "packed-annotation", "PARSER", update(packed, {pdf.size: note, form.PAGE_1: dict(page, Annots=page["Annots"] + [Ref(pdf.size)])}), ADDED, "annotation"
    yield "packed-font", "PARSER", with_keys(packed, form.FONT, BaseFont=Name("Symbol")), CHANGED, f"object {form.FONT}"
    yield "packed-and-in-the-table", "PARSER", in_both(packed), CHANGED + "|" + UNCLEAR, f"object {form.FONT}"


def in_both(data):
    """The table lists the object as it was, the stream one that is packed and says something else."""
    pdf, out = PdfFile(data), bytearray(data)
    old, place, own = pdf.get(Ref(form.FONT)), len(data), pdf.size
    out += b"%d 0 obj\n%s\nendobj\n" % (form.FONT, write(old))
    outside, packed = pdffile.pack({form.FONT: dict(old, BaseFont=Name("Symbol"))}, own)
    container = len(out)
    out += b"%d 0 obj\n%s\nendobj\n" % (own, write(outside[own]))
    info = {**pdf.trailer, "Prev": pdf.start, "Size": own + 1}
    at = len(out)
    return bytes(out) + pdffile.hybrid(at, {own: container}, {form.FONT: place, own: container, own + 1: at}, info, packed)


# ---- the form and its fields ----

def fields(sign, base):
    person = sign("person", base)
    fonts = {"F1": Ref(form.FONT), "Helv": HELVETICA, "ZaDb": DINGBATS}
    yield "form-fonts-added", "iText, PDFBox: fonts of their own for the form", sign("agency", person, also=rewriting(
        form.FORM, DR={"Font": fonts, "XObject": {"FRM": Ref(form.LOOK_SIGN)}})), ""
    bare = built(sign, form.FORM, DA=None)
    bare = with_keys(with_keys(bare, form.FIELD_CHECK, DA=b"/F1 10 Tf"), form.FIELD_BUTTON, DA=b"/F1 10 Tf")
    yield "form-defaults-added", "iText: each field had its own", sign("agency", sign("person", bare), also=rewriting(
        form.FORM, DA=b"/Helv 0 Tf 0 g ", DR={"Font": fonts})), ""
    yield "widget-typed", "PDFBox: an optional /Type", sign("agency", sign("person", built(sign, form.FIELD_CHECK, Type=None)), also=rewriting(
        form.FIELD_CHECK, Type=Name("Annot"))), ""
    yield "page-tabs", "iText: the order for the keyboard, in a tagged document", sign("agency", person, also=rewriting(form.PAGE_1, Tabs=Name("S"))), ""
    yield "version-earlier", "iText 5 after pyHanko", sign("agency", sign("person", built(sign, form.CATALOG, Version=Name("1.7"))), also=rewriting(
        form.CATALOG, Version=Name("1.4"))), ""
    yield "field-vanishes", "PDFBox: an empty field is signed without being seen", sign("agency", person, into="vanthu", also=rewriting(
        form.FIELD_SIGN_2, Rect=[0, 0, 0, 0])), "vanthu"
    yield "field-on-its-page", "OpenPDF: names the page of a field it signs", sign("agency", sign("person", built(
        sign, form.FIELD_SIGN_2, P=None)), into="vanthu", also=rewriting(form.FIELD_SIGN_2, P=Ref(form.PAGE_2))), "vanthu"
    p2 = sign("person", base, certify=2)
    yield "p2-filled-by-itext-7", "black is the default, so it is not written", typed(p2, b"/F1 10 Tf"), "so"
    yield "p2-filled-in-the-same-type", "PDFBox", typed(sign("person", built(sign, form.FORM, NeedAppearances=True), certify=2), b"0 g /F1 10.0 Tf"), "so"
    yield "p2-filled-in-another-type", "iText: the font of the program", typed(p2, b"/Helv 11 Tf 0 g"), "so"


def typed(data, look, value="34", **keys):
    """The text field is filled in, and drawn in another type."""
    data = filled_as(data, value, b"/Tx BMC BT /F1 10 Tf 2 5 Td (%s) Tj ET EMC\n" % value.encode())
    pdf = PdfFile(data)
    signed = data[:data.rindex(b"%%EOF", 0, data.rindex(b"%%EOF")) + 6]
    field = dict(pdf.get(Ref(form.FIELD_TEXT)), DA=look, **keys)
    field = {key: value for key, value in field.items() if value is not None}
    return update(signed, {form.FIELD_TEXT: field, PdfFile(signed).size: pdf.get(Ref(PdfFile(signed).size))})


def field_attacks(sign, base):
    signed, p2 = sign("agency", base), sign("agency", base, certify=2)
    named = sign("agency", built(sign, form.FIELD_TEXT, DA=b"/F9 10 Tf 0 g"))
    yield "form-font-that-a-field-waits-for", "SHADOW replace", with_keys(named, form.FORM, DR={"Font": {"F1": Ref(form.FONT), "F9": SYMBOL}}), UNCLEAR, "/DR"
    for name, look in (("behind-a-bracket", b"/F1 10 Tf ) /F9 10 Tf"), ("in-an-array", b"[/F9] /F1 10 Tf"), ("of-nothing", b"10 Tf")):
        waiting = sign("agency", built(sign, form.FIELD_TEXT, DA=look))
        yield f"form-font-{name}", "SHADOW replace", with_keys(waiting, form.FORM, DR={"Font": {"F1": Ref(form.FONT), "F9": SYMBOL}}), UNCLEAR, "/DR"
    yield "form-colour-for-all", "SHADOW hide", with_keys(signed, form.FORM, DA=b"/F1 10 Tf 1 g"), UNCLEAR, "/DA"
    yield "form-font-of-rich-text", "SHADOW replace", with_keys(sign("agency", built(sign, form.FIELD_TEXT, RV=b"<body/>")), form.FORM, DR={
        "Font": {"F1": Ref(form.FONT), "Helv": SYMBOL}}), UNCLEAR, "/DR"
    yield "form-fonts-that-are-something-else", "SHADOW replace", with_keys(sign("agency", form.build(sign.at, change=sharing)), form.UNUSED, F2=SYMBOL), \
        CHANGED + "|" + UNCLEAR, f"object {form.UNUSED}"
    element = sign("agency", built(sign, form.FIELD_CHECK, Type=None, S=Name("Form"), K=[]))
    yield "widget-typed-that-is-a-tag", "PARSER", with_keys(element, form.FIELD_CHECK, Type=Name("Annot")), UNCLEAR, "/Type"
    yield "widget-typed-as-a-page", "PARSER", with_keys(sign("agency", built(sign, form.FIELD_CHECK, Type=None)), form.FIELD_CHECK, Type=Name("Page")), \
        UNCLEAR, "/Type"
    yield "version-unknown", "PARSER", with_keys(signed, form.CATALOG, Version=Name("9.9")), UNCLEAR, "/Version"
    shown = sign("person", built(sign, form.FIELD_SIGN_2, AP={"N": Ref(form.LOOK_SIGN)}))
    yield "field-that-showed-vanishes", "SHADOW hide", sign("agency", shown, into="vanthu", also=rewriting(form.FIELD_SIGN_2, Rect=[0, 0, 0, 0])), \
        CHANGED + "|" + UNCLEAR, "/Rect"
    yield "field-vanishes-unsigned", "SHADOW hide", with_keys(signed, form.FIELD_SIGN_2, Rect=[0, 0, 0, 0]), CHANGED + "|" + UNCLEAR, "/Rect"
    yield "field-grows-when-signed", "SHADOW hide", sign("agency", sign("person", base), into="vanthu", also=rewriting(
        form.FIELD_SIGN_2, Rect=[0, 0, 595, 842])), CHANGED + "|" + UNCLEAR, "/Rect"
    yield "field-on-another-page", "SHADOW", sign("agency", sign("person", built(sign, form.FIELD_SIGN_2, P=None)), into="vanthu", also=rewriting(
        form.FIELD_SIGN_2, P=Ref(form.PAGE_1))), CHANGED + "|" + UNCLEAR, "/P"
    for name, look, keys in (("in-white", b"/F1 10 Tf 1 g", {}), ("too-small-to-read", b"/F1 0.1 Tf 0 g", {}), ("below-the-line", b"/F1 10 Tf -50 Ts 0 g", {}),
                             ("in-white-by-the-reader", b"/F1 10 Tf 0 g 1 1 1 rg", {"AP": None}), ("smaller-by-the-reader", b"/F1 5 Tf 0 g", {"AP": None})):
        yield f"filled-in-type-{name}", "SHADOW hide", typed(p2, look, **keys), UNCLEAR + "|" + ADDED, "/DA"
    always = sign("agency", built(sign, form.FORM, NeedAppearances=True), certify=2)
    yield "filled-in-type-that-is-drawn-anew", "SHADOW hide", typed(always, b"/Helv 10 Tf 0 g"), UNCLEAR + "|" + ADDED, "/DA"


def sharing(all_objects):
    """The list of the form's fonts is the list of a page's fonts, too."""
    all_objects[form.UNUSED] = {"F1": Ref(form.FONT)}
    all_objects[form.FORM]["DR"] = {"Font": Ref(form.UNUSED)}
    all_objects[form.PAGE_2]["Resources"] = {"Font": Ref(form.UNUSED)}


def legitimate(sign, base):
    for family in (metadata(sign, base), sections(sign), fields(sign, base)):
        yield from family


def attacks(sign, base):
    for family in (metadata_attacks(sign, base), section_attacks(sign), field_attacks(sign, base)):
        yield from family
