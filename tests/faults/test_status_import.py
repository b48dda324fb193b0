#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# A network without a way to the CAs: lists brought by hand with `vanthu status import`.
"""CRLs that an administrator imports: taken when authentic and younger, used by the next mail, kept over a restart."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import site_test
from site_calm import CalmSite
from site_lab import wait_for
from site_test import equal


def bring(site, wanted_status, wanted_text, *files):
    done = site.vanthu("status", "import", *files)
    said = done.stdout + done.stderr
    equal((done.returncode, wanted_text in said), (wanted_status, True), f"import: {said}")
    return said.strip()


def closed_network(site):
    """Nothing can be fetched: a mail passes by the list that was brought by hand, in one pass, also after a restart."""
    site.begin_anew()
    site.liar.lie("dead")
    by = site.new_signers(1, by="public-ca", ocsp=None)[0]
    row = site.row(site.signed_mail(by))
    equal("STATUS_UNKNOWN" in row.reasons, True, f"before: {row}")
    print("     " + bring(site, 0, "entries, issued", site.make_crl("public-ca")))
    bring(site, 0, "at hand already", f"{site.pki}/crl/public-ca.crl", f"{site.pki}/crl/public-root.crl")
    for what in ("imported", "after a restart"):
        def pass_once():
            row = site.row(site.signed_mail(by))
            equal((row.passed, row.status().get("source"), row.status().get("origin")), (True, "crl", "given"), f"{what}: {row}")
            return row.record["msecs"]["status"] == 0 and row
        # A generation is published a second after the one before at the latest.
        print(f"     {what}: {wait_for('a mail that asks nobody', pass_once, 4)}")
        site.restart_milter()


def refused(site):
    """A list that is older, altered, of a stranger, or none at all is not taken, and the reason is told."""
    site.begin_anew()
    current = site.make_crl("public-ca")
    bring(site, 0, "entries", current)
    older = site.make_crl("public-ca", path=site.folder + "/older.crl", ago_secs=3600)
    print("     " + bring(site, 65, "older than the one at hand", older))
    with open(current, "rb") as file:
        broken = bytearray(file.read())
    broken[-9] ^= 1
    with open(site.folder + "/broken.crl", "wb") as file:
        file.write(broken)
    print("     " + bring(site, 65, "not taken", site.folder + "/broken.crl"))
    print("     " + bring(site, 65, "no CRL", __file__))
    # One of several: the others are taken all the same.
    said = bring(site, 65, "at hand already", older, current)
    equal("older" in said, True, said)
    equal(site.vanthu("status", "import").returncode, 64, "without a file")
    bring(site, 66, "", site.folder + "/missing.crl")


def no_service(site):
    """Without a running service: 69."""
    site.stop_milter()
    bring(site, 69, "not running", f"{site.pki}/crl/public-ca.crl")
    site.start_milter()


if __name__ == "__main__":
    sys.exit(site_test.run(closed_network, refused, no_service, site_class=CalmSite, status_limit="1s",
                           fetch_timeout="400ms", host_down="1s"))
