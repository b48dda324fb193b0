#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Death of status and fetch, and of the servers they ask. A mail whose status cannot be known is
# answered 451, or tagged STATUS_UNKNOWN when its sources are known to be down; it is never passed.
# One source is enough, and what comes back is used again.
"""Death of status, fetch, OCSP and CRL servers."""

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import site_test
from site_lab import all_reasons, wait_for
from site_test import equal, own_headers, pdf_mail, plain_mail

STATUS_MSECS = 2500  # limits.status of this site


def signed_mail(site, by):
    return pdf_mail(site.sign(by))


def known(site, answer, what):
    """The mail was passed with its status known."""
    equal((answer["code"], all_reasons(site.record_of(answer)["evidence"])), (250, []), what)


def unknown(site, answer, what):
    """The mail was answered 451 for a status that is not known, with no verdict of TOTAL-PASSED."""
    record = site.record_of(answer)
    equal((answer["code"], "STATUS_UNKNOWN" in all_reasons(record["evidence"])), (451, True), what)
    equal("TOTAL-PASSED" in str(record["evidence"]["documents"]), False, what + ": verdict")
    return record


def meanwhile(site, message, path, action):
    """Send; when the server was asked for path, act; the answer."""
    before = len([line for line in site.requests() if path in line])
    answer = site.send_in_background(message)
    wait_for("the request", lambda: len([line for line in site.requests() if path in line]) > before)
    action()
    return answer.result(60)


def status_killed(site):
    """Status killed while a mail waits for it: 451; tried again, it passes."""
    message = signed_mail(site, site.issue(1, ocsp="/slow", crl=None)[0])
    pid = site.pid("status")
    answer = meanwhile(site, message, "/slow", lambda: os.kill(pid, signal.SIGKILL))
    unknown(site, answer, "status killed")
    site.wait_restarted("status", pid)
    again = site.send(message)
    known(site, again, "the same mail afterwards")
    print(f"     451 after {answer['seconds']:.2f} s, then 250 after {again['seconds']:.2f} s")


def fetch_killed(site):
    """Fetch killed while a mail waits for it: the fetch is done anew, or 451; tried again, it passes."""
    message = signed_mail(site, site.issue(1, ocsp="/slow", crl=None)[0])
    pid = site.pid("fetch")
    answer = meanwhile(site, message, "/slow", lambda: os.kill(pid, signal.SIGKILL))
    (known if answer["code"] == 250 else unknown)(site, answer, "fetch killed")
    site.wait_restarted("fetch", pid)
    again = site.send(message)
    known(site, again, "the same mail afterwards")
    print(f"     {answer['code']} after {answer['seconds']:.2f} s, then 250 after {again['seconds']:.2f} s")


def stopped(site):
    """Status, then fetch, that hang: 451 within the budget, other mails are not delayed."""
    for role in ("status", "fetch"):
        message = signed_mail(site, site.issue(1, crl=None)[0])
        pid = site.pid(role)
        os.kill(pid, signal.SIGSTOP)
        waiting = site.send_in_background(message)
        other = site.send(plain_mail())
        answer = waiting.result(60)
        os.kill(pid, signal.SIGCONT)
        record = unknown(site, answer, f"{role} hangs")
        equal(record["msecs"]["status"] < STATUS_MSECS + 500, True, f"milliseconds {record['msecs']}")
        equal(other["code"] == 250 and other["seconds"] < 1, True, f"another mail {other}")
        wait_for("status to be known", lambda: site.send(message)["code"] == 250, 15, 0.5)
        print(f"     {role} hangs: 451 after {record['msecs']['status']} ms, another mail meanwhile {other['seconds']:.2f} s; 250 later")


def hanging_server(site):
    """A server that takes the request and says nothing: 451 within the budget, others are not delayed."""
    message = signed_mail(site, site.issue(1, ocsp="/hang", crl=None)[0])
    answer = meanwhile(site, message, "/hang", lambda: equal(site.send(signed_mail(site, "agency"))["code"], 250, "another mail"))
    record = unknown(site, answer, "server hangs")
    equal(record["msecs"]["total"] < STATUS_MSECS + 1000, True, f"milliseconds {record['msecs']}")
    print(f"     451 after {record['msecs']['total']} ms")


def passes_again(site, **options):
    """The answer to the first mail that passes when the servers are no longer left alone."""
    def look():
        answer = site.send(signed_mail(site, site.issue(1, **options)[0]))
        # While they are left alone, mails are delivered with a mark.
        return answer if answer["code"] == 250 and not all_reasons(site.record_of(answer)["evidence"]) else None
    answer = wait_for("a mail that passes", look, 15, 0.2)
    known(site, answer, "with a server")
    return answer


def one_server_is_enough(site):
    """OCSP alone, then CRL alone: the status is known."""
    site.stop_servers()
    for what, options in (("OCSP", {"crl": False}), ("CRL", {"ocsp": False})):
        server = site.start_server(**options)
        try:
            answer = passes_again(site, by="ca-g2" if what == "OCSP" else "public-ca")
            status = site.record_of(answer)["evidence"]["documents"][0]["signatures"][0]["statuses"][0]
            print(f"     {what} alone: 250 after {answer['seconds']:.2f} s, source {status.get('source')}")
        finally:
            server.kill()
            server.wait()


def no_server(site):
    """No server at all: tagged at once, for waiting would change nothing; passed once a server is back."""
    message = signed_mail(site, site.issue(1, crl=None)[0])
    equal(site.send(message)["code"], 250, "no server")
    action = own_headers(site.delivered(message))["x-vanthu-action"][0]
    equal(action.startswith("tag") and "status-sources-down" in action, True, action)
    urgent = signed_mail(site, site.issue(1, crl=None)[0]).replace(b"Subject: =?utf-8?B?", "Subject: HỎA TỐC ".encode() + b"=?utf-8?B?", 1)
    tagged = site.send(urgent)
    equal(tagged["code"], 250, "an urgent mail, which is not deferred")
    action = own_headers(site.delivered(urgent))["x-vanthu-action"][0]
    equal(action.startswith("tag") and "STATUS_UNKNOWN" in action, True, action)
    server = site.start_server()
    try:
        back = passes_again(site, crl=None)
    finally:
        server.kill()
        server.wait()
    print(f"     tagged; urgent mail: {action}; with servers again 250 after {back['seconds']:.2f} s")


sys.exit(site_test.run(status_killed, fetch_killed, stopped, hanging_server, one_server_is_enough, no_server,
                       status_limit=f"{STATUS_MSECS}ms", fetch_timeout="3s", host_down="1s"))
