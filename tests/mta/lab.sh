#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A private Postfix on loopback for tests and the demo. It has its own queue and configuration,
# never touches the system's instance, and delivers everything to a sink that keeps each mail.
#
#   lab.sh start DIR | stop DIR | queue DIR
#
# Environment of start (defaults in brackets):
#   LAB_PORT [20025]          inbound listener with the milter; +1 the same as submission
#                             ({daemon_name} ORIGINATING), +2 without a milter, +9 the sink
#   LAB_MILTER [none]         as in smtpd_milters, e.g. unix:/run/x.sock, inet:127.0.0.1:8891
#   LAB_DEFAULT_ACTION [tempfail]   milter_default_action
#   LAB_FILTER [smtpd]        all: mail of sendmail(1), bounces and notices of Postfix pass the milter, too
#   LAB_SINK [yes]            no: somebody else takes what is delivered, at +9
#   LAB_DOMAIN [lab.test]     myorigin
# DIR/delivered holds NUMBER.eml and NUMBER.json (envelope) of what arrived; DIR/log/mail.log the
# log. queue prints what waits, one JSON line per mail (queue_name "hold": quarantined).
# Needs root (Postfix starts as root); DIR and its parents must be readable by user postfix.
set -eu
cmd=${1:?start, stop or queue} dir=${2:?DIR}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
port=${LAB_PORT:-20025}
PATH=$PATH:/usr/sbin:/sbin

filter_all() {
	[ "${LAB_FILTER:-smtpd}" = all ] || return 0
	echo "non_smtpd_milters = ${LAB_MILTER:-}"
	echo "internal_mail_filter_classes = bounce, notify"
	echo "notify_classes = bounce, 2bounce, delay, policy, protocol, resource, software"
}

main_cf() {
	cat <<-E
	compatibility_level = 3.6
	queue_directory = $dir/spool
	data_directory = $dir/data
	daemon_directory = /usr/lib/postfix/sbin
	command_directory = /usr/sbin
	mail_owner = postfix
	setgid_group = postdrop
	inet_interfaces = 127.0.0.1
	inet_protocols = ipv4
	myhostname = mx.lab.test
	myorigin = ${LAB_DOMAIN:-lab.test}
	mydestination =
	local_recipient_maps =
	alias_maps =
	alias_database =
	mynetworks = 127.0.0.0/8
	smtpd_relay_restrictions = permit_mynetworks, reject
	smtpd_peername_lookup = no
	smtp_dns_support_level = disabled
	disable_dns_lookups = yes
	relayhost = [127.0.0.1]:$((port + 9))
	message_size_limit = 104857600
	smtpd_client_connection_count_limit = 0
	smtpd_client_connection_rate_limit = 0
	in_flow_delay = 0
	default_process_limit = 250
	smtpd_milters =
	$(filter_all)
	milter_default_action = ${LAB_DEFAULT_ACTION:-tempfail}
	milter_content_timeout = 120s
	maillog_file = $dir/log/mail.log
	maillog_file_prefixes = $dir
	E
}

master_cf() {
	milter=${LAB_MILTER:-}
	cat <<-E
	127.0.0.1:$port inet n - n - - smtpd
	    -o smtpd_milters=$milter
	127.0.0.1:$((port + 1)) inet n - n - - smtpd
	    -o smtpd_milters=$milter
	    -o milter_macro_daemon_name=ORIGINATING
	127.0.0.1:$((port + 2)) inet n - n - - smtpd
	pickup   unix n - n 60 1 pickup
	cleanup  unix n - n - 0 cleanup
	qmgr     unix n - n 300 1 qmgr
	rewrite  unix - - n - - trivial-rewrite
	bounce   unix - - n - 0 bounce
	defer    unix - - n - 0 bounce
	trace    unix - - n - 0 bounce
	verify   unix - - n - 1 verify
	proxymap unix - - n - - proxymap
	smtp     unix - - n - 50 smtp
	error    unix - - n - - error
	retry    unix - - n - - error
	showq    unix n - n - - showq
	flush    unix n - n - 0 flush
	anvil    unix - - n - 1 anvil
	scache   unix - - n - 1 scache
	postlog  unix-dgram n - n - 1 postlogd
	E
}

# To the end of a session: one that a milter still has to be told of would be counted as a test's.
wait_port() {
	for _ in $(seq 100); do
		/usr/bin/python3 -c "import smtplib; smtplib.SMTP('127.0.0.1', $1, timeout=10).quit()" \
			2>/dev/null && return
		sleep 0.1
	done
	echo "lab.sh: nothing listens on port $1" >&2
	return 1
}

start() {
	mkdir -p "$dir/etc" "$dir/spool" "$dir/data" "$dir/log" "$dir/delivered"
	chmod 755 "$dir" "$dir/log"
	chown postfix "$dir/data" "$dir/log"
	main_cf >"$dir/etc/main.cf"
	master_cf >"$dir/etc/master.cf"
	if [ "${LAB_SINK:-yes}" = yes ]; then
		"$here/sink.py" $((port + 9)) "$dir/delivered" </dev/null >"$dir/log/sink.log" 2>&1 &
		echo $! >"$dir/sink.pid"
		wait_port $((port + 9))
	fi
	postfix -c "$dir/etc" start >"$dir/log/start.log" 2>&1 || {
		cat "$dir/log/start.log" >&2
		exit 1
	}
	wait_port "$port"
}

stop() {
	[ -d "$dir/etc" ] && postfix -c "$dir/etc" stop >/dev/null 2>&1 || true
	[ -e "$dir/sink.pid" ] && kill "$(cat "$dir/sink.pid")" 2>/dev/null || true
	rm -f "$dir/sink.pid"
}

case $cmd in
start) start ;;
stop) stop ;;
queue) postqueue -c "$dir/etc" -j ;;
*)
	echo "lab.sh: start, stop or queue" >&2
	exit 64
	;;
esac
