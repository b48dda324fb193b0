#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# vanthu trust as an administrator uses it: certificates from a server, a folder and files, roots
# compared at a terminal or not, what stands in the folder afterwards, and what is said about it.
"""vanthu trust."""

import datetime
import functools
import http.server
import json
import os
import pty
import re
import select
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time
from types import SimpleNamespace

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
VANTHU = os.environ.get("VANTHU_BUILD", ROOT + "/build") + "/vanthu"
NOW = datetime.datetime.utcnow().replace(microsecond=0)
DAY = datetime.timedelta(days=1)


def name(common):
    parts = ((NameOID.COUNTRY_NAME, "VN"), (NameOID.ORGANIZATION_NAME, "Ban Cơ yếu"), (NameOID.COMMON_NAME, common))
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts])


def make(common, issuer=None, ca=True, days=3650, crl=None):
    """A certificate with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (x509.CertificateBuilder().subject_name(name(common)).public_key(key.public_key())
               .issuer_name(issuer.certificate.subject if issuer else name(common))
               .serial_number(x509.random_serial_number()).not_valid_before(NOW - 10 * DAY)
               .not_valid_after(NOW + days * DAY).add_extension(x509.BasicConstraints(ca, None), True))
    if crl:
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(crl)], None, None, None)
        builder = builder.add_extension(x509.CRLDistributionPoints([point]), False)
    certificate = builder.sign(issuer.key if issuer else key, hashes.SHA256())
    return SimpleNamespace(certificate=certificate, key=key, sha256=certificate.fingerprint(hashes.SHA256()).hex(),
                           der=certificate.public_bytes(serialization.Encoding.DER),
                           pem=certificate.public_bytes(serialization.Encoding.PEM))


def crl_of(issuer, revoked=()):
    builder = (x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
               .last_update(NOW - DAY).next_update(NOW + 5 * DAY).add_extension(x509.CRLNumber(7), False))
    for who in revoked:
        builder = builder.add_revoked_certificate(x509.RevokedCertificateBuilder().serial_number(
            who.certificate.serial_number).revocation_date(NOW - 2 * DAY).build())
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


class Site:
    """A folder with a configuration, a server with certificates, and one PKI."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="trust-command.")
        os.makedirs(self.folder + "/www/pki")
        os.mkdir(self.folder + "/state")
        handler = functools.partial(Quiet, directory=self.folder + "/www")
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.root = make("RootCA chuyên dùng G2")
        self.agency = make("CA cơ quan Nhà nước G2", self.root, crl=self.url + "root.crl")
        self.met = make("CA Bộ Tài chính", self.root, crl=self.url + "root.crl")
        self.leaf = make("SỞ NỘI VỤ", self.agency, ca=False, crl=self.url + "agency.crl")
        self.stranger = make("Root lạ")
        self.write("www/pki/root.crt", self.root.der)
        self.write("www/pki/agency.pem", self.agency.pem)
        self.write("www/root.crl", crl_of(self.root))
        self.write("www/agency.crl", crl_of(self.agency))
        self.write("leaf.crt", self.leaf.der)
        self.write("met.crt", self.met.der)
        self.write("stranger.crt", self.stranger.der)
        self.write("garbage.crt", b"\x30\x03abc")
        self.write("vanthu.yaml", f"state-directory: state\ncontrol-socket: {self.folder}/c.sock\n"
                   f"fetch: {{allowed-hosts: ['127.0.0.1:{self.server.server_port}'], timeout: 2s}}\n")

    def write(self, path, content):
        with open(f"{self.folder}/{path}", "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())

    def read(self, path):
        with open(f"{self.folder}/{path}", encoding="utf-8") as file:
            return file.read()

    def files(self):
        """Everything below trust/, with its mode."""
        found = {}
        for place, _, names in os.walk(self.folder + "/trust"):
            for each in names:
                path = os.path.join(place, each)
                found[os.path.relpath(path, self.folder)] = stat.S_IMODE(os.stat(path).st_mode)
        return found

    def arguments(self, words):
        return [VANTHU, "trust", words.split()[0], "--config", "vanthu.yaml", *words.split()[1:]]

    def run(self, words, lang="C"):
        """Without a terminal. The umask is one that would hide the files from the roles."""
        return subprocess.run(self.arguments(words), cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=120, check=False, umask=0o077, env={**os.environ, "LC_ALL": lang})

    def at_terminal(self, words, answers):
        """(exit status, everything on the terminal); one answer for each question."""
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.folder)
            os.environ["LC_ALL"] = "C"
            os.execv(VANTHU, self.arguments(words))
        said, asked, until = b"", 0, time.monotonic() + 60
        while time.monotonic() < until:
            if not select.select([fd], [], [], 1)[0]:
                continue
            try:
                piece = os.read(fd, 4096)
            except OSError:
                break
            if not piece:
                break
            said += piece
            while said.count(b"leaves it out: ") > asked and asked < len(answers):
                os.write(fd, answers[asked].encode() + b"\n")
                asked += 1
        os.close(fd)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def __call__(self, what, is_good, shown=""):
        self.passed, self.failed = self.passed + bool(is_good), self.failed + (not is_good)
        if not is_good:
            print(f"FAIL {what}: {shown}")


