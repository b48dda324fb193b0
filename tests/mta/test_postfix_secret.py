#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Mail marked secret through a real Postfix: refused or held, and nothing of it anywhere that we
# write: no subject, file name, digest, Message-ID or sender in any log line, header, answer, record,
# state or spool file.
"""[MẬT], [TỐI MẬT], [TUYỆT MẬT]."""

import base64
import hashlib
import os
import re
import signal
import sys
import unicodedata

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import site_test
from site_lab import BUILD, ROOT, message_id, wait_for
from site_test import build, equal, own_headers, pdf_mail

SENDER = "co-yeu@quansu.ninhbinh.gov.vn"
# Words that nothing else in the site has.
TOPIC = "diễn tập khu vực phòng thủ"
FILE = "ke-hoach-phong-thu.signed.pdf"
OFFICER = "officer: {name: Trần Thị B, mailbox: baomat@ninhbinh.gov.vn}\n"


def secret_mail(document, subject="V/v " + TOPIC, name=FILE):
    text = build.multipart([build.text_part("Kính gửi: " + TOPIC), build.attachment(document, name)])
    extra = site_test.ALIGNED
    number = f"{TOPIC.split()[0].encode().hex()}.{os.getpid()}.{next(site_test.NUMBERS)}"
    return build.mail(text, SENDER, subject=subject, extra=extra, number=number)


def needles(message, document):
    """What must not be found: in every form in which it may have been written."""
    digest = hashlib.sha256(document)
    texts = [TOPIC, unicodedata.normalize("NFD", TOPIC), "phong-thu", "khu vuc", "v=E1=BB=B1c", message_id(message).strip("<>"),
             SENDER, SENDER.split("@")[0], digest.hexdigest(), digest.hexdigest().upper()]
    found = [text.encode() for text in texts] + [digest.digest(), base64.b64encode(digest.digest())]
    for line in message.splitlines():  # encoded words of the subject
        found += re.findall(rb"=\?utf-8\?[BbQq]\?([^?]{12,})\?=", line)
    return found


def written(site):
    """Every file that we write, and what our commands say."""
    files = [site.folder + "/vanthu.log"]
    for folder in ("register", "state", "spool-vanthu", "run"):
        for place, _, names in os.walk(f"{site.folder}/{folder}"):
            files += [os.path.join(place, name) for name in names]
    for path in files:
        if os.path.isfile(path):
            with open(path, "rb") as file:
                yield path, file.read()
    for words in (("status", "--json"), ("register", "list", "--json"), ("report",)):
        yield " ".join(words), vanthu(site, *words)


def vanthu(site, *words):
    count = 2 if words[0] == "register" else 1
    done = site_test.subprocess.run([BUILD + "/vanthu", *words[:count], "--config", site.folder + "/vanthu.yaml", *words[count:]],
                                    capture_output=True, check=False)
    return done.stdout + done.stderr


def expect_nothing_written(site, message, document):
    for place, data in written(site):
        for needle in needles(message, document):
            if needle in data:
                at = data.index(needle)
                raise AssertionError(f"{needle!r} in {place}: {data[max(0, at - 200):at + 200]!r}")
    # Envelope and Message-ID are the MTA's own business; the rest is nobody's.
    with open(site.mta + "/log/mail.log", "rb") as file:
        log = file.read()
    for needle in (TOPIC.encode(), b"phong-thu", b"SECRET", "MẬT".encode(), hashlib.sha256(document).hexdigest().encode()):
        equal(needle in log, False, f"{needle!r} in the log of Postfix")


def expect_neutral(answer):
    equal((answer["code"], answer["enhanced"]), (550, "5.7.1"), f"answer {answer}")
    equal("Thu nay khong thuoc pham vi tiep nhan cua he thong." in answer["text"], True, answer["text"])
    for word in ("SECRET", "MAT", "phong", "secret", FILE):
        equal(word in answer["text"], False, f"{word} in {answer['text']}")


def marked_mails(document):
    decomposed = unicodedata.normalize("NFD", "[TUYỆT MẬT]")
    yield "subject", secret_mail(document, subject="[MẬT] " + TOPIC)
    yield "subject, decomposed", secret_mail(document, subject=f"{decomposed} {TOPIC}")
    yield "file name", secret_mail(document, name="[TỐI MẬT] " + FILE)
    yield "file name, decomposed", secret_mail(document, name=f"{decomposed} {FILE}")
    inner = secret_mail(document, name="[MẬT] " + FILE)
    yield "file name in a nested mail", build.mail(build.multipart([build.text_part(), build.nested(inner, "chuyen-tiep.eml")]), SENDER,
                                                   extra=site_test.ALIGNED, number=f"nested.{os.getpid()}")


def asked_for_mails(site):
    """Requests but those for the lists of roots, which are fetched ahead at moments of their own."""
    return [line for line in site.requests() if "/crl/root-" not in line]


