# SPDX-License-Identifier: Apache-2.0
#
# Files at the edge of what is read: large, with many objects, pages, revisions or fields, deep, or
# small and enormous once decompressed.  Each is signed first where that is possible, so that a
# verdict is asked for, and what is large comes before, after or between the signatures.
"""Large and hostile PDF files."""

import io
import zlib

import pdfbuild
import pdfsign
from pdffile import PdfFile, cross_reference
from pdfobject import Name, Raw, Ref, Stream, write

MIB = 1024 * 1024


def new(when, **options):
    return pdfbuild.build(when=when, **options)


def many_updates(data, count, objects_of):
    """count updates one after the other, each with the objects of objects_of(index).

    The chain of cross-reference sections is written without reading the file again each time.
    """
    pdf = PdfFile(data)
    out, start, size = io.BytesIO(), pdf.start, pdf.size
    out.write(data)
    for index in range(count):
        objects, offsets = objects_of(index), {}
        for num, value in sorted(objects.items()):
            offsets[num] = out.tell()
            out.write(b"%d 0 obj\n" % num + write(value) + b"\nendobj\n")
        info = dict(pdf.trailer)
        size = max([size] + [num + 1 for num in objects])
        info.update({"Prev": start, "Size": size})
        start = out.tell()
        out.write(cross_reference(pdf.kind, start, offsets, info))
        size += pdf.kind == "stream"
    return out.getvalue()


def revisions(data, count):
    """Updates of the information dictionary alone, as viewers write them."""
    pdf = PdfFile(data)
    number, info = pdf.trailer["Info"].num, pdf.get(pdf.trailer["Info"])
    return many_updates(data, count, lambda index: {number: dict(info, Keywords=b"%d" % index)})


def deep_tree(when, depth):
    """One page below a page tree of that depth."""
    pdf = PdfFile(new(when))
    page_ref, page = pdf.first_page()
    objects = {number: pdf.get(Ref(number)) for number in pdf.where if number}
    first = max(objects) + 1
    for level in range(depth):
        kid = Ref(first + level + 1) if level + 1 < depth else page_ref
        parent = Ref(first + level - 1) if level else page["Parent"]
        objects[first + level] = {"Type": Name("Pages"), "Kids": [kid], "Count": 1, "Parent": parent}
    objects[page_ref.num] = dict(page, Parent=Ref(first + depth - 1))
    root = page["Parent"].num
    objects[root] = dict(objects[root], Kids=[Ref(first)])
    return pdfbuild.assemble(objects, pdf.trailer)


def packed(when, count, per_container):
    """Many small objects, all reachable from the catalog, in object streams of that many."""
    pdf = PdfFile(new(when))
    objects = {number: pdf.get(Ref(number)) for number in pdf.where if number}
    first = max(objects) + 1
    objects.update((first + index, b"%d" % index) for index in range(count))
    objects[first + count] = [Ref(first + index) for index in range(count)]
    root = pdf.trailer["Root"].num
    objects[root] = dict(objects[root], PieceInfo={"VtPadding": {"Private": Ref(first + count)}})
    return pdfbuild.assemble(objects, pdf.trailer, "stream", per_container)


def many_pages(when, count):
    """Pages that share one content, all below one node."""
    pdf = PdfFile(new(when))
    page_ref, page = pdf.first_page()
    objects = {number: pdf.get(Ref(number)) for number in pdf.where if number}
    first, root = max(objects) + 1, page["Parent"].num
    objects.update((first + index, page) for index in range(count - 1))
    objects[root] = dict(objects[root], Kids=[page_ref] + [Ref(first + index) for index in range(count - 1)], Count=count)
    return pdfbuild.assemble(objects, pdf.trailer, "stream")


def bomb(decoded_bytes, layers=2):
    """Zeros that grow by a thousand times with each layer of FlateDecode: (dictionary, bytes)."""
    packer, out = zlib.compressobj(9), []
    zeros, left = bytes(MIB), decoded_bytes
    while left > 0:
        out.append(packer.compress(zeros[:min(left, MIB)]))
        left -= MIB
    data = b"".join(out) + packer.flush()
    for _ in range(layers - 1):
        data = zlib.compress(data, 9)
    return Stream({"Filter": [Name("FlateDecode")] * layers}, data)


