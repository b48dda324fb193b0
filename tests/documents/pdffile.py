# SPDX-License-Identifier: Apache-2.0
#
# A PDF file: read its cross-reference chain (tables, streams, object streams),
# get objects, append an incremental update of the same kind as the last one
# (ISO 32000-1, 7.5).
"""Read a PDF and append incremental updates."""

import re
import zlib

import pdfcrypt
from pdfobject import Name, Parser, Ref, Stream, write


class PdfFile:
    """data, trailer, kind (see cross_reference), get(), append()."""

    def __init__(self, data):
        self.data = data
        self.where = {}       # number -> offset, or (object stream number, index)
        self.trailer = None
        self.start = int(re.findall(rb"startxref\s+(\d+)\s+%%EOF", data)[-1])
        self.kind = None
        offset = self.start
        while offset is not None:
            offset = self._read_section(offset)
        self.size = self.trailer["Size"] - (self.kind == "unlisted")  # the number of a section that does not list itself is free
        self._containers = {}
        self.crypt = None
        if "Encrypt" in self.trailer:
            self.crypt = pdfcrypt.Crypt(self.get(self.trailer["Encrypt"]), self.trailer["ID"][0])

    def _read_section(self, offset):
        offset = re.compile(rb"[\r\n\t ]*").match(self.data, offset).end()
        parser = Parser(self.data, offset)
        kind = "table" if self.data.startswith(b"xref", offset) else "stream"
        trailer = self._read_table(parser) if kind == "table" else self._read_stream(parser)
        if "XRefStm" in trailer:
            self._read_stream(Parser(self.data, trailer["XRefStm"]))
        if self.trailer is None:
            if "XRefStm" in trailer:
                kind = "packed" if any(isinstance(place, tuple) for place in self.where.values()) else "hybrid"
            elif kind == "stream" and offset not in self.where.values():
                kind = "unlisted"
            self.kind = kind
            self.trailer = {k: trailer[k] for k in ("Size", "Root", "Info", "ID", "Encrypt") if k in trailer}
        return trailer.get("Prev")

    def _read_table(self, parser):
        parser.keyword()
        while True:
            parser.skip_white()
            if parser.data.startswith(b"trailer", parser.pos):
                parser.keyword()
                return parser.value()
            first, count = parser.value(), parser.value()
            for num in range(first, first + count):
                offset, _, used = parser.value(), parser.value(), parser.keyword()
                if used == b"n":
                    self.where.setdefault(num, offset)
                else:
                    self.where.setdefault(num, None)

    def _read_stream(self, parser):
        stream = self._object_at(parser.pos)
        rows = self._decode(stream)
        widths = stream.info["W"]
        index = stream.info.get("Index", [0, stream.info["Size"]])
        pos = 0
        for first, count in zip(index[::2], index[1::2]):
            for num in range(first, first + count):
                fields = []
                for width in widths:
                    fields.append(int.from_bytes(rows[pos:pos + width], "big") if width else 1)
                    pos += width
                place = {0: None, 1: fields[1], 2: (fields[1], fields[2])}[fields[0]]
                self.where.setdefault(num, place)
        return stream.info

    def _object_at(self, offset):
        parser = Parser(self.data, offset)
        parser.value(), parser.value(), parser.keyword()
        value = parser.value()
        parser.skip_white()
        if not self.data.startswith(b"stream", parser.pos):
            return value
        start = self.data.index(b"\n", parser.pos) + 1
        length = value["Length"]
        length = self.get(length) if isinstance(length, Ref) else length
        return Stream(value, self.data[start:start + length])

    @staticmethod
    def _decode(stream):
        kind = stream.info.get("Filter")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind is None:
            return stream.data
        data = zlib.decompress(stream.data)
        parms = stream.info.get("DecodeParms") or {}
        parms = parms[0] if isinstance(parms, list) else parms
        if parms.get("Predictor", 1) < 10:
            return data
        columns = parms.get("Columns", 1)
        out, previous = bytearray(), bytes(columns)
        for pos in range(0, len(data), columns + 1):
            if data[pos] not in (0, 2):
                raise ValueError("only predictors None and Up are read")
            row = data[pos + 1:pos + 1 + columns]
            previous = bytes((a + b) & 255 for a, b in zip(row, previous)) if data[pos] == 2 else row
            out += previous
        return bytes(out)

    def get(self, value):
        """The object behind a reference; other values are returned as they are."""
        if not isinstance(value, Ref):
            return value
        number = value.num
        place = self.where.get(number)
        if place is None:
            return None
        if isinstance(place, int):
            value = self._object_at(place)
            return self.crypt.decrypt(number, value) if self.crypt else value
        container, index = place
        if container not in self._containers:
            stream = self.get(Ref(container))
            self._containers[container] = (stream.info, self._decode(stream))
        info, data = self._containers[container]
        header = Parser(data)
        pairs = [(header.value(), header.value()) for _ in range(info["N"])]
        return Parser(data, info["First"] + pairs[index][1]).value()

    @property
    def root(self):
        return self.get(self.trailer["Root"])

    def first_page(self):
        """(reference, dictionary) of the first page."""
        ref = self.root["Pages"]
        while True:
            node = self.get(ref)
            if node["Type"] != "Pages":
                return ref, node
            ref = self.get(node["Kids"])[0]

    def append(self, objects, extra_size=0, trailer=None, tail=b"", in_clear=False):
        """This file with an update: objects {number: value}; returns the new bytes.

        extra_size  numbers beyond the highest new one that /Size must count
        trailer     entries that replace the old trailer's
        tail        bytes after %%EOF
        in_clear    as they are, although the file is encrypted
        """
        out = bytearray(self.data)
        if not out.endswith(b"\n"):
            out += b"\n"
        offsets, packed = {}, {}
        if self.kind == "packed":
            objects, packed = pack(objects, max([self.size] + [n + 1 for n in objects]))
        for num in sorted(objects):
            offsets[num] = len(out)
            value = self.crypt.encrypt(num, objects[num]) if self.crypt and not in_clear else objects[num]
            out += b"%d 0 obj\n" % num + write(value) + b"\nendobj\n"
        info = dict(self.trailer)
        info.update(trailer or {})
        info["Prev"] = self.start
        info["Size"] = max([self.size] + [n + 1 for n in objects]) + extra_size
        return bytes(out) + cross_reference(self.kind, len(out), offsets, info, packed) + tail


