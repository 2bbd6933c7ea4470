#!/bin/bash
# Shell, Python and JavaScript files are at least well-formed, and shellcheck has nothing to say.
set -eu
cd "$(dirname "$0")/../.."
mapfile -t shell < <(git ls-files -- dev .ci/run '*.sh')
mapfile -t python < <(git ls-files -- '*.py')
mapfile -t node < <(git ls-files -- 'tests/*.js' 'tests/*.mjs')
result=0
for script in "${shell[@]}"; do
    bash -n "$script" || result=1
done
shellcheck -x -e SC1091 "${shell[@]}" || result=1
python3 - "${python[@]}" <<'PYTHON' || result=1
import sys
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as source:
        compile(source.read(), path, "exec")
PYTHON
for script in "${node[@]}"; do
    node --check "$script" || result=1
done
[ $result = 0 ] && echo "scripts: ${#shell[@]} in bash, ${#python[@]} in Python, ${#node[@]} in JavaScript"
exit $result
