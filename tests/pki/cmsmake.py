# SPDX-License-Identifier: Apache-2.0
#
# CMS SignedData (RFC 5652) and time-stamp tokens (RFC 3161), built attribute by
# attribute so that a test can leave out, falsify or add each of them.
"""Make CMS signatures and time-stamp tokens with credentials of the test PKI."""

import hashlib
import os

from asn1crypto import algos, cms, core, parser, tsp, x509

TSA_POLICY = "2.16.704.1.1.1.1.9"


def _attribute(kind, *values):
    return cms.CMSAttribute({"type": kind, "values": list(values)})


def _attribute_of(kind, value):
    """An attribute whose value is there in DER. Given as an object, asn1crypto would encode it anew at
    each of its levels, which takes up to a minute for a time-stamp token."""
    content = cms.CMSAttributeType(kind).dump() + parser.emit(0, 1, 17, value)
    return cms.CMSAttribute.load(parser.emit(0, 1, 16, content))


def _signing_certificate_v2(credential):
    """ESS signing-certificate-v2 (RFC 5035) naming the signer's certificate by SHA-256."""
    cert = credential.cert
    name = {"issuer": [x509.GeneralName("directory_name", cert.issuer)], "serial_number": cert.serial_number}
    ess = tsp.ESSCertIDv2({"cert_hash": hashlib.sha256(cert.dump()).digest(), "issuer_serial": name})
    return _attribute("signing_certificate_v2", tsp.SigningCertificateV2({"certs": [ess]}))


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
    signer = key_of or credential
    fields = {
        "version": "v1",
        "sid": cms.SignerIdentifier("issuer_and_serial_number", cms.IssuerAndSerialNumber(
            {"issuer": credential.cert.issuer, "serial_number": credential.cert.serial_number})),
        "digest_algorithm": {"algorithm": digest},
        "signature_algorithm": credential.algorithm(scheme, digest),
    }
    signed_bytes = content
    if attributes:
        listed = [_attribute("content_type", content_type),
                  _attribute("message_digest", message_digest or hashlib.new(digest, content).digest())]
        if signing_time:
            listed.append(_attribute("signing_time", cms.Time("utc_time", core.UTCTime(signing_time))))
        if ess:
            listed.append(_signing_certificate_v2(credential))
        signed_attrs = cms.CMSAttributes(listed)
        fields["signed_attrs"] = signed_attrs
        signed_bytes = signed_attrs.dump()
    signature = signer.sign(signed_bytes, scheme, digest)
    fields["signature"] = signature
    if time_stamp:
        fields["unsigned_attrs"] = [_attribute_of("signature_time_stamp_token", time_stamp(signature))]

    enclosed = {"content_type": content_type}
    if not detached:
        enclosed["content"] = (core.OctetString if content_type == "data" else core.ParsableOctetString)(content)
    body = {"version": "v1" if content_type == "data" else "v3", "digest_algorithms": [{"algorithm": digest}],
            "encap_content_info": enclosed, "signer_infos": [cms.SignerInfo(fields)]}
    chosen = {"chain": credential.chain, "no-root": credential.chain[:-1], "leaf": credential.chain[:1], "none": []}
    listed = chosen[certs] if isinstance(certs, str) else certs
    if listed:
        body["certificates"] = listed
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(body)}).dump()


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
