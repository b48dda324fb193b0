#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""vanthu notice check and preview as an administrator uses them: a copy of the examples is changed,
checked, looked at; mistakes have their place; nothing is needed but the program."""
import email
import email.policy
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
VANTHU = pathlib.Path(os.environ.get("VANTHU_BUILD", ROOT / "build")) / "vanthu"
REASONS = 39
failures = []


def check(condition, *what):
    if not condition:
        failures.append(" ".join(str(w) for w in what))


def run(*arguments, status=0, env=None):
    done = subprocess.run([VANTHU, "notice", *map(str, arguments)], capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "LANG": "en", **(env or {})})
    check(done.returncode == status, arguments, "exit", done.returncode, done.stderr)
    return done.stdout, done.stderr


def words_of(folder):
    """The examples as they are installed."""
    words = folder / "notices"
    shutil.copytree(ROOT / "conf/notices", words)
    return words


def checks(folder):
    out, _ = run("check", "--config", folder / "plain.yaml")
    check(out == "built-in: in order\n", out)
    words = words_of(folder)
    out, err = run("check", words)
    check(out == f"{words}: in order\n" and err == "", out, err)
    refused = words / "vi/refused.txt"
    good = refused.read_text()
    refused.write_text(good.replace("{tiêu đề}", "{tieu đề}", 1))
    out, err = run("check", "--config", folder / "own.yaml", status=78)
    check(f"{refused}:2:34: there is no field {{tieu đề}}: did you mean {{tiêu đề}}?" in err, err)
    check("\n     2 | Subject: " in err and "1 mistake; these words are not usable" in err, err)
    out, _ = run("check", "--json", words, status=78)
    found = json.loads(out)
    check(not found["ok"] and len(found["mistakes"]) == 1, out)
    check((found["mistakes"][0]["line"], found["mistakes"][0]["column"]) == (2, 34), out)
    refused.write_text(good)
    (words / "en/held.txt").unlink()
    out, err = run("check", words)
    check("en/held.txt:1:1: warning: the translation of vi/held.txt is missing" in err, err)
    reasons = words / "en/reasons.yaml"
    reasons.write_text(reasons.read_text().replace("\nRECALLED:", "\nRECALED:"))
    out, err = run("check", words, status=78)
    check('"RECALED" is not a reason code: did you mean "RECALLED"?' in err, err)
    run("check", folder / "nothing", status=66)
    run("check", words, words, status=64)


def previews(folder):
    config = ("--config", folder / "plain.yaml")
    for kind in ("refused", "remark", "held", "released", "returned", "clerk", "correction", "recheck",
                 "arrival", "marked", "list", "officer", "digest"):
        out, err = run("preview", *config, kind)
        check("English" in out and out.split("\n")[0].isupper(), kind, out[:80])
        check("this is a sample" in err, kind, err)
    codes = [line[:-1] for line in (ROOT / "conf/notices/en/reasons.yaml").read_text().split("\n")
             if line.endswith(":") and line[0].isupper()]
    check(len(codes) == REASONS, len(codes), "reasons")
    for code in codes:
        out, _ = run("preview", *config, code)
        check("0000-0000-0000" in out, code)
    out, _ = run("preview", *config, "CERT_REVOKED", "--language", "vi")
    check("English" not in out and "THƯ CHƯA" in out, out)
    out, _ = run("preview", *config, "CERT_REVOKED", "--language", "en", "--format", "html")
    check('<html lang="en">' in out and "THƯ CHƯA" not in out, out[:200])
    out, _ = run("preview", *config, "CERT_REVOKED", "--kind", "held", "--format", "eml")
    message = email.message_from_string(out, policy=email.policy.default)
    check(message["X-Vanthu-Notice"] == "held", out[:300])
    check(message["From"].addresses[0].addr_spec == "vanthu@mx1.ninhbinh.gov.vn", message["From"])
    _, err = run("preview", *config, "CERT_REVOKD", status=64)
    check("did you mean CERT_REVOKED?" in err, err)
    run("preview", *config, status=64)
    run("preview", *config, "--format", "pdf", "held", status=64)
    run("preview", *config, "--language", "fr", "held", status=64)
    _, err = run("preview", *config, "1831-0927-5569", status=66)
    check("there is no" in err, err)


def own_words(folder):
    words = folder / "few"
    (words / "en").mkdir(parents=True)
    (words / "en/arrival.txt").write_text("Subject: ours\n\nOUR OWN LINE.\n\n{reference}\n")
    out, _ = run("preview", "--config", folder / "plain.yaml", "--words", words, "arrival")
    check("OUR OWN LINE.\n\n0000-0000-0000\n" in out and "THƯ ĐÃ ĐẾN" in out, out)


def main():
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(made)
        register = f"register: {{directory: {folder}/register}}\n"
        plain = f"hostname: mx1.ninhbinh.gov.vn\n{register}"
        (folder / "plain.yaml").write_text(plain)
        (folder / "own.yaml").write_text(plain + "notices: {directory: notices}\n")
        checks(folder)
        previews(folder)
        own_words(folder)
    for line in failures[:30]:
        print("FAIL", line)
    sys.exit(1 if failures else 0)


main()
