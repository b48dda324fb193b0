# SPDX-License-Identifier: Apache-2.0
#
# What offices and their programs do to a signed PDF, and must pass: each row is (name, habit, file,
# None, words that stand in what is found).
"""Signed PDF files with what may come after a signature."""

import subprocess
import tempfile

import formfile as form
import pdfsign
import writers
from attacks import filled, filled_as, freetext, marked, nested, new_annotation, showing, ticked, update, with_field, with_keys, written
from pdffile import PdfFile
from pdfobject import Name, Ref, Stream, date, text


def headed(data, version):
    return data.replace(data[:8], b"%PDF-" + version, 1)


def with_metadata(when):
    """What Acrobat and Foxit write with every save: dates, program, identity of the instance."""
    def also(pdf, objects, numbers):
        objects[form.INFO] = dict(pdf.get(Ref(form.INFO)), Producer=b"other tests", ModDate=date(when))
        saved = form.xmp("2026-02-06T09:00:00+07:00", "Tờ trình")
        objects[form.METADATA] = Stream(saved.info, saved.data.replace(b"</xmp:ModifyDate>\n ", b"</xmp:ModifyDate>\n\n   "))
    return also


def old_xmp(modified, toolkit):
    """The same metadata under the names of Acrobat up to 8."""
    packet = form.xmp(modified, "Tờ trình", toolkit)
    return Stream(packet.info, packet.data.replace(b"xmp:", b"xap:").replace(b":xmp=", b":xap="))


def saved_by_another(sign):
    """A file of an old Acrobat, signed, and saved by a newer program."""
    old, new = old_xmp("2009-11-17T23:52:46+01:00", "Adobe XMP Core 4.0-c316 44.253921"), old_xmp("2026-02-06T09:00:00+07:00", "Adobe XMP Core 5.6")
    signed = sign("person", form.build(sign.at, change=lambda all_objects: all_objects.update({form.METADATA: old})))
    return update(signed, {form.METADATA: new})


def with_itext(pdf, objects, numbers):
    """Old iText names itself in the page tree, announces extensions and gives the form fonts."""
    objects[form.PAGES] = dict(pdf.get(Ref(form.PAGES)), ITXT=b"5.5.13")
    objects[form.CATALOG] = dict(objects.get(form.CATALOG, pdf.root), Version=Name("1.7"),
                                 Extensions={"ESIC": {"BaseVersion": Name("1.7"), "ExtensionLevel": 5}})


def with_everything_again(pdf, objects, numbers):
    """PDFBox writes objects again that it has touched, unchanged."""
    for number in (form.PAGE_1, form.PAGE_2, form.FONT, form.CONTENT_2, form.FIELD_TEXT, form.NOTE):
        objects.setdefault(number, pdf.get(Ref(number)))


def with_tag(pdf, objects, numbers):
    """VGCA and Acrobat tag the widget they add to a tagged file."""
    tag = next(numbers)
    widget = next(n for n, v in objects.items() if isinstance(v, dict) and v.get("FT") == "Sig")
    objects[widget]["StructParent"] = 1
    objects[tag] = {"Type": Name("StructElem"), "S": Name("Form"), "P": Ref(form.TAG), "Pg": Ref(form.PAGE_1),
                    "K": {"Type": Name("OBJR"), "Obj": Ref(widget), "Pg": Ref(form.PAGE_1)}}
    objects[form.TAG] = dict(pdf.get(Ref(form.TAG)), K=[0, Ref(tag)])
    objects[form.TAGS] = dict(pdf.get(Ref(form.TAGS)), ParentTree={"Nums": [0, [Ref(form.TAG)], 1, Ref(tag)]}, ParentTreeNextKey=2)


