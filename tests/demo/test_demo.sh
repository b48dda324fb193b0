#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The demonstration is a test: it exits non-zero when an outcome is not the expected one.
exec "$(dirname "$0")/demo.py"
