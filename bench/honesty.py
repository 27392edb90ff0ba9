# SPDX-License-Identifier: Apache-2.0
"""Figure 2, the price of honesty: answers a second with 200 after the broker's
acknowledgement, divided by the same binary answering when the record is queued."""
import common

MOCK = {"test.mock.num.brokers": 1}


def measure(world, url, script, connections):
    return common.wrk(url, script, connections, 4)["rate"]


def prepare(name, properties, early):
    world = common.open_world("honesty-" + name)
    world.settings["ingest"].update({"kafka-properties": properties} if properties else {})
    world.settings["ingest"].update({"connections": 2000, "connections-per-peer": 2000, "counts-every": "60s"})
    if early:
        world.settings["ingest"]["answer-at-enqueue"] = True
    if properties:
        world.write_files()
    else:
        world.prepare()
    world.start("ingest")
    return world


def compare(title, name, properties, connections, size):
    honest, early = prepare(name, properties, False), prepare(name + "-early", properties, True)
    try:
        text = common.body(size)
        scripts = [common.wrk_script(one.folder, text) for one in (honest, early)]
        urls = [one.url() + "/v1/hooks/github-acme" for one in (honest, early)]
        pairs = []
        for _ in range(common.PAIRS):
            pairs.append(tuple(measure(world, url, script, connections)
                               for world, url, script in zip((honest, early), urls, scripts)))
        common.ratio(title, pairs, ">= 0.80")
        common.say("    answers/s, ours then at enqueue: " + ", ".join("%.0f/%.0f" % pair for pair in pairs))
    finally:
        for world in (honest, early):
            world["ingest"].kill()
            if not properties:
                world.close(failed=True)


if __name__ == "__main__":
    common.say("figure 2: price of honesty (200 after the acknowledgement / at enqueue), 10 KB")
    compare("mock broker, 64 connections", "mock", MOCK, 64, 10240)
    compare("mock broker, 5 ms away, 512 connections", "far", dict(MOCK, **{"test.mock.broker.rtt": 5}), 512, 10240)
    compare("real broker, each record flushed, 64 connections", "real", None, 64, 10240)
