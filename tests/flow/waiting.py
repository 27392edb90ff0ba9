# SPDX-License-Identifier: Apache-2.0
"""Waiting with deadlines that say what was waited for."""
import os
import time

# A slow machine may stretch every deadline; nothing sleeps by it.
PATIENCE = float(os.environ.get("POSTERN_PATIENCE", "1"))


class Waited(AssertionError):
    pass


def until(what, look, seconds=30, pause=0.05, stop=None):
    """Calls `look` until it returns something true, and returns that. `stop` may
    raise early where waiting has become pointless."""
    deadline = time.monotonic() + seconds * PATIENCE
    seen = error = None
    while True:
        try:
            seen, error = look(), None
            if seen:
                return seen
        except (AssertionError, ConnectionError, OSError, LookupError) as one:
            error = one
        if stop:
            stop()
        if time.monotonic() > deadline:
            raise Waited("waited %.0f s for %s; last seen: %s" % (
                seconds * PATIENCE, what, repr(error) if error else repr(seen)[:2000]))
        time.sleep(pause)
        pause = min(pause * 1.2, 0.5)
