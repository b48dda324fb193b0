#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# vanthu policy explain as an administrator asks it: a mail that was refused since a rule was changed
# yesterday, by its reference; mails marked secret, excepted, overruled; and files.
"""vanthu policy explain."""

import base64
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BUILD = os.environ.get("VANTHU_BUILD", ROOT + "/build")
NOW = "2026-12-03T10:05:00+07:00"
BEFORE = """rules:
  - name: doi-noi-dung
    when: {reason: [CONTENT_CHANGED, BAD_SIGNATURE]}
    then: reject
  - name: thu-hoi
    when: {reason: CERT_REVOKED}
    then: reject
  - name: thu-hoi-sau
    when: {reason: CERT_REVOKED_SINCE}
    then: tag
  - name: thieu-chu-ky
    when: {direction: inbound, sender-class: state, any-of: [{reason: NO_SIGNATURE}, {signer-kind: device}]}
    then: tag
"""
AFTER = BEFORE.replace("{reason: CERT_REVOKED}", "{reason: [CERT_REVOKED, CERT_REVOKED_SINCE]}")
MAIL = """  - name: thư {number}
    given:
      mail:
        sender: vanthu@{sender}.ninhbinh.gov.vn
        subject: V/v quy hoạch
        recipients: [a@ninhbinh.gov.vn, b@ninhbinh.gov.vn, c@ninhbinh.gov.vn]
      document:
        name: 2415-SXD.signed.pdf
        signatures:
          - {{signer: Nguyễn Văn A}}
          - signer: SỞ XÂY DỰNG TỈNH NINH BÌNH
            reason: CERT_REVOKED_SINCE
            signing-time: claimed
            signed-at: 2026-11-05T08:14:00+07:00
            statuses:
              - {{value: revoked, revoked-at: 2026-12-02T17:00:00+07:00, source: crl,
                 origin: "http://ca.gov.vn/pki/pub/crl/cpcag2.crl", this-update: 2026-12-03T06:00:00+07:00}}
    expect: {{action: reject}}
"""
OTHERS = """  - name: nhiều tệp
    given:
      mail: {sender: "", subject: "a\\u202e"}
      documents:
        - {name: a.pdf, signature: {}}
        - {name: b.pdf, signature: {reason: CONTENT_CHANGED}}
        - {name: c.signed.pdf, signature: {reason: CERT_REVOKED_SINCE}}
        - {name: d.jpg}
        - {name: e.jpg}
        - {name: f.jpg}
        - {name: g.jpg}
    expect: {action: tag}
  - name: mật
    given: {reasons: SECRET_MARK, mail: {subject: "[MẬT] x"}}
    expect: {action: accept}
"""

REFUSED = """Thư      từ vanthu@soxd.ninhbinh.gov.vn  "V/v quy hoạch"  10:02 hôm nay  đến 3
         hộp thư
Kết quả  TỪ CHỐI 550 5.7.1  quy tắc "thu-hoi" (policy.yaml:5, bản VERSION, nạp
         16:31 hôm qua bởi root)
Lý do    CERT_REVOKED_SINCE: Chứng thư chữ ký số đã bị thu hồi ngày 02/12/2026;
         văn bản không có dấu thời gian nên chưa khẳng định được văn bản đã được
         ký số trước ngày đó.
Tệp 1/1  2415-SXD.signed.pdf
  chữ ký 1/2  Nguyễn Văn A   toàn vẹn: CÒN NGUYÊN
     ký lúc        09:02 03/12/2026  nguồn: dấu thời gian
     kết luận      TOTAL-PASSED
  chữ ký 2/2  SỞ XÂY DỰNG TỈNH NINH BÌNH   toàn vẹn: CÒN NGUYÊN
     ký lúc        08:14 05/11/2026  nguồn: do người ký khai, không có dấu thời
                   gian
     thu hồi lúc   17:00 02/12/2026  (CRL cpcag2.crl, phát hành 06:00 hôm nay)
     kết luận      INDETERMINATE / REVOKED_NO_POE → CERT_REVOKED_SINCE
Quy tắc đã xét  2415-SXD.signed.pdf
    1 doi-noi-dung  không khớp reason = CERT_REVOKED_SINCE, cần CONTENT_CHANGED
                               | BAD_SIGNATURE
    2 thu-hoi       KHỚP       reason = CERT_REVOKED_SINCE → reject
    3 thu-hoi-sau   chưa xét   (sẽ là: tag)
      1 quy tắc khác chưa xét, cũng không khớp (--all)
Lưu ý:   dòng 5 đã sửa 16:31 hôm qua: when {reason: CERT_REVOKED} → {reason:
         [CERT_REVOKED, CERT_REVOKED_SINCE]}
         7 ngày qua có 14 thư cùng loại, 9 cơ quan, đơn vị gửi
Có thể:  vanthu undo REFERENCE --reason "…" [--all-like-this]     vanthu
         reload --previous
"""


