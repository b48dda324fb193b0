#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# vanthu policy replay as an administrator uses it, over a register of mails of all fates.
"""vanthu policy replay."""

import json
import os
import pty
import re
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BUILD = os.environ.get("VANTHU_BUILD", ROOT + "/build")
MAILS = 40  # five of each fate, then two more: a playful one in order and a secret one
PERIOD = ("--period", "2026H1")
SAME = """rules:
  - {name: changed-after-signing, when: {reason: [CONTENT_CHANGED, CERT_REVOKED]}, then: reject}
  - {name: status-unknown, when: {reason: STATUS_UNKNOWN}, then: defer, at-most: 1h}
  - {name: tagged, when: {reason: [WEAK_ALGORITHM, NO_SIGNATURE]}, then: tag}
"""
SEVERE = SAME.replace("NO_SIGNATURE]}, then: tag", "ANNEX_UNSIGNED]}, then: tag") + """
  - {name: unsigned, when: {reason: NO_SIGNATURE}, then: reject}
"""
BROKEN = "rules:\n  - {name: a, when: {reason: NO_SIGNATUR}, then: reject}\n"
LISTED = """lists:
  strict:
    file: strict.txt
rules:
  - {name: strict, when: {sender-domain: {list: strict}, reason: NO_SIGNATURE}, then: reject}
"""


def run(folder, *arguments, language="C", expect=0):
    environment = {**os.environ, "LC_ALL": language}
    done = subprocess.run([BUILD + "/vanthu", "policy", "replay", "--config", "site.yaml", *arguments], cwd=folder, env=environment,
                          capture_output=True, text=True, check=False)
    assert done.returncode == expect, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout, done.stderr


def counted(folder, *arguments, expect=0):
    return json.loads(run(folder, *arguments, "--json", expect=expect)[0])


def is_in(text, *pieces):
    for piece in pieces:
        assert piece in text, f"no {piece!r} in\n{text}"


def counts(folder):
    same = counted(folder, "--policy", "same.yaml", *PERIOD, expect=1)
    moves = {(m["then"], m["now"]): m["mails"] for m in same["moves"]}
    # Every fourth deferred-or-tagged mail: those tagged for an unknown status would be deferred.
    assert moves[("tag", "defer")] == 5 and same["counts"]["changed"] == 5 + moves.get(("accept", "tag"), 0), same
    assert same["counts"]["mails"] == MAILS + 1 == sum(moves.values())
    assert same["counts"]["secret"] == 1 and same["complete"]
    severe = counted(folder, "--policy", "severe.yaml", *PERIOD, "--list", "3", expect=2)
    assert severe["counts"]["newly_refused"] == 5 and len(severe["mails"]) == 3
    first = severe["mails"][0]
    assert first["then"]["action"] == "tag" and first["now"] == {
        "action": "reject", "rule": "unsigned", "line": 6, "reason": "NO_SIGNATURE"}, first
    assert first["then"]["policy_version"] == "a91f03c2"
    assert re.fullmatch(r"\d{4}-\d{4}-\d{4}", first["reference"]) and first["sender"].endswith(".gov.vn")
    times = [mail["time"] for mail in severe["mails"]]
    assert times == sorted(times, reverse=True)
    assert counted(folder, "--policy", "severe.yaml", *PERIOD, "--list", "0", expect=2)["mails"] == []
    rules = {(r["then"]["rule"], r["now"]["rule"]): r["mails"] for r in severe["rules"]}
    assert rules[("tagged", "unsigned")] == 5
    # Under a site that tags nothing is refused.
    tagging = counted(folder, "--policy", "severe.yaml", *PERIOD, "--mode", "tag", expect=1)
    assert tagging["counts"]["newly_refused"] == 0
    answered = counted(folder, "--policy", "severe.yaml", *PERIOD, "--mode", "tag", "--as-answered", expect=1)
    assert answered["counts"]["no_longer_refused"] == 10


def periods(folder):
    assert counted(folder, "--policy", "same.yaml", "--from", "2025-12-20", "--until", "2025-12-20",
                   expect=1)["counts"]["mails"] == 15
    assert counted(folder, "--policy", "same.yaml", "--since", "2025-12-21", expect=1)["counts"]["mails"] == MAILS + 1 - 15
    none = run(folder, "--policy", "same.yaml")[0]
    is_in(none, "There is no mail of this time.")
    assert counted(folder, "--policy", "same.yaml", "--since", "3d")["counts"]["mails"] == 0


