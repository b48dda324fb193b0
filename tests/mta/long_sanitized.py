#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# End-to-end tests that feed bad input or let parts die, once more with the programs of the sanitizer build
# (make SANITIZE=1): the runner fails on any report in the log.
"""End-to-end tests under sanitizers."""

import os
import subprocess
import sys

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
BUILD = os.path.abspath(TESTS + "/../build/sanitize")
NAMES = ("mta/test_postfix_bad_mail", "mta/test_postfix_policy", "mta/test_postfix_observe", "faults/test_gateway_death",
         "faults/test_status_death", "faults/test_status_restart", "faults/test_status_closed",
         "hsm/test_vault", "hsm/test_csc", "hsm/test_nethsm", "hsm/test_sealer", "hsm/test_pin_states", "hsm/test_hsm_faults",
         "hsm/test_seal_command", "hsm/test_seal_services", "hsm/test_notice_signed", "hsm/test_seal_file",
         "hsm/test_seal_mail", "hsm/test_seal_documents", "hsm/test_seal_stamp")


def main():
    if not os.path.exists(BUILD + "/vanthu-milter"):
        print("needs make SANITIZE=1")
        return 77
    build = os.environ.get("VANTHU_BUILD", BUILD)
    environment = dict(os.environ, VANTHU_BUILD=build, VANTHU_MILTER=build + "/vanthu-milter",
                       ASAN_OPTIONS="detect_leaks=1:abort_on_error=1", UBSAN_OPTIONS="print_stacktrace=1")
    failed = 0
    for name in NAMES:
        done = subprocess.run([f"{TESTS}/{name}.py"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        failed += done.returncode != 0
        print(f"{'ok  ' if done.returncode == 0 else 'FAIL'} {name}: {(done.stdout.splitlines() or ['it said nothing'])[-1]}", flush=True)
        if done.returncode:
            print(done.stdout)
    return 1 if failed else 0


sys.exit(main())
