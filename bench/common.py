# SPDX-License-Identifier: Apache-2.0
"""What the benches share: a Postern of their own on the real servers, wrk, ratios."""
import hashlib
import hmac
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "flow"))

import stack as stacks  # noqa: E402  (the flow tests' own harness)
import world as worlds  # noqa: E402

BIN = pathlib.Path(os.environ.get("POSTERN_BIN", ROOT / "build/bench/bin"))
PAIRS = int(os.environ.get("POSTERN_BENCH_PAIRS", "5"))
FOLDER = ROOT / "build" / "bench-worlds"
SECRET = "bench secret of the one source"


def open_world(name, **more):
    found = stacks.of_environment()
    if found is None:
        sys.exit("bench: no servers: run scripts/bench")
    return worlds.World(found, FOLDER / name, BIN, **more)


def body(size):
    """A push of about `size` bytes, valid JSON; what is in it does not matter here."""
    text = json.dumps({"ref": "refs/heads/main", "commits": []})
    return text[:-1] + ', "pad": "%s"}' % ("x" * max(0, size - len(text) - 12))


def wrk_script(folder, text):
    """wrk signs nothing, so the one body's signature is written down for it."""
    signature = hmac.new(worlds.SECRETS["github-acme"].encode(), text.encode(), hashlib.sha256).hexdigest()
    path = pathlib.Path(folder) / "wrk.lua"
    (pathlib.Path(folder) / "wrk.body").write_text(text)
    path.write_text('local f = io.open("%s/wrk.body")\nwrk.body = f:read("*a")\nwrk.method = "POST"\n'
                    'wrk.headers["Content-Type"] = "application/json"\nwrk.headers["X-GitHub-Event"] = "push"\n'
                    'wrk.headers["X-Hub-Signature-256"] = "sha256=%s"\n' % (folder, signature))
    return path


UNITS = {"us": 1.0, "ms": 1e3, "s": 1e6}


def wrk(url, script, connections, seconds):
    """{rate, p50, p99}: answers a second, microseconds. Any answer that is no 2xx is an error."""
    out = subprocess.run(["wrk", "-t1", "-c%d" % connections, "-d%ds" % seconds, "--latency", "--timeout", "20s",
                          "-s", str(script), url], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        sys.exit("bench: wrk saw errors:\n" + out)
    result = {"rate": float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))}
    for name in ("50", "99"):
        found = re.search(r"^\s+%s%%\s+([\d.]+)(us|ms|s)$" % name, out, re.M)
        result["p" + name] = float(found.group(1)) * UNITS[found.group(2)]
    return result


def ratio(what, pairs, hoped):
    """pairs: (ours, theirs), taken in turn. Prints the median ratio and its spread."""
    ratios = sorted(one / other for one, other in pairs)
    print("  %-58s %.2f  (%.2f to %.2f, %d pairs; hoped for: %s)" % (
        what, statistics.median(ratios), ratios[0], ratios[-1], len(ratios), hoped), flush=True)
    return statistics.median(ratios)


def say(text):
    print(text, flush=True)
