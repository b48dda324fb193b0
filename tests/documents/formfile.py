# SPDX-License-Identifier: Apache-2.0
#
# A form as offices send it round: two pages, a text field, a check box, a push button and two empty
# signature fields (one on the second page), a note, a layer, a picture, an attached file, outlines
# and tags.  The numbers of its objects are constants here, for those who change them afterwards.
"""Build an unsigned form."""

import zlib

from pdfbuild import Font, assemble, page_content
from pdfobject import Name, Raw, Ref, Stream, date, text

(CATALOG, PAGES, INFO, FONT, FONT_MAP, PAGE_1, PAGE_2, CONTENT_1, CONTENT_2, PICTURE, FORM, FIELD_TEXT, FIELD_CHECK, FIELD_BUTTON, FIELD_SIGN,
 FIELD_SIGN_2, LOOK_TEXT, LOOK_YES, LOOK_OFF, LOOK_BUTTON, NOTE, LOOK_NOTE, LAYER, NAMES, FILE, FILE_DATA, OUTLINES, OUTLINE, TAGS, TAG, METADATA,
 LOOK_SIGN, UNUSED, PAGE_SPARE, CONTENT_SPARE) = range(1, 36)

WORDS = [("center", "TỜ TRÌNH"), ("left", "Số tiền đề nghị thanh toán: 100.000 đồng"), ("left", "Người nhận: Nguyễn Văn An")]
FONT_OF = Font("".join(line for _, line in WORDS) + "Đồng ý Đã trả đặng")


def look(content, width=200, height=20, resources=None):
    """An appearance stream."""
    info = {"Type": Name("XObject"), "Subtype": Name("Form"), "BBox": [0, 0, width, height],
            "Resources": resources if resources is not None else {"Font": {"F1": Ref(FONT)}}}
    return Stream(info, content)


def widget(kind, name, page, rect, **more):
    return {"Type": Name("Annot"), "Subtype": Name("Widget"), "FT": Name(kind), "T": text(name), "P": Ref(page), "F": 4,
            "Rect": rect, **more}


def xmp(modified, title, toolkit="Adobe XMP Core 5.6"):
    """Metadata as Acrobat writes them, of which a program that saves changes the dates, and names itself."""
    packet = f"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="{toolkit}">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
   <xmp:ModifyDate>{modified}</xmp:ModifyDate>
   <dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""
    return Stream({"Type": Name("Metadata"), "Subtype": Name("XML")}, packet.encode())


def objects(when):
    """{number: value} of the form."""
    resources = {"Font": {"F1": Ref(FONT)}, "XObject": {"Im1": Ref(PICTURE)}, "Properties": {"L1": Ref(LAYER)}}
    content = page_content(FONT_OF, WORDS) + b"/OC /L1 BDC q 100 0 0 100 72 200 cm /Im1 Do Q EMC\n"
    page = {"Type": Name("Page"), "Parent": Ref(PAGES), "MediaBox": [0, 0, 595, 842], "Resources": resources}
    out = {
        CATALOG: {"Type": Name("Catalog"), "Pages": Ref(PAGES), "Lang": b"vi-VN", "AcroForm": Ref(FORM), "Names": Ref(NAMES),
                  "Outlines": Ref(OUTLINES), "StructTreeRoot": Ref(TAGS), "MarkInfo": {"Marked": True}, "Metadata": Ref(METADATA),
                  "OCProperties": {"OCGs": [Ref(LAYER)], "D": {"Order": [Ref(LAYER)], "ON": [Ref(LAYER)]}}},
        PAGES: {"Type": Name("Pages"), "Kids": [Ref(PAGE_1), Ref(PAGE_2)], "Count": 2},
        INFO: {"Title": text("Tờ trình"), "Producer": b"tests", "CreationDate": date(when), "ModDate": date(when)},
        PAGE_1: dict(page, Contents=Ref(CONTENT_1), StructParents=0,
                     Annots=[Ref(n) for n in (FIELD_TEXT, FIELD_CHECK, FIELD_BUTTON, FIELD_SIGN, NOTE)]),
        PAGE_2: dict(page, Contents=Ref(CONTENT_2), Annots=[Ref(FIELD_SIGN_2)]),
        CONTENT_1: Stream({"Filter": Name("FlateDecode")}, zlib.compress(content)),
        CONTENT_2: Stream({}, page_content(FONT_OF, [("left", "Trang 2")])),
        PICTURE: Stream({"Type": Name("XObject"), "Subtype": Name("Image"), "Width": 2, "Height": 2, "ColorSpace": Name("DeviceGray"),
                         "BitsPerComponent": 8}, b"\x00\xff\xff\x00"),
        FORM: {"Fields": [Ref(n) for n in (FIELD_TEXT, FIELD_CHECK, FIELD_BUTTON, FIELD_SIGN, FIELD_SIGN_2)], "SigFlags": 1,
               "DA": b"/F1 10 Tf 0 g", "DR": {"Font": {"F1": Ref(FONT)}}},
        FIELD_TEXT: widget("Tx", "so", PAGE_1, [72, 600, 272, 620], V=text("12"), DA=b"/F1 10 Tf 0 g", AP={"N": Ref(LOOK_TEXT)}),
        FIELD_CHECK: widget("Btn", "dongy", PAGE_1, [72, 570, 82, 580], V=Name("Off"), AS=Name("Off"),
                            AP={"N": {"Yes": Ref(LOOK_YES), "Off": Ref(LOOK_OFF)}}),
        FIELD_BUTTON: widget("Btn", "gui", PAGE_1, [72, 540, 132, 560], Ff=1 << 16, AP={"N": Ref(LOOK_BUTTON)}),
        FIELD_SIGN: widget("Sig", "lanhdao", PAGE_1, [72, 90, 272, 150]),
        FIELD_SIGN_2: widget("Sig", "vanthu", PAGE_2, [72, 90, 272, 150]),
        LOOK_TEXT: look(b"/Tx BMC BT /F1 10 Tf 2 5 Td (12) Tj ET EMC\n"),
        LOOK_YES: look(b"0 0 10 10 re f\n", 10, 10, {}),
        LOOK_OFF: look(b"\n", 10, 10, {}),
        LOOK_BUTTON: look(b"BT /F1 10 Tf 2 5 Td (Gui) Tj ET\n", 60),
        NOTE: {"Type": Name("Annot"), "Subtype": Name("Text"), "Rect": [500, 700, 520, 720], "F": 4, "Contents": text("Đã xem"),
               "P": Ref(PAGE_1), "AP": {"N": Ref(LOOK_NOTE)}},
        LOOK_NOTE: look(b"1 1 0 rg 0 0 20 20 re f\n", 20, 20, {}),
        LAYER: {"Type": Name("OCG"), "Name": text("Dấu")},
        NAMES: {"EmbeddedFiles": {"Names": [b"a.txt", Ref(FILE)]}},
        FILE: {"Type": Name("Filespec"), "F": b"a.txt", "UF": b"a.txt", "EF": {"F": Ref(FILE_DATA)}},
        FILE_DATA: Stream({"Type": Name("EmbeddedFile")}, b"one hundred\n"),
        OUTLINES: {"Type": Name("Outlines"), "First": Ref(OUTLINE), "Last": Ref(OUTLINE), "Count": 1},
        OUTLINE: {"Title": text("Tờ trình"), "Parent": Ref(OUTLINES), "Dest": [Ref(PAGE_1), Name("Fit")]},
        TAGS: {"Type": Name("StructTreeRoot"), "K": Ref(TAG), "ParentTree": {"Nums": [0, [Ref(TAG)]]}, "ParentTreeNextKey": 1},
        TAG: {"Type": Name("StructElem"), "S": Name("Document"), "P": Ref(TAGS), "Pg": Ref(PAGE_1), "K": [0]},
        METADATA: xmp("2026-01-05T08:00:00+07:00", "Tờ trình"),
        LOOK_SIGN: look(b"0 0 1 rg 0 0 200 60 re S\n", 200, 60, {}),
        UNUSED: {"Of": Raw(b"[/Nobody]")},
        PAGE_SPARE: dict(page, Contents=Ref(CONTENT_SPARE)),
        CONTENT_SPARE: Stream({}, page_content(FONT_OF, [("left", "Người nhận: Nguyễn Văn đặng")])),
    }
    out.update(FONT_OF.objects(FONT))
    return out


