# SPDX-License-Identifier: Apache-2.0
#
# PDF values (ISO 32000-1, 7.3) as Python values: parse and write.  Strings are
# bytes; names, references and streams have classes.  Good enough for whole,
# unencrypted files; not a reader for hostile input.
"""PDF objects: parse from and serialise to bytes."""

import datetime
import re


class Name(str):
    """A name without its slash."""


class Ref(tuple):
    """An indirect reference (number, generation)."""

    def __new__(cls, num, gen=0):
        return super().__new__(cls, (num, gen))

    @property
    def num(self):
        return self[0]


class Raw(bytes):
    """Bytes written as they are."""


class Stream:
    """A stream: dictionary and raw (still encoded) data."""

    def __init__(self, info, data):
        self.info, self.data = dict(info), data


WHITE = b"\x00\t\n\x0c\r "
DELIMITERS = b"()<>[]{}/%"
_number = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)")
_reference = re.compile(rb"(\d+)[\x00\t\n\x0c\r ]+(\d+)[\x00\t\n\x0c\r ]+R(?![^\x00\t\n\x0c\r ()<>\[\]{}/%])")
_escapes = {ord("n"): b"\n", ord("r"): b"\r", ord("t"): b"\t", ord("b"): b"\b", ord("f"): b"\f"}


class Parser:
    """Reads values one after the other from data, starting at pos."""

    def __init__(self, data, pos=0):
        self.data, self.pos = data, pos

    def skip_white(self):
        while self.pos < len(self.data):
            c = self.data[self.pos]
            if c in WHITE:
                self.pos += 1
            elif c == ord("%"):
                while self.pos < len(self.data) and self.data[self.pos] not in b"\r\n":
                    self.pos += 1
            else:
                return

    def keyword(self):
        self.skip_white()
        start = self.pos
        while self.pos < len(self.data) and self.data[self.pos] not in WHITE + DELIMITERS:
            self.pos += 1
        return self.data[start:self.pos]

    def value(self):
        self.skip_white()
        data, pos = self.data, self.pos
        if data.startswith(b"<<", pos):
            return self._dictionary()
        c = data[pos:pos + 1]
        if c == b"<":
            end = data.index(b">", pos)
            self.pos = end + 1
            digits = bytes(b for b in data[pos + 1:end] if b not in WHITE).decode()
            return bytes.fromhex(digits + "0" * (len(digits) % 2))
        if c == b"(":
            return self._literal()
        if c == b"/":
            self.pos += 1
            text = self.keyword()
            return Name(re.sub(rb"#([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), text).decode("latin-1"))
        if c == b"[":
            self.pos += 1
            items = []
            while True:
                self.skip_white()
                if data[self.pos:self.pos + 1] == b"]":
                    self.pos += 1
                    return items
                items.append(self.value())
        match = _reference.match(data, pos)
        if match:
            self.pos = match.end()
            return Ref(int(match[1]), int(match[2]))
        match = _number.match(data, pos)
        if match:
            self.pos = match.end()
            return float(match[0]) if b"." in match[0] else int(match[0])
        word = self.keyword()
        if word in (b"true", b"false", b"null"):
            return {b"true": True, b"false": False, b"null": None}[word]
        raise ValueError(f"no PDF value at {pos}: {data[pos:pos + 20]!r}")

    def _dictionary(self):
        self.pos += 2
        result = {}
        while True:
            self.skip_white()
            if self.data.startswith(b">>", self.pos):
                self.pos += 2
                return result
            key = self.value()
            result[key] = self.value()

    def _literal(self):
        data, pos, depth, out = self.data, self.pos + 1, 1, bytearray()
        while depth:
            c = data[pos]
            pos += 1
            if c == ord("\\"):
                octal = re.compile(rb"[0-7]{1,3}").match(data, pos)
                if octal:
                    out.append(int(octal[0], 8) & 255)
                    pos = octal.end()
                else:
                    if data[pos] not in b"\r\n":
                        out += _escapes.get(data[pos], data[pos:pos + 1])
                    pos += 1
                continue
            depth += {ord("("): 1, ord(")"): -1}.get(c, 0)
            if depth:
                out.append(c)
        self.pos = pos
        return bytes(out)


def _write_name(name):
    out = bytearray(b"/")
    for c in name.encode("latin-1"):
        out += bytes([c]) if 33 <= c <= 126 and c not in DELIMITERS and c != ord("#") else b"#%02X" % c
    return bytes(out)


def write(value):
    """A value as PDF bytes."""
    if isinstance(value, Raw):
        return bytes(value)
    if isinstance(value, Name):
        return _write_name(value)
    if isinstance(value, Ref):
        return b"%d %d R" % value
    if value is None or isinstance(value, bool):
        return {None: b"null", True: b"true", False: b"false"}[value]
    if isinstance(value, int):
        return b"%d" % value
    if isinstance(value, float):
        return (b"%.4f" % value).rstrip(b"0").rstrip(b".")
    if isinstance(value, bytes):
        if any(c < 32 or c > 126 for c in value):
            return b"<" + value.hex().upper().encode() + b">"
        return b"(" + re.sub(rb"([()\\])", rb"\\\1", value) + b")"
    if isinstance(value, str):
        return write(text(value))
    if isinstance(value, dict):
        return b"<<" + b"".join(b" " + _write_name(k) + b" " + write(v) for k, v in value.items()) + b" >>"
    if isinstance(value, (list, tuple)):
        return b"[" + b" ".join(write(v) for v in value) + b"]"
    if isinstance(value, Stream):
        info = dict(value.info)
        info["Length"] = len(value.data)
        return write(info) + b"\nstream\n" + value.data + b"\nendstream"
    raise TypeError(f"not a PDF value: {value!r}")


def text(string):
    """A text string: ASCII, else UTF-16BE with byte order mark (ISO 32000-1, 7.9.2.2)."""
    return string.encode() if string.isascii() else b"\xfe\xff" + string.encode("utf-16-be")


def date(moment):
    """A date with Vietnamese zone (ISO 32000-1, 7.9.4) from an aware datetime."""
    local = moment.astimezone(datetime.timezone(datetime.timedelta(hours=7)))
    return local.strftime("D:%Y%m%d%H%M%S+07'00'").encode()
