# SPDX-License-Identifier: Apache-2.0
#
# A whole site in a folder: test PKI with documents, OCSP responder and CRL server, vanthu-milter with
# all its roles, a private Postfix and its sink. For the demo and the end-to-end tests.
"""with Lab(folder) as lab: …"""

import contextlib
import json
import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, TESTS + "/mta")

import send

ROOT = os.path.abspath(os.path.join(TESTS, ".."))
BUILD = os.environ.get("VANTHU_BUILD", ROOT + "/build")
# Roles run under numbers that no account has.
USERS = {"gateway": 64101, "inspector": 64102, "status": 64103, "fetch": 64104, "registrar": 64105,
         "web": 64106, "post": 64107, "sealer": 64108}

SERVING = "serving on "

CONFIG = """\
mode: {mode}
hostname: {hostname}
office-phone: 0229.123.456
socket: unix:{folder}/run/milter.sock
socket-mode: 0660
socket-group: postfix
control-socket: {folder}/run/control.sock
policy: {policy}
spool-directory: {folder}/spool-vanthu
state-directory: {folder}/state
register:
  directory: {folder}/register
{central}log: stderr
networks:
  internal: [127.0.0.2/32]
our-domains: [ninhbinh.gov.vn]
trusted-authserv-ids: [auth.lab.test]
fetch:
  allowed-hosts: ["127.0.0.1:{ocsp}", "127.0.0.1:{crl}", "127.0.0.1:9"{allowed_hosts}]
  timeout: {fetch_timeout}
  host-down: {host_down}
users:
  gateway: {gateway}
  inspector: {inspector}
  status: {status}
  fetch: {fetch}
  registrar: {registrar}
  web: {web}
  post: {post}
  sealer: {sealer}
{notices}limits:
  status: {status_limit}
{extra}"""


def free_ports(count, span=1):
    """First ports of runs of span ports that nobody listens on."""
    found, port = [], random.randrange(10000, 30000)  # two sites that start together seldom meet
    while len(found) < count:
        port += span + 1
        if all(is_free(port + i) for i in range(span)):
            found.append(port)
    return found


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def wait_for(what, condition, seconds=20, pause=0.05):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        time.sleep(pause)
    raise RuntimeError(f"waited {seconds} s in vain: {what}")


