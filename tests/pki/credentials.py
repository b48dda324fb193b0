# SPDX-License-Identifier: Apache-2.0
#
# Certificates and keys of the test PKI by name, and raw signatures with them:
# RSA PKCS#1 v1.5, RSA-PSS, ECDSA.  Knows nothing of CMS or PDF.
"""Load a credential of the test PKI and sign bytes with it."""

import glob
import os

from asn1crypto import algos, pem, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

import keyfile

HASHES = {"sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}


class Credential:
    """name, cert (asn1crypto), chain (leaf first, root last), key (cryptography)."""

    def __init__(self, name, cert, chain, key):
        self.name, self.cert, self.chain, self.key = name, cert, chain, key

    @property
    def common_name(self):
        return self.cert.subject.native["common_name"]

    def scheme(self, wanted="auto"):
        """The signature scheme: pkcs1, pss or ecdsa; "auto" goes by the key."""
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return "ecdsa"
        return "pkcs1" if wanted in ("auto", "ecdsa") else wanted

    def algorithm(self, scheme, digest):
        """SignedDigestAlgorithm as it stands in a SignerInfo."""
        if scheme == "pss":
            size = HASHES[digest].digest_size
            return algos.SignedDigestAlgorithm({"algorithm": "rsassa_pss", "parameters": algos.RSASSAPSSParams({
                "hash_algorithm": {"algorithm": digest},
                "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": digest}},
                "salt_length": size})})
        if scheme == "ecdsa":
            return algos.SignedDigestAlgorithm({"algorithm": digest + "_ecdsa"})
        return algos.SignedDigestAlgorithm({"algorithm": digest + "_rsa"})

    def sign(self, data, scheme, digest):
        """Raw signature value over data."""
        algorithm = HASHES[digest]()
        if isinstance(self.key, rsa.RSAPrivateKey):
            pad = padding.PKCS1v15()
            if scheme == "pss":
                pad = padding.PSS(padding.MGF1(algorithm), algorithm.digest_size)
            return self.key.sign(data, pad, algorithm)
        return self.key.sign(data, ec.ECDSA(algorithm))


def read_cert(path):
    """One certificate, PEM or DER."""
    with open(path, "rb") as f:
        data = f.read()
    if pem.detect(data):
        data = pem.unarmor(data)[2]
    return x509.Certificate.load(data)


_known = {}


def _by_key_id(pki):
    """All certificates of the PKI by subject key identifier."""
    if pki not in _known:
        certs = [read_cert(p) for p in glob.glob(os.path.join(pki, "certs", "*.pem"))]
        _known[pki] = {c.key_identifier: c for c in certs}
    return _known[pki]


def load(pki, name):
    """The credential called name; its chain is followed by key identifier, so equal names do not confuse it."""
    cert = read_cert(os.path.join(pki, "certs", name + ".pem"))
    key = keyfile.read(os.path.join(pki, "keys", name + ".key"))
    chain = [cert]
    while chain[-1].authority_key_identifier not in (None, chain[-1].key_identifier):
        chain.append(_by_key_id(pki)[chain[-1].authority_key_identifier])
    return Credential(name, cert, chain, key)
