#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Seals as programs judge them that share no code with vanthu. PDF: pyHanko and the Digital Signature
# Service of the EU, which tells the level too; files of every build, with earlier signatures of
# three producers, certified, with each kind of key, shown and not, with a time stamp and with validation data. Mails: OpenSSL,
# GnuPG, and NSS, which is Thunderbird's. After one byte was altered each says that it is not valid.
# Exit status 77: neither the Python nor the Maven registry answers.
"""Agreement of others on what was sealed."""

import email
import os
import re
import shutil
import subprocess
import sys
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import programs
from made import TESTS
from pdf_cases import hybrid, with_field, write_png

SEAL = TESTS + "/../build/tests/seal/seal_file"
MKPDF = TESTS + "/documents/mkpdf.py"
FONT = "/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf"
COPY = ("font=" + FONT, "line=SAO Y", "line=Sở Nội vụ tỉnh Ninh Bình", "line=2026-06-01T09:30:00+07:00")
ANNEX = ("font=" + FONT, "line=2415/SNV-VTLT", "line=2026-06-01T09:30:00+07:00")
KINDS = {"pkcs1": ("agency", ()), "pss": ("agency", ("pss",)), "p256": ("agency-ec", ()), "p384": ("agency-p384", ("hash=sha384",))}
B, T, LT = "PAdES-BASELINE-B", "PAdES-BASELINE-T", "PAdES-BASELINE-LT"

# File, key, what is shown and where, levels of all signatures afterwards. "stamped" asks for a token, "stored"
# for the validation data of seal and token.
ROWS = (
    ("table", "pkcs1", (), B), ("table", "pss", ("stamped",), T), ("table", "p256", ("image", "page=1", "left=20", "top=30"), B),
    ("stream", "pkcs1", ("stamped", *COPY), T), ("stream", "pss", ("image", "anchor=GIÁM ĐỐC"), B), ("stream", "p384", ANNEX, B),
    ("linearized", "pkcs1", ANNEX, B), ("linearized", "p256", ("stamped",), T), ("hybrid", "pss", COPY, B),
    ("table-2.0", "p384", ("stamped", "image", "page=0", "left=40", "top=60"), T), ("stream-2.0", "pkcs1", COPY, B),
    ("turned", "p256", ("stamped", *COPY), T), ("field", "pss", ("image", "field=chu.ky"), B), ("field", "p384", ("field=chu.ky",), B),
    ("table", "pkcs1", ("stamped", "stored"), LT), ("stream", "p256", ("stamped", "stored", *COPY), LT),
    ("linearized", "pss", ("stamped", "stored", "image", "page=1", "left=20", "top=30"), LT),
    ("certified2", "pkcs1", (), B + " " + B), ("certified2", "p384", ("stamped", "stored"), B + " " + LT),
    ("certified3", "p256", ("hide", *COPY), B + " " + B),
    ("three", "pkcs1", ("image", "signature"), " ".join((B, B, "PKCS7-B", B))),
    ("three", "pss", ("stamped",), " ".join((B, B, "PKCS7-B", T))),
    ("three", "p256", ("stamped", "stored", "hide"), " ".join((B, B, "PKCS7-B", LT))),
    ("three", "p384", COPY, " ".join((B, B, "PKCS7-B", B))))
ALTERED = (("table", "pss"), ("table", "p256"), ("stream", "p384"), ("three", "pkcs1"))
# The seal lies over a third of the signature before it, as it has to (legal.md R-59): DSS names that.
OVERLAPS = {"three, pkcs1, image signature"}
failures = 0


def check(what, holds, detail=""):
    global failures
    if not holds:
        failures += 1
        print(f"FAIL  {what} {detail}")


def run(*command, **options):
    return subprocess.run(command, capture_output=True, timeout=120, check=False, **options)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)
    return path