class Lab:
    def __init__(self, folder, mode="enforce", policy=None, extra="", documents=True, status_limit="3s", fetch_timeout="3s",
                 host_down="60s", environment=None, with_mta=True, with_servers=True, hostname="mx.lab.test", central=None):
        self.folder, self.mode, self.extra = folder, mode, extra
        self.hostname, self.central = hostname, central  # a connection to PostgreSQL
        self.policy = policy or os.path.join(ROOT, "conf", "policy.yaml")
        self.with_documents, self.status_limit, self.fetch_timeout = documents, status_limit, fetch_timeout
        self.host_down, self.allowed_hosts = host_down, ""
        self.with_mta, self.with_servers = with_mta, with_servers
        self.environment = environment or {}
        self.pki, self.documents, self.mta = folder + "/pki", folder + "/documents", folder + "/mta"
        self.ocsp, self.crl, self.port = free_ports(3, 10)
        self.milter = None

    # ---- start and stop ----

    def __enter__(self):
        os.chmod(self.folder, 0o755)
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def script(self, name, *arguments, **extra):
        environment = dict(os.environ, VT_OCSP_PORT=str(self.ocsp), VT_CRL_PORT=str(self.crl),
                           VT_OCSP_URL=f"http://127.0.0.1:{self.ocsp}", VT_CRL_URL=f"http://127.0.0.1:{self.crl}",
                           LAB_PORT=str(self.port), LAB_MILTER=f"unix:{self.folder}/run/milter.sock", **extra)
        return subprocess.run([os.path.join(TESTS, name), *arguments], check=True, env=environment, capture_output=True, text=True)

    def start(self):
        self.make_pki()
        if self.with_documents:
            self.script("documents/mkdocuments.py", self.pki, self.documents)
        if self.with_servers:
            self.script_servers("start", self.pki, self.folder + "/servers")
        for name, role in (("state", "status"), ("spool-vanthu", "gateway"), ("register", "registrar")):
            os.makedirs(f"{self.folder}/{name}", exist_ok=True)
            os.chown(f"{self.folder}/{name}", USERS[role], USERS[role])
            os.chmod(f"{self.folder}/{name}", 0o700)
        os.makedirs(self.folder + "/run", exist_ok=True)
        self.start_milter()
        if self.with_mta:
            self.script_servers_mta("start")

    def make_pki(self):
        self.script("pki/mkpki.sh", self.pki)

    def script_servers(self, *arguments):
        # Output to a file: the servers stay, and would keep a pipe open.
        self.background("servers/servers.sh", *arguments)

    def script_servers_mta(self, command):
        action = "accept" if self.mode == "observe" else "tempfail"
        self.background("mta/lab.sh", command, self.mta, LAB_DEFAULT_ACTION=action)

    def background(self, name, *arguments, **extra):
        environment = dict(os.environ, VT_OCSP_PORT=str(self.ocsp), VT_CRL_PORT=str(self.crl), LAB_PORT=str(self.port),
                           LAB_MILTER=f"unix:{self.folder}/run/milter.sock", **extra)
        with open(self.folder + "/start.log", "ab+") as log:
            done = subprocess.run([os.path.join(TESTS, name), *arguments], env=environment, stdin=subprocess.DEVNULL,
                                  stdout=log, stderr=log)
            log.seek(0)
            if done.returncode != 0:
                raise RuntimeError(f"{name} {' '.join(arguments)} failed:\n" + log.read().decode("utf-8", "replace")[-2000:])

    def write_config(self):
        with open(self.folder + "/vanthu.yaml", "w", encoding="utf-8") as file:
            trust = self.script("pki/mktrust.sh", self.pki).stdout
            file.write(CONFIG.format(folder=self.folder, mode=self.mode, policy=self.policy, ocsp=self.ocsp, crl=self.crl,
                                     extra=self.extra, status_limit=self.status_limit, fetch_timeout=self.fetch_timeout,
                                     host_down=self.host_down, allowed_hosts=self.allowed_hosts, hostname=self.hostname,
                                     central=self.central_keys(), notices=self.notices(), **USERS)
                       + trust)

    def notices(self):
        """Of no test's mail server but its own; port 25 is the machine's."""
        return "" if "notices:" in self.extra else f'notices: {{relay: "smtp://127.0.0.1:{self.port + 2}"}}\n'

    def central_keys(self):
        """Lines of the configuration for a central database; all sites share the key."""
        if not self.central:
            return ""
        key = self.folder + "/peer.key"
        with open(key, "w", encoding="utf-8") as file:
            file.write("one key for all gateways of this test\n")
        os.chown(key, USERS["registrar"], USERS["registrar"])
        os.chmod(key, 0o600)
        return f'  central: "{self.central}"\n  peer-key: {key}\n'

    def start_milter(self):
        self.write_config()
        starts = self.log().count(SERVING)
        with open(self.folder + "/vanthu.log", "ab") as log:
            self.milter = subprocess.Popen([BUILD + "/vanthu-milter", "-f", "-c", self.folder + "/vanthu.yaml"],
                                           stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=dict(os.environ, **self.environment))
        wait_for("the roles to run; see vanthu.log:\n" + self.log()[-2000:],
                 lambda: self.roles_run() and self.log().count(SERVING) > starts)

    def roles_run(self):
        if self.milter.poll() is not None:
            raise RuntimeError("vanthu-milter ended:\n" + self.log()[-4000:])
        done = self.vanthu("status", "--json")
        return done.returncode == 0 and all(r["running"] for r in json.loads(done.stdout)["roles"])

    def stop(self):
        for name, arguments in (("mta/lab.sh", ("stop", self.mta)), ("servers/servers.sh", ("stop", self.folder + "/servers"))):
            if os.path.isdir(arguments[1]):
                self.background(name, *arguments)
        if self.milter and self.milter.poll() is None:
            self.milter.send_signal(signal.SIGTERM)
            try:
                self.milter.wait(30)
            except subprocess.TimeoutExpired:
                self.milter.kill()
                self.milter.wait()

    # ---- use ----

    def vanthu(self, *arguments):
        command = [BUILD + "/vanthu", arguments[0]]
        return subprocess.run(command + ["--config", self.folder + "/vanthu.yaml", *arguments[1:]], capture_output=True, text=True)

    def set_mode(self, mode):
        """Another mode, by a reload of the running service."""
        self.mode = mode
        self.write_config()
        done = self.vanthu("reload", "--newly-refused", "100000")
        if done.returncode != 0:
            raise RuntimeError("reload failed: " + done.stdout + done.stderr)
        wait_for("the new roles", self.roles_run)

    def document(self, name):
        with open(os.path.join(self.documents, name), "rb") as file:
            return file.read()

    def send(self, mail, sender="vanthu@sonv.ninhbinh.gov.vn", to="vanthu@ninhbinh.gov.vn", listener=0, source=None):
        """The final SMTP answer. listener: 0 inbound, 1 submission, 2 without milter; source: own address."""
        return send.post(f"127.0.0.1:{self.port + listener}", mail, sender, [to], source)

    def deliveries(self):
        folder = self.mta + "/delivered"
        for name in sorted(os.listdir(folder)):
            if name.endswith(".eml"):
                with open(f"{folder}/{name}", "rb") as file:
                    yield file.read()

    def delivered(self, mail, seconds=10):
        """The delivered copy of a mail, by its Message-ID; None when it does not come."""
        wanted = message_id(mail).encode()
        try:
            return wait_for("a delivery", lambda: next((m for m in self.deliveries() if wanted in m.split(b"\r\n\r\n", 1)[0]), None),
                            seconds)
        except RuntimeError:
            return None

    def log(self):
        try:
            with open(self.folder + "/vanthu.log", encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def records(self):
        """The judged mails in the register: their bodies, with "queue_id" and "reference"."""
        try:
            register = sqlite3.connect(f"file:{self.folder}/register/register.sqlite?mode=ro", uri=True)
            with contextlib.closing(register):
                rows = register.execute("SELECT reference, body FROM record WHERE kind = 1 AND body IS NOT NULL ORDER BY seq").fetchall()
        except sqlite3.OperationalError:
            return []  # not there yet, or being made
        found = []
        for reference, body in rows:
            record = json.loads(body)
            mail = record.get("evidence", record).get("mail", {})
            found.append({"reference": reference, "queue_id": mail.get("queue_id"), **record})
        return found

    def record(self, mail):
        """What the record of a mail says: {"reasons", "why", "record"}."""
        wanted = message_id(mail)
        record = wait_for(f"the record of {wanted}",
                          lambda: next((r for r in self.records() if r.get("evidence", {}).get("mail", {}).get("message_id", "")
                                        in (wanted, wanted.strip("<>"))), None))
        reasons = all_reasons(record["evidence"])
        decision = record.get("decision") or {}
        rule = decision.get("rule")
        why = f"{', '.join(reasons) or 'nothing to object to'} → {decision.get('action')}"
        would = decision.get("would_be")
        why += f", rule \"{rule}\"" if rule else ", no rule matches"
        why += f" (in enforce: {would})" if would and would != decision.get("action") else ""
        return {"reasons": reasons, "why": why, "record": record}


def message_id(mail):
    return re.search(rb"(?im)^Message-ID: *(<[^>]*>)", mail).group(1).decode()


def all_reasons(evidence):
    found = list(evidence.get("reasons", []))
    for document in evidence.get("documents", []):
        found += document["reasons"] + [r for s in document["signatures"] for r in s["reasons"]]
    return sorted(set(found), key=found.index)