def choosing(all_objects):
    """A change for build: the text field is a list to choose from, the check box a group of two."""
    all_objects[FIELD_TEXT].update(FT=Name("Ch"), Ff=1 << 17, Opt=[[b"12", text("Dong y")], [b"34", text("Khong")]], V=b"12")
    all_objects[LOOK_TEXT] = look(b"/Tx BMC BT /F1 10 Tf 2 5 Td (Dong y) Tj ET EMC\n")
    kids = [FIELD_BUTTON, UNUSED]
    all_objects[FIELD_CHECK] = {"FT": Name("Btn"), "T": text("dongy"), "Ff": 1 << 15, "V": Name("Off"), "Kids": [Ref(n) for n in kids]}
    for number, state in zip(kids, ("Co", "Khong")):
        all_objects[number] = {"Type": Name("Annot"), "Subtype": Name("Widget"), "P": Ref(PAGE_1), "F": 4, "Parent": Ref(FIELD_CHECK),
                               "Rect": [72 + number, 570, 82 + number, 580], "AS": Name("Off"),
                               "AP": {"N": {state: Ref(LOOK_YES), "Off": Ref(LOOK_OFF)}}}
    all_objects[FORM]["Fields"].remove(Ref(FIELD_BUTTON))
    all_objects[PAGE_1]["Annots"] = [Ref(n) for n in (FIELD_TEXT, *kids, FIELD_SIGN, NOTE)]


def embedded(data):
    return Stream({"Type": Name("EmbeddedFile"), "Filter": Name("FlateDecode")}, zlib.compress(data))


def holding(name, data, portfolio=False):
    """A change for build: a file inside the document."""
    def change(all_objects):
        all_objects[FILE_DATA] = embedded(data)
        all_objects[FILE] = {"Type": Name("Filespec"), "F": name.encode(), "UF": text(name), "EF": {"F": Ref(FILE_DATA), "UF": Ref(FILE_DATA)}}
        if portfolio:
            all_objects[CATALOG] = dict(all_objects[CATALOG], Collection={"Type": Name("Collection"), "View": Name("D"), "D": name.encode()})
    return change


def noting(name, data):
    """A change for build: a file in an annotation."""
    def change(all_objects):
        holding(name, data)(all_objects)
        all_objects[CATALOG] = {k: v for k, v in all_objects[CATALOG].items() if k != "Names"}
        all_objects[NOTE] = dict(all_objects[NOTE], Subtype=Name("FileAttachment"), FS=Ref(FILE))
    return change


def build(when, kind="table", change=None):
    """The form. change: called with its objects before they are written."""
    all_objects = objects(when)
    if change:
        change(all_objects)
    return assemble(all_objects, {"Root": Ref(CATALOG), "Info": Ref(INFO), "ID": [b"0123456789abcdef"] * 2}, kind)
