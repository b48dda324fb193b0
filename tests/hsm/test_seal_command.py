#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# vanthu seal with a real service: the master, its roles under their own users, a network HSM and the
# register; what an administrator reads, and that nothing but the key's worker ends when the HSM does.
"""vanthu seal check, stop, resume, csr, rotate-pin."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import hsm
from cryptography import x509
from hsm import ROOT, Site, equal, wait_for

BUILD = os.environ.get("VANTHU_BUILD", os.path.join(ROOT, "build"))
USERS = {"gateway": 64101, "inspector": 64102, "status": 64103, "fetch": 64104, "registrar": 64105, "web": 64106,
         "post": 64107, "sealer": 64108}
VIETNAMESE = dict(os.environ, LC_ALL="vi_VN.UTF-8")
ENGLISH = dict(os.environ, LC_ALL="C")

CONFIG = """\
hostname: mx1.ninhbinh.gov.vn
mode: tag
notices: {enabled: false}
socket: inet:%(port)d@127.0.0.1
control-socket: %(folder)s/control.sock
policy: policy.yaml
spool-directory: %(folder)s/spool
state-directory: %(folder)s/state
register: {directory: %(folder)s/register}
limits: {hsm: 2s}
users: %(users)s
%(trust)sseal:
  directory: %(folder)s/seal
  keys:
%(keys)s"""

TABLE = """\
agencies:
- id: soxd
  name: Sở Xây dựng tỉnh Ninh Bình
  domains: [soxd.ninhbinh.gov.vn]
  authorisations:
  - {holder: mx1, sha256: %s, document: 12/GUQ-SXD, from: 2026-02-01, until: 2099-01-01}
