# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the flow tests: servers, worlds, the progress line, shares of a run."""
import collections
import json
import os
import pathlib
import random
import shutil
import signal
import time

import pytest

import contract
import shares
import stack as stacks
import world as worlds
from thehive_double import Double

FOLDER = stacks.ROOT / "build" / "flow"
BEGAN = time.time()
SHARE = os.environ.get("POSTERN_SHARE", "")  # "2/3", "alone", "last", or nothing for all


def pytest_configure(config):
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("asked to end", 143))
    config.addinivalue_line("markers", "alone: stops servers that others use")
    config.chaos = bool(os.environ.get("POSTERN_CHAOS"))


def special(item):
    """The share of tests that are not dealt out."""
    if item.nodeid.startswith("99-"):
        return "last"
    return "alone" if item.get_closest_marker("alone") else None


def unit_of(item):
    """What is dealt out as one: tests over a database that only one may have."""
    return "50-tls" if item.nodeid.startswith("50-tls") else item.nodeid


def share_of(items):
    """Tests that may run beside each other are dealt out."""
    if "/" not in SHARE:
        return {item for item in items if special(item) == SHARE}
    number, count = (int(one) for one in SHARE.split("/"))
    seconds, units = shares.known(), collections.Counter()
    for item in items:
        if not special(item):
            units[unit_of(item)] += seconds(item.nodeid)
    mine = shares.deal(units, count)[number - 1]
    return {item for item in items if not special(item) and unit_of(item) in mine}


def pytest_collection_modifyitems(config, items):
    items.sort(key=lambda item: item.nodeid.startswith("99-"))
    if SHARE:
        mine = share_of(items)
        config.hook.pytest_deselected(items=[item for item in items if item not in mine])
        items[:] = [item for item in items if item in mine]


def pytest_sessionfinish():
    """What was held against its schema, for 99-contract.py of another process."""
    if SHARE:
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / ("seen-%s.json" % SHARE.replace("/", "-"))).write_text(json.dumps(contract.seen))


def progress(text):
    os.write(int(os.environ.get("POSTERN_PROGRESS_FD", "1")), text.encode())


def pytest_runtest_logreport(report):
    """One line per test, so that a long run says where it is."""
    if report.when == "call" or (report.outcome != "passed" and report.when == "setup"):
        began = float(os.environ.get("POSTERN_BEGAN", BEGAN))
        progress("test: [%6.1f s] flow %s: %s (%.1f s)\n" % (time.time() - began, report.outcome, report.nodeid, report.duration))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    setattr(item, "report_" + report.when, report)
    if report.failed:
        for one in getattr(item, "worlds", []):
            report.sections.append(("logs of the services", one.tail()))


def failed(node):
    return any(getattr(node, "report_" + when, None) is not None and getattr(node, "report_" + when).failed
               for when in ("setup", "call"))


@pytest.fixture(scope="session")
def stack():
    found = stacks.of_environment()
    if found is None:
        pytest.skip("no servers: run scripts/test --flow")
    return found


@pytest.fixture(scope="session")
def binaries():
    return pathlib.Path(os.environ.get("POSTERN_BIN", stacks.ROOT / "build/asan/bin"))


@pytest.fixture(scope="session")
def chaos(request):
    return request.config.chaos


@pytest.fixture(scope="session")
def seed():
    """Every choice of a run follows from one number, which a failure prints."""
    return int(os.environ.get("POSTERN_SEED", "20261127"))


@pytest.fixture
def dice(seed, request):
    return random.Random("%d %s" % (seed, request.node.name))


def make_world(request, stack, binaries, name, **more):
    folder = FOLDER / SHARE.replace("/", "-") / worlds.safe(name)
    shutil.rmtree(folder, ignore_errors=True)
    made = worlds.World(stack, folder, binaries, **more)
    request.node.worlds = getattr(request.node, "worlds", []) + [made]
    return made


@pytest.fixture
def world(request, stack, binaries):
    """A Postern of this test's own; nothing is started or written yet."""
    made = make_world(request, stack, binaries, request.node.name)
    yield made
    made.close(failed(request.node))


@pytest.fixture
def another(request, stack, binaries):
    """Makes further worlds: replays, peers."""
    made = []

    def make(suffix, **more):
        made.append(make_world(request, stack, binaries, request.node.name + "-" + suffix, **more))
        return made[-1]
    yield make
    for one in made:
        one.close(failed(request.node))


@pytest.fixture(scope="module")
def shared(request, stack, binaries):
    """One Postern for a whole file whose tests do not disturb each other."""
    made = make_world(request, stack, binaries, pathlib.Path(str(request.node.fspath)).stem)
    made.prepare().start()
    yield made
    made.close()


@pytest.fixture
def hive():
    double = Double()
    yield double
    double.close()
