#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# What people decide afterwards, through a real Postfix: a refused file that is accepted once its
# refusal is undone, a signer whose reason is not held against him, a mail that a clerk returns; and
# what register and report say of it then.
"""vanthu undo, vanthu refuse."""

import json
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import site_test
from site_lab import BUILD, wait_for
from site_test import equal, pdf_mail, plain_mail


def vanthu(site, *arguments, expect=0):
    """A command with the site's configuration behind its words."""
    words = 2 if arguments[0] in ("register", "policy") else 1
    done = subprocess.run([BUILD + "/vanthu", *arguments[:words], "--config", site.folder + "/vanthu.yaml", *arguments[words:]],
                          capture_output=True, text=True, env={**os.environ, "LC_ALL": "C", "SUDO_USER": "thanhnv"}, check=False)
    equal(done.returncode, expect, f"status of {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def changed(site):
    document = bytearray(site.sign())
    document[document.index(b"stream", document.index(b"/Contents")) + 40] ^= 1
    return bytes(document)


def reference_of(answer):
    return re.search(r"\d{4}-\d{4}-\d{4}", answer["text"]).group(0)


def records(site, reference):
    return [json.loads(line) for line in vanthu(site, "register", "show", "--json", reference).splitlines()]


def exceptions(site):
    return [json.loads(line) for line in vanthu(site, "policy", "exceptions", "--json").splitlines()]


def explained(site, reference):
    """The register has the policy that decided: it explains the same decision."""
    told = json.loads(vanthu(site, "policy", "explain", "--json", reference))
    equal(told["policy"]["as_then"] and told["policy"]["loaded"] is not None, True, f"policy of then: {told['policy']}")
    equal(told["decision"]["policy_version"], told["then"]["policy_version"], "version")
    return told


def undone_file_is_accepted(site):
    """A file that was refused is accepted when its refusal is undone; another one is refused as before."""
    document = changed(site)
    answer = site.send(pdf_mail(document))
    equal(answer["code"], 550, "answer before")
    reference = reference_of(answer)
    told = explained(site, reference)
    equal((told["decision"]["action"], told["decision"]["rule"], told["overruled"]),
          ("reject", told["then"]["rule"], None), "explained")
    equal(sum(line["matched"] for line in told["decision"]["trace"]), 1, "rules that matched")
    vanthu(site, "undo", reference, expect=64)
    said = vanthu(site, "undo", "--reason", "đã đối chiếu bản giấy", "--for", "2h", reference)
    equal("is overruled" in said and "these files are accepted" in said, True, said)
    again = pdf_mail(document)
    equal(site.send(again)["code"], 250, "answer afterwards")
    equal(site.delivered(again) is None, False, "delivered")
    equal(site.send(pdf_mail(changed(site) + b"\n"))["code"], 550, "answer to another file")
    listed = exceptions(site)[0]
    equal((listed["reference"], listed["by"], listed["why"], listed["in_force"], listed["mails"]),
          (reference, "thanhnv", "đã đối chiếu bản giấy", True, 1), "the exception")
    equal(re.search(r"file +\S+\.pdf ", vanthu(site, "policy", "exceptions")) is None, False, "its file is named")
    overruled = [row for row in records(site, reference) if row["kind"] == "overruled"]
    equal(len(overruled), 1, "records of it")
    equal(overruled[0]["body"]["by"], "thanhnv", "who")
    equal(overruled[0]["body"]["why"], "đã đối chiếu bản giấy", "why")
    last = [json.loads(line) for line in vanthu(site, "register", "list", "--json", "--limit", "4").splitlines()]
    equal([row["body"]["decision"]["rule"] for row in last if row["kind"] == "decided"][1], "undo:" + reference, "rule")
    equal(explained(site, reference)["overruled"]["why"], "đã đối chiếu bản giấy", "explained as overruled")
    passed = next(row["reference"] for row in last if row["kind"] == "decided" and row["body"]["decision"]["rule"] == "undo:" + reference)
    equal(explained(site, passed)["decision"]["action"], "reject", "what it would be without the exception")
    said = vanthu(site, "policy", "explain", passed)
    equal("it passed by the exception of " + reference in " ".join(said.split()), True, said)
    shown = vanthu(site, "register", "show", reference)
    equal("OVERRULED (record" in shown and "Exception until" in shown, True, shown)


def all_like_this(site):
    """A reason that is not held against one signer: every file of his with this reason passes."""
    answer = site.send(pdf_mail(site.sign("revoked")))
    equal(answer["code"], 550, "answer before")
    said = vanthu(site, "undo", "--reason", "thu hồi nhầm", "--all-like-this", reference_of(answer))
    equal("CERT_REVOKED is not held against" in said, True, said)
    other = site.sign("revoked", data=site_test.pdfbuild.build("V/v việc khác", "2/QĐ", site_test.days_ago(10)))
    equal(site.send(pdf_mail(other))["code"], 250, "answer to another file of the signer")
    equal(site.send(pdf_mail(changed(site) + b"\n\n"))["code"], 550, "answer to another signer's")
    listed = exceptions(site)
    equal([(item["reason"], item["certificate"] is None, item["mails"]) for item in listed],
          [("CERT_REVOKED", False, 1), (None, True, 1)], "exceptions")
    today = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 7 * 3600 - 86400))

    def refusals():
        return json.loads(vanthu(site, "report", "--refusals", "--since", today, "--format", "json"))["sections"]["refusals"]["rows"]
    # A mail counts when what the MTA got is recorded, a moment after the answer.
    wait_for("four refusals", lambda: len(refusals()) == 4)
    rows = refusals()
    equal([row["outcome"] for row in rows], ["overruled", "refused", "overruled", "refused"], "refusals")
    equal("thanhnv: thu hồi nhầm" in rows[2]["afterwards"], True, rows[2])


