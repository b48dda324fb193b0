#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the tests of one kind and sums them up: quick (make test), long, peers. A test is a program
# that exits 0 passed, 77 skipped with a message, anything else failed. With CI=true nothing may be
# skipped. Output of each test is kept in build/test-logs/.
set -u
cd "$(dirname "$0")/.." || exit 1
kind=${1:-quick}
only=${2:-}
logs=build/test-logs
mkdir -p "$logs"
passed=0 failed=0 skipped=0

log_of() { # NAME
    echo "$logs/$(echo "$1" | tr '/ ' '__').log"
}

tell() { # NAME STATUS SECS
    log=$(log_of "$1")
    if [ "$2" = 77 ] && [ "${CI:-}" != true ]; then
        skipped=$((skipped + 1))
        echo "  skip  $1: $(tail -n 1 "$log")"
    elif [ "$2" = 0 ]; then
        passed=$((passed + 1))
        echo "  ok    $1 ($3 s)"
    else
        failed=$((failed + 1))
        echo "  FAIL  $1 (exit $2, $3 s), $log ends:"
        tail -n 25 "$log" | sed 's/^/        /'
    fi
}

run() { # NAME COMMAND...
    name=$1
    shift
    case $name in *"$only"*) ;; *) return ;; esac
    start=$(date +%s)
    "$@" >"$(log_of "$name")" 2>&1 </dev/null
    tell "$name" $? $(($(date +%s) - start))
}

# Programs that need nothing of each other, one on each processor: their names are unit/PROGRAM.
run_units() { # PROGRAM...
    for program in "$@"; do
        case unit/${program##*/} in *"$only"*) echo "$program" ;; esac
    done >"$logs/units"
    rm -f "$logs"/unit_*.result
    # shellcheck disable=SC2016 # the inner shell fills these in
    xargs -r -P "$(nproc)" -I PROGRAM sh -c 'start=$(date +%s); log=$0/unit_${1##*/}; "$1" >"$log.log" 2>&1 </dev/null
        echo "$? $(($(date +%s) - start))" >"$log.result"' "$logs" PROGRAM <"$logs/units"
    while read -r program; do
        read -r status secs <"$logs/unit_${program##*/}.result" || status=126 secs=0
        tell "unit/${program##*/}" "$status" "$secs"
    done <"$logs/units"
}

quick() {
    export ASAN_OPTIONS=detect_leaks=1:abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1
    # shellcheck disable=SC2046 # names of programs have no spaces
    run_units $(find build/sanitize/tests/unit -name 'test_*' ! -name '*.[od]' ! -name test_sandbox | sort)
    run unit/test_sandbox build/tests/unit/test_sandbox
    for program in build/sanitize/tests/fuzz/replay_*; do
        case $program in *.o | *.d) continue ;; esac
        reader=${program##*/replay_}
        run "fuzz-corpus/$reader" "$program" "tests/fuzz/corpus/$reader"
    done
    for script in tests/*/test_*.sh tests/*/test_*.py; do
        [ -x "$script" ] && run "${script#tests/}" "$script"
    done
}

long() {
    for program in build/tests/fuzz/fuzz_*; do
        case $program in *.o | *.d) continue ;; esac
        reader=${program##*/fuzz_}
        mkdir -p "build/fuzz/$reader"
        run "fuzz/$reader" "$program" -max_total_time="${FUZZ_SECS:-120}" -rss_limit_mb=4096 \
            -artifact_prefix="build/fuzz/$reader-" "build/fuzz/$reader" "tests/fuzz/corpus/$reader"
    done
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
quick) quick ;;
long) long ;;
peers) peers ;;
*)
    echo "usage: tests/run.sh quick|long|peers [NAME]" >&2
    exit 64
    ;;
esac
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $passed -gt 0 ]
