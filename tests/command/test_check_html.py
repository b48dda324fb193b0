#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# vanthu check --html, over files made here: revisions, signatures and changes stand on the page in
# their order and in both languages; the page is well-formed, loads and runs nothing whatever names
# and subjects hold, can be read in light, dark and on paper, and stays small.
"""The page of vanthu check --html."""

import email.message
import html.parser
import json
import os
import re
import subprocess
import sys
import tempfile
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))
for room in ("documents", "pki"):
    sys.path.insert(0, os.path.join(HERE, "..", room))

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import formfile
import mkpki
import pdfbuild
import pdfscan
import pdfsign
from mkpdf import moment
from pdffile import PdfFile
from pdfobject import Ref, text

BUILD = os.environ.get("VANTHU_BUILD", os.path.join(HERE, "..", "..", "build"))
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
BIDI = "\u202egpj.\u2066\u200b"
FACTS = {"vi": ("Tổ chức cấp chứng thư", "Người ký", "Đơn vị quản lý", "Thời điểm ký số", "Tính toàn vẹn", "Hiệu lực khi ký",
                "Thời hạn chứng thư"),
         "en": ("Issuing CA", "Signer", "Unit", "Signing time", "Integrity", "Valid when signed", "Certificate period")}
FAILED = []


def expect(name, condition, *seen):
    if not condition:
        FAILED.append(name)
        print("FAIL", name, *seen)


# ---- the page, read strictly ----

class Page(html.parser.HTMLParser):
    """Elements must nest, and only known ones with known attributes may stand there."""

    VOID = {"meta", "br"}
    TAGS = {"html", "head", "title", "style", "body", "main", "div", "section", "h1", "h2", "h3", "h4", "h5", "p", "a", "span",
            "strong", "small", "code", "time", "table", "caption", "thead", "tbody", "tr", "th", "td", "ul", "ol", "li"} | VOID
    ATTRIBUTES = {"lang", "id", "class", "href", "scope", "aria-hidden", "charset", "name", "content", "http-equiv"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.faults, self.ids, self.links, self.metas = [], [], [], [], []
        self.headings, self.text, self.halves, self.scopes = {"vi": [], "en": []}, [], {"vi": "", "en": ""}, 0
        self.items = {"vi": [], "en": []}  # classes of the revisions
        self.language = None
        self.feed(text)
        self.close()
        self.faults += [f"<{tag}> is not closed" for tag in self.open]
        self.faults += [f"{link} leads nowhere" for link in self.links if link[1:] not in self.ids]
        if len(set(self.ids)) != len(self.ids):
            self.faults.append("an id stands twice")

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag not in self.TAGS or not set(attributes) <= self.ATTRIBUTES:
            self.faults.append(f"<{tag} {attributes}>")
        if tag == "div" and attributes.get("id") in ("vi", "en"):
            self.language = attributes["id"]
            expect("half says its language", attributes.get("lang") == self.language, attributes)
        if tag in ("td", "th") and "tr" not in self.open or tag == "li" and self.open[-1] not in ("ul", "ol"):
            self.faults.append(f"<{tag}> in {self.open[-1]}")
        if tag == "th":
            self.scopes += attributes.get("scope") in ("row", "col")
            if "scope" not in attributes:
                self.faults.append("<th> without scope")
        if re.fullmatch("h[1-5]", tag):
            before = self.headings[self.language][-1][0] if self.headings[self.language] else 0
            if int(tag[1]) > before + 1:
                self.faults.append(f"<{tag}> after h{before}")
            self.headings[self.language].append([int(tag[1]), ""])
        if tag == "li" and self.open[-1] == "ol":
            self.items[self.language].append(attributes["class"])
        if tag == "meta":
            self.metas.append(attributes)
        self.ids += [attributes["id"]] if "id" in attributes else []
        if "href" in attributes:
            self.links.append(attributes["href"])
            if not attributes["href"].startswith("#"):
                self.faults.append(f"link to {attributes['href']}")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.faults.append(f"<{tag}/>")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes another element")

    def handle_data(self, data):
        if "style" in self.open or self.language is None:
            return
        self.halves[self.language] += data
        if self.open and re.fullmatch("h[1-5]", self.open[-1]):
            self.headings[self.language][-1][1] += data


def luminance(colour):
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a, b):
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def check_colours(text):
    """WCAG 1.4.3: 4.5 to 1 for every colour of text on both grounds, in light, dark and on paper."""
    schemes = [dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", rule)) for rule in re.findall(r":root \{([^}]*--page[^}]*)\}", text)]
    expect("three schemes", len(schemes) == 3, len(schemes))
    for scheme in schemes:
        for name in ("text", "soft", "good", "bad", "open", "none", "link"):
            for ground in ("page", "box"):
                ratio = contrast(scheme[name], scheme[ground])
                expect("contrast", ratio >= 4.5, name, ground, scheme[name], round(ratio, 2))


