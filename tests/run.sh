#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the tests of one kind and sums them up: quick (make test), long, peers. A test is a program
# that exits 0 passed, 77 skipped with a message, anything else failed. With CI=true nothing may be
# skipped, but programs whose registry does not answer. Output of each test is kept in build/test-logs/.
set -u
cd "$(dirname "$0")/.." || exit 1
kind=${1:-quick}
only=${2:-}
logs=build/test-logs
mkdir -p "$logs"

log_of() { # NAME
    echo "$logs/$(echo "$1" | tr '/ ' '__').log"
}

# What its log says first of what failed, and how it ends.
why() { # LOG
    grep -m 3 -A 12 '^FAIL' "$1" | head -n 40
    tail -n 25 "$1"
}

# One line of what became of a test, and why it failed; the result is kept for the sum.
tell() { # NAME STATUS SECS
    log=$(log_of "$1")
    if [ "$2" = 77 ] && { [ "${CI:-}" != true ] || [ "${1#peers/peers_}" != "$1" ]; }; then
        result=skipped text="  skip  $1: $(tail -n 1 "$log")"
    elif [ "$2" = 0 ]; then
        result=passed text="  ok    $1 ($3 s)"
    else
        result=failed text="  FAIL  $1 (exit $2, $3 s), of $log:
$(why "$log" | sed 's/^/        /')"
    fi
    echo "$text"
    echo "$result" >"${log%.log}.result"
    echo "$3" >"${log%.log}.secs"
}

one() { # NAME COMMAND...
    name=$1
    shift
    start=$(date +%s)
    "$@" >"$(log_of "$name")" 2>&1 </dev/null
    tell "$name" $? $(($(date +%s) - start))
}

run() { # NAME COMMAND...
    case $1 in *"$only"*) one "$@" ;; esac
}

# What takes longest begins first, by what it took the last time; of what never ran these.
LONG='documents/test_documents.py mta/test_sendmail.py faults/test_status_calm.py faults/test_two_gateways.py
 command/test_reload_command.py mta/test_notice_queue.py faults/test_status_restart.py peers/test_debian_peers.py
 unit/test_cms unit/test_judgement_table unit/test_register_verify unit/test_central unit/test_judgement_cost'
longest_first() { # lines of NAME COMMAND...
    while read -r name command; do
        secs=$(cat "$(log_of "$name" | sed 's|log$|secs|')" 2>/dev/null) ||
            case $LONG in *"$name"*) secs=60 ;; *) secs=1 ;; esac
        echo "$secs $name $command"
    done | sort -s -rn | cut -d ' ' -f 2-
}

# Tests that need nothing of each other, so many at the same time. Input: lines of NAME COMMAND...
run_many() { # PROCESSES
    grep -F -- "$only" | longest_first | xargs -r -P "$1" -L 1 tests/run.sh one || echo failed >"$logs/run_many.result"
}

count() { # RESULT
    cat "$logs"/*.result 2>/dev/null | grep -c "^$1\$"
}

# Unit tests and fuzz corpora under the sanitizers, and their build.
sanitized() {
    export ASAN_OPTIONS=detect_leaks=1:abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1
    run build/sanitize make --no-print-directory -j"$(nproc)" SANITIZE=1 all unit-programs
    [ "$(cat "$logs/build_sanitize.result" 2>/dev/null)" = failed ] && return
    for program in build/sanitize/tests/unit/test_* build/sanitize/tests/fuzz/replay_*; do
        name=${program##*/}
        case $program in
        *.[od] | */test_sandbox) ;;
        */replay_*) echo "fuzz-corpus/${name#replay_} $program tests/fuzz/corpus/${name#replay_}" ;;
        *) echo "unit/$name $program" ;;
        esac
    done | run_many "$(nproc)"
}

# Scripts need the normal build alone, wait more than they compute, and measure: beside them, in a group of its
# own that ends with this one, runs what computes.
quick() {
    setsid nice -n 5 tests/run.sh sanitized "$only" &
    beside=$!
    trap 'kill -- -$beside 2>/dev/null' EXIT
    trap 'exit 130' INT TERM
    {
        echo unit/test_sandbox build/tests/unit/test_sandbox
        for script in tests/*/test_*.sh tests/*/test_*.py; do
            [ -x "$script" ] && echo "${script#tests/} $script"
        done
    } | run_many $(($(nproc) + 1))
    wait "$beside"
}

long() {
    run fuzz tests/fuzz/log.py --no-log --secs "${FUZZ_SECS:-120}"
    for script in tests/*/long_*.sh tests/*/long_*.py; do
        [ -x "$script" ] && run "${script#tests/}" "$script"
    done
}

peers() {
    for script in tests/*/peers_*.sh tests/*/peers_*.py; do
        [ -x "$script" ] && run "${script#tests/}" "$script"
    done
}

case $kind in
one)
    shift
    one "$@"
    exit 0
    ;;
sanitized)
    sanitized
    exit 0
    ;;
esac
rm -f "$logs"/*.result
case $kind in
quick) quick ;;
long) long ;;
peers) peers ;;
*)
    echo "usage: tests/run.sh quick|long|peers [NAME]" >&2
    exit 64
    ;;
esac
failed=$(count failed) passed=$(count passed)
echo "$passed passed, $failed failed, $(count skipped) skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
