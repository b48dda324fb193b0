# SPDX-License-Identifier: Apache-2.0
#
# Run by the Python of a virtual environment that has pyHanko:
#   pyhanko_sign.py PKI NAME IN OUT      signs as NAME of the test PKI, shown on page 1
"""A signature that pyHanko makes."""

import sys

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers


def main():
    pki, name, source, target = sys.argv[1:]
    signer = signers.SimpleSigner.load(f"{pki}/keys/{name}.key", f"{pki}/certs/{name}.pem", ca_chain_files=(f"{pki}/certs/ca-g2.pem",))
    metadata = signers.PdfSignatureMetadata(field_name="KySo", md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES)
    with open(source, "rb") as file, open(target, "wb") as out:
        signers.sign_pdf(IncrementalPdfFileWriter(file), metadata, signer=signer,
                         new_field_spec=fields.SigFieldSpec("KySo", on_page=0, box=(60, 60, 260, 110)), output=out)


main()
