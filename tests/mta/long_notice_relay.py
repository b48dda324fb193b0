#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# The relay of test_notice_hostile.py: it lies, is silent, and goes away when it should answer.
"""Notices and a relay that lies."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

import site_test
from test_notice_hostile import SETTINGS, a_lying_relay, a_relay_that_closes_after_the_dot

sys.exit(site_test.run(a_lying_relay, a_relay_that_closes_after_the_dot, extra=SETTINGS))
