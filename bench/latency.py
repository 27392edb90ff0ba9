# SPDX-License-Identifier: Apache-2.0
"""Figure 6, latency over the bare client: ingest's median at one connection divided
by librdkafka's own closed-loop acknowledgement; and p99/p50 at 64 connections. Same
broker, same topic settings, shipped defaults."""
import subprocess

import common


def bare(world, count):
    out = subprocess.run([str(common.BIN / "bench-bare-ack"), world.stack.kafka, world.topic("deliveries"), "10240", str(count)],
                         capture_output=True, text=True, check=True).stdout.split()
    return float(out[0])


if __name__ == "__main__":
    common.say("figure 6: latency over the bare client, 10 KB, real broker, each record flushed")
    made = common.open_world("latency")
    made.prepare().start("ingest")
    try:
        script = common.wrk_script(made.folder, common.body(10240))
        url = made.url() + "/v1/hooks/github-acme"
        common.wrk(url, script, 1, 2)
        pairs = []
        for _ in range(common.PAIRS):
            ours = common.wrk(url, script, 1, 4)["p50"]
            pairs.append((ours, bare(made, 2000)))
        common.ratio("p50 at 1 connection / bare acknowledgement", pairs, "<= 2.0")
        common.say("    microseconds, ours then bare: " + ", ".join("%.0f/%.0f" % pair for pair in pairs))
        many = [common.wrk(url, script, 64, 4) for _ in range(common.PAIRS)]
        common.ratio("p99 / p50 at 64 connections", [(one["p99"], one["p50"]) for one in many], "<= 4.0")
    finally:
        made["ingest"].kill()
        made.close(failed=True)
