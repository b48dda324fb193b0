#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# vanthu reload with a real master, register and Postfix: what it shows, what it asks before more
# mails are refused, and how the service goes back to the version before.
"""Run by make test; names of tests as arguments run only those."""

import contextlib
import json
import os
import pty
import re
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import site_test
from site_lab import BUILD, wait_for
from site_test import STATE, equal, plain_mail

PASS = """\
rules:
  - name: nobody
    when: {sender: nobody@example.vn}
    then: reject
"""
REFUSE = """\
lists:
  doors: [sonv.ninhbinh.gov.vn]
rules:
  - name: nobody
    when: {sender: nobody@example.vn}
    then: reject
  - name: doors
    when: {sender-domain: {list: doors}}
    then: reject
"""
BROKEN = REFUSE.replace("then: reject", "then: rejct")
# Nothing of REFUSE but its version.
ANOTHER = REFUSE.replace("nobody@", "somebody@")


def reload(site, *options):
    done = site.vanthu("reload", *options)
    return done.returncode, done.stdout + done.stderr


def served(site):
    return json.loads(site.vanthu("status", "--json").stdout)["policy"]


def versions(site, *texts):
    """What vanthu would call these policies."""
    found = []
    for text in texts:
        site.set_policy(text)
        answer = json.loads(site.vanthu("reload", "--json", "--newly-refused", "1000").stdout)
        found.append(answer["policy"]["version"])
    return found


def events(site, what):
    register = sqlite3.connect(f"file:{site.folder}/register/register.sqlite?mode=ro", uri=True)
    with contextlib.closing(register):
        rows = register.execute("SELECT body FROM record WHERE kind = 6 ORDER BY seq").fetchall()
        found = [json.loads(row[0]) for row in rows]
        for event in found:
            for item in event.get("objects", []):
                item["bytes"] = register.execute("SELECT bytes FROM object WHERE digest = ?",
                                                 (bytes.fromhex(item["sha256"]),)).fetchone()[0]
    return [event for event in found if event["what"] == what]


def passes(site):
    return site.send(plain_mail(), sender=STATE)["code"] == 250


def typed(site, text):
    """Reload at a terminal: exit status and what it showed."""
    command = [BUILD + "/vanthu", "reload", "--config", site.folder + "/vanthu.yaml"]
    main, other = pty.openpty()
    process = subprocess.Popen(command, stdin=other, stdout=other, stderr=other)
    os.close(other)
    os.write(main, text)
    shown = b""
    with contextlib.suppress(OSError):
        while piece := os.read(main, 4096):
            shown += piece
    os.close(main)
    return process.wait(30), shown.decode()


def what_changes_is_shown(site):
    """Rules, lists and settings that are added, removed or changed stand there, in text and JSON."""
    site.set_policy(PASS)
    reload(site)
    site.set_policy(REFUSE.replace("nobody@", "noone@"))
    status, text = reload(site, "--dry-run")
    equal(status, 0, text)
    for line in (f'  +  rule "doors"  {site.policy}:7  (may be more severe)', '         + reject', '  ~  rule "nobody" when', '  +  list "doors"'):
        assert line in text, (line, text)
    site.extra = "office-name: SỞ NỘI VỤ\n"
    site.set_policy(PASS)
    status, text = reload(site)
    assert "  +  setting office-name\n         + SỞ NỘI VỤ\n" in text and "as it was" in text, text
    site.extra = ""
    site.set_policy("rules:\n  - name: other\n    when: {sender: nobody@example.vn}\n    then: tag\n")
    answer = json.loads(site.vanthu("reload", "--json").stdout)
    found = {(c["kind"], c["of"], c["name"]) for c in answer["changes"]}
    equal(found, {("added", "rule", "other"), ("removed", "rule", "nobody"), ("removed", "setting", "office-name")}, "changes")
    done = subprocess.run([BUILD + "/vanthu", "reload", "--dry-run", "--config", site.folder + "/vanthu.yaml"],
                          env=dict(os.environ, LC_ALL="vi_VN.UTF-8"), capture_output=True, text=True)
    assert "Chính sách: bản" in done.stdout and "không có gì thay đổi" in done.stdout, done.stdout


