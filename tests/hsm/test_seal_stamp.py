#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Time stamps in seals: a real time stamp authority (openssl ts) asked over HTTP by way of status and
# fetch, authorities that are wrong in one respect each, and none at all.
"""The time stamp of a seal, from the authority to openssl ts -verify."""

import datetime
import email
import json
import os
import re
import subprocess
import sys

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
for folder in ("lib", "hsm", "servers", "pki"):
    sys.path.insert(0, os.path.join(TESTS, folder))

import mkpki
import site_test
import tsa
from asn1crypto import cms, ocsp, x509
from cryptography import x509 as crypto
from cryptography.hazmat.primitives import hashes, serialization
from site_lab import BUILD, free_ports
from site_test import equal
import test_seal_documents
from test_seal_mail import SealSite, make_mail, verify

STAMP = """\
  timestamp:
    urls: ["http://127.0.0.1:%(tsa)d/first", "http://127.0.0.1:%(tsa)d/second"]
    hash: %(hash)s
    timeout: 2s
    without: %(without)s
"""
# What is wrong with an answer, and the words of it that an administrator gets.
ROWS = (("imprint", "over something else"), ("nonce", "another question"), ("no-nonce", "another question"),
        ("yesterday", "not the time of this machine"), ("tomorrow", "not the time of this machine"),
        ("expired", "was not valid at its time"), ("not-for-it", "not for time stamping alone"),
        ("stranger", "no configured root"), ("no-certificate", "could not be verified"), ("broken", "broken"),
        ("other-hash", "over something else"), ("refuses", "badAlg"), ("no-token", "holds no time stamp"),
        ("garbage", "no answer of a time stamp authority"), ("cut", "no answer"), ("huge", "more than 65536 bytes"),
        ("error", "status 503"), ("silent", "no answer in time"))


class StampSite(SealSite):
    """A SealSite with a time stamp authority at two addresses."""

    settings = {"hash": "sha256", "without": "seal"}

    def start(self):
        self.tsa_port = free_ports(1)[0]
        self.allowed_hosts = f', "127.0.0.1:{self.tsa_port}"'
        self.tsa = None
        super().start()

    def prepare(self):
        super().prepare()
        self.extra = re.sub(r"purposes: \[[^]]*\]", "purposes: [message, document]", self.extra)
        self.tsa = tsa.Tsa(self.pki, self.tsa_port)
        with open(self.policy, encoding="utf-8") as file:
            text = file.read()
        with open(self.policy, "w", encoding="utf-8") as out:
            out.write(text.replace("rules:\n", "rules:\n  - {name: documents, when: {direction: outbound, recipient: tailieu@example.vn}, "
                                   "then: {seal: {mode: required, what: documents}}}\n"
                                   "  - {name: both, when: {direction: outbound, recipient: cahai@example.vn}, then: {seal: {mode: required, what: both}}}\n", 1))
        self.unstamped = self.extra
        self.extra += STAMP % {"tsa": self.tsa_port, **self.settings}

    def set_stamps(self, level=None, **settings):
        """By a reload, which forgets what is known of hosts."""
        key = self.unstamped
        if level:
            key = re.sub(r"purposes: .*", "purposes: [message, document]\n      level: " + level, key)
        self.extra = key + STAMP % {"tsa": self.tsa_port, **self.settings, **settings}
        self.set_mode(self.mode)

    def stop(self):
        super().stop()
        if self.tsa is not None:
            self.tsa.close()

    def check(self):
        """What vanthu seal check says of time stamps."""
        done = subprocess.run([BUILD + "/vanthu", "seal", "check", "--config", self.folder + "/vanthu.yaml", "--json"],
                              capture_output=True, text=True)
        return done.returncode, [item for item in json.loads(done.stdout) if "timestamp" in item][0]

    def first(self):
        """What vanthu status says of the first authority."""
        return json.loads(self.vanthu("status", "--json").stdout)["status"]["timestamps"][0]


def signer_of(data):
    """The SignerInfo of a sealed mail."""
    p7s = email.message_from_bytes(data).get_payload()[1].get_payload(decode=True)
    return cms.ContentInfo.load(p7s)["content"]["signer_infos"][0]


