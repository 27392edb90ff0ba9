# SPDX-License-Identifier: Apache-2.0
"""Figure 7, the evaluator against its database's ceiling: pieces of evidence a second,
exactly once, from a topic that was filled before, divided by bare libpq doing a fixed
set of statements of the same shape (bench/bare/database.c), batches of 500."""
import hashlib
import json
import subprocess
import time

from confluent_kafka import Producer

import common

COUNT = 100000


def evidence(number, tenant):
    """A record as translate writes it; 500 repositories, a change each."""
    name = "%s/repo/github.com/acme/shop%d" % (tenant, number % 500)
    identity = hashlib.sha256(b"bench %d" % number).hexdigest()
    at = "2026-11-%02dT%02d:%02d:%02dZ" % (1 + number % 20, number // 3600 % 24, number // 60 % 60, number % 60)
    data = {"source": "github-acme", "tool": "github", "kind": "push", "class": "change", "subject": name, "id": identity,
            "adapter": "github/1", "delivery": {"id": identity[:32], "digest": "sha256:" + identity, "ordinal": 0},
            "tool_time": at, "effective_time": at, "recorded_time": at, "labels": {"service": "shop", "environment": "prod"},
            "change": {"action": "push", "repository": name, "revision": identity[:40], "ref": "refs/heads/main",
                       "author": "ana", "actor": "ana", "forced": False}}
    headers = [("ce_specversion", "1.0"), ("ce_id", identity), ("ce_source", "/sources/github-acme"),
               ("ce_type", "dev.postern.evidence.change.v1"), ("ce_subject", name), ("ce_time", at),
               ("ce_recordedtime", at), ("ce_tenant", tenant), ("content-type", "application/json"),
               ("ce_dataschema", "https://postern.dev/schemas/events/evidence.change.v1.schema.json")]
    return name, headers, json.dumps(data)


def fill(world):
    producer = Producer({"bootstrap.servers": world.stack.kafka, "linger.ms": 20, "partitioner": "murmur2_random",
                         "queue.buffering.max.messages": 200000})
    for number in range(COUNT):
        name, headers, value = evidence(number, world.tenant)
        producer.produce(world.topic("evidence"), value=value, key=name, headers=headers)
        if number % 1000 == 0:
            producer.poll(0)
    assert producer.flush(120) == 0


def ours(number):
    world = common.open_world("intake-%d" % number, partitions=2)
    world.settings["evaluator"]["judges"] = 0  # the judge has a figure of its own
    world.prepare()
    try:
        fill(world)
        world.add("evaluator").start()
        first = time.monotonic()
        while True:
            done = world.sql("evaluator", "SELECT coalesce(sum(next), 0) AS n FROM consumer_offset")[0]["n"]
            if not done:
                first = time.monotonic()
            if done >= COUNT:
                break
            time.sleep(0.02)
        rate = COUNT / (time.monotonic() - first)
        kept = world.sql("evaluator", "SELECT count(*) AS n FROM evidence")[0]["n"]
        assert kept == COUNT, "%d of %d pieces of evidence are there" % (kept, COUNT)
        return rate
    finally:
        world.stop()
        world.close(failed=True)


def bare(world_stack):
    return float(subprocess.run([str(common.BIN / "bench-bare-database"), world_stack.postgres, str(COUNT), "500"],
                                capture_output=True, text=True, check=True).stdout)


if __name__ == "__main__":
    common.say("figure 7: evidence taken in, exactly once, over bare libpq; %d records, batches of 500" % COUNT)
    servers = common.stacks.of_environment()
    taken = [(ours(number), bare(servers)) for number in range(common.PAIRS)]
    common.ratio("evaluator / bare libpq", taken, ">= 0.70")
    common.say("    records/s, ours then bare: " + ", ".join("%.0f/%.0f" % pair for pair in taken))
