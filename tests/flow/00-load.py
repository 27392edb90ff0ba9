# SPDX-License-Identifier: Apache-2.0
"""The load that other tests run under: it cannot fail unheard."""
import threading
import time

import pytest

from load import Load


def test_a_load_ends_with_its_test():
    seen = set()

    def client(number, stopping):
        while not stopping.is_set():
            seen.add(number)
            yield 60
    with Load(client, threads=3) as load:
        while len(seen) < 3:
            time.sleep(0.01)
        assert load.alive() == 3
    assert load.alive() == 0


def test_a_load_that_ends_by_itself_is_waited_for():
    Load(lambda number, stopping: [0] * 5).start().wait_ended(10)


def test_a_thread_that_fails_fails_the_test():
    def client(number, stopping):
        yield 0
        assert number == 0, "answered by 500"
        while not stopping.is_set():
            yield 0.01
    with pytest.raises(AssertionError, match="a thread of the load failed:(?s:.)*answered by 500"):
        with Load(client):
            pass


def test_a_thread_that_does_not_end_fails_the_test():
    release = threading.Event()

    def client(number, stopping):
        release.wait(10)
        yield 0
    with pytest.raises(AssertionError, match="2 of 2 threads of the load did not end"):
        with Load(client, ending=0.1):
            pass
    release.set()


def test_a_failure_under_load_is_not_hidden():
    def client(number, stopping):
        yield 1 / 0
    with pytest.raises(AssertionError, match="a thread of the load failed") as found:
        with Load(client):
            raise LookupError("the test's own")
    assert isinstance(found.value.__context__, LookupError)
