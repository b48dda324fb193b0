#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Make a test PKI shaped like the real ones of Vietnam: an official-use set of
# two generations, a public set, strangers, and certificates with each fault.
# Nothing here is secret and nothing may be trusted outside the tests.
#
#   mkpki.sh OUT
#
# Environment (defaults in brackets); addresses written into the certificates:
#   VT_OCSP_URL [http://127.0.0.1:18080]   OCSP; /slow and /hang misbehave
#   VT_CRL_URL  [http://127.0.0.1:18081]   CRLs and CA certificates
#   VT_DEAD_URL [http://127.0.0.1:9]       where nothing listens
#   VT_NOW      [the clock]                RFC 3339, all dates count from here
#
# OUT/README says what is where; OUT/pki.tsv has one line per certificate.
# Existing keys in OUT/keys are kept, so a second run is quick.
set -eu
out=${1:?usage: mkpki.sh OUT}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out/keys"

# One line per missing key: NAME ALGORITHM OPTION
/usr/bin/python3 "$here/mkpki.py" keys "$out" |
	VT_KEYS="$out/keys" xargs -r -n 3 -P "$(nproc)" sh -c \
		'openssl genpkey -algorithm "$1" -pkeyopt "$2" -out "$VT_KEYS/$0.key" 2>/dev/null'
/usr/bin/python3 "$here/mkpki.py" make "$out"
