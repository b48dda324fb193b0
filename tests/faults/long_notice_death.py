#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# test_notice_death.py with 500 deaths, and until nothing waits any more.
#   KILLS  deaths [500]   SEED  of the random moments
"""500 deaths of roles while notices are owed."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import notice_deaths

sys.exit(notice_deaths.run(int(os.environ.get("KILLS", "500")), all_of_it=True))
