#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Documents of outgoing mail sealed with a key in an HSM, through the same site as test_seal_mail.py: what
# arrives behind a relay without 8BITMIME is looked at by pdfsig, by vanthu check and, of the message, by
# openssl cms. What may not be sealed says its word, and nothing of its mail is changed.
"""The seal of PDFs from policy to delivery."""

import contextlib
import email
import email.policy
import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, os.path.join(TESTS, "lib"))

import pdf_cases
import site_test
from site_lab import BUILD
from site_test import NUMBERS, days_ago, equal
from test_seal_mail import CLERK, SealSite, verify

import mailbuild
import pdfbuild

POLICY = """\
agencies: agencies.yaml
rules:
  - {name: documents, when: {direction: outbound, recipient: tailieu@example.vn}, then: {seal: {
      mode: required, what: documents, documents: {except: "*nháp*", at-most: 3},
      appearance: [{name: ["phu luc*", "phụ lục*"], appearance: phu-luc}, {name: "sao y*", appearance: sao-y}, {appearance: con-dau}]}}}
  - {name: both, when: {direction: outbound, recipient: cahai@example.vn}, then: {seal: {mode: required, what: both, appearance: con-dau}}}
  - {name: opaque, when: {direction: outbound, recipient: kin@example.vn}, then: {seal: {mode: required, what: both, form: opaque}}}
  - {name: signed, when: {direction: outbound, recipient: daky@example.vn}, then: {seal: {mode: required, what: documents, documents: {signed: true}}}}
  - {name: message, when: {direction: outbound, recipient: thu@example.vn}, then: {seal: {mode: required, what: message}}}
  - {name: default, when: {direction: outbound, recipient: matdinh@example.vn}, then: {seal: {mode: required, what: documents}}}
  - {name: valid, when: {direction: outbound, recipient: hople@example.vn}, then: {seal: {mode: required, what: documents, documents: {signed: valid}}}}
  - {name: places, when: {direction: outbound, recipient: cho@example.vn}, then: {seal: {mode: required, what: documents, appearance: [{name: trang*, appearance: trang}, {appearance: o-ky}]}}}
  - {name: preferred, when: {direction: outbound}, then: {seal: {mode: preferred, what: both, appearance: con-dau}}}
"""
APPEARANCES = """\
  appearances:
    con-dau: {show: image, picture: %(folder)s/con-dau.png, place: [signature, anchor], anchor: "GIÁM ĐỐC", left-mm: -40, may-be-invisible: true}
    phu-luc: {show: text, text: annex, number: [X-So-Ky-Hieu, subject, file-name]}
    sao-y: {show: text, text: copy, kind: SAO Y}
    trang: {show: image, picture: %(folder)s/con-dau.png, place: page, page: last, left-mm: 100, top-mm: 200, width-mm: 36}
    o-ky: {show: image, picture: %(folder)s/con-dau.png, place: field, field: chu.ky}
"""


class DocumentSite(SealSite):
    def prepare(self):
        super().prepare()
        pdf_cases.write_png(self.folder + "/con-dau.png")
        os.chmod(self.folder + "/con-dau.png", 0o600)
        with open(self.policy, "w", encoding="utf-8") as out:
            out.write(POLICY)
        self.extra = self.extra.replace("purposes: [message]", "purposes: [message, document]") + APPEARANCES % {"folder": self.folder}

    def plain(self, number="2415/SNV-VTLT"):
        return pdfbuild.build("V/v chữ ký số", number, days_ago(10))

    def signed(self, *names, **options):
        data = self.plain()
        for name in names:
            data = self.sign(by=name, data=data, **options)
        return data

    def qpdf(self, data, *options):
        source, target = self.folder + "/in.pdf", self.folder + "/out.pdf"
        with open(source, "wb") as out:
            out.write(data)
        subprocess.run(["qpdf", *options, "--", source, target], check=True)
        with open(target, "rb") as file:
            return file.read()


