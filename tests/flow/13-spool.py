# SPDX-License-Identifier: Apache-2.0
"""The broker goes away, the disk fills, the process ends: nothing that got a 200
is lost, and a source's order holds."""

import pytest
import requests

import senders
import topics
from load import Load
from waiting import PATIENCE, until

REPOSITORY = "acme/shop"


@pytest.fixture
def no_broker(stack):
    """Stops the broker when called; it runs again at the end whatever happens."""
    state = {"away": False}

    def away():
        stack.kill("kafka")
        state["away"] = True

    def back():
        stack.start("kafka")
        state["away"] = False
    away.back = back
    yield away
    if state["away"]:
        back()


def push(word):
    return senders.github_push(REPOSITORY, "ana", senders.commit("b " + word), senders.commit(word))


def observed(word):
    return senders.argocd_observed("shop-prod", REPOSITORY, senders.commit(word), [])


def arrived(world):
    """Digests on the topic in order, by source; a repeat counts where it came first."""
    order = {}
    for one in world.records("deliveries"):
        rows = order.setdefault(topics.header(one, "source"), [])
        digest = topics.header(one, "digest")
        if topics.header(one, "tool") != "toolstate" and digest not in rows:
            rows.append(digest)
    return order


def wait_all_arrived(world, seconds=60):
    wanted = {}
    for one in world.sent:
        if one.code == 200:
            wanted.setdefault(one.source, []).append(one.digest)

    def look():
        order = arrived(world)
        missing = {source: len(set(rows) - set(order.get(source, []))) for source, rows in wanted.items()}
        assert not any(missing.values()), "missing on the topic: %s" % missing
        return order
    return wanted, until("every delivery that got a 200 to be on the topic", look, seconds, pause=0.3)


def spooled(world):
    return world["ingest"].metric("ingest_spool_records")


def wait_spooled(world, least):
    until("%d records in the spool" % least, lambda: spooled(world) >= least)


@pytest.mark.alone
def test_without_a_broker_deliveries_wait_in_the_spool_and_keep_their_order(world, no_broker):
    world.settings["ingest"]["ack-deadline"] = "500ms"
    world.prepare().start("ingest")
    world.send("github-acme", push("before"))
    no_broker()
    for number in range(15):
        world.send("github-acme", push("away %d" % number))
        world.send("argocd-acme", observed("away %d" % number))
    wait_spooled(world, 30)
    world["ingest"].kill()
    world["ingest"].start()  # without a broker, on what a kill -9 left
    world["ingest"].wait_ready()
    wait_spooled(world, 30)
    for number in range(10):
        world.send("github-acme", push("again %d" % number))
    no_broker.back()
    for number in range(5):
        world.send("github-acme", push("back %d" % number))
    wanted, order = wait_all_arrived(world)
    for source, rows in wanted.items():
        assert order[source] == rows, "the order of %s did not hold" % source
    until("the spool to be empty", lambda: spooled(world) == 0)
    assert len(world.wait_evidence(31, source="github-acme", seconds=60)) >= 31


@pytest.mark.alone
def test_a_start_without_a_broker_is_ready_and_takes_deliveries(world, no_broker):
    world.prepare()
    no_broker()
    world.start("ingest")
    for number in range(5):
        world.send("github-acme", push("first %d" % number))
    no_broker.back()
    wanted, order = wait_all_arrived(world)
    assert order["github-acme"] == wanted["github-acme"]


@pytest.mark.alone
def test_a_full_spool_says_503_and_keeps_what_it_took(world, no_broker):
    world.settings["ingest"].update({"ack-deadline": "300ms", "spool-size": "8MiB"})
    world.prepare().start("ingest")
    no_broker()
    answer = None
    for number in range(200):
        headers, body = push("fill %d" % number)
        body["commits"][0]["message"] = "m" * 900000
        answer = world.send("github-acme", (headers, body), expect=None)
        if answer.status_code != 200:
            break
    assert answer.status_code == 503, answer.status_code
    assert int(answer.headers["Retry-After"]) > 0
    taken = sum(1 for one in world.sent if one.code == 200)
    assert taken >= 2
    no_broker.back()
    wait_all_arrived(world)
    until("deliveries to be taken again", lambda: world.send("github-acme", push("after"), expect=None).status_code == 200)


def test_sigterm_loses_nothing(world):
    world.prepare().start("ingest")

    def stream(thread, stopping):
        with requests.Session() as session:
            for number in range(100000):
                try:
                    world.send("github-acme", push("stream %d %d" % (thread, number)), session=session, expect=None)
                except (requests.exceptions.RequestException, AssertionError):
                    return  # nobody is there any more
                yield 0

    with Load(stream, threads=8, ending=30):
        until("traffic", lambda: len(world.sent) > 200 * min(1, PATIENCE))
        world["ingest"].stop()
    world["ingest"].start()
    world["ingest"].wait_ready()
    wait_all_arrived(world)


def limit(world, bytes_):
    """What the broker takes on this world's deliveries, as somebody may set it."""
    from confluent_kafka.admin import AdminClient, ConfigResource
    admin = AdminClient({"bootstrap.servers": world.stack.kafka, "log_level": 0})
    rows = {"max.message.bytes": str(bytes_), "retention.ms": str(366 * 86400000), "flush.messages": "1"}
    for one in admin.alter_configs([ConfigResource("topic", world.topic("deliveries"), set_config=rows)]).values():
        one.result(10)


def test_what_the_broker_refuses_for_good_holds_nobody_up(world):
    world.prepare()
    limit(world, 20000)
    world.start("ingest")
    headers, body = push("large")
    body["commits"][0]["message"] = "m" * 30000
    world.send("github-acme", (headers, body))
    large = world.sent[-1].digest
    until("it to be put aside", lambda: world["ingest"].metric("ingest_spool_parked_records") == 1)
    world.send("github-acme", push("after"))
    until("the next one to pass it", lambda: world.sent[-1].digest in arrived(world).get("github-acme", []))
    assert large not in arrived(world)["github-acme"]
    answer = world["ingest"].admin("/readyz")
    assert answer.status_code == 200 and "1 records are put aside" in answer.text and "too large" in answer.text, answer.text
    assert world["ingest"].lines("INGEST-SPOOL-PARKED")
    world["ingest"].kill()  # it is on the disk
    world["ingest"].start()
    world["ingest"].wait_ready()
    until("it to be put aside again", lambda: world["ingest"].metric("ingest_spool_parked_records") == 1)
    limit(world, 1048588)
    world["ingest"].signal(1)
    until("it to be taken", lambda: large in arrived(world)["github-acme"])
    until("nothing to be left", lambda: world["ingest"].metric("ingest_spool_parked_records") == 0)
    until("evidence of both", lambda: len({row["id"] for row in world.evidence(source="github-acme")}) == 2)