class Site:
    """A register with two loaded policies, and the mails the second decided about."""

    def __init__(self, folder):
        self.folder = folder
        self.write("before.yaml", BEFORE)
        self.write("policy.yaml", AFTER)
        senders = ["soxd", "soxd", "soxd", "soxd", "soxd", "soxd"] + [f"so{number}" for number in range(8)]
        mails = "".join(MAIL.format(number=number, sender=sender) for number, sender in enumerate(senders))
        self.write("cases.yaml", "now: 2026-12-03T10:02:00+07:00\ncases:\n" + mails + OTHERS)
        self.write("vanthu.yaml", "policy: policy.yaml\nregister:\n  directory: register\nour-domains: [ninhbinh.gov.vn]\n")
        done = subprocess.run([BUILD + "/tests/command/make_explained", "register", "before.yaml", "policy.yaml", "cases.yaml"],
                              cwd=folder, capture_output=True, text=True, check=True)
        self.references = done.stdout.split()

    def write(self, name, text):
        with open(f"{self.folder}/{name}", "w", encoding="utf-8") as out:
            out.write(text)

    def run(self, *arguments, language="vi_VN.UTF-8", expect=0):
        done = subprocess.run([BUILD + "/vanthu", "policy", "explain", "--config", "vanthu.yaml", "--at", NOW, *arguments],
                              cwd=self.folder, capture_output=True, text=True,
                              env={**os.environ, "LC_ALL": language}, check=False)
        assert done.returncode == expect, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout, done.stderr

    def json(self, *arguments):
        return json.loads(self.run("--json", *arguments)[0])


def is_in(text, *pieces):
    """Wherever lines are broken."""
    for piece in pieces:
        assert " ".join(piece.split()) in " ".join(text.split()), f"no {piece!r} in\n{text}"


def refused(site):
    """All of what an administrator is asked on the telephone."""
    reference = site.references[0]
    told = site.json(reference)
    out, err = site.run(reference)
    wanted = REFUSED.replace("VERSION", told["policy"]["version"]).replace("REFERENCE", reference)
    assert out == wanted, f"got\n{out}\nwanted\n{wanted}"
    assert err == "" and all(len(line) <= 80 for line in out.splitlines())
    assert told["policy"]["as_then"] and told["policy"]["by"] == "root"
    assert told["policy"]["loaded"] == "2026-12-02T09:31:00Z"
    assert told["then"]["rule"] == told["decision"]["rule"] == "thu-hoi" and told["overruled"] is None
    assert told["alike"] == {"days": 7, "mails": 14, "senders": 9, "is_more": False}
    assert [(c["key"], c["line"]) for c in told["rule_changes"]] == [("when", 5)]
    trace = [(line["rule"], line["matched"], line["tried"], line["would_match"]) for line in told["decision"]["trace"][:4]]
    assert trace == [("doi-noi-dung", False, True, False), ("thu-hoi", True, True, False),
                     ("thu-hoi-sau", False, False, True), ("thieu-chu-ky", False, False, False)]
    last = told["decision"]["trace"][3]["tests"]
    assert [(t["test"], t["holds"], t["depth"]) for t in last] == [
        ("direction", "yes", 0), ("sender-class", "yes", 0), ("any-of", "unknown", 0), ("reason", "no", 1),
        ("signer-kind", "unknown", 1)]
    out, _ = site.run("--all", reference, language="C.UTF-8")
    is_in(out, 'Result   REFUSED 550 5.7.1  rule "thu-hoi" (policy.yaml:5, version ', "loaded 16:31 yesterday by",
          "    3 thu-hoi-sau   not tried  (would be: tag)\n",
          "    4 thieu-chu-ky  not tried  any-of (reason = CERT_REVOKED_SINCE, needs",
          "signer-kind is not known, needs device",
          "Rules tried  the mail itself\n", "in the last 7 days there were 14 mails like this, from 9 senders\n")
    assert all(len(line) <= 80 for line in out.splitlines()), out


