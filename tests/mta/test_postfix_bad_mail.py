#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Every damaged, absurd or hostile mail and document of the tests through a real Postfix: each is
# answered within seconds, none ends a role, and none that is not wholly good is called passed.
"""Bad mails through a real Postfix."""

import csv
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import site_test
from site_lab import all_reasons
from site_test import equal, pdf_mail, plain_mail

ANSWER_SECONDS = 10
# Postfix itself cuts a header at its NUL and gives headers to a mail that has none: what arrives is
# another mail, and the same one that is delivered.
REPAIRED_BY_POSTFIX = ("nul-in-header.eml", "empty.eml")


def table(folder, name):
    with open(f"{folder}/{name}", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def read(path):
    with open(path, "rb") as file:
        return file.read()


def bad_ones(site):
    """(name, mail, reasons to expect) of everything that may not pass as a whole."""
    for row in table(site.mails, "mails.tsv"):
        if "0" not in row["exit"].split("|"):
            message = read(f"{site.mails}/{row['file']}")
            yield row["file"], re.sub(rb"Message-ID: <1@", f"Message-ID: <{row['file']}@".encode(), message, 1), row["reasons"]
    for row in table(site.documents, "documents.tsv"):
        if "0" not in row["exit"].split("|"):
            yield row["file"], pdf_mail(site.document(row["file"]), row["file"]), row["reasons"]


def passes_as_a_whole(evidence):
    """What `vanthu check` would call 0: there are signatures, all passed, and nothing is objected to."""
    signatures = [s for d in evidence.get("documents", []) for s in d["signatures"]]
    return bool(signatures) and all(s["indication"] == "TOTAL-PASSED" for s in signatures) and not all_reasons(evidence)


def complaints(site, name, message, wanted):
    begin = time.monotonic()
    answer = site.send(message)
    took = time.monotonic() - begin
    if answer["code"] not in (250, 451, 550):
        yield f"answered {answer['code']} {answer['text']}"
        return
    if took > ANSWER_SECONDS:
        yield f"answered after {took:.1f} s"
    record = site.record_of(answer)
    evidence = record.get("evidence", {})
    reasons = all_reasons(evidence)
    if "failure" in record or "fault" in record:
        yield f"the inspection failed: {record.get('failure')} {record.get('fault')}"
    if name in REPAIRED_BY_POSTFIX:
        if message and b"\x00" in site.delivered(message):
            yield "delivered with its NUL"
    else:
        if passes_as_a_whole(evidence):
            yield "called passed as a whole"
        if wanted not in "-*" and not set(reasons) & set(wanted.split("|")):
            yield f"reasons {reasons}, expected {wanted}"
    print(f"     {answer['code']} after {answer['seconds']:.2f} s  {name:28} {','.join(reasons)}", flush=True)


def everything_bad(site):
    """Each bad mail is answered in seconds, with a reason; none passes as a whole; no role ends."""
    found, count = [], 0
    pids = {name: role["pid"] for name, role in site.roles().items()}
    for name, message, wanted in bad_ones(site):
        count += 1
        found += [f"{name}: {complaint}" for complaint in complaints(site, name, message, wanted)]
    equal(found, [], "complaints")
    equal(site.restarts(), dict.fromkeys(pids, 0), "restarts")
    equal({name: role["pid"] for name, role in site.roles().items()}, pids, "processes")
    equal([line for line in site.log().splitlines() if "died" in line], [], "deaths in the log")
    equal(site.send(plain_mail())["code"], 250, "an ordinary mail afterwards")
    equal(count > 40, True, f"bad mails {count}")
    print(f"     {count} bad mails, no restart")


def prepare(site):
    """The mails are made."""
    site.mails = site.folder + "/mails"
    site.script("mail/mkmails.py", site.pki, site.documents, site.mails)


sys.exit(site_test.run(prepare, everything_bad, documents=True))