def grouped(sha256):
    return " ".join(sha256[i:i + 4] for i in range(0, 64, 4))


def not_without_a_person(site, check):
    """No terminal, a wrong answer, a wrong fingerprint: nothing is taken."""
    done = site.run(f"setup official --from {site.url}pki/")
    check("setup without a terminal", done.returncode == 1 and "nobody compared" in done.stdout, done)
    check("the root is shown", all(half in done.stderr for half in
                                   (grouped(site.root.sha256)[:39], grouped(site.root.sha256)[40:])), done.stderr)
    check("with whom to compare", "Cục Chứng thực số và Bảo mật thông tin" in done.stderr, done.stderr)
    digits = site.root.sha256
    for answer in ("", "y", digits[:4], digits[:4] + " 0000" if digits[-4:] != "0000" else "1", digits[-4:] + digits[:4], "no"):
        status, said = site.at_terminal(f"setup official --from {site.url}pki/", [answer])
        check(f"setup answered {answer!r}", status == 1 and "nobody compared" in said, said)
    done = site.run(f"setup official --from {site.url}pki/ --confirm {'0' * 64}")
    check("another fingerprint", done.returncode == 1, done)
    check("nothing was written", site.files() == {}, site.files())
    done = site.run("check")
    check("check of nothing", done.returncode == 1 and "set official: no confirmed root" in done.stdout, done)
    done = site.run("add met.crt")
    check("an intermediate without a root", done.returncode == 1 and "leads to no confirmed root" in done.stdout, done)
    check("still nothing was written", site.files() == {}, site.files())


def set_up(site, check):
    digits = site.root.sha256
    status, said = site.at_terminal(f"setup official --from {site.url}pki/", [f"{digits[:4].upper()} {digits[-4:]}"])
    check("setup at a terminal", status == 0 and "vanthu reload" in said, said)
    files = site.files()
    check("what it wrote", sorted(files) == [
        f"trust/official/anchors/rootca-chuyen-dung-g2-{digits[:8]}.pem", "trust/official/confirmed",
        f"trust/official/intermediates/ca-co-quan-nha-nuoc-g2-{site.agency.sha256[:8]}.pem"], files)
    check("modes", all(mode == 0o644 for mode in files.values()), files)
    written = [path for path in files if "/anchors/" in path]
    check("the root is the one that was served", written and x509.load_pem_x509_certificate(
        site.read(written[0]).encode()).fingerprint(hashes.SHA256()).hex() == digits)
    line = re.escape(digits) + r" # RootCA chuyên dùng G2, \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, \S+.*\n"
    check("its line", re.search("^" + line + "$", site.read("trust/official/confirmed"), re.M), site.read("trust/official/confirmed"))
    done = site.run(f"setup official --from {site.url}pki/")
    check("setup again changes nothing", done.returncode == 0 and site.files() == files, done)
    done = site.run(f"setup official --from {site.url}gone/")
    check("an address without anything", done.returncode == 69 and "404" in done.stdout, done)
    done = site.run("setup official --from http://127.0.0.1:1/a.crt")
    check("a host that is not allowed", done.returncode == 69 and "failed" in done.stdout, done)


def look_at_it(site, check):
    done = site.run("list")
    check("list", done.returncode == 0 and grouped(site.root.sha256) in done.stdout and
          re.search(r"root +RootCA chuyên dùng G2\n.*, confirmed\n", done.stdout), done.stdout)
    done = site.run("list --json")
    rows = {row["sha256"]: row for row in json.loads(done.stdout)["certificates"]}
    check("list as JSON", rows[site.root.sha256]["confirmed"] and rows[site.agency.sha256]["kind"] == "intermediate" and
          rows[site.agency.sha256]["set"] == "official", rows)
    done = site.run("list", lang="vi_VN.UTF-8")
    check("list in Vietnamese", "đã xác nhận" in done.stdout, done.stdout)
    done = site.run("check")
    check("check", done.returncode == 0 and re.search(r"ok +CA cơ quan Nhà nước G2: crl " + site.url, done.stdout), done)
    for offline, want in (("", 0), ("--offline ", 2)):
        done = site.run(f"path {offline}leaf.crt")
        check(f"path {offline}", done.returncode == want, done)
    done = site.run("path leaf.crt", lang="vi_VN.UTF-8")
    check("path in Vietnamese", "hợp lệ" in done.stdout and "tình trạng: còn hiệu lực, crl " in done.stdout, done)
    done = site.run("path --offline --json stranger.crt")
    check("path of a stranger", done.returncode == 1 and json.loads(done.stdout)["verdict"] == "refused", done)
    done = site.run("path --offline garbage.crt")
    check("path of what is no certificate", done.returncode == 65 and "no certificate" in done.stdout, done)


