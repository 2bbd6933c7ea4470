# shellcheck shell=bash
# Sourced by ./dev: runs the suites and adds them up. A suite calls count_result, or what rests on
# it, for each program that it ran.

all_suites=(build style support unit fuzz integration browser conformance)
results=build/test
fuzz_runs=100000
fuzz_seconds=170

passed=0 failed=0 skipped=0
failures=()

# count_result PASSED FAILED SKIPPED [names of what failed...]
count_result() {
    passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
    shift 3
    failures+=("$@")
}

# one_test NAME command...: a command that passes, fails or (77) is skipped as a whole.
one_test() {
    local name=$1 result=0
    shift
    "$@" || result=$?
    case $result in
    0) count_result 1 0 0 ;;
    77) count_result 0 0 1 ;;
    *) count_result 0 1 0 "$name" ;;
    esac
}

# count_log KIND LOG: adds up what a runner reported, see tally.py.
count_log() {
    local lines
    mapfile -t lines < <(python3 tests/support/tally.py "$@")
    count_result "${lines[@]}"
}

suite_build() {
    one_test "build with gcc and sanitizers" build_asan
    one_test "build with clang" build_clang
}

suite_style() {
    local check
    for check in tests/style/*; do
        [ ! -f "$check" ] || [ ! -x "$check" ] || one_test "style: $check" "$check"
    done
}

# Tests of the test programs themselves.
suite_support() {
    local test
    for test in tests/support/test_*.py; do
        one_test "support: $test" python3 "$test"
    done
}

suite_unit() {
    local log=build/asan/meson-logs/testlog.json
    build_asan || { count_result 0 1 0 "unit: the build fails"; return; }
    rm -f $log
    meson test -C build/asan --no-rebuild --print-errorlogs || true
    count_log meson $log
}

# Each target does a fixed number of runs with a fixed seed from the committed corpus, so that a
# failure comes again; the limit in time is for slow machines only.
suite_fuzz() {
    local targets names name
    build_clang || { count_result 0 1 0 "fuzz: the build fails"; return; }
    mapfile -t targets < <(find build/clang/tests/fuzz -maxdepth 1 -name 'fuzz_*' -type f | sort)
    [ ${#targets[@]} -gt 0 ] || { echo "there are no fuzz targets"; return; }
    names=("${targets[@]##*/fuzz_}")
    rm -rf $results/fuzz
    mkdir -p $results/fuzz
    printf '%s\n' "${names[@]}" | xargs -P "$(nproc)" -I{} tests/support/fuzz_once.sh {} \
        $results/fuzz $fuzz_runs $((fuzz_seconds * $(nproc) / ${#targets[@]} + 1)) || true
    for name in "${names[@]}"; do
        one_test "fuzz: $name, see $results/fuzz/$name.log" test -e "$results/fuzz/$name.passed"
    done
}

# node_suite FILES...: runs them beside one shared Dovecot.
node_suite() {
    local tap=$results/${suite}.tap
    [ $# -gt 0 ] || { echo "there are no tests"; return; }
    build_asan || { count_result 0 1 0 "$suite: the build fails"; return; }
    rm -f "$tap"
    node tests/integration/lib/run.js --tap "$tap" "$@" || true
    count_log node "$tap"
}

suite_integration() {
    rm -f $results/exchanges.jsonl
    export MAILBRIDGE_RECORD=$PWD/$results/exchanges.jsonl
    node_suite tests/integration/*.test.js
    unset MAILBRIDGE_RECORD
}

suite_browser() {
    node_suite tests/browser/*.test.js
}

# Judges the exchanges of the integration suite too if that ran, now or before.
suite_conformance() {
    if [[ " ${chosen[*]} " == *" integration "* ]] || [ -e $results/exchanges.jsonl ]; then
        export MAILBRIDGE_EXCHANGES=$PWD/$results/exchanges.jsonl
    fi
    node_suite tests/conformance/*.test.js
}

run_suites() {
    local suite started before chosen=("$@")
    shopt -s nullglob
    [ ${#chosen[@]} -gt 0 ] || chosen=("${all_suites[@]}")
    for suite in "${chosen[@]}"; do
        [[ $(type -t "suite_$suite") == function ]] ||
            die "there is no suite $suite; there are: ${all_suites[*]}"
    done
    mkdir -p $results
    [ ! -d ../shared/corpus ] || export MAILBRIDGE_CORPUS=${MAILBRIDGE_CORPUS:-$PWD/../shared/corpus}
    for suite in "${chosen[@]}"; do
        started=$SECONDS before=$failed
        echo "=== $suite"
        "suite_$suite"
        echo "=== $suite: $([ "$before" = "$failed" ] && echo passed || echo FAILED)" \
            "after $((SECONDS - started)) s"
    done
    summarise
}

summarise() {
    if [ ${#failures[@]} -gt 0 ]; then
        printf '\nfailed:\n'
        printf '  %s\n' "${failures[@]}"
    fi
    printf '\n%d passed, %d failed' $passed $failed
    [ $skipped = 0 ] || printf ', %d skipped' $skipped
    echo
    [ $failed = 0 ] && [ $passed -gt 0 ]
}
