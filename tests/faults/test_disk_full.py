#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# A disk of its own for the register, which fills: first only records are kept, and everybody who
# looks after the service is told; then mails are asked to come again; with room all is as before.
"""The register on a disk that gets full."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import exposition
import site_test
from site_lab import BUILD, free_ports, wait_for
from site_test import days_ago, equal, pdf_mail, plain_mail

DISK_BYTES = 32 << 20
NEARLY_FULL, KEPT_AGAIN = "the disk of the register is nearly full", "the disk of the register has room"


class DiskSite(site_test.Site):
    """A site whose register has a small disk."""

    def __init__(self, folder, **options):
        super().__init__(folder, **options)
        self.web = free_ports(1, 2)[0]
        self.extra = f"web:\n  listen: inet:{self.web}@127.0.0.1\n"
        self.disk = folder + "/register"

    def start(self):
        os.mkdir(self.disk)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "vanthu-test", self.disk], check=True)
        super().start()

    def stop(self):
        super().stop()
        subprocess.run(["umount", self.disk], check=False)

    def fill(self, left_bytes):
        """Something else takes all but so much of the disk."""
        if os.path.exists(self.disk + "/ballast"):
            os.remove(self.disk + "/ballast")
        if left_bytes is None:
            return
        with open(self.disk + "/ballast", "wb") as file:
            wait_for("a full disk", lambda: self.took(file, left_bytes))

    def took(self, file, left_bytes):
        """Whether nobody else took of it meanwhile."""
        found = os.statvfs(self.disk)
        try:
            os.posix_fallocate(file.fileno(), 0, max(found.f_bavail * found.f_frsize - left_bytes, 1))
        except OSError:
            return False
        return True

    def kept(self):
        """Whether objects are kept, as the metrics say."""
        return exposition.total(exposition.parse(self.vanthu("status", "--prometheus").stdout), "vanthu_register_objects_kept")

    def send_signed(self):
        """(code, what the record of a mail with a certificate and a time stamp of its own names)."""
        message = pdf_mail(self.sign("agency", stamped=days_ago(8)))
        return self.send(message)["code"], self.record(message)["record"].get("objects", [])


def missing(objects):
    return [named for named in objects if named.get("kept") is False]


def with_room(site):
    """Everything is kept."""
    code, objects = site.send_signed()
    equal((code, missing(objects)), (250, []), "answer, missing objects")
    equal(site.kept(), 1, "objects kept")


def nearly_full(site):
    """Less than a tenth is free: records go on, what is new beside them is named; it is said once, and shown."""
    site.fill(DISK_BYTES // 10 - (256 << 10))
    wait_for("the metric", lambda: site.kept() == 0)
    for _ in range(2):
        code, objects = site.send_signed()
        kinds = {named["kind"] for named in missing(objects)}
        equal((code, "timestamp" in kinds, "certificate" in kinds), (250, True, False), f"answer, missing objects {kinds}")
    equal(site.log().count(NEARLY_FULL), 1, "lines of the log")
    equal("NEARLY FULL" in site.vanthu("status").stdout or "SẮP ĐẦY" in site.vanthu("status").stdout, True, "vanthu status")
    done = subprocess.run(["curl", "-s", f"http://127.0.0.1:{site.web}/healthz"], capture_output=True, text=True, check=True)
    equal(done.stdout.split(":")[0], "disk-nearly-full", "health")


def full(site):
    """Nothing can be recorded: 451, and what was begun leaves nothing behind."""
    before = len(site.records())
    site.fill(0)
    answer = wait_for("451", lambda: next((a for a in [site.send(plain_mail())] if a["code"] != 250), None))
    equal(answer["code"], 451, "answer")
    equal(len(site.records()) - before < 40, True, "records that the last free pages took")


def restarted_when_full(site):
    """A registrar that starts on a full disk comes up when there is room, without anybody's help."""
    os.kill(site.pid("registrar"), 9)
    site.log_line("the registrar cannot start")


def recovers(site):
    """Room again: mail passes and objects are kept, by itself; the register is whole."""
    site.fill(None)
    wait_for("an answer", lambda: site.send(plain_mail())["code"] == 250, 60, 0.5)
    wait_for("the metric", lambda: site.kept() == 1)
    code, objects = site.send_signed()
    equal((code, missing(objects)), (250, []), "answer, missing objects")
    done = subprocess.run([BUILD + "/vanthu", "register", "verify", "--config", site.folder + "/vanthu.yaml"], capture_output=True,
                          text=True, check=False)
    equal(done.returncode, 0, done.stdout + done.stderr)


def main():
    if os.geteuid() == 0 and "VT_OWN_MOUNTS" not in os.environ:
        if subprocess.run(["unshare", "--mount", "true"], check=False, stderr=subprocess.DEVNULL).returncode != 0:
            print("needs to mount a disk of its own")
            return 77
        os.environ["VT_OWN_MOUNTS"] = "1"
        os.execvp("unshare", ["unshare", "--mount", sys.executable, *sys.argv])
    return site_test.run(with_room, nearly_full, full, restarted_when_full, recovers, site_class=DiskSite)


sys.exit(main())
