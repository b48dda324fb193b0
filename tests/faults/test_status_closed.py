#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# A network without a way out, and what the administrator sees of it: lists brought by hand
# (vanthu status import), the report on hosts (vanthu status), and the mails that were delivered
# without status, whose signers are asked about again.
"""Certificate status by hand, its report, and questions that are asked again."""

import contextlib
import email
import email.policy
import json
import os
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import site_test
from site_calm import CalmSite
from site_lab import wait_for
from site_test import equal

HOST_DOWN_SECS = 1


def passed(row, what):
    equal(row.passed, True, f"{what}: {row}")


def unknown(row, what):
    equal((row.reasons, "TOTAL-PASSED" in row.verdict, row.action), (["STATUS_UNKNOWN"], False, "tag" if row.source_down else "defer"),
          f"{what}: {row}")


def revoked(row, what):
    equal((row.code, "CERT_REVOKED" in row.reasons), (550, True), f"{what}: {row}")


def brought_by_hand(site):
    """All hosts dead: lists that are imported are enough, over a restart too; older and forged ones are not taken."""
    site.begin_anew()
    site.liar.lie("dead")
    honest, thief = site.new_signers(2)
    unknown(site.row(site.signed_mail(honest)), "nothing is known")
    old = site.make_crl("ca-party", f"{site.folder}/old.crl", ago_secs=3600)
    site.revoke(thief, "ca-party", days=20)
    new = site.make_crl("ca-party", f"{site.folder}/new.crl")
    forged = site.make_crl("ca-party", f"{site.folder}/forged.crl", signer="fake-root")
    for path, wanted in ((f"{site.pki}/crl/root-g2.crl", 0), (new, 0), (old, 65), (forged, 65), (f"{site.pki}/crl/unknown-root.crl", 65),
                         (f"{site.pki}/pki.tsv", 65)):
        code, text = site.import_crl(path)
        print("    ", text.strip().replace(site.folder, "…"))
        equal(code, wanted, f"exit status for {path}: {text}")
    site.liar.lie("dead")
    for moment in ("at once", "after a restart"):
        row = site.row(site.signed_mail(honest))
        passed(row, moment)
        equal((row.status()["source"], row.status()["value"]), ("crl", "good"), moment)
        revoked(site.row(site.signed_mail(thief)), moment)
        print(f"     {moment}: {row}")
        if moment == "at once":
            site.restart_milter()
    equal(site.liar.requests("ca-party"), [], "requests for the list")


def reported(site):
    """`vanthu status` shows the hosts as they are, the lists with their age, and the questions that are open."""
    site.begin_anew("agency")
    signer, = site.new_signers(1)
    site.liar.lie("dead")
    row = site.row(site.signed_mail(signer))
    unknown(row, "dead hosts")
    found, hosts = site.report()
    for port in (site.ocsp, site.crl):
        host = hosts[f"127.0.0.1:{port}"]
        print(f"     {json.dumps(host)}")
        equal(host["state"] in ("down", "to-be-tried") and host["why"] != "", True, str(host))
    equal(hosts["127.0.0.1:9"]["state"], "never-asked", "a host nobody asked")
    code, text = site.command("status")
    equal(code == 0 and f"127.0.0.1:{site.ocsp}" in text, True, text)
    print("\n".join("     " + line for line in text.splitlines()))
    lists = [one for one in found["lists"] if one["origin"].endswith("root-g2.crl")]
    equal((len(lists), lists[0]["entries"]) if lists else lists, (1, 1), "the root's list")
    waiting = [one for one in found["rechecks"] if row.record["reference"] in one["references"]]
    equal([one["certificate"] for one in waiting], [f"BAN {signer}"], "questions that are open")
    site.liar.lie("right")
    wait_for("a mail to pass by OCSP", lambda: site.row(site.signed_mail(site.new_signers(1, crl=None)[0])).passed)
    equal(site.report()[1][f"127.0.0.1:{site.ocsp}"]["state"], "ok", "the host afterwards")


def rechecked(site, reference):
    """The answer to a mail, and what became known later: (outcome, text, notices owed)."""
    rows = [json.loads(line) for line in site.command("register", "show", "--json", reference)[1].splitlines()]
    events = [row["body"] for row in rows if row["kind"] == "event" and row["body"]["what"] == "rechecked"]
    equal(len(events), 1, f"what the register says of {reference}")
    outcome = next(row["body"]["answer"]["kind"] for row in rows if row["kind"] == "decided")
    return outcome, events[0]["text"], [(notice["kind"], notice["to"]) for notice in events[0].get("notices", [])]


def clerk_is_told(site, thief, honest):
    """Of the revoked signer who got the mail is told, of the other nobody."""
    outcome, text, owed = rechecked(site, thief)
    print(f"     {outcome}: {text}, {owed}")
    equal(text.startswith(("CERT_REVOKED: ", "CERT_REVOKED_SINCE: ")), True, text)
    equal(owed, [("recheck", "vanthu@ninhbinh.gov.vn")], "owed")
    equal(outcome, "accept", "a mail that was delivered")
    _, text, owed = rechecked(site, honest)
    equal((text[:6], owed), ("good: ", []), "of the other one")
    head = email.message_from_bytes(wait_for("the notice", lambda: written(site, thief)), policy=email.policy.default)
    print(f"     {head['To']}: {head['Subject']}")
    equal("CẬP NHẬT KẾT QUẢ KIỂM TRA" in head.get_body(("plain",)).get_content(), True, "its frame")


def written(site, reference):
    """The notice about a mail as it waits for a relay; there is none in this site."""
    with contextlib.closing(sqlite3.connect(f"file:{site.folder}/register/register.sqlite?mode=ro", uri=True)) as register:
        row = register.execute("SELECT message FROM notice WHERE reference = ? AND kind = 'recheck'", (reference,)).fetchone()
    return row and row[0]


def asked_again(site):
    """A mail delivered without status: when its signer turns out to be revoked, the log names the mail, over a restart too, and the clerk is told."""
    site.begin_anew("agency")
    thief, honest = site.new_signers(2)
    site.liar.lie("dead")
    references = {by: site.row(site.signed_mail(by)).record["reference"] for by in (thief, honest)}
    site.revoke(thief, "ca-party", days=20)
    site.make_crl("ca-party")
    site.liar.lie("right")
    # The next question would be asked in five minutes: the table on disk is set back.
    site.stop_milter()
    path = site.folder + "/state/recheck.json"
    with open(path, encoding="utf-8") as file:
        table = json.load(file)
    equal(sorted(sum((item["references"] for item in table["items"]), [])), sorted(references.values()), "references on disk")
    for item in table["items"]:
        item["next"] = int(time.time()) - 1
    with open(path, "r+", encoding="utf-8") as file:
        json.dump(table, file)
        file.truncate()
    site.start_milter()
    for by, status in ((thief, "revoked"), (honest, "good")):
        print("    ", site.log_line("recheck:", f"reference={references[by]}", f"status={status}", seconds=15)[:200])
    equal(len([line for line in site.log().splitlines() if "recheck:" in line and references[thief] in line]), 1, "lines for one mail")
    equal(site.report()[0]["rechecks"], [], "questions that are open afterwards")
    clerk_is_told(site, references[thief], references[honest])
    revoked(site.row(site.signed_mail(thief)), "the next mail of this signer")


if __name__ == "__main__":
    sys.exit(site_test.run(brought_by_hand, reported, asked_again, site_class=CalmSite, status_limit="1s", fetch_timeout="400ms",
                           host_down=f"{HOST_DOWN_SECS}s"))
