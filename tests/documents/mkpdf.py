#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Make, sign, time-stamp and alter PDF files on the command line.  IN may be any
# whole, unencrypted PDF; IN and OUT may be the same file.  TIME is RFC 3339 or
# relative to now: 100d-ago, 30m-ago, +30d.
#
#   mkpdf.py new OUT [--title T] [--number N] [--at TIME] [--pages N] [--xref table|stream]
#                    [--pad-bytes N] [--pad-objects N]
#   mkpdf.py sign IN OUT --pki PKI --by NAME [--at TIME] [--subfilter S] [--scheme auto|pkcs1|pss]
#                    [--digest sha256] [--stamp TIME] [--tsa NAME] [--certs chain|no-root|leaf|none]
#                    [--no-ess] [--no-claim] [--invisible] [--certify 1|2|3] [--key-of NAME] [--local-as-utc]
#   mkpdf.py stamp IN OUT --pki PKI [--at TIME] [--tsa NAME]      document time stamp
#   mkpdf.py dss IN OUT [--cert FILE]... [--crl FILE]... [--ocsp FILE]...   DER files
#   mkpdf.py change IN OUT content|page|note|metadata|unsign      an update after signing
#   mkpdf.py extract IN PREFIX     each signature: PREFIX.N.cms and the bytes it covers, PREFIX.N.bytes
"""Command line over pdfbuild and pdfsign."""

import argparse
import datetime
import re
import sys

import pdfbuild
import pdfsign


def moment(text):
    """RFC 3339, or 100d-ago, 5m-ago, +3h relative to now."""
    match = re.fullmatch(r"(\+)?(\d+)([dhm])(-ago)?", text)
    if match and bool(match[1]) != bool(match[4]):
        unit = {"d": "days", "h": "hours", "m": "minutes"}[match[3]]
        now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        return now + datetime.timedelta(**{unit: int(match[2])}) * (1 if match[1] else -1)
    value = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)


def signatures(data):
    """(CMS in DER, covered bytes) of each signature, as the byte ranges in the file say."""
    for match in re.finditer(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", data):
        a, b, c, d = map(int, match.groups())
        contents = bytes.fromhex(data[a + b:c].strip(b"<> ").decode())
        header = 2 + (contents[1] & 127 if contents[1] & 128 else 0)
        length = int.from_bytes(contents[2:header], "big") if header > 2 else contents[1]
        yield contents[:header + length], data[a:a + b] + data[c:c + d]


def read(path):
    with open(path, "rb") as f:
        return f.read()


def parse(argv):
    parser = argparse.ArgumentParser(description="make, sign and alter PDF files")
    commands = parser.add_subparsers(dest="command", required=True)
    new = commands.add_parser("new")
    new.add_argument("out")
    new.add_argument("--title", default="V/v tăng cường sử dụng chữ ký số")
    new.add_argument("--number", default="2415/SNV-VTLT")
    new.add_argument("--at", type=moment, default=moment("100d-ago"))
    new.add_argument("--pages", type=int, default=1)
    new.add_argument("--xref", choices=("table", "stream"), default="table")
    new.add_argument("--pad-bytes", type=int, default=0)
    new.add_argument("--pad-objects", type=int, default=0)
    sign = commands.add_parser("sign")
    stamp = commands.add_parser("stamp")
    dss = commands.add_parser("dss")
    change = commands.add_parser("change")
    extract = commands.add_parser("extract")
    for sub in (sign, stamp, dss, change):
        sub.add_argument("input")
        sub.add_argument("out")
    for sub in (sign, stamp):
        sub.add_argument("--pki", required=True)
        sub.add_argument("--at", type=moment, default=moment("100d-ago"))
        sub.add_argument("--tsa", default="tsa")
    sign.add_argument("--by", required=True)
    sign.add_argument("--subfilter", default="ETSI.CAdES.detached",
                      choices=("ETSI.CAdES.detached", "adbe.pkcs7.detached", "adbe.pkcs7.sha1"))
    sign.add_argument("--scheme", default="auto", choices=("auto", "pkcs1", "pss"))
    sign.add_argument("--digest", default="sha256", choices=("sha1", "sha256", "sha384", "sha512"))
    sign.add_argument("--stamp", type=moment)
    sign.add_argument("--certs", default="chain", choices=("chain", "no-root", "leaf", "none"))
    for flag in ("--no-ess", "--no-claim", "--invisible", "--local-as-utc"):
        sign.add_argument(flag, action="store_true")
    sign.add_argument("--certify", type=int, choices=(1, 2, 3))
    sign.add_argument("--key-of")
    for flag in ("--cert", "--crl", "--ocsp"):
        dss.add_argument(flag, action="append", default=[])
    change.add_argument("what", choices=("content", "page", "note", "metadata", "unsign"))
    extract.add_argument("input")
    extract.add_argument("prefix")
    return parser.parse_args(argv)


def run(a):
    """The bytes of the new file, None when there is none."""
    if a.command == "new":
        return pdfbuild.build(a.title, a.number, a.at, a.pages, a.xref, a.pad_bytes, a.pad_objects)
    data = read(a.input)
    if a.command == "sign":
        return pdfsign.sign(data, a.pki, a.by, a.at, a.subfilter, a.scheme, a.digest, stamped=a.stamp, tsa=a.tsa, certs=a.certs,
                            ess=not a.no_ess, claim=not a.no_claim, key_of=a.key_of, visible=not a.invisible,
                            certify=a.certify, local_as_utc=a.local_as_utc)
    if a.command == "stamp":
        return pdfsign.stamp(data, a.pki, a.at, a.tsa)
    if a.command == "dss":
        return pdfsign.add_dss(data, *([read(p) for p in paths] for paths in (a.cert, a.crl, a.ocsp)))
    if a.command == "change":
        functions = {"content": pdfsign.replace_content, "page": pdfsign.add_page, "note": pdfsign.add_note,
                     "metadata": lambda d: pdfsign.change_metadata(d, moment("1d-ago")), "unsign": pdfsign.remove_signature_value}
        return functions[a.what](data)
    for number, (der, covered) in enumerate(signatures(data), 1):
        for suffix, content in (("cms", der), ("bytes", covered)):
            with open(f"{a.prefix}.{number}.{suffix}", "wb") as f:
                f.write(content)
    return None


def main(argv):
    a = parse(argv)
    data = run(a)
    if data is not None:
        with open(a.out, "wb") as f:
            f.write(data)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
