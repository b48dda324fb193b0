#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Fifty mails in a row, each by a signer whose status is not known yet, while the OCSP and CRL hosts
# are dead, slow or lying. None is taken for checked, none is refused, and after the first few none
# waits. The table of each outage says what the fifty got and how long it took.
"""An outage of certificate status: what fifty mails get."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import functools

import site_test
from site_calm import CalmSite, Outage, milliseconds, show, summary
from site_test import equal

MAILS = 50
FIRST = 10  # of these some may wait, for as long as status has
STATUS_SECS, FETCH_SECS, HOST_DOWN_SECS = 1, 0.4, 1
# The machine may be busy with something else; a mail that waits for a host takes FETCH_SECS at least.
MEDIAN_MSECS, LONGEST_MSECS = 300, 1500
WAITED_SECS = FETCH_SECS * 0.6
HOSTS, STRIKES = 2, 3


@functools.lru_cache(None)
def fifty_mails(site):
    return [site.signed_mail(by) for by in site.new_signers(MAILS)]


def outage(site, lie, values, says, least_secs=0):
    """One outage; values: what may be said of the signer's status; says: what the administrator reads."""
    found = Outage(site, lie, fifty_mails(site), least_secs=least_secs)
    show(f"{lie}: {len(found.rows)} mails in {found.seconds:.1f} s, {len(found.requests)} requests", found.rows, FIRST)
    for number, row in enumerate(found.rows, 1):
        what = f"{lie}, mail {number}: {row}"
        equal("TOTAL-PASSED" in str(row.evidence), False, what)
        equal("TOTAL-FAILED" in str(row.evidence), False, what)
        equal(row.reasons, ["STATUS_UNKNOWN"], what)
        # The sender is asked to try again while that may help, which it does not while the hosts are left alone.
        equal((row.code, row.action, row.rule), (250, "tag", "status-sources-down") if row.source_down
              else (451, "defer", "status-unknown"), what)
        equal(row.status()["value"] in values, True, what)
    equal(says in found.rows[0].findings, True, f"{lie}: finding: {found.rows[0].findings}")
    equal(milliseconds(found.rows)[-1] <= LONGEST_MSECS, True, f"{lie}: the longest took {milliseconds(found.rows)[-1]} ms")
    median, _, _ = summary(found.rows[FIRST:])
    equal(median <= MEDIAN_MSECS, True, f"{lie}: median of the last {MAILS - FIRST} is {median} ms")
    recovery, allowed = found.recover(HOST_DOWN_SECS)
    print(f"       right again: the first mails pass after {recovery:.1f} s")
    equal(recovery <= allowed, True, f"{lie}: recovery took {recovery:.1f} s, not {allowed:.1f}")
    return found


def left_alone(found, strikes):
    """After so many failures the hosts are known to be down: from then on nothing is deferred, and only
    trials may wait: one of each host whenever a pause is over."""
    down = [row.source_down for row in found.rows]
    equal(any(down) and all(down[down.index(True):]), True, f"{found.lie}: hosts that are left alone: {down}")
    waited = sum(row.seconds > WAITED_SECS for row in found.rows)
    equal(waited <= HOSTS * (strikes + trials(found)), True, f"{found.lie}: {waited} mails waited")


def trials(found):
    return 1 + found.seconds / (0.8 * HOST_DOWN_SECS)


def killed(site):
    """OCSP and CRL hosts killed."""
    left_alone(outage(site, "dead", ["unreachable"], "connect"), 1)


def unplugged(site):
    """Hosts that do not even refuse a connection."""
    left_alone(outage(site, "unplugged", ["unreachable"], "did not answer in time"), 1)


def slow(site):
    """Hosts slowed to 30 s."""
    # Each strike takes a silence and the pause after it; both hosts are down after the last.
    found = outage(site, "slow", ["unreachable"], "did not answer in time",
                   least_secs=(STRIKES + 1) * (FETCH_SECS + 1.2 * HOST_DOWN_SECS))
    left_alone(found, STRIKES)
    # One silence, on a connection that was open already, does not make a host a dead one.
    for port in (site.ocsp, site.crl):
        count = sum(one[0] == port for one in found.requests)
        equal(STRIKES <= count <= STRIKES + trials(found), True, f"slow: {count} requests to port {port}")


def dripping(site):
    """Hosts that send a byte each 100 ms."""
    # Its list, once begun, may take longer: that is what a large one looks like on a thin line.
    outage(site, "dripping", ["unreachable"], "did not answer in time")


def garbage(site):
    """Hosts that answer with noise, a login page, nothing, half an answer."""
    outage(site, "garbage", ["unreachable"], "malformed")


def wrong_key(site):
    """Answers and lists signed by another key, by another CA's responder, by a certificate that may not."""
    outage(site, "wrong key", ["unreachable"], "does not verify")


def stale(site):
    """Answers and lists that are no longer in force."""
    outage(site, "stale", ["stale"], "no longer in force")


def redirected(site):
    """Hosts that send to an address that is not listed: it sees no connection."""
    outage(site, "redirect", ["unreachable"], "which is not followed")
    equal(site.liar.trap.count, 0, "connections to the address that is not listed")


def errors(site):
    """Unsigned errors: tryLater, unauthorized, internalError, HTTP 503, 404, 500."""
    outage(site, "error", ["unreachable", "unknown"], "trylater")


def other_certificate(site):
    """A signed good for another certificate, and the list of another CA."""
    outage(site, "other", ["unreachable", "unknown"], "for another certificate")


def run(*outages):
    return site_test.run(*outages, site_class=CalmSite, status_limit=f"{STATUS_SECS}s", fetch_timeout=f"{int(FETCH_SECS * 1000)}ms",
                         host_down=f"{HOST_DOWN_SECS}s")


if __name__ == "__main__":
    sys.exit(run(killed, slow, garbage, wrong_key, redirected, other_certificate))