def token_of(data):
    unsigned = signer_of(data)["unsigned_attrs"]
    if not unsigned.native:
        return None
    return [a for a in unsigned if a["type"].native == "signature_time_stamp_token"][0]["values"][0].dump()


def judged(site, data):
    path = site.folder + "/judged.eml"
    with open(path, "wb") as out:
        out.write(data)
    done = subprocess.run([BUILD + "/vanthu", "check", "--config", site.folder + "/vanthu.yaml", "--json", path],
                          capture_output=True, text=True)
    return [d for d in json.loads(done.stdout)["documents"] if d["format"] == "smime"][0]["signatures"][0]


def openssl_verifies(site, data, digest):
    """The token alone, over the signature value, by openssl ts."""
    with open(site.folder + "/token.der", "wb") as out:
        out.write(token_of(data))
    with open(site.folder + "/value", "wb") as out:
        out.write(signer_of(data)["signature"].native)
    done = subprocess.run(["openssl", "ts", "-verify", "-token_in", "-in", site.folder + "/token.der", "-data", site.folder + "/value",
                           "-CAfile", site.anchor], capture_output=True, text=True)
    equal((done.returncode, "Verification: OK" in done.stdout + done.stderr), (0, True), done.stderr)
    shown = subprocess.run(["openssl", "ts", "-reply", "-token_in", "-in", site.folder + "/token.der", "-text"], capture_output=True, text=True)
    equal(f"Hash Algorithm: {digest}" in shown.stdout, True, shown.stdout)


def a_sealed_mail_is_stamped(site):
    """B-T: verified by openssl cms and openssl ts, by our own check, and said in record, log, status and metrics."""
    data, record = site.sealed(make_mail())
    verify(site, data)
    openssl_verifies(site, data, "sha256")
    seal = judged(site, data)
    equal((seal["indication"], [t["indication"] for t in seal["timestamps"]], seal["signing_time"]["source"]),
          ("TOTAL-PASSED", ["TOTAL-PASSED"], "timestamp"), seal)
    equal((record["seal"]["level"], record["seal"]["authority"], record["seal"].get("unstamped")),
          ("B-T", f"http://127.0.0.1:{site.tsa_port}/first", None), record["seal"])
    path, kind, query = site.tsa.queries[-1]
    asked = tsa.tsp.TimeStampReq.load(query)
    equal((path, kind, asked["cert_req"].native, asked["nonce"].native > 0), ("/first", "application/timestamp-query", True, True), "query")
    equal("level=B-T" in site.log(), True, "log")
    shown = subprocess.run([BUILD + "/vanthu", "register", "show", "--config", site.folder + "/vanthu.yaml", record["reference"]],
                           capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}).stdout
    equal(re.search(r"Time stamp\s+B-T, http://127", shown) is not None, True, shown)
    equal((site.first()["good"] > 0, site.first()["why"]), (True, ""), site.first())
    numbers = site.vanthu("status", "--prometheus").stdout
    equal(re.search(r'vanthu_timestamps_total\{.*result="ok".*\} [1-9]', numbers) is not None, True, numbers[-3000:])


def each_wrong_answer_is_refused(site):
    """Whatever is wrong with the first authority, it is said, and the second one is asked."""
    for mode, words in ROWS:
        site.tsa.modes["/first"] = mode
        status, answer = site.check()
        why = site.first()["why"]
        equal((status, answer["timestamp"], answer.get("url", "")[-7:], words in why), (0, "good", "/second", True), f"{mode}: {why} {answer}")
    site.tsa.modes.clear()


