#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# What is known of certificates over time: a restart with the network cut, a slow responder beside
# another CA, and the status of those who vouch for others: the issuing CA, the OCSP responder,
# the time stamp authority.
"""Certificate status over a restart, beside a slow host, and along the whole path."""

import concurrent.futures
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import datetime

import site_test
from site_calm import CalmSite, milliseconds, summary
from site_lab import wait_for
from site_test import days_ago, equal, pdf_mail

VALID_SECS = 6
STATUS_SECS, FETCH_MSECS = 1, 400


def passed(row, what, source=None):
    equal(row.passed, True, f"{what}: {row}")
    if source:
        equal(row.status().get("source"), source, what)


def unknown(row, what):
    equal((row.code in (250, 451), row.reasons, "TOTAL-PASSED" in row.verdict), (True, ["STATUS_UNKNOWN"], False), f"{what}: {row}")
    equal(row.action, "tag" if row.source_down else "defer", f"{what}: {row}")


def network_cut(site):
    """A restart without OCSP and CRL hosts: who was seen before is known until nextUpdate, and unknown after it."""
    site.begin_anew("slow")
    by_ocsp, never_seen = site.new_signers(2, crl=None)
    by_crl = site.new_signers(1, by="public-ca", ocsp=None)[0]
    site.liar.ocsp_validity = datetime.timedelta(seconds=VALID_SECS)
    site.make_crl("public-ca", secs=VALID_SECS)
    begin = time.monotonic()
    mails = {"ocsp": site.signed_mail(by_ocsp), "crl": site.signed_mail(by_crl)}
    for source, message in mails.items():
        passed(site.row(message), f"{source}: network up", source)
    site.liar.lie("dead")
    asked = len(site.liar.asked)
    site.restart_milter()
    for source, message in mails.items():
        row = site.row(message)
        passed(row, f"{source}: after the restart", source)
        print(f"     {source}: after the restart {row}")
    equal(time.monotonic() - begin < VALID_SECS, True, "the machine is too slow for this test: nothing was shown")
    unknown(site.row(site.signed_mail(never_seen)), "a signer who was not seen before")
    time.sleep(max(0, begin + VALID_SECS + 2 - time.monotonic()))
    for source, message in mails.items():
        row = site.row(message)
        unknown(row, f"{source}: after nextUpdate")
        print(f"     {source}: after nextUpdate {row}")
    equal(len(site.liar.asked), asked, "requests while the hosts are dead")
    site.liar.ocsp_validity = datetime.timedelta(hours=1)
    site.make_crl("public-ca")


def other_ca(site):
    """A slow responder of one CA: mails of another CA meanwhile wait for nothing."""
    site.begin_anew("slow", "agency")
    slow = [site.signed_mail(by) for by in site.new_signers(12)]
    others = [site.signed_mail(by) for by in site.new_signers(20, by="ca-g2", ports=(site.elsewhere, site.elsewhere))]
    site.liar.lie("slow", site.ocsp, site.crl)
    with concurrent.futures.ThreadPoolExecutor(len(slow)) as pool:
        waiting = [pool.submit(site.row, message) for message in slow]
        rows = site.rows(others)
        waited = [future.result() for future in waiting]
    for row in waited:
        unknown(row, "the slow CA")
    for row in rows:
        passed(row, "the other CA")
    median, p95, longest = summary(rows)
    print(f"     12 mails of the slow CA at once: up to {milliseconds(waited)[-1]} ms; 20 of the other CA meanwhile: "
          f"median {median} ms, 95 % within {p95} ms, longest {longest} ms")
    # What the mail itself says: how long it takes altogether depends on how busy the machine is.
    waits = [row.record["msecs"]["status"] for row in rows]
    equal(max(waits) < FETCH_MSECS, True, f"the other CA waited {max(waits)} ms")