def tagged(data, widget, among=False, page=form.PAGE_1):
    """What was added is tagged: by an element of its own, or as iText does, among the others of an element."""
    pdf = PdfFile(data)
    new, tag = Ref(pdf.size), pdf.get(Ref(form.TAG))
    reference = {"Type": Name("OBJR"), "Obj": Ref(widget), "Pg": Ref(page)}
    inner = {"Type": Name("StructElem"), "S": Name("Form"), "P": new, "Pg": Ref(page), "K": [reference]}
    section = {"Type": Name("StructElem"), "S": Name("Sect"), "P": Ref(form.TAG), "K": [Ref(new.num + 1)]}
    tags = dict(pdf.get(Ref(form.TAGS)), ParentTree={"Nums": [0, [Ref(form.TAG)], 1, Ref(form.TAG) if among else Ref(new.num + 1)]}, ParentTreeNextKey=2)
    objects = {form.TAGS: tags, form.TAG: dict(tag, K=[reference, 0] if among else [0, new]), widget: dict(pdf.get(Ref(widget)), StructParent=1)}
    if not among:
        objects.update({new.num: section, new.num + 1: inner})
    return update(data, objects)


def in_turn(sign, data, *signers, **options):
    for by in signers:
        data = sign(by, data, **options)
    return data


def with_vri(data, pki):
    """Validation data as PAdES LT has them, with those of one signature named."""
    with open(pki + "/crt/ca-g2.crt", "rb") as file:
        data = pdfsign.add_dss(data, [file.read()])
    dss = PdfFile(data).get(PdfFile(data).root["DSS"])
    return with_keys(data, PdfFile(data).root["DSS"].num, VRI={"0123456789ABCDEF0123456789ABCDEF01234567": {"Cert": dss["Certs"]}})


def by_qpdf(data, *options):
    """The file as qpdf writes it."""
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/in", "wb") as file:
            file.write(data)
        subprocess.run(["qpdf", "--static-id", *options, folder + "/in", folder + "/out"], check=True, stderr=subprocess.DEVNULL)
        with open(folder + "/out", "rb") as file:
            return file.read()


CIPHERS = {"rc4": ("128", "--use-aes=n"), "aes-128": ("128", "--use-aes=y"), "aes-256-r5": ("256", "--force-R5"), "aes-256": ("256",),
           "aes-256-clear-metadata": ("256", "--cleartext-metadata")}


def encrypted(data, cipher="rc4", password=""):
    return by_qpdf(data, "--allow-weak-crypto", "--object-streams=disable", "--encrypt", password, "owner", *CIPHERS[cipher], "--")


def successive(sign, base, streamed_base):
    person = sign("person", base)
    yield "one-signature", "", person, ""
    yield "two-signatures", "leader, agency", sign("agency", person), "added a signature"
    yield "five-signatures", "leader, number, date, agency, incoming", in_turn(sign, base, "person", "agency", "agency", "agency", "public"), ""
    yield "five-signatures-streams", "cross-reference streams", in_turn(sign, streamed_base, "person", "agency", "agency", "agency", "public"), ""
    yield "table-then-streams", "", sign("agency", sign("person", streamed_base)), ""
    yield "empty-fields-signed", "fields prepared by the writer", sign("agency", sign("person", base, into="lanhdao"), into="vanthu"), "vanthu"
    yield "shown-on-the-second-page", "", sign("agency", person, into="vanthu", appearance=form.look(b"0 0 1 RG 1 1 198 58 re S\n", 200, 60, {})), ""
    yield "invisible", "", sign("agency", sign("person", base, visible=False), visible=False), ""
    yield "pkcs7", "older form", in_turn(sign, base, "person", "agency", sub_filter="adbe.pkcs7.detached"), ""
    for version in (b"1.3", b"1.4", b"1.5", b"1.6", b"1.7", b"2.0"):
        yield f"pdf-{version.decode()}", "version", in_turn(sign, headed(base, version), "person", "agency"), ""
    yield "linearized", "qpdf --linearize", in_turn(sign, by_qpdf(base, "--linearize"), "person", "agency"), ""
    yield "linearized-streams", "qpdf", in_turn(sign, by_qpdf(base, "--linearize", "--object-streams=generate"), "person", "agency"), ""
    hybrid = form.build(sign.at, "hybrid")
    yield "hybrid-twice-signed", "PDFBox: table and stream with the same objects", in_turn(sign, hybrid, "person", "agency"), ""
    yield "hybrid-saved-again", "dates only", pdfsign.change_metadata(sign("person", hybrid), sign.at), ""
    for cipher in CIPHERS:
        person = sign("person", encrypted(base, cipher))
        yield f"encrypted-{cipher}", "empty user password", person, ""
        yield f"encrypted-{cipher}-twice-signed", "empty user password", sign("agency", person), "added a signature"
        yield f"encrypted-{cipher}-saved-again", "dates only", pdfsign.change_metadata(person, sign.at), ""
    person = sign("person", base)
    yield "page-shown-twice-signed-twice", "a page tree that names a page twice", in_turn(sign, form.build(sign.at, change=lambda all_objects: all_objects[
        form.PAGES].update(Kids=[Ref(form.PAGE_1), Ref(form.PAGE_2), Ref(form.PAGE_2)], Count=3)), "person", "agency"), ""
    yield "nothing-new", "an update without a change", update(person, {form.UNUSED: PdfFile(person).get(Ref(form.UNUSED))}), ""


