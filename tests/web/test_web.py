#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Metrics and health of a whole site: counted is what was sent, also over deaths and reloads; who
# asks slowly, much or wrongly disturbs nobody; the web role can do nothing else.
"""The web role through HTTP."""

import contextlib
import http.client
import json
import os
import random
import re
import signal
import socket
import sqlite3
import sys
import time

import yaml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import exposition
import site_test
from site_lab import USERS, free_ports, wait_for
from site_test import CITIZEN, answers, equal, mail, pdf_mail, plain_mail, build

OUTCOMES = "vanthu_mails_total"
NONSENSE_SECONDS = float(os.environ.get("NONSENSE_SECS", "3"))


class WebSite(site_test.Site):
    """A site whose web role listens on a port of its own."""

    def __init__(self, folder, **options):
        super().__init__(folder, **options)
        self.web = free_ports(1, 2)[0]
        self.listen(f"inet:{self.web}@127.0.0.1")

    def listen(self, address):
        self.extra = f"web:\n  listen: {address}\n  socket-mode: 0600\n" if address else ""

    def ask(self, path, method="GET", **headers):
        """(status, headers, body) of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.web, timeout=10)
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        found = answer.status, answer.headers, answer.read().decode()
        connection.close()
        return found

    def numbers(self):
        status, _, text = self.ask("/metrics")
        equal(status, 200, "status of /metrics")
        return exposition.parse(text)

    def settled(self):
        """The numbers when no session is open any more: everything is counted."""
        def look():
            found = self.numbers()
            return exposition.total(found, "vanthu_sessions_open") == 0 and found
        return wait_for("the end of all sessions", look)

    def health(self):
        status, _, text = self.ask("/healthz")
        return status, text


def difference(before, after, name, **labels):
    return exposition.total(after, name, **labels) - exposition.total(before, name, **labels)


def pages(site):
    """/metrics and /healthz by GET and HEAD, and nothing else."""
    status, headers, text = site.ask("/metrics")
    equal((status, headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"), "/metrics")
    equal(headers["Connection"], "close", "a connection for each request")
    families = exposition.parse(text)
    equal(exposition.value(families, "vanthu_mode_info", mode="enforce"), 1, "mode")
    equal(exposition.total(families, "vanthu_trust_anchors") > 0, True, "anchors")
    equal(site.health(), (200, "ok\n"), "health")
    status, headers, text = site.ask("/healthz", Accept="application/json")
    equal((status, headers["Content-Type"], json.loads(text)), (200, "application/json", {"ok": True, "problems": []}), "as JSON")
    status, headers, text = site.ask("/metrics", "HEAD")
    equal((status, text, int(headers["Content-Length"]) > 10000), (200, "", True), "HEAD")
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        status, headers, _ = site.ask("/metrics", method)
        equal((status, headers["Allow"]), (405, "GET, HEAD"), method)
    for path in ("/", "/metrics/", "/metrics/../etc/passwd", "/healthz%00", "//metrics", "/" + "a" * 3000):
        equal(site.ask(path)[0], 404, path)
    equal(site.ask("/metrics", **{"X-Long": "a" * 30000})[0], 431, "a header of 30 000 bytes")
    print(f"     {len(families)} metrics, {sum(len(f.samples) for f in families.values())} samples, {len(site.ask('/metrics')[2])} bytes")


def counts_what_was_sent(site):
    """Each mail is counted once, by what became of it; of a secret one there is a count and nothing else."""
    before = site.settled()
    changed = bytearray(site.sign())
    changed[changed.index(b"stream", changed.index(b"/Contents")) + 40] ^= 1
    sent = [("accept", "other", plain_mail(sender=CITIZEN, extra=b"")), ("accept", "state", pdf_mail(site.sign())),
            ("reject", "state", pdf_mail(bytes(changed))), ("reject", "state", pdf_mail(site.sign("revoked"))),
            ("tag", "state", pdf_mail(site.sign("unreachable")))]
    codes = {"accept": 250, "tag": 250, "reject": 550, "tempfail": 451}
    found = [site.send(message) for _, _, message in sent]
    wanted = [outcome for outcome, _, _ in sent]
    # A status that cannot be had is deferred first.
    wanted[-1] = "tempfail" if found[-1]["code"] == 451 else "tag"
    equal([answer["code"] for answer in found], [codes[outcome] for outcome in wanted], "answers")
    after = site.settled()
    for outcome in ("accept", "tag", "hold", "reject", "tempfail"):
        equal(difference(before, after, OUTCOMES, outcome=outcome), wanted.count(outcome), outcome)
    equal(difference(before, after, OUTCOMES, **{"class": "other"}), 1, "mails of citizens")
    equal(difference(before, after, OUTCOMES, direction="inbound"), len(sent), "inbound mails")
    equal(difference(before, after, "vanthu_mail_reasons_total", reason="CONTENT_CHANGED"), 1, "CONTENT_CHANGED")
    equal(difference(before, after, "vanthu_mail_reasons_total", reason="CERT_REVOKED"), 1, "CERT_REVOKED")
    equal(difference(before, after, "vanthu_signatures_total"), 4, "signatures")
    equal(difference(before, after, "vanthu_tempfails_total", cause="policy"), wanted.count("tempfail"), "451s by a rule")
    for name in ("vanthu_stage_duration_seconds", "vanthu_mail_size_bytes"):
        key = (name + "_count", (("stage", "total"),) if "stage" in name else ())
        equal(after[name].samples[key] - before[name].samples[key], len(sent), name)
    equal(difference(before, after, "vanthu_sessions_total"), len(sent), "sessions")
    # One decided and one answered record for each.
    wait_for("their records", lambda: difference(before, site.numbers(), "vanthu_register_records_total") == 2 * len(sent))
    secret_is_only_counted(site)


def secret_is_only_counted(site):
    before = site.settled()
    site.send(pdf_mail(site.sign()).replace(b"Subject: ", "Subject: [MẬT] ".encode(), 1))
    after = site.settled()
    equal(difference(before, after, "vanthu_secret_mails_total"), 1, "secret mails")
    for name in (OUTCOMES, "vanthu_mails_would_be_total", "vanthu_mail_reasons_total", "vanthu_documents_total", "vanthu_signatures_total",
                 "vanthu_tempfails_total"):
        equal(difference(before, after, name), 0, f"{name} of a secret mail")
    for name in ("vanthu_stage_duration_seconds", "vanthu_mail_size_bytes"):
        equal(after[name].samples, before[name].samples, f"{name} of a secret mail")


def burst_is_counted(site):
    """Forty mails at once: no count is lost, every gauge goes back to zero."""
    before = site.settled()
    found = answers(site.burst([plain_mail() for _ in range(40)]))
    equal([a["code"] for a in found], [250] * 40, "answers")
    after = site.settled()
    equal(difference(before, after, OUTCOMES), 40, "mails")
    equal(difference(before, after, "vanthu_inspection_children_total"), 40, "children")
    for name in ("vanthu_mails_under_way", "vanthu_mails_being_judged", "vanthu_inspection_queue_length",
                 "vanthu_inspection_places_busy"):
        equal(exposition.total(after, name), 0, name)
    wait_for("the end of all children", lambda: exposition.total(site.numbers(), "vanthu_inspection_children") == 0)


def role_killed(site):
    """A role that dies: /healthz says so and is well again, counters go on, nothing is lost."""
    for role in ("gateway", "status", "fetch", "registrar", "inspector"):
        before, restarts = site.settled(), site.restarts()[role]
        os.kill(site.pid(role), signal.SIGKILL)
        status, text = wait_for(f"503 after the death of {role}", lambda: next((h for h in [site.health()] if h[0] == 503), None), 3, 0.005)
        equal(f"role-down: the role {role} is down\n" in text, True, text)
        wait_for(f"{role} to be well", lambda: site.health()[0] == 200)
        after = site.settled()
        equal(difference(before, after, "vanthu_role_restarts_total", role=role), 1, "restarts")
        equal(exposition.value(after, "vanthu_role_restarts_total", role=role), restarts + 1, "restarts, as vanthu status has them")
        for family in before.values():
            if family.kind == "counter":
                equal(difference(before, after, family.name) >= 0, True, f"{family.name} goes on after the death of {role}")
    before = site.settled()
    equal(site.send(plain_mail())["code"], 250, "answer")
    equal(difference(before, site.settled(), OUTCOMES), 1, "mails after all that")


def killed_in_a_mail(site):
    """The gateway dies in the middle of a mail: what it had under way is no longer there."""
    answer = site.send_in_background(site_test.long_mail())
    site.held_child()
    equal(exposition.total(site.numbers(), "vanthu_mails_being_judged"), 1, "mails being judged")
    os.kill(site.pid("gateway"), signal.SIGKILL)
    answer.result(60)
    after = site.settled()
    for name in ("vanthu_mails_being_judged", "vanthu_mails_under_way", "vanthu_inspection_places_busy"):
        equal(exposition.total(after, name), 0, name)
    wait_for("health", lambda: site.health()[0] == 200)


def reload_keeps_counters(site):
    """Counters go on over a reload; mode and policy are the new ones; a web socket may move or go."""
    before = site.settled()
    site.set_mode("tag")
    after = wait_for("the new mode", lambda: next((n for n in [site.numbers()] if exposition.value(n, "vanthu_mode_info", mode="tag")), None))
    equal(difference(before, after, OUTCOMES), 0, "mails")
    equal(exposition.total(after, OUTCOMES) > 40, True, "mails of before")
    equal(difference(before, after, "vanthu_reloads_total", result="ok"), 1, "reloads")
    equal(len(after["vanthu_policy_info"].samples), 1, "versions of the policy")
    site.set_policy("rules: [{name: x, wehn: {}}]\n")
    equal(site.reload()[0], 78, "reload of a policy with a mistake")
    site.policy = None
    after = site.numbers()
    equal(exposition.value(after, "vanthu_reloads_total", result="failed"), 1, "reloads refused")
    site.policy = os.path.join(site_test.HERE, "..", "..", "conf", "policy.yaml")
    path = site.folder + "/run/web.sock"
    site.listen("unix:" + path)
    site.set_mode("enforce")
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(path)
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        equal(client.makefile("rb").read().endswith(b"\r\n\r\nok\n"), True, "health over a unix socket")
    wait_for("the old port to be free", lambda: refused(site.web))
    site.listen(None)
    site.set_mode("enforce")
    equal("web" in site.roles(), False, "a web role that nobody asked for")
    equal(os.path.exists(path), False, "its socket")
    site.listen(f"inet:{site.web}@127.0.0.1")
    site.set_mode("enforce")
    equal(exposition.total(site.numbers(), OUTCOMES), exposition.total(after, OUTCOMES), "mails, after all that")


def refused(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


def register_is_stuck(site):
    """A register that cannot be written is 451 to mails and 503 to monitors, until it can."""
    before = site.settled()
    with sqlite3.connect(site.folder + "/register/register.sqlite", isolation_level=None) as database:
        database.execute("BEGIN IMMEDIATE")
        equal(site.send(plain_mail())["code"], 451, "answer")
        status, text = wait_for("503", lambda: next((h for h in [site.health()] if h[0] == 503), None))
        equal(text, "register-not-writing: the register cannot be written: mails are answered 451\n", "health")
        database.execute("ROLLBACK")
    wait_for("health, though no mail comes", lambda: site.health()[0] == 200)
    site.log_line("the register can be written again; nothing could be recorded since")
    equal(site.send(plain_mail())["code"], 250, "answer when it can be written")
    after = site.settled()
    equal(difference(before, after, "vanthu_tempfails_total", cause="register"), 1, "451s of the register")
    equal(difference(before, after, "vanthu_register_commits_total", result="failed"), 1, "commits that failed")


def slow_and_many(site):
    """A slow-loris and 200 more that say nothing disturb neither a scrape nor mail, and are ended in time."""
    clients = []
    for _ in range(200):
        client = socket.create_connection(("127.0.0.1", site.web), 10)
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-")
        clients.append(client)
    begin, slowest, drips = time.monotonic(), 0, 0
    while time.monotonic() - begin < 7:
        ask_begin = time.monotonic()
        equal(site.ask("/metrics")[0], 200, "a scrape meanwhile")
        slowest = max(slowest, time.monotonic() - ask_begin)
        try:
            clients[0].sendall(b"a")
            drips += 1
        except OSError:
            pass
        time.sleep(0.2)
    equal(slowest < 1, True, f"the slowest scrape took {slowest:.2f} s")
    equal(drips < 35, True, f"a slow-loris dripped {drips} times")
    for client in clients:
        client.settimeout(0.1)
        try:
            ended = client.recv(1000) is not None
        except ConnectionError:
            ended = True
        except TimeoutError:
            ended = False
        equal(ended, True, "an end")
        client.close()
    many = [socket.create_connection(("127.0.0.1", site.web), 10) for _ in range(600)]
    equal(site.ask("/healthz")[0], 200, "with 600 connections that say nothing")
    equal(site.send(plain_mail())["code"], 250, "mail meanwhile")
    for client in many:
        client.close()
    equal(site.restarts()["web"], 0, "restarts of the web role")
    print(f"     slowest scrape among 200 slow ones {1000 * slowest:.0f} ms")


def requests_of_hostile_clients(choose):
    """Bytes that no monitor sends."""
    path = choose.choice(["/metrics", "/healthz", "/", "//metrics", "/metrics?" + "a=b&" * choose.randrange(3000), "*",
                          "http://other.example/metrics", "http://[::1", "/%00%ff/../metrics", "/" + "x" * choose.randrange(70000)])
    method = choose.choice(["GET", "GET", "HEAD", "POST", "PUT", "OPTIONS", "CONNECT", "TRACE", "g\x00t", "M" * choose.randrange(1, 40000)])
    version = choose.choice(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/0.9", "HTTP/9.9", "", "HTTP/1.1 HTTP/1.1"])
    headers = [choose.choice(["Host: x", "Host: a\r\nHost: b", "Content-Length: 99999999999999999999", "Content-Length: -1",
                              "Content-Length: 5\r\nContent-Length: 6", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked, gzip",
                              "Expect: 100-continue", "Connection: keep-alive, upgrade\r\nUpgrade: h2c", "Accept: " + "application/json," * 500,
                              "Range: bytes=0-,-1", "X" * choose.randrange(20000) + ": 1", " folded", ":", "\x00: \xff", "Authorization: Basic !"])
               for _ in range(choose.randrange(6))]
    body = choose.choice(["", "5\r\nhello\r\n0\r\n\r\n", "FFFFFFFFFFFFFFFFF\r\n", "-1\r\n", "GET /healthz HTTP/1.1\r\n\r\n" * choose.randrange(50),
                          "x" * choose.randrange(100000)])
    data = "\r\n".join([f"{method} {path} {version}", *headers, "", body]).encode("latin-1")
    for _ in range(choose.choice([0, 0, 0, 1, 20])):
        at = choose.randrange(len(data))
        data = data[:at] + bytes([choose.randrange(256)]) + data[at + 1:]
    return data[:choose.choice([len(data), len(data), choose.randrange(len(data) + 1)])]


def nonsense(site):
    """What no monitor sends, cut, pipelined, half-closed, a megabyte of header: refused, and nothing else."""
    seed = int(os.environ.get("SEED", time.time_ns()))
    choose, count, pid = random.Random(seed), 0, site.pid("web")
    with socket.create_connection(("127.0.0.1", site.web), 10) as client, contextlib.suppress(OSError):
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * (1 << 20) + b"\r\n\r\n")
        equal(client.recv(1000)[:12] in (b"HTTP/1.1 431", b"HTTP/1.1 413", b""), True, "answer to a megabyte of header")
    begin = time.monotonic()
    while time.monotonic() - begin < NONSENSE_SECONDS:
        with socket.create_connection(("127.0.0.1", site.web), 10) as client, contextlib.suppress(OSError):
            client.settimeout(0.2)
            client.sendall(requests_of_hostile_clients(choose))
            if choose.random() < 0.5:
                client.shutdown(socket.SHUT_WR)
            while choose.random() < 0.7 and client.recv(65536):
                pass
        count += 1
    equal((site.pid("web"), site.health()[0]), (pid, 200), f"web role and health after {count} requests, seed {seed}")
    equal(site.send(plain_mail())["code"], 250, "mail afterwards")
    print(f"     {count} requests")


def is_confined(site):
    """Its own user, a sandbox, no mail and no register; metrics of others for reading only."""
    pid = site.pid("web")
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    equal(status["Uid"].split()[0], str(USERS["web"]), "user")
    equal((status["NoNewPrivs"], status["Seccomp"], int(status["CapEff"], 16)), ("1", "2", 0), "confinement")
    modes = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        target = os.readlink(f"/proc/{pid}/fd/{name}")
        equal(any(word in target for word in ("register", "spool", "state/")), False, target)
        if "vanthu-metrics" in target:
            with open(f"/proc/{pid}/fdinfo/{name}", encoding="utf-8") as file:
                modes.append(int(re.search(r"flags:\s+([0-7]+)", file.read())[1], 8) & os.O_ACCMODE)
            equal(os.stat(f"/proc/{pid}/fd/{name}").st_mode & 0o777, 0, "nobody opens it anew")
    with open(f"/proc/{pid}/maps", encoding="utf-8") as file:
        maps = [line.split()[1] for line in file if "vanthu-metrics" in line]
    equal(sorted(maps).count("rw-s"), 1, "its own numbers can be written")
    equal(len(maps) > 5 and set(maps) == {"r--s", "rw-s"}, True, f"those of others cannot: {maps}")
    equal(modes.count(os.O_RDWR) <= 1, True, f"descriptors {modes}")


def matchers(expression):
    """(metric, {label: [values]}) of each selector; None for values that are not fixed."""
    for name, inside in re.findall(r"(vanthu_\w+)(?:\{([^}]*)\})?", re.sub(r"label_values\((\w+), (\w+)\)", r"\1", expression)):
        found = {}
        for label, operator, wanted in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', inside):
            found[label] = None if "$" in wanted else wanted.split("|")
        yield name, found


def check_expression(families, expression, where):
    used = list(matchers(expression))
    equal(bool(used), True, f"{where}: no metric in {expression}")
    for name, labels in used:
        base = name if name in families else re.sub(r"_(bucket|sum|count)$", "", name)
        equal(base in families and (base == name or families[base].kind == "histogram"), True, f"{where}: {name} exists")
        shown = [dict(own) for _, own in families[base].samples]
        for label, wanted in labels.items():
            known = {own[label] for own in shown if label in own}
            equal(label == "instance" or set(wanted) <= known, True, f"{where}: {label}={wanted} of {name}, there are {known}")
    return {name for name, _ in used}


def board_and_alerts(site):
    """Every query of the board and of the alerts names what is counted, and each alert says what to do."""
    families = site.numbers()
    with open(site_test.HERE + "/../../conf/prometheus-alerts.yaml", encoding="utf-8") as file:
        alerts = [rule for group in yaml.safe_load(file)["groups"] for rule in group["rules"]]
    with open(site_test.HERE + "/../../conf/grafana-vanthu.json", encoding="utf-8") as file:
        board = json.load(file)
    for alert in alerts:
        check_expression(families, alert["expr"], alert["alert"])
        equal(alert["labels"]["severity"] in ("critical", "warning", "info"), True, alert["alert"])
        equal(sorted(alert["annotations"]), ["description", "english", "summary"], alert["alert"])
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    for panel in panels:
        for target in panel["targets"]:
            check_expression(families, target["expr"], panel["title"])
        equal(bool(panel["title"] and panel["description"].isascii()), True, f"title and description of {panel['title']}")
    places = [tuple(p["gridPos"][k] for k in "xywh") for p in board["panels"]]
    cells = [(x + i, y + j) for x, y, w, h in places for i in range(w) for j in range(h)]
    equal((len(cells), max(x for x, _ in cells) < 24), (len(set(cells)), True), "panels do not cover each other")
    equal(len({panel["id"] for panel in board["panels"]}), len(board["panels"]), "numbers of panels")
    print(f"     {len(alerts)} alerts, {len(panels)} panels")


def manual_names_them_all(site):
    """vanthu-milter(8) documents what is counted, and nothing else."""
    with open(site_test.HERE + "/../../milter/master/vanthu-milter.8", encoding="utf-8") as file:
        section = file.read().split(".Sh METRICS", 1)[1].split(".Sh ", 1)[0]
    families = site.numbers()
    documented = dict(re.findall(r"^\.It Ic (vanthu_\w+)\n([^.].*)$", section, re.M))
    equal(sorted(documented), sorted(families), "names")
    for name, family in families.items():
        labels = {label for _, own in family.samples for label, _ in own} - {"le"}
        found = re.match(r"\(([^)]*)\) ", documented[name])
        if family.samples:
            equal(set(found[1].split(", ")) if found else set(), labels, f"labels of {name}")
        equal(documented[name].endswith(family.help), True, f"help of {name}")


def status_for_people(site):
    """vanthu status shows the same numbers, in two languages; --prometheus is what /metrics says."""
    environment = dict(os.environ)
    try:
        os.environ["LC_ALL"] = "vi_VN.UTF-8"
        vietnamese = site.vanthu("status").stdout
        os.environ["LC_ALL"] = "C.UTF-8"
        english = site.vanthu("status").stdout
    finally:
        os.environ.clear()
        os.environ.update(environment)
    for words in ("Thư hôm nay", "từ chối", "sổ đăng ký ghi được", "chính sách"):
        equal(words in vietnamese, True, f"{words} in:\n{vietnamese}")
    for words in ("Mails today", "refused", "is written", "policy"):
        equal(words in english, True, f"{words} in:\n{english}")
    shown = json.loads(site.vanthu("status", "--json").stdout)
    equal(shown["mails"]["last_hour"]["reject"] >= 2, True, shown["mails"])
    equal(shown["mails"]["last_hour"]["secret"], 1, "secret mails")
    faults = exposition.total(site.numbers(), "vanthu_tempfails_total", cause="register")
    equal(shown["counted"]["tempfails"]["register"], faults, "451s of the register")
    equal(f"451, no register {faults:.0f}" in english, faults > 0, english)
    equal((shown["register"]["writable"], shown["problems"]), (True, []), "register and problems")
    equal(re.fullmatch("[0-9a-f]{8}", shown["policy"]["version"]) is not None, True, shown["policy"])
    text = site.vanthu("status", "--prometheus").stdout
    families = exposition.parse(text)
    equal(exposition.total(families, OUTCOMES), exposition.total(site.numbers(), OUTCOMES), "mails")
    print("".join("     " + line + "\n" for line in vietnamese.splitlines()[:14]))


sys.exit(site_test.run(pages, counts_what_was_sent, burst_is_counted, role_killed, killed_in_a_mail, reload_keeps_counters,
                       register_is_stuck, status_for_people, board_and_alerts, manual_names_them_all,
                       slow_and_many, nonsense, is_confined, site_class=WebSite, mode="enforce", with_servers=True))
