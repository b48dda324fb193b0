#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# vanthu register and vanthu report as an administrator uses them: over a register of mails of all
# fates, then over one that was altered, cut, or is not there.
"""vanthu register, vanthu report."""

import csv
import html.parser
import io
import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BUILD = os.environ.get("VANTHU_BUILD", ROOT + "/build")
MAILS = 24
# Two records for each mail but the last of the numbered ones, then an exception, a clerk's refusal
# and an event.
RECORDS = 2 * (MAILS + 2) - 1 + 3
FIRST, REVOKED, LAST, PLAYFUL, SECRET = 0, 1, MAILS - 1, MAILS, MAILS + 1


class Site:
    """A configuration with its register."""

    def __init__(self, folder, name="register"):
        self.folder = folder
        self.directory = f"{folder}/{name}"
        self.file = self.directory + "/register.sqlite"
        self.config = f"{folder}/{name}.yaml"
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(f"register:\n  directory: {name}\n")

    def make(self):
        done = subprocess.run([BUILD + "/tests/command/make_register", self.directory, str(MAILS)],
                              capture_output=True, text=True, check=True)
        return done.stdout.split()

    def copy(self, name):
        other = Site(self.folder, name)
        shutil.rmtree(other.directory, ignore_errors=True)
        shutil.copytree(self.directory, other.directory)
        return other

    def run(self, *arguments, language="C", expect=0):
        words = list(arguments)
        at = 2 if words[0] == "register" else 1
        words[at:at] = ["--config", self.config]
        environment = {**os.environ, "LC_ALL": language}
        done = subprocess.run([BUILD + "/vanthu", *words], capture_output=True, env=environment, check=False)
        assert done.returncode == expect, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout.decode(), done.stderr.decode()

    def json(self, *arguments, expect=0):
        out, _ = self.run(*arguments, "--json", expect=expect)
        return [json.loads(line) for line in out.splitlines()]


def is_in(text, *pieces):
    for piece in pieces:
        assert piece in text, f"no {piece!r} in\n{text}"


def lists(site, references):
    rows = site.json("register", "list", "--limit", "0")
    assert len(rows) == MAILS + 2 + 3
    assert [row["seq"] for row in rows] == sorted((row["seq"] for row in rows), reverse=True)
    mails = [row for row in rows if row["kind"] == "decided"]
    assert [row["reference"] for row in mails] == references[::-1]
    assert rows[0]["kind"] == "event" and rows[0]["reference"] is None
    assert rows[0]["body"]["what"] == "policy-loaded"
    out, err = site.run("register", "list", "--limit", "4")
    assert len(out.splitlines()) == 4
    is_in(out, "OVERRULED", "RETURNED", "INCOMPLETE", "marked secret")
    is_in(err, "the newest 4 are shown")
    out, _ = site.run("register", "list", "--limit", "0", language="vi_VN.UTF-8")
    is_in(out, "TỪ CHỐI", "KÈM LƯU Ý", "HẸN GỬI LẠI", "đã chuyển", "HỦY KẾT QUẢ", "VĂN THƯ TRẢ LẠI",
          "09:00 20/12/2025  " + references[FIRST])
    # A day is one of Vietnam: mails of 09:00 to 23:00, and what followed on the first.
    rows = site.json("register", "list", "--from", "2025-12-20", "--until", "2025-12-20")
    assert len([row for row in rows if row["kind"] == "decided"]) == 15, rows
    assert not site.json("register", "list", "--until", "2025-12-19", expect=1)
    rows = site.json("register", "list", "--from", "2025-12-20T10:00:00+07:00", "--until",
                     "2025-12-20T11:00:00+07:00")
    assert [row["reference"] for row in rows] == [references[REVOKED]]