class Site:
    """The test PKI with a key of P-384, and an authority for time stamps."""

    def __init__(self, folder):
        self.folder, self.pki, self.png = folder, folder + "/pki", folder + "/seal.png"
        subprocess.run([TESTS + "/pki/mkpki.sh", self.pki], check=True)
        self.issue("agency-p384", "agency-ec", ec.generate_private_key(ec.SECP384R1()))
        write_png(self.png)
        self.stamp = self.authority()

    def issue(self, name, like, key):
        """A certificate as another one, for another key."""
        model = x509.load_pem_x509_certificate(read(f"{self.pki}/certs/{like}.pem"))
        issuer = serialization.load_pem_private_key(read(f"{self.pki}/keys/ca-g2.key"), None)
        builder = (x509.CertificateBuilder().subject_name(model.subject).issuer_name(model.issuer).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(model.not_valid_before)
                   .not_valid_after(model.not_valid_after))
        for extension in model.extensions:
            value = extension.value
            if isinstance(value, x509.SubjectKeyIdentifier):
                value = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
            builder = builder.add_extension(value, extension.critical)
        write(f"{self.pki}/certs/{name}.pem", builder.sign(issuer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        write(f"{self.pki}/keys/{name}.key", key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                               serialization.NoEncryption()))

    def authority(self):
        """The command that gives a token: openssl-ts(1)."""
        config = write(self.folder + "/tsa.cnf", (
            f"[tsa]\nserial = {self.folder}/tsa.serial\ndefault_policy = 1.2.3.4\nsigner_digest = sha256\ndigests = sha256\n"
            "ess_cert_id_chain = no\ness_cert_id_alg = sha256\n").encode())
        path = write(self.folder + "/stamp.sh", (
            "#!/bin/sh\nset -e\n"
            'openssl ts -query -data "$1" -sha256 -cert -out "$2.query" 2>/dev/null\n'
            f'openssl ts -reply -config {config} -section tsa -queryfile "$2.query" -signer {self.pki}/certs/tsa.pem '
            f'-inkey {self.pki}/keys/tsa.key -chain {self.pki}/certs/ca-g2.pem -token_out -out "$2" 2>/dev/null\n').encode())
        os.chmod(path, 0o755)
        return path

    def stored(self, name):
        """What validates a seal and its token: certificates and CRLs."""
        for ca in (name, "ca-g2", "root-g2", "tsa"):
            run("openssl", "x509", "-in", f"{self.pki}/certs/{ca}.pem", "-outform", "DER", "-out", self.path(ca, ".der"))
        return (*(f"certificate={self.path(ca, '.der')}" for ca in (name, "ca-g2", "root-g2", "tsa")),
                *(f"crl={self.pki}/crl/{ca}.crl" for ca in ("ca-g2", "root-g2")))

    def path(self, name, ending=".pdf"):
        return f"{self.folder}/{name}{ending}"

    def chain(self, name):
        return write(f"{self.folder}/{name}.chain", read(f"{self.pki}/certs/{name}.pem") + read(f"{self.pki}/certs/ca-g2.pem"))

    def seal(self, source, target, kind, *options):
        """True when it was sealed and vanthu's own verifier found it good."""
        name, more = KINDS[kind]
        given = {"image": ("image=" + self.png, "width=36"), "stamped": ("stamp=" + self.stamp, "token=8000"),
                 "stored": self.stored(name)}
        options = [word for option in options for word in given.get(option, (option,))]
        done = run(SEAL, f"{self.pki}/keys/{name}.key", self.chain(name), source, target, *more, *options)
        check(f"{os.path.basename(source)} {kind}: sealed", done.returncode == 0, done.stdout.decode() + done.stderr.decode())
        return done.returncode == 0


# ---- PDF ----

def make_files(site):
    for kind in ("table", "stream"):
        subprocess.run([MKPDF, "new", site.path(kind), "--xref", kind, "--pages", "2"], check=True)
        run("qpdf", "--force-version=2.0", "--object-streams=preserve", site.path(kind), site.path(kind + "-2.0"))
    run("qpdf", "--linearize", "--object-streams=generate", site.path("table"), site.path("linearized"))
    run("qpdf", "--rotate=+90:1-z", "--object-streams=disable", site.path("table"), site.path("turned"))
    write(site.path("hybrid"), hybrid())
    write(site.path("field"), with_field())
    for level in "23":
        sign(site, "table", "certified" + level, "person", "--certify", level)
    programs.pyhanko_sign(site.pki, "person", site.path("stream"), site.path("one"))
    site.seal(site.path("one"), site.path("two"), "p256")
    sign(site, "two", "three", "agency2", "--subfilter", "adbe.pkcs7.detached")


def sign(site, source, target, name, *options):
    subprocess.run([MKPDF, "sign", site.path(source), site.path(target), "--pki", site.pki, "--by", name, "--at", "1h-ago", *options],
                   check=True)


def seal_all(site):
    """{sealed file: (label, levels)}; the bytes that were there begin each."""
    sealed = {}
    for number, (source, kind, options, levels) in enumerate(ROWS):
        shown = " ".join(option.split("=")[0] for option in options if not option.startswith(("line=", "width=")))
        target = site.path(f"sealed-{number}")
        if site.seal(site.path(source), target, kind, *options):
            label = f"{source}, {kind}{', ' + shown if shown else ''}"
            check(f"{label}: first bytes", read(target).startswith(read(site.path(source))))
            sealed[target] = (label, levels.split())
    return sealed


def judge_sealed(sealed, theirs, hanko):
    print(f"{'sealed':46} {'DSS: levels':60} {'DSS':10} pyHanko")
    for path, (label, levels) in sealed.items():
        said, also = theirs[path], hanko[path]
        if not isinstance(said, list) or not isinstance(also, list):
            check(label, False, f"{said} {also}")
            continue
        found = [s["level"] for s in said]
        verdicts = [s["indication"] for s in said]
        words = [(s["integrity"], s["changes"] in ("none", "permitted"), s["indication"]) for s in also]
        print(f"{label:46} {' '.join(found):60} {' '.join(sorted(set(verdicts))):10} {' '.join(sorted({w[2] for w in words}))}")
        check(f"{label}: DSS, levels", found == levels, f"{found} {said}")
        check(f"{label}: DSS, valid", verdicts == ["PASSED"] * len(levels), said)
        allowed = {"none", "permitted"} if label not in OVERLAPS else {"annotations overlap"}
        check(f"{label}: DSS, changes", {s["changes"] for s in said} <= allowed, said)
        check(f"{label}: pyHanko", words == [("intact", True, "PASSED")] * len(levels) and
              (also[-1]["covers"] == "whole" or "stored" in label), also)


def alter(site, sealed):
    """One byte: of what was there before, of the update, of the signature's value."""
    altered = {}
    for path, (label, _) in sealed.items():
        source, kind = label.split(", ")[:2]
        if (source, kind) not in ALTERED:
            continue
        data, before = read(path), len(read(site.path(source)))
        value = re.compile(rb"/Contents <([0-9a-f]+?)(?:00)*>").search(data, before)
        places = {"a byte before": 11, "a byte of the update": data.index(b"+07'00'", before)}
        if "stamped" not in label:  # else the token stands behind the value
            places["a byte of the signature"] = value.end(1) - 40
        for what, at in places.items():
            changed = bytearray(data)
            changed[at] = ord("4") if changed[at] != ord("4") else ord("5")
            altered[write(f"{path}-{what.split()[-1]}.pdf", bytes(changed))] = f"{label}: {what}"
    return altered


def judge_altered(altered, theirs, hanko):
    print(f"\n{'altered':60} {'DSS':30} pyHanko")
    for path, label in altered.items():
        said = [last["indication"] if isinstance(last, dict) else str(last)
                for last in (answer[-1] if isinstance(answer, list) and answer else answer for answer in (theirs[path], hanko[path]))]
        print(f"{label:60} {said[0]:30} {said[1]}")
        check(label, all(word.startswith("FAILED") for word in said), said)


# ---- mails ----

MAIL = ("From: =?utf-8?B?VsSDbiB0aMawIFPhu58gTuG7mWkgduG7pQ==?= <vanthu@sonv.ninhbinh.gov.vn>\r\nTo: a@lab.test\r\n"
        "Date: Mon, 01 Jun 2026 09:30:00 +0700\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\nKính gửi Quý cơ quan,\r\nVăn bản kèm theo thư này.\r\n").encode()


class Readers:
    """OpenSSL, GnuPG and NSS, which trust the root of the PKI."""

    def __init__(self, site):
        self.folder, self.root = site.folder, site.pki + "/trust/official/root-g2.pem"
        self.home, self.nss = site.folder + "/gnupg", "sql:" + site.folder + "/nss"
        os.mkdir(self.home, 0o700)
        os.mkdir(site.folder + "/nss")
        said = run("openssl", "x509", "-in", self.root, "-noout", "-fingerprint", "-sha1").stdout.decode()
        write(self.home + "/trustlist.txt", (said.strip().split("=")[1] + " S relax\n").encode())
        self.gpgsm("--import", self.root)
        run("certutil", "-N", "-d", self.nss, "--empty-password")
        run("certutil", "-A", "-d", self.nss, "-n", "root", "-t", "C,C,C", "-a", "-i", self.root)

    def gpgsm(self, *arguments):
        return run("gpgsm", "--homedir", self.home, "--batch", "--no-tty", "--disable-crl-checks", "--disable-policy-checks",
                   "--disable-dirmngr", *arguments)

    def close(self):
        run("gpgconf", "--homedir", self.home, "--kill", "all")

    def split(self, data):
        """Path of the CMS, and of the signed part where it is detached; by boundaries (RFC 1847 2.1)."""
        message = email.message_from_bytes(data)
        if message.get_content_type() != "multipart/signed":
            return write(self.folder + "/cms", message.get_payload(decode=True)), None
        part = data.split(b"\r\n--" + message.get_boundary().encode())[1].removeprefix(b"\r\n")
        return (write(self.folder + "/cms", message.get_payload(1).get_payload(decode=True)), write(self.folder + "/content", part))

    def judge(self, path):
        """{program: its word}."""
        cms, content = self.split(read(path))
        done = run("openssl", "cms", "-verify", "-cades", "-in", path, "-out", "/dev/null", "-CAfile", self.root)
        words = {"openssl": "valid" if done.returncode == 0 else "not valid"}
        done = self.gpgsm("--verify", *((cms, content) if content else (cms,)))
        words["gpgsm"] = "valid" if done.returncode == 0 and b"Good signature" in done.stderr else "not valid"
        done = run("cmsutil", "-D", "-d", self.nss, "-i", cms, "-h", "0", "-n", "-u", "4", *(("-c", content) if content else ()))
        words["NSS"] = "valid" if done.returncode == 0 and b"status=GoodSignature" in done.stdout else "not valid"
        return words, done.stdout + done.stderr


def mails(site):
    readers = Readers(site)
    source = write(site.path("mail", ".eml"), MAIL)
    print(f"\n{'mail':30} OpenSSL, GnuPG, NSS; after a byte was altered")
    try:
        for kind in KINDS:
            for form in ((), ("opaque",), ("stamped",), ("headers",)):
                label, target = f"{kind} {' '.join(form) or 'clear'}", site.path("mail-sealed", ".eml")
                if site.seal(source, target, kind, *form):
                    judge_mail(readers, label, target)
    finally:
        readers.close()


def judge_mail(readers, label, path):
    words, detail = readers.judge(path)
    check(f"mail {label}", set(words.values()) == {"valid"}, f"{words} {detail}")
    data = read(path)
    # One letter of the content, also where it is in base64.
    signed = re.search(rb"\r\n--=_[^\r]*\r\n", data)
    at = data.index(b"\r\n\r\n", data.index(b"Content-Transfer-Encoding:", signed.end())) + 30 if signed else \
        data.index(b"\r\n\r\n") + 104
    write(path, data[:at] + (b"A" if data[at:at + 1] != b"A" else b"B") + data[at + 1:])
    altered, detail = readers.judge(path)
    check(f"altered mail {label}", set(altered.values()) == {"not valid"}, f"{altered} {detail}")
    print(f"{label:30} {', '.join(words.values())}; {', '.join(altered.values())}")


def main():
    if not programs.pyhanko_install() or not programs.dss_install():
        print("pyHanko or DSS cannot be installed from their registries")
        return 77
    folder = tempfile.mkdtemp(prefix="vanthu-peers-seal-")
    try:
        site = Site(folder)
        make_files(site)
        sealed = seal_all(site)
        altered = alter(site, sealed)
        files = [*sealed, *altered]
        judgements = programs.dss(site.pki, files), programs.pyhanko(site.pki, files)
        judge_sealed(sealed, *judgements)
        judge_altered(altered, *judgements)
        mails(site)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("seals in the eyes of others: " + ("passed" if failures == 0 else f"{failures} failed"))
    return 0 if failures == 0 else 1


sys.exit(main())
