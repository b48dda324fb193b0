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
# Keys take longer to make than everything else: kept in build/test-keys, and those in OUT/keys are kept.
set -eu
out=${1:?usage: mkpki.sh OUT}
here=$(cd "$(dirname "$0")" && pwd)
kept=${VANTHU_BUILD:-$here/../../build}/test-keys
mkdir -p "$out/keys" "$kept/keys"

# One line per missing key: NAME ALGORITHM OPTION. Of tests that begin together one makes them.
(
	flock 9
	/usr/bin/python3 "$here/mkpki.py" keys "$kept" |
		VT_KEYS="$kept/keys" xargs -r -n 3 -P "$(nproc)" sh -c \
			'openssl genpkey -algorithm "$1" -pkeyopt "$2" -out "$VT_KEYS/$0.new" 2>/dev/null &&
				mv "$VT_KEYS/$0.new" "$VT_KEYS/$0.key"'
) 9>"$kept/lock"
cp -n "$kept"/keys/*.key "$out/keys/"
/usr/bin/python3 "$here/mkpki.py" make "$out"