def searches(site, references):
    def found(*arguments, expect=0):
        return [row["reference"] for row in site.json("register", "search", *arguments, expect=expect)]

    mail = site.json("register", "show", references[REVOKED])[0]["body"]["evidence"]
    document = mail["documents"][0]
    signer = document["signatures"][0]["signer"]["sha256"]
    grouped = " ".join(signer[i:i + 4] for i in range(0, 64, 4)).upper()
    assert found("--document", document["sha256"]) == [references[REVOKED]]
    assert references[REVOKED] in found("--certificate", grouped)
    assert references[REVOKED] in found("--sender", mail["mail"]["sender"].upper())
    assert references[REVOKED] in found("--domain", mail["mail"]["sender"].split("@")[1].split(".", 1)[1])
    assert references[REVOKED] in found("--recipient", mail["mail"]["recipients"][0])
    site_of = site.json("register", "show", references[REVOKED])[0]["body"]["decision"]["site"]
    for agency in (site_of["sender_agency"], *site_of["recipient_agencies"]):
        assert agency is None or references[REVOKED] in found("--agency", agency), site_of
    assert not found("--agency", "nobody", expect=1)
    revoked = found("--reason", "CERT_REVOKED")
    assert revoked == [references[i] for i in (17, 9, 1)] and revoked == found("--reason", "cert-revoked")
    assert found("--reason", "CERT_REVOKED", "--sender", mail["mail"]["sender"]) == [references[REVOKED]]
    assert not found("--sender", "nobody@example.org", expect=1)
    _, err = site.run("register", "search", "--reason", "CERT_REVOKE", expect=64)
    is_in(err, "did you mean CERT_REVOKED?")
    _, err = site.run("register", "search", "--document", "1234", expect=64)
    is_in(err, "64 hexadecimal digits")
    site.run("register", "search", expect=64)
    site.run("register", "list", "--from", "yesterday", expect=64)
    site.run("register", "list", "--limit", "many", expect=64)
    site.run("register", "list", "extra", expect=64)


def shows(site, references):
    out, _ = site.run("register", "show", references[FIRST], language="vi_VN.UTF-8")
    is_in(out, f"Thư {references[FIRST]}", "Tiêu đề                 \"V/v quy hoạch 0\"", "thư đi",
          "Tổ chức cấp chứng thư   CA phục vụ các cơ quan Nhà nước G2", "Người ký ", "Toàn vẹn                ĐÃ BỊ THAY ĐỔI",
          "Kết luận                TOTAL-FAILED / HASH_FAILURE", "Quyết định (bản ghi 1, 09:00 20/12/2025)",
          "Kết quả                 TỪ CHỐI 550 5.7.7", "Quy tắc                 \"changed-after-signing\" (chính sách bản a91f03c2",
          "Lý do                   CONTENT_CHANGED: Nội dung văn bản", "Trả lời máy chủ thư (bản ghi 2,", "| Tu choi tiep nhan",
          "HỦY KẾT QUẢ (bản ghi", "đã đối chiếu bản giấy", "Ngoại lệ đến            11:00 21/12/2025",
          "VĂN THƯ TRẢ LẠI", "INCOMPLETE: ", "thiếu trang 2")
    order = [out.index(word) for word in ("Thư ", "Quyết định (", "Trả lời máy chủ thư (", "HỦY KẾT QUẢ (", "VĂN THƯ TRẢ LẠI (")]
    assert order == sorted(order), out
    out, _ = site.run("register", "show", references[REVOKED].replace("-", ""))
    is_in(out, f"Mail {references[REVOKED]}", "To                      2 mailboxes: ", "internal",
          "TOTAL-FAILED / REVOKED (NOT VALID)", "Result                  REFUSED 550 5.7.7",
          "Reason                  CERT_REVOKED: ", "Answer to the MTA (record 4")
    out, _ = site.run("register", "show", references[LAST])
    is_in(out, "No answer to the MTA is recorded")
    out, _ = site.run("register", "show", references[SECRET])
    is_in(out, "marked secret: nothing else is kept")
    assert "kế hoạch" not in out and "Subject" not in out
    # Nothing of a mail plays with the terminal.
    out, _ = site.run("register", "show", references[PLAYFUL])
    is_in(out, "\"x?gnp.fdp?\"", "?[2J?@mx")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u200b]", out)
    out, _ = site.run("register", "show", references[PLAYFUL], "--json")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u200b]", out)
    assert json.loads(out.splitlines()[0])["body"]["evidence"]["mail"]["subject"] == "x\u202egnp.fdp\u200b"
    rows = site.json("register", "show", references[FIRST])
    assert [row["kind"] for row in rows] == ["decided", "answered", "overruled", "refused"]
    assert all(row["reference"] == references[FIRST] for row in rows)


def references_are_checked(site, references):
    wrong = references[REVOKED][:-1] + str((int(references[REVOKED][-1]) + 1) % 10)
    _, err = site.run("register", "show", wrong, expect=65)
    is_in(err, "the last digit, which checks the others, does not fit", f"did you mean {references[REVOKED]}?")
    digits = references[17]
    swapped = digits[:12] + digits[13] + digits[12]
    assert swapped != digits
    _, err = site.run("register", "show", swapped, language="vi", expect=65)
    is_in(err, "chữ số kiểm tra (cuối cùng) không khớp", f"có phải là {digits}?")
    for text in ("1831", "abc", "1831-0927-55690", "\033[2J"):
        _, err = site.run("register", "show", text, expect=65)
        is_in(err, "is not a reference: it has twelve digits")
        assert "\033" not in err
    _, err = site.run("register", "show", "1831-0927-5569", expect=1)
    is_in(err, "no mail of this register has the reference 1831-0927-5569")
    site.run("register", "show", expect=64)