def read(name, data):
    """The page, after what every page must be."""
    text = data.decode("utf-8")
    page = Page(text)
    expect(f"{name}: well-formed", not page.faults, page.faults[:5])
    expect(f"{name}: doctype", text.startswith("<!DOCTYPE html>\n<html lang=\"vi\">"))
    policy = [m["content"] for m in page.metas if m.get("http-equiv") == "Content-Security-Policy"]
    expect(f"{name}: nothing is loaded", policy == ["default-src 'none'; style-src 'unsafe-inline'"], policy)
    expect(f"{name}: nothing remote", not re.search(r"(?i)url\(|@import|https?:|<script|javascript:|\bsrc=", re.sub(
        r"(?s)<body>.*", "", text)))
    hidden = {f"U+{ord(c):04X}" for c in text if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") and c != "\n"}
    expect(f"{name}: no hidden characters", not hidden, hidden)
    expect(f"{name}: Vietnamese first", text.index('id="vi"') < text.index('id="en"'))
    expect(f"{name}: NFC", unicodedata.normalize("NFC", text) == text)
    return page


# ---- what is checked ----

def make_pki(out):
    """A root, a CA, three signers and a time stamp authority with small keys; one signer is called as an attacker would be."""
    wanted = ("root-g2", "ca-g2", "tsa", "agency", "person")
    entries = [entry for entry in mkpki.ENTRIES if entry[0] in wanted]
    entries.append(("evil", "ca-g2", "leaf", {"O": (EVIL + BIDI)[:64], "CN": ("\u202e" + EVIL)[:64]}, {"mail": "evil@example.vn"}))
    for folder in ("keys", "certs", "crt", "crl", "crl-extra", "index", "trust/official", "trust/public", "trust/intermediates"):
        os.makedirs(f"{out}/{folder}")
    mkpki.BY_NAME.update({entry[0]: entry for entry in entries})
    for entry in entries:
        key = ec.generate_private_key(ec.SECP256R1())
        with open(f"{out}/keys/{entry[0]}.key", "wb") as file:
            file.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        mkpki.make_cert(out, entry, mkpki.now())
    for ca in ("root-g2", "ca-g2"):
        mkpki.write_index(out, ca, [])
        mkpki.make_crl(out, ca, mkpki.now(), f"{out}/crl/{ca}.crl")


def new(title="V/v tăng cường sử dụng chữ ký số", pages=2):
    return pdfbuild.build(title, "2415/SNV-VTLT", moment("100d-ago"), pages, "table", 0, 0)


def mail_of(documents):
    mail = email.message.EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "vanthu@sonv.ninhbinh.gov.vn", "vanthu@ninhbinh.gov.vn", EVIL
    mail.set_content("Kính gửi: văn bản kèm theo.\n")
    for name, data in documents:
        mail.add_attachment(data, maintype="application", subtype="pdf", filename=name)
    return mail.as_bytes()


def make_files(pki):
    day = moment("100d-ago")
    one = pdfsign.sign(new(), pki, "person", day, stamped=day)
    two = pdfsign.sign(one, pki, "agency", moment("99d-ago"), stamped=moment("99d-ago"))
    evil = pdfsign.sign(new(), pki, "evil", day)
    yield "good.pdf", pdfsign.add_dss(two, [], [])
    yield "changed.pdf", pdfsign.replace_content(two)
    yield "note.pdf", pdfsign.add_note(one)
    yield "stamped.pdf", pdfsign.stamp(one, pki, moment("50d-ago"))
    yield "unsigned.pdf", new()
    yield "broken.pdf", two[:len(two) * 2 // 3]
    yield "evil.pdf", evil
    yield EVIL.replace("/", "") + BIDI + ".pdf", new()
    yield "mail.eml", mail_of([("quyết-định.pdf", two), (EVIL + BIDI + ".pdf", evil), ("phụ-lục.pdf", new())])
    yield "names.eml", mail_of([("A" * 1000000 + ".pdf", one)] + [(f"{EVIL}{i}.pdf", new()) for i in range(150)])
    yield "long.eml", mail_of([("A" * 5000 + ".pdf", one)])
    yield "plain.txt", b"Khong co gi.\n"
    yield "covered.pdf", pdfsign.sign(pdfsign.add_note(one), pki, "agency", moment("99d-ago"))
    yield "form.pdf", filled(pki, day)
    holder = formfile.build(day, change=formfile.holding("quyết-định.pdf", two))
    yield "holder.pdf", pdfsign.sign(holder, pki, "agency", day)
    yield "scan.signed.pdf", pdfscan.scan(pdfscan.jpeg(pdfscan.text()), pdfscan.jpeg(pdfscan.seal() + pdfscan.signature(), 150))
    yield "locked.pdf", with_password(new())


def filled(pki, day):
    """A form that was certified, filled in as is permitted, and signed by the office."""
    pdf = PdfFile(pdfsign.sign(formfile.build(day), pki, "person", day, certify=2, into="lanhdao"))
    field = dict(pdf.get(Ref(formfile.FIELD_TEXT)), V=text("15"))
    look = formfile.look(b"/Tx BMC BT /F1 10 Tf 2 5 Td (15) Tj ET EMC\n")
    return pdfsign.sign(pdf.append({formfile.FIELD_TEXT: field, formfile.LOOK_TEXT: look}), pki, "agency", moment("99d-ago"), into="vanthu")


def with_password(data):
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/open.pdf", "wb") as file:
            file.write(data)
        subprocess.run(["qpdf", "--encrypt", "abc", "def", "256", "--", folder + "/open.pdf", folder + "/locked.pdf"], check=True)
        with open(folder + "/locked.pdf", "rb") as file:
            return file.read()


def agencies(pki):
    """A table that knows the office, and whose the person is."""
    rows = "".join(f"  - sha256: {mkpki.load_cert(pki, name).fingerprint(hashes.SHA256()).hex()}\n    kind: {kind}\n"
                   for name, kind in (("agency", "agency"), ("person", "person")))
    return ("agencies:\n- id: sonv\n  name: Sở Nội vụ <tỉnh> Ninh Bình\n  domains: [sonv.ninhbinh.gov.vn]\n  confirmed: true\n"
            "  certificates:\n" + rows)


class Desk:
    def __init__(self, folder):
        self.folder, self.pki = folder, folder + "/pki"
        make_pki(self.pki)
        for name, data in make_files(self.pki):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
        with open(os.path.join(folder, "policy.yaml"), "w", encoding="utf-8") as file:
            file.write("agencies: agencies.yaml\nrules:\n  - name: doi-noi-dung\n    mode: enforce\n    when: {reason: CONTENT_CHANGED}\n    then: reject\n")

        with open(os.path.join(folder, "agencies.yaml"), "w", encoding="utf-8") as file:
            file.write(agencies(self.pki))

    def run(self, *arguments):
        command = [BUILD + "/vanthu", "check", "--offline", "--trust", f"official={self.pki}/certs/root-g2.pem"]
        for ca in ("root-g2", "ca-g2"):
            command += ["--crl", f"{self.pki}/crl/{ca}.crl"]
        return subprocess.run(command + list(arguments), capture_output=True, timeout=60, cwd=self.folder,
                              env=dict(os.environ, LC_ALL="C.UTF-8"))

    def page(self, *files, status):
        done = self.run("--html", *files)
        expect(f"{files}: exit status", done.returncode == status, done.returncode, done.stderr.decode()[:400])
        return read(str(files)[:60], done.stdout)


# ---- rows ----

# file, exit status, mark, classes of the revisions, sentences in order in Vietnamese, and in English
PAGES = (
    ("good.pdf", 0, ("✓ HỢP LỆ", "✓ VALID"), ["none", "good", "good", "none"],
     ("Chữ ký số hợp lệ của: Nguyễn Văn An; SỞ NỘI VỤ TỈNH NINH BÌNH.", "1. Nguyễn Văn An", "HỢP LỆ", "theo dấu thời gian",
      "2. SỞ NỘI VỤ TỈNH NINH BÌNH", "HỢP LỆ", "Mỗi lần được ký số hoặc ghi thêm", "Phiên bản 1", "byte đầu của tệp", "tạo lúc", "+07:00",
      "Bản đầu tiên, chưa được ký số.", "Phiên bản 2", "Chữ ký số 1/2: Nguyễn Văn An", "theo dấu thời gian",
      "Phạm vi ký số: nội dung của tệp đến hết phiên bản 2 (", "byte đầu).", "được tính", "Chỉ có thay đổi được phép.",
      "được phép: Thêm chữ ký số (phiên bản 3: SỞ NỘI VỤ TỈNH NINH BÌNH).", "Phiên bản 3", ": SỞ NỘI VỤ TỈNH NINH BÌNH. signature-added", "Chữ ký số 2/2: SỞ NỘI VỤ",
      "Phiên bản 4", "toàn bộ tệp", "được phép: Thêm dữ liệu phục vụ kiểm tra chữ ký số",
      "Phiên bản này không có thêm chữ ký số; các thay đổi đều được phép."),
     ("Valid signatures of: Nguyễn Văn An; SỞ NỘI VỤ", "Revision 1", "The first one, not yet signed.", "Signature 1/2",
      "by a time stamp", "What it signs: the file up to the end of revision 2",
      "Permitted changes only.", "permitted: A signature was added (revision 3: SỞ NỘI VỤ TỈNH NINH BÌNH)", "Revision 4",
      "This revision brought no signature")),
    ("changed.pdf", 1, ("✕ KHÔNG HỢP LỆ", "✕ NOT VALID"), ["none", "bad", "bad", "bad"],
     ("2/2 chữ ký số không hợp lệ.", "Nội dung văn bản đã bị thay đổi sau khi ký số (trang 1).",
      "không được phép: Nội dung của trang đã bị thay (phiên bản 4, trang 1).", "Lý do:", "CONTENT_CHANGED", "Cần làm:",
      "đã bị thay đổi sau khi ký số", "Có thay đổi KHÔNG ĐƯỢC PHÉP.", "Phiên bản 4",
      "không được phép: Nội dung của trang đã bị thay (trang 1). page-replaced", "Phần ghi thêm này chưa được ký số."),
     ("2 of 2 signatures are not valid.", "not permitted: The content of the page was replaced (revision 4, page 1).",
      "There are changes that are NOT PERMITTED.", "Nobody signed this addition.")),
    ("note.pdf", 2, ("? CHƯA KHẲNG ĐỊNH ĐƯỢC", "? NOT PROVEN"), ["none", "open", "open"],
     ("1/1 chữ ký số chưa khẳng định được là hợp lệ.",
      "chưa được ký số: Thêm chú thích hoặc hình vẽ (phiên bản 3, trang 1).", "ADDED_AFTER_SIGNING",
      "Thêm chú thích hoặc hình vẽ (phiên bản 3, trang 1).", "annotation-added"),
     ("1 of 1 signatures are not proven", "An annotation was added (revision 3, page 1).")),
    ("stamped.pdf", 0, ("✓ HỢP LỆ", "✓ VALID"), ["none", "good", "good"],
     ("Chữ ký số hợp lệ của: Nguyễn Văn An.", "Phiên bản 3", "Dấu thời gian trên tệp 2/2"), ("Time stamp over the file 2/2",)),
    ("unsigned.pdf", 3, ("– CHƯA KÝ SỐ", "– NOT SIGNED"), [], ("Tệp này không có chữ ký số.",), ("This file holds no signature.",)),
    ("plain.txt", 3, ("– CHƯA KÝ SỐ", "– NOT SIGNED"), [], ("Tệp này không có chữ ký số.",), ("This file holds no signature.",)),
    ("broken.pdf", 2, ("? CHƯA KHẲNG ĐỊNH ĐƯỢC", "? NOT PROVEN"), [], ("FILE_UNREADABLE",), ("FILE_UNREADABLE",)),
    ("covered.pdf", 0, ("✓ HỢP LỆ", "✓ VALID"), ["none", "good", "good"],
     ("Sau chữ ký số này: Chỉ có thay đổi được phép.",
      "Thêm chú thích hoặc hình vẽ (phiên bản 4, trang 1; sau đó được SỞ NỘI VỤ TỈNH NINH BÌNH ký số).", "Phiên bản 3–4",
      "Thêm chú thích hoặc hình vẽ (trang 1); sau đó được SỞ NỘI VỤ TỈNH NINH BÌNH ký số.", "Phạm vi ký số: toàn bộ tệp."),
     ("An annotation was added (revision 4, page 1; signed afterwards by SỞ NỘI VỤ TỈNH NINH BÌNH).", "What it signs: the whole file.")),
    ("form.pdf", 0, ("✓ HỢP LỆ", "✓ VALID"), ["none", "good", "good"],
     ("Điền thêm nội dung vào biểu mẫu (phiên bản 4; sau đó được SỞ NỘI VỤ TỈNH NINH BÌNH ký số).",), ("A form field was filled in (revision 4",)),
    ("holder.pdf", 0, ("✓ HỢP LỆ", "✓ VALID"), None,
     ("Các văn bản đã kiểm tra trong tệp này", "holder.pdf", "HỢP LỆ", "quyết-định.pdf", "HỢP LỆ", "Chữ ký số 1/1: SỞ NỘI VỤ", "quyết-định.pdf", "Chữ ký số 1/2"),
     ("Documents in this file that were checked", "quyết-định.pdf", "Signature 1/2")),
    ("scan.signed.pdf", 3, ("– CHƯA KÝ SỐ", "– NOT SIGNED"), [],
     ("Tệp này không có chữ ký số. Văn bản chỉ có hình ảnh chữ ký hoặc con dấu, chưa được ký số.", "Thông tin về tệp",
      "Gợi ý, có thể là: bản quét", "Gợi ý, có thể là: văn bản chỉ có hình ảnh con dấu, trang 2", "IMAGE_ONLY", "Cần làm:"),
     ("About the file", "Hint, it may be: a document with the picture of a seal only, page 2")),
    ("locked.pdf", 2, ("? CHƯA KHẲNG ĐỊNH ĐƯỢC", "? NOT PROVEN"), [],
     ("Chưa kiểm tra được tệp này.", "được đặt mật khẩu hoặc mã hóa", "Gửi lại tệp không đặt mật khẩu"), ("FILE_UNREADABLE",)),
    ("mail.eml", 0, ("✓ HỢP LỆ", "✓ VALID"), None,
     ("Trong đó có 1 tệp văn bản không có chữ ký số.", "Các văn bản đã kiểm tra trong tệp này", "quyết-định.pdf", "HỢP LỆ", "quyết-định.pdf", "Chữ ký số 1/2: Nguyễn Văn An", "phụ-lục.pdf", "pdf"),
     ("Documents in it that hold no signature: 1.", "Signature 1/2: Nguyễn Văn An")),
)


def in_order(text, sentences):
    """The first sentence that does not follow the one before it; None: all do."""
    text, at = re.sub(r"\s+", " ", text), 0
    for sentence in sentences:
        at = text.find(sentence, at)
        if at < 0:
            return sentence
        at += len(sentence)
    return None


def check_pages(desk):
    for name, status, marks, revisions, vietnamese, english in PAGES:
        page = desk.page(name, status=status)
        for language, mark, sentences in (("vi", marks[0], vietnamese), ("en", marks[1], english)):
            half = page.halves[language]
            missing = in_order(half, (mark,) + sentences)
            expect(f"{name}: sentence", missing is None, missing)
            if revisions is not None:
                expect(f"{name}: revisions", page.items[language] == revisions, page.items[language])
            signatures = half.count("Bảy thông tin" if language == "vi" else "The seven facts")
            expect(f"{name}: facts in order", in_order(half, FACTS[language] * signatures) is None)
        expect(f"{name}: legal value is not claimed", "giá trị pháp lý" not in page.halves["vi"])


def check_hostile(desk):
    evil = next(name for name in os.listdir(desk.folder) if name.startswith("<script>"))
    for name, status in (("evil.pdf", 0), (evil, 3), ("mail.eml", 0)):
        page = desk.page(name, status=status)
        expect(f"{name}: shown as text", "<script>alert(1)" in page.halves["vi"] and "<script>alert(1)" in page.halves["en"])
    done = desk.run("--html", "names.eml")
    page = read("names.eml", done.stdout)
    expect("many parts: the page is small", len(done.stdout) < 100000, len(done.stdout))
    expect("too long a name is told", done.returncode == 2 and "TOO_LARGE" in page.halves["vi"], done.returncode)
    expect("many parts: counted", re.search(r"Còn \d+ phần khác không nêu tại đây\.", page.halves["vi"]))
    page = desk.page("long.eml", status=0)
    expect("long name: cut", "A" * 100 in page.halves["vi"] and "A" * 300 not in page.halves["vi"])


def check_several(desk):
    files = [row[0] for row in PAGES]
    page = desk.page(*files, status=1)
    lists = [link for link in page.links if link.startswith("#vi-")]
    expect("several: each is listed", lists == [f"#vi-{i + 1}" for i in range(len(files))], lists)
    headings = [text for level, text in page.headings["vi"] if level == 2]
    expect("several: each has a section", headings == files, headings)


def check_options(desk):
    path = os.path.join(desk.folder, "out.html")
    with open(path, "wb") as file:
        file.write(b"x" * 1000000)
    done = desk.run("--html=out.html", "good.pdf")
    with open(path, "rb") as file:
        page = file.read()
    expect("into a file", done.returncode == 0 and done.stdout == b"" and page.endswith(b"</html>\n"), done)
    done = desk.run("--html=-", "good.pdf")
    expect("to standard output", done.returncode == 0 and done.stdout.endswith(b"</html>\n") and not os.path.exists(desk.folder + "/-"), done)
    read("out.html", page)
    check_colours(page.decode("utf-8"))
    with open(os.path.join(desk.folder, "good.pdf"), "rb") as file:
        before = file.read()
    os.link(os.path.join(desk.folder, "good.pdf"), os.path.join(desk.folder, "same.pdf"))
    for arguments, status, text in (
            (("--html", "--json", "good.pdf"), 64, "--html and --json exclude each other"),
            (("--html=good.pdf", "good.pdf"), 64, "would overwrite a file that is to be checked"),
            (("--html=same.pdf", "note.pdf", "good.pdf"), 64, "would overwrite a file that is to be checked"),
            (("--html", "page.html", "good.pdf"), 64, "to write the page into a file: --html=page.html"),
            (("--html=/nowhere/x.html", "good.pdf"), 73, "--html=/nowhere/x.html: cannot write: "),
            (("--html", "nope.pdf"), 66, "nope.pdf: cannot read: ")):
        done = desk.run(*arguments)
        expect(f"{arguments}", done.returncode == status and text in done.stderr.decode() and done.stdout == b"", done)
    with open(os.path.join(desk.folder, "good.pdf"), "rb") as file:
        expect("the checked file is as it was", file.read() == before)


def check_time(desk):
    """Whoever asks for another time than now does not get a page that was made then."""
    for arguments, sentence in ((("--html",), "Kiểm tra lúc"), (("--html", "--at", "2026-01-01T00:00:00Z"), "Xét như tại thời điểm")):
        page = read(str(arguments), desk.run(*arguments, "unsigned.pdf").stdout)
        other = "Xét như" if sentence[0] == "K" else "Kiểm tra lúc"
        expect("time", sentence in page.halves["vi"] and other not in page.halves["vi"], arguments)
        expect("time at", len(arguments) == 1 or "2026-01-01T07:00:00+07:00" in page.halves["vi"])


def check_beside(desk):
    """What the page tells is what --json has; a policy's decision stands on it."""
    line = json.loads(desk.run("--json", "changed.pdf").stdout)
    document = line["documents"][0]
    expect("revisions in JSON", [r["number"] for r in document["revisions"]] == [1, 2, 3, 4], document["revisions"])
    expect("changes in JSON", {"page-replaced", "signature-added"} <= {c["kind"] for c in document["changes"]}, document["changes"])
    done = desk.run("--html", "--policy", "policy.yaml", "changed.pdf")
    page = read("policy", done.stdout)
    missing = in_order(page.halves["vi"], ("Xử lý theo chính sách:", "từ chối tiếp nhận (reject)", "doi-noi-dung"))
    good = read("agencies", desk.run("--html", "--policy", "policy.yaml", "good.pdf").stdout)
    absent = in_order(good.halves["vi"], ("Chữ ký số hợp lệ của: cá nhân và cơ quan, tổ chức", "Chữ ký số của: cá nhân, Sở Nội vụ <tỉnh>",
                                          "Chữ ký số của: cơ quan, tổ chức, Sở Nội vụ"))
    expect("table of agencies", absent is None, absent)
    expect("policy", done.returncode == 1 and missing is None, missing, done.stderr.decode())


def main():
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(folder)
        for check in (check_pages, check_hostile, check_several, check_options, check_time, check_beside):
            check(desk)
    print("failed:" if FAILED else "passed", *FAILED)
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
