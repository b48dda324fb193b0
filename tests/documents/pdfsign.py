# SPDX-License-Identifier: Apache-2.0
#
# Signatures, document time stamps and validation data as incremental updates of
# a PDF (ISO 32000-1, 12.8; ETSI EN 319 142-1), and the changes people and
# attackers make afterwards.  Each function takes a file and returns a longer one.
"""Sign, time-stamp and alter PDF files."""

import datetime
import hashlib
import os
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "pki"))

import cmsmake
import credentials
from pdfbuild import Font, page_content
from pdffile import PdfFile
from pdfobject import Name, Raw, Ref, Stream, date, text, write

CONTENTS_BYTES = 12288
RANGE_CHARS = 96
SEVEN_HOURS = datetime.timedelta(hours=7)


def _inherit(pdf, page, key):
    while key not in page and "Parent" in page:
        page = pdf.get(page["Parent"])
    return pdf.get(page.get(key))


def _add_field(pdf, objects, numbers, value_ref, name, rect, appearance_text, read_only_catalog=None):
    """Put a signature field with its widget on the first page; objects is filled."""
    page_ref, page = pdf.first_page()
    root = dict(read_only_catalog or pdf.root)
    field_num = next(numbers)
    field = {"Type": Name("Annot"), "Subtype": Name("Widget"), "FT": Name("Sig"), "T": text(name), "V": value_ref,
             "P": page_ref, "F": 132, "Rect": rect}
    if appearance_text:
        font, form_num = Font(appearance_text), next(numbers)
        content = b"q BT /F1 9 Tf 2 20 Td " + write(font.encode(appearance_text)) + b" Tj ET Q\n"
        font_num = next(numbers)
        next(numbers)
        objects.update(font.objects(font_num))
        form = {"Type": Name("XObject"), "Subtype": Name("Form"), "BBox": [0, 0, rect[2] - rect[0], rect[3] - rect[1]],
                "Resources": {"Font": {"F1": Ref(font_num)}}}
        objects[form_num] = Stream(form, content)
        field["AP"] = {"N": Ref(form_num)}
    objects[field_num] = field
    page = dict(page)
    page["Annots"] = list(pdf.get(page.get("Annots")) or []) + [Ref(field_num)]
    objects[page_ref.num] = page
    form = dict(pdf.get(root.get("AcroForm")) or {"SigFlags": 3, "Fields": []})
    form["SigFlags"] = 3
    form["Fields"] = list(pdf.get(form["Fields"])) + [Ref(field_num)]
    if isinstance(root.get("AcroForm"), Ref):
        objects[root["AcroForm"].num] = form
    else:
        number = next(numbers)
        objects[number] = form
        root["AcroForm"] = Ref(number)
        objects[pdf.trailer["Root"].num] = root
    return root


def _use_field(pdf, objects, numbers, value_ref, name, appearance, more):
    """Put a value, and what else signing writes, into an empty field of the form."""
    form = pdf.get(pdf.root["AcroForm"])
    ref = next(r for r in pdf.get(form["Fields"]) if pdf.get(r).get("T") == text(name))
    field = dict(pdf.get(ref), V=value_ref, F=132, **more)
    if appearance:
        number = next(numbers)
        objects[number] = appearance
        field["AP"] = {"N": Ref(number)}
    objects[ref.num] = field


def _fill(data, start, make_contents, byte_range=None, gap=(0, 0)):
    """Write the byte range, then the contents made from the bytes it covers.

    byte_range  text written instead of the true one (the CMS covers the true one)
    gap         bytes left uncovered before and after /Contents
    """
    out = bytearray(data)
    hole = out.index(b"<" + b"0" * 64, start)
    hole_end = out.index(b">", hole) + 1
    first, second = hole - gap[0], hole_end + gap[1]
    true = f"[0 {first} {second} {len(out) - second}]"
    place = out.index(b"[".ljust(RANGE_CHARS), start)
    shown = (byte_range.format(a=first, b=second, c=len(out) - second, size=len(out)) if byte_range else true).encode()
    out[place:place + RANGE_CHARS] = shown.ljust(RANGE_CHARS)
    contents = make_contents(bytes(out[:first] + out[second:])).hex().encode()
    if len(contents) > hole_end - hole - 2:
        raise ValueError(f"CMS of {len(contents) // 2} bytes does not fit")
    out[hole + 1:hole + 1 + len(contents)] = contents
    return bytes(out)