def verifies(site, references):
    out, _ = site.run("register", "verify")
    is_in(out, f"Whole: {RECORDS} records", "No head kept elsewhere was given")
    head = site.folder + "/head.json"
    out, _ = site.run("register", "head", "--export", head)
    is_in(out, f"up to record {RECORDS}", "Keep it on another machine")
    kept = json.load(open(head, encoding="utf-8"))
    assert kept["record"] == RECORDS and re.fullmatch("[0-9a-f]{64}", kept["chain"])
    _, err = site.run("register", "head", "--export", head, expect=73)
    is_in(err, "is there already")
    assert site.json("register", "head")[0]["chain"] == kept["chain"]
    out, _ = site.run("register", "verify", "--head", head)
    is_in(out, f"Proven up to record {RECORDS}")
    out, err = site.run("register", "verify", "--chain-only", "--head", head)
    is_in(out, f"Proven up to record {RECORDS}")
    assert err == ""  # no progress but on a terminal
    verdict = site.json("register", "verify", "--head", head)[0]
    assert verdict["whole"] and verdict["proven"] == RECORDS and verdict["head"]["chain"] == kept["chain"]
    bad = site.folder + "/bad.json"
    for text in ("", "{}", '{"v":1,"record":-1,"chain":"' + "0" * 64 + '","time":"2026-01-01T00:00:00Z"}', "x" * 5000):
        with open(bad, "w", encoding="utf-8") as out_file:
            out_file.write(text)
        site.run("register", "verify", "--head", bad, expect=65)
    site.run("register", "verify", "--head", site.folder + "/none.json", expect=66)
    cut_tail(site, head)
    altered_bytes(site, references)


def cut_tail(site, head):
    """The last records are gone, and everything that was derived from them."""
    other = site.copy("cut")
    database = sqlite3.connect(other.file)
    database.execute("PRAGMA foreign_keys = OFF")
    for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        database.execute(f"DROP TRIGGER {name}")
    for table in ("exception", "followup", "record"):
        database.execute(f"DELETE FROM {table} WHERE seq > ?", (RECORDS - 3,))
    database.commit()
    database.close()
    alone = other.json("register", "verify")
    assert alone[0]["whole"] and alone[0]["records"] == RECORDS - 3
    verdict = other.json("register", "verify", "--head", head, expect=1)[0]
    assert verdict["fault"] == "cut" and verdict["record"] == RECORDS - 2, verdict
    out, _ = other.run("register", "verify", "--head", head, language="vi", expect=1)
    is_in(out, f"LỖI tại bản ghi {RECORDS - 2}: cut, các bản ghi từ đây trở đi đã bị cắt bỏ")


def altered_bytes(site, references):
    """One byte in the middle of a subject, in the file."""
    content = open(site.file, "rb").read()
    for number in (3, 11):
        needle = f'"V/v quy hoạch {number}"'.encode()
        at = content.index(needle) + 5
        other = site.copy("altered")
        with open(other.file, "r+b") as out:
            out.seek(at)
            out.write(bytes([content[at] ^ 1]))
        verdict = other.json("register", "verify", expect=1)[0]
        assert verdict["fault"] == "altered" and verdict["record"] == 2 * number + 1, verdict
        assert verdict["reference"] == references[number], verdict
        out, _ = other.run("register", "verify", expect=1)
        is_in(out, f"FAULT at record {2 * number + 1} ({references[number]}): altered")
    # A body that is JSON no longer: the others are shown all the same.
    at = content.index('"V/v quy hoạch 11"'.encode())
    other = site.copy("altered")
    with open(other.file, "r+b") as out:
        out.seek(at)
        out.write(b"\x1b")
    out, _ = other.run("register", "list", "--limit", "0")
    assert len(out.splitlines()) == MAILS + 5 and "\033" not in out
    is_in(out, "DAMAGED RECORD 23")
    rows = other.json("register", "list", "--limit", "0")
    assert [row["seq"] for row in rows if row["body"] is None] == [23]


def backs_up(site, references):
    other = Site(site.folder, "restored")
    os.mkdir(other.directory, 0o700)
    out, _ = site.run("register", "backup", other.file)
    is_in(out, "mode 0600")
    assert stat.S_IMODE(os.stat(other.file).st_mode) == 0o600
    site.run("register", "backup", other.file, expect=71)
    site.run("register", "backup", expect=64)
    assert other.json("register", "verify")[0] | {"head": 0} == site.json("register", "verify")[0] | {"head": 0}
    other.run("register", "show", references[FIRST])


