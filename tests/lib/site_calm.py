# SPDX-License-Identifier: Apache-2.0
#
# Fifty mails in a row while the hosts of certificate status are dead, slow or lying: what each got
# and how long it took. For tests that must show that a mail server stays calm.
"""with CalmSite(folder) as site: …"""

import json
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for name in ("mta", "servers"):
    sys.path.insert(0, os.path.join(HERE, "..", name))

import credentials
import milterclient
from lying import Lying
from site_lab import BUILD, all_reasons, wait_for
from site_test import NUMBERS, Site, equal, pdf_mail


class Row:
    """What one mail got."""

    def __init__(self, code, seconds, reply, record):
        self.code, self.seconds, self.reply, self.record = code, seconds, reply, record
        self.evidence = record["evidence"]
        self.signatures = [s for d in self.evidence["documents"] for s in d["signatures"]]
        self.reasons = all_reasons(self.evidence)
        self.action = (record.get("decision") or {}).get("action")
        self.rule = (record.get("decision") or {}).get("rule")

    @property
    def verdict(self):
        return " ".join(s["indication"] for s in self.signatures)

    def status(self, index=0):
        """The status of a certificate of the first signature's path; 0 is the signer."""
        return self.signatures[0]["statuses"][index]

    @property
    def source_down(self):
        """Everything that is not known is not known because its sources are being left alone."""
        missing = [status for s in self.signatures for status in s["statuses"] if status["value"] in ("unknown", "unreachable", "stale")]
        return bool(missing) and all(status["source_down"] for status in missing)

    @property
    def findings(self):
        """What the administrator reads, in one text."""
        return " ".join(finding for s in self.signatures for finding in s["findings"])

    @property
    def passed(self):
        return self.code == 250 and "TOTAL-PASSED" in self.verdict and not self.reasons

    def __str__(self):
        statuses = ", ".join(f"{s['value']}/{s.get('source')}" for s in self.signatures[0]["statuses"]) if self.signatures else "-"
        return f"{self.code} {self.verdict} {self.reasons} rule {self.rule}, {self.seconds:.3f} s, statuses {statuses}"


class CalmSite(Site):
    """A site without Postfix whose OCSP and CRL hosts are of class Lying; the third port, .elsewhere, is
    a further host. Mails go straight to the milter."""

    def __init__(self, folder, **options):
        super().__init__(folder, **{"with_mta": False, "with_servers": False, **options})
        self.elsewhere = self.ocsp + 1
        self.allowed_hosts = f', "127.0.0.1:{self.elsewhere}"'
        self.liar = None

    def start(self):
        super().start()
        self.liar = Lying(self.pki, self.ocsp, self.crl, self.elsewhere)

    def stop(self):
        super().stop()
        if self.liar:
            self.liar.close()

    def signed_mail(self, by):
        return pdf_mail(self.sign(by))

    def new_signers(self, count, **options):
        return self.issue(count, **options)

    def credential(self, name):
        return credentials.load(self.pki, name)

    def command(self, *arguments):
        """A command of vanthu(1) with this site's configuration: (exit status, all it said)."""
        done = subprocess.run([BUILD + "/vanthu", *arguments, "--config", self.folder + "/vanthu.yaml"], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def report(self):
        """What `vanthu status` says of certificates: the object "status", its hosts by name."""
        found = json.loads(self.vanthu("status", "--json").stdout)["status"]
        return found, {host["host"]: host for host in found["hosts"]}

    def import_crl(self, path):
        return self.command("status", "import", path)

    def row(self, message):
        """Send one mail; a Row."""
        return self.rows([message])[0]

    def rows(self, messages, pause=0):
        """Send mails one after the other, each on a connection of its own, as an MTA does."""
        sent = []
        for message in messages:
            mail = milterclient.Mail(message, sender="<vanthu@sonv.ninhbinh.gov.vn>", recipients=["<vanthu@ninhbinh.gov.vn>"],
                                     queue_id=f"CALM{next(NUMBERS)}")
            milter = milterclient.Milter(f"unix:{self.folder}/run/milter.sock")
            milter.connect()
            outcome = milter.deliver(mail)
            milter.close()
            sent.append((mail.queue_id, outcome))
            time.sleep(pause)
        records = self.records_of([queue_id for queue_id, _ in sent])
        return [Row(outcome.code(), outcome.total_seconds, outcome.reply or "", records[queue_id]) for queue_id, outcome in sent]

    def records_of(self, queue_ids):
        def look():
            found = {record["queue_id"]: record for record in self.records() if record.get("queue_id") in queue_ids}
            return found if len(found) == len(set(queue_ids)) else None
        return wait_for(f"the records of {len(queue_ids)} mails", look)

    def begin_anew(self, *known):
        """Truthful hosts, an empty state, and mails of these signers seen once."""
        self.liar.lie("right")
        self.liar.custom = None
        self.restart_milter(keep_status=False)
        for by in known:
            row = self.row(self.signed_mail(by))
            equal(row.passed, True, f"a mail of {by} while all is well: {row}")


def milliseconds(rows):
    return sorted(round(row.seconds * 1000) for row in rows)


def summary(rows):
    """median, 95th percentile and maximum in milliseconds."""
    times = milliseconds(rows)
    return round(statistics.median(times)), times[max(0, -(-95 * len(times) // 100) - 1)], times[-1]


def counted(rows):
    """What the rows got, each kind once with its number, in order of appearance."""
    found = {}
    for row in rows:
        kind = f"{row.code} {row.verdict} {','.join(row.reasons) or '-'} ({row.rule or 'no rule'})"
        found[kind] = found.get(kind, 0) + 1
    return [f"{number:3} x {kind}" for kind, number in found.items()]


# ---- one outage ----

TRIED_AGAIN = 6

class Outage:
    """All status hosts tell one lie while mails come in whose signers are not known yet."""

    def __init__(self, site, lie, messages, known="slow", least_secs=0):
        """least_secs: after the last of them the first ones come again until so much time has passed."""
        self.site, self.lie = site, lie
        site.begin_anew(known)
        asked = len(site.liar.asked)
        site.liar.lie(lie)
        begin = time.monotonic()
        self.rows = site.rows(messages)
        while time.monotonic() - begin < least_secs:
            self.rows += site.rows(messages[:TRIED_AGAIN])
        self.requests = site.liar.asked[asked:]
        self.again = messages[:TRIED_AGAIN]
        self.seconds = time.monotonic() - begin

    def recover(self, host_down_secs):
        """The hosts are right again: try the first mails again until each passes, as their senders' servers
        would. The seconds that took, and the longest that it may have taken: a host is left alone for
        d, 2 d, 4 d …, each 20 % more or less. When the outage lasted t, the period that is under way
        began within it, so it is no longer than 1.2 (d + t / 0.8)."""
        self.site.liar.lie("right")
        begin = time.monotonic()
        allowed = 1.2 * (host_down_secs + self.seconds / 0.8) + 1
        for message in self.again:
            wait_for("a mail that passes", lambda message=message: self.site.row(message).passed, allowed + 10, 0.1)
        return time.monotonic() - begin, allowed


def show(title, rows, first=5):
    """The table of a scenario."""
    print(f"     {title}")
    for line in counted(rows):
        print(f"       {line}")
    print(f"       first finding: {rows[0].findings[:230]}")
    for label, part in ((f"first {first}", rows[:first]), (f"last {len(rows) - first}", rows[first:])):
        if part:
            median, p95, most = summary(part)
            print(f"       {label:9}: median {median} ms, 95 % within {p95} ms, longest {most} ms")
    sys.stdout.flush()
