# SPDX-License-Identifier: Apache-2.0
"""A stand-in for TheHive 4.1 that answers as the real one was seen to answer.

It keeps the real one's traps: the duplicate check and the storing are apart, so
that two creations of one triple within `race` seconds are both stored; PATCH
answers 200 to members it ignores; parallel PATCHes of one alert meet a 404;
appends answer 207; v1 drops observables. It is no model of how our client would
like TheHive to be. Faults are injected with `inject`.

As a program: thehive_double.py [--port N] [--key KEY], for looking at by hand.
"""
import argparse
import http.server
import threading

from thehive_http import Handler
from thehive_store import Hive


class Double:
    """The server; `url`, `key`, `hive`, `requests` are for tests."""

    def __init__(self, port=0, key="+flow/key+of+thirtytwo+letters+1", race=0.2, tls=None):
        """`tls` is an ssl.SSLContext of a server; without one it is plain HTTP."""
        self.hive = Hive(race)
        self.key = key
        self.users = {key: {"login": "postern@thehive.local", "organisation": "soc", "write": True}}
        self.traces = {}  # (method, path): the traceparents, None where there was none
        self.requests = []  # (when it came, method, path, code or None, body)
        self.faults = []
        self.lock = threading.Lock()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.server.double = self
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = "%s://127.0.0.1:%d" % ("https" if tls else "http", self.server.server_address[1])
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def inject(self, kind, times=1, method=None, path="", seconds=0.0):
        """The next `times` requests that match get html502, unauthorized, refuse
        (a 400 that is no duplicate) or swallow (done, the answer kept back for
        `seconds`, then the connection closed)."""
        assert kind in ("html502", "unauthorized", "refuse", "swallow")
        with self.lock:
            self.faults.append([kind, times, method, path, seconds])

    def heal(self):
        with self.lock:
            self.faults.clear()

    def fault(self, method, path):
        with self.lock:
            for row in self.faults:
                if row[2] in (None, method) and row[3] in ("", path) and row[1] > 0:
                    row[1] -= 1
                    return row[0], row[4]
        return None

    def note(self, when, method, path, code, body, trace):
        with self.lock:
            self.traces.setdefault((method, path), set()).add(trace)
            self.requests.append((when, method, path, code, body))


def main():
    parser = argparse.ArgumentParser(description="stand-in for TheHive 4.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default="+flow/key+of+thirtytwo+letters+1")
    words = parser.parse_args()
    double = Double(words.port, words.key)
    print("TheHive double on %s, key %s" % (double.url, double.key), flush=True)
    double.thread.join()


if __name__ == "__main__":
    main()
