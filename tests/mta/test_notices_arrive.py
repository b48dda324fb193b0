#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Notices of a whole site: a mail is refused by a real Postfix, and what its sender is told arrives
# through another listener of it, once, whatever ends in between.
"""From the refusal to the sender's mailbox."""

import email
import email.policy
import json
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import site_test
from site_lab import BUILD, message_id, wait_for
from site_test import STATE, equal, pdf_mail

SETTINGS = """\
notices: {{relay: "smtp://127.0.0.1:{port}", quiet: 1s, retry-first: 2s, retry-longest: 4s, once-within: 1h}}
"""


class Site(site_test.Site):
    def write_config(self):
        self.extra = SETTINGS.format(port=self.port + 2)
        super().write_config()

    def listener(self, is_there):
        """The listener that takes notices; the others go on."""
        path = self.mta + "/etc/master.cf"
        with open(path, encoding="ascii") as file:
            text = file.read()
        line = f"127.0.0.1:{self.port + 2} inet n - n - - smtpd\n"
        text = text.replace(line, "") + (line if is_there else "")
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        subprocess.run(["postfix", "-c", self.mta + "/etc", "reload"], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin"))
        wait_for("the listener", lambda: site_test.is_free(self.port + 2) != is_there)

    def notices_of(self, message):
        """(envelope, mail) of what was delivered about it."""
        found, folder = [], self.mta + "/delivered"
        for name in sorted(os.listdir(folder)):
            if not name.endswith(".eml"):
                continue
            with open(f"{folder}/{name}", "rb") as file, open(f"{folder}/{name[:-3]}json", encoding="utf-8") as envelope:
                mail = email.message_from_binary_file(file, policy=email.policy.default)
                if mail["In-Reply-To"] == message_id(message):
                    found.append((json.load(envelope), mail))
        return found

    def wait_notice(self, message, seconds=30):
        return wait_for("a notice", lambda: self.notices_of(message), seconds)

    def refuse(self):
        message = pdf_mail(changed(self))
        answer = self.send(message)
        equal(answer["code"], 550, answer)
        return message, re.search(r"\b\d{4}-\d{4}-\d{4}\b", answer["text"])[0]


def changed(site):
    """A signed document in which a byte was changed afterwards."""
    document = bytearray(site.sign(data=site_test.pdfbuild.build("V/v thông báo", f"{next(site_test.NUMBERS)}/QĐ", site_test.days_ago(10))))
    document[document.index(b"stream", document.index(b"/Contents")) + 40] ^= 1
    return bytes(document)


def told_once(site):
    """The sender of a refused mail is told of it: from the empty sender, once, with its reference."""
    message, reference = site.refuse()
    envelope, notice = site.wait_notice(message)[0]
    equal((envelope["sender"], envelope["recipients"]), ("", [STATE]), "envelope")
    equal((notice["Auto-Submitted"], notice["X-Auto-Response-Suppress"]), ("auto-replied", "All"), "header")
    equal(reference in notice.as_string() or reference in str(notice.get_body(("plain",)).get_content()), True, "reference")
    listed = wait_for("it to be sent", lambda: [n for n in listing(site) if n["state"] == "sent" and n["reference"] == reference])
    equal([n["kind"] for n in listed], ["refused"], "list")
    time.sleep(3)
    equal(len(site.notices_of(message)), 1, "notices")


def listing(site):
    done = subprocess.run([BUILD + "/vanthu", "notice", "list", "--config", site.folder + "/vanthu.yaml", "--json", "--all"],
                          capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def relay_away(site):
    """While the relay is away notices wait, through a reload and the deaths of post and registrar; then each arrives once."""
    site.listener(False)
    messages = [site.refuse()[0] for _ in range(3)]
    site.log_line("notice ", "deferred", seconds=20)
    os.kill(site.pid("post"), signal.SIGKILL)
    equal(site.reload()[0], 0, "reload")
    registrar = site.pid("registrar")
    os.kill(registrar, signal.SIGKILL)
    site.wait_restarted("registrar", registrar)
    messages.append(site.refuse()[0])
    time.sleep(2)
    equal([len(site.notices_of(m)) for m in messages], [0, 0, 0, 0], "notices while it is away")
    site.listener(True)
    for message in messages:
        site.wait_notice(message, 60)
    time.sleep(3)
    equal([len(site.notices_of(m)) for m in messages], [1, 1, 1, 1], "notices")


def reload_while_sending(site):
    """Reloads while notices go out: each arrives once."""
    messages = []
    for _ in range(4):
        messages.append(site.refuse()[0])
        equal(site.reload()[0], 0, "reload")
    for message in messages:
        site.wait_notice(message, 30)
    time.sleep(3)
    equal([len(site.notices_of(m)) for m in messages], [1] * 4, "notices")


def observe_tells_nobody(site):
    """In mode observe there is no role post, and nobody is told."""
    site.set_mode("observe")
    equal("post" in site.roles(), False, "role")
    message = pdf_mail(changed(site))
    equal(site.send(message)["code"], 250, "answer")
    time.sleep(4)
    equal(len(site.notices_of(message)), 0, "notices")
    site.set_mode("enforce")
    wait_for("post", lambda: site.roles().get("post", {}).get("running"))


if __name__ == "__main__":
    sys.exit(site_test.run(told_once, relay_away, reload_while_sending, observe_tells_nobody, mode="enforce", site_class=Site))