def a_broken_policy_is_refused(site):
    """Its mistakes are told, the old one stays, and the exit status says so."""
    site.set_policy(PASS)
    reload(site)
    before = served(site)
    site.set_policy(BROKEN)
    status, text = reload(site)
    equal(status, 78, text)
    assert 'policy.yaml:6:11: "rejct" is not an action: did you mean "reject"?' in text, text
    equal(served(site), before, "what serves")
    assert passes(site)


def more_refusals_are_agreed_to(site):
    """More than five newly refused mails are typed or given as a number, or it is not loaded."""
    site.set_policy(PASS)
    reload(site)
    answers = site_test.answers(site.burst([plain_mail() for _ in range(7)]))
    equal([a["code"] for a in answers], [250] * 7, "answers")
    before = served(site)
    site.set_policy(REFUSE)
    status, text = reload(site)
    equal(status, 77, text)
    count = int(re.search(r"--newly-refused (\d+)", text)[1])
    assert count >= 7 and '"doors"' in text, text
    status, text = reload(site, "--newly-refused", str(count - 1))
    equal(status, 77, text)
    answer = site.vanthu("reload", "--json")
    equal((answer.returncode, json.loads(answer.stdout)["newly_refused"]), (77, count), "JSON")
    status, text = typed(site, b"7777\n")
    equal(status, 77, text)
    assert f"{count} mails that were not refused would be" in text, text
    equal(served(site), before, "what serves")
    assert passes(site)
    status, text = typed(site, f"{count + 1}\n".encode())  # the one that passed just now
    equal(status, 0, text)
    assert not passes(site)
    site.set_policy(PASS)
    status, text = reload(site)
    equal(status, 0, text)
    assert passes(site), text


def what_changed_meanwhile_is_not_loaded(site):
    """The master loads what was looked at and nothing else."""
    site.set_policy(PASS)
    reload(site)
    before = served(site)
    site.set_policy(REFUSE)
    answer = json.loads(site.vanthu("reload", "--dry-run", "--json", "--newly-refused", "1000").stdout or "{}")
    command = [BUILD + "/vanthu", "reload", "--config", site.folder + "/vanthu.yaml"]
    main, other = pty.openpty()
    process = subprocess.Popen(command, stdin=other, stdout=other, stderr=other)
    os.close(other)
    shown = b""
    while b"type that number: " not in shown:
        shown += os.read(main, 4096)
    site.set_policy(REFUSE.replace("sonv", "soxd"))
    os.write(main, re.search(rb"(\d+) mails that were not refused", shown)[1] + b"\n")
    with contextlib.suppress(OSError):
        while piece := os.read(main, 4096):
            shown += piece
    os.close(main)
    assert process.wait(30) != 0 and b"were changed since they were looked at" in shown, (shown, answer)
    equal(served(site), before, "what serves")


def nobody_keeps_it(site):
    """What is not kept in time goes back by itself, whatever role died meanwhile; the register tells."""
    old, new = versions(site, REFUSE, PASS)
    site.set_policy(REFUSE)
    status, text = reload(site, "--newly-refused", "1000", "--confirm-within", "4s")
    equal(status, 0, text)
    assert "goes back at" in text and "vanthu reload --keep" in text, text
    found = served(site)
    equal((found["version"], found["previous"], found["by"].split()[0]), (old, new, "root"), "what serves")
    assert "GOES BACK TO THE VERSION BEFORE AT" in site.vanthu("status").stdout
    gateway = site.pid("gateway")
    os.kill(gateway, 9)
    site.wait_restarted("gateway", gateway)
    equal(served(site)["version"], old, "after a death")
    wait_for("going back", lambda: served(site)["version"] == new, 15)
    assert passes(site)
    found = served(site)
    equal((found["by"], found["is_not_of_files"]), ("vanthu-milter", True), "what serves")
    assert "NOT WHAT THE FILES HAVE" in site.vanthu("status").stdout
    event = wait_for("the event", lambda: events(site, "policy-went-back"))[-1]
    assert event["text"].startswith(new + ", mode enforce: nobody kept"), event
    loaded = [e for e in events(site, "policy-loaded") if e["text"].startswith(old)][-1]
    assert "unless kept" in loaded["text"] and loaded["by"].startswith("root"), loaded
    assert REFUSE.encode() in loaded["objects"][0]["bytes"]
    checked = subprocess.run([BUILD + "/vanthu", "policy", "check", "--config", site.folder + "/vanthu.yaml"],
                             capture_output=True, text=True)
    assert 'rule "nobody" refuses at once: it was never observed for 7 days (first loaded ' in checked.stderr, checked


