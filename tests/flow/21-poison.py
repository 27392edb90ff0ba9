# SPDX-License-Identifier: Apache-2.0
"""What kills or cannot be read is put aside, and life goes on."""
import base64
import shutil
import time

from confluent_kafka import Producer

import senders
import topics
import walk
from stack import ROOT
from waiting import until

DEADLY = """# SPDX-License-Identifier: Apache-2.0
task: PO.5.2
criteria:
- id: PO.5.2-x
  sentence: A rule that aborts is put aside.
  subject: repo
  severity: low
  role: platform-oncall
  rule: aborting
  parameters: {when: deadly}
"""


def put(world, topic, value, key=b"key", headers=(), partition=0):
    producer = Producer({"bootstrap.servers": world.stack.kafka, "log_level": 0})
    producer.produce(world.topic(topic), value=value, key=key, headers=list(headers), partition=partition)
    assert producer.flush(20) == 0


def change(world, name):
    subject = world.subject("repo", "github.com", "acme/" + name)
    world.send("events-acme", senders.cloudevent("change", subject, {"action": "opened", "actor": "ana"}))
    return subject


def policy(world, name):
    subject = world.subject("cluster", "flow", name)
    world.send("events-acme", senders.cloudevent("policy", subject, {"policy": "admission", "mode": "enforce"}))
    return subject


def parked(world, reader):
    return [row for row in world.events("parked") if row["reader"].startswith(reader)]


def test_a_rule_that_aborts_is_an_error_of_its_pair_and_nobody_elses(world):
    pack = world.folder / "pack"
    shutil.copytree(ROOT / "tests/flow/pack", pack)
    (pack / "PO.5.2.yaml").write_text(DEADLY)
    world.pack = pack
    world.settings["evaluator"]["lease-time"] = "2s"
    world.prepare().start()
    world["evaluator"].deaths_expected = 1
    with walk.Supervisor(world) as supervisor:
        deadly, fine = change(world, "deadly"), change(world, "fine")
        verdict = world.wait_verdict("PO.5.2-x", deadly, "error", seconds=90)
        world.wait_verdict("PO.5.2-x", fine, "pass")
        assert 3 <= supervisor.restarts["evaluator"] <= 6, supervisor.restarts
        assert "abort" in verdict["summary"] or "ended" in verdict["summary"] or "died" in verdict["summary"], verdict["summary"]
        before = supervisor.restarts["evaluator"]
        for number in range(5):
            world.wait_verdict("PO.5.1-s", policy(world, "after-%d" % number), "pass")
        assert supervisor.restarts["evaluator"] == before, "it still dies of it"


def test_evidence_that_nobody_can_read_is_parked(world):
    world.prepare().start()
    world.wait_verdict("PO.5.1-s", policy(world, "before"), "pass")
    put(world, "evidence", b"{\"this is\": no JSON", headers=[
        ("ce_specversion", b"1.0"), ("ce_id", b"x"), ("ce_source", b"/postern/x"),
        ("ce_type", b"dev.postern.evidence.policy.v1"), ("content-type", b"application/json")])
    row = until("a parked record", lambda: parked(world, "evaluator"))[0]
    assert row["topic"] == world.topic("evidence") and row["partition"] == 0 and len(row["reason"]) > 10
    assert base64.b64decode(row["value_base64"]) == b"{\"this is\": no JSON"
    for number in range(4):  # on both partitions
        world.wait_verdict("PO.5.1-s", policy(world, "after-%d" % number), "pass")
    assert len(parked(world, "evaluator")) == 1
    world.dropped = True  # its evidence breaks the contract on purpose


def test_a_verdict_that_nobody_can_read_is_parked(world):
    world.prepare().start()
    put(world, "verdicts", b"\xff\xfe", headers=[
        ("ce_specversion", b"1.0"), ("ce_id", b"x"), ("ce_source", b"/postern/x"), ("ce_type", b"dev.postern.verdict.v1"),
        ("content-type", b"application/json")])
    row = until("a parked record", lambda: parked(world, "notifier"))[0]
    assert row["topic"] == world.topic("verdicts")
    subject = world.subject("cluster", "flow", "after")
    world.send("events-acme", senders.cloudevent("policy", subject, {"policy": "admission", "mode": "audit"}))
    world.wait_alert(subject=subject)
    world.dropped = True


def test_a_newer_major_version_stops_the_reader_and_loses_nothing(world):
    """A record of tomorrow is not parked: who cannot read it waits for who can."""
    world.prepare().start()
    world.wait_verdict("PO.5.1-s", policy(world, "before"), "pass")
    put(world, "evidence", b"{}", headers=[
        ("ce_specversion", b"1.0"), ("ce_id", b"x"), ("ce_source", b"/postern/x"),
        ("ce_type", b"dev.postern.evidence.policy.v2"), ("content-type", b"application/json")])
    until("evaluator to say so", lambda: "v2" in world["evaluator"].text(), 40)
    time.sleep(2)
    assert not parked(world, "evaluator")
    rows = world.sql("evaluator", "SELECT next FROM consumer_offset WHERE part = 0 AND topic = %s", world.topic("evidence"))
    put_at = [one.offset for one in topics.read_all(world.stack.kafka, world.topic("evidence"))
              if one.partition == 0 and topics.header(one, "ce_type").endswith(".v2")][0]
    assert rows[0]["next"] <= put_at
    world.dropped = True
