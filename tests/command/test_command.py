#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# vanthu on the command line: what is wrong with it is said before anything is checked, with the exit
# status of sysexits(3); what a decision assumes is said beside it.
"""Command line of vanthu."""

import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BUILD = os.environ.get("VANTHU_BUILD", ROOT + "/build")
POLICY = ROOT + "/conf/policy.yaml"
SHIPPED = [f"{ROOT}/conf/{name}.yaml" for name in ("policy", "observe-only", "strict", "ninh-binh-2025", "vinh-long-2020")]


def pdf():
    """A PDF of one empty page, without a signature."""
    objects = (b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
               b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>")
    out, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return (out + b"xref\n0 4\n0000000000 65535 f \n" + table + b"trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
            % len(out))


# name, arguments, exit status, what standard error begins with; nothing is on standard output
FAULTS = (
    ("trust that is not there", "check --trust official=/nope doc.pdf", 66,
     "vanthu check: --trust official=/nope: cannot read: No such file or directory"),
    ("trust that is no certificate", "check --trust official=doc.pdf doc.pdf", 78, "vanthu check: --trust official=doc.pdf: "),
    ("trust that is empty", "check --trust public=empty doc.pdf", 78, "vanthu check: --trust public=empty: there is no cert"),
    ("trust without a set", "check --trust empty doc.pdf", 64, "vanthu check: --trust wants official=PATH or public=PATH"),
    ("file that is not there", "check nope.pdf", 66, "vanthu check: nope.pdf: cannot read: No such file or directory"),
    ("second file that is not there", "check doc.pdf nope.pdf", 66, "vanthu check: nope.pdf: cannot read: "),
    ("a folder", "check empty", 66, "vanthu check: empty: cannot read: Is a directory"),
    ("CRL that is not there", "check --crl nope doc.pdf", 66, "vanthu check: --crl: cannot open \"nope\": "),
    ("policy that is not there", "check --policy nope doc.pdf", 66, "vanthu: cannot open nope: "),
    ("configuration that is not there", "check --config nope doc.pdf", 66, "vanthu: cannot open nope: "),
    ("unknown option", "check --bogus doc.pdf", 64, "vanthu check: unrecognized option '--bogus'"),
    ("unknown option of another", "policy check --bogus doc.pdf", 64, "vanthu policy check: unrecognized option '--bogus'"),
    ("unknown option of control", "status --bogus", 64, "vanthu status: unrecognized option '--bogus'"),
    ("class", "check --sender-class citizen doc.pdf", 64, "vanthu check: --sender-class wants state or other"),
    ("direction", "check --direction in doc.pdf", 64, "vanthu check: --direction wants inbound, outbound or internal"),
    ("trace without JSON", "check --trace doc.pdf", 64, "vanthu check: --trace belongs to --json"),
    ("no file", "check", 64, "vanthu check: which file?"),
    ("policy check of nothing there", "policy check nope.yaml", 66, "vanthu: cannot open nope.yaml: No such file or directory"),
    ("policy with one mistake", "policy check one.yaml", 78, "one.yaml:1:35: "),
)

# arguments, exit status, lines of standard output
TEXTS = (
    ("check doc.pdf", 3, ("doc.pdf\n", "\nBy the policy: accept (no rule matches), as inbound mail from a sender of class other\n")),
    ("check --sender-class state doc.pdf", 3,
     ("NO_SIGNATURE", "\nBy the policy: tag (rule \"state-signature-missing\", policy.yaml:",
      "), as inbound mail from a sender of class state\n")),
    ("check --sender-class state --direction outbound doc.pdf", 3,
     ("accept (no rule matches), as outbound mail from a sender of class state\n",)),
    ("check mail.eml", 3, ("mail.eml\n   holds no file to check\n",)),
    ("--version", 0, ("vanthu 0",)),
    ("help", 0, ("usage: vanthu SUBCOMMAND", "\n  check ", "\n  policy ")),
    ("policy check --help", 0, ("vanthu policy check ",)),
    ("help report", 0, ("vanthu report --refusals",)),
    ("policy check --config site.yaml", 0, (POLICY + ": in order (version ",)),
    ("policy check " + " ".join(SHIPPED), 0, tuple(file + ": in order (version " for file in SHIPPED)),
)


def vanthu(folder, arguments, **environment):
    words = [BUILD + "/vanthu"] + arguments.split()
    if words[1] == "check" and "--config" not in words:
        words[2:2] = ["--offline"] + (["--policy", POLICY] if "--policy" not in words else [])
    return subprocess.run(words, capture_output=True, text=True, timeout=60, cwd=folder,
                          env=dict(os.environ, LC_ALL="C.UTF-8", **environment))


def complaints(folder):
    for name, arguments, status, begin in FAULTS:
        done = vanthu(folder, arguments)
        if done.returncode != status or not done.stderr.startswith(begin) or done.stdout or len(done.stderr.splitlines()) > (4 if status == 78 else 2):
            yield f"{name}: {done.returncode}, {done.stderr!r}, {done.stdout!r}"
    for arguments, status, wanted in TEXTS:
        done = vanthu(folder, arguments)
        if done.returncode != status or done.stderr or not all(text in done.stdout for text in wanted):
            yield f"{arguments}: {done.returncode}, {done.stderr!r}, {done.stdout!r}"
    one = vanthu(folder, "policy check one.yaml").stderr
    # The line itself, with a mark below the place.
    excerpt = "     1 | rules: [{name: a, when: {}, then: refuse}]\n       | " + 34 * " " + "^\n"
    if "one.yaml: 1 mistake; " not in one or excerpt not in one:
        yield f"one mistake: {one!r}"
    for option, fewest in (("", 0), ("--trace ", 2)):
        decision = json.loads(vanthu(folder, f"check --json {option}doc.pdf").stdout)["decision"]
        if decision["tried"] < 2 or len(decision["trace"]) != (decision["tried"] if fewest else 0):
            yield f"trace {option}: {decision}"


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(folder + "/empty")
        for name, content in (("doc.pdf", pdf()), ("mail.eml", b"From: a@b.vn\r\nSubject: x\r\n\r\nhello\r\n"),
                              ("site.yaml", f"policy: {POLICY}\n".encode()),
                              ("one.yaml", b"rules: [{name: a, when: {}, then: refuse}]\n")):
            with open(f"{folder}/{name}", "wb") as file:
                file.write(content)
        found = list(complaints(folder))
    for complaint in found:
        print(complaint)
    print(f"{len(FAULTS) + len(TEXTS) + 3 - len(found)} passed, {len(found)} failed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
