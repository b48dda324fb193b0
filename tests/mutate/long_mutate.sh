#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every byte of every good document and mail changed once; of the documents of ten programs a
# thousand, and of the files of others, where they are.
set -eu
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tests/pki/mkpki.sh "$folder/pki"
tests/documents/mkdocuments.py "$folder/pki" "$folder/documents"
tests/mail/mkmails.py "$folder/pki" "$folder/documents" "$folder/mails"
tests/mutate/mkproducers.py "$folder/pki" "$folder/producers"
others=0
tests/others/mutated.py --samples 1000 || others=$?
[ "$others" = 0 ] || [ "$others" = 77 ]
cd "$folder"
good=$(ls documents/good-pss.pdf documents/good-ecdsa.pdf documents/good-pkcs7.pdf documents/good-stamped.pdf \
	documents/good-dss.pdf documents/good-archived.pdf documents/good.pdf documents/good-xref-stream.pdf mails/smime*.eml |
	grep -v -e changed -e footer -e other -e cut -e opaque)
mutate() {
	MUTATE_UNCOVERED=1 "$OLDPWD/build/tests/mutate/mutate" pki/trust/official/root-g2.pem pki/trust/intermediates pki/crl/ca-g2.crl pki/crl/root-g2.crl -- "$@"
}
MUTATE_SAMPLES=1000 mutate producers/*.pdf
# shellcheck disable=SC2086 # names without spaces
mutate $good