def archived(sign, base):
    signed = sign("agency", base, stamped=sign.at)
    lasting = with_vri(signed, sign.pki)
    yield "lt", "DSS, VRI", lasting, ""
    yield "lta", "DSS, VRI, document time stamp", pdfsign.stamp(lasting, sign.pki, sign.at), ""
    yield "lta-twice", "renewed", pdfsign.stamp(with_vri(pdfsign.stamp(lasting, sign.pki, sign.at), sign.pki), sign.pki, sign.at), ""
    yield "stamp-between", "leader, time stamp, agency", sign("agency", pdfsign.stamp(sign("person", base), sign.pki, sign.at)), ""
    p1 = sign("agency", base, certify=1)
    yield "stamp-with-an-empty-look", "DSS: an appearance, but no room for it", pdfsign.stamp(signed, sign.pki, sign.at, also=showing(b"\n", 0, 0)), ""
    yield "stamp-seen-and-signed", "stamped visibly, then approved", sign("agency", pdfsign.stamp(
        sign("person", base), sign.pki, sign.at, rect=[60, 40, 260, 60], shows="2026")), "time stamp shows"
    yield "p1-archived", "certified, P=1", pdfsign.stamp(with_vri(p1, sign.pki), sign.pki, sign.at), ""


def programs(sign, base):
    person = sign("person", base)
    yield "like-acrobat", "Info and XMP with every save", sign("agency", person, also=with_metadata(sign.at)), ""
    yield "like-itext", "ITXT, Extensions, Version", sign("agency", person, also=with_itext), ""
    yield "like-pdfbox", "objects written again", sign("agency", person, also=with_everything_again), ""
    yield "like-vgca", "the widget tagged", sign("agency", person, also=with_tag), ""
    yield "saved-by-another", "Acrobat 8, then another program", saved_by_another(sign), ""
    yield "saved-again", "dates only", pdfsign.change_metadata(person, sign.at), ""