def by_other_policies(site):
    """The policy of that time explains, whatever stands in the file now; another one on request."""
    reference = site.references[0]
    site.write("policy.yaml", BEFORE)
    told = site.json(reference)
    assert told["policy"]["as_then"] and told["decision"]["rule"] == "thu-hoi"
    out, _ = site.run("--policy", "before.yaml", reference)
    is_in(out, " 3 thu-hoi-sau   KHỚP       reason = CERT_REVOKED_SINCE → tag\n",
          "theo đó kết quả là: KÈM LƯU Ý\n")
    assert not site.json("--policy", "before.yaml", reference)["policy"]["as_then"]
    site.write("policy.yaml", AFTER)


def other_mails(site):
    """A bounce of many files, whose subject plays with the terminal; a secret one."""
    out, _ = site.run(site.references[14])
    is_in(out, 'Thư      từ <>  "a?"  ', "Kết quả  KÈM LƯU Ý ", "Tệp 2/7  b.pdf\n", "Tệp 3/7  c.signed.pdf\n",
          "và 5 tệp khác, không có nhận xét (--all)\n", "Quy tắc đã xét  b.pdf\n",
          "reason = CONTENT_CHANGED → tag (reject", "hạ xuống vì thư không có người gửi)",
          'Các tệp khác\n  c.signed.pdf: quy tắc "thu-hoi" → tag\n')
    assert "d.jpg" not in out and all(len(line) <= 80 for line in out.splitlines()), out
    is_in(site.run("--all", site.references[14])[0], "d.jpg   không có chữ ký số\n", "Quy tắc đã xét  g.jpg\n")
    secret = site.references[15]
    out, _ = site.run(secret)
    assert out == f"Thư      {secret}  có dấu chỉ độ mật: không có thông tin nào khác\n", out
    assert site.json(secret) == {"reference": secret, "file": None, "secret": True}


def files(site):
    """A mail with an envelope of the command line; one marked secret; a document."""
    mail = ("From: <vanthu@soxd.ninhbinh.gov.vn>\nSubject: {subject}\nMIME-Version: 1.0\nContent-Type: text/xml; "
            "name=\"bao-cao.xml\"\nContent-Disposition: attachment; filename=\"bao-cao.xml\"\n\n<a/>\n")
    site.write("mail.eml", mail.format(subject="Bao cao"))
    site.write("secret.eml", mail.format(subject="=?UTF-8?Q?[M=E1=BA=ACT]_ke_hoach?="))
    arguments = ("--offline", "--sender-class", "state", "--from", "vanthu@soxd.ninhbinh.gov.vn", "--to", "a@ninhbinh.gov.vn")
    out, _ = site.run(*arguments, "mail.eml")
    is_in(out, 'Thư      từ vanthu@soxd.ninhbinh.gov.vn  "Bao cao"  10:05 hôm nay  đến 1 hộp', "Kết quả  KÈM LƯU Ý  quy tắc "
          '"thieu-chu-ky" (policy.yaml:11, bản', "Tệp 1/1  bao-cao.xml   không có chữ ký số\n     nhận xét      NO_SIGNATURE\n",
          "4 thieu-chu-ky  KHỚP       direction = inbound; sender-class = state;")
    assert "vanthu undo" not in out
    # The envelope says where it goes.
    for extra, direction in (((), "inbound"), (("--login", "cv"), "internal"), (("--login", "cv", "--to", "x@y.vn"), "outbound"),
                             (("--client", "127.0.0.1"), "internal"), (("--client", "192.0.2.1"), "inbound"),
                             (("--login", "cv", "--direction", "inbound"), "inbound")):
        told = site.json(*arguments, *extra, "mail.eml")
        assert told["evidence"]["mail"]["direction"] == direction, (extra, told["evidence"]["mail"])
    told = site.json(*arguments, "secret.eml")
    assert told["secret"] is True and set(told) == {"reference", "file", "secret"} and "evidence" not in told
    out, _ = site.run(*arguments, "secret.eml")
    assert "hoach" not in out and "soxd" not in out, out
    is_in(out, "có dấu chỉ độ mật")


