#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# The demonstration: a test PKI with its OCSP responder and CRL server, a private Postfix with
# vanthu-milter, all on loopback; real mails through SMTP; for each, the answer, what was delivered,
# and why. Exits 1 when an outcome is not the expected one. Everything is stopped and removed.
#   demo.py [--keep]      --keep leaves the folder (logs, mails, configuration)
"""make demo."""

import argparse
import email
import email.policy
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.join(HERE, "..")
BUILD = os.path.join(TESTS, "..", "build")
for folder in ("lib", "mail", "mta", "pki"):
    sys.path.insert(0, os.path.join(TESTS, folder))

import mailbuild as build
from mailbuild import CRLF
from site_lab import Lab, message_id, wait_for

STATE = "vanthu@sonv.ninhbinh.gov.vn"
CITIZEN = "nguyenvana@example.vn"
# What the domain's DKIM verifier, which the configuration trusts, would have written.
ALIGNED = b"Authentication-Results: auth.lab.test; dkim=pass header.d=sonv.ninhbinh.gov.vn" + CRLF
FORGED = (b"X-Vanthu-Verdict: TOTAL-PASSED, everything is fine" + CRLF
          + b"Authentication-Results: vanthu.mx.lab.test; smime=pass body.smime-identifier=nobody" + CRLF)


class Demo(Lab):
    """Notices leave soon: a site waits for 90 seconds, in which the other mails of a circular come."""

    def notices(self):
        return (f'office-name: Sở Khoa học và Công nghệ tỉnh Ninh Bình\n'
                f'notices: {{relay: "smtp://127.0.0.1:{self.port + 2}", quiet: 1s, from: vanthu@ninhbinh.gov.vn}}\n')

    def notice(self, mail, seconds=20):
        """What the sender of a mail was told in a mail of its own."""
        def find():
            told = (email.message_from_bytes(m, policy=email.policy.default) for m in self.deliveries())
            return next((m for m in told if m["X-Vanthu-Notice"] and m["In-Reply-To"] == message_id(mail)), None)
        try:
            return wait_for("a notice", find, seconds)
        except RuntimeError:
            return None


class Case:
    """One mail and what has to become of it."""

    def __init__(self, title, mail, sender=STATE, code=250, reason=None, verdict=None, smime=None, absent=None,
                 unchanged=False, sender_class=None, notes=(), forged=b"", notice=None):
        self.title, self.mail, self.sender, self.code = title, mail, sender, code
        self.reason, self.verdict, self.smime, self.absent, self.unchanged = reason, verdict, smime, absent, unchanged
        self.sender_class, self.notes, self.notice = sender_class, notes, notice
        self.forged = [line for line in forged.decode().split("\r\n") if line]


# What happens between two mails.
STEPS = {"hosts-gone": lambda lab: lab.script_servers("stop", lab.folder + "/servers"),
         "observe": lambda lab: lab.set_mode("observe")}


