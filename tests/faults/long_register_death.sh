#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Three hundred deaths under load: see test_register_death.py.
KILLS=${KILLS:-300} exec "$(dirname "$0")/test_register_death.py" "$@"
