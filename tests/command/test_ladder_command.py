#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# vanthu ladder with a real service and a real Postfix: what it shows, and the steps up and down.
"""Run by make test; names of tests as arguments run only those."""

import json
import os
import pty
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import site_test
from site_lab import BUILD, wait_for
from site_test import STATE, equal, plain_mail

POLICY = """\
rules:
  - name: doors
    when: {sender-domain: sonv.ninhbinh.gov.vn}
    then: reject
"""


def ladder(site, *arguments, **environment):
    command = [BUILD + "/vanthu", "ladder", *arguments, "--config", site.folder + "/vanthu.yaml", "--postfix-config", site.mta + "/etc"]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=dict(os.environ, **environment))
    return done.returncode, done.stdout, done.stderr


def typed(site, text, *arguments):
    command = [BUILD + "/vanthu", "ladder", *arguments, "--config", site.folder + "/vanthu.yaml", "--postfix-config", site.mta + "/etc"]
    main, other = pty.openpty()
    process = subprocess.Popen(command, stdin=other, stdout=other, stderr=other)
    os.close(other)
    os.write(main, text)
    shown = b""
    try:
        while piece := os.read(main, 4096):
            shown += piece
    except OSError:
        pass
    os.close(main)
    return process.wait(60), shown.decode()


