#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# vanthu policy test: the cases that are shipped, those of the language, and what is said of cases
# that are not as expected or not written well.
"""vanthu policy test."""

import json
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BUILD = os.environ.get("VANTHU_BUILD", ROOT + "/build")
POLICY = ROOT + "/conf/policy.yaml"

WRONG = """policy: {policy}
now: 2026-12-03T10:02:00+07:00
cases:
  - name: as expected
    given: {{document: {{signature: {{reason: CONTENT_CHANGED}}}}}}
    expect: {{action: reject}}
  - name: not as expected
    given: {{document: {{name: "a\\u202eb.pdf", signature: {{reason: CERT_REVOKED_SINCE}}}}}}
    expect:
      action: reject
      rule: revoked-before-signing
      trace:
        - {{rule: revoked-since, matched: false}}
        - {{rule: no-such-rule}}
"""
MISTAKES = """nwo: 2026-12-03
cases:
  - name: a
    given:
      mail: {sendr: a@gov.vn, direction: inbund}
      documents: [{nam: 1.pdf, signatures: [{reason: CERT_REVOKD, signing-time: proven}]}]
    expect: {action: rejct, rul: x, reason: BLA}
  - name: a
    given: {document: {signature: {kind: agency}}}
  - given: {evidence: nowhere.json}
    expect: {}
  - name: c
    given: {mail: nowhere.eml}
    expect: {action: tag, trace: [{matched: true}]}
"""
TOLD = (
    '1:1: unknown key "nwo": did you mean "now"?',
)
TOLD_WITH_POLICY = (
    '5:14: unknown key "sendr": did you mean "sender"?',
    '5:42: "inbund" is not a value of "direction": did you mean "inbound"?',
    '6:20: unknown key "nam": did you mean "name"?',
    '6:54: "CERT_REVOKD" is not a reason code: did you mean "CERT_REVOKED"?',
    '6:81: "proven" is not a source of a signing time; one of: none, timestamp, first-seen or claimed',
    '7:22: "rejct" is not a value of "action": did you mean "reject"?',
    '7:29: unknown key "rul": did you mean "rule"?',
    '7:45: "BLA" is not a reason code',
    '8:5: the case has no "expect"',
    '8:11: a case of this name stands in line 3 already',
    '9:42: whose? The sender is no agency of the table: add "agency: ID"',
    '10:5: the case has no "name"',
    '10:23: cannot open nowhere.json: No such file or directory',
    '11:13: nothing is expected: write "action: …"',
    '13:19: cannot open "nowhere.eml"',
    '14:35: a line of the trace has a "rule"',
)


