# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the flow tests: servers, worlds, the progress line."""
import os
import pathlib
import random
import shutil
import signal
import sys
import time

import pytest

import stack as stacks
import world as worlds
from thehive_double import Double

FOLDER = stacks.ROOT / "build" / "flow"
BEGAN = time.time()


def pytest_configure(config):
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("asked to end", 143))
    config.chaos = bool(os.environ.get("POSTERN_CHAOS"))
    config.count = 0


def pytest_collection_modifyitems(config, items):
    # What may fail goes last: it may leave the servers in a state of its own.
    items.sort(key=lambda item: item.get_closest_marker("xfail") is not None)
    config.total = len(items)


def pytest_runtest_logreport(report):
    """One line per test, so that a long run says where it is."""
    if report.when == "call" or (report.outcome != "passed" and report.when == "setup"):
        print("\ntest: [%6.1f s] flow %s %s (%.1f s)" % (time.time() - BEGAN, report.outcome, report.nodeid, report.duration),
              end="", file=sys.__stdout__, flush=True)


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
    folder = FOLDER / worlds.safe(name)
    shutil.rmtree(folder, ignore_errors=True)
    made = worlds.World(stack, folder, binaries, **more)
    request.node.worlds = getattr(request.node, "worlds", []) + [made]
    return made


def end(node, made):
    """The checks of the end belong to the test: where it may fail, so may they."""
    try:
        made.close(failed(node))
    except Exception:  # pylint: disable=broad-except
        if node.get_closest_marker("xfail") is None:
            raise
        print(made.tail())


@pytest.fixture
def world(request, stack, binaries):
    """A Postern of this test's own; nothing is started or written yet."""
    made = make_world(request, stack, binaries, request.node.name)
    yield made
    end(request.node, made)


@pytest.fixture
def another(request, stack, binaries):
    """Makes further worlds: replays, peers."""
    made = []

    def make(suffix, **more):
        made.append(make_world(request, stack, binaries, request.node.name + "-" + suffix, **more))
        return made[-1]
    yield make
    for one in made:
        end(request.node, one)


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
