#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Sealed mails through two hops of a real Postfix, neither of which offers 8BITMIME to the next: what
# arrives is verified by OpenSSL, by GnuPG and by vanthu, and is what was sent.
"""Sealed mails on their way."""

import email
import email.policy
import glob
import json
import os
import re
import shutil
import smtplib
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

import expect

ROOT = os.path.join(HERE, "..", "..")
SEAL = os.path.join(ROOT, "build", "tests", "seal", "seal_file")
LAB = os.path.join(HERE, "..", "mta", "lab.sh")
PORTS = (27230, 27250)
HEAD = ("From: =?utf-8?B?VsSDbiB0aMawIFPhu58gTuG7mWkgduG7pQ==?= <binhtt@ninhbinh.gov.vn>\r\n"
        "To: a@lab.test\r\nDate: Mon, 01 Jun 2026 09:30:00 +0700\r\n")
TEXT = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
MIXED = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n"
UGLY = {
    "8bit": "Subject: Công văn số 12\r\nMIME-Version: 1.0\r\n" + TEXT + "8bit\r\n\r\n" +
            "Kính gửi các đơn vị trực thuộc,\r\n" * 40 + "From nay\r\n.\r\n..\r\n-- \r\nNgười ký  \r\n",
    "long": "Subject: x\r\n" + "\r\n" + "0123456789" * 1000 + "\r\nend\r\n",
    "plain": "Subject: x\r\n\r\nXin chao.\r\n",
    "empty": "Subject: x\r\n\r\n",
    "nested": "Subject: x\r\n" + MIXED + "Content-Transfer-Encoding: 8bit\r\n\r\nĐầu\r\n--b\r\n"
              "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\nFrom: c@d.vn\r\n"
              "Subject: Trả lời\r\n" + TEXT + "8bit\r\n\r\nĐã nhận.\r\n--b\r\n" + TEXT + "8bit\r\n"
              "Content-Disposition: attachment; filename=\"Phụ lục.txt\"\r\n\r\nNăm " + "2026 " * 900 +
              "\r\n--b--\r\n",
    "crlf": "Subject: x\r\n" + MIXED + "\r\n--b\r\n\r\nHi\r\n--b\r\nContent-Type: application/octet-stream\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\n" + "QUJD" * 500 + "\r\n--b--\r\n",
}
failures = 0


def check(what, holds, detail=""):
    global failures
    if not holds:
        failures += 1
        print(f"FAIL  {what} {detail}")


def run(*command, **options):
    return subprocess.run(command, capture_output=True, timeout=120, check=False, **options)


class Pki:
    """The PKI, the seal's chain, and a GnuPG that trusts its root."""

    def __init__(self, folder):
        self.pki = folder + "/pki"
        subprocess.run([HERE + "/../pki/mkpki.sh", self.pki], check=True)
        self.chain, self.roots = folder + "/chain.pem", folder + "/roots.pem"
        self.join(self.chain, "smime", "ca-g2")
        self.join(self.roots, "root-g2")
        self.config = expect.configure(self.pki, folder)
        self.home = folder + "/gnupg"
        os.mkdir(self.home, 0o700)
        said = run("openssl", "x509", "-in", self.roots, "-noout", "-fingerprint", "-sha1").stdout.decode()
        with open(self.home + "/trustlist.txt", "w", encoding="utf-8") as file:
            file.write(said.strip().split("=")[1] + " S relax\n")
        for path in (self.roots, self.chain):
            self.gpgsm("--import", path)

    def join(self, path, *names):
        with open(path, "wb") as out:
            for name in names:
                with open(f"{self.pki}/certs/{name}.pem", "rb") as file:
                    out.write(file.read())

    def gpgsm(self, *arguments):
        return run("gpgsm", "--homedir", self.home, "--batch", "--no-tty", "--disable-crl-checks",
                   "--disable-policy-checks", *arguments)

    def close(self):
        run("gpgconf", "--homedir", self.home, "--kill", "all")

    def seal(self, path, out, *words, key="smime"):
        done = run(SEAL, f"{self.pki}/keys/{key}.key", self.chain, path, out, *words)
        return done.returncode, done.stdout.decode("utf-8", "replace").strip()


def split_signed(data):
    """Signed bytes and DER of the signature of a multipart/signed, found without any library's help."""
    boundary = re.search(rb'boundary="(=_vanthu_[0-9a-f]{32})"', data).group(1)
    parts = data.split(b"\r\n--" + boundary)
    return parts[1].removeprefix(b"\r\n"), email.message_from_bytes(parts[2].lstrip(b"\r\n")).get_payload(decode=True)


