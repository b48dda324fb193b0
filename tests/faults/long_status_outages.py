#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# The outages of test_status_calm.py that are much like another one of it.
"""More outages of certificate status."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import test_status_calm as calm

sys.exit(calm.run(calm.unplugged, calm.dripping, calm.stale, calm.errors))