def somebody_keeps_it(site):
    """What is kept stays, also over further reloads that were not asked to go back."""
    old, new = versions(site, REFUSE, PASS)
    site.set_policy(REFUSE)
    reload(site, "--newly-refused", "1000", "--confirm-within", "5s")
    site.set_policy(ANOTHER)
    status, text = reload(site, "--newly-refused", "1000")  # the time goes on
    assert status == 0 and "goes back at" in text, text
    until = served(site)["keep_until_utc_secs"]
    status, text = reload(site, "--keep")
    equal(status, 0, text)
    kept = served(site)
    time.sleep(max(0, until - time.time()) + 1)
    equal(served(site), kept, "what serves after the time")
    assert "keep_until_utc_secs" not in kept and kept["version"] not in (old, new)
    assert wait_for("the event", lambda: events(site, "policy-kept"))[-1]["text"].startswith(kept["version"])
    assert "nothing waits" in reload(site, "--keep")[1]


def the_version_before(site):
    """--previous goes back at once, and further; a start does not load what was gone back from."""
    first, second, third = versions(site, PASS, ANOTHER, REFUSE)
    assert not passes(site)
    status, text = reload(site, "--previous")
    assert status == 0 and second in text, text
    status, text = reload(site, "--previous")
    assert status == 0 and first in text, text
    assert passes(site)
    site.restart_milter()
    equal(served(site)["version"], first, "after a start")
    assert passes(site)
    status, text = reload(site, "--newly-refused", "1000")
    equal((status, served(site)["version"]), (0, third), text)
    site.restart_milter()
    equal(served(site)["version"], third, "after another start")


def a_start_before_it_is_kept(site):
    """A master that is killed while a version waits to be kept starts with the one before."""
    _, new = versions(site, REFUSE, PASS)
    site.set_policy(REFUSE)
    reload(site, "--newly-refused", "1000", "--confirm-within", "10m")
    assert not passes(site)
    gateway = site.pid("gateway")
    site.milter.kill()
    site.milter.wait()
    wait_for("the end of the gateway", lambda: not os.path.exists(f"/proc/{gateway}"))
    site.start_milter()
    equal(served(site)["version"], new, "what serves")
    assert passes(site)
    event = wait_for("the event", lambda: events(site, "policy-went-back"))[-1]
    assert "the service was started" in event["text"], event
    site.set_policy(PASS)
    reload(site)
    equal(served(site)["is_not_of_files"], False, "of the files again")


def nobody_else_writes_there(site):
    """The folder of the versions is the master's alone; without it nothing goes back by itself."""
    folder = site.folder + "/state-policies"
    equal((os.stat(folder).st_mode & 0o777, os.stat(folder).st_uid), (0o700, 0), "the folder")
    os.chmod(folder, 0o777)
    site.set_policy(PASS)
    site.restart_milter()
    assert "nobody else may write in it" in site.log()
    site.set_policy(ANOTHER)
    status, text = reload(site, "--newly-refused", "1000", "--confirm-within", "30m")
    assert status != 0 and "cannot go back by itself" in text, text
    status, text = reload(site, "--newly-refused", "1000")
    equal(status, 0, text)
    os.chmod(folder, 0o700)
    site.restart_milter()


def wrong_options(site):
    """Wrong options are told apart from what was not loaded."""
    for options in (["--confirm-within", "soon"], ["--newly-refused", "x"], ["--keep", "--previous"], ["--keep", "--dry-run"],
                    ["now"]):
        equal(reload(site, *options)[0], 64, options)


if __name__ == "__main__":
    sys.exit(site_test.run(what_changes_is_shown, a_broken_policy_is_refused, more_refusals_are_agreed_to,
                           what_changed_meanwhile_is_not_loaded, nobody_keeps_it, somebody_keeps_it, the_version_before,
                           a_start_before_it_is_kept, nobody_else_writes_there, wrong_options, mode="enforce",
                           with_servers=False))