def verify(site, name, path, folder):
    """Every program that can be had says that it is intact."""
    with open(path, "rb") as file:
        data = file.read()
    is_clear = b"multipart/signed" in data
    roots = ("-CAfile", site.roots)
    done = run("openssl", "cms", "-verify", "-cades", "-in", path, "-out", "/dev/null", *roots)
    check(f"{name}: openssl cms", done.returncode == 0, done.stderr.decode())
    if "pss" not in name:  # its older interface knows PKCS #1 v1.5 only
        done = run("openssl", "smime", "-verify", "-in", path, "-out", "/dev/null", *roots)
        check(f"{name}: openssl smime", done.returncode == 0, done.stderr.decode())
    status, evidence = expect.check(site.pki, site.config, path)
    check(f"{name}: vanthu check", status == 0 and expect.verdicts_of(evidence) == ["TOTAL-PASSED"],
          f"{status} {expect.verdicts_of(evidence)} {expect.reasons_of(evidence)}")
    if is_clear:
        content, signature = split_signed(data)
        for file, part in (("content", content), ("signature", signature)):
            with open(f"{folder}/{file}", "wb") as out:
                out.write(part)
        done = site.gpgsm("--verify", folder + "/signature", folder + "/content")
        check(f"{name}: gpgsm", done.returncode == 0 and b"Good signature" in done.stderr, done.stderr.decode())
    check(f"{name}: 7-bit, short lines", max(data.split(b"\r\n\r\n", 1)[1], default=0) < 128 and
          max(len(line) for line in data.split(b"\r\n")) <= 998)


def content_of(data):
    """Every leaf of a mail as Python reads it, the seal taken off."""
    message = email.message_from_bytes(data, policy=email.policy.SMTP)
    if message.get_content_type() == "multipart/signed":
        message = message.get_payload(0)
    return [(part.get_content_type(), part.get_filename(), part.get_payload(decode=True))
            for part in message.walk() if not part.is_multipart()]


# ---- the way ----

def start(folder):
    """Two labs: the first hands over to the second, the second to the sink; none says 8BITMIME."""
    for number, port in enumerate(PORTS):
        environment = dict(os.environ, LAB_PORT=str(port))
        subprocess.run([LAB, "start", f"{folder}/lab{number}"], check=True, env=environment)
        with open(f"{folder}/lab{number}/etc/main.cf", "a", encoding="utf-8") as file:
            file.write("smtp_discard_ehlo_keywords = 8bitmime\n")
            if number == 0:
                file.write(f"relayhost = [127.0.0.1]:{PORTS[1] + 2}\n")
        subprocess.run(["/usr/sbin/postfix", "-c", f"{folder}/lab{number}/etc", "reload"], check=True,
                       stderr=subprocess.DEVNULL)


def stop(folder):
    for number, port in enumerate(PORTS):
        subprocess.run([LAB, "stop", f"{folder}/lab{number}"], check=False, env=dict(os.environ, LAB_PORT=str(port)))


def send(path, count, folder):
    """Send a mail and wait for the count-th to arrive; returns its path."""
    with open(path, "rb") as file:
        data = file.read()
    with smtplib.SMTP("127.0.0.1", PORTS[0] + 2, "client.lab.test", timeout=30) as smtp:
        smtp.sendmail("binhtt@ninhbinh.gov.vn", ["a@lab.test"], data, ["BODY=8BITMIME"])
    wanted = f"{folder}/lab1/delivered/{count:05}.eml"
    for _ in range(300):
        if os.path.exists(wanted):
            return wanted
        time.sleep(0.1)
    raise RuntimeError(f"{path} did not arrive")


def travel(site, folder):
    arrived = 0
    for name, body in UGLY.items():
        path = f"{folder}/{name}.eml"
        with open(path, "wb") as file:
            file.write((HEAD + body).encode())
        for words in ((), ("opaque",), ("headers", "pss")):
            label = f"{name} {' '.join(words)}"
            sealed = f"{folder}/{name}-sealed.eml"
            status, said = site.seal(path, sealed, *words)
            check(f"{label}: sealed", status == 0, said)
            arrived += 1
            delivered = send(sealed, arrived, folder)
            verify(site, label, delivered, folder)
            with open(delivered, "rb") as file:
                data = file.read()
            if "opaque" not in words:
                # Line ends of text that said 8bit are CRLF, and nothing else may differ.
                check(f"{label}: content", content_of(data) == content_of((HEAD + body).encode()))


# ---- what other tests send ----

def seal_everything(site, folder):
    """The mails of the table: sealed and good, or left alone; never anything else."""
    mails = folder + "/mails"
    subprocess.run([HERE + "/../documents/mkdocuments.py", site.pki, folder + "/documents"], check=True)
    subprocess.run([HERE + "/../mail/mkmails.py", site.pki, folder + "/documents", mails], check=True)
    words = {}
    for path in sorted(glob.glob(mails + "/*.eml")):
        status, said = site.seal(path, folder + "/sealed.eml", "also")
        check(os.path.basename(path), status in (0, 1), said)
        words[said.split()[0]] = words.get(said.split()[0], 0) + 1
    check("some are sealed, some are not", words.get("ready", 0) >= 10 and words.get("already-signed", 0) >= 5, words)
    print(json.dumps(words))


def main():
    folder = tempfile.mkdtemp(prefix="vanthu-seal-")
    os.chmod(folder, 0o755)
    site = None
    try:
        site = Pki(folder)
        start(folder)
        travel(site, folder)
        seal_everything(site, folder)
    finally:
        stop(folder)
        if site is not None:
            site.close()
        shutil.rmtree(folder, ignore_errors=True)
    print("sealed mails: " + ("passed" if failures == 0 else f"{failures} failed"))
    return 0 if failures == 0 else 1


sys.exit(main())