class Page(html.parser.HTMLParser):
    """Every element is closed, nothing runs and nothing is fetched."""

    VOID = {"meta", "link", "br", "hr", "img", "input", "col", "area", "base", "wbr"}

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.seen, self.text = [], set(), []

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        for name, value in attrs:
            assert not name.startswith("on"), (tag, name)
            assert name not in ("src", "href", "xlink:href", "action", "data"), (tag, name, value)
            assert name in ("xmlns",) or "://" not in (value or ""), (tag, name, value)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data):
        self.text.append(data)


CAVEAT = "Số liệu chỉ phản ánh văn bản gửi, nhận qua hệ thống thư điện tử"


def reports(site):
    out, _ = site.run("report", "--period", "2026H1", "--format", "json")
    report = json.loads(out)
    is_in(json.dumps(report, ensure_ascii=False), CAVEAT)
    out, _ = site.run("report", "--period", "2026H1")
    is_in(out, "BÁO CÁO KIỂM TRA CHỮ KÝ SỐ", "kỳ 2026H1 (15/12/2025 – 14/06/2026)", CAVEAT, "đơn vị tự điền",
          "CONTENT_CHANGED", "Từ chối đã hủy")
    totals = {line.split()[0]: line.split()[-1] for line in out.splitlines() if re.match("  [a-z_]+ .* [0-9]+$", line)}
    # By their fates: 24 mails in turn, three of them deferred; the last has no answer; the playful one.
    assert totals["mails"] == str(MAILS - 3 - 1 + 1), totals
    assert (totals["refused"], totals["overruled"], totals["deferred"]) == ("5", "1", "3"), totals
    assert (totals["secret"], totals["unanswered"], totals["clerk_refused"]) == ("1", "1", "1"), totals
    for separator in (",", ";", "\t"):
        words = ["report", "--period", "2026H1", "--format", "csv"]
        out, _ = site.run(*words, *(["--separator", separator] if separator != "," else []))
        assert out.startswith("\ufeff")
        rows = list(csv.reader(io.StringIO(out[1:]), delimiter=separator))
        assert any(row and row[0] == "mails" and row[-1] == totals["mails"] for row in rows), rows[:12]
        assert any(len(row) > 10 for row in rows)
        assert not [cell for row in rows for cell in row if cell[:1] in "=+@" and cell]
        empty = [row for row in rows if row and row[0] == "issued"]
        assert empty and empty[0][-1] == "", empty
    page_of(site)
    other_periods(site)


def page_of(site):
    file = site.folder + "/report.html"
    out, _ = site.run("report", "--period", "2026H1", "--format", "html", "--output", file)
    assert out == ""
    text = open(file, encoding="utf-8").read()
    page = Page()
    page.feed(text)
    page.close()
    assert not page.open and not page.seen & {"script", "iframe", "object", "embed", "link", "img"}, page.open
    assert {"svg", "table", "style"} <= page.seen
    assert not re.search(r"url\(|@import", text)
    is_in(" ".join(page.text), CAVEAT, "đơn vị tự điền", "CONTENT_CHANGED")
    assert not [name for name in os.listdir(site.folder) if name.startswith("report.html.")]
    site.run("report", "--output", site.folder + "/none/report.txt", expect=71)


def other_periods(site):
    for period, mails in (("2026", 21), ("2026Q1", 21), ("2026-01", 21), ("2026H2", 0)):
        out, _ = site.run("report", "--period", period)
        assert re.search(rf"^  mails .* {mails}$", out, re.M), (period, mails, out[:1500])
    # By the calendar the mails of December belong to the year before.
    out, _ = site.run("report", "--period", "2026H1", "--calendar")
    assert re.search(r"^  mails .* 0$", out, re.M)
    out, _ = site.run("report", "--period", "2025-12", "--calendar")
    assert re.search(r"^  mails .* 21$", out, re.M)
    out, _ = site.run("report")
    assert re.match(r"BÁO CÁO .* kỳ 20\d\dH[12] ", out), out[:200]
    _, err = site.run("report", "--period", "2026H3", expect=64)
    is_in(err, "2026H1")
    site.run("report", "--format", "pdf", expect=64)
    site.run("report", "--format", "csv", "--separator", "x", expect=64)
    site.run("report", "--separator", ";", expect=64)
    site.run("report", "2026H1", expect=64)


