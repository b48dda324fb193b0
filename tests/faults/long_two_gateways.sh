#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The central database of two gateways away for a minute, and hanging for a minute.
OUTAGE_SECS=60 exec "$(dirname "$0")/test_two_gateways.py" prepare nothing_is_noticed