def without_any(site):
    """Sealed without, and said everywhere; where the configuration asks for it, not sealed. A host that fails is left alone."""
    site.tsa.modes.update({"/first": "garbage", "/second": "nonce"})
    data, record = site.sealed(make_mail())
    verify(site, data)
    equal((token_of(data), record["seal"]["level"]), (None, "B-B"), record["seal"])
    equal("no answer of a time stamp authority" in record["seal"]["unstamped"] and "another question" in record["seal"]["unstamped"], True, record["seal"])
    equal('no-timestamp="' in site.log(), True, "log")
    for _ in range(2):
        site.check()
    asked = len(site.tsa.queries)
    status, answer = site.check()
    equal((status, answer["timestamp"], "left alone" in answer["text"], len(site.tsa.queries)), (1, "none", True, asked), answer)
    site.set_stamps(without="refuse")
    code, text, record = site.submit(make_mail(), to="batbuoc@example.vn")
    equal((code, "NOT_SEALED" in text, record["seal"]["why"]), (451, True, "timestamp"), record["seal"])
    site.tsa.modes.clear()
    site.set_stamps(without="refuse", hash="sha384")
    openssl_verifies(site, site.sealed(make_mail(), to="batbuoc@example.vn")[0], "sha384")


def files_too(site):
    """vanthu seal FILE: the time stamp stands in a PDF, around a mail and beside any other file."""
    site.set_stamps()
    for name, content in (("van-ban.pdf", site.sign("person")), ("thu.eml", make_mail()), ("bang.xlsx", b"abc")):
        with open(f"{site.folder}/{name}", "wb") as out:
            out.write(content)
        done = subprocess.run([BUILD + "/vanthu", "seal", "--json", "--config", site.folder + "/vanthu.yaml", f"{site.folder}/{name}"],
                              capture_output=True, text=True)
        equal(done.returncode, 0, done.stderr)
        told = json.loads(done.stdout)
        equal((told["timestamp"], told.get("level", "B-T")), (True, "B-T"), f"{name} {done.stdout}")


def documents_of_a_mail(site):
    """Each has its own time stamp; where there is none, none of them has one, and the record says why."""
    site.set_stamps(level="B-T")
    for mode, level, stamps in ((None, "B-T", 1), ("garbage", "B-B", 0)):
        site.tsa.modes.update({"/first": mode, "/second": mode} if mode else {})
        data, record = site.sealed(test_seal_documents.make_mail([("mot.pdf", site.sign("person")), ("hai.pdf", site.sign("person"))]), to="tailieu@example.vn")
        equal((record["seal"]["level"], [d["word"] for d in record["seal"]["documents"]]), (level, ["sealed", "sealed"]), record["seal"])
        with open(site.folder + "/documents.eml", "wb") as out:
            out.write(data)
        done = site.vanthu("check", "--json", site.folder + "/documents.eml")
        seals = [d["signatures"][-1] for d in json.loads(done.stdout)["documents"] if d["format"] == "pdf"]
        equal([(s["indication"], s["level"][:3], len(s["timestamps"])) for s in seals], [("TOTAL-PASSED", level, stamps)] * 2, seals)
    site.tsa.modes.clear()


def make_large_crl(site, ca):
    """Of more than is put into documents."""
    issuer, key, moment = mkpki.load_cert(site.pki, ca), mkpki.load_key(site.pki, ca), mkpki.now()
    builder = (crypto.CertificateRevocationListBuilder().issuer_name(issuer.subject).last_update(moment)
               .next_update(moment + datetime.timedelta(days=1))
               .add_extension(crypto.CRLNumber(int(moment.replace(tzinfo=datetime.timezone.utc).timestamp())), critical=False)
               .add_extension(crypto.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
               .add_extension(crypto.UnrecognizedExtension(crypto.ObjectIdentifier("1.2.3.4"), bytes(1 << 20)), critical=False))
    with open(f"{site.pki}/crl/{ca}.crl", "wb") as out:
        out.write(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER))


