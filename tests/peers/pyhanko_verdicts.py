# SPDX-License-Identifier: Apache-2.0
#
# Run by the Python of a virtual environment that has pyHanko:
#   pyhanko_verdicts.py PKI FILE...
# Prints one JSON line per FILE: {"file", "signatures": [{"field", "integrity", "covers", "changes",
# "indication"}]} or {"file", "error"}. Nothing is fetched; roots, intermediates and CRLs are those of
# the test PKI.
"""What pyHanko says of signed PDF files."""

import asyncio
import glob
import json
import logging
import sys

from asn1crypto import crl, pem, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import ades, generic_cms, policy_decl
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator.authority import CertTrustAnchor
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy, REQUIRE_REVINFO
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer

COVERS = {SignatureCoverageLevel.ENTIRE_FILE: "whole", SignatureCoverageLevel.ENTIRE_REVISION: "revision"}
CRLS = ("root-g2", "ca-g2", "root-g1", "ca-g1", "public-root", "public-ca")


def certificates(pattern):
    for path in sorted(glob.glob(pattern)):
        with open(path, "rb") as file:
            yield x509.Certificate.load(pem.unarmor(file.read())[2])


def revocation_lists(pki):
    for name in CRLS:
        with open(f"{pki}/crl/{name}.crl", "rb") as file:
            yield CRLContainer(crl.CertificateList.load(file.read()))


def specification(pki):
    anchors = [CertTrustAnchor(c) for s in ("official", "public") for c in certificates(f"{pki}/trust/{s}/*.pem")]
    knowledge = policy_decl.LocalKnowledge(known_crls=list(revocation_lists(pki)),
                                           known_certs=list(certificates(f"{pki}/trust/intermediates/*.pem")))
    policy = CertValidationPolicySpec(SimpleTrustManager.build(anchors), CertRevTrustPolicy(REQUIRE_REVINFO))
    local = policy_decl.RevocationInfoGatheringSpec(policy_decl.RevinfoOnlineFetchingRule.LOCAL_ONLY,
                                                    policy_decl.CertificateFetchingRule.NEVER_FETCH)
    return policy_decl.PdfSignatureValidationSpec(policy_decl.SignatureValidationSpec(
        policy, revinfo_gathering_policy=local, ts_cert_validation_policy=policy, local_knowledge=knowledge))


def structure(embedded):
    """What is covered, and what came after."""
    status = embedded.summarise_integrity_info()
    covers = COVERS.get(status["coverage"], "part")
    level = getattr(status.get("diff_result"), "modification_level", ModificationLevel.OTHER)
    if covers == "whole":
        return covers, "none"
    return covers, "not permitted" if level == ModificationLevel.OTHER or status.get("docmdp_ok") is False else "permitted"


def integrity(embedded):
    """Digest of the ranges and signature; who signed is not asked."""
    intact, valid = generic_cms.validate_sig_integrity(embedded.signer_info, embedded.signer_cert, "data", embedded.compute_digest())
    return "intact" if intact and valid else "broken"


async def process(embedded, spec):
    """The process of EN 319 102-1 that fits: with time (5.5) only where a signature is stamped, since pyHanko takes the lack
    of a stamp there for a failure; else the basic one (5.3)."""
    signature = spec.signature_validation_spec
    if embedded.sig_object_type == "/DocTimeStamp":
        return await ades.ades_timestamp_validation(embedded.signed_data, signature, embedded.compute_digest)
    stamped = any(True for _ in generic_cms.extract_tst_data_iter(embedded.signer_info, signed=False))
    chosen = ades.ades_with_time_validation if stamped else ades.ades_basic_validation
    return await chosen(embedded.signed_data, signature, raw_digest=embedded.compute_digest())


async def verdict(embedded, spec):
    embedded.compute_integrity_info()
    covers, changes = structure(embedded)
    result = await process(embedded, spec)
    sub = result.ades_subindic
    is_stamp = embedded.sig_object_type == "/DocTimeStamp"
    return {"field": str(embedded.field_name), "covers": covers, "changes": changes,
            "integrity": ("intact" if result.api_status.intact and result.api_status.valid else "broken") if is_stamp
                         else integrity(embedded),
            "indication": sub.status.name + ("" if sub.status.name == "PASSED" else "/" + sub.standard_name)}


async def verdicts(path, spec):
    with open(path, "rb") as file:
        reader = PdfFileReader(file, strict=False)
        if reader.encrypted:
            reader.decrypt("")
        return [await verdict(embedded, spec) for embedded in reader.embedded_signatures]


def main():
    logging.disable(logging.CRITICAL)
    spec = specification(sys.argv[1])
    for path in sys.argv[2:]:
        line = {"file": path}
        try:
            line["signatures"] = asyncio.run(verdicts(path, spec))
        except Exception as error:  # whatever a hostile file makes a library raise is its verdict
            line["error"] = f"{type(error).__name__}: {error}"
        print(json.dumps(line))


main()
