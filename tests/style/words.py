#!/usr/bin/env python3
"""Words that may not be in our files.

In the program functions of C that cannot be used safely or say too little when they fail; in any
file marks of unfinished work, and download addresses in lock files.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

BANNED_CALL = re.compile(
    r"\b(strtok|sscanf|strto[lu]l{0,2}|strto(?:imax|umax)|strcpy|strcat|sprintf|vsprintf"
    r"|ato[ifl]l?|gets|alloca)\s*\("
)
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.S)
OURS = (".c", ".h", ".py", ".sh", ".js", ".mjs", ".html", ".css", ".yaml", ".build", ".md")
NOT_OURS = ("static/vendor/", "tests/fixtures/", "tests/fuzz/corpus/")


def blank(match):
    """Comments and strings go, their lines stay, so that numbers remain right."""
    return re.sub(r"[^\n]", " ", match.group())


def faults_of(name, text):
    if name.endswith((".c", ".h")) and not name.startswith("tests/"):
        code = NOT_CODE.sub(blank, text)
        for match in BANNED_CALL.finditer(code):
            yield match.start(), f"{match.group(1)}() is banned"
    for match in UNFINISHED.finditer(text):
        yield match.start(), f"{match.group()}: finish it or open an issue"


def main():
    faults = []
    files = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines()
    for name in files:
        path = ROOT / name
        if name.startswith(NOT_OURS) or not path.is_file():
            continue
        if name.endswith("package-lock.json") and '"resolved"' in path.read_text():
            faults.append(
                f"{name}: has download addresses; make it with npm install "
                "--omit-lockfile-registry-resolved"
            )
        if name.endswith(OURS) or name == "dev":
            text = path.read_text(encoding="utf-8")
            for at, fault in faults_of(name, text):
                faults.append(f"{name}:{text.count(chr(10), 0, at) + 1}: {fault}")
    print("\n".join(faults) if faults else "words: none that is banned")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