def make_mail(files, subject="Văn bản số 2415/SNV-VTLT", extra=()):
    """With files as (name, bytes), and a disposition whose size will not hold any more."""
    mail = email.message.EmailMessage(policy=email.policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = CLERK, "x@example.vn", subject
    mail["Message-ID"] = f"<documents.{os.getpid()}.{next(NUMBERS)}@sonv.ninhbinh.gov.vn>"
    for name, value in extra:
        mail[name] = value
    mail.set_content("Kính gửi Quý cơ quan,\n\nVăn bản kèm theo thư này.\n", cte="8bit")
    for name, data in files:
        mail.add_attachment(data, maintype="application", subtype="pdf", filename=name, params={"x-mark": "giu"})
    return mail.as_bytes().replace(b"attachment;", b"attachment; size=17;")


def attachments(data):
    mail = email.message_from_bytes(data, policy=email.policy.default)
    return [(part.get_filename(), part.get_payload(decode=True), part) for part in mail.walk()
            if part.get_content_type() == "application/pdf"]


def pdfsig(site, data):
    path = site.folder + "/sealed.pdf"
    with open(path, "wb") as out:
        out.write(data)
    return subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True).stdout


def text_of(site, data):
    path = site.folder + "/text.pdf"
    with open(path, "wb") as out:
        out.write(data)
    return subprocess.run(["pdftotext", "-x", "300", "-y", "0", "-W", "295", "-H", "70", "-l", "1", path, "-"], capture_output=True, text=True).stdout


def is_red(site, data):
    path = site.folder + "/red"
    with open(path + ".pdf", "wb") as out:
        out.write(data)
    subprocess.run(["pdftoppm", "-r", "36", "-l", "1", "-singlefile", path + ".pdf", path], check=True)
    with open(path + ".ppm", "rb") as file:
        pixels = file.read()[-3 * 297 * 421:]
    return sum(1 for i in range(0, len(pixels) - 2, 3) if pixels[i] > 150 and pixels[i + 1] < 130 and pixels[i + 2] < 130) > 20


def looks_good(site, data, original, signatures):
    """All signatures are valid, the last one over the whole file, and what was there is untouched."""
    said = pdfsig(site, data)
    equal(said.count("Signature is Valid"), signatures, said)
    equal("Total document signed" in said.split("Signature #")[-1], True, said)
    equal(data.startswith(original) and len(data) > len(original), True, "the bytes of before")


def reload(site):
    """Exit status and the mistakes, as people see them."""
    status, answer = site.reload()
    return status, [f"{m['file']}:{m['line']}:{m['column']}: {m['text']}" for m in answer.get("mistakes", [])] or answer


def check(site, data):
    path = site.folder + "/documents.eml"
    with open(path, "wb") as out:
        out.write(data)
    done = subprocess.run([BUILD + "/vanthu", "check", "--config", site.folder + "/vanthu.yaml", "--json", path], capture_output=True, text=True)
    return json.loads(done.stdout)["documents"]


def documents_alone(site):
    """No, one and three earlier signatures: each is valid afterwards, by pdfsig and by vanthu; the rest of the mail is as it was."""
    for earlier in ((), ("person",), ("person", "agency2", "agency-ec")):
        original = site.signed(*earlier)
        name = "Quyết định số 1 về chữ ký số.pdf"
        data, record = site.sealed(make_mail([(name, original)]), to="tailieu@example.vn")
        [(arrived_name, sealed, part)] = attachments(data)
        equal((arrived_name, b"multipart/signed" in data, part["X-Mark"], part.get_param("x-mark")), (name, False, None, "giu"), data[:1500])
        equal(part.get_param("size", header="content-disposition") in (None, str(len(sealed))), True, part["Content-Disposition"])
        looks_good(site, sealed, original, len(earlier) + 1)
        equal(is_red(site, sealed), True, "the picture")
        [told] = record["seal"]["documents"]
        equal((told["word"], told["sha256"], told["name"]), ("sealed", hashlib.sha256(sealed).hexdigest(), name), told)
        equal(record["seal"]["purpose"], "document", record["seal"])
        [found] = [d for d in check(site, data) if d["format"] == "pdf"]
        last = found["signatures"][-1]
        equal((len(found["signatures"]), last["indication"], last["covers"]), (len(earlier) + 1, "TOTAL-PASSED", "whole"), found)
        equal("Văn bản kèm theo thư này." in email.message_from_bytes(data, policy=email.policy.default).get_body().get_content(), True, "text")


