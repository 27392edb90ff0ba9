# SPDX-License-Identifier: Apache-2.0
"""postern doctor on real servers: nothing to say of what is well, and of each
fault what is wrong and what to do."""
import json
import shutil
import socket

import yaml

from service import run
from thehive_double import Double

CHECKS = {"settings", "broker", "topic", "database", "clock", "schema", "role", "sources", "subjects", "pack", "roles", "routes",
          "sink", "process"}
SERVICES = ("ingest", "evaluator", "notifier")


def doctor(world, *words, services=SERVICES):
    files = [word for one in services for word in ("--" + one, world.folder / (one + ".yaml"))]
    code, out, err = run(world.binaries / "postern", "doctor", *files, "--json", *words)
    assert not err, err
    return code, json.loads(out)


def troubles(world, service, **settings):
    """What is not well with that service once its settings are changed: None takes one out."""
    path = world.folder / (service + ".yaml")
    before = path.read_text()
    changed = {**yaml.safe_load(before), **{key.replace("_", "-"): value for key, value in settings.items()}}
    path.write_text(yaml.safe_dump({key: value for key, value in changed.items() if value is not None}))
    code, found = doctor(world, services=(service,))
    path.write_text(before)
    rows = [row for row in found if row["finding"] != "OK" and "not looked at" not in row["sentence"]]
    assert all(row["do"] for row in rows), rows
    assert code == int(any(row["finding"] == "FAIL" for row in rows)), found
    return rows


def trouble(world, service, finding, check, **settings):
    rows = troubles(world, service, **settings)
    assert [(row["finding"], row["check"]) for row in rows] == [(finding, check)], rows
    return rows[0]["sentence"]


def test_doctor_finds_nothing_in_a_healthy_suite(world):
    world.prepare().start("ingest")
    ingest = "http://127.0.0.1:%d" % world["ingest"].port("ADMIN-LISTENING")
    code, found = doctor(world, "--strict", "--process", ingest)
    assert code == 0 and {row["finding"] for row in found} == {"OK"}, found
    assert {row["check"] for row in found} == CHECKS and not any("do" in row for row in found)
    assert sorted(row["what"] for row in found if row["check"] == "topic") == sorted(
        world.topic(name) for name in ("deliveries", "evidence", "rejected", "parked", "verdicts", "state", "notices"))
    code, out, err = run(world.binaries / "postern", "doctor", "--evaluator", world.folder / "evaluator.yaml")
    assert code == 0 and "OK    database  evaluator: PostgreSQL" in out and "2 warnings, 0 wrong" in out and not err, out + err
    assert run(world.binaries / "postern", "doctor")[0] == 2, "nothing to look at is no health"
    code, found = doctor(world, "--strict", "--process", ingest, services=())
    assert code == 0 and [(row["check"], row["finding"]) for row in found] == [("process", "OK")], found
    world.stop("ingest")
    code, found = doctor(world, "--process", ingest, services=())
    assert code == 1 and [(row["check"], row["finding"]) for row in found] == [("process", "FAIL")], found


def broker_and_topics(world):
    assert "127.0.0.1:1 does not answer" in trouble(world, "ingest", "FAIL", "broker", kafka_brokers="127.0.0.1:1")
    assert "No such configuration property" in trouble(world, "ingest", "FAIL", "broker", kafka_properties={"no.such": "x"})
    rows = troubles(world, "notifier", topic_prefix="absent")
    assert len(rows) == 7 and all("is missing" in row["sentence"] for row in rows), rows
    rows = troubles(world, "ingest", partitions=world.partitions + 1)
    assert {row["finding"] for row in rows} == {"WARN"} and "wanted are" in rows[0]["sentence"], rows


