# SPDX-License-Identifier: Apache-2.0
#
# Private keys that mkpki.sh made. A library that loads one checks its numbers, which takes longer than
# all that a test signs with it; keys of one's own need no check.
"""Load a private key of the test PKI."""

import functools

from cryptography.hazmat.primitives import serialization


@functools.lru_cache(None)
def load(data):
    """The key of these bytes (PEM, no password)."""
    try:
        return serialization.load_pem_private_key(data, None, unsafe_skip_rsa_key_validation=True)
    except TypeError:  # before cryptography 39 it is a setting
        from cryptography.hazmat.backends.openssl import backend
        before, backend._rsa_skip_check_key = getattr(backend, "_rsa_skip_check_key", False), True
        try:
            return serialization.load_pem_private_key(data, None)
        finally:
            backend._rsa_skip_check_key = before


def read(path):
    """The key of a file."""
    with open(path, "rb") as f:
        return load(f.read())
