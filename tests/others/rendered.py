#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Every PDF file of others: where vanthu says that nothing but what is permitted came after a signature, poppler
# and MuPDF have to show the same (tests/lib/rendering.py). Exit status 77: there are no files.
"""Renderers as judges over the files of others."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import files
import rendering

given = files.options("renderers as judges of what changed after a signature")
sys.exit(0 if rendering.agree(files.evidence(given, [row["path"] for row in files.rows(given)])) else 1)
