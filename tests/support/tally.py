#!/usr/bin/env python3
"""tally.py meson|node LOG: adds up what a test runner reported.

Prints how many passed, failed and were skipped, then the name of each that failed, a line each.
A program that ends badly without saying which of its tests failed counts as one failed test, a
missing log as well.
"""

import json
import re
import sys

CMOCKA_CASE = re.compile(r"^\[ +(OK|FAILED|SKIPPED) +\] (\w+)(?: \(.*)?$", re.M)


def tally_cmocka(entry):
    """The cases of one cmocka program: name -> OK, FAILED or SKIPPED (cmocka repeats failed ones)."""
    output = entry.get("stdout", "") + "\n" + entry.get("stderr", "")
    return {name: outcome for outcome, name in CMOCKA_CASE.findall(output)}


def tally_meson(path):
    passed, skipped, names = 0, 0, []
    with open(path, encoding="utf-8") as log:
        entries = [json.loads(line) for line in log]
    for entry in entries:
        outcomes = tally_cmocka(entry)
        failed = [name for name, outcome in outcomes.items() if outcome == "FAILED"]
        passed += sum(outcome == "OK" for outcome in outcomes.values())
        skipped += sum(outcome == "SKIPPED" for outcome in outcomes.values())
        names += [f"{entry['name']}: {name}" for name in failed]
        if entry["result"] not in ("OK", "EXPECTEDFAIL", "SKIP"):
            names += [] if failed else [f"{entry['name']}: {entry['result']}"]
        elif not outcomes:
            passed += entry["result"] != "SKIP"
            skipped += entry["result"] == "SKIP"
    return passed, len(names), skipped, names


def tally_node(path):
    """The TAP of `node --test`: its closing counts, and the names of what is not ok."""
    with open(path, encoding="utf-8") as log:
        text = log.read()
    counts = {name: int(n) for name, n in re.findall(r"^# (\w+) (\d+)$", text, re.M)}
    if "fail" not in counts:
        return 0, 1, 0, [f"{path} breaks off"]
    names = re.findall(r"^ *not ok \d+ - (?!.* # (?:TO[D]O|SKIP))(.*)$", text, re.M)
    failed = counts["fail"] + counts.get("cancelled", 0)
    skipped = counts.get("skipped", 0) + counts.get("todo", 0)
    return counts.get("pass", 0), failed, skipped, names


def main():
    kind, path = sys.argv[1:]
    try:
        passed, failed, skipped, names = {"meson": tally_meson, "node": tally_node}[kind](path)
    except FileNotFoundError:
        passed, failed, skipped, names = 0, 1, 0, [f"{path} was not written"]
    print(passed, failed, skipped, *names, sep="\n")


if __name__ == "__main__":
    main()