def both_and_opaque(site):
    """The documents, and the message over them; two files in a mail; the opaque form."""
    first, second = site.signed("person"), site.plain("1/QĐ-SNV")
    for to in ("cahai@example.vn", "kin@example.vn"):
        data, record = site.sealed(make_mail([("mot.pdf", first), ("hai.pdf", second)]), to=to)
        inner = verify(site, data)
        (_, one, _), (_, two, _) = attachments(inner)
        looks_good(site, one, first, 2)
        looks_good(site, two, second, 1)
        equal([(d["word"], d["sha256"]) for d in record["seal"]["documents"]],
              [("sealed", hashlib.sha256(one).hexdigest()), ("sealed", hashlib.sha256(two).hexdigest())], record["seal"])
        equal(len(record["seal"]["cms"]), 64, "digest of the message's signature")
    data, record = site.sealed(make_mail([("mot.pdf", first)]), to="thu@example.vn")
    equal((attachments(verify(site, data))[0][1], record["seal"].get("documents")), (first, None), "message alone")
    data, record = site.sealed(make_mail([]), to="cahai@example.vn")
    verify(site, data)
    with contextlib.closing(sqlite3.connect(f"file:{site.folder}/register/register.sqlite?mode=ro", uri=True)) as register:
        rows = [body.decode() if isinstance(body, bytes) else body for (body,) in register.execute("SELECT body FROM record WHERE body IS NOT NULL")]
    uses = [json.loads(body)["text"] for body in rows if "seal-used" in body]
    equal({purpose for text in uses for purpose in ("document", "message") if purpose in text}, {"document", "message"}, uses)