def texts(folder):
    out, _ = run(folder, "--policy", "severe.yaml", *PERIOD, "--list", "2", expect=2)
    is_in(out, "5  newly refused", "tag           → reject", 'reject "unsigned"',
          "Mails that would be decided otherwise", 'then: "tagged" (NO_SIGNATURE)   now: "unsigned" (NO_SIGNATURE) severe.yaml:6',
          " more: --list ", "1  marked secret: not compared")
    out, _ = run(folder, "--policy", "severe.yaml", *PERIOD, language="vi_VN.UTF-8", expect=2)
    is_in(out, "thư sẽ bị từ chối, trước đây không", "KÈM LƯU Ý     → TỪ CHỐI", "Thư được xử lý khác đi")
    out, _ = run(folder, "--policy", "severe.yaml", "--from", "2025-12-20", "--until",
                 "2025-12-20T10:00:00+07:00")
    is_in(out, "No mail would be decided otherwise.")


def lists_are_read(folder):
    with open(folder + "/strict.txt", "w", encoding="utf-8") as out:
        out.write("gov.vn\n")
    assert counted(folder, "--policy", "listed.yaml", *PERIOD, expect=2)["counts"]["newly_refused"] == 5
    with open(folder + "/strict.txt", "w", encoding="utf-8") as out:
        out.write("example.org\n")
    assert counted(folder, "--policy", "listed.yaml", *PERIOD, expect=1)["counts"]["newly_refused"] == 0


def mistakes(folder):
    _, err = run(folder, "--policy", "broken.yaml", expect=78)
    is_in(err, "broken.yaml:2:", "NO_SIGNATURE")
    run(folder, "--policy", "none.yaml", expect=66)
    run(folder, "--policy", "same.yaml", "--register", "nowhere", expect=66)
    for words in (("--period", "2026X"), ("--since", "soon"), ("--list", "many"), ("--mode", "dry"), ("extra",),
                  ("--period", "2026", "--since", "3d"), ("--calendar",), ("--from", "x")):
        run(folder, *words, expect=64)


def an_interrupt_gives_what_there_is(folder):
    """The interrupt is pending before the first record: exactly one is looked at."""
    master, slave = pty.openpty()
    block = "import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT]); " \
            "os.kill(os.getpid(), signal.SIGINT); os.execv(sys.argv[1], sys.argv[1:])"
    done = subprocess.run([sys.executable, "-c", block, BUILD + "/vanthu", "policy", "replay", "--config", "site.yaml",
                           "--policy", "severe.yaml", *PERIOD], cwd=folder, stdout=subprocess.PIPE, stderr=slave,
                          env={**os.environ, "LC_ALL": "C"}, text=True, check=False)
    os.close(slave)
    shown = os.read(master, 4096).decode()
    os.close(master)
    assert done.returncode == 130, done
    is_in(done.stdout, "INTERRUPTED", "0 mails", "1  marked secret")
    is_in(shown, "2025-12-22T02:00:00+07:00")


def main():
    if not os.path.exists(BUILD + "/tests/command/make_register"):
        print("make_register is not built")
        return 77
    with tempfile.TemporaryDirectory(prefix="vanthu-replay-") as folder:
        for name, text in (("same", SAME), ("severe", SEVERE), ("broken", BROKEN), ("listed", LISTED),
                           ("site", "policy: same.yaml\nregister:\n  directory: register\n")):
            with open(f"{folder}/{name}.yaml", "w", encoding="utf-8") as out:
                out.write(text)
        subprocess.run([BUILD + "/tests/command/make_register", folder + "/register", str(MAILS)],
                       stdout=subprocess.DEVNULL, check=True)
        before = open(folder + "/register/register.sqlite", "rb").read()
        counts(folder)
        periods(folder)
        texts(folder)
        lists_are_read(folder)
        mistakes(folder)
        an_interrupt_gives_what_there_is(folder)
        assert open(folder + "/register/register.sqlite", "rb").read() == before
    print("vanthu policy replay: ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