def pack(objects, number):
    """({number: value} of what stays outside an object stream of this number, and the stream itself; {number: place} of what is in it).
    Signatures stay outside."""
    inside = [n for n, v in sorted(objects.items()) if not isinstance(v, Stream) and not (isinstance(v, dict) and "ByteRange" in v)]
    bodies, header, at = [write(objects[n]) for n in inside], [], 0
    for num, body in zip(inside, bodies):
        header.append(b"%d %d" % (num, at))
        at += len(body) + 1
    head = b" ".join(header) + b"\n"
    info = {"Type": Name("ObjStm"), "N": len(inside), "First": len(head), "Filter": Name("FlateDecode")}
    outside = {n: v for n, v in objects.items() if n not in inside}
    outside[number] = Stream(info, zlib.compress(head + b"\n".join(bodies)))
    return outside, {n: (number, index) for index, n in enumerate(inside)}


def _runs(numbers):
    """Consecutive numbers as (first, count)."""
    runs = []
    for num in sorted(numbers):
        if runs and runs[-1][0] + runs[-1][1] == num:
            runs[-1][1] += 1
        else:
            runs.append([num, 1])
    return runs


def cross_reference(kind, at, offsets, info, packed=None):
    """A cross-reference section at file offset `at`, to the end of the file.

    kind     "table", "stream", or "hybrid": both, with the same objects (7.5.8.4, as PDFBox writes it);
             "packed": both, the stream also with what is in object streams, as iText writes it;
             "unlisted": a stream that does not list itself
    offsets  {number: offset}; packed {number: (object stream, index)}, streams only;
    with no Prev in info the section also holds object 0.
    """
    info = dict(info)
    if kind in ("hybrid", "packed"):
        own = info["Size"]
        return hybrid(at, offsets, {**offsets, own: at}, info, packed)
    if kind == "table":
        out = bytearray(b"xref\n")
        entries = {n: b"%010d 00000 n \n" % o for n, o in offsets.items()}
        if "Prev" not in info:
            entries[0] = b"0000000000 65535 f \n"
        for first, count in _runs(entries):
            out += b"%d %d\n" % (first, count) + b"".join(entries[n] for n in range(first, first + count))
        out += b"trailer\n" + write(info) + b"\n"
    else:
        own = info["Size"]
        info["Size"] = own + 1
        rows = {n: b"\x01" + o.to_bytes(5, "big") + b"\0\0" for n, o in offsets.items()}
        rows.update({n: b"\x02" + s.to_bytes(5, "big") + i.to_bytes(2, "big") for n, (s, i) in (packed or {}).items()})
        if kind == "stream":
            rows[own] = b"\x01" + at.to_bytes(5, "big") + b"\0\0"
        if "Prev" not in info:
            rows[0] = b"\0\0\0\0\0\0\xff\xff"
        index = []
        for first, count in _runs(rows):
            index += [first, count]
        info.update({"Type": Name("XRef"), "W": [1, 5, 2], "Index": index, "Filter": Name("FlateDecode")})
        data = zlib.compress(b"".join(rows[n] for n in sorted(rows)))
        out = bytearray(b"%d 0 obj\n" % own + write(Stream(info, data)) + b"\nendobj\n")
    return bytes(out) + b"startxref\n%d\n%%%%EOF\n" % at


def hybrid(at, in_stream, in_table, info, packed=None):
    """A cross-reference stream at file offset `at`, and a table whose trailer names it."""
    stream = cross_reference("stream", at, in_stream, info, packed)
    stream = stream[:stream.rindex(b"startxref")]
    at_table = at + len(stream)
    table = cross_reference("table", at_table, in_table, {**info, "Size": info["Size"] + 1, "XRefStm": at})
    return stream + table
