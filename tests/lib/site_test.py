# SPDX-License-Identifier: Apache-2.0
#
# Tests of a whole site: a Lab whose roles can be looked at, stopped and killed, mails to send, and
# the runner. A test is a function of a Site whose docstring says what it shows.
"""sys.exit(site_test.run(test, …, mode="enforce"))"""

import concurrent.futures
import datetime
import functools
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
for name in ("documents", "mail", "pki"):
    sys.path.insert(0, os.path.join(HERE, "..", name))

import mailbuild as build
import pdfbuild
import pdfsign
import processes
from mailbuild import CRLF
from site_lab import Lab, is_free, wait_for

STATE = "vanthu@sonv.ninhbinh.gov.vn"
CITIZEN = "nguyenvana@example.vn"
# What the domain's DKIM verifier, which the configuration trusts, would have written.
ALIGNED = b"Authentication-Results: auth.lab.test; dkim=pass header.d=sonv.ninhbinh.gov.vn" + CRLF
NUMBERS = itertools.count(1)


def days_ago(days):
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    return now - datetime.timedelta(days=days)


# ---- mails ----

def mail(entity, sender=STATE, extra=ALIGNED):
    return build.mail(entity, sender, extra=extra, number=f"test.{os.getpid()}.{next(NUMBERS)}")


def plain_mail(**options):
    return mail(build.text_part(), **options)


def pdf_mail(document, name="2415-SNV.signed.pdf", **options):
    return mail(build.multipart([build.text_part(), build.attachment(document, name)]), **options)


@functools.lru_cache(None)
def large_document(objects=60000, padding=0):
    return pdfbuild.build("V/v báo cáo", "1/BC", days_ago(10), pad_objects=objects, pad_bytes=padding)


def long_mail(**options):
    """A mail that takes a child long enough to be met on the way; no two have the same body."""
    return pdf_mail(large_document(), f"{next(NUMBERS)}.pdf", **options)


def own_headers(delivered):
    """Our headers of a delivered mail, unfolded, as {name in small letters: [value, …]}."""
    found = {}
    head = delivered.split(b"\r\n\r\n", 1)[0].decode("utf-8", "replace")
    for line in re.sub(r"\r\n[ \t]+", " ", head).split("\r\n"):
        field, _, value = line.partition(":")
        if field.lower().startswith("x-vanthu-") or value.strip().startswith("vanthu.mx.lab.test"):
            found.setdefault(field.lower(), []).append(value.strip())
    return found


# ---- a site ----