def permitted(sign, base):
    p1, p2, p3 = (sign("person", base, certify=level) for level in (1, 2, 3))
    yield "p1", "certified, nothing after", p1, ""
    yield "p2-signed", "certified, then approved", in_turn(sign, p2, "agency", "public"), ""
    yield "p2-filled", "certified, then filled in", filled(p2), "so"
    yield "p2-ticked", "certified, then filled in", ticked(p2), "dongy"
    yield "p2-filled-and-signed", "certified, filled in, approved", sign("agency", ticked(filled(p2))), "so"
    yield "p3-note", "certified, then commented on", new_annotation(p3, Subtype=Name("Text"), Rect=[500, 600, 520, 620], Contents=text("Đã xem")), "annotation"
    yield "p3-highlight", "certified, then marked", new_annotation(
        p3, Subtype=Name("Highlight"), Rect=[72, 760, 200, 775], QuadPoints=[72, 775, 200, 775, 72, 760, 200, 760], C=[1, 1, 0]), "annotation"
    darker = {"ExtGState": {"R0": {"Type": Name("ExtGState"), "BM": Name("Multiply"), "AIS": False}}, "ProcSet": [Name("PDF")]}
    for kind, content, resources in (("Highlight", b"1 1 0 rg /R0 gs 0 0 m 0 20 l 200 20 l 200 0 l h f\n", darker),
                                     ("Underline", b"0 1 0 RG 1 w 0 2 m 200 2 l S\n", {}), ("StrikeOut", b"1 0 0 RG 1.2 w 0 9 m 200 9 l S\n", {}),
                                     ("Text", b"q 1 1 0 rg 0 0 20 20 re f 0 G 2 5 m 18 5 l 2 9 m 18 9 l S Q\n", {})):
        yield f"p3-{kind.lower()}-drawn", "marked by Acrobat", marked(p3, kind, content, resources), "annotation"
    group = {"S": Name("Transparency")}
    curve = b"1 0.82 0 rg 0 i 2 0 m -2 6 -2 14 2 20 c 198 20 l 202 14 202 6 198 0 c h f\n"
    opaque = {"ExtGState": {"GS0": {"Type": Name("ExtGState"), "CA": 0.8, "ca": 0.8}, "GS1": {"BM": Name("Multiply"), "CA": 1, "ca": 1}}}
    for name, data in (("acrobat", nested(p3, "Highlight", b"/R0 gs /Form Do\n", curve, darker, None, group)),
                       ("poppler", nested(p3, "Highlight", b"/GS1 gs\n/Form Do", curve, opaque, group, group)),
                       ("foxit", nested(p3, "Highlight", b"q /GS0 gs /Form Do Q\n", b"/GS1 gs " + curve, opaque))):
        yield f"p3-highlight-nested-by-{name}", "a form in the form", data, "annotation"
    pen = {"ExtGState": {"TransGs": {"AIS": False, "CA": 1, "Type": Name("ExtGState"), "ca": 1}}, "ProcSet": [Name("PDF")]}
    yield "p3-underline-by-pdfxchange", "", marked(p3, "Underline", b"/TransGs gs 0.2 0.62 0 RG\n1.176 w 0 1.2 m 200 1.2 l S", pen), "annotation"
    paper = {"ExtGState": {"GS0": {"AIS": False, "BM": Name("Normal"), "CA": 0.6, "ca": 0.6, "Type": Name("ExtGState")}}}
    yield "p3-note-by-acrobat", "a white rim, a yellow ground, black lines", marked(
        p3, "Text", b"q 1 1 1 rg 0 i 1 w 4 M 1 j 0 J []0 d /GS0 gs 1 0 0 1 10 6 cm 8 12 m -8 12 l -8.5 12 -9 11.5 -9 11 c -9 -4 l -9 -4.5 -8.5 -5 -8 -5 c "
        b"8 -5 l 9 -5 l 9 12 l h f Q 0 G 1 1 0 rg 0 i 0.59 w []0 d 1 0 0 1 10 6 cm 0 0 m -5 1 -6 3 -6 5 c -6 8 -3 10 0 10 c 6 9 6 2 0 0 c "
        b"8 12 m -8 12 l -9 12 l -9 -5 l 9 -5 l 9 12 l 8 12 l b\n", paper), "annotation"
    yield "p3-note-and-signed", "commented on and approved", sign("agency", new_annotation(
        p3, Subtype=Name("Text"), Rect=[500, 600, 520, 620], Contents=text("Đã xem"))), "annotation"
    dongy = {"Type": Name("TransformParams"), "Action": Name("Include"), "Fields": [text("dongy")], "V": Name("1.2")}
    yield "lock-of-others", "FieldMDP names another field", sign("agency", filled(sign("person", base, locks=dongy, certify=2))), "so"
    lock = {"Type": Name("SigFieldLock"), "Action": Name("Include"), "Fields": [text("so")]}
    yield "lock-and-signed", "Lock, then the second field signed", sign("agency", sign("person", base, into="lanhdao", lock=lock), into="vanthu"), ""
    yield "lock-p2", "Lock with /P 2, then approved", sign("agency", sign("person", base, into="lanhdao", lock=dict(lock, P=2)), into="vanthu"), ""