GENTLE = """\
officer: {{name: Trần Thị B, mailbox: vanthu@ninhbinh.gov.vn}}
rules:
  - {{name: gentle, when: {{reason: CONTENT_CHANGED}}, then: {action}}}
"""


def held_and_tagged(site):
    """What is held or tagged is no more so once it is undone, within seconds; another file is, as before."""
    before = site.policy
    for action, ending in (("hold", b"\n\n\n"), ("tag", b"\n\n\n\n")):
        site.set_policy(GENTLE.format(action=action))
        equal(site.reload()[0], 0, "reload")
        document = changed(site) + ending
        first = site.record_of(site.send(pdf_mail(document)))
        equal(first["decision"]["action"], action, "before")
        begin = time.monotonic()
        vanthu(site, "undo", "--reason", "đã đối chiếu", "--for", "2h", first["reference"])
        again = pdf_mail(document)
        second = site.record_of(site.send(again))
        took = time.monotonic() - begin
        equal((second["decision"]["action"], second["decision"]["rule"]), ("accept", "undo:" + first["reference"]), f"{action} afterwards")
        equal(site.delivered(again) is None, False, "delivered")
        equal(took < 180, True, f"undone after {took:.0f} s")
        other = site.record_of(site.send(pdf_mail(changed(site) + ending + b"%other\n")))
        equal(other["decision"]["action"], action, "another file")
        print(f"     {action}: undone and delivered after {took:.1f} s")
    site.policy = before
    site.write_config()
    equal(site.reload()[0], 0, "reload of the policy from before")


def clerk_returns(site):
    """A mail that was delivered and that the clerk returns: recorded, with its own line of the report."""
    answer = site.send(plain_mail())
    equal(answer["code"], 250, "answer")
    row = json.loads(vanthu(site, "register", "list", "--json", "--limit", "1"))
    reference = row["reference"]
    vanthu(site, "refuse", "--reason", "UGLY", reference, expect=64)
    vanthu(site, "refuse", "--reason", "INCOMPLETE", "1831-0927-5569", expect=1)
    vanthu(site, "undo", "--reason", "x", reference, expect=1)
    vanthu(site, "refuse", "--reason", "INCOMPLETE", "--text", "thiếu phụ lục", reference)
    equal([row["kind"] for row in records(site, reference)], ["decided", "answered", "refused"], "records")
    report = vanthu(site, "report")
    for key, count in (("overruled", 2), ("clerk_refused", 1)):
        equal(re.search(rf"^  {key} .* (\d+)$", report, re.M).group(1), str(count), key)
    equal("Whole: " in vanthu(site, "register", "verify"), True, "the register is whole")


def nobody_answers(site):
    """Without the service nothing can be recorded, and the command says so."""
    reference = site.record_of(site.send(plain_mail()))["reference"]
    site.stop_milter()
    said = vanthu(site, "refuse", "--reason", "RECALLED", reference, expect=69)
    equal("not running" in said, True, said)


sys.exit(site_test.run(undone_file_is_accepted, all_like_this, clerk_returns, held_and_tagged, nobody_answers, mode="enforce"))