def seals(site):
    """What is sealed, with which key, which documents, and what each shows; by policy check, too."""
    pdf = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    part = '--x\nContent-Type: application/pdf; name="{name}"\nContent-Disposition: attachment; filename="{name}"\nContent-Transfer-Encoding: base64\n\n'
    part += base64.encodebytes(pdf).decode()
    site.write("out.eml", "From: <vanthu@soxd.ninhbinh.gov.vn>\nTo: <x@y.vn>\nSubject: Van ban\nMIME-Version: 1.0\n"
               "Content-Type: multipart/mixed; boundary=x\n\n" + "".join(part.format(name=name) for name in ("quyet-dinh.pdf", "phu-luc 1.pdf", "nhap.pdf")) + "--x--\n")
    site.write("seals.yaml", "rules:\n  - name: ra\n    when: {direction: outbound}\n    then: {seal: {mode: required, what: both, documents: {except: nhap*, at-most: 1}, "
               "appearance: [{name: phu-luc*, appearance: chu}, {appearance: dau}]}}\n  - name: khac\n    when: {}\n    then: accept\n")
    arguments = ("--offline", "--policy", "seals.yaml", "--from", "vanthu@soxd.ninhbinh.gov.vn", "--login", "cv", "--to", "x@y.vn", "out.eml")
    out, _ = site.run(*arguments)
    is_in(out, "Ký số    bắt buộc: các tệp PDF và cả thư, khóa duy nhất phù hợp\n         quyet-dinh.pdf: hiển thị dau\n         phu-luc 1.pdf: hiển thị chu\n",
          "nhiều tệp PDF hơn quy tắc cho phép ký (2, tối đa 1)")
    assert "nhap.pdf: hiển" not in out, out
    told = site.json(*arguments)
    assert [(d["name"], d["appearance"]) for d in told["seal_documents"]] == [("quyet-dinh.pdf", "dau"), ("phu-luc 1.pdf", "chu")], told
    out, _ = site.run("--offline", "--policy", "seals.yaml", "--from", "vanthu@soxd.ninhbinh.gov.vn", "--login", "cv", "--to", "x@y.vn", "mail.eml", language="C")
    is_in(out, "Seal     required: its documents and the message, the only key that may\n         no document is chosen\n")
    assert site.json(site.references[0])["seal_documents"] is None
    done = subprocess.run([BUILD + "/vanthu", "policy", "check", "seals.yaml"], cwd=site.folder, capture_output=True, text=True, check=True)
    is_in(done.stdout, 'seals.yaml:4: rule "ra" seals documents and the message, required, the only key that may; every PDF except "nhap*", at most 1; '
          '"phu-luc*" show chu, others show dau\n')


def faults(site):
    for arguments, status, text in (((), 64, "which reference, or which file?"), (("1831-0927-5569",), 1, "no mail"),
                                    (("1831-0927-5564",), 65, "the last digit"), (("nowhere",), 65, "is not a reference"),
                                    (("--bogus",), 64, "--bogus")):
        is_in(site.run(*arguments, language="C", expect=status)[1], text)
    site.write("policy.yaml", "ruls: []\n")
    is_in(site.run("mail.eml", language="C", expect=78)[1], "unknown key")
    site.write("policy.yaml", AFTER)


def main():
    failed = 0
    with tempfile.TemporaryDirectory(prefix="vanthu-explain-") as folder:
        site = Site(folder)
        for case in (refused, by_other_policies, other_mails, files, seals, faults):
            try:
                case(site)
                print(f"ok    {case.__name__}")
            except AssertionError as wrong:
                failed += 1
                print(f"FAIL  {case.__name__}: {wrong}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
