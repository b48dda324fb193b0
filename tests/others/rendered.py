#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Every PDF file of others: where vanthu says that nothing but what is permitted came after a signature, poppler,
# MuPDF and, where it can be had, PDFium have to show the same (tests/lib/rendering.py). Exit status 77: there are no
# files.
"""Renderers as judges over the files of others."""

import os
import sys

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path[:0] = [TESTS + "/lib", TESTS + "/peers"]

import files
import programs
import rendering

given = files.options("renderers as judges of what changed after a signature")
if programs.pdfium_install():
    rendering.RENDERERS["pdfium"] = programs.pdfium_draws(rendering.DPI)
sys.exit(0 if rendering.agree(files.evidence(given, [row["path"] for row in files.rows(given)])) else 1)