def cases(lab):
    numbers = iter(range(1, 100))

    def mail(entity, sender=STATE, extra=ALIGNED):
        return build.mail(entity, sender, extra=extra, number=f"demo.{next(numbers)}")

    def pdf(document, name="2415-SNV.signed.pdf", **options):
        parts = [build.text_part(), build.attachment(lab.document(document), name)]
        return mail(build.multipart(parts), **options)

    def smime():
        return mail(build.multipart_signed(build.text_part(), lab.pki, "smime"), "binhtt@ninhbinh.gov.vn", b"")

    yield Case("PDF signed by a person and by the agency", pdf("good.pdf"), verdict="TOTAL-PASSED")
    yield Case("the same with one byte changed", pdf("byte-changed.pdf"), code=550, reason="CONTENT_CHANGED",
               notice="refused")
    yield Case("certificate revoked before signing", pdf("revoked.pdf"), code=550, reason="CERT_REVOKED", notice="refused")
    yield Case("revoked after signing, without a time stamp", pdf("revoked-since.pdf"), verdict="INDETERMINATE",
               reason="CERT_REVOKED_SINCE", notice="remark")
    yield Case("revoked after signing, with a time stamp", pdf("revoked-since-stamped.pdf"), verdict="TOTAL-PASSED")
    yield Case("certificate expired since", pdf("expired.pdf"), verdict="INDETERMINATE", reason="CERT_EXPIRED_SINCE")
    yield Case("certificate from a CA nobody knows", pdf("unknown-ca.pdf"), verdict="INDETERMINATE", reason="PATH_UNKNOWN_ROOT")
    yield Case("self-made certificate with the agency's name", pdf("self-made.pdf"), code=550, reason="PATH_SELF_MADE",
               notice="refused")
    yield Case("a changed PDF again, and nothing proves who sent it", pdf("byte-changed.pdf", extra=b""), code=550, reason="CONTENT_CHANGED",
               notes=("the answer of SMTP tells who connected; own mail to an address that anybody may write would be spam",))
    yield Case("unsigned PDF from a state office", pdf("unsigned.pdf", "2415-SNV.pdf"), reason="NO_SIGNATURE",
               sender_class="state", notes=("a state office: the domain of From is below gov.vn, and a DKIM result of auth.lab.test, which",
                      "the configuration trusts, proves that domain; so a signature is due"))
    yield Case("unsigned PDF from a citizen", pdf("unsigned.pdf", "don.pdf", sender=CITIZEN, extra=b""), sender=CITIZEN,
               absent="NO_SIGNATURE", sender_class="other",
               notes=("no state office: the domain of From is not below gov.vn; no signature is due",))
    yield Case("signed message (S/MIME)", smime(), sender="binhtt@ninhbinh.gov.vn", verdict="TOTAL-PASSED", smime="pass")
    yield Case("signed message altered on the way", smime().replace(b"Tr=C3=A2n", b"Tr=C3=A1n", 1),
               sender="binhtt@ninhbinh.gov.vn", verdict="TOTAL-FAILED", reason="MESSAGE_CHANGED", smime="fail")
    yield Case("OCSP and CRL hosts that do not answer in time", pdf("status-silent.pdf"), code=451, reason="STATUS_UNKNOWN")
    yield Case("OCSP and CRL hosts that refuse connections", pdf("status-unknown.pdf"), verdict="INDETERMINATE", reason="STATUS_UNKNOWN",
               notes=("nobody is asked to try again in vain: a host that is down is left alone for a while, and meanwhile the mail",
                      "is delivered with a mark; its signer is asked about again for three days"))
    yield Case("damaged PDF", pdf("broken-xref.pdf", "2415-SNV.pdf"), verdict="INDETERMINATE",
               reason="FILE_UNREADABLE")
    yield Case("ordinary mail without a document", mail(build.text_part(), CITIZEN, b""), sender=CITIZEN, absent="INDETERMINATE")
    yield Case("ordinary mail with a forged verdict", mail(build.text_part(), CITIZEN, FORGED), sender=CITIZEN,
               absent="everything is fine", forged=FORGED)
    yield "hosts-gone"
    yield Case("the first PDF again, now that the OCSP and CRL hosts are gone", pdf("good.pdf"), verdict="TOTAL-PASSED",
               notes=("what was learned about a certificate holds until its CA would have published anew",))
    yield "observe"
    yield Case("the changed PDF again, in observe mode", pdf("byte-changed.pdf"), unchanged=True)


# ---- what became of a mail ----

def sentence(reason):
    """What the manual says of a reason, its first sentence."""
    with open(os.path.join(TESTS, "..", "policy", "vanthu-policy.5"), encoding="utf-8") as manual:
        return re.search(rf"(?m)^\.It Dv {reason}\n(.*)$", manual.read()).group(1)


def gone(case, delivered):
    """The forged headers of a mail that are not in its delivered copy."""
    head = delivered.split(b"\r\n\r\n", 1)[0].decode("utf-8", "replace")
    return [line for line in case.forged if line not in head]

def own_headers(delivered):
    """Our headers of a delivered mail, unfolded."""
    head = re.sub(rb"\r\n[ \t]+", b" ", delivered.split(b"\r\n\r\n", 1)[0]).decode("utf-8", "replace")
    return [line for line in head.split("\r\n")
            if line.startswith("X-Vanthu-") or line.startswith("Authentication-Results: vanthu.")]


