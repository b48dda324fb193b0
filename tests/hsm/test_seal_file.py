#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# vanthu seal FILE with a real service and a network HSM: a PDF, a mail and any other file, verified by
# pdfsig and openssl; what is refused, and what the register says of who asked.
"""Files sealed by an administrator's command."""

import contextlib
import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]

import hsm
import pdf_cases
import site_test
from site_lab import BUILD, wait_for
from site_test import days_ago, equal
from test_seal_documents import is_red, looks_good, text_of
from test_seal_mail import SealSite, make_mail

import pdfbuild

APPEARANCES = """\
  appearances:
    con-dau: {show: image, picture: %(folder)s/con-dau.png, place: [signature, anchor], anchor: "GIÁM ĐỐC", left-mm: -40, may-be-invisible: true}
    phu-luc: {show: text, text: annex, number: [subject, file-name]}
    sao-y: {show: text, text: copy, kind: SAO Y}
"""


class FileSite(SealSite):
    """The key in an HSM, the roles and the responders; no mail server."""

    def start(self):
        self.hsm, self.with_mta = hsm.Hsm(self.folder + "/hsm"), False
        site_test.Site.start(self)
        self.work = self.folder + "/work"
        os.makedirs(self.work)

    def prepare(self):
        super().prepare()
        self.extra = re.sub(r"purposes: \[[^]]*\]", "purposes: [message, document]", self.extra)
        pdf_cases.write_png(self.folder + "/con-dau.png")
        os.chmod(self.folder + "/con-dau.png", 0o600)
        self.extra += APPEARANCES % {"folder": self.folder}

    def stop(self):
        site_test.Site.stop(self)
        self.hsm.stop()

    def seal(self, *words, language="C", sudo=None):
        environment = dict(os.environ, LC_ALL=language)
        if sudo:
            environment.update(SUDO_UID=str(sudo), SUDO_USER="vanthu-snv")
        return subprocess.run([BUILD + "/vanthu", "seal", *words, "--config", self.folder + "/vanthu.yaml"],
                              capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL)

    def write(self, name, data):
        with open(f"{self.work}/{name}", "wb") as out:
            out.write(data)
        return f"{self.work}/{name}"

    def used(self):
        with contextlib.closing(sqlite3.connect(f"file:{self.folder}/register/register.sqlite?mode=ro", uri=True)) as register:
            rows = register.execute("SELECT body FROM record WHERE body IS NOT NULL ORDER BY seq").fetchall()
        return [r for r in (json.loads(body) for (body,) in rows if body[:1] in ("{", b"{")) if r.get("what") == "seal-used" and "purpose=probe" not in r["text"]]


def read(path):
    with open(path, "rb") as file:
        return file.read()


def a_pdf(site):
    """A PDF with a signature of another: both are valid afterwards, by pdfsig too; its bytes are untouched; the register says
    who asked and for which bytes."""
    before = site.sign("person")
    path = site.write("2415-SNV.pdf", before)
    done = site.seal(path)
    equal(done.returncode, 0, done.stderr)
    for words in ("2415-SNV.signed.pdf", "PAdES", "B-B", "SỞ NỘI VỤ TỈNH NINH BÌNH", "valid until", "van-thu", "TOTAL-PASSED"):
        assert words in done.stdout, done.stdout
    after = read(site.work + "/2415-SNV.signed.pdf")
    equal((after[:len(before)] == before, len(after) > len(before)), (True, True), "bytes")
    looked = subprocess.run(["pdfsig", "-nocert", site.work + "/2415-SNV.signed.pdf"], capture_output=True, text=True).stdout
    equal(looked.count("Signature Validation: Signature is Valid."), 2, looked)
    used = wait_for("the record", site.used)[-1]
    equal((used["by"], "purpose=document" in used["text"], "12/QĐ-SNV" in used["text"],
           "about=file:" + hashlib.sha256(before).hexdigest() in used["text"]), ("root", True, True, True), used)