def gone_back(site):
    """A host that brings a list older than the one before, from before a revocation: it counts for nobody."""
    site.begin_anew("agency")
    thief, honest = site.new_signers(2, ocsp=None)
    older = site.make_crl("ca-party", f"{site.folder}/older.crl", ago_secs=3600)
    site.revoke(thief, "ca-party", days=20)
    site.make_crl("ca-party", secs=3)
    begin = time.monotonic()

    def look(what, *wanted):
        rows = site.rows([site.signed_mail(thief), site.signed_mail(honest)])
        print(f"     {what}: {rows[0]}; {rows[1]}")
        equal([row.code == 550 and "CERT_REVOKED" in row.reasons for row in rows], [True, False], f"{what}: the revoked one")
        equal("TOTAL-PASSED" in rows[1].verdict, *wanted, f"{what}: the other one")
    look("the list is in force", True)
    os.replace(older, f"{site.pki}/crl/ca-party.crl")
    time.sleep(max(0, begin + 5 - time.monotonic()))
    site.restart_milter()  # an address that answered well is not asked again for a minute
    asked = len(site.liar.requests("ca-party.crl"))
    look("an older list comes", False)
    equal(len(site.liar.requests("ca-party.crl")) > asked, True, "the list was asked for")
    site.make_crl("ca-party")
    wait_for("the new list", lambda: site.row(site.signed_mail(honest)).passed)
    look("a new list came", True)


def authority_revoked(site):
    """The root's list says that the issuing CA was revoked: what it issued is not passed, though OCSP says good."""
    site.begin_anew("slow")
    asked = len(site.liar.asked)
    row = site.row(site.signed_mail(site.new_signers(1, by="ca-revoked")[0]))
    print(f"     {row}")
    equal("TOTAL-PASSED" in row.verdict, False, f"verdict: {row}")
    equal("CA_INVALID" in row.reasons, True, f"reasons: {row}")
    equal([s["value"] for s in row.signatures[0]["statuses"]][1], "revoked", f"status of the CA: {row}")
    equal(any("root-g2.crl" in one[2] for one in site.liar.asked[:asked]), True, "the root's list was asked for")


def responder_revoked(site):
    """An OCSP responder whose own certificate is to be checked: revoked or unknown, its good does not count."""
    responder, = site.issue_entries([("ocsp-checked", "ca-party", "ocsp", {"CN": "OCSP Responder kiểm tra (thử nghiệm)"}, {"nocheck": False})])
    victim, honest, silent = site.new_signers(3, name="asked")
    site.make_crl("ca-party")

    def anew():
        site.begin_anew("agency")  # it brings the root's list
        site.liar.responders["ca-party"] = site.credential(responder)
    try:
        anew()
        row = site.row(site.signed_mail(honest))
        passed(row, "responder in good standing")
        print(f"     in good standing: {row}")
        anew()
        site.liar.lie("dead", site.crl)
        row = site.row(site.signed_mail(silent))
        unknown(row, "responder of unknown standing")
        equal((row.status()["value"], row.status(1)["value"]), ("unknown", "good"), f"statuses: {row}")
        print(f"     of unknown standing: {row}")
        # The thief of the responder's key says good of a certificate that the CA has revoked.
        site.revoke(responder, "ca-party", "keyCompromise", 20)
        site.revoke(victim, "ca-party", "keyCompromise", 20)
        site.make_crl("ca-party")
        anew()
        site.liar.forced_status = "good"
        row = site.row(site.signed_mail(victim))
        print(f"     revoked: {row}")
        equal((row.code, "CERT_REVOKED" in row.reasons, row.status()["source"]), (550, True, "crl"), f"revoked responder: {row}")
    finally:
        site.liar.forced_status = None
        del site.liar.responders["ca-party"]


def authority_of_time_revoked(site):
    """A time stamp of a TSA whose key was stolen proves nothing: revoked since, without proof."""
    site.issue_entries([("tsa-stolen", "ca-g2", "tsa", {"CN": "Dấu thời gian bị thu hồi (thử nghiệm)"}, {})])
    site.revoke("tsa-stolen", "ca-g2", "keyCompromise", 60)
    site.make_crl("ca-g2")
    site.begin_anew("slow")
    for tsa, wanted in (("tsa", []), ("tsa-stolen", ["CERT_REVOKED_SINCE"])):
        row = site.row(pdf_mail(site.sign("revoked-since", days_ago(40), stamped=days_ago(40), tsa=tsa)))
        print(f"     {tsa}: {row}")
        equal((row.code, "TOTAL-PASSED" in row.verdict, all(w in row.reasons for w in wanted), bool(row.reasons)),
              (250, not wanted, True, bool(wanted)), f"stamped by {tsa}: {row}")


if __name__ == "__main__":
    sys.exit(site_test.run(network_cut, other_ca, gone_back, authority_revoked, responder_revoked, authority_of_time_revoked,
                           site_class=CalmSite, status_limit=f"{STATUS_SECS}s", fetch_timeout=f"{FETCH_MSECS}ms", host_down="1s"))