def add_and_remove(site, check):
    done = site.run("add met.crt")
    check("an intermediate under a confirmed root", done.returncode == 0, done)
    done = site.run("add leaf.crt")
    check("a leaf is no authority", done.returncode == 1 and "not the certificate of an authority" in done.stdout, done)
    done = site.run("add stranger.crt")
    check("a root without a word", done.returncode == 1, done)
    done = site.run("add garbage.crt")
    check("what is no certificate", done.returncode == 69 and "garbage.crt: " in done.stdout, done)
    done = site.run(f"add --set public --confirm {grouped(site.stranger.sha256).replace(' ', ':').upper()} stranger.crt")
    check("a root of the other set", done.returncode == 0 and
          any(path.startswith("trust/public/anchors/root-la-") for path in site.files()), done)
    done = site.run(f"remove {site.stranger.sha256}")
    check("remove", done.returncode == 0 and site.stranger.sha256 not in site.read("trust/public/confirmed"), done)
    check("its file is gone", not any("root-la" in path for path in site.files()), site.files())
    done = site.run(f"remove {site.met.sha256}")
    check("remove an intermediate", done.returncode == 0 and not any("bo-tai-chinh" in p for p in site.files()), done)
    done = site.run(f"remove {'0' * 64}")
    check("remove what is not there", done.returncode == 66, done)