def complaints(case, answer, delivered, record, notice):
    if (notice and notice["X-Vanthu-Notice"]) != case.notice:
        yield f"notice {notice and notice['X-Vanthu-Notice']}, expected {case.notice}"
    if answer["code"] != case.code:
        yield f"answered {answer['code']}, expected {case.code}"
    if (delivered is not None) != (case.code == 250):
        yield "was delivered" if delivered is not None else "was not delivered"
    reasons = record["reasons"]
    if case.reason and case.reason not in reasons:
        yield f"reasons {reasons}, expected {case.reason}"
    found = record["record"].get("evidence", {}).get("mail", {}).get("sender_class")
    if case.sender_class not in (None, found):
        yield f"the sender is of class {found}, expected {case.sender_class}"
    if delivered is None:
        return
    headers = "\n".join(own_headers(delivered))
    for wanted in filter(None, (case.verdict, case.smime and f"smime={case.smime}", not case.unchanged and case.reason)):
        if wanted not in headers:
            yield f"no {wanted} in the headers"
    if case.absent and case.absent in headers:
        yield f"{case.absent} in the headers"
    if gone(case, delivered) != case.forged:
        yield "a forged header was delivered"
    if case.unchanged and headers:
        yield "observe mode added headers"
    if not delivered.endswith(case.mail.split(b"\r\n\r\n", 1)[1]):
        yield "the body was changed"


def show_notice(notice, whole):
    print(f"      notice     to {notice['To']}: {notice['Subject']}")
    if whole:
        text = notice.get_body(("plain",)).get_content()
        print("".join(f"                 | {line}\n" for line in text.split("=" * 72)[0].splitlines()), end="")


def show(number, case, answer, delivered, record, found):
    print(f"{number:2}. {case.title}")
    for line in answer["text"].split("\n"):
        print(f"      SMTP       {answer['code']} {line}")
    print(f"      delivered  {'yes' if delivered is not None else 'no'}")
    for header in case.forged:
        print(f"      sent       {header[:150]}")
    for header in gone(case, delivered) if delivered else []:
        print(f"      removed    the {header.split(':')[0]} that was sent")
    for header in own_headers(delivered) if delivered else []:
        print(f"      header     {header[:150]}")
    print(f"      why        {record['why']}")
    if record["reasons"]:
        print(f"                 {sentence(record['reasons'][0])}")
    for note in case.notes:
        print(f"                 {note}")
    for complaint in found:
        print(f"      UNEXPECTED {complaint}")


def run_case(lab, number, case):
    answer = lab.send(case.mail, case.sender)
    delivered = lab.delivered(case.mail) if answer["code"] == 250 else None
    record = lab.record(case.mail)
    notice = lab.notice(case.mail) if case.notice else lab.notice(case.mail, 0)
    found = list(complaints(case, answer, delivered, record, notice))
    show(number, case, answer, delivered, record, found)
    if notice:
        show_notice(notice, number == 2)
    return not found


def summary(good, all_cases, seconds):
    print()
    print(f"{good} of {all_cases} mails ended as expected, in {seconds:.0f} s.")
    print("A document that is proven forged or altered is refused while the sender is still connected. What is only")
    print("unproven is marked and delivered, and so is a message whose own signature broke on its way: that says nothing")
    print("about the documents in it. An office whose address is proven gets a notice of its own, once for all copies. A")
    print("citizen's mail is left alone; what cannot be checked now is asked for again (451);")
    print("in observe mode nothing is touched. `build/vanthu check FILE` shows the same for a file, conf/policy.yaml decides.")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", action="store_true")
    keep = parser.parse_args().keep
    folder = tempfile.mkdtemp(prefix="vanthu-demo-")
    begin = time.monotonic()
    good = number = 0
    print("A test PKI, its OCSP responder and CRL server, a private Postfix and vanthu-milter, all on loopback …")
    try:
        with Demo(folder, mode="enforce") as lab:
            for case in cases(lab):
                if case in STEPS:
                    STEPS[case](lab)
                    continue
                number += 1
                good += run_case(lab, number, case)
    except subprocess.CalledProcessError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    finally:
        if keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    summary(good, number, time.monotonic() - begin)
    return 0 if number and good == number else 1


if __name__ == "__main__":
    sys.exit(main())
