#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# The role post, in its sandbox, against an SMTP server that refuses, stalls, cuts and lies at each
# step: what it says became of a notice, and what the server got.
"""Notices to a relay."""

import atexit
import datetime
import ipaddress
import os
import re
import shutil
import ssl
import sys
import tempfile
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from fakepost import Post
from relay import CUT, STALL, Relay

FOLDER = tempfile.mkdtemp(prefix="vanthu-post-")
NOTICE = (b"From: vanthu@mx1.test\r\nSubject: x\r\n\r\n.\r\n..\r\n.dot\r\n \r\n" + b"y" * 998 +
          b"\r\n\r\n.\r\n")
FAILURES = []


def check(name, condition, *seen):
    if not condition:
        FAILURES.append(name)
        print("FAIL", name, *seen)


# ---- certificates ----

def certificate(host, issuer=None):
    """(certificate, key) for a host name or an address; without issuer its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    try:
        alternative = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        alternative = x509.DNSName(host)
    now = datetime.datetime.now(datetime.timezone.utc)
    signer = issuer if issuer else (None, key)
    made = (x509.CertificateBuilder().subject_name(name)
            .issuer_name(issuer[0].subject if issuer else name).public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(issuer is None, None), True)
            .add_extension(x509.SubjectAlternativeName([alternative]), False)
            .sign(signer[1], hashes.SHA256()))
    return made, key


def write(name, *parts):
    path = os.path.join(FOLDER, name)
    with open(path, "wb") as file:
        for part in parts:
            file.write(part.public_bytes(serialization.Encoding.PEM) if hasattr(part, "public_bytes") else
                       part.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                          serialization.NoEncryption()))
    return path


def context(file):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(file)
    return made


CA = certificate("ca.test")
CA_FILE = write("ca.pem", CA[0])
GOOD = context(write("good.pem", *reversed(certificate("127.0.0.1", CA))))
WRONG_NAME = context(write("wrong.pem", *reversed(certificate("other.test", CA))))
STRANGER = context(write("stranger.pem", *reversed(certificate("127.0.0.1"))))
REQUIRED = ", tls: required, tls-ca: %s" % CA_FILE


def password(text, mode=0o600, name="relay.pass"):
    path = os.path.join(FOLDER, name)
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path + ".new", mode)
    os.rename(path + ".new", path)
    return path


# ---- one notice ----

def settings(relay, more="", scheme="smtp"):
    return "  {relay: '%s://127.0.0.1:%d'%s}" % (scheme, relay.port, more)


def send_one(relay, more="", scheme="smtp", **notice):
    post = Post(settings(relay, more, scheme))
    try:
        post.registrar.add(7, **({"message": NOTICE} | notice))
        return post.registrar.wait_done(), post.log_text()
    except AssertionError as fault:
        return {"outcome": str(fault), "maybe_sent": None, "code": None, "text": "", "queue_id": ""}, post.log_text()
    finally:
        post.stop()


LONG = "250-" + "x" * 1900 + "\r\n"

# name, relay, settings, outcome, maybe_sent, code, text
CASES = [
    ("usual", {}, "", "sent", False, 250, "^2.0.0 Ok: queued as 4XyZ1$"),
    ("no extensions", {"offers": ()}, "", "sent", False, 250, "queued"),
    ("only HELO", {"at": {"EHLO": "502 5.5.1 no"}}, "", "sent", False, 250, "queued"),
    ("greeting 554", {"at": {"GREETING": "554 5.7.1 go away"}}, "", "deferred", False, 554, "go away"),
    ("greeting 421", {"at": {"GREETING": "421 4.3.2 later"}}, "", "deferred", False, 421, "later"),
    ("greeting cut", {"at": {"GREETING": CUT}}, "", "deferred", False, 0, "127.0.0.1"),
    ("endless greeting", {"at": {"GREETING": b"220-x\r\n" * 50000}}, "", "deferred", False, 0, "says too much"),
    ("EHLO cut", {"at": {"EHLO": CUT}}, "", "deferred", False, 0, "127.0.0.1"),
    ("MAIL 451", {"at": {"MAIL": "451 4.3.0 later"}}, "", "deferred", False, 451, "later .in reply to MAIL FROM"),
    ("MAIL 550: it takes no empty sender", {"at": {"MAIL": "550 5.7.1 no"}}, "", "deferred", False, 550, "MAIL FROM"),
    ("MAIL 552: too large", {"at": {"MAIL": "552 5.3.4 too large"}}, "", "failed", False, 552, "too large"),
    ("MAIL cut", {"at": {"MAIL": CUT}}, "", "deferred", False, 0, "lost .at MAIL FROM"),
    ("RCPT 450", {"at": {"RCPT": "450 4.2.0 grey"}}, "", "deferred", False, 450, "grey"),
    ("RCPT 550", {"at": {"RCPT": "550 5.1.1 unknown"}}, "", "failed", False, 550, "unknown .in reply to RCPT TO"),
    ("RCPT 530: it wants a login", {"at": {"RCPT": "530 5.7.0 log in"}}, "", "deferred", False, 530, "log in"),
    ("RCPT 421", {"at": {"RCPT": "421 4.3.2 bye"}}, "", "deferred", False, 421, "bye"),
    ("RCPT of two codes", {"at": {"RCPT": "250-a\r\n550 b"}}, "", "deferred", False, 0, "no SMTP server"),
    ("RCPT without code", {"at": {"RCPT": "ok"}}, "", "deferred", False, 0, "no SMTP server"),
    ("RCPT of 251", {"at": {"RCPT": "251 forwards"}}, "", "sent", False, 250, "queued"),
    ("RCPT of 354", {"at": {"RCPT": "354 go on"}}, "", "deferred", False, 354, "RCPT"),
    ("DATA 451", {"at": {"DATA": "451 4.3.0 full"}}, "", "deferred", False, 451, "full"),
    ("DATA 554", {"at": {"DATA": "554 5.5.1 none"}}, "", "failed", False, 554, "none"),
    ("DATA cut", {"at": {"DATA": CUT}}, "", "deferred", False, 0, "at DATA"),
    ("end 451", {"at": {"END": "451 4.3.0 disk"}}, "", "deferred", False, 451, "disk .in reply to the end of DATA"),
    ("end 554", {"at": {"END": "554 5.7.1 content"}}, "", "failed", False, 554, "content"),
    ("end cut", {"at": {"END": CUT}}, "", "deferred", True, 0, "the end of DATA"),
    ("end of nonsense", {"at": {"END": "yes"}}, "", "deferred", True, 0, "no SMTP server"),
    ("end of 354", {"at": {"END": "354 more"}}, "", "deferred", True, 354, "more"),
    ("end of many lines", {"at": {"END": "250-2.0.0 a\r\n250-2.0.0 b\r\n250 2.0.0 c"}}, "", "sent", False, 250,
     "^2.0.0 a 2.0.0 b 2.0.0 c$"),
    ("end of long lines", {"at": {"END": (LONG * 3 + "250 z\r\n").encode()}}, "", "sent", False, 250, "^x{400,}.*[.]{3}$"),
    ("end of too long lines", {"at": {"END": "250 " + "x" * 3000}}, "", "deferred", True, 0, "more than 2000"),
    ("end without end", {"at": {"END": b"250-x\r\n" * 9000}}, "", "deferred", True, 0, "says too much"),
    ("end with control characters", {"at": {"END": b"554 5.7.1 a\x1b[2Jb\xff\x00\tc\r\n"}}, "", "failed", False, 554,
     r"^5.7.1 a\?\[2Jb\?\?\?c"),
    ("an answer that was not asked for", {"at": {"MAIL": "250 a\r\n250 b\r\n354 c\r\n250 queued"}}, "", "deferred", False,
     0, "not asked"),
    ("TLS is not wanted", {"tls": STRANGER}, "", "sent", False, 250, "queued"),
    ("opportunistic", {"tls": STRANGER}, ", tls: opportunistic", "sent", False, 250, "queued"),
    ("opportunistic, not offered", {}, ", tls: opportunistic", "sent", False, 250, "queued"),
    ("opportunistic, refused", {"tls": GOOD, "at": {"STARTTLS": "454 4.7.0 no"}}, ", tls: opportunistic", "sent",
     False, 250, "queued"),
    ("opportunistic, broken", {"tls": GOOD, "at": {"TLS": CUT}}, ", tls: opportunistic", "sent", False, 250, "queued"),
    ("required", {"tls": GOOD}, REQUIRED, "sent", False, 250, "queued"),
    ("required, stripped", {}, REQUIRED, "deferred", False, 0, "does not begin TLS"),
    ("required, refused", {"tls": GOOD, "at": {"STARTTLS": "454 4.7.0 no"}}, REQUIRED, "deferred", False, 454,
     "does not begin TLS"),
    ("required, broken", {"tls": GOOD, "at": {"TLS": CUT}}, REQUIRED, "deferred", False, 0, "127.0.0.1"),
    ("required, other name", {"tls": WRONG_NAME}, REQUIRED, "deferred", False, 0, "certificate of smtp.* is not good"),
    ("required, stranger", {"tls": STRANGER}, REQUIRED, "deferred", False, 0, "certificate of smtp.* is not good"),
    ("required, answers before TLS", {"tls": GOOD, "at": {"STARTTLS": b"220 go\r\n250 x\r\n"}}, REQUIRED, "deferred",
     False, 0, "127.0.0.1"),
]


def table():
    for name, relay_of, more, outcome, maybe_sent, code, text in CASES:
        relay = Relay(**relay_of)
        done, log = send_one(relay, more)
        relay.stop()
        check(name, (done["outcome"], done["maybe_sent"], done["code"]) == (outcome, maybe_sent, code) and
              re.search(text, done["text"]), done)
        check(name + ": bounded", len(done["text"].encode()) <= 500)
        check(name + ": cleaned", re.search(r"[\x00-\x1f\x7f]", done["text"] + log.replace("\n", "")) is None, log)
        if outcome == "sent":
            check(name + ": bytes", [m for _, m in relay.messages] == [NOTICE], relay.messages)
        if name == "usual":
            check("queue id", done["queue_id"] == "4XyZ1", done)
            check("commands", relay.sessions[0][:4] == [
                "EHLO mx1.test", "MAIL FROM:<> SIZE=%d RET=HDRS ENVID=abc.1" % len(NOTICE),
                "RCPT TO:<vanthu@so.gov.vn> NOTIFY=NEVER", "DATA"], relay.sessions)
        if name == "no extensions":
            check("plain commands", relay.sessions[0][1:3] == ["MAIL FROM:<>", "RCPT TO:<vanthu@so.gov.vn>"],
                  relay.sessions)
        if more == REQUIRED and outcome != "sent":
            check(name + ": said nothing", not any("MAIL" in c for s in relay.sessions for c in s), relay.sessions)


def smtps():
    relay = Relay(tls=GOOD, smtps=True)
    done, _ = send_one(relay, ", tls-ca: %s" % CA_FILE, "smtps")
    check("smtps", done["outcome"] == "sent" and relay.messages[0][1] == NOTICE, done)
    relay.stop()
    relay = Relay(tls=WRONG_NAME, smtps=True)
    done, _ = send_one(relay, ", tls-ca: %s" % CA_FILE, "smtps")
    check("smtps, other name", done["outcome"] == "deferred" and not relay.messages, done)
    relay.stop()


def what_smtp_cannot_carry():
    relay = Relay()
    for name, notice in [
            ("CR LF in the address", {"recipient": "a@b.vn>\r\nRCPT TO:<c@d.vn"}),
            ("brackets in the address", {"recipient": "a@b.vn> NOTIFY=SUCCESS"}),
            ("no domain", {"recipient": "postmaster"}),
            ("bare LF", {"message": b"Subject: x\n\ny\r\n"}),
            ("bare CR", {"message": b"Subject: x\r\r\n\r\n"}),
            ("smuggled end", {"message": b"Subject: x\r\n\r\n\n.\r\nMAIL FROM:<>\r\n"}),
            ("no end", {"message": b"Subject: x\r\n\r\ny"}),
            ("long line", {"message": b"y" * 999 + b"\r\n"}),
            ("8 bit", {"message": "Subject: văn thư\r\n\r\n".encode()}),
            ("NUL", {"message": b"a\0b\r\n"}),
            ("empty", {"message": b""})]:
        done, _ = send_one(relay, **notice)
        check(name, done["outcome"] in ("failed", "deferred") and done["code"] == 0 and not relay.messages, done)
    check("nothing of it was sent", relay.sessions == [], relay.sessions)
    done, _ = send_one(relay, recipient='"a b"@[192.0.2.1]', envid="a+b=c/d")
    check("an odd address", done["outcome"] == "sent", done)
    check("xtext", "ENVID=a+2Bb+3Dc/d" in relay.messages[0][0][0] and
          relay.messages[0][0][1].startswith('RCPT TO:<"a b"@[192.0.2.1]>'), relay.messages)
    relay.stop()


def logins():
    relay = Relay(user="vanthu", password="mật khẩu 1")
    file = password("mật khẩu 1\n")
    more = ", user: vanthu, password-file: %s" % file
    for mechanisms in ("PLAIN", "LOGIN", "LOGIN PLAIN"):
        relay.at["MECHANISMS"] = mechanisms
        done, log = send_one(relay, more)
        check("AUTH " + mechanisms, done["outcome"] == "sent" and "mật khẩu" not in log, done)
    relay.at["MECHANISMS"] = "GSSAPI"
    done, log = send_one(relay, more)
    check("no mechanism", done["outcome"] == "deferred" and len(relay.messages) == 3, done)
    del relay.at["MECHANISMS"]
    for name, mode, text in (("open to others", 0o644, "mật khẩu 1"), ("empty", 0o600, "\n"), ("too long", 0o600, "x" * 600)):
        password(text, mode)
        done, log = send_one(relay, more)
        check("password " + name, done["outcome"] == "deferred" and "relay.pass" in done["text"], done)
    os.unlink(file)
    done, log = send_one(relay, more)
    check("password missing", done["outcome"] == "deferred" and "No such file" in done["text"], done)
    # The password changes while post runs, and so does the relay's.
    password("mật khẩu 1")
    post = Post(settings(relay, more))
    post.registrar.add(1)
    check("the old password", post.registrar.wait_done()["outcome"] == "sent")
    password("mật khẩu 2")
    relay.password = "mật khẩu 2"
    time.sleep(0.3)  # it says goodbye when nothing is due
    post.registrar.add(2)
    done = post.registrar.wait_done(2)
    check("the new password", done["outcome"] == "sent" and relay.logins[-1][1] == "mật khẩu 2", done)
    relay.password = "mật khẩu 3"
    time.sleep(0.3)
    post.registrar.add(3)
    done = post.registrar.wait_done(3)
    check("a wrong password", (done["outcome"], done["code"]) == ("deferred", 535) and "vanthu" in done["text"], done)
    asked = len(relay.logins)
    post.registrar.add(4)
    time.sleep(3)
    check("a wrong password is not tried again soon", len(relay.logins) == asked, relay.logins)
    check("no password in the log", "mật khẩu" not in post.log_text(), post.log_text())
    post.stop()
    relay.offers, relay.user = (), None
    password("mật khẩu 3")
    done, _ = send_one(relay, more)
    check("no AUTH offered", done["outcome"] == "deferred" and "neither AUTH" in done["text"], done)
    relay.stop()
    # Not before TLS.
    relay = Relay(user="vanthu", password="p", tls=GOOD)
    password("p")
    done, _ = send_one(relay, more + REQUIRED)
    check("AUTH under TLS", done["outcome"] == "sent" and relay.logins == [("vanthu", "p", True)], done, relay.logins)
    relay.stop()


def several_in_a_row():
    relay = Relay(at={"RCPT": ["250 ok", "550 5.1.1 no", "250 ok"]})
    post = Post(settings(relay))
    for number in (1, 2, 3):
        post.registrar.add(number, recipient="r%d@so.gov.vn" % number)
    post.registrar.wait_done(3)
    outcomes = [d["outcome"] for d in post.registrar.done]
    check("in a row", outcomes == ["sent", "failed", "sent"], outcomes)
    check("one connection", len(relay.sessions) == 1 and "RSET" in relay.sessions[0], relay.sessions)
    time.sleep(0.4)
    check("goodbye", relay.sessions[0][-1] == "QUIT", relay.sessions)
    check("leases end", post.registrar.leases == {1: False, 2: False, 3: False}, post.registrar.leases)
    post.stop()
    relay.stop()
    # A session that ended behind our back is made anew, and nothing is sent twice.
    relay = Relay(at={"MAIL": ["250 ok", CUT, "250 ok"]})
    post = Post(settings(relay))
    post.registrar.add(1)
    post.registrar.add(2)
    done = post.registrar.wait_done(2)
    check("anew", done["outcome"] == "sent" and len(relay.sessions) == 2 and len(relay.messages) == 2, done)
    post.stop()
    relay.stop()


def relay_away():
    relay = Relay()
    port = relay.port
    relay.stop()
    post = Post("  {relay: 'smtp://127.0.0.1:%d'}" % port)
    for number in range(1, 6):
        post.registrar.add(number)
    done = post.registrar.wait_done()
    check("away", (done["outcome"], done["code"]) == ("deferred", 0) and "connect" in done["text"].lower(), done)
    time.sleep(1)
    check("the others wait", len(post.registrar.done) == 1 and len(post.registrar.due) == 4)
    relay = Relay(port=port)
    post.registrar.wait_done(5)
    check("there again", [d["outcome"] for d in post.registrar.done[1:]] == ["sent"] * 4, post.registrar.done)
    check("says so", "takes notices again" in post.log_text(), post.log_text())
    post.stop()
    relay.stop()


def registrar_dies():
    relay = Relay()
    post = Post(settings(relay))
    post.registrar.deaf = 2
    post.registrar.add(1, message=NOTICE)
    done = post.registrar.wait_done()
    check("told again", done["outcome"] == "sent" and len(relay.messages) == 1, done)
    post.registrar.fault = "the disk is full"
    time.sleep(1.2)
    log = post.log_text()
    check("said once", log.count("wait for the registrar") == 2 and "the disk is full" in log, log)
    post.registrar.fault = None
    post.registrar.add(2)
    check("goes on", post.registrar.wait_done(2)["outcome"] == "sent")
    post.stop()
    relay.stop()


def drains():
    """What was begun is finished, and nothing more is."""
    def slow():
        time.sleep(1)
        return "250 2.0.0 Ok: queued as SLOW"
    relay = Relay(at={"END": slow})
    post = Post(settings(relay))
    post.registrar.add(1)
    post.registrar.add(2)
    until = time.monotonic() + 10
    while not relay.messages and time.monotonic() < until:
        time.sleep(0.01)
    post.drain()
    check("ends well", post.wait() == 0)
    check("the one is done", [d["queue_id"] for d in post.registrar.done] == ["SLOW"], post.registrar.done)
    check("the other waits", len(post.registrar.due) == 1 and len(relay.messages) == 1)
    post.stop()
    relay.stop()
    # A relay that says nothing does not hold it up: while connecting at once, later soon.
    for step, most_secs in (("GREETING", 3), ("END", 13)):
        relay = Relay(at={step: STALL})
        post = Post(settings(relay))
        post.registrar.add(1)
        until = time.monotonic() + 10
        while not (relay.messages if step == "END" else relay.sessions) and time.monotonic() < until:
            time.sleep(0.01)
        begun = time.monotonic()
        post.drain()
        check(step + " stalls: ends", post.wait(most_secs) == 0)
        done = post.registrar.wait_done()
        check(step + " stalls", (done["outcome"], done["maybe_sent"]) == ("deferred", step == "END") and
              time.monotonic() - begun < most_secs, done)
        post.stop()
        relay.stop()


atexit.register(shutil.rmtree, FOLDER)
for part in (table, smtps, what_smtp_cannot_carry, logins, several_in_a_row, relay_away, registrar_dies, drains):
    begun = time.monotonic()
    part()
    print("%s: %.1f s" % (part.__name__, time.monotonic() - begun))
sys.exit(1 if FAILURES else 0)