def refused_without_an_officer(site):
    """Without an officer it is refused with the neutral sentence, in each form of the mark."""
    before = asked_for_mails(site)
    for name, message in marked_mails(site.secret):
        answer = site.send(message, sender=SENDER)
        expect_neutral(answer)
        reference = re.search(r"\d{4}-\d{4}-\d{4}", answer["text"])[0]
        line = site.log_line(" mail: ", reference, "secret=yes", "answer=reject")
        shown = vanthu(site, "register", "show", "--json", reference).decode()
        equal('"secret":true' in shown.replace(" ", ""), True, shown)
        expect_nothing_written(site, message, site.secret)
        print(f"     {name}: {line[line.index('mail:'):]}")
    equal(asked_for_mails(site), before, "requests about its certificates")
    for line in answer["text"].splitlines():
        print(f"     {answer['code']} {line}")


def the_words_alone_are_no_mark(site):
    """"bí mật" in a text, a reply, small letters: nothing happens."""
    for subject in ("V/v bảo vệ bí mật nhà nước", "Re: [MẬT] V/v", "[mật] V/v", "MẬT: V/v"):
        entity = build.multipart([build.text_part("Tài liệu MẬT, [MẬT]"), build.attachment(site.sign(), "1.signed.pdf")])
        message = build.mail(entity, site_test.STATE, subject=subject, extra=site_test.ALIGNED, number=f"words.{next(site_test.NUMBERS)}")
        equal(site.send(message)["code"], 250, subject)
        equal(site.delivered(message) is None, False, f"{subject}: delivered")
    # The search that finds nothing of a secret finds this one.
    message = secret_mail(site.secret)
    equal(site.send(message, sender=SENDER)["code"], 250, "answer")
    places = {place for place, data in written(site) for needle in needles(message, site.secret) if needle in data}
    equal(any("register.sqlite" in place for place in places) and "register list --json" in places, True, f"found in {places}")


def failure_of_an_unknown(site):
    """A mail whose files nobody could look at: what failed is told without the mail."""
    message = secret_mail(site.secret, name="[MẬT] " + FILE)
    before = os.path.getsize(site.folder + "/vanthu.log")
    zygote = site.pid("inspector")
    os.kill(zygote, signal.SIGSTOP)
    try:
        equal(site.send(message, sender=SENDER)["code"], 250, "answer in observe mode")
    finally:
        os.kill(zygote, signal.SIGCONT)
    site.log_line("inspection failed:")
    line = site.log_line(" mail: ", "inspected=no")
    print(f"     {line[line.index('mail:'):]}")
    with open(site.folder + "/vanthu.log", "rb") as log:
        text = log.read()[before:]
    for needle in (SENDER.encode(), message_id(message).encode(), b"phong-thu"):
        equal(needle in text, False, f"{needle!r} in the log")


def held_for_the_officer(site):
    """With an officer it waits in Postfix, which is told whose it is and not why; nothing is added but reference and action."""
    with open(ROOT + "/conf/policy.yaml", encoding="utf-8") as file:
        site.set_policy(OFFICER + file.read().replace("agencies: agencies.yaml", f"agencies: {ROOT}/conf/agencies.yaml"))
    equal(site.reload()[0], 0, "reload")
    message = secret_mail(site.secret, subject="[TỐI MẬT] " + TOPIC)
    answer = site.send(message, sender=SENDER)
    equal(answer["code"], 250, f"answer {answer}")
    queue_id = re.search(r"queued as (\S+)", answer["text"])[1]
    held = wait_for("the mail in the queue", lambda: [m for m in site.queue() if m["queue_id"] == queue_id])
    equal(held[0]["queue_name"], "hold", "queue")
    site.log_line(" mail: ", queue_id, "secret=yes", "answer=hold")
    expect_nothing_written(site, message, site.secret)
    site.release(queue_id)
    delivered = site.delivered(message)
    equal(delivered is None, False, "released")
    headers = own_headers(delivered)
    equal((sorted(headers), headers["x-vanthu-action"]), (["x-vanthu-action", "x-vanthu-reference"], ["hold"]), "headers")
    print(f"     {queue_id}: {headers}")


def observed(site):
    """Observed it passes unchanged, and nothing of it is written either."""
    site.set_mode("observe")
    message = secret_mail(site.secret, subject="[MẬT] " + TOPIC)
    equal(site.send(message, sender=SENDER)["code"], 250, "answer")
    delivered = site.delivered(message)
    equal((delivered is None, own_headers(delivered)), (False, {}), "delivered unchanged")
    expect_nothing_written(site, message, site.secret)


class SecretSite(site_test.Site):
    @property
    def secret(self):
        if not hasattr(self, "signed"):
            self.signed = self.sign()
        return self.signed


sys.exit(site_test.run(refused_without_an_officer, held_for_the_officer, observed, the_words_alone_are_no_mark, failure_of_an_unknown,
                       site_class=SecretSite, mode="enforce"))
