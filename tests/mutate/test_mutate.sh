#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every byte of a small good document and of a good S/MIME mail that the signature covers changed
# once: none may pass.
set -eu
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tests/pki/mkpki.sh "$folder/pki"
tests/documents/mkdocuments.py "$folder/pki" "$folder/documents"
tests/mail/mkmails.py "$folder/pki" "$folder/documents" "$folder/mails"
build/tests/mutate/mutate "$folder/pki/trust/official/root-g2.pem" "$folder/pki/trust/intermediates" "$folder/pki/crl/ca-g2.crl" \
	"$folder/pki/crl/root-g2.crl" -- "$folder/documents/good-small.pdf" "$folder/mails/smime.eml"
