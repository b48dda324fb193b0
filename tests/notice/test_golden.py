#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Notices of every kind and every reason as they were looked at and found good, byte for byte; and
what other programs make of them: Python's mail parser, its HTML parser, its JSON reader.
`make golden-notices` writes the golden files anew."""
import email
import email.policy
import html.parser
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unicodedata

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE / "golden"
PROGRAM = HERE.parent.parent / "build/tests/notice/write_notice"
# Text of all; of these the other forms too.
WHOLE = {"refused": (".eml", ".html"), "remark": (".html",), "list": (".html",)}
REPORTS = ("refused", "held", "returned")
failures = []


def check(condition, *what):
    if not condition:
        failures.append(" ".join(str(w) for w in what))


def is_golden(path):
    return path.suffix == ".txt" or path.suffix in WHOLE.get(path.stem, ())


def compare(folder, is_writing):
    made = {path.name: path.read_bytes() for path in folder.iterdir() if is_golden(path)}
    if is_writing:
        for old in GOLDEN.iterdir():
            old.unlink()
        for name, data in made.items():
            (GOLDEN / name).write_bytes(data)
        return
    known = {path.name: path.read_bytes() for path in GOLDEN.iterdir()}
    for name in sorted(made.keys() | known.keys()):
        check(name in known, name, "has no golden file")
        check(name in made, name, "is no longer written")
        check(made.get(name) == known.get(name), name, "is not what it was")


class Page(html.parser.HTMLParser):
    """Balanced, harmless, and its words."""
    VOID = {"meta", "br"}

    def __init__(self, name):
        super().__init__()
        self.name, self.open, self.words, self.quiet = name, [], [], 0

    def handle_starttag(self, tag, attributes):
        check(tag not in ("script", "img", "link", "iframe", "form", "object", "a"), self.name, tag)
        for key, value in attributes:
            check(not key.startswith("on") and key not in ("src", "href"), self.name, key)
            check("url(" not in (value or ""), self.name, value)
        if tag not in self.VOID:
            self.open.append(tag)
        self.quiet += tag in ("title", "style")

    def handle_endtag(self, tag):
        check(self.open and self.open.pop() == tag, self.name, "ends a", tag)
        self.quiet -= tag in ("title", "style")

    def handle_data(self, data):
        if not self.quiet:
            self.words += data.split()


def columns(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
               for c in line)


def check_text(name, text):
    lines = text.split("\n")
    check(lines[0].isupper() and lines[0].endswith("."), name, "begins with", lines[0])
    for line in lines:
        check(columns(line) <= 72 or " " not in line.strip(), name, "is wide:", line)
        check(line == line.rstrip(), name, "ends in spaces:", line)
    check("giá trị pháp lý" not in text.lower(), name, "says what signatures are worth")
    check("{" not in text and "}" not in text and "[" not in text, name, "has a field left")
    check(" ." not in text and ".." not in text and " ," not in text, name, "has a hole")


def words_of(text):
    return [word for word in text.split() if not re.fullmatch(r"[-=]{24,}", word)]


def same_words(name, text, page):
    # A label ends with a colon in text, a column of a table does not.
    plain = [word.rstrip(":") for word in words_of(text)]
    marked = [word.rstrip(":") for word in page.words]
    check(plain == marked, name, "says something else in HTML",
          [(a, b) for a, b in zip(plain, marked) if a != b][:1])


def check_status(name, part):
    groups = part.get_payload()
    check(len(groups) > 1 and groups[0]["Reporting-MTA"], name, "has no Reporting-MTA")
    for group in groups[1:]:
        check(group["Final-Recipient"].startswith("rfc822; "), name, group["Final-Recipient"])
        wanted = ("delayed", "4") if name == "held" else ("failed", "5")
        check((group["Action"], group["Status"][0]) == wanted, name, group["Action"])


def check_message(path):
    data = path.read_bytes()
    name = path.stem
    kind = name.split(".")[0]
    check(max(data) < 128, name, "is not 7 bit")
    check(data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r"), name, "has bare line ends")
    check(max(map(len, data.split(b"\r\n"))) <= 76, name, "has long lines")
    message = email.message_from_bytes(data, policy=email.policy.default)
    for part in message.walk():
        check(not part.defects, name, part.defects)
        for key, value in part.items():
            check(not getattr(value, "defects", ()), name, key, getattr(value, "defects", ()))
    check(message["X-Vanthu-Notice"] == kind, name, message["X-Vanthu-Notice"])
    check(message["Auto-Submitted"] in ("auto-replied", "auto-generated"), name)
    check(message["X-Auto-Response-Suppress"] == "All", name)
    check(message["Date"] == "Thu, 03 Dec 2026 09:12:00 +0700", name, message["Date"])
    is_report = message.get_content_type() == "multipart/report"
    check(is_report == (kind in REPORTS and "SECRET" not in name), name, message.get_content_type())
    types = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    if is_report:
        status = message.get_payload()[1]
        check(status.get_content_type() == "message/delivery-status", name)
        check_status(name, status)
    check(types[:3] == ["text/plain", "text/html", "application/json"], name, types)
    parts = {}
    for part in message.walk():  # groups of a delivery-status are text/plain by default
        parts.setdefault(part.get_content_type(), part)
    page = Page(name)
    page.feed(parts["text/html"].get_content())
    check(not page.open, name, "leaves open", page.open)
    text = parts["text/plain"].get_content().replace("\r\n", "\n")
    check_text(name, text)
    same_words(name, text, page)
    check(text == path.with_suffix(".txt").read_text(), name, "previews another text")
    machine = json.loads(parts["application/json"].get_payload(decode=True))
    check(machine["notice"] == kind and machine["v"] == 1, name, machine["notice"])
    if "SECRET" in name:
        check("MAU" not in data.decode() + text + json.dumps(machine), name, "names a secret file")


def main():
    is_writing = sys.argv[1:] == ["--write"]
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(made)
        subprocess.run([PROGRAM, folder], check=True)
        compare(folder, is_writing)
        messages = sorted(folder.glob("*.eml"))
        for path in messages:
            check_message(path)
        check(len(messages) > 50, "only", len(messages), "notices were written")
    for line in failures[:40]:
        print("FAIL", line)
    print(f"{len(messages)} notices, {len(failures)} failures")
    sys.exit(1 if failures else 0)


main()
