# SPDX-License-Identifier: Apache-2.0
"""The test PKI, the named documents and the named mails, for a comparison."""

import os
import subprocess
import sys

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, TESTS + "/lib")


def make(folder):
    """Folders of PKI, documents and mails below folder."""
    pki, documents, mails = (f"{folder}/{name}" for name in ("pki", "documents", "mails"))
    subprocess.run([TESTS + "/pki/mkpki.sh", pki], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([TESTS + "/documents/mkdocuments.py", pki, documents], check=True)
    subprocess.run([TESTS + "/mail/mkmails.py", pki, documents, mails], check=True)
    return pki, documents, mails


def names(folder, ending):
    found = sorted(name for name in os.listdir(folder) if name.endswith(ending))
    if not found:
        raise RuntimeError(f"no {ending} in {folder}")
    return found


def read(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()
