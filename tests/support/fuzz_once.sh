#!/bin/bash
# fuzz_once.sh NAME FOLDER RUNS SECONDS: one repeatable fuzzing run; FOLDER/NAME.passed says it went well.
set -eu
name=$1 folder=$2
mkdir -p "$folder/$name" "tests/fuzz/corpus/$name"
started=$SECONDS
if UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 "build/clang/tests/fuzz/fuzz_$name" \
    -seed=1 -runs="$3" -max_total_time="$4" -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="$folder/$name-" "$folder/$name" "tests/fuzz/corpus/$name" \
    >"$folder/$name.log" 2>&1; then
    touch "$folder/$name.passed"
    echo "$name: $(grep -a '^Done' "$folder/$name.log") ($((SECONDS - started)) s)"
else
    echo "$name: FAILED"
    tail -40 "$folder/$name.log"
fi
