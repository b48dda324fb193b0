#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# kill -9 of every role, in turn, at random moments of refusals under load: notices owed are notices
# that reach the mail server.
"""Deaths of roles while notices are owed."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import notice_deaths

sys.exit(notice_deaths.run(12))