def content_bomb(data, decoded_bytes):
    """After signing, the text of page 1 is replaced by a bomb: comparing it means unpacking it."""
    pdf = PdfFile(data)
    _, page = pdf.first_page()
    return pdf.append({page["Contents"].num: bomb(decoded_bytes)})


def many_bombs(when, sign, count, decoded_bytes):
    """The same for the contents of many pages, one bomb each."""
    data = sign(new(when, pages=count))
    pdf = PdfFile(data)
    pages = [pdf.get(kid) for kid in pdf.get(pdf.root["Pages"])["Kids"]]
    stream = bomb(decoded_bytes)
    return pdf.append({page["Contents"].num: stream for page in pages})


def container_bomb(when, decoded_bytes):
    """The page tree stands in an object stream that is a bomb."""
    pdf = PdfFile(new(when, kind="stream"))
    number = next(place[0] for place in pdf.where.values() if isinstance(place, tuple))
    stream = pdf.get(Ref(number))
    plain = zlib.decompress(stream.data)
    packer = zlib.compressobj(9)
    data = packer.compress(plain)
    for _ in range(decoded_bytes // MIB):
        data += packer.compress(bytes(b" ") * MIB)
    return pdf.append({number: Stream(stream.info, data + packer.flush())})


def _filled(head, decoded_bytes):
    """head and so many spaces, as FlateDecode."""
    packer, out = zlib.compressobj(9), []
    out.append(packer.compress(head))
    for _ in range(decoded_bytes // MIB):
        out.append(packer.compress(b" " * MIB))
    return b"".join(out) + packer.flush()


def packed_bombs(data, count, decoded_bytes, info=None, stream=None):
    """An update with so many object streams that are bombs, each with one object the catalog refers to.

    They are copies of one: which objects are in it is seen when it was unpacked.
    info, stream(head): other entries for the streams, and other bytes.
    """
    pdf = PdfFile(data)
    out, first, offsets, packed = bytearray(data), pdf.size, {}, {}
    head = b"%d 0 " % (first + count)
    own = {"Type": Name("ObjStm"), "N": 1, "First": len(head), "Filter": Name("FlateDecode")}
    own.update(info or {})
    container = write(Stream(own, stream(head) if stream else _filled(head + b"0", decoded_bytes)))
    for index in range(count):
        offsets[first + index] = len(out)
        out += b"%d 0 obj\n" % (first + index) + container + b"\nendobj\n"
        packed[first + count + index] = (first + index, 0)
    root = pdf.trailer["Root"].num
    offsets[root] = len(out)
    out += b"%d 0 obj\n" % root + write(dict(pdf.root, VtPadding=[Ref(number) for number in packed])) + b"\nendobj\n"
    trailer = dict(pdf.trailer, Prev=pdf.start, Size=first + 2 * count)
    return bytes(out) + cross_reference("stream", len(out), offsets, trailer, packed)


def section_bombs(data, count, decoded_bytes, info=None, stream=None):
    """Updates whose cross-reference streams are bombs: entries of free objects."""
    pdf, packed = PdfFile(data), stream if stream else bomb(decoded_bytes, 1).data
    start = pdf.start
    for index in range(count):
        own, at = pdf.size + index, len(data)
        section = {"Type": Name("XRef"), "W": [1, 0, 0], "Index": [0, decoded_bytes], "Size": own + 1, "Root": pdf.trailer["Root"],
                   "Prev": start, "Filter": Name("FlateDecode")}
        section.update(info or {})
        data += b"%d 0 obj\n" % own + write(Stream(section, packed)) + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % at
        start = at
    return data


def behind_a_defect(data, root):
    """An update whose trailer has a key twice: what stands before it is not followed by strict readers."""
    start = int(data[data.rindex(b"startxref") + 9:].split()[0])
    trailer = b"<</Size 9/Size 99999/Root %s/Prev %d>>" % (write(root), start)
    return data + b"xref\n0 0\ntrailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (trailer, len(data))


def circle(data):
    """The first section names the last one as the one before it."""
    pdf = PdfFile(revisions(data, 3))
    out = pdf.append({pdf.trailer["Info"].num: pdf.get(pdf.trailer["Info"])})
    return out.replace(b"/Prev %d" % pdf.start, b"/Prev %d" % PdfFile(out).start)


def deep_array(data, depth):
    pdf = PdfFile(data)
    return pdf.append({pdf.size: Raw(b"[" * depth + b"]" * depth), pdf.trailer["Root"].num: dict(pdf.root, VtDeep=Ref(pdf.size))})


def many_annotations(data, count):
    """One page with that many annotations that share one object."""
    pdf = PdfFile(data)
    page_ref, page = pdf.first_page()
    note = {"Type": Name("Annot"), "Subtype": Name("Text"), "Rect": [0, 0, 9, 9], "Contents": b"x"}
    return pdf.append({pdf.size: note, page_ref.num: dict(page, Annots=[Ref(pdf.size)] * count)})


def signature_field(data, value):
    """A field with a signature of that dictionary."""
    pdf = PdfFile(data)
    page_ref, page = pdf.first_page()
    field = {"Type": Name("Annot"), "Subtype": Name("Widget"), "FT": Name("Sig"), "T": b"Last", "P": page_ref, "F": 132,
             "Rect": [0, 0, 0, 0], "V": Ref(pdf.size + 1)}
    return pdf.append({pdf.size: field, pdf.size + 1: dict(value, Type=Name("Sig"), Filter=Name("Adobe.PPKLite"),
                                                           SubFilter=Name("ETSI.CAdES.detached")),
                       page_ref.num: dict(page, Annots=list(pdf.get(page.get("Annots")) or []) + [Ref(pdf.size)]),
                       pdf.trailer["Root"].num: dict(pdf.root, AcroForm={"SigFlags": 3, "Fields": [Ref(pdf.size)]})})


def empty_fields(data, count):
    """Signature fields without a signature, each with a widget on page 1."""
    pdf = PdfFile(data)
    page_ref, page = pdf.first_page()
    first, objects, fields = pdf.size, {}, []
    for index in range(count):
        objects[first + index] = {"Type": Name("Annot"), "Subtype": Name("Widget"), "FT": Name("Sig"), "T": b"Field%d" % index,
                                  "P": page_ref, "F": 132, "Rect": [0, 0, 0, 0]}
        fields.append(Ref(first + index))
    root = dict(pdf.root)
    form = dict(pdf.get(root.get("AcroForm")) or {"SigFlags": 3, "Fields": []})
    form["Fields"] = list(form["Fields"]) + fields
    if isinstance(root.get("AcroForm"), Ref):
        objects[root["AcroForm"].num] = form
    else:
        root["AcroForm"] = form
        objects[pdf.trailer["Root"].num] = root
    objects[page_ref.num] = dict(page, Annots=list(pdf.get(page.get("Annots")) or []) + fields)
    return pdf.append(objects)


def same_value(data, count):
    """Fields that all name the first signature as theirs."""
    pdf = PdfFile(data)
    form_ref = pdf.root["AcroForm"]
    form = pdf.get(form_ref)
    value = pdf.get(form["Fields"][0])["V"]
    fields = {pdf.size + index: {"FT": Name("Sig"), "T": b"Again%d" % index, "V": value} for index in range(count)}
    fields[form_ref.num] = dict(form, Fields=list(form["Fields"]) + [Ref(number) for number in list(fields)])
    return pdf.append(fields)


def of_itself(count):
    """For sign: a signature whose transforms are itself, of which each is as long as all."""
    def also(_, objects, __):
        number, value = pdfsign.value_of(objects)
        value["Reference"] = [Ref(number)] * count
    return also


def one_array(data, entries, items):
    """Validation data of many signatures, all the same list of nothing."""
    pdf = PdfFile(data)
    array, root = Ref(pdf.size), dict(pdf.root)
    root["DSS"] = {"Type": Name("DSS"), "VRI": {f"K{index:06d}": {"CRL": array} for index in range(entries)}}
    return pdf.append({array.num: [array] * items, pdf.trailer["Root"].num: root})


def one_parent(when, widgets, kids):
    """Widgets that no form has, below one long field."""
    pdf = PdfFile(new(when))
    ref, page = pdf.first_page()
    parent = Ref(pdf.size)
    widget = {"Type": Name("Annot"), "Subtype": Name("Widget"), "Rect": [0, 0, 1, 1], "V": b"a", "Parent": parent}
    return pdf.append({ref.num: dict(page, Annots=[widget] * widgets), parent.num: {"T": b"x", "Kids": [parent] * kids}})


def cases(pki, when):
    """(name, file): what is asked of each is in long_large.py."""
    def sign(data, by="agency"):
        return pdfsign.sign(data, pki, by, when, certs="leaf")

    once = sign(new(when))
    yield "60-mib", lambda: sign(sign(new(when, pad_bytes=60 * MIB), "person"))
    yield "100-mb", lambda: sign(new(when, pad_bytes=100 * 1000 * 1000))
    yield "10000-revisions-after", lambda: revisions(once, 10000)
    yield "10000-revisions-before", lambda: sign(sign(revisions(new(when), 10000), "person"))
    yield "10000-revisions-between", lambda: sign(revisions(once, 10000), "person")
    yield "10000-revisions-streams", lambda: sign(revisions(sign(new(when, kind="stream")), 10000), "person")
    yield "1000000-objects", lambda: sign(sign(packed(when, 1000000, 100), "person"))
    yield "100000-pages", lambda: sign(sign(many_pages(when, 100000), "person"))
    yield "tree-of-50", lambda: sign(sign(deep_tree(when, 50), "person"))
    yield "tree-of-10000", lambda: sign(sign(deep_tree(when, 10000), "person"))
    yield "65535-in-a-container", lambda: sign(sign(packed(when, 65500, 65535), "person"))
    yield "content-bomb", lambda: content_bomb(once, 10 * 1024 * MIB)
    yield "many-bombs", lambda: many_bombs(when, sign, 40, 1024 * MIB)
    yield "container-bomb", lambda: container_bomb(when, 1024 * MIB)
    yield "5000-fields", lambda: sign(empty_fields(new(when), 5000))
    yield "4000-fields", lambda: sign(sign(empty_fields(new(when), 4000)), "person")
    yield "5000-signatures", lambda: same_value(once, 5000)
    packed_once = sign(new(when, kind="stream"))
    yield "object-stream-bombs", lambda: packed_bombs(packed_once, 60, 200 * MIB)
    yield "object-stream-chains", lambda: packed_bombs(packed_once, 60, 0, {"Filter": [Name("FlateDecode")] * 2},
                                                       lambda head: zlib.compress(_filled(head, 200 * MIB), 9))
    yield "object-stream-rows", lambda: packed_bombs(packed_once, 60, 0, {"DecodeParms": {"Predictor": 15, "Columns": 200 * MIB}},
                                                     lambda head: zlib.compress(b"\0" + head))
    yield "section-bombs", lambda: section_bombs(packed_once, 40, 100 * MIB)
    yield "section-rows", lambda: section_bombs(packed_once, 40, 0, {"DecodeParms": {"Predictor": 15, "Columns": 200 * MIB}},
                                                zlib.compress(b"\0"))
    yield "section-widths", lambda: section_bombs(packed_once, 1, 4 * MIB, {"W": [1, 1 << 30, 1 << 30]})
    yield "section-ranges", lambda: section_bombs(packed_once, 1, 4 * MIB, {"Index": [0, 1 << 31, 5, 1 << 62, 7, 9]})
    yield "section-bombs-behind-a-defect", lambda: behind_a_defect(section_bombs(packed_once, 20, 100 * MIB),
                                                                   PdfFile(packed_once).trailer["Root"])
    yield "circle-of-sections", lambda: circle(once)
    yield "array-of-depth-1000000", lambda: deep_array(once, 1000000)
    yield "1000000-annotations", lambda: many_annotations(once, 1000000)
    yield "contents-of-30-mib", lambda: signature_field(new(when), {"ByteRange": [0, 100, 200, 300], "Contents": bytes(30 * MIB)})
    yield "ranges-of-1000000-numbers", lambda: signature_field(new(when), {"ByteRange": [0, 9] * 500000, "Contents": b"0"})
    yield "200000-transforms", lambda: pdfsign.sign(new(when), pki, "agency", when, also=of_itself(200000))
    yield "one-array-20000-times", lambda: one_array(once, 20000, 50000)
    yield "one-parent-3000-times", lambda: sign(one_parent(when, 3000, 100000))