def run(*arguments, expect=0, folder=ROOT, **environment):
    done = subprocess.run([BUILD + "/vanthu", "policy", "test", *arguments], cwd=folder, capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C.UTF-8", **environment}, check=False)
    assert done.returncode == expect, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout, done.stderr


def is_in(text, *pieces):
    for piece in pieces:
        assert piece in text, f"no {piece!r} in\n{text}"


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def shipped_cases(folder):
    """Every case of the shipped policies and of the language holds, and there are enough of them."""
    del folder
    out, err = run("conf/policy-tests", "tests/policy/cases")
    count = sum(line.startswith("ok ") for line in out.splitlines())
    assert count >= 120 and "not ok" not in out and f"1..{count}\n" in out, (out, err)


def beside_the_policy(folder):
    """Without an argument those beside the policy, each with the policy that is told."""
    os.makedirs(folder + "/etc/policy-tests")
    shutil.copy(POLICY, folder + "/etc/policy.yaml")
    shutil.copy(ROOT + "/conf/agencies.yaml", folder + "/etc")
    shutil.copy(ROOT + "/conf/policy-tests/days.yaml", folder + "/etc/policy-tests")
    out, _ = run("--policy", "etc/policy.yaml", folder=folder)
    is_in(out, "TAP version 13\n", "# etc/policy-tests/days.yaml (etc/policy.yaml, version ", ", 0 not\n")
    write(folder + "/etc/vanthu.yaml", "policy: policy.yaml\n")
    run("--config", "etc/vanthu.yaml", folder=folder)
    # A rule is changed, and the case says so.
    with open(folder + "/etc/policy.yaml", encoding="utf-8") as policy:
        text = policy.read()
    assert text.count("reason: CERT_REVOKED_SINCE}\n    then: tag") == 1
    write(folder + "/etc/policy.yaml",
          text.replace("reason: CERT_REVOKED_SINCE}\n    then: tag", "reason: CERT_REVOKED_SINCE}\n    then: reject"))
    out, _ = run("--policy", "etc/policy.yaml", folder=folder, expect=1)
    is_in(out, "not ok ", " - revoked yesterday, signed last month without a time stamp\n", "#   action: expected tag\n",
          "got      reject\n")
    # A policy that cannot be used.
    write(folder + "/etc/policy.yaml", text.replace("rules:", "ruls:"))
    out, err = run("--policy", "etc/policy.yaml", folder=folder, expect=78)
    is_in(err, "unknown key \"ruls\"")
    is_in(out, "not ok 1 - etc/policy-tests/days.yaml cannot be used\n", "# 1 file could not be used\n")


def not_as_expected(folder):
    write(folder + "/wrong.yaml", WRONG.format(policy=POLICY))
    out, _ = run("wrong.yaml", folder=folder, expect=1)
    lines = out.splitlines()
    assert lines[2] == "ok 1 - as expected" and lines[3] == "not ok 2 - not as expected", out
    is_in(out, "#   wrong.yaml:7\n", "#   action: expected reject\n#           got      tag\n",
          "#   rule: expected revoked-before-signing\n#         got      revoked-since\n",
          "#   trace: expected revoked-since, not matched\n#          got      revoked-since on a?b.pdf: matched, tag: ",
          "#          got      there is no such rule\n",
          "revoked-before-signing, a?b.pdf: not matched: reason = CERT_REVOKED_SINCE, needs CERT_REVOKED\n",
          "1..2\n# 2 cases in 1 file: 1 as expected, 1 not\n")
    out, _ = run("--json", "wrong.yaml", folder=folder, expect=1)
    good, wrong = [json.loads(line) for line in out.splitlines()]
    assert good["ok"] and good["differences"] == [] and not wrong["ok"]
    assert [d["key"] for d in wrong["differences"]] == ["action", "rule", "trace", "trace"]
    assert [d["line"] for d in wrong["differences"]] == [10, 11, 13, 14]
    trace = {line["rule"]: line for line in wrong["decision"]["trace"] if line["document"] == 0}
    assert trace["revoked-before-signing"]["tests"][0] == {
        "test": "reason", "has": "CERT_REVOKED_SINCE", "needs": "CERT_REVOKED", "holds": "no", "depth": 0}
    assert trace["unknown-root"]["tried"] is False and trace["unknown-root"]["would_match"] is False


def mistakes(folder):
    write(folder + "/bad.yaml", MISTAKES)
    _, err = run("--policy", POLICY, "bad.yaml", folder=folder, expect=78)
    told = [line.removeprefix("bad.yaml:") for line in err.splitlines() if line.startswith("bad.yaml:")]
    assert tuple(told) == TOLD, told
    write(folder + "/bad.yaml", MISTAKES.replace("nwo:", "now:"))
    out, err = run("--policy", POLICY, "bad.yaml", folder=folder, expect=78)
    told = [line.removeprefix("bad.yaml:") for line in err.splitlines() if line.startswith("bad.yaml:")]
    assert tuple(told) == TOLD_WITH_POLICY, "\n".join(told)
    is_in(err, "     5 |       mail: {sendr: a@gov.vn, direction: inbund}\n       |              ^\n")
    is_in(out, "not ok 1 - bad.yaml cannot be used\n")
    out, _ = run("--json", "--policy", POLICY, "bad.yaml", folder=folder, expect=78)
    assert len(json.loads(out)["mistakes"]) >= len(TOLD_WITH_POLICY)
    for arguments, status, text in ((("nowhere",), 66, "nowhere: No such file"), (("--bogus",), 64, "--bogus"),
                                    ((".",), 66, "no file of cases")):
        os.makedirs(folder + "/empty", exist_ok=True)
        _, err = run("--policy", POLICY, *arguments, folder=folder + "/empty", expect=status)
        is_in(err, text)


def evidence_and_mails(folder):
    """Evidence as vanthu check prints it, and a mail that is inspected, give the same decision."""
    write(folder + "/mail.eml", "From: <vanthu@soxd.ninhbinh.gov.vn>\nTo: <a@b.vn>\nSubject: x\nMIME-Version: 1.0\n"
          "Content-Type: application/pdf; name=\"123-QD.signed.pdf\"\nContent-Disposition: attachment\n\n%PDF-1.7\nx\n")
    done = subprocess.run([BUILD + "/vanthu", "check", "--json", "--offline", "--sender-class", "state", "mail.eml"],
                          cwd=folder, capture_output=True, check=False)
    with open(folder + "/evidence.json", "wb") as out:
        out.write(done.stdout)
    document = json.loads(done.stdout)["documents"][0]
    assert document["reasons"], document
    write(folder + "/both.yaml", f"""policy: {POLICY}
cases:
  - name: evidence
    given: {{evidence: evidence.json}}
    expect: {{rule: RULE, document: 123-QD.signed.pdf, reason: {document["reasons"][0]}}}
  - name: mail
    given: {{mail: mail.eml, envelope: {{sender: vanthu@soxd.ninhbinh.gov.vn, sender-class: state}}}}
    expect: {{rule: RULE, document: 123-QD.signed.pdf, reason: {document["reasons"][0]}}}
""")
    out, _ = run("--json", "both.yaml", folder=folder, expect=1)
    rules = {json.loads(line)["decision"]["rule"] for line in out.splitlines()}
    assert len(rules) == 1 and None not in rules, rules
    with open(folder + "/both.yaml", encoding="utf-8") as cases:
        text = cases.read()
    write(folder + "/both.yaml", text.replace("RULE", rules.pop()))
    run("both.yaml", folder=folder)
    write(folder + "/evidence.json", '{"kind": "answered", "body": {}}\n')
    _, err = run("both.yaml", folder=folder, expect=78)
    is_in(err, "evidence.json: no evidence stands in it")


def main():
    failed = 0
    for case in (shipped_cases, beside_the_policy, not_as_expected, mistakes, evidence_and_mails):
        with tempfile.TemporaryDirectory(prefix="vanthu-cases-") as folder:
            try:
                case(folder)
                print(f"ok    {case.__name__}")
            except AssertionError as wrong:
                failed += 1
                print(f"FAIL  {case.__name__}: {wrong}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
