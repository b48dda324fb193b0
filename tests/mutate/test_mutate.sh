#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every byte of a small good document and of a good S/MIME mail changed once: none that the
# signature covers may leave it intact. The whole verdict, which costs ten times as much and cannot
# be better than that, is asked for of a share of the bytes; of all of them by long_mutate.sh.
set -eu
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tests/pki/mkpki.sh "$folder/pki"
tests/documents/mkdocuments.py "$folder/pki" "$folder/documents"
tests/mail/mkmails.py "$folder/pki" "$folder/documents" "$folder/mails"
roots="$folder/pki/trust/official/root-g2.pem $folder/pki/trust/intermediates"
files="$folder/documents/good-small.pdf $folder/mails/smime.eml"
# shellcheck disable=SC2086 # names without spaces
MUTATE_INTEGRITY=1 build/tests/mutate/mutate $roots -- $files
# shellcheck disable=SC2086
MUTATE_STEP=23 build/tests/mutate/mutate $roots "$folder/pki/crl/ca-g2.crl" "$folder/pki/crl/root-g2.crl" -- $files