def at_once(site, check):
    """Two administrators at two terminals: neither undoes what the other has decided."""
    before = site.read("trust/official/confirmed").splitlines()
    roots = [make(f"Root {i}") for i in range(12)]
    for i, root in enumerate(roots):
        site.write(f"root-{i}.crt", root.der)

    def together(words):
        running = [subprocess.Popen(site.arguments(each), cwd=site.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"}) for each in words]
        return [each.wait(60) for each in running]

    ends = together([f"add --confirm {root.sha256} root-{i}.crt" for i, root in enumerate(roots)])
    text = site.read("trust/official/confirmed")
    check("all were added", ends == [0] * 12 and all(root.sha256 in text for root in roots), (ends, text))
    ends = together([f"remove {root.sha256}" for root in roots])
    check("all were removed", ends == [0] * 12 and site.read("trust/official/confirmed").splitlines() == before,
          (ends, site.read("trust/official/confirmed")))


def hostile_places(site, check):
    """What is no certificate is left out, soon."""
    os.mkdir(site.folder + "/odd")
    os.mkfifo(site.folder + "/odd/pipe.crt")
    os.symlink("/dev/zero", site.folder + "/odd/zero.crt")
    os.symlink("zero.crt/../loop.crt", site.folder + "/odd/loop.crt")
    site.write("odd/many.pem", site.stranger.pem * 3000)
    site.write("odd/large.pem", b"-----BEGIN CERTIFICATE-----\n" + b"A" * 3000000)
    files = site.files()
    for place in ("odd", "odd/zero.crt", "odd/loop.crt", "odd/many.pem", "odd/large.pem", "/dev/zero", "/proc"):
        begin = time.monotonic()
        done = site.run(f"setup official --from {place}")
        check(f"--from {place}", done.returncode in (1, 65, 66, 69, 74) and time.monotonic() - begin < 20 and done.stderr, done)
    check("nothing was written", site.files() == files, site.files())


def learn(site, check):
    """The status role keeps what it fetched in a form of its own."""
    def kept(certificate):
        blobs = (certificate.der, b"", b"", b"0 0", b"")
        return b"vanthu-status 2\0" + b"".join(struct.pack(">I", len(blob)) + blob for blob in blobs)
    magic = re.search(rb'magic\[16\] = "([^"]+)"', open(ROOT + "/milter/status/store_file.c", "rb").read()).group(1)
    for who in (site.met, site.stranger, make("CA của Root lạ", site.stranger)):
        site.write(f"state/issuer-{who.sha256[:40]}", magic.ljust(16, b"\0") + kept(who)[16:])
    site.write("state/issuer-damaged", b"vanthu-status")
    before = site.files()
    done = site.run("learn --json")
    met = [row["sha256"] for row in json.loads(done.stdout)["results"] if row["event"] == "proposed"]
    check("learn proposes", done.returncode == 0 and met == [site.met.sha256] and site.files() == before, done)
    done = site.run("learn --yes")
    check("learn takes", done.returncode == 0 and len(site.files()) == len(before) + 1, done)
    done = site.run("learn")
    check("nothing more to learn", done.returncode == 0 and "nothing to learn" in done.stderr, done)


def refresh(site, check):
    """With a running service, which keeps the list."""
    done = site.run("refresh")
    check("refresh without the service", done.returncode == 1 and "is not running" in done.stdout, done)
    os.makedirs(site.folder + "/spool", exist_ok=True)
    site.write("policy.yaml", "rules: []\n")
    site.write("vanthu.yaml", site.read("vanthu.yaml") + f"socket: unix:{site.folder}/m.sock\nspool-directory: spool\n"
               "log: stderr\nusers: {gateway: 64101, inspector: 64102, status: 64103, fetch: 64104, registrar: 64105, post: 64107}\n"
               "register: {directory: register}\n")
    os.chmod(site.folder, 0o755)
    if os.geteuid() == 0:
        os.chown(site.folder + "/state", 64103, 64103)
    with open(site.folder + "/log", "wb") as log:
        milter = subprocess.Popen([VANTHU + "-milter", "-f", "-c", "vanthu.yaml"], cwd=site.folder, stderr=log)
    try:
        until = time.monotonic() + 20
        while "serving on " not in site.read("log") and milter.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        done = site.run("refresh")
        check("refresh", done.returncode == 0 and re.search(rf"fetched +{site.url}root.crl \(\d+ bytes\)", done.stdout),
              (done, site.read("log")))
        site.write("www/root.crl", b"no list")
        done = site.run("refresh")
        check("refresh of what is no list", done.returncode == 1 and f"failed  {site.url}root.crl: it holds no CRL" in done.stdout, done)
    finally:
        milter.terminate()
        milter.wait(20)
    site.write("www/root.crl", crl_of(site.root))


def attention(site, check):
    """What check is for."""
    site.write("www/root.crl", crl_of(site.root, [site.met]))
    done = site.run("check")
    check("a revoked authority", done.returncode == 1 and "was revoked" in done.stdout, done)
    os.unlink(site.folder + "/www/root.crl")
    done = site.run("check")
    check("no CRL to be had", done.returncode == 1 and "its status is not known" in done.stdout, done)
    site.write("www/root.crl", crl_of(site.root))
    soon, late = make("CA sắp hết hạn", site.root, days=89, crl=site.url + "root.crl"), make("CA còn lâu", site.root, days=92, crl=site.url + "root.crl")
    for who in (soon, late, site.agency):
        site.write(f"trust/official/intermediates/x{who.sha256[:4]}.der", who.der)
    site.write("trust/official/anchors/other.crt", site.stranger.der)
    done = site.run("check")
    check("an end that is near", done.returncode == 1 and re.search("CA sắp hết hạn: expires on .* .in 8[89] days", done.stdout), done)
    check("an end that is not", not re.search("attention.*CA còn lâu", done.stdout), done)
    check("twice", "is there twice" in done.stdout, done)
    check("an unconfirmed root", "Root lạ: is not confirmed" in done.stdout, done)
    site.write("trust/official/confirmed", "12:34\n")
    done = site.run("list")
    check("a damaged file confirmed", done.returncode == 78 and "confirmed:1" in done.stderr, done)


def main():
    site, check = Site(), Checks()
    try:
        for words, want in (("setup", 64), ("setup secret", 64), ("setup public", 64), ("list x", 64), ("add", 64), ("add --set x y", 64)):
            check(words, site.run(words).returncode == want, site.run(words))
        for step in (not_without_a_person, set_up, look_at_it, add_and_remove, at_once, hostile_places, learn, refresh, attention):
            step(site, check)
        done = subprocess.run([VANTHU, "trust", "lst"], capture_output=True, text=True, check=False)
        check("no such subcommand", done.returncode == 64 and "setup list add" in done.stderr, done)
    finally:
        site.server.shutdown()
        subprocess.run(["rm", "-rf", site.folder], check=False)
    print(f"{check.passed} passed, {check.failed} failed")
    return 1 if check.failed or not check.passed else 0


if __name__ == "__main__":
    sys.exit(main())