def refusals(site, references):
    """Five refused, one of them overruled and returned by a clerk; each stands there once."""
    out, _ = site.run("report", "--refusals", "--period", "2026H1")
    is_in(out, "DANH SÁCH THƯ BỊ TỪ CHỐI TIẾP NHẬN — kỳ 2026H1", "6 thư", CAVEAT,
          references[FIRST] + "  09:00 20/12/2025  Từ chối, đã hủy  CONTENT_CHANGED", "root: đã đối chiếu bản giấy",
          "văn thư trả lại 11:01 20/12/2025, vanthu: thiếu trang 2", references[REVOKED])
    assert references[SECRET] not in out and references[PLAYFUL] not in out
    out, _ = site.run("report", "--refusals", "--since", "2025-12-20", "--format", "json")
    rows = json.loads(out)["sections"]["refusals"]["rows"]
    assert [row["outcome"] for row in rows] == ["overruled"] + 5 * ["refused"], rows
    assert rows[0]["reference"] == references[FIRST] and rows[0]["documents"].startswith("0-QĐ-UBND.signed.pdf")
    found = site.json("register", "search", "--reason", "CERT_REVOKED")
    assert sorted(row["reference"] for row in rows if row["reason"] == "CERT_REVOKED") == sorted(
        row["reference"] for row in found)
    out, _ = site.run("report", "--refusals", "--period", "2026H1", "--format", "csv", "--separator", ";")
    table = list(csv.reader(io.StringIO(out[1:]), delimiter=";"))
    assert out.startswith("\ufeff") and sum(row[:1] == [references[REVOKED]] for row in table) == 1, table
    out, _ = site.run("report", "--refusals", "--period", "2026H1", "--format", "html")
    page = Page()
    page.feed(out)
    page.close()
    assert not page.open and "svg" not in page.seen
    # Whom the mails were sent to: an agency of the table, a domain.
    mail = site.json("register", "show", references[REVOKED])[0]["body"]
    agencies = mail["decision"]["site"]["recipient_agencies"]
    for agency in [*agencies, "ninhbinh.gov.vn"]:
        out, _ = site.run("report", "--refusals", "--period", "2026H1", "--agency", agency)
        is_in(out, f"Nơi nhận: {agency}", references[REVOKED])
    assert agencies, mail
    for agency in ("xa9999", "inhbinh.gov.vn"):
        out, _ = site.run("report", "--refusals", "--period", "2026H1", "--agency", agency)
        is_in(out, "(không có / none)")
    for words in (["--agency", "x"], ["--since", "2026-01-01"], ["--refusals", "--since", "yesterday"],
                  ["--refusals", "--since", "2026-01-01", "--period", "2026H1"]):
        site.run("report", *words, expect=64)


def names_the_office(site):
    """office-name, regulation, profile."""
    kept = open(site.config, encoding="utf-8").read()
    with open(site.config, "a", encoding="utf-8") as out:
        out.write("office-name: Sở Khoa học và Công nghệ\nregulation: Quy chế A\nprofile: ninh-binh\n")
    out, _ = site.run("report", "--period", "2026H1")
    is_in(out, "Sở Khoa học và Công nghệ\n", "Mẫu số 04", "theo Điều 10 Quy chế A.")
    with open(site.config, "w", encoding="utf-8") as out:
        out.write(kept)
    out, _ = site.run("report", "--period", "2026H1")
    assert "Điều" not in out and "Quy chế" not in out
    is_in(out, "Mẫu số 04")


def is_not_there(site):
    _, err = site.run("register", "list", expect=66)
    is_in(err, "there is no", "register.directory")
    site.run("report", expect=66)
    os.mkdir(site.directory, 0o755)
    _, err = site.run("register", "list", expect=78)
    is_in(err, "mode 0700")
    os.chmod(site.directory, 0o700)
    with open(os.open(site.file, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as out:
        out.write(b"no register " * 1000)
    site.run("register", "verify", expect=65)
    done = subprocess.run([BUILD + "/vanthu", "register", "lst"], capture_output=True, check=False)
    assert done.returncode == 64 and b"usage: vanthu register" in done.stderr


def main():
    if not os.path.exists(BUILD + "/tests/command/make_register"):
        print("make_register is not built")
        return 77
    with tempfile.TemporaryDirectory(prefix="vanthu-register-") as folder:
        site = Site(folder)
        references = site.make()
        before = open(site.file, "rb").read()
        lists(site, references)
        searches(site, references)
        shows(site, references)
        references_are_checked(site, references)
        verifies(site, references)
        backs_up(site, references)
        reports(site)
        refusals(site, references)
        names_the_office(site)
        is_not_there(Site(folder, "none"))
        # Whoever looks changes nothing.
        assert open(site.file, "rb").read() == before
    print("vanthu register, vanthu report: ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
