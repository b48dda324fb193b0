#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Measures vanthu beside what the work costs at least and beside other programs, in one run, and
# prints ratios: medians of pairs measured in turn, with the lowest and the highest. Times of two
# runs or two machines are not comparable; ratios of one run are.
#   bench.sh        PAIRS [7]: pairs of each case.   ONLY: cases whose name has this in it
# Columns: case, ours and other in CPU ms, ratio (lowest .. highest), goal of the first version and
# later goal, and how it stands. Cases:
#   P1, P2 N  inspecting a mail with one signed PDF of N bytes, in process, against the floor
#             (floor.c: decode, hash, OpenSSL). "objects": the PDF has 200 objects a megabyte.
#   P3        ten signatures over 25 MB against one
#   P4        multipart/signed of 25 MB against openssl cms -verify of the same mail
#   P6 P7     mail with nothing to verify through the whole service: 10 KB against a milter that does
#             nothing, 10 MB against one that decodes and hashes (root only)
#   CRL       a CRL of 1 000 000 entries against OpenSSL's object over the same file: ms from bytes to a
#             list that can be asked, MB of memory at the peak, ns a lookup (100 000 of them)
#   register  records a second in commits of 1, 10 and 50 beside plain SQLite inserts; over REPORT_MAILS
#             [20000] mails a report in each format, lists, searches, replay and verifying: seconds and MB at
#             the peak (a million mails take 10 GB of disk and a quarter of an hour)
#   metrics   nanoseconds of a counter, a gauge and a value of a histogram, alone and from all processors
#             at once, beside an addition to a variable
#   policy    10 000 rules that differ in one thing: ms to read and check them (goal: below a second), us for
#             a decision about a mail with three signed documents (goal: below a thousand)
#   seal      mails of 10 KB sealed a second with 1, 10 and 50 under way, by sealer and registrar as they
#             run, beside signatures of the same key in a loop (C_Sign) over the same way to it: SoftHSM2
#             behind p11-kit server and mutual TLS, with 0 and 10 ms added round trip; ratio: at least
#   P16       milliseconds that a mail with a signed 25 MB PDF waits longer than with a milter that
#             does nothing (root only)
set -eu
cd "$(dirname "$0")/../.."
pairs=${PAIRS:-7}
only=${ONLY:-}
work=build/bench
programs=build/tests/bench
in=$work/inputs
pki=$work/pki

prepare() {
	# Status lists of the test PKI get stale, so that nothing is kept for long.
	if [ -z "$(find "$in/done" -mtime -1 2>/dev/null)" ]; then
		rm -rf "$work"
		mkdir -p "$work"
		echo "making the inputs below $work ..." >&2
		tests/pki/mkpki.sh "$pki" >/dev/null
		tests/bench/mkinputs.py "$pki" "$in"
		touch "$in/done"
	fi
}

show() { # NAME FIRST THEN, and a line of numbers on standard input
	awk -v name="$1" -v first="$2" -v later="$3" '{
		state = $3 <= later ? "goal reached" : $3 <= first ? "first goal reached" : "NOT reached"
		printf "%-22s %10.2f %10.2f %9.2f (%.2f .. %.2f) %8s %7s  %s\n", name, $1, $2, $3, $4, $5, first, later, state
	}'
}

wanted() { case $1 in *"$only"*) ;; *) return 1 ;; esac; }

bench() { # NAME FIRST THEN MAIL OTHER...
	name=$1 first=$2 later=$3 mail=$4
	shift 4
	! wanted "$name" || "$programs/inspect_bench" -n "$pairs" "$pki" -- "$in/$mail.eml" "$@" | show "$name" "$first" "$later"
}

in_process() {
	bench "P2 100k" 2.0 0.6 pdf-100k floor
	for size in 1m 10m 25m; do
		bench "P1 $size" 2.0 1.2 "pdf-$size" floor
		bench "P1 $size objects" 2.0 1.2 "pdf-$size-objects" floor
	done
	bench "P3" 2.0 1.3 pdf-25m-10 inspect "$in/pdf-25m.eml"
	bench "P3 objects" 2.0 1.3 pdf-25m-objects-10 inspect "$in/pdf-25m-objects.eml"
	bench "P4" 0.10 0.05 smime-25m command openssl cms -verify -in "$in/smime-25m.eml" \
		-CAfile "$pki/trust/official/root-g2.pem" -purpose any -out /dev/null
}

crls() {
	wanted "CRL" || return 0
	"$programs/crl_bench" | while IFS="$(printf '\t')" read -r name ours other ratio; do
		case $name in
		index*) goals="0.5 0.2" ;;
		peak*) goals="0.3 0.15" ;;
		*) goals="0.5 0.3" ;;
		esac
		# shellcheck disable=SC2086 # two numbers
		echo "$ours $other $ratio $ratio $ratio" | show "CRL $name" $goals
	done
}

whole_service() {
	wanted "P6 P7 P16" || return 0
	if [ "$(id -u)" != 0 ]; then
		echo "P6, P7, P16: not measured, they need root"
		return 0
	fi
	tests/bench/milter_bench.py "$pairs" | while read -r name numbers; do
		case $name in
		plain-10k) echo "$numbers" | show "P6 10k, milter" 2.0 1.3 ;;
		plain-10m) echo "$numbers" | show "P7 10m, milter" 1.0 0.6 ;;
		latency-25m) echo "$numbers" | show "P16 25m, added ms" 80 35 ;;
		esac
	done
}

register() {
	wanted register || return 0
	"$programs/register_bench" append "$work/register" 2
	"$programs/register_bench" report "$work/register" "${REPORT_MAILS:-20000}"
}

# HSM, tunnel, sealer and whoever asks share the processors: without a round trip the ratio tells what the
# sealer computes, with one whether it waits more often than it has to.
seals() {
	wanted seal || return 0
	tests/bench/seal_bench.py "$pairs" | while read -r msecs count ours other ratio low high; do
		echo "$ours $other $ratio $low $high" | awk -v name="seal $msecs ms, $count" -v first=0.4 -v later="$([ "$msecs" = 0 ] && echo 0.6 || echo 0.8)" '{
			state = $3 >= later ? "goal reached" : $3 >= first ? "first goal reached" : "NOT reached"
			printf "%-22s %8.0f/s %8.0f/s %9.2f (%.2f .. %.2f) %8s %7s  %s\n", name, $1, $2, $3, $4, $5, first, later, state
		}'
	done
}

metrics() {
	! wanted metrics || "$programs/metrics_bench"
}

# Two lines for each kind of rules: ms to read and check 10 000 of them, us for one decision.
policies() {
	wanted policy || return 0
	"$programs/policy_bench" | while IFS="$(printf '\t')" read -r name check decision; do
		for what in "check $check 1000 500" "decide $decision 1000 500"; do
			# shellcheck disable=SC2086 # words
			set -- $what
			echo "$2 1 $2 $2 $2" | show "policy $1, $name" "$3" "$4"
		done
	done
}

prepare
printf '%s cores, load %s, OpenSSL %s, medians of %s pairs\n' "$(nproc)" "$(cut -d' ' -f1 /proc/loadavg)" \
	"$(openssl version | cut -d' ' -f2)" "$pairs"
printf '%-22s %10s %10s %9s %-16s %8s %7s\n' case ours other ratio "" "first <=" "then <="
in_process
crls
whole_service
register
metrics
policies
seals
