#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# test_status_calm.py with the times that an administrator gets who sets none: 3 s for status, 3 s for
# an answer, hosts left alone for a minute. Some minutes.
"""An outage of certificate status with the default times."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import site_test
import test_status_calm as calm
from site_calm import CalmSite
from site_test import equal

calm.FETCH_SECS, calm.HOST_DOWN_SECS = 3, 60
calm.WAITED_SECS, calm.LONGEST_MSECS = 1, 3800



def slow(site):
    """Hosts slowed to 30 s."""
    found = calm.outage(site, "slow", ["unreachable"], "did not answer in time")
    # The list has one address, which is asked twice a minute: its host is not called down within these mails.
    waited = sum(row.seconds > calm.WAITED_SECS for row in found.rows)
    equal(waited <= calm.HOSTS * calm.STRIKES, True, f"{waited} mails waited")


sys.exit(site_test.run(calm.killed, slow, calm.garbage, calm.stale, site_class=CalmSite, status_limit="3s",
                       fetch_timeout="3s", host_down="60s"))
