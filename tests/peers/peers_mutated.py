#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# What pyHanko signed, alone and below a seal of vanthu, with changed bytes: nothing covered passes, and what passes of
# /Contents is the same signature (tests/mutate/mutate.c). Exit status 77: pyHanko cannot be had.
"""Changed bytes in files signed by pyHanko and sealed by vanthu."""

import os
import subprocess
import sys
import tempfile

from made import TESTS, make, read
import programs

BUILD = TESTS + "/../build/tests"
SAMPLES = "150"


def main():
    if not programs.pyhanko_install():
        print("pyHanko cannot be installed from the package index")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        pki, documents, _ = make(folder)
        signed, sealed, chain = (f"{folder}/{name}" for name in ("signed.pdf", "sealed.pdf", "chain.pem"))
        programs.pyhanko_sign(pki, "person", documents + "/unsigned.pdf", signed)
        with open(chain, "wb") as file:
            file.write(read(pki, "certs/agency.pem") + read(pki, "certs/ca-g2.pem"))
        subprocess.run([BUILD + "/seal/seal_file", f"{pki}/keys/agency.key", chain, signed, sealed], check=True, stdout=subprocess.DEVNULL)
        return subprocess.run([BUILD + "/mutate/mutate", f"{pki}/trust/official/root-g2.pem", f"{pki}/trust/intermediates", f"{pki}/crl/ca-g2.crl",
                               f"{pki}/crl/root-g2.crl", "--", signed, sealed],
                              env=dict(os.environ, MUTATE_UNCOVERED="1", MUTATE_SAMPLES=SAMPLES), check=False).returncode


sys.exit(main())