def what_they_show(site):
    """An annex has number and symbol, out of a header, the subject or its name, and the time; a copy its kind and the agency."""
    original = site.plain()
    number = "36/2026/QĐ-SNV"
    for files, subject, extra, wanted in (
            ("Phụ lục I.pdf", "Gửi phụ lục", [("X-So-Ky-Hieu", number)], number),
            ("phu luc 2.pdf", "Phụ lục kèm Công văn số 2415/SNV-VTLT ngày 01/6", [], "2415/SNV-VTLT"),
            ("phu luc 3 12_QĐ-SNV.pdf", "Gửi phụ lục", [], "12/QĐ-SNV"),
            ("Sao y QD 12.pdf", "Gửi bản sao", [], "SAO Y")):
        data, _ = site.sealed(make_mail([(files, original)], subject, extra), to="tailieu@example.vn")
        sealed = attachments(data)[0][1]
        looks_good(site, sealed, original, 1)
        lines = [line for line in text_of(site, sealed).splitlines() if line.strip()]
        agency = ["Sở Nội vụ tỉnh Ninh Bình"] if wanted == "SAO Y" else []
        equal(lines[:1 + len(agency)], [wanted] + agency, lines)
        equal(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+07:00", lines[1 + len(agency)]) is not None, True, lines)
    for subject in ("Gửi phụ lục", "Phụ lục của 1/QĐ-SNV và 2/QĐ-SNV"):
        code, text, record = site.submit(make_mail([("phu luc 4.pdf", original)], subject), to="tailieu@example.vn")
        equal((code, record["seal"]["why"]), (451, "document-wording"), text)


def which_of_them(site):
    """By name and by signature; not within archives or mails; more than a rule allows are none; one that has this seal stays."""
    plain, signed = site.plain(), site.signed("person")
    data, record = site.sealed(make_mail([("a.pdf", plain), ("Bản NHÁP.pdf", plain)]), to="tailieu@example.vn")
    equal([content == plain for _, content, _ in attachments(data)], [False, True], "except")
    data, record = site.sealed(make_mail([("a.pdf", plain), ("b.pdf", signed)]), to="daky@example.vn")
    equal([content == original for (_, content, _), original in zip(attachments(data), (plain, signed))], [True, False], "signed")
    again = attachments(data)[1][1]
    code, _, record = site.submit(make_mail([("a.pdf", plain)]), to="daky@example.vn")
    equal((code, record["seal"]["result"], record["seal"]["why"]), (250, "left-alone", "no-document"), record["seal"])
    code, _, record = site.submit(make_mail([("b.pdf", again)]), to="daky@example.vn")
    equal((code, record["seal"]["result"], record["seal"]["why"], record["seal"]["documents"][0]["word"]),
          (250, "left-alone", "sealed-already", "sealed-already"), record["seal"])
    code, _, record = site.submit(make_mail([(f"{i}.pdf", plain) for i in range(4)]), to="tailieu@example.vn")
    equal((code, record["seal"]["why"]), (451, "too-many-documents"), record["seal"])
    inner = email.message.EmailMessage()
    inner.set_content("x")
    inner.add_attachment(plain, maintype="application", subtype="pdf", filename="trong.pdf")
    outer = email.message_from_bytes(make_mail([]), policy=email.policy.SMTP)
    outer.add_attachment(inner)
    code, _, record = site.submit(outer.as_bytes(), to="daky@example.vn")
    equal((code, record["seal"]["why"]), (250, "no-document"), record["seal"])


def what_may_not_be_sealed(site):
    """Certified against changes, or encrypted: the word in answer, header, record; the other files of the mail stay as they are, too."""
    good = site.plain()
    certified = site.signed("person", certify=1)
    encrypted = site.qpdf(good, "--encrypt", "", "owner", "256")
    for name, bad, word in (("chung-nhan.pdf", certified, "certified"), ("mat-ma.pdf", encrypted, "encrypted"),
                            ("hong.pdf", good[:-200], "damaged")):
        message = make_mail([("tot.pdf", good), (name, bad)])
        code, text, record = site.submit(message, to="cahai@example.vn")
        equal((code, record["seal"]["why"], "NOT_SEALED" in text), (451, "document-" + word, True), text)
        message = make_mail([("tot.pdf", good), (name, bad)])
        code, text, record = site.submit(message)
        equal((code, record["seal"]["result"], [d["word"] for d in record["seal"]["documents"]]), (250, "failed", ["not-sealed", word]), record["seal"])
        data = site.arrived(re.search(rb"Message-ID: (<[^>]*>)", message).group(1))
        equal(f"X-Vanthu-Seal: no; document-{word}".encode() in data, True, data[:1500])
        equal([content for _, content, _ in attachments(data)], [good, bad], "files")
        equal(b"multipart/signed" in data, False, "never half")
    only_forms = site.signed("person", certify=2)
    data, _ = site.sealed(make_mail([("mau.pdf", only_forms)]), to="tailieu@example.vn")
    sealed = attachments(data)[0][1]
    looks_good(site, sealed, only_forms, 2)
    equal(is_red(site, sealed), False, "nothing is shown where a certification allows only that")


# A layer that says whether it is printed.
PRINTED = b"/OCProperties <</OCGs []/D <</AS [<</Event/Print/Category[/Print]/OCGs[<</Usage<</Print<</PrintState/%s>>>>>>]>>]>>>>"


def what_could_change_afterwards(site):
    """Scripts, actions, media, hidden layers, a second form, what other files show: not sealed, and said; plain layers and links are."""
    for catalog, word in ((b"/OpenAction <</S/JavaScript/JS(app.alert\\(1\\))>>", "active"), (b"/AA <</WC <</S/Java#53cript/JS()>>>>", "active"),
                          (b"/Names <</JavaScript <</Names [(a) <</JS (x)/S/JavaScript>>]>>>>", "active"),
                          (b"/OpenAction <</S/GoTo/D[3 0 R/Fit]/Next <</S/Launch/F(cmd.exe)>>>>", "active"),
                          (b"/OCProperties <</OCGs []/D <</OFF [3 0 R]>>>>", "active"), (b"/OCProperties <</OCGs []/D <</BaseState/OFF>>>>", "active"),
                          (PRINTED % b"OFF", "active"), (PRINTED % b"ON", None), (b"/X [<</Rect[0 0 9 9]/F 36>>]", "active"),
                          (b"/OCProperties <</OCGs []/D <</Order []>>>>", None), (b"/OpenAction [3 0 R/Fit]", None)):
        original = pdf_cases.with_field(catalog=catalog)
        if word:
            code, text, record = site.submit(make_mail([("a.pdf", original)]), to="matdinh@example.vn")
            equal((code, record["seal"].get("why")), (451, "document-" + word), (catalog, text))
        else:
            data, _ = site.sealed(make_mail([("a.pdf", original)]), to="matdinh@example.vn")
            looks_good(site, attachments(data)[0][1], original, 1)


def whose_signatures(site):
    """signed: valid leaves what anybody could have signed; a broken signature is never sealed, whatever the rule says."""
    plain, good, self_made = site.plain(), site.signed("person"), site.signed("self")
    data, record = site.sealed(make_mail([("a.pdf", plain), ("b.pdf", good), ("c.pdf", self_made)]), to="hople@example.vn")
    equal([content == original for (_, content, _), original in zip(attachments(data), (plain, good, self_made))], [True, False, True], record["seal"])
    broken = bytearray(good)
    broken[broken.index(b"stream") + 20] ^= 1
    code, text, record = site.submit(make_mail([("a.pdf", plain), ("b.pdf", bytes(broken))]), to="matdinh@example.vn")
    equal((code, record["seal"]["why"], [d["word"] for d in record["seal"]["documents"]]), (451, "document-invalid", ["not-sealed", "invalid"]), text)


def places(site):
    """A place of a page, an empty field; a field that is not there."""
    original = pdf_cases.with_field()
    data, _ = site.sealed(make_mail([("trang.pdf", original), ("o.pdf", original)]), to="cho@example.vn")
    for (_, sealed, _), field in zip(attachments(data), (False, True)):
        looks_good(site, sealed, original, 1)
        equal(is_red(site, sealed), True, "the picture")
        equal(len(re.findall(rb"/FT\s*/Sig", sealed[len(original):])) > 0, True, field)
    code, text, record = site.submit(make_mail([("o.pdf", site.plain())]), to="cho@example.vn")
    equal((code, record["seal"]["why"]), (451, "document-field"), text)


def shapes_of_mails(site):
    """A PDF that is the mail itself; one within a part that somebody signed; two of which one is certified."""
    mail = email.message.EmailMessage(policy=email.policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = CLERK, "x@example.vn", "Văn bản"
    mail["Message-ID"] = f"<root.{os.getpid()}.{next(NUMBERS)}@sonv.ninhbinh.gov.vn>"
    original = site.plain()
    mail.set_content(original, maintype="application", subtype="pdf", filename="goc.pdf")
    data, record = site.sealed(mail.as_bytes(), to="matdinh@example.vn")
    looks_good(site, attachments(data)[0][1], original, 1)
    signed = mailbuild.multipart_signed(mailbuild.multipart([mailbuild.text_part(), mailbuild.attachment(original, "trong.pdf")]), site.pki, "person")
    whole = mailbuild.mail(mailbuild.multipart([mailbuild.text_part(), signed], boundary="=_ngoai"), sender=CLERK, number=f"in.{os.getpid()}.{next(NUMBERS)}")
    code, text, record = site.submit(whole, to="matdinh@example.vn")
    equal((code, record["seal"]["why"]), (451, "document-inside"), record["seal"])
    message = make_mail([("a.pdf", original), ("b.pdf", site.signed("person", certify=1))])
    code, text, record = site.submit(message, to="matdinh@example.vn")
    equal((code, record["seal"]["why"]), (451, "document-certified"), record["seal"])


def the_hsm_dies_between_two(site):
    """Some documents of a mail have their signature, then nobody answers: preferred leaves as it came, required does not leave."""
    files = [(f"{i}.pdf", site.plain(f"{i}/SNV-VTLT")) for i in range(1, 20)]
    before, message = site.hsm.calls("C_Sign"), make_mail(files)

    def kill():
        while site.hsm.calls("C_Sign") < before + 2:
            time.sleep(0.001)
        site.hsm.stop_server()

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    code, text, record = site.submit(message)
    killer.join(10)
    signed = site.hsm.calls("C_Sign") - before
    equal((code, record["seal"]["result"], record["seal"]["why"], 2 <= signed < len(files)), (250, "failed", "unavailable", True), (signed, record["seal"]))
    data = site.arrived(re.search(rb"Message-ID: (<[^>]*>)", message).group(1))
    equal([(name, content) for name, content, _ in attachments(data)], files, "never half")
    equal((b"X-Vanthu-Seal: no; unavailable" in data, b"multipart/signed" in data), (True, False), data[:1500])
    code, text, record = site.submit(make_mail(files), to="matdinh@example.vn")
    equal((code, record["seal"]["why"]), (451, "unavailable"), text)


def pictures_are_read_with_the_configuration(site):
    """A picture that is missing or none, and a rule that names no appearance, are mistakes with their place; what serves goes on."""
    picture = site.folder + "/con-dau.png"
    os.rename(picture, picture + ".away")
    status, said = reload(site)
    with open(site.folder + "/vanthu.yaml", encoding="utf-8") as file:
        lines = file.read().split("\n")
    line = 1 + next(i for i, text in enumerate(lines) if "con-dau:" in text)
    column = 1 + len(lines[line - 1].split("picture: ")[0] + "picture: ")
    equal((status != 0, f"vanthu.yaml:{line}:{column}: cannot read {picture}" in str(said)), (True, True), said)
    data, _ = site.sealed(make_mail([("a.pdf", site.plain())]), to="tailieu@example.vn")
    equal(is_red(site, attachments(data)[0][1]), True, "what was read before is used")
    with open(picture, "w") as out:
        out.write("no picture")
    status, said = reload(site)
    equal((status != 0, f"vanthu.yaml:{line}:{column}: the picture of the seal is no PNG" in str(said)), (True, True), said)
    os.rename(picture + ".away", picture)
    site.set_policy(POLICY.replace("{appearance: con-dau}]", "{appearance: con-giau}]"))
    done = subprocess.run([BUILD + "/vanthu", "policy", "check", "--config", site.folder + "/vanthu.yaml"], capture_output=True, text=True)
    equal((done.returncode, '"con-giau" is no appearance under seal.appearances' in done.stderr, "policy.yaml:5:" in done.stderr),
          (78, True, True), done.stderr)
    site.set_policy(POLICY)


if __name__ == "__main__":
    sys.exit(site_test.run(documents_alone, both_and_opaque, what_they_show, which_of_them, what_may_not_be_sealed,
                           what_could_change_afterwards, whose_signatures, places, shapes_of_mails,
                           pictures_are_read_with_the_configuration, the_hsm_dies_between_two, site_class=DocumentSite, mode="enforce", documents=False))