"""


class Service:
    """vanthu-milter with all its roles, as root."""

    def __init__(self, site):
        self.site, self.folder = site, site.folder
        os.chmod(site.folder, 0o755)
        os.chmod(site.hsm.folder, 0o755)
        self.give_pin()
        keys = (site.key("van-thu", more="per-hour: 100") +
                site.key("dich-vu", "ec", more="scheme: ecdsa\nidentity: service").replace("[message, notice]", "[notice]") +
                site.key("moi", "other", certificate=""))
        self.write("vanthu.yaml", CONFIG % {"trust": site.trust(), "folder": self.folder, "port": hsm.free_port(), "keys": keys,
                                            "users": json.dumps(USERS)})
        self.write("policy.yaml", "agencies: agencies.yaml\nrules:\n"
                   "- {name: all, when: {reason: NO_SIGNATURE}, then: note}\n")
        self.write("agencies.yaml", TABLE % hsm.hashlib.sha256(site.certificates["rsa"]).hexdigest())
        self.start()

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as out:
            out.write(text)

    def give_pin(self):
        os.chown(self.folder + "/pins/pin", USERS["sealer"], USERS["sealer"])
        os.chown(self.site.hsm.address, USERS["sealer"], USERS["sealer"])

    def start(self):
        self.log = open(self.folder + "/log", "ab")
        self.process = subprocess.Popen([BUILD + "/vanthu-milter", "-f", "-c", self.folder + "/vanthu.yaml"],
                                        stderr=self.log, stdin=subprocess.DEVNULL)
        wait_for(lambda: self.process.poll() is not None or
                 self.vanthu("status", "--json").returncode == 0, 20, "the service")
        equal(self.process.poll(), None, "the service runs")
        return self

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()

    def vanthu(self, *words, environment=ENGLISH):
        if words[:2] == ("seal", "check"):  # the CA of the keys has no address
            words = *words, "--crl", self.site.crl
        return subprocess.run([BUILD + "/vanthu", *words, "--config", self.folder + "/vanthu.yaml"], text=True,
                              capture_output=True, env=environment, stdin=subprocess.DEVNULL)

    def pids(self):
        return {role["role"]: role["pid"] for role in json.loads(self.vanthu("status", "--json").stdout)["roles"]}

    def keys(self):
        return {key["key"]: key for key in json.loads(self.vanthu("seal", "check", "--json").stdout)}

    def events(self):
        with sqlite3.connect("file:%s/register/register.sqlite?mode=ro" % self.folder, uri=True) as reg:
            found = []
            for (body,) in reg.execute("SELECT body FROM record ORDER BY seq"):
                try:
                    record = json.loads(body)
                except (TypeError, ValueError):
                    continue
                if record.get("record") == "event" and record["what"].startswith("seal-"):
                    found.append(record)
            return found


def before_start(service):
    """vanthu-milter -t: what the sealer cannot read is a mistake, what it may not use is told."""
    def tried():
        return subprocess.run([BUILD + "/vanthu-milter", "-t", "-c", service.folder + "/vanthu.yaml"], text=True,
                              capture_output=True)
    good = tried()
    equal(good.returncode, 0, good.stderr)
    assert "key moi has no certificate yet" in good.stderr, good.stderr
    pin = service.folder + "/pins/pin"
    for spoil, mend, words in (
            (lambda: os.chmod(pin, 0o644), lambda: os.chmod(pin, 0o600), "chmod 0400"),
            (lambda: os.chown(pin, 0, 0), lambda: os.chown(pin, USERS["sealer"], 0), "cannot be read"),
            (lambda: os.rename(service.folder + "/rsa.pem", pin + "x"),
             lambda: os.rename(pin + "x", service.folder + "/rsa.pem"), "rsa.pem")):
        spoil()
        bad = tried()
        mend()
        equal(bad.returncode, 78, bad.stderr)
        assert words in bad.stderr and "vanthu.yaml:" in bad.stderr, bad.stderr
    table = service.folder + "/agencies.yaml"
    with open(table, encoding="utf-8") as file:
        text = file.read()
    service.write("agencies.yaml", text.replace("until: 2099-01-01", "until: 2026-03-01"))
    late = tried()
    service.write("agencies.yaml", text)
    equal(late.returncode, 0)
    assert "12/GUQ-SXD" in late.stderr and "only" in late.stderr, late.stderr


def check(service):
    """What is well and what is not, in both languages."""
    wait_for(lambda: all(k["state"] == "up" for k in service.keys().values()), 20, "three keys are up")
    good = service.vanthu("seal", "check", "van-thu")
    equal(good.returncode, 0, good.stderr)
    for words in ('connected, token "seal"', "A SOFTWARE TOKEN", "Seal rsa", "12/GUQ-SXD", "good, "):
        assert words in good.stdout, good.stdout
    every = service.vanthu("seal", "check", environment=VIETNAMESE)
    equal(every.returncode, 1)
    for words in ("Khóa dich-vu", "chứng thư dịch vụ", "TOKEN PHẦN MỀM", "Khóa moi", "KHÔNG CÓ", "vanthu seal csr moi"):
        assert words in every.stdout, every.stdout
    equal(service.keys()["dich-vu"]["probe"], "done")
    assert "no key" in service.vanthu("seal", "check", "siegel").stderr
    for words in ('vanthu_seal_up{key="van-thu"} 1', 'vanthu_seal_software_token{key="dich-vu"} 1',
                  'vanthu_seals_total{key="van-thu",purpose="probe",result="done"}'):
        wait_for(lambda: words in service.vanthu("status", "--prometheus").stdout, 5, words)
    assert any(e["what"] == "seal-used" and "key=van-thu" in e["text"] for e in service.events()), service.events()


def judge(service):
    """The certificate is judged as before a seal: a revoked one is named, with why."""
    good = service.vanthu("seal", "check", "van-thu")
    assert "good: period, path and status" in good.stdout, good.stdout
    equal(service.keys()["van-thu"]["certificate"]["indication"], "TOTAL-PASSED")
    service.site.revoke("rsa")
    found = service.vanthu("seal", "check", "van-thu")
    equal(found.returncode, 1, found.stdout)
    for words in ("NOT GOOD", "CERT_REVOKED", "was revoked", "vanthu trust path " + service.folder + "/rsa.pem"):
        assert words in found.stdout, (words, found.stdout)
    found = service.vanthu("seal", "check", "van-thu", environment=VIETNAMESE)
    assert "CHƯA ĐẠT, sẽ không đóng dấu số cho thư" in found.stdout and "đã bị thu hồi" in found.stdout, found.stdout
    found = service.keys()
    equal([found[k]["certificate"].get("indication") for k in ("van-thu", "dich-vu", "moi")],
          ["TOTAL-FAILED", "TOTAL-PASSED", None], "each key has its own verdict")
    equal(found["van-thu"]["certificate"]["reason"], "CERT_REVOKED")
    service.site.revoke()
    equal(service.vanthu("seal", "check", "van-thu").returncode, 0)


def stop_and_resume(service):
    stopped = service.vanthu("seal", "stop", "--reason", "mất thẻ")
    equal((stopped.returncode, stopped.stdout), (0, "All sealing is STOPPED.\n"), stopped.stderr)
    found = service.vanthu("seal", "check", "van-thu")
    equal(found.returncode, 1)
    assert "stopped by" in found.stdout and "mất thẻ" in found.stdout, found.stdout
    wait_for(lambda: "ALL SEALING IS STOPPED" in service.vanthu("status").stdout, 5, "vanthu status says it")
    equal(service.vanthu("seal", "resume").returncode, 0)
    equal(service.vanthu("seal", "check", "van-thu").returncode, 0)
    equal(service.vanthu("seal", "resume").returncode, 1)
    wait_for(lambda: [e["what"] for e in service.events() if e["what"] in ("seal-stopped", "seal-resumed")] ==
             ["seal-stopped", "seal-resumed"], 5, "both in the register")


def request(service):
    out = service.folder + "/moi.csr"
    made = service.vanthu("seal", "csr", "--subject", "/C=VN/O=Sở Xây dựng/CN=Thư", "--out", out, "moi")
    equal(made.returncode, 0, made.stderr)
    with open(out, "rb") as file:
        made = x509.load_pem_x509_csr(file.read())
    assert made.is_signature_valid
    equal(made.public_key().public_numbers(), service.site.keys["other"].public_numbers())
    missing = service.vanthu("seal", "csr", "moi")
    assert missing.returncode == 1 and "--subject" in missing.stderr, missing


def rotate_pin(service):
    site, new = service.site, service.folder + "/new.pin"
    site.hsm.set_pin(hsm.PIN, "778899")
    service.write("new.pin", "000000\n")
    wrong = service.vanthu("seal", "rotate-pin", new, "van-thu")
    assert wrong.returncode == 1 and "refused the PIN" in wrong.stderr and "stays" in wrong.stderr, wrong
    with open(site.folder + "/pins/pin") as file:
        equal(file.read(), hsm.PIN + "\n", "the file of the PIN")
    service.write("new.pin", "778899\n")
    right = service.vanthu("seal", "rotate-pin", new, "van-thu")
    equal(right.returncode, 0, right.stderr)
    state = os.stat(site.folder + "/pins/pin")
    equal((state.st_mode & 0o777, state.st_uid), (0o600, USERS["sealer"]), "mode and owner")
    os.kill(service.pids()["sealer"], signal.SIGKILL)
    wait_for(lambda: service.vanthu("seal", "check", "van-thu").returncode == 0, 20, "with the new PIN")


def only_the_worker(service):
    """A silent HSM: the deadline is kept, and no role ends."""
    before = service.pids()
    service.site.hsm.signal_server(signal.SIGSTOP)
    try:
        found = service.vanthu("seal", "check", "van-thu")
        equal(found.returncode, 1)
        assert "did not answer" in found.stdout, found.stdout
        wait_for(lambda: "A KEY CANNOT SEAL" in service.vanthu("status").stdout, 10, "vanthu status says it")
    finally:
        service.site.hsm.signal_server(signal.SIGCONT)
    wait_for(lambda: service.vanthu("seal", "check", "van-thu").returncode == 0, 20, "it is back")
    equal(service.pids(), before, "the roles")


def without_a_service(service):
    service.stop()
    equal(service.vanthu("seal", "check").returncode, 69)
    equal(service.vanthu("seal", "stop").returncode, 0)
    service.start()
    wait_for(lambda: service.vanthu("seal", "check", "van-thu").stdout.count("stopped by") == 1, 20, "it stays stopped")


def main():
    if os.geteuid() != 0:
        print("only root can start roles under their users")
        sys.exit(77)
    folder = tempfile.mkdtemp()
    site = Site(folder)
    service = None
    try:
        service = Service(site)
        for case in (before_start, check, judge, stop_and_resume, request, rotate_pin, only_the_worker, without_a_service):
            case(service)
            print("ok", case.__name__, flush=True)
    except BaseException:
        with open(folder + "/log") as log:
            print(log.read()[-6000:])
        raise
    finally:
        if service is not None:
            service.stop()
        site.hsm.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
