# SPDX-License-Identifier: Apache-2.0
"""One Postern process: started, watched, stopped, killed, stalled."""
import ctypes
import os
import re
import shlex
import signal
import subprocess

import requests

from waiting import PATIENCE, until

LIBC = ctypes.CDLL(None)
BAD = re.compile(r"ERROR: (AddressSanitizer|LeakSanitizer)|runtime error:|BUG:|Assertion")


def die_with_us():
    LIBC.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: nothing outlives a test run


class Service:
    """`name` tells instances apart in one folder; `program` is the binary."""

    def __init__(self, program, arguments, folder, name, environment=None):
        self.program, self.arguments, self.name = str(program), [str(one) for one in arguments], name
        self.log = folder / (name + ".log")
        self.environment = dict(os.environ, **(environment or {}))
        self.process = None
        self.from_byte = 0
        self.deaths_expected = 0

    def start(self, wait=True):
        assert not self.alive(), self.name + " runs already"
        self.from_byte = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            log.write(("$ %s\n" % shlex.join([self.program] + self.arguments)).encode())
            log.flush()
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                [self.program] + self.arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment,
                start_new_session=True, preexec_fn=die_with_us)
        if wait:
            self.port("ADMIN-LISTENING")
        return self

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def text(self):
        """What it has logged since its last start."""
        if not self.log.exists():
            return ""
        with open(self.log, "rb") as log:
            log.seek(self.from_byte)
            return log.read().decode("utf-8", "replace")

    def all_text(self):
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    def lines(self, log_id):
        return [line for line in self.text().splitlines() if "id=" + log_id + " " in line + " "]

    def check_alive(self):
        if not self.alive():
            raise RuntimeError("%s ended with %s; its log %s ends:\n%s" % (
                self.name, self.process.returncode if self.process else None, self.log, self.text()[-4000:]))

    def wait_log(self, log_id, seconds=20):
        return until("%s to log %s" % (self.name, log_id), lambda: self.lines(log_id), seconds, stop=self.check_alive)[-1]

    def port(self, log_id):
        return int(re.search(r"port=(\d+)", self.wait_log(log_id)).group(1))

    def admin(self, path):
        return requests.get("http://127.0.0.1:%d%s" % (self.port("ADMIN-LISTENING"), path), timeout=5 * PATIENCE)

    def wait_ready(self, seconds=30):
        def look():
            answer = self.admin("/readyz")
            assert answer.status_code == 200, answer.text
            return True
        until("%s to be ready" % self.name, look, seconds, stop=self.check_alive)
        return self

    def metric(self, name, **labels):
        """Sum over all series of that name that carry these labels."""
        total = 0.0
        for line in self.admin("/metrics").text.splitlines():
            found = re.match(r"(postern_)?%s(\{([^}]*)\})? (\S+)$" % re.escape(name), line)
            if found and all('%s="%s"' % one in (found.group(3) or "") for one in labels.items()):
                total += float(found.group(4))
        return total

    def signal(self, number):
        os.kill(self.process.pid, number)

    def kill(self):
        """kill -9: no orderly end."""
        if self.alive():
            self.process.kill()
            self.process.wait()

    def stall(self):
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def stop(self, seconds=30, expect=0):
        """SIGTERM; an orderly end within `seconds`, with exit code `expect`."""
        if not self.alive():
            return
        self.resume()
        self.process.terminate()
        try:
            code = self.process.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            self.process.wait()
            raise AssertionError("%s did not end %.0f s after SIGTERM; its log %s ends:\n%s" % (
                self.name, seconds * PATIENCE, self.log, self.text()[-3000:])) from None
        assert code == expect, "%s ended with %s; its log %s ends:\n%s" % (self.name, code, self.log, self.text()[-6000:])

    def check_log(self):
        found = BAD.search(self.all_text())
        if found and not self.deaths_expected:
            at = self.all_text().find(found.group(0))
            raise AssertionError("%s: %s in %s:\n%s" % (self.name, found.group(0), self.log, self.all_text()[at:at + 6000]))


def run(program, *arguments, environment=None, seconds=60, data=None):
    """A program that ends by itself: (exit code, standard output, standard error)."""
    done = subprocess.run([str(program)] + [str(one) for one in arguments], input=data if data is not None else b"",
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ, **(environment or {})),
                          timeout=seconds * PATIENCE, check=False)
    assert not BAD.search(done.stderr.decode("utf-8", "replace")), done.stderr.decode("utf-8", "replace")
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