def _signature_dictionary(kind, sub_filter, extra=None):
    value = {"Type": Name(kind), "Filter": Name("Adobe.PPKLite"), "SubFilter": Name(sub_filter),
             "ByteRange": Raw(b"[".ljust(RANGE_CHARS)), "Contents": Raw(b"<" + b"0" * (2 * CONTENTS_BYTES) + b">")}
    value.update(extra or {})
    return value


def _field_count(pdf):
    return len(pdf.get((pdf.get(pdf.root.get("AcroForm")) or {"Fields": []})["Fields"]))


def sign(data, pki, by, at, sub_filter="ETSI.CAdES.detached", scheme="auto", digest="sha256", stamped=None, tsa="tsa",
         wrong_stamp=False, certs="chain", ess=True, claim=True, key_of=None, visible=True, certify=None,
         local_as_utc=False, byte_range=None, gap=(0, 0), reason=None, rect=None, into=None, appearance=None, lock=None,
         locks=None, also=None, cms=None):
    """Sign with the credential called `by`.

    at            aware datetime: /M, and for adbe.* the signing-time attribute
    stamped       aware datetime: a signature time stamp by `tsa` of that time
    wrong_stamp   the time stamp is over other bytes
    certs         as cmsmake.signed_data ("leaf": only the signer's own)
    claim         False leaves out every claimed time
    key_of        name of the credential whose key really signs
    certify       DocMDP level 1, 2 or 3
    rect          where the signature shows on the first page
    into          name of an empty field that is signed; appearance: its appearance stream
    lock          /Lock of the field that is signed; locks: parameters of a FieldMDP transform
    also          called with the file, the objects of the update and its free numbers: what else it brings
    local_as_utc  the signing-time attribute holds local time called UTC (+7 h)
    cms           called with the bytes that are covered: what /Contents holds instead
    """
    pdf = PdfFile(data)
    signer = credentials.load(pki, by)
    numbers = iter(range(pdf.size, pdf.size + 64))
    value_num = next(numbers)
    extra = {"Name": text(signer.common_name)}
    if claim:
        extra["M"] = date(at)
    if reason:
        extra["Reason"] = text(reason)
    root = dict(pdf.root)
    if certify:
        extra["Reference"] = [{"Type": Name("SigRef"), "TransformMethod": Name("DocMDP"),
                               "TransformParams": {"Type": Name("TransformParams"), "P": certify, "V": Name("1.2")}}]
        root["Perms"] = {"DocMDP": Ref(value_num)}
    if locks:
        extra.setdefault("Reference", []).append({"Type": Name("SigRef"), "TransformMethod": Name("FieldMDP"), "TransformParams": locks})
    objects = {value_num: _signature_dictionary("Sig", sub_filter, extra)}
    count = _field_count(pdf)
    rect = rect or ([350, 480 - 40 * count, 560, 515 - 40 * count] if visible else [0, 0, 0, 0])
    if into:
        _use_field(pdf, objects, numbers, Ref(value_num), into, appearance, {"Lock": lock} if lock else {})
    else:
        root = _add_field(pdf, objects, numbers, Ref(value_num), f"Signature{count + 1}", rect,
                          f"Ký bởi: {signer.common_name}" if visible else None, root)
    if certify:
        objects[pdf.trailer["Root"].num] = root
    if also:
        also(pdf, objects, numbers)

    signing_time = None
    if claim and sub_filter.startswith("adbe."):
        signing_time = at + SEVEN_HOURS if local_as_utc else at
    stamp = cmsmake.time_stamper(credentials.load(pki, tsa), stamped, wrong=wrong_stamp) if stamped else None

    def make_contents(covered):
        detached = sub_filter != "adbe.pkcs7.sha1"
        content = covered if detached else hashlib.sha1(covered).digest()
        return cmsmake.signed_data(signer, content, detached=detached, digest=digest, scheme=scheme, signing_time=signing_time,
                                   ess=ess, certs=certs, time_stamp=stamp,
                                   key_of=credentials.load(pki, key_of) if key_of else None)

    return _fill(pdf.append(objects), len(data), cms or make_contents, byte_range, gap)


def value_of(objects):
    """For also: (number, dictionary) of the signature that is made."""
    return next((number, value) for number, value in objects.items() if isinstance(value, dict) and "ByteRange" in value)


