#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# The role post and a real Postfix: notices arrive byte for byte and once, over plain connections and
# TLS with its certificate checked, and after Postfix was away.
"""Notices through Postfix."""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

from fakepost import Post
from site_lab import free_ports

if os.geteuid() != 0 or shutil.which("postfix", path=os.environ["PATH"] + ":/usr/sbin") is None:
    print("skipped: Postfix starts as root only")
    sys.exit(77)

FOLDER = tempfile.mkdtemp(prefix="vanthu-post-lab-")
os.chmod(FOLDER, 0o755)
LAB = os.path.join(HERE, "lab.sh")
PORT = free_ports(1, 10)[0]
ENVIRONMENT = dict(os.environ, LAB_PORT=str(PORT), PATH=os.environ["PATH"] + ":/usr/sbin")


def lab(command):
    subprocess.run([LAB, command, FOLDER + "/lab"], env=ENVIRONMENT, check=True, stdin=subprocess.DEVNULL)


def postfix(*words):
    subprocess.run(["postfix", "-c", FOLDER + "/lab/etc", *words], env=ENVIRONMENT, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def delivered():
    mails = []
    for path in sorted(glob.glob(FOLDER + "/lab/delivered/*.eml")):
        with open(path, "rb") as file, open(path[:-3] + "json", encoding="utf-8") as envelope:
            mails.append((json.load(envelope), file.read()))
    return mails


def wait_delivered(count, seconds=20):
    until = time.monotonic() + seconds
    while len(delivered()) < count and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.2)  # nor more
    mails = delivered()
    assert len(mails) == count, "%d of %d arrived" % (len(mails), count)
    return mails


def notice(number):
    head = "From: vanthu@mx1.test\r\nTo: so@gov.vn\r\nDate: Sun, 22 Nov 2026 08:00:00 +0700\r\n" \
           "Message-ID: <n%d@mx1.test>\r\nSubject: =?utf-8?Q?C=C3=B4ng_v=C4=83n?=\r\n\r\n" % number
    lines = [".", "..", ".a", "", " ", "\t.", "x" * 998, "From here", ".", "", "", "."]
    return (head + "".join(line + "\r\n" for line in lines)).encode()


def certificates():
    """A CA and a certificate for 127.0.0.1, with the tool that an admin has."""
    for words in (
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out",
             "ca.pem", "-subj", "/CN=Relay CA", "-days", "2"],
            ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "relay.key", "-out",
             "relay.csr", "-subj", "/CN=relay"],
            ["x509", "-req", "-in", "relay.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "relay.pem",
             "-days", "2", "-extfile", "names"]):
        with open(FOLDER + "/names", "w", encoding="ascii") as file:
            file.write("subjectAltName=IP:127.0.0.1\n")
        subprocess.run(["openssl", *words], cwd=FOLDER, check=True, stderr=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL)


def log():
    with open(FOLDER + "/lab/log/mail.log", encoding="utf-8", errors="replace") as file:
        return file.read()


def main():
    certificates()
    lab("start")
    subprocess.run(["postconf", "-c", FOLDER + "/lab/etc", "-e", "smtpd_tls_security_level=may",
                    "smtpd_tls_cert_file=%s/relay.pem" % FOLDER, "smtpd_tls_key_file=%s/relay.key" % FOLDER,
                    "smtpd_tls_loglevel=1"], env=ENVIRONMENT, check=True)
    with open(FOLDER + "/lab/etc/master.cf", "a", encoding="ascii") as file:
        file.write("tlsmgr unix - - n 1000? 1 tlsmgr\n")
    postfix("reload")
    relay = "relay: 'smtp://127.0.0.1:%d'" % (PORT + 2)
    post = Post("  {%s}" % relay)
    for number in range(1, 9):
        post.registrar.add(number, recipient="r%d@so.gov.vn" % number, message=notice(number))
    done = post.registrar.wait_done(8, 30)
    assert all(d["outcome"] == "sent" and re.fullmatch("[0-9A-Za-z]{6,20}", d["queue_id"]) and
               "queued as" in d["text"] for d in post.registrar.done), post.registrar.done
    mails = wait_delivered(8)
    assert sorted(e["recipients"][0] for e, _ in mails) == ["r%d@so.gov.vn" % n for n in range(1, 9)]
    for envelope, mail in mails:
        number = int(envelope["recipients"][0][1:-10])
        assert envelope["sender"] == "", envelope
        assert mail.endswith(notice(number)), mail
        assert mail[:-len(notice(number))].startswith(b"Received: from mx1.test"), mail
    assert len(re.findall("smtpd.*: connect from", log())) <= 2, "one connection for all of them"
    done = log()
    assert all("%s: from=<>" % d["queue_id"] in done for d in post.registrar.done)

    # Away, and there again: what was due arrives, once.
    postfix("stop")
    post.registrar.add(11, message=notice(11))
    assert post.registrar.wait_done(9)["outcome"] == "deferred"
    post.registrar.add(11, message=notice(11))  # as the registrar does it when its time has come
    postfix("start")
    assert post.registrar.wait_done(10, 30)["outcome"] == "sent"
    wait_delivered(9)
    post.stop()

    # Another one refuses it for good.
    subprocess.run(["postconf", "-c", FOLDER + "/lab/etc", "-e", "smtpd_relay_restrictions=reject_unauth_destination"],
                   env=ENVIRONMENT, check=True)
    postfix("reload")
    post = Post("  {%s, tls: required, tls-ca: %s/ca.pem}" % (relay, FOLDER))
    post.registrar.add(12, message=notice(12))
    done = post.registrar.wait_done()
    assert (done["outcome"], done["code"]) == ("failed", 554) and "Relay access denied" in done["text"], done
    assert re.search("Anonymous TLS connection established from.*TLSv1.[23]", log()), "TLS"
    subprocess.run(["postconf", "-c", FOLDER + "/lab/etc", "-e", "smtpd_relay_restrictions=permit_mynetworks,reject"],
                   env=ENVIRONMENT, check=True)
    postfix("reload")
    time.sleep(1)
    post.registrar.add(13, message=notice(13))
    assert post.registrar.wait_done(2, 30)["outcome"] == "sent", post.registrar.done
    assert wait_delivered(10)[-1][1].endswith(notice(13))
    post.drain()
    assert post.wait() == 0
    post.stop()


try:
    main()
finally:
    lab("stop")
    shutil.rmtree(FOLDER, ignore_errors=True)
