#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The part of vanthu.yaml(5) that trusts the roots of a test PKI, fingerprints confirmed.
#   mktrust.sh PKI
set -eu
pki=$(cd "${1:?usage: mktrust.sh PKI}" && pwd)

fingerprints() { # SET
	for root in "$pki/trust/$1"/*.pem; do
		printf '      - "%s"\n' "$(openssl x509 -in "$root" -noout -fingerprint -sha256 | cut -d= -f2)"
	done
}

echo "trust:"
for set in official public; do
	printf '  %s:\n    anchors: %s/trust/%s\n    intermediates: %s/trust/intermediates\n    confirmed:\n' \
		"$set" "$pki" "$set" "$pki"
	fingerprints "$set"
done
