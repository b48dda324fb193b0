#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# 20 mails a second and 50 reloads, every third one broken.
"""Reloads under load, the long way."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import reloading
import site_test


def fifty_reloads(site):
    """No mail is lost, refused, or decided by what belongs to two versions."""
    reloading.prove(site, 50)


sys.exit(site_test.run(fifty_reloads, mode="enforce", with_servers=False))
