# SPDX-License-Identifier: Apache-2.0
"""Which tests go to which of several processes: dealt out by the seconds that they
took once, the longest first. seconds.json has those of the long ones; `scripts/test
--times` writes it from the last run. A test that is new takes as long as the short
ones do on the average."""
import json
import pathlib
import sys
import xml.etree.ElementTree

TABLE = pathlib.Path(__file__).with_name("seconds.json")
LONG = 4  # seconds from which on a test is named


def known():
    """A function: the seconds of a test by its name, as pytest says it."""
    table = json.loads(TABLE.read_text())
    return lambda name: table["long"].get(name, table["other"])


def deal(units, count):
    """`units` is {name: seconds}; a list of `count` sets of names."""
    loads, shares = [0] * count, [set() for _ in range(count)]
    for name in sorted(units, key=lambda one: (-units[one], one)):
        least = loads.index(min(loads))
        loads[least] += units[name]
        shares[least].add(name)
    return shares


def took(path):
    """{name: seconds} of what passed, with its fixtures, in a file of JUnit's."""
    cases = xml.etree.ElementTree.parse(path).getroot().iter("testcase")
    return {"%s.py::%s" % (one.get("classname"), one.get("name")): float(one.get("time"))
            for one in cases if all(one.find(bad) is None for bad in ("skipped", "failure", "error"))}


def table(shares):
    seconds = {name: one for share in shares for name, one in share.items()}
    short = [one for one in seconds.values() if one < LONG]
    return {"other": round(sum(short) / max(1, len(short)), 1),
            "long": {name: round(one) for name, one in sorted(seconds.items()) if one >= LONG}}


def balance(shares):
    """One line on how even they were."""
    sums = [sum(share.values()) for share in shares]
    said = "the shares took %s s" % ", ".join("%.0f" % one for one in sums)
    if max(sums) > 1.2 * sum(sums) / len(sums):
        said += ": uneven; scripts/test --times writes tests/flow/seconds.json anew"
    return said


if __name__ == "__main__":
    if len(sys.argv) < 3 or not pathlib.Path(sys.argv[2]).exists():
        sys.exit("shares: no whole run of the flow tests is here: scripts/test --flow")
    ran = [took(path) for path in sys.argv[2:]]
    if sys.argv[1] == "balance":
        print(balance(ran))
    else:
        TABLE.write_text(json.dumps(table(ran), indent=1) + "\n")
