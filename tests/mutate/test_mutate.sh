#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every byte of a small good document and of a good S/MIME mail that the signature covers changed
# once: none may pass. A sample of the bytes of documents that ten programs wrote, and of what no
# signature covers of those: what passes then holds the very same signatures.
set -eu
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tests/pki/mkpki.sh "$folder/pki"
tests/documents/mkdocuments.py "$folder/pki" "$folder/documents"
tests/mail/mkmails.py "$folder/pki" "$folder/documents" "$folder/mails"
tests/mutate/mkproducers.py "$folder/pki" "$folder/producers"
mutate() {
	build/tests/mutate/mutate "$folder/pki/trust/official/root-g2.pem" "$folder/pki/trust/intermediates" "$folder/pki/crl/ca-g2.crl" \
	"$folder/pki/crl/root-g2.crl" -- "$@"
}
mutate "$folder/documents/good-small.pdf" "$folder/mails/smime.eml"
MUTATE_UNCOVERED=1 MUTATE_SAMPLES=30 mutate "$folder/documents/good-small.pdf" "$folder"/producers/*.pdf
