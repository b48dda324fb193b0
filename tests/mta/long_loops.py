#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# The two sites of test_loops.py with policies that tell everybody of every mail.
"""Loops where everybody is told of everything."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import loop_site
import site_test

sys.exit(site_test.run(loop_site.tell_everybody, site_class=loop_site.Site))