def database(world):
    owner, stranger = world.stack.conninfo(world.database), world.stack.conninfo(world.database, "nobody_at_all")
    closed = "postgresql://postern_evaluator@127.0.0.1:1/" + world.database
    assert "refused" in trouble(world, "evaluator", "FAIL", "database", postgres=closed)
    assert "nobody_at_all" in trouble(world, "evaluator", "FAIL", "database", postgres=stranger)
    assert "superuser" in trouble(world, "evaluator", "WARN", "role", postgres=owner)
    assert "superuser" in trouble(world, "notifier", "WARN", "role", postgres=owner)
    assert "--migrate" in trouble(world, "notifier", "FAIL", "schema", schema="elsewhere")
    world.stack.sql("GRANT DELETE ON evaluator.evidence TO postern_evaluator", world.database)
    assert "must stay" in trouble(world, "evaluator", "WARN", "role")
    world.stack.sql("REVOKE DELETE ON evaluator.evidence FROM postern_evaluator;"
                    "REVOKE INSERT ON evaluator.evidence FROM postern_evaluator", world.database)
    assert "may not write" in trouble(world, "evaluator", "FAIL", "role")
    world.stack.sql("GRANT INSERT ON evaluator.evidence TO postern_evaluator; INSERT INTO evaluator.consumer_offset"
                    " (topic, part, epoch, next, topic_id) VALUES ('%s', 0, 1, 7, 'another')" % world.topic("evidence"),
                    world.database)
    assert "made anew" in trouble(world, "evaluator", "FAIL", "offsets")


def files(world):
    pack = world.folder / "pack"
    shutil.copytree(world.pack, pack)
    (pack / "PO.5.1.yaml").write_text("task: PO.5.1\ncriteria: 3\n")
    assert "PO.5.1.yaml:2:11" in trouble(world, "evaluator", "FAIL", "pack", pack=str(pack))
    bad = str(world.write("bad.yaml", "sources:\n- {name: x, tool: nothing-we-know}\n"))
    assert "bad.yaml:2:" in trouble(world, "ingest", "FAIL", "sources", sources=bad)
    bad = str(world.write("bad.yaml", "rules: 3\n"))
    assert "bad.yaml:1:" in trouble(world, "ingest", "FAIL", "subjects", subjects=bad)
    assert "bad.yaml:1:" in trouble(world, "notifier", "FAIL", "roles", roles=bad)
    assert "bad.yaml:1:" in trouble(world, "notifier", "FAIL", "routes", routes=bad)
    assert "refresh-every" in trouble(world, "notifier", "FAIL", "settings", ends_ahead="1m", refresh_every="50s")
    assert trouble(world, "ingest", "WARN", "subjects", subjects=None)
    assert "plain HTTP" in trouble(world, "ingest", "WARN", "tls", listen_address="0.0.0.0", insecure=True)
    assert "bad.yaml" in trouble(world, "ingest", "FAIL", "tls", tls_certificate=bad, tls_key=bad)


def sinks(world, **sink):
    return str(world.write("other-routes.yaml", {"sinks": {"one": sink}, "routes": [{"sinks": ["one"]}]}))


def each_sink(world):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        away = "http://127.0.0.1:%d" % closed.getsockname()[1]
        for kind in ({"kind": "alertmanager"}, {"kind": "thehive", "key_file": str(world.write("key", "wrong\n"))}):
            assert "connect" in trouble(world, "notifier", "FAIL", "sink", routes=sinks(world, urls=[away], **kind))
    assert "404" in trouble(world, "notifier", "FAIL", "sink",
                            routes=sinks(world, kind="alertmanager", urls=[world.alertmanagers[0] + "/no/such"]))
    assert "tells nobody" in trouble(world, "notifier", "WARN", "sink", routes=sinks(world, kind="null"))
    double = Double()
    try:
        hive = {"kind": "thehive", "urls": [double.url], "key_file": str(world.folder / "key")}
        for party in world.roles["parties"].values():
            party.pop("thehive", None)
        world.write("roles.yaml", world.roles)
        assert "401" in trouble(world, "notifier", "FAIL", "sink", routes=sinks(world, **hive))
        world.write("key", double.key + "\n")
        assert troubles(world, "notifier", routes=sinks(world, **hive)) == []
        double.users[double.key]["write"] = False
        assert "manageAlert" in trouble(world, "notifier", "FAIL", "sink", routes=sinks(world, **hive))
    finally:
        double.close()


def test_doctor_says_of_each_fault_what_it_is(world):
    world.prepare()
    broker_and_topics(world)
    files(world)
    each_sink(world)
    database(world)
