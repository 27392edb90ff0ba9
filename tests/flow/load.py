# SPDX-License-Identifier: Apache-2.0
"""What goes on beside a test, in every suite: threads that work until they are stopped."""
import threading
import time
import traceback

from waiting import PATIENCE, until


class Load:
    """In each thread a `client(number, stopping)` yields after every delivery the
    seconds until the next, and may end by itself. A client that raises, or that goes
    on for `ending` seconds after it was stopped, fails the test that stops the load."""

    def __init__(self, client, threads=2, ending=60):
        self.client, self.ending = client, ending * PATIENCE
        self.stopping, self.problems = threading.Event(), []
        self.threads = [threading.Thread(target=self.run, args=(number,), daemon=True) for number in range(threads)]

    def run(self, number):
        try:
            for pause in self.client(number, self.stopping):
                if self.stopping.wait(pause):
                    return
        except BaseException as error:  # pylint: disable=broad-except
            self.problems.append("".join(traceback.format_exception(error)))
            self.stopping.set()

    def alive(self):
        return sum(one.is_alive() for one in self.threads)

    def start(self):
        for one in self.threads:
            one.start()
        return self

    def stop(self):
        self.stopping.set()
        deadline = time.monotonic() + self.ending
        for one in self.threads:
            one.join(max(0, deadline - time.monotonic()))
        assert not self.problems, "a thread of the load failed:\n" + self.problems[0]
        assert not self.alive(), "%d of %d threads of the load did not end" % (self.alive(), len(self.threads))

    def wait_ended(self, seconds):
        until("the load to end by itself", lambda: not self.alive(), seconds, pause=0.2)
        self.stop()

    __enter__ = start

    def __exit__(self, *_):
        self.stop()
