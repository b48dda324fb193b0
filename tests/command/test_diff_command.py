#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# vanthu policy diff as an administrator uses it: two versions of a policy, with and without the
# register, and its examples as cases.
"""vanthu policy diff."""

import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BUILD = os.environ.get("VANTHU_BUILD", ROOT + "/build")
MAILS = 16
OLD = """# the policy as it was
rules:
  - {name: revoked, when: {reason: CERT_REVOKED}, then: reject}
  - {name: unsigned, when: {reason: NO_SIGNATURE}, then: tag}
  - {name: lists, when: {list: true}, then: note}
"""
SAME = """rules:
  - name: revoked
    when: {reason: [CERT_REVOKED]}   # written otherwise
    then: {action: reject}
  - {name: unsigned, when: {reason: NO_SIGNATURE}, then: tag}
  - {name: lists, when: {list: true}, then: note}
"""
NEW = """rules:
  - {name: lists, when: {list: true}, then: note}
  - {name: revoked, when: {reason: CERT_REVOKED}, then: tag}
  - {name: unsigned, when: {reason: NO_SIGNATURE}, then: reject}
  - {name: weak, when: {reason: WEAK_ALGORITHM, direction: [internal, outbound]}, then: note}
"""


def run(folder, *arguments, language="C", expect=0):
    environment = {**os.environ, "LC_ALL": language}
    done = subprocess.run([BUILD + "/vanthu", "policy", "diff", *arguments], cwd=folder, env=environment,
                          capture_output=True, text=True, check=False)
    assert done.returncode == expect, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout, done.stderr


def is_in(text, *pieces):
    for piece in pieces:
        assert piece in text, f"no {piece!r} in\n{text}"


def the_same(folder):
    out, _ = run(folder, "old.yaml", "same.yaml")
    is_in(out, "Both mean the same.", "made-up mails were tried.")
    found = json.loads(run(folder, "--json", "old.yaml", "same.yaml")[0])
    assert found["same"] and found["complete"] and not found["may_be_severer"]
    assert not found["differences"] and not found["examples"] and found["mails_tried"] > 1000


def different(folder):
    found = json.loads(run(folder, "--json", "old.yaml", "new.yaml", expect=1)[0])
    assert not found["same"] and found["may_be_severer"] and found["mails"] is None
    told = {(d["of"], d["kind"], d["name"], d["key"]): d for d in found["differences"]}
    assert set(told) == {("rule", "moved", "lists", None), ("rule", "changed", "revoked", "then"),
                         ("rule", "changed", "unsigned", "then"), ("rule", "added", "weak", None)}, told
    changed = told[("rule", "changed", "unsigned", "then")]
    assert (changed["before"], changed["after"], changed["may_be_severer"]) == ("tag", "reject", True)
    assert told[("rule", "moved", "lists", None)]["place_before"] == 3
    ways = {(e["before"]["action"], e["after"]["action"], e["after"]["rule"]): e for e in found["examples"]}
    worse = found["examples"][0]
    assert worse["after"] == {"action": "reject", "rule": "unsigned", "code": "550", "text": None}
    assert worse["facts"] == ["reason: NO_SIGNATURE"], worse["facts"]
    assert worse["evidence"]["documents"][0]["reasons"] == ["NO_SIGNATURE"]
    assert ways[("accept", "note", "weak")]["facts"][0] == "reason: WEAK_ALGORITHM"
    hidden = ways[("reject", "note", "lists")]
    assert hidden["facts"] == ["reason: CERT_REVOKED", "list: true"]
    out, _ = run(folder, "old.yaml", "new.yaml", expect=1)
    is_in(out, '>  rule "lists": place 3 → 1', '~  rule "unsigned" then  new.yaml:4  (may be more severe)',
          'tag "unsigned" → reject 550 "unsigned"', "example: reason: NO_SIGNATURE")
    out, _ = run(folder, "old.yaml", "new.yaml", language="vi_VN.UTF-8", expect=1)
    is_in(out, 'quy tắc "lists": vị trí 3 → 1', "(có thể xử lý nghiêm hơn)", "TỪ CHỐI 550", "thư giả định")


def with_mails(folder):
    found = json.loads(run(folder, "--json", "--register", "register", "--since", "2000d", "old.yaml", "new.yaml",
                           expect=1)[0])
    mails = found["mails"]
    assert mails["count"] == MAILS + 1 and mails["complete"]
    # Two mails of each fate: unsigned, and revoked.
    assert mails["changed"] == 4 and len(mails["list"]) == 4
    assert mails["list"][0]["before"]["action"] == "tag" and mails["list"][0]["after"]["action"] == "reject"
    out, _ = run(folder, "--register", "register", "--since", "2000d", "old.yaml", "new.yaml", expect=1)
    is_in(out, f"In the register: {MAILS + 1} mails, 4 are decided otherwise")


def cases(folder):
    run(folder, "--cases", "made", "old.yaml", "new.yaml", expect=1)
    names = sorted(os.listdir(folder + "/made"))
    assert "cases.yaml" in names and len(names) > 3
    with open(folder + "/made/cases.yaml", encoding="utf-8") as lines:
        text = lines.read()
    is_in(text, "given: {evidence: 01-unsigned.json}", 'expect: {action: reject, rule: "unsigned"}')
    with open(folder + "/made/01-unsigned.json", encoding="utf-8") as evidence:
        assert json.load(evidence)["v"] == 1
    tried = subprocess.run([BUILD + "/vanthu", "policy", "test", "--policy", "new.yaml", "made"], cwd=folder,
                           capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stdout + tried.stderr
    tried = subprocess.run([BUILD + "/vanthu", "policy", "test", "--policy", "old.yaml", "made"], cwd=folder,
                           capture_output=True, text=True, check=False)
    assert tried.returncode == 1 and "not ok" in tried.stdout, tried
    # What is there is not written over.
    _, err = run(folder, "--cases", "made", "old.yaml", "new.yaml", expect=71)
    is_in(err, "made/cases.yaml: File exists")


def mistakes(folder):
    with open(folder + "/broken.yaml", "w", encoding="utf-8") as out:
        out.write("rules:\n  - {name: a, when: {reason: NO_SIGNATUR}, then: reject}\n")
    _, err = run(folder, "old.yaml", "broken.yaml", expect=78)
    is_in(err, "broken.yaml:2:")
    run(folder, "old.yaml", "none.yaml", expect=66)
    run(folder, "old.yaml", expect=64)
    run(folder, "old.yaml", "new.yaml", "same.yaml", expect=64)
    run(folder, "--since", "soon", "old.yaml", "new.yaml", expect=64)
    run(folder, "--register", "nowhere", "old.yaml", "new.yaml", expect=66)


def main():
    if not os.path.exists(BUILD + "/tests/command/make_register"):
        print("make_register is not built")
        return 77
    with tempfile.TemporaryDirectory(prefix="vanthu-diff-") as folder:
        for name, text in (("old", OLD), ("same", SAME), ("new", NEW)):
            with open(f"{folder}/{name}.yaml", "w", encoding="utf-8") as out:
                out.write(text)
        subprocess.run([BUILD + "/tests/command/make_register", folder + "/register", str(MAILS)],
                       stdout=subprocess.DEVNULL, check=True)
        the_same(folder)
        different(folder)
        with_mails(folder)
        cases(folder)
        mistakes(folder)
    print("vanthu policy diff: ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
