#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Start and stop the OCSP responder and the CRL server of the test PKI on loopback.
#   servers.sh start PKI DIR | stop DIR
# Environment: VT_OCSP_PORT [18080], VT_CRL_PORT [18081]. DIR/requests.log: what was asked for.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
ocsp_port=${VT_OCSP_PORT:-18080} crl_port=${VT_CRL_PORT:-18081}

start() { # PKI DIR
	mkdir -p "$2"
	"$here/responder.py" "$1" "$2/requests.log" "$ocsp_port" "$crl_port" </dev/null >"$2/responder.log" 2>&1 &
	echo $! >"$2/responder.pid"
	for _ in $(seq 100); do
		/usr/bin/python3 -c "import socket
for port in ($ocsp_port, $crl_port): socket.create_connection(('127.0.0.1', port)).close()" 2>/dev/null && return
		sleep 0.1
	done
	cat "$2/responder.log" >&2
	return 1
}

case ${1:-} in
start) start "$2" "$3" ;;
stop)
	[ ! -e "$2/responder.pid" ] || kill "$(cat "$2/responder.pid")" 2>/dev/null || true
	rm -f "$2/responder.pid"
	;;
*)
	echo "usage: servers.sh start PKI DIR | stop DIR" >&2
	exit 64
	;;
esac
