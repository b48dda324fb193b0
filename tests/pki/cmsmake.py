# SPDX-License-Identifier: Apache-2.0
#
# CMS SignedData (RFC 5652) and time-stamp tokens (RFC 3161), built attribute by
# attribute so that a test can leave out, falsify or add each of them.
"""Make CMS signatures and time-stamp tokens with credentials of the test PKI."""

import functools
import hashlib
import os

from asn1crypto import algos, cms, core, parser, tsp, x509

TSA_POLICY = "2.16.704.1.1.1.1.9"


# asn1crypto encodes what is below an object anew at each of its levels: what a signature is made of is put
# together from the leaves up.
def _tagged(number, *parts):
    """[number], constructed: around one value, or in the place of the tag of a sequence or set."""
    return parser.emit(2, 1, number, b"".join(parts))


def _sequence(*parts):
    return parser.emit(0, 1, 16, b"".join(parts))


def _set_of(parts, tag=None):
    """In the order of DER."""
    return parser.emit(0, 1, 17, b"".join(sorted(parts))) if tag is None else _tagged(tag, *sorted(parts))


def _attribute(kind, value):
    """value: in DER."""
    return _sequence(cms.CMSAttributeType(kind).dump(), _set_of([value]))


@functools.lru_cache(None)
def _algorithm(digest):
    return algos.DigestAlgorithm({"algorithm": digest}).dump()


def _signing_certificate_v2(credential):
    """ESS signing-certificate-v2 (RFC 5035) naming the signer's certificate by SHA-256."""
    cert = credential.cert
    names = _sequence(x509.GeneralName("directory_name", cert.issuer).dump())
    ess = _sequence(core.OctetString(hashlib.sha256(cert.dump()).digest()).dump(),
                    _sequence(names, core.Integer(cert.serial_number).dump()))
    return _attribute("signing_certificate_v2", _sequence(_sequence(ess)))


def _attributes(credential, content, content_type, digest, signing_time, ess, message_digest):
    """The signed attributes, in DER, one by one."""
    listed = [_attribute("content_type", cms.ContentType(content_type).dump()),
              _attribute("message_digest", core.OctetString(message_digest or hashlib.new(digest, content).digest()).dump())]
    if signing_time:
        listed.append(_attribute("signing_time", core.UTCTime(signing_time).dump()))
    if ess:
        listed.append(_signing_certificate_v2(credential))
    return listed


def signed_data(credential, content, detached=True, content_type="data", digest="sha256", scheme="auto",
                signing_time=None, ess=True, certs="chain", time_stamp=None, attributes=True, key_of=None,
                message_digest=None):
    """A ContentInfo with one SignerInfo, in DER.

    content         the bytes that are signed (and enclosed unless detached)
    signing_time    aware datetime for the signing-time attribute; None leaves it out
    certs           "chain" (with root), "no-root", "leaf", "none", or a list of certificates
    time_stamp      function(signature value) -> token in DER, put in as unsigned attribute
    attributes      False signs the content itself, without signed attributes
    key_of          another credential whose key makes the signature (a wrong one)
    message_digest  replaces the true digest in the message-digest attribute
    """
    scheme = credential.scheme(scheme)
    issuer = _sequence(credential.cert.issuer.dump(), core.Integer(credential.cert.serial_number).dump())
    listed = _attributes(credential, content, content_type, digest, signing_time, ess, message_digest) if attributes else []
    signature = (key_of or credential).sign(_set_of(listed) if attributes else content, scheme, digest)
    token = [_attribute("signature_time_stamp_token", time_stamp(signature))] if time_stamp else []
    signer = _sequence(core.Integer(1).dump(), issuer, _algorithm(digest), _set_of(listed, tag=0) if listed else b"",
                       credential.algorithm(scheme, digest).dump(), core.OctetString(signature).dump(),
                       _set_of(token, tag=1) if token else b"")
    enclosed = b"" if detached else _tagged(0, core.OctetString(content).dump())
    chosen = {"chain": credential.chain, "no-root": credential.chain[:-1], "leaf": credential.chain[:1], "none": []}
    carried = [cert.dump() for cert in (chosen[certs] if isinstance(certs, str) else certs)]
    signed = _sequence(core.Integer(1 if content_type == "data" else 3).dump(), _set_of([_algorithm(digest)]),
                       _sequence(cms.ContentType(content_type).dump(), enclosed),
                       _set_of(carried, tag=0) if carried else b"", _set_of([signer]))
    return _sequence(cms.ContentType("signed_data").dump(), _tagged(0, signed))


def time_stamp_token(tsa, imprint, when, digest="sha256", nonce=None, certs="chain", policy=TSA_POLICY):
    """A time-stamp token over a digest value, in DER; when is an aware datetime."""
    info = {"version": "v1", "policy": policy,
            "message_imprint": {"hash_algorithm": algos.DigestAlgorithm({"algorithm": digest}), "hashed_message": imprint},
            "serial_number": int.from_bytes(os.urandom(8), "big"), "gen_time": when, "accuracy": {"seconds": 1}}
    if nonce is not None:
        info["nonce"] = nonce
    return signed_data(tsa, tsp.TSTInfo(info).dump(), detached=False, content_type="tst_info",
                       signing_time=when, certs=certs)


def time_stamper(tsa, when, digest="sha256", wrong=False):
    """A function for signed_data(time_stamp=...); wrong=True stamps other bytes than the signature's."""
    def stamp(signature):
        data = b"other bytes" if wrong else signature
        return time_stamp_token(tsa, hashlib.new(digest, data).digest(), when, digest)
    return stamp
