#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A private Sendmail on loopback for tests, beside Postfix: Debian's packages of both exclude each
# other, so that of Sendmail is unpacked into a folder and never installed. What a site writes into
# its sendmail.mc, conf/sendmail.mc, is what this one has.
#
#   sendmail.sh unpack FOLDER
#   sendmail.sh start DIR | stop DIR | queue DIR [quarantined] | release DIR QUEUEID
#
# Environment of start (defaults in brackets):
#   LAB_PORT [20025]      +3 inbound listener with the milter, +4 the same as submission
#                         ({daemon_name} ORIGINATING), +5 without a milter; +9 takes what it delivers
#   LAB_MILTER [none]     unix:/run/x.sock
#   LAB_SENDMAIL_F [T]    what F= says: T 451 without the milter, empty: mail passes
#   LAB_SENDMAIL_T        T=, instead of that of conf/sendmail.mc
# DIR/log has what it says; queue prints its mailq. Needs root, and `make deps`.
set -eu
cmd=${1:?unpack, start, stop, queue or release} dir=${2:?folder}
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../../build/sendmail
port=${LAB_PORT:-20025}

unpack() {
	rm -rf "$dir"
	mkdir -p "$dir/packages"
	( cd "$dir/packages" && apt-get -o APT::Sandbox::User= -qq download sendmail-bin sendmail-cf )
	# The program last: where it is, everything is.
	dpkg --fsys-tarfile "$dir"/packages/sendmail-cf_*.deb | tar -x -C "$dir" ./usr/share/sendmail
	dpkg --fsys-tarfile "$dir"/packages/sendmail-bin_*.deb | tar -x -C "$dir" ./usr/libexec/sendmail/sendmail
	chmod 755 "$dir/usr/libexec/sendmail/sendmail"
	missing=$(ldd "$dir/usr/libexec/sendmail/sendmail" | sed -n 's/ => not found//p')
	[ -z "$missing" ] || { echo "sendmail.sh: Sendmail needs $missing" >&2; exit 1; }
	rm -r "$dir/packages"
}

# The milter's lines as a site has them, with the socket of this test.
snippet() {
	timeouts=${LAB_SENDMAIL_T:-'\1'}
	sed -E "s|S=[^,']*|S=unix:/mnt/${LAB_MILTER##*/}|; s|F=T|F=${LAB_SENDMAIL_F-T}|; s#T=([^,']*)#T=$timeouts#" "$here/../../conf/sendmail.mc"
}

mc() {
	cat <<-E
	divert(0)dnl
	OSTYPE(\`linux')dnl
	define(\`confDOMAIN_NAME', \`sm.lab.test')dnl
	define(\`confSERVICE_SWITCH_FILE', \`$dir/etc/service.switch')dnl
	define(\`confPID_FILE', \`$dir/sendmail.pid')dnl
	define(\`QUEUE_DIR', \`$dir/queue')dnl
	define(\`STATUS_FILE', \`')dnl
	define(\`HELP_FILE', \`')dnl
	define(\`ALIAS_FILE', \`')dnl
	define(\`confTO_IDENT', \`0s')dnl
	define(\`confQUEUE_LA', \`100000')dnl
	define(\`confREFUSE_LA', \`100000')dnl
	define(\`confMIN_QUEUE_AGE', \`1s')dnl
	define(\`confDEF_USER_ID', \`mail:mail')dnl
	define(\`SMART_HOST', \`relay:[127.0.0.1]')dnl
	define(\`RELAY_MAILER_ARGS', \`TCP \$h $((port + 9))')dnl
	FEATURE(\`promiscuous_relay')dnl
	FEATURE(\`accept_unresolvable_domains')dnl
	FEATURE(\`accept_unqualified_senders')dnl
	FEATURE(\`nocanonify')dnl
	FEATURE(\`no_default_msa')dnl
	DAEMON_OPTIONS(\`Family=inet, Name=MTA, Addr=127.0.0.1, Port=$((port + 3))')dnl
	DAEMON_OPTIONS(\`Family=inet, Name=ORIGINATING, Addr=127.0.0.1, Port=$((port + 4))')dnl
	DAEMON_OPTIONS(\`Family=inet, Name=PLAIN, Addr=127.0.0.1, Port=$((port + 5)), InputMailFilters=')dnl
	E
	[ -z "${LAB_MILTER:-}" ] || snippet
	cat <<-E
	MAILER(\`smtp')dnl
	E
}

wait_port() {
	for _ in $(seq 100); do
		/usr/bin/python3 -c "import smtplib; smtplib.SMTP('127.0.0.1', $1, timeout=10).quit()" \
			2>/dev/null && return
		sleep 0.1
	done
	echo "sendmail.sh: nothing listens on port $1" >&2
	cat "$dir/log/sendmail.log" >&2
	return 1
}

# Sendmail waits a minute for the domain of a host that has none, and takes no socket below a folder that
# all may write, as /tmp: it is shown another name, and the folder of the socket as /mnt.
sendmail() {
	socket=${LAB_MILTER:-}
	socket=${socket#unix:}
	exec unshare --uts --mount sh -c 'echo sm.lab.test >/proc/sys/kernel/hostname
		[ -z "$1" ] || mount --bind "$1" /mnt
		shift
		exec "$@"' sh "${socket%/*}" "$root/usr/libexec/sendmail/sendmail" -C "$dir/etc/sendmail.cf" "$@"
}

start() {
	mkdir -p "$dir/etc" "$dir/queue" "$dir/log"
	chmod 755 "$dir" "$dir/etc"
	chmod 700 "$dir/queue"
	echo 'hosts files' >"$dir/etc/service.switch"
	mc >"$dir/etc/sendmail.mc"
	share=$root/usr/share/sendmail/cf
	m4 -D_CF_DIR_="$share/" "$share/m4/cf.m4" "$dir/etc/sendmail.mc" >"$dir/etc/sendmail.cf"
	sendmail -bD -q1s </dev/null >"$dir/log/sendmail.log" 2>&1 &
	echo $! >"$dir/started.pid"
	wait_port $((port + 3))
}

stop() {
	[ -e "$dir/started.pid" ] && kill "$(cat "$dir/started.pid")" 2>/dev/null || true
	rm -f "$dir/started.pid"
}

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
case $cmd in
unpack) unpack ;;
start) start ;;
stop) stop ;;
queue) if [ -n "${3:-}" ]; then sendmail -bp -qQ; else sendmail -bp; fi ;;
# -Q alone takes the mails that -qQ and I name out of quarantine.
release) sendmail -Q -qQ "-qI${3:?queue id}" ;;
*)
	echo "sendmail.sh: unpack, start, stop, queue or release" >&2
	exit 64
	;;
esac