def what_cannot_be_had(site):
    """Not all that validates the seal fits into a document: it is sealed at B-T, and that is said; where the configuration asks for it, it
    is not sealed, nor sent."""
    site.set_stamps(level="B-LT")
    make_large_crl(site, "ca-g2")
    site.restart_milter(keep_status=False)
    message = test_seal_documents.make_mail([("mot.pdf", site.sign("person"))])
    data, record = site.sealed(message, to="tailieu@example.vn")
    equal((record["seal"]["level"], record["seal"].get("unstamped"), "is not put into documents" in record["seal"]["unstored"]),
          ("B-T", None, True), record["seal"])
    sealed = test_seal_documents.attachments(data)[0][1]
    equal((b"/DSS" in sealed, test_seal_documents.pdfsig(site, sealed).count("Signature is Valid")), (False, 2), "file")
    equal('no-validation-data="a CRL of ' in site.log(), True, "log")
    shown = subprocess.run([BUILD + "/vanthu", "register", "show", "--config", site.folder + "/vanthu.yaml", record["reference"]],
                           capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}).stdout
    equal(re.search(r"No validation data +a CRL of ", shown) is not None, True, shown)
    site.set_stamps(level="B-LT", without="refuse")
    code, text, record = site.submit(test_seal_documents.make_mail([("mot.pdf", site.sign("person"))]), to="tailieu@example.vn")
    equal((code, "NOT_SEALED" in text, record["seal"]["why"], [d["word"] for d in record["seal"]["documents"]]),
          (451, True, "validation-data", ["not-sealed"]), record["seal"])


def a_revoked_authority(site):
    """Its token says nothing: the seal is set without it, around a mail and in its documents."""
    site.set_stamps()
    site.revoke("tsa", "ca-g2")
    site.make_crl("ca-g2")
    site.restart_milter(keep_status=False)
    data, record = site.sealed(make_mail())
    verify(site, data)
    equal((token_of(data), record["seal"]["level"], "revoked" in record["seal"]["unstamped"]), (None, "B-B", True), record["seal"])
    data, record = site.sealed(test_seal_documents.make_mail([("mot.pdf", site.sign("person"))]), to="tailieu@example.vn")
    equal((record["seal"]["level"], "revoked" in record["seal"]["unstamped"]), ("B-B", True), record["seal"])
    site.set_stamps(level="B-LT")
    data, record = site.sealed(test_seal_documents.make_mail([("mot.pdf", site.sign("person"))]), to="cahai@example.vn")
    verify(site, data)
    equal((record["seal"]["level"], "revoked" in record["seal"]["unstamped"], record["seal"].get("unstored")), ("B-B", True, None), record["seal"])


def streams(path, key):
    """The streams of a list of the document security store, by qpdf."""
    objects = json.loads(subprocess.run(["qpdf", "--json=1", path], check=True, capture_output=True, text=True).stdout)["objects"]
    root = objects[objects["trailer"]["/Root"]]
    store = objects[root["/DSS"]] if isinstance(root["/DSS"], str) else root["/DSS"]
    return [subprocess.run(["qpdf", "--show-object=" + ref.split()[0], "--filtered-stream-data", path], check=True, capture_output=True).stdout
            for ref in store.get(key, [])]


def documents_with_all_that_validates_them(site):
    """Documents of mails at B-LT, alone and with the message over them: what validates each is in it, earlier signatures are as valid
    as before, and one that has this seal is not sealed again."""
    site.set_stamps(level="B-LT")
    files = [("mot.pdf", site.sign("person")), ("hai.pdf", site.sign("person", certify=2))]
    for to in ("tailieu@example.vn", "cahai@example.vn"):
        data, record = site.sealed(test_seal_documents.make_mail(files), to=to)
        equal((record["seal"]["level"], record["seal"].get("unstored"), [d["word"] for d in record["seal"]["documents"]]),
              ("B-LT", None, ["sealed", "sealed"]), record["seal"])
        inner = verify(site, data) if to.startswith("cahai") else data
        for (_, original), (_, sealed, _) in zip(files, test_seal_documents.attachments(inner)):
            equal(sealed.startswith(original), True, "the bytes of before")
            said = test_seal_documents.pdfsig(site, sealed)
            equal(said.count("Signature Validation: Signature is Valid."), 2, said)
            certificates, answers, lists = (streams(site.folder + "/sealed.pdf", key) for key in ("/Certs", "/OCSPs", "/CRLs"))
            names = {x509.Certificate.load(der).subject.native["common_name"] for der in certificates}
            equal({"SỞ NỘI VỤ TỈNH NINH BÌNH", "Dịch vụ cấp dấu thời gian G2 (thử nghiệm)"} <= names, True, names)
            equal(len(answers) + len(lists) >= 2, True, (len(answers), len(lists)))
        with open(site.folder + "/documents.eml", "wb") as out:
            out.write(data)
        done = site.vanthu("check", "--json", site.folder + "/documents.eml")
        found = [d["signatures"] for d in json.loads(done.stdout)["documents"] if d["format"] == "pdf"]
        equal([(s[-1]["indication"], s[-1]["level"], s[-1]["changes_after"], s[0]["integrity"], s[0]["changes_after"]) for s in found],
              [("TOTAL-PASSED", "B-LT", "permitted", "intact", "permitted")] * 2, found)
    done = site.vanthu("check", "--offline", "--json", site.folder + "/documents.eml")
    offline = [d["signatures"][-1] for d in json.loads(done.stdout)["documents"] if d["format"] == "pdf"]
    equal([(s["indication"], s["reasons"][0], [f for f in s["findings"] if "embedded) and does not speak" in f] != []) for s in offline],
          [("INDETERMINATE", "STATUS_UNKNOWN", True)] * 2, offline)
    again = [(name, sealed) for name, sealed, _ in test_seal_documents.attachments(inner)]
    _, _, record = site.submit(test_seal_documents.make_mail(again), to="tailieu@example.vn")
    equal((record["seal"]["why"], {d["word"] for d in record["seal"]["documents"]}), ("sealed-already", {"sealed-already"}), record["seal"])


