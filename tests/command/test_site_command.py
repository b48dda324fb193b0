#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""vanthu site over a real register: what is suggested can be filled in and imported, as spreadsheets of
several countries save it; mistakes are told at their lines and change nothing; the table that comes
out is the one that the policy reads."""
import codecs
import csv
import io
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("VANTHU_BUILD", ROOT + "/build")
MAILS = 60
TITLES = ["Vân tay SHA-256", "Loại", "Mã cơ quan", "Tên cơ quan", "Miền thư", "Đã xác nhận", "Ghi chú"]
RULES = "rules:\n  - name: all\n    when: {}\n    then: note\n"


class Site:
    def __init__(self, folder):
        self.folder = folder
        self.table = folder + "/agencies.yaml"
        self.write("vanthu.yaml", "policy: policy.yaml\nregister:\n  directory: register\n")
        self.write("policy.yaml", "agencies: agencies.yaml\n" + RULES)
        subprocess.run([BUILD + "/tests/command/make_register", folder + "/register", str(MAILS)],
                       capture_output=True, check=True)

    def write(self, name, text, encoding="utf-8"):
        with open(f"{self.folder}/{name}", "w", encoding=encoding, newline="") as out:
            out.write(text)
        return f"{self.folder}/{name}"

    def read(self, path):
        with open(path, encoding="utf-8") as file:
            return file.read()

    def run(self, *words, language="vi_VN.UTF-8", expect=0):
        done = subprocess.run([BUILD + "/vanthu", "site", words[0], "--config", self.folder + "/vanthu.yaml",
                               *words[1:]], capture_output=True, env={**os.environ, "LC_ALL": language},
                              check=False)
        assert done.returncode == expect, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout.decode(), done.stderr.decode()

    def check_policy(self):
        return subprocess.run([BUILD + "/vanthu", "policy", "check", self.folder + "/policy.yaml"],
                              capture_output=True, check=False).returncode


def is_in(text, *pieces):
    for piece in pieces:
        assert piece in text, f"no {piece!r} in\n{text}"


def rows_of(path):
    raw = open(path, "rb").read()
    assert raw.startswith(codecs.BOM_UTF8) and raw.count(b"\r\n") > 1
    return list(csv.DictReader(io.StringIO(raw[3:].decode())))


def suggests(site):
    out, _ = site.run("suggest", "--out", site.folder + "/met.csv")
    is_in(out, "chứng thư. Điền cột", "vanthu site import")
    rows = rows_of(site.folder + "/met.csv")
    assert len(rows) > 20
    kinds = {row["Tên trên chứng thư"].split()[0]: (row["Loại"], row["Căn cứ gợi ý"]) for row in rows}
    assert kinds["SỞ"][0] == "cơ quan" and "tên cơ quan" in kinds["SỞ"][1], kinds
    assert kinds["Nguyễn"][0] == "cá nhân", kinds
    for row in rows:
        assert row["Bộ tin cậy"] or not row["Loại"], f"nobody vouches for its name: {row}"
    counts = [int(row["Số chữ ký"]) for row in rows]
    assert counts == sorted(counts, reverse=True) and sum(counts) > MAILS / 2
    assert all(len(row["Vân tay SHA-256"]) == 95 for row in rows)
    # What is there is not written over, and a day in the future has met nobody.
    _, err = site.run("suggest", "--out", site.folder + "/met.csv", expect=71)
    is_in(err, "met.csv")
    out, _ = site.run("suggest", "--since", "2030-01-01", "--json")
    assert out == ""
    _, err = site.run("suggest", "--since", "tomorrow", expect=64)
    is_in(err, "--since")
    out, _ = site.run("suggest", "--json", language="en_US.UTF-8")
    lines = [json.loads(line) for line in out.splitlines()]
    assert len(lines) == len(rows) and {line["guess_kind"] for line in lines} >= {"agency", "person"}
    return rows


def as_csv(rows, separator=",", titles=None):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    writer.writerow(titles or TITLES)
    writer.writerows(rows)
    return out.getvalue()


def imports(site, met):
    seal = next(row for row in met if row["Loại"] == "cơ quan")["Vân tay SHA-256"]
    person = next(row for row in met if row["Loại"] == "cá nhân")["Vân tay SHA-256"]
    third = [row["Vân tay SHA-256"] for row in met if row["Vân tay SHA-256"] not in (seal, person)][0]
    first = [[seal, "Cơ quan", "soxd", "Sở Xây dựng; \"tỉnh\"", "soxd.gov.vn =xd.vn", "có", ""],
             [person, "cá nhân", "soxd", "", "", "", "=1+1"], [third, "", "", "", "", "", ""]]
    # With semicolons, as a spreadsheet of Vietnam saves it.
    path = site.write("a.csv", "\ufeff" + as_csv(first, ";"))
    out, _ = site.run("import", "--dry-run", path)
    is_in(out, "+ soxd", "Chưa ghi gì")
    assert not os.path.exists(site.table)
    out, _ = site.run("import", path)
    is_in(out, "1 cơ quan mới", "2 thêm", "1 dòng chưa điền", "vanthu reload")
    is_in(site.read(site.table), 'name: "Sở Xây dựng; \\"tỉnh\\""', "domains: [soxd.gov.vn, \"=xd.vn\"]",
          "confirmed: true", 'note: "=1+1"', seal.replace(":", "").lower())
    assert site.check_policy() == 0
    # The same again changes nothing; as Unicode text with tabs, and with "sep=" before it.
    before = site.read(site.table)
    path = site.write("b.txt", as_csv(first, "\t"), "utf-16")
    out, _ = site.run("import", path, "--json", language="C")
    outcome = json.loads(out)
    assert outcome["unchanged"] == 2 and outcome["added"] == 0 and outcome["written"], outcome
    assert site.read(site.table) == before == site.read(site.table + ".old")
    # Moved, of another kind, and one more; English titles in another order.
    rows = [["sogd", "Sở Giáo dục", "agency", third], ["sogd", "", "device", person]]
    path = site.write("c.csv", "sep=|\n" + as_csv(rows, "|", ["Agency", "Name of agency", "Kind",
                                                               "SHA-256 fingerprint"]))
    out, _ = site.run("import", path, language="en_US.UTF-8")
    is_in(out, "1 new agencies", "1 added, 1 moved", "> sogd")
    assert site.read(site.table + ".old") == before
    return seal, person, third


def tells_mistakes(site):
    before = site.read(site.table)
    other = "11" * 32
    cases = [
        (as_csv([["xyz", "agency", "soxd", "", "", "", ""]]), ":2: \"xyz\" is no fingerprint"),
        (as_csv([[other, "seal", "soxd", "", "", "", ""]]), ":2: \"seal\" is no kind"),
        (as_csv([[other, "agency", "", "", "", "", ""]]), ":2: a kind without an agency"),
        (as_csv([[other, "agency", "soxe", "", "", "", ""]]), "(did you mean \"soxd\"?)"),
        (as_csv([[other, "agency", "so xd", "", "", "", ""]]), "\"so xd\" is no id"),
        (as_csv([[other, "agency", "soxd", "", "a_b", "", ""]]), "\"a_b\" is no mail domain"),
        (as_csv([[other, "agency", "soxd", "", "", "maybe", ""]]), "\"maybe\" is neither yes nor no"),
        (as_csv([[other, "agency", "soxd", "", "", "", ""], [other.upper(), "person", "soxd", "", "", "", ""]]),
         ":3: this fingerprint stands in line 2 already"),
        (as_csv([], titles=["a", "b"]), "there is no column \"Vân tay SHA-256\""),
        (as_csv([[other, "agency", "sokh", "Sở", "soxd.gov.vn", "", ""]]), "the domain soxd.gov.vn stands"),
        ("\"abc", "line 1: the quotes do not end"),
        ("", "the file is empty"),
    ]
    for text, wanted in cases:
        path = site.write("bad.csv", text)
        _, err = site.run("import", path, expect=65, language="en_US.UTF-8")
        is_in(err, wanted)
        assert site.read(site.table) == before, wanted
    path = site.write("bad.csv", as_csv([[other, "agency", "soxd", "Sở", "", "", ""]]), "utf-16-le")
    _, err = site.run("import", path, expect=65, language="en_US.UTF-8")
    is_in(err, "not UTF-8: save it as")
    site.run("import", site.folder + "/none.csv", expect=66)
    site.run("import", expect=64)
    site.run("suggest", "--bad", expect=64)


def checks_and_shows(site, seal, person):
    out, _ = site.run("check")
    is_in(out, "2 cơ quan, 1 đã xác nhận", "2 của cơ quan")
    out, _ = site.run("check", "--json")
    assert json.loads(out)["certificates"] == {"agency": 2, "person": 0, "device": 1}
    out, _ = site.run("show", "soxd")
    is_in(out, "id: soxd", "confirmed: true")
    out, _ = site.run("show", "vanthu@soxd.gov.vn", "--json")
    assert json.loads(out)["id"] == "soxd"
    out, _ = site.run("show", person)
    is_in(out, "thiết bị", "id: sogd")
    _, err = site.run("show", "none", expect=1)
    is_in(err, "none")
    out, _ = site.run("suggest", "--json")
    known = {json.loads(line)["sha256"] for line in out.splitlines()}
    assert seal.replace(":", "").lower() not in known
    out, _ = site.run("suggest", "--json", "--all")
    lines = {json.loads(line)["sha256"]: json.loads(line) for line in out.splitlines()}
    assert lines[seal.replace(":", "").lower()]["guess_agency"] == "soxd"
    site.write("agencies.yaml", "agencies:\n- id: a\n  nam: A\n")
    _, err = site.run("check", expect=78)
    is_in(err, "agencies.yaml:3:3: unknown key \"nam\": did you mean \"name\"?")
    assert site.check_policy() == 78
    os.unlink(site.table)
    site.run("check", expect=66)


def main():
    if not os.path.exists(BUILD + "/tests/command/make_register"):
        print("make_register is not built")
        return 77
    with tempfile.TemporaryDirectory(prefix="vanthu-site-") as folder:
        site = Site(folder)
        met = suggests(site)
        seal, person, _ = imports(site, met)
        tells_mistakes(site)
        checks_and_shows(site, seal, person)
    print("vanthu site: all as wanted")
    return 0


if __name__ == "__main__":
    sys.exit(main())
