#!/bin/bash
# C code looks as clang-format 14 with .clang-format would have it. ./dev fmt makes it so.
set -eu
cd "$(dirname "$0")/../.."
version=$(clang-format --version | grep -o 'version [0-9]*')
if [ "$version" != "version 14" ]; then
    echo "format: not checked: this is clang-format $version, and versions differ"
    exit 0
fi
if ! git ls-files -- 'api/*.[ch]' 'bridge/*.[ch]' 'tests/*.[ch]' |
    xargs -r clang-format --dry-run -Werror --ferror-limit=3; then
    echo "format: run ./dev fmt"
    exit 1
fi
echo "format: every C file is as clang-format writes it"