def a_pdf_with_all_that_validates_it(site):
    """vanthu seal FILE at B-LT: time stamp, certificates and their status in the file, the signature of another as valid as before."""
    site.set_stamps(level="B-LT")
    work = site.folder + "/work"
    os.makedirs(work, exist_ok=True)
    before = site.sign("person")
    with open(work + "/quyet-dinh.pdf", "wb") as out:
        out.write(before)
    done = subprocess.run([BUILD + "/vanthu", "seal", work + "/quyet-dinh.pdf", "--json", "--config", site.folder + "/vanthu.yaml"],
                          capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}, stdin=subprocess.DEVNULL)
    equal((done.returncode, done.stderr), (0, ""), done.stdout)
    equal(json.loads(done.stdout)["level"], "B-LT", done.stdout)
    path = work + "/quyet-dinh.signed.pdf"
    with open(path, "rb") as file:
        after = file.read()
    equal(after[:len(before)] == before, True, "bytes")
    looked = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True).stdout
    equal(looked.count("Signature Validation: Signature is Valid."), 2, looked)
    equal(subprocess.run(["qpdf", "--check", path], capture_output=True).returncode, 0, "qpdf")
    certificates, answers, lists = (streams(path, key) for key in ("/Certs", "/OCSPs", "/CRLs"))
    names = {x509.Certificate.load(der).subject.native["common_name"] for der in certificates}
    equal({"SỞ NỘI VỤ TỈNH NINH BÌNH", "Dịch vụ cấp dấu thời gian G2 (thử nghiệm)"} <= names, True, names)
    statuses = [ocsp.OCSPResponse.load(der)["response_status"].native for der in answers]
    equal((set(statuses) <= {"successful"}, len(answers) + len(lists) >= 2, max(map(len, lists), default=0) <= 1 << 20), (True, True, True), statuses)
    done = subprocess.run([BUILD + "/vanthu", "check", "--config", site.folder + "/vanthu.yaml", "--json", path], capture_output=True, text=True)
    seal = json.loads(done.stdout)["documents"][0]["signatures"][-1]
    equal((seal["indication"], seal["level"], seal["changes_after"], seal["timestamps"][0]["indication"]),
          ("TOTAL-PASSED", "B-LT", "permitted", "TOTAL-PASSED"), seal)


if __name__ == "__main__":
    sys.exit(site_test.run(a_sealed_mail_is_stamped, a_pdf_with_all_that_validates_it, documents_with_all_that_validates_them, each_wrong_answer_is_refused, without_any,
                           files_too, documents_of_a_mail, what_cannot_be_had, a_revoked_authority,
                           site_class=StampSite, mode="enforce", documents=False))