def a_mail(site):
    """A mail: multipart/signed, or opaque; one that is signed already is left alone and nothing is written."""
    path = site.write("thu.eml", make_mail())
    for more, kind in ((), b"multipart/signed"), (("--opaque", "--force"), b"application/pkcs7-mime"):
        done = site.seal(path, *more)
        equal(done.returncode, 0, done.stderr)
        data = read(site.work + "/thu.signed.eml")
        equal(kind in data.split(b"\r\n\r\n")[0], True, data[:1000])
        verified = subprocess.run(["openssl", "cms", "-verify", "-cades", "-in", site.work + "/thu.signed.eml", "-CAfile", site.anchor,
                                   "-purpose", "any"], capture_output=True)
        equal(verified.returncode, 0, verified.stderr)
    count = len(site.used())
    again = site.seal(site.work + "/thu.signed.eml")
    equal((again.returncode, "left alone" in again.stderr, "already-signed" in again.stderr), (1, True, True), again.stderr)
    equal((os.path.exists(site.work + "/thu.signed.signed.eml"), len(site.used())), (False, count), "nothing was done")


def any_file(site):
    """Anything else gets a detached signature beside it, a PDF when that is asked for; as JSON too."""
    path = site.write("bang.xlsx", b"PK\3\4 not really" * 1000)
    done = site.seal(path, "--json", language="vi_VN.UTF-8")
    equal(done.returncode, 0, done.stderr)
    told = json.loads(done.stdout)
    equal((told["out"], told["format"], told["key"], told["sha256"]),
          (path + ".p7s", "cades", "van-thu", hashlib.sha256(read(path)).hexdigest()), told)
    for name, options in (("bang.xlsx", ()), ("2415-SNV.pdf", ("--detached",))):
        if options:
            equal(site.seal(f"{site.work}/{name}", *options).returncode, 0, name)
        verified = subprocess.run(["openssl", "cms", "-verify", "-binary", "-cades", "-inform", "DER", "-in", f"{site.work}/{name}.p7s",
                                   "-content", f"{site.work}/{name}", "-CAfile", site.anchor, "-purpose", "any", "-out", "/dev/null"],
                                  capture_output=True)
        equal(verified.returncode, 0, verified.stderr)


def what_it_shows(site):
    """The picture of the seal; an annex with the number that is given, or of the file's name; a copy with the agency of the key;
    nothing, and said so, where a certification allows no more."""
    plain = pdfbuild.build("V/v chữ ký số", "2415/SNV-VTLT", days_ago(10))
    signed, forms = site.sign("person", data=plain), site.sign("person", data=plain, certify=2)
    for name, data, words, wanted in (
            ("co-dau.pdf", signed, ("con-dau",), None),
            ("theo mau.pdf", forms, ("con-dau",), None),
            ("phu-luc.pdf", plain, ("phu-luc", "--number", "36/2026/QĐ-SNV"), ["36/2026/QĐ-SNV"]),
            ("phu-luc 12_QĐ-SNV.pdf", plain, ("phu-luc",), ["12/QĐ-SNV"]),
            ("ban sao.pdf", plain, ("sao-y",), ["SAO Y", "Sở Nội vụ tỉnh Ninh Bình"])):
        done = site.seal(site.write(name, data), "--appearance", *words)
        equal(done.returncode, 0, done.stderr)
        sealed = read(f"{site.work}/{name[:-4]}.signed.pdf")
        looks_good(site, sealed, data, 1 if data == plain else 2)
        if wanted is None:
            equal((is_red(site, sealed), ("nothing: the certification" in done.stdout)), (data == signed, data == forms), done.stdout)
        else:
            lines = [line for line in text_of(site, sealed).splitlines() if line.strip()]
            equal((lines[:len(wanted)], re.fullmatch(r"[-\d]{10}T[:\d]{8}\+07:00", lines[len(wanted)]) is not None), (wanted, True), lines)
    path, mail = site.write("phu-luc 3.pdf", plain), site.write("thu-2.eml", make_mail())
    count = len(site.used())
    for words, status, said in (((path, "--appearance", "phu-luc"), 1, "wording"), ((path, "--appearance", "con-giau"), 64, "con-dau, phu-luc, sao-y"),
                                ((path, "--appearance", "phu-luc", "--number", "2415"), 64, "2415/SNV-VTLT"), ((path, "--number", "1/QĐ-SNV"), 64, "--appearance"),
                                ((path, "--appearance", "con-dau", "--number", "1/QĐ-SNV"), 64, "shows no number"), ((mail, "--appearance", "con-dau"), 64, "for PDFs")):
        done = site.seal(*words)
        equal((done.returncode, said in done.stderr), (status, True), done.stderr)
    os.rename(site.folder + "/con-dau.png", site.folder + "/away.png")
    done = site.seal(path, "--appearance", "phu-luc", "--number", "1/QĐ-SNV")
    equal((done.returncode, "con-dau.png" in done.stderr, "vanthu.yaml:" in done.stderr), (78, True, True), done.stderr)
    os.rename(site.folder + "/away.png", site.folder + "/con-dau.png")
    equal((len(site.used()), os.path.exists(site.work + "/phu-luc 3.signed.pdf")), (count, False), "nothing was done")