def stamp(data, pki, at, tsa="tsa", gap=(0, 0), rect=None, shows=None, also=None):
    """Add a document time stamp (ETSI.RFC3161).

    gap   bytes left uncovered around it
    rect  where its field shows on the first page, and what text it shows there
    also  as in sign
    """
    pdf = PdfFile(data)
    numbers = iter(range(pdf.size, pdf.size + 64))
    value_num = next(numbers)
    objects = {value_num: _signature_dictionary("DocTimeStamp", "ETSI.RFC3161")}
    _add_field(pdf, objects, numbers, Ref(value_num), f"Timestamp{_field_count(pdf) + 1}", rect or [0, 0, 0, 0], shows)
    if also:
        also(pdf, objects, numbers)
    credential = credentials.load(pki, tsa)

    def make_contents(covered):
        return cmsmake.time_stamp_token(credential, hashlib.sha256(covered).digest(), at)

    return _fill(pdf.append(objects), len(data), make_contents, gap=gap)


def add_dss(data, certs=(), crls=(), ocsps=()):
    """Add a document security store with DER certificates, CRLs and OCSP responses."""
    pdf = PdfFile(data)
    numbers = iter(range(pdf.size, pdf.size + 64))
    objects, dss = {}, {"Type": Name("DSS")}
    for key, items in (("Certs", certs), ("CRLs", crls), ("OCSPs", ocsps)):
        refs = []
        for item in items:
            num = next(numbers)
            objects[num] = Stream({"Filter": Name("FlateDecode")}, zlib.compress(item))
            refs.append(Ref(num))
        if refs:
            dss[key] = refs
    num = next(numbers)
    objects[num] = dss
    root = dict(pdf.root)
    root["DSS"] = Ref(num)
    objects[pdf.trailer["Root"].num] = root
    return pdf.append(objects)


# What happens to a file after it was signed.

def replace_content(data, lines=(("left", "Nội dung này đã bị thay sau khi ký."),)):
    """The text of page 1 is replaced, under the old object number, fonts with it."""
    pdf = PdfFile(data)
    _, page = pdf.first_page()
    font = Font("".join(line for _, line in lines))
    resources = pdf.get(page["Resources"])
    font_ref = pdf.get(resources["Font"])["F1"]
    old_font = pdf.get(font_ref)
    number = old_font["ToUnicode"].num
    fresh = font.objects(font_ref.num)
    unicode_map = fresh.pop(font_ref.num + 1)
    fresh[font_ref.num]["ToUnicode"] = Ref(number)
    fresh[number] = unicode_map
    fresh[page["Contents"].num] = Stream({"Filter": Name("FlateDecode")}, zlib.compress(page_content(font, lines)))
    return pdf.append(fresh)


def add_unlisted(data):
    """A validation store, and a page content that no cross-reference section lists."""
    pdf = PdfFile(data)
    _, page = pdf.first_page()
    hidden = PdfFile(data + b"%d 0 obj\n" % page["Contents"].num + write(Stream({}, b"BT ET\n")) + b"\nendobj\n")
    root = dict(pdf.root)
    root["DSS"] = {"Type": Name("DSS")}
    return hidden.append({pdf.trailer["Root"].num: root})


def add_page(data):
    """One more page with text, at the end."""
    pdf = PdfFile(data)
    page_ref, page = pdf.first_page()
    pages = dict(pdf.get(page["Parent"]))
    new = {k: v for k, v in page.items() if k != "Annots"}
    new["Contents"] = Ref(pdf.size + 1)
    pages["Kids"] = list(pages["Kids"]) + [Ref(pdf.size)]
    pages["Count"] += 1
    content = Stream({}, b"BT /F1 12 Tf 72 780 Td (Page added after signing) Tj ET\n")
    return pdf.append({page["Parent"].num: pages, pdf.size: new, pdf.size + 1: content})


def add_note(data):
    """A visible text annotation on page 1."""
    pdf = PdfFile(data)
    page_ref, page = pdf.first_page()
    page = dict(page)
    page["Annots"] = list(pdf.get(page.get("Annots")) or []) + [Ref(pdf.size)]
    note = {"Type": Name("Annot"), "Subtype": Name("FreeText"), "Rect": [72, 100, 320, 130], "Contents": text("Đã duyệt"),
            "DA": b"/Helv 12 Tf 0 g", "P": page_ref, "F": 4}
    return pdf.append({page_ref.num: page, pdf.size: note})


def change_metadata(data, at):
    """Only the modification date of the information dictionary."""
    pdf = PdfFile(data)
    info = dict(pdf.get(pdf.trailer["Info"]))
    info["ModDate"] = date(at)
    return pdf.append({pdf.trailer["Info"].num: info})


def remove_signature_value(data, index=0):
    """The field stays, its value is gone: a signature hidden by an update."""
    pdf = PdfFile(data)
    ref = pdf.get(pdf.get(pdf.root["AcroForm"])["Fields"])[index]
    field = dict(pdf.get(ref))
    field["V"] = None
    return pdf.append({ref.num: field})