class Site(Lab):
    """A Lab with hands on its processes."""

    sent_ticks = 0  # when the last mail was sent in the background

    def sign(self, by="agency", at=None, data=None, **options):
        at = at or days_ago(10)
        return pdfsign.sign(data or pdfbuild.build("V/v chữ ký số", "1/QĐ", at), self.pki, by, at, **options)

    def issue(self, count, by="ca-party", ocsp="/ocsp", crl="", name="extra", ports=None):
        """Names of new credentials that share a key: a path on the OCSP server and one on the CRL
        server each, None for an address where nothing listens. ports: (OCSP, CRL) of other servers."""
        import mkpki
        ocsp_url, crl_url = (f"http://127.0.0.1:{port}" for port in ports or (self.ocsp, self.crl))
        options = {"ocsp": mkpki.DEAD_URL if ocsp is None else ocsp_url + ocsp,
                   "crl": mkpki.DEAD_URL if crl is None else f"{crl_url}{crl}/crl/{by}.crl"}
        return self.issue_entries([(f"{name}-{next(NUMBERS)}", by, "leaf", {"O": "TỈNH ỦY NINH BÌNH"}, options) for _ in range(count)])

    def issue_entries(self, entries):
        """Make certificates as the table of mkpki.py describes them, all with one key: their names. A name
        is its own common name, if the entry has none."""
        import mkpki
        # For what has no address of its own; the module took that of its environment when it was imported.
        mkpki.OCSP_URL, mkpki.CRL_URL = (f"http://127.0.0.1:{port}" for port in (self.ocsp, self.crl))
        indexes = {}
        for name, by, kind, subject, options in entries:
            shutil.copy(f"{self.pki}/keys/slow.key", f"{self.pki}/keys/{name}.key")
            subject = {"CN": f"BAN {name}", **subject}
            cert = mkpki.make_cert(self.pki, (name, by, kind, subject, options), mkpki.now())
            rows = indexes.setdefault(by, mkpki.read_index(self.pki, by))
            rows.append(["V", mkpki.index_time(cert.not_valid_after), "", mkpki.serial_hex(cert.serial_number), "unknown",
                         "/CN=" + subject["CN"]])
        for by, rows in indexes.items():
            mkpki.write_index(self.pki, by, rows)
        return [entry[0] for entry in entries]

    def revoke(self, name, by, reason="keyCompromise", days=0):
        """Enter a revocation into the index of the CA; its CRL is made by the caller."""
        import mkpki
        rows, serial = mkpki.read_index(self.pki, by), mkpki.serial_hex(mkpki.load_cert(self.pki, name).serial_number)
        when = mkpki.now() - datetime.timedelta(days=days)
        for row in rows:
            if row[3] == serial:
                row[0], row[2] = "R", f"{mkpki.index_time(when)},{reason}"
        mkpki.write_index(self.pki, by, rows)

    def make_crl(self, ca, path=None, ago_secs=0, secs=30 * 86400, **options):
        """Issue a CRL of a CA from its index, in the place of its current one or elsewhere: its path."""
        import mkpki
        path = path or f"{self.pki}/crl/{ca}.crl"
        mkpki.make_crl(self.pki, ca, mkpki.now() - datetime.timedelta(seconds=ago_secs), path, days=secs / 86400, **options)
        return path

    def roles(self):
        done = self.vanthu("status", "--json")
        return {role["role"]: role for role in json.loads(done.stdout)["roles"]} if done.returncode == 0 else {}

    def pid(self, role):
        """ProcessLookupError while it is down: its number is 0 then, which kill(2) takes for all of us."""
        pid = self.roles().get(role, {}).get("pid", 0)
        if pid <= 0:
            raise ProcessLookupError(role)
        return pid

    def restarts(self):
        return {name: role["restarts"] for name, role in self.roles().items()}

    def wait_restarted(self, role, old_pid, seconds=20):
        """The pid of the successor."""
        def look():
            found = self.roles().get(role)
            return found and found["running"] and found["pid"] != old_pid and found["pid"]
        return wait_for(f"a new {role}", look, seconds)

    def reload(self):
        """(exit status, answer) of a reload."""
        done = self.vanthu("reload", "--json", "--newly-refused", "100000")
        return done.returncode, json.loads(done.stdout) if done.stdout else {"text": done.stderr}

    def set_policy(self, text):
        """Put a policy in place; the next reload takes it."""
        self.policy = self.folder + "/policy.yaml"
        with open(self.policy + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(self.policy + ".new", self.policy)
        self.write_config()

    def start_server(self, ocsp=True, crl=True):
        """The OCSP and CRL servers, or one of them alone: a process to be ended by its user."""
        closed = "0"  # any port that is free
        ports = [str(self.ocsp) if ocsp else closed, str(self.crl) if crl else closed]
        server = subprocess.Popen([HERE + "/../servers/responder.py", self.pki, self.folder + "/servers/requests.log", *ports],
                                  stdin=subprocess.DEVNULL)
        for wanted, port in ((ocsp, self.ocsp), (crl, self.crl)):
            wait_for("a server", lambda: not wanted or not is_free(port))
        return server

    def stop_servers(self):
        self.background("servers/servers.sh", "stop", self.folder + "/servers")
        wait_for("the end of the servers", lambda: is_free(self.ocsp) and is_free(self.crl))

    def restart_milter(self, keep_status=True):
        self.stop_milter()
        if not keep_status:
            for name in os.listdir(self.folder + "/state"):
                os.remove(f"{self.folder}/state/{name}")
        self.start_milter()

    def stop_milter(self):
        self.milter.send_signal(signal.SIGTERM)
        return self.milter.wait(60)

    def held_child(self, seconds=20):
        """Stop the inspector child of the mail sent in the background, in the middle of its work: (pid, pid of the zygote)."""
        zygote = self.pid("inspector")
        def own_child():  # that of the mail before may still be about to end
            children = processes.children_of(zygote)
            return next((pid for pid in children if processes.started_ticks(pid) > self.sent_ticks), None)
        pid = wait_for("an inspector child", own_child, seconds, 0.002)
        os.kill(pid, signal.SIGSTOP)
        return pid, zygote

    def log_line(self, *words, seconds=10):
        """The first line of the log that has all words."""
        return wait_for(f"a log line with {words}",
                        lambda: next((l for l in self.log().splitlines() if all(w in l for w in words)), None), seconds)

    def record_of(self, answer):
        """The record of the mail that was answered so, by reference or queue id."""
        reference = re.search(r"\b\d{4}-\d{4}-\d{4}\b", answer["text"])
        queue_id = re.search(r"queued as (\S+)", answer["text"]) or re.search(r"^2\.0\.0 (\S+) Message accepted", answer["text"])
        def look():
            for record in self.records():
                if reference and record.get("reference") == reference[0] or queue_id and record.get("queue_id") == queue_id[1]:
                    return record
            return None
        return wait_for(f"the record of {answer['text']!r}", look)

    def forget_deliveries(self):
        for name in os.listdir(self.mta + "/delivered"):
            os.remove(f"{self.mta}/delivered/{name}")

    def send_in_background(self, message, **options):
        """A future of the answer."""
        self.sent_ticks = processes.now_ticks()
        time.sleep(0.02)  # so that what serves this mail begins at a later tick
        pool = concurrent.futures.ThreadPoolExecutor(1)
        future = pool.submit(self.send, message, **options)
        pool.shutdown(wait=False)
        return future

    def burst(self, messages, listener=0, sender=STATE):
        """A process that sends all mails at once, each on its own connection; see answers()."""
        folder = tempfile.mkdtemp(dir=self.folder)
        files = []
        for number, message in enumerate(messages):
            files.append(f"{folder}/{number}.eml")
            with open(files[-1], "wb") as file:
                file.write(message)
        return subprocess.Popen([HERE + "/../mta/send.py", "-f", sender, "-c", str(len(files)), f"127.0.0.1:{self.port + listener}", *files],
                                stdout=subprocess.PIPE, text=True)

    def queue(self):
        """What waits in Postfix, as postqueue -j prints it."""
        done = subprocess.run([HERE + "/../mta/lab.sh", "queue", self.mta], capture_output=True, text=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def release(self, queue_id):
        """Let a held mail go, and deliver it now."""
        for command in (["postsuper", "-c", self.mta + "/etc", "-H", queue_id], ["postqueue", "-c", self.mta + "/etc", "-f"]):
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin"))

    def requests(self):
        """What the OCSP and CRL servers were asked for."""
        try:
            with open(self.folder + "/servers/requests.log", encoding="utf-8") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []


def answers(burst):
    """The answers of a burst, in order, when it is over."""
    lines = [json.loads(line) for line in burst.communicate(timeout=180)[0].splitlines()]
    return [line for line in lines if "file" in line]


class Watch:
    """Calls a function again and again while the block runs; .peak is its greatest value."""

    def __init__(self, function, every=0.02):
        self.function, self.every, self.peak = function, every, 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.over.wait(self.every):
            self.peak = max(self.peak, self.function())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


# ---- the runner ----

def equal(found, wanted, what):
    if found != wanted:
        raise AssertionError(f"{what}: {found!r}, expected {wanted!r}")


def run(*tests, site_class=None, **options):
    """Run tests in one site: exit status. With names on the command line only those."""
    if os.geteuid() != 0 or not shutil.which("postfix", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
        print("needs root and Postfix")
        return 77
    chosen = [test for test in tests if not sys.argv[1:] or test.__name__ in sys.argv[1:]]
    folder = tempfile.mkdtemp(prefix="vanthu-site-")
    failed = []
    try:
        begin = time.monotonic()
        with (site_class or Site)(folder, **{"documents": False, **options}) as site:
            print(f"site ready after {time.monotonic() - begin:.1f} s", flush=True)
            for test in chosen:
                failed += [] if run_one(site, test) else [test.__name__]
                if failed and site.milter.poll() is not None:
                    break
        if os.environ.get("VANTHU_KEEP"):
            print(site.folder)
    finally:
        if not os.environ.get("VANTHU_KEEP"):
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(chosen)} tests, {len(failed)} failed" + (": " + ", ".join(failed) if failed else ""))
    return 0 if chosen and not failed else 1


def run_one(site, test):
    begin, size = time.monotonic(), len(site.log())
    try:
        test(site)
    except Exception:
        print(f"FAIL {test.__name__}: {test.__doc__}\n{traceback.format_exc()}")
        lines = [line[:250] for line in site.log()[size:].splitlines()]
        print("\n".join(["     the log meanwhile:"] + lines[-15:]), flush=True)
        return False
    print(f"ok   {test.__name__} ({time.monotonic() - begin:.1f} s): {test.__doc__}", flush=True)
    return True