def lists_by_hand(site):
    """A list of the CA in PEM or DER does where nobody answers; without one the certificate is not known to be good."""
    path, pem = site.write("kin.txt", b"abc"), site.folder + "/lists.pem"
    ders = [f"{site.pki}/crl/{ca}.crl" for ca in ("ca-g2", "root-g2")]
    with open(pem, "wb") as out:
        for der in ders:
            out.write(subprocess.run(["openssl", "crl", "-inform", "DER", "-in", der], check=True, capture_output=True).stdout)
    config = site.folder + "/vanthu.yaml"
    with open(config, encoding="utf-8") as file:
        before = file.read()
    try:
        with open(config, "w", encoding="utf-8") as file:
            file.write(re.sub(r"allowed-hosts: .*", "allowed-hosts: []", before))
        done = site.seal(path)
        equal((done.returncode, "STATUS_UNKNOWN" in done.stderr, "vanthu trust path" in done.stderr), (1, True, True), done.stderr)
        for options in (("--crl", pem), ("--crl", ders[0], "--crl", ders[1])):
            done = site.seal(path, "--force", *options)
            equal(done.returncode, 0, done.stderr)
    finally:
        with open(config, "w", encoding="utf-8") as file:
            file.write(before)


def nothing_is_overwritten(site):
    """A file that is there stays, unless --force; the key is not used for it."""
    count, path = len(site.used()), site.write("cong-van.pdf", site.sign("person"))
    site.write("cong-van.signed.pdf", b"mine")
    done = site.seal(path)
    equal((done.returncode, "--force" in done.stderr, read(site.work + "/cong-van.signed.pdf"), len(site.used())), (73, True, b"mine", count), done)
    equal(site.seal(path, "--force").returncode, 0, "--force")
    equal(read(site.work + "/cong-van.signed.pdf")[:5], b"%PDF-", "the new one")
    equal(site.seal(path, "--out", path).returncode, 64, "onto itself")
    equal(sorted(n for n in os.listdir(site.work) if n.endswith(".new")), [], "nothing is left over")


def what_is_refused(site):
    """A PDF whose signature is broken, no file, no such key, an option of mails: in words, by exit status."""
    broken = bytearray(site.sign("person"))
    at = broken.index(b"stream") + 20
    broken[at] ^= 1
    done = site.seal(site.write("hong.pdf", bytes(broken)))
    equal((done.returncode, "BAD_SIGNATURE" in done.stderr or "CONTENT_CHANGED" in done.stderr, os.path.exists(site.work + "/hong.signed.pdf")), (1, True, False), done.stderr)
    for words, status, said in ((("khong-co.pdf",), 66, "cannot open"), (("chek",), 64, '"check"'), ((site.work + "/bang.xlsx", "--opaque"), 64, "for mails"),
                                ((site.work + "/2415-SNV.pdf", "--key", "con-dau", "--force"), 64, "van-thu"), ((), 64, "which?")):
        done = site.seal(*words)
        equal((done.returncode, said in done.stderr), (status, True), done.stderr)