WIDE_MAP = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Adobe-Identity-UCS def
1 begincodespacerange <0000> <FFFF> endcodespacerange
2 beginbfchar <0003> <0020> <0010> <0110> endbfchar
2 beginbfrange <0011> <001A> <0030> <0020> <0021> [<00E3> <1EA3>] endbfrange
endcmap"""


def fillings(sign, base):
    """Fields filled in by programs after a certification that allows it."""
    p2, chosen = (sign("person", data, certify=2) for data in (base, form.build(sign.at, change=form.choosing)))
    encode = form.FONT_OF.encode
    new = Ref(PdfFile(p2).size + 1)
    wide = {"Type": Name("Font"), "Subtype": Name("Type0"), "BaseFont": Name("ABCDEF+Arial"), "Encoding": Name("Identity-H"), "ToUnicode": Ref(new.num + 1)}
    for name, value, content, fonts, objects in (
            ("by-acrobat", "34", b"/Tx BMC \nq\nBT\n0 g\n/F1 10 Tf\n2 6.548 Td\n(34) Tj\nET\nQ\nEMC\n", {}, {}),
            ("with-ground", "34", b"0.9 g 0 0 200 20 re f 0 G 1 w 0.5 0.5 199 19 re s /Tx BMC q 1 1 198 18 re W n BT 0 g /F1 10 Tf 2 5 Td (34) Tj ET Q EMC", {}, {}),
            ("by-itext", "34", b"/Tx BMC\nq\nq\n2 2 196 16 re\nW\nn\nBT\n/F1 10 Tf\n1 0 0 1 2 5 Tm\n(34)Tj\nET\nQ\nQ\nEMC\n", {}, {}),
            ("with-border", "34", b"q 0 1 0 rg 1 19 m 199 19 l 200 20 l 0 20 l 1 19 l f Q q 0.5 g 1 1 m 1 19 l 199 19 l 198 18 l 2 18 l 2 2 l f Q "
             b"/Tx BMC q n q 1 1 198 18 re W n BT /F1 10 Tf 3 6.32 Td (34)Tj ET Q Q EMC", {}, {}),
            ("in-vietnamese", "Đã trả", b"/Tx BMC BT /F1 10 Tf 2 5 Td <%s> Tj ET EMC" % encode("Đã trả").hex().encode(), {}, {}),
            ("in-a-new-font", "Đã 24", b"/Tx BMC BT 0.2 0.2 0.2 rg /F2 10 Tf 2 5 Td [<0010> 20 <00200003> -10 <00130015>] TJ ET EMC", {"F2": new},
             {"a": wide, "b": Stream({}, WIDE_MAP)}),
            ("in-lines", "dong mot\rdong hai\ndong ba", b"/Tx BMC BT /F1 5 Tf 6 TL 2 14 Td (dong mot) Tj T* (dong hai) Tj 0 -6 Td (dong ba) Tj ET EMC", {}, {}),
            ("in-a-comb", "345", b"/Tx BMC BT /F1 10 Tf 5 5 Td (3) Tj 20 0 Td (4) Tj 20 0 Td (5) Tj ET EMC", {}, {}),
            ("emptied", "", b"/Tx BMC EMC", {}, {})):
        yield f"p2-filled-{name}", "certified, then filled in", filled_as(p2, value, content, fonts, **objects), "so"
    yield "p2-filled-by-the-reader", "no appearance: the reader draws it", with_keys(p2, form.FIELD_TEXT, V=text("34"), AP=None), "so"
    yield "p2-chosen", "an option with a text of its own", filled_as(chosen, "34", b"BT /F1 10 Tf 2 5 Td (Khong) Tj ET\n"), "so"
    group, kid = (dict(PdfFile(chosen).get(Ref(n))) for n in (form.FIELD_CHECK, form.FIELD_BUTTON))
    yield "p2-one-of-two", "a group of buttons", update(chosen, {form.FIELD_CHECK: dict(group, V=Name("Co")), form.FIELD_BUTTON: dict(kid, AS=Name("Co"))}), "dongy"
    lines = filled_as(sign("person", base), "34", b"2 2 m 198 2 l S BT /F1 10 Tf 2 5 Td (34) Tj ET\n")
    yield "filled-over-a-line-then-signed", "the agency answers for it", sign("agency", lines), "so"


def covered(sign, base):
    """Additions that a later valid signature covers: whoever signed it answers for it."""
    person = sign("person", base)
    yield "filled-then-signed", "number filled in, then the agency signs", sign("agency", filled(person)), "so"
    yield "ticked-then-signed", "", sign("agency", ticked(person)), "dongy"
    yield "noted-then-signed", "date written as a comment, then the agency signs", sign("agency", freetext(person)), "annotation"
    yield "stamped-then-signed", "", sign("agency", new_annotation(person, Subtype=Name("Stamp"), AP={"N": Ref(PdfFile(person).size + 1)})), "annotation"


def added(sign, base):
    """Fields and comments in a tagged document, which the next signer answers for."""
    person = sign("person", base)
    new = PdfFile(person).size
    field, note = with_field(person), freetext(person)
    yield "field-added-then-signed", "a field for the number, then the agency signs", sign("agency", field), "them"
    for name, data in (("field", field), ("note", note)):
        yield f"{name}-tagged-then-signed", "Acrobat", sign("agency", tagged(data, new)), "added"
        yield f"{name}-tagged-among-others-then-signed", "iText", sign("agency", tagged(data, new, True)), "added"
    second = freetext(person, page=form.PAGE_2)
    page = dict(PdfFile(second).get(Ref(form.PAGE_2)), StructParents=5)
    yield "note-tagged-on-a-page-without-tags", "iText", sign("agency", update(tagged(second, new, page=form.PAGE_2), {form.PAGE_2: page})), "annotation"
    p3 = sign("person", base, certify=3)
    yield "p3-note-tagged", "Acrobat", tagged(new_annotation(p3, Subtype=Name("Text"), Rect=[500, 600, 520, 620], Contents=text("Đã xem")),
                                              PdfFile(p3).size), "annotation"


def inside(sign, base):
    """Files inside the document, of which none has to be signed, but may be."""
    letter = sign("person", base)
    for name, change in (("attached", form.holding("phu-luc.pdf", letter)), ("portfolio", form.holding("phu-luc.pdf", letter, True)),
                         ("in-a-note", form.noting("phu-luc.pdf", letter)), ("unsigned", form.holding("phu-luc.pdf", base)),
                         ("data", form.holding("du-lieu.xml", b"<?xml version='1.0'?><a/>"))):
        yield f"inside-{name}", "PDF/A-3, portfolio", sign("agency", form.build(sign.at, change=change)), ""


def spelled(sign, base):
    """Signature dictionaries as a writer may spell them."""
    def in_a_text_field(_, objects, __):
        next(value for value in objects.values() if isinstance(value, dict) and value.get("FT") == "Sig")["FT"] = Name("Tx")

    yield "in-a-text-field", "no reader shows it", sign("agency", base, also=in_a_text_field), "no signature field"
    for name, numbers in (("signs", "[+0 +{a} {b} {c}]"), ("zeros", "[000 0{a} {b} {c}]"), ("comment", "[0 {a} % of them\n{b} {c}]")):
        yield f"range-with-{name}", "numbers", sign("agency", base, byte_range=numbers), ""
    for name, new in (("ByteRange", b"/#42yteRange"), ("Contents", b"/#43ontents"), ("SubFilter", b"/Sub#46ilter")):
        yield f"escaped-{name.lower()}", "names", sign("agency", base, also=written(b"/" + name.encode(), new)), ""
    signed = sign("agency", base)
    start = signed.rindex(b"/Contents <") + len(b"/Contents <")
    end = signed.index(b">", start)
    digits = signed[start:end]
    for name, new in (("spaces", b" \n\t".join((digits[:11], digits[11:-3]))), ("an-odd-digit", digits[:-1] + b" "), ("capitals", digits.upper())):
        yield f"contents-with-{name}", "hexadecimal", signed[:start] + new + signed[end:], ""
    yield "contents-with-more-behind", "nothing shows it", signed[:start] + digits[:-20] + b"c0ffee" + digits[-14:] + signed[end:], "3 bytes follow the CMS"


def rows(sign, base, streamed_base):
    """Every file, as attacks.rows."""
    for family in (successive(sign, base, streamed_base), archived(sign, base), programs(sign, base), permitted(sign, base), fillings(sign, base),
                   covered(sign, base), added(sign, base), inside(sign, base), spelled(sign, base), writers.legitimate(sign, base)):
        for name, habit, data, words in family:
            yield name, habit, data, None, words
