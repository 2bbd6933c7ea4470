#!/usr/bin/env python3
"""How long functions and files are.

A function has at most 70 lines, the median of all at most 15, nine of ten at most 45. A file has
at most 500 lines, one of tests 800, unless the comment at its head says why it is longer
("Long because ...").
"""

import pathlib
import re
import statistics
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FUNCTION_MAX, MEDIAN_MAX, NINE_OF_TEN_MAX = 70, 15, 45
FILE_MAX, TEST_FILE_MAX = 500, 800
BODY = re.compile(r"^\{\n(.*?)^\}\n", re.M | re.S)  # only functions begin a line with a brace
HEAD_COMMENT = re.compile(r"\A/\*.*?\*/", re.S)


def main():
    faults, lengths = [], []
    files = [path for top in ("api", "bridge", "tests") for path in (ROOT / top).rglob("*.[ch]")]
    for path in sorted(files):
        if "node_modules" in path.parts:
            continue
        name, text = path.relative_to(ROOT), path.read_text(encoding="utf-8")
        for body in BODY.finditer(text):
            lines = body.group(1).count("\n")
            if name.parts[0] != "tests":
                lengths.append(lines)
            if lines > FUNCTION_MAX:
                at = text.count("\n", 0, body.start())
                faults.append(f"{name}:{at}: a function of {lines} lines, {FUNCTION_MAX} at most")
        allowed = TEST_FILE_MAX if name.parts[0] == "tests" else FILE_MAX
        lines, head = text.count("\n"), HEAD_COMMENT.match(text)
        if lines > allowed and not (head and "ong because" in head.group()):
            faults.append(
                f'{name}: {lines} lines, more than {allowed} need a reason at its head: "Long because"'
            )
    lengths.sort()
    median = statistics.median(lengths)
    nine_of_ten = lengths[len(lengths) * 9 // 10]
    if median > MEDIAN_MAX or nine_of_ten > NINE_OF_TEN_MAX:
        faults.append("functions have grown too long altogether")
    print(*faults, sep="\n", end="\n" if faults else "")
    print(
        f"sizes: {len(lengths)} functions, median {median:.0f} lines, nine of ten at most "
        f"{nine_of_ten}, longest {lengths[-1]}"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