def with_the_rights_of_the_person(site):
    """By sudo: a file of root's is not read, the result is the person's, and the record has their name."""
    secret = site.write("cua-root.pdf", site.sign("person"))
    os.chmod(secret, 0o600)
    uid = int(subprocess.run(["id", "-u", "nobody"], capture_output=True, text=True).stdout)
    done = site.seal(secret, sudo=uid)
    equal((done.returncode != 0, "ermission denied" in done.stderr), (True, True), done.stderr)
    os.chmod(secret, 0o644)
    done = site.seal(secret, sudo=uid)
    equal((done.returncode, "ermission denied" in done.stderr), (73, True), done.stderr)
    os.chown(site.work, uid, -1)
    done = site.seal(secret, sudo=uid)
    equal((done.returncode, os.stat(site.work + "/cua-root.signed.pdf").st_uid), (0, uid), done.stderr)
    equal(wait_for("the record", lambda: [r for r in site.used() if r["by"] == "vanthu-snv"]) != [], True, "by whom")
    count, config, hidden = len(site.used()), site.folder + "/vanthu.yaml", site.folder + "/hidden"
    done = site.seal(secret, "--force", sudo=4294967000)  # whom nobody knows
    equal((done.returncode, "rights" in done.stderr), (77, True), done.stderr)
    os.mkdir(hidden, 0o700)
    with open(hidden + "/there", "w", encoding="ascii") as out:
        out.write("hidden-word: 1\n")
    outs = [site.seal(secret, "--out", f"{hidden}/{name}", sudo=uid) for name in ("there", "nowhere")]
    equal({(done.returncode, done.stderr.replace("nowhere", "there")) for done in outs}, {(73, outs[0].stderr)}, "what is hidden stays so")
    count += 2  # sealed, and not written
    done = subprocess.run([BUILD + "/vanthu", "seal", secret, "--config", hidden + "/there"], capture_output=True, text=True,
                          env=dict(os.environ, LC_ALL="C", SUDO_UID=str(uid)))
    equal((done.returncode != 0, "hidden-word" in done.stderr, "ermission denied" in done.stderr), (True, False, True), done.stderr)
    os.chmod(config, 0o600)
    equal(site.seal(secret, "--force", sudo=uid).returncode != 0, True, "a configuration of root's that is named")
    os.chmod(config, 0o644)
    equal(len(site.used()), count, "the key was not used for these")
    with open(config, "rb") as text:  # it is read once: what the name leads to afterwards is nobody's
        done = subprocess.run([BUILD + "/vanthu", "seal", secret, "--force", "--config", "/dev/stdin"], input=text.read(), capture_output=True,
                              env=dict(os.environ, LC_ALL="C"))
    equal(done.returncode, 0, done.stderr)


def authorised_and_there(site):
    """Stopped, or without its HSM: said, nothing written."""
    path = site.write("dung.pdf", site.sign("person"))
    equal(site.seal("stop", "--reason", "mất thẻ").returncode, 0, "stop")
    done = site.seal(path)
    equal((done.returncode, "stopped" in done.stderr, "mất thẻ" in done.stderr), (1, True, True), done.stderr)
    equal(site.seal("resume").returncode, 0, "resume")
    equal(site.seal(path).returncode, 0, "goes on")
    os.remove(site.work + "/dung.signed.pdf")
    site.hsm.stop_server()
    done = site.seal(path)
    equal((done.returncode, "unavailable" in done.stderr, os.path.exists(site.work + "/dung.signed.pdf")), (75, True, False), done.stderr)


if __name__ == "__main__":
    sys.exit(site_test.run(a_pdf, a_mail, any_file, what_it_shows, lists_by_hand, nothing_is_overwritten, what_is_refused, with_the_rights_of_the_person,
                           authorised_and_there, site_class=FileSite, mode="tag", documents=False))