def action(site):
    return subprocess.run(["postconf", "-c", site.mta + "/etc", "-h", "milter_default_action"], capture_output=True, text=True, check=True,
                          env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin")).stdout.strip()


def text_of(site):
    with open(site.folder + "/vanthu.yaml", encoding="utf-8") as file:
        return file.read()


def mode(site):
    return json.loads(site.vanthu("status", "--json").stdout)["mode"]


def where_it_stands(site):
    """In observe: what was let pass and would be refused, Postfix, trust; in text, Vietnamese and JSON."""
    site.set_policy(POLICY)
    equal(site.reload()[0], 0, "reload")
    found = site_test.answers(site.burst([plain_mail() for _ in range(7)]))
    equal([a["code"] for a in found], [250] * 7, "answers")
    status, out, err = ladder(site)
    equal(status, 0, out + err)
    for line in ("mode: [observe] → tag → enforce", "milter_default_action=accept (as it should be in mode observe)",
                 "with enforce 7 more mails would be refused, 0 held, 0 tagged", 'rule "doors": 7 mails → reject', "Next step: vanthu ladder tag",
                 "service runs"):
        assert line in out, (line, out)
    status, out, _ = ladder(site, LC_ALL="vi_VN.UTF-8")
    assert "chế độ: [observe]" in out and "thêm 7 thư bị từ chối" in out and "Bước tiếp theo: vanthu ladder tag" in out, out
    status, out, _ = ladder(site, "--json")
    answer = json.loads(out)
    equal((answer["mode"], answer["next"], answer["against"], answer["last_days"]["newly_refused"]), ("observe", "tag", False, 7), "JSON")


def nothing_without_asking(site):
    """Neither --dry-run nor a missing terminal changes anything."""
    before = text_of(site)
    status, out, _ = ladder(site, "tag", "--dry-run")
    equal(status, 0, out)
    assert f"{site.folder}/vanthu.yaml:1: mode: observe → tag" in out and "-e milter_default_action=tempfail" in out, out
    status, out, err = ladder(site, "tag")
    equal(status, 77, out + err)
    status, out = typed(site, b"n\n", "tag")
    equal(status, 77, out)
    equal((text_of(site), mode(site), action(site)), (before, "observe", "accept"), "afterwards")


def one_step_up(site):
    """To tag: one word of the file changes, the service reloads, Postfix tempfails from now on."""
    before = text_of(site)
    with open(site.folder + "/vanthu.yaml", "w", encoding="utf-8") as file:
        file.write("# our site\n" + before.replace("mode: observe", "mode:  'observe'   # until Tết"))
    os.chmod(site.folder + "/vanthu.yaml", 0o640)
    os.chown(site.folder + "/vanthu.yaml", 0, 12345)
    status, out = typed(site, b"y\n", "tag")
    equal(status, 0, out)
    equal(text_of(site), "# our site\n" + before.replace("mode: observe", "mode:  tag   # until Tết"), "the file")
    info = os.stat(site.folder + "/vanthu.yaml")
    equal((info.st_mode & 0o777, info.st_gid), (0o640, 12345), "its owner")
    equal((mode(site), action(site)), ("tag", "tempfail"), "mode and Postfix")
    wait_for("the new mode", lambda: site.send(plain_mail())["code"] == 250)
    assert not [name for name in os.listdir(site.folder) if name.endswith(".new")], os.listdir(site.folder)


def refusals_are_agreed_to(site):
    """To enforce: so many mails would be refused that the reload asks; without an answer all stays as it was."""
    before = text_of(site)
    status, out, err = ladder(site, "enforce", "--yes")
    equal(status, 77, out + err)
    assert "mails that were not refused would be" in err and "The mode stays as it was" in err, err
    equal((text_of(site), mode(site), action(site)), (before, "tag", "tempfail"), "afterwards")
    status, out, err = ladder(site, "enforce", "--yes", "--newly-refused", "100", "--json")
    equal((status, json.loads(out)["did"]), (0, "enforce"), out + err)
    equal(mode(site), "enforce", "mode")
    equal(site.send(plain_mail(), sender=STATE)["code"], 550, "a mail")


def down_again(site):
    """Back to observe at once, and Postfix accepts again; where it stands already nothing is done."""
    status, out, err = ladder(site, "observe", "--yes")
    equal(status, 0, out + err)
    equal((mode(site), action(site)), ("observe", "accept"), "mode and Postfix")
    equal(site.send(plain_mail(), sender=STATE)["code"], 250, "a mail")
    status, out, err = ladder(site, "observe")
    assert status == 0 and "This is the mode already" in out, out + err
    subprocess.run(["/usr/sbin/postconf", "-c", site.mta + "/etc", "-e", "milter_default_action=tempfail"], check=True)
    status, out, err = ladder(site, "observe")
    equal((status, action(site)), (77, "tempfail"), "Postfix alone, and nobody to ask")
    status, out, err = ladder(site, "observe", "--yes")
    equal((status, action(site)), (0, "accept"), "Postfix alone")


def what_it_may_not_do_is_told(site):
    """A Postfix that cannot be changed, and a default_action of its own: the exact commands are told."""
    status, out, err = ladder(site, "tag", "--yes", PATH="/nonexistent")  # postconf(1) is found all the same
    equal(status, 0, out + err)
    ladder(site, "observe", "--yes")
    command = [BUILD + "/vanthu", "ladder", "tag", "--yes", "--config", site.folder + "/vanthu.yaml", "--postfix-config", "/nonexistent"]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    equal(done.returncode, 1, done.stdout + done.stderr)
    assert "postconf -c /nonexistent -e milter_default_action=tempfail\npostfix -c /nonexistent reload\n" in done.stderr, done.stderr
    equal((mode(site), action(site)), ("tag", "accept"), "mode and Postfix")
    subprocess.run(["/usr/sbin/postconf", "-c", site.mta + "/etc", "-e",
                    f"smtpd_milters={{ unix:{site.folder}/run/milter.sock, default_action=accept }}"], check=True)
    status, out, err = ladder(site, "enforce", "--yes", "--newly-refused", "100")
    equal(status, 1, out + err)
    assert "To be changed by hand in smtpd_milters: default_action=tempfail" in err, err
    equal((mode(site), action(site)), ("enforce", "accept"), "mode and Postfix")


def what_speaks_against_it(site):
    """A policy with a mistake, and a service that does not run, speak against a step; options are checked."""
    site.set_policy(POLICY.replace("reject", "rejct"))
    status, out, err = ladder(site)
    assert status == 1 and "the policy has mistakes" in out, out + err
    site.set_policy(POLICY)
    site.stop_milter()
    status, out, _ = ladder(site)
    assert status == 1 and "the service does not run" in out, out
    before = text_of(site)
    status, out, err = ladder(site, "tag", "--yes")
    equal((status, text_of(site)), (69, before), out + err)
    equal(ladder(site, "up")[0], 64, "a step that there is not")
    equal(ladder(site, "tag", "enforce")[0], 64, "two steps")
    site.start_milter()


sys.exit(site_test.run(where_it_stands, nothing_without_asking, one_step_up, refusals_are_agreed_to, down_again,
                       what_it_may_not_do_is_told, what_speaks_against_it, mode="observe", with_servers=False))
