#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# The short form of long_reload.py: 20 mails a second and 10 reloads, every third one broken.
"""Run by make test."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import reloading
import site_test


def ten_reloads(site):
    """No mail is lost, refused, or decided by what belongs to two versions."""
    reloading.prove(site, 10)


sys.exit(site_test.run(ten_reloads, mode="enforce", with_servers=False))
