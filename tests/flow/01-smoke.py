# SPDX-License-Identifier: Apache-2.0
"""The thinnest walk: a signed delivery, evidence, a verdict, an alert, resolved."""
import requests

import senders
import topics
from service import run
from waiting import until


def test_one_delivery_walks_all_the_way_and_its_alert_is_resolved(world):
    world.prepare().start()
    subject = world.subject("cluster", "flow", "one")
    headers, body = senders.cloudevent("policy", subject, {"policy": "admission", "mode": "audit"})
    world.send("events-acme", (dict(headers, traceparent=senders.TRACE), body))
    verdict = world.wait_verdict("PO.5.1-s", subject, "fail")
    evidence = world.evidence(source="events-acme", tool="cloudevents")[0]
    assert verdict["evidence"] == [evidence["id"]]
    assert verdict["payloads"] == [world.sent[0].digest]
    assert verdict["since"] == evidence["effective_time"]
    assert verdict["episode"]["opened"] == verdict["since"] and "closed" not in verdict["episode"]
    assert verdict["summary"] and verdict["would_change"] and verdict["task"] == "PO.5.1"
    alert = world.wait_alert(criterion="PO.5.1-s", subject=subject)
    labels = alert["labels"]
    assert (labels["role"], labels["severity"], labels["owner"]) == ("platform-oncall", "high", "platform")
    assert alert["startsAt"][:19] == verdict["since"][:19]
    assert alert["annotations"]["trace"] == senders.TRACE[3:35]
    for name in ("deliveries", "evidence", "verdicts"):
        assert senders.TRACE.encode() in [dict(one.headers).get("traceparent") for one in world.records(name)], name

    world.send("events-acme", senders.cloudevent("policy", subject, {"policy": "admission", "mode": "enforce"}))
    good = world.wait_verdict("PO.5.1-s", subject, "pass")
    assert verdict["traceparent"] == senders.TRACE and "traceparent" not in good, "what decides now came in no trace"
    assert good["previous"] == "fail" and good["episode"]["id"] == verdict["episode"]["id"]
    assert good["episode"]["closed"] == good["since"]
    world.wait_no_alert(criterion="PO.5.1-s", subject=subject)

    def told():
        rows = world.events("notices", criterion="PO.5.1-s", subject=subject)
        return [row["action"] for row in rows if row["outcome"] == "delivered"] == ["fire", "resolve"]
    until("notices of firing and resolving", told)
    assert [row.get("traceparent") for row in world.events("notices", subject=subject, outcome="delivered")] == [senders.TRACE, None]
    last = [one for one in world.records("state") if one.key.decode() == subject + " PO.5.1-s"][-1]
    assert topics.data(last)["verdict"] == "pass"


def test_each_service_says_that_it_lives_and_is_ready(world):
    world.prepare().start()
    for name in ("ingest", "evaluator", "notifier"):
        assert world[name].admin("/livez").status_code == 200
        assert world[name].admin("/readyz").status_code == 200
        metrics = world[name].admin("/metrics")
        assert metrics.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert "# HELP postern_" in metrics.text and "# TYPE postern_" in metrics.text
        assert "\npostern_ready 1\n" in metrics.text and "\npostern_check_well{" in metrics.text
        lint = run("promtool", "check", "metrics", data=metrics.content)
        assert lint[0] == 0, "promtool on the metrics of %s: %s%s" % (name, lint[1], lint[2])
    assert requests.get(world.url() + "/metrics", timeout=5).status_code != 200, "the admin pages are on the public port"


def test_topics_are_made_once_and_checked(world):
    world.prepare(topics_too=False)
    code, out, err = world.tool("ingest", "--check-topics")
    assert code != 0 and world.topic("deliveries") in out + err, out + err
    world.must("evaluator", "--create-topics")
    world.must("ingest", "--create-topics")
    for service in ("ingest", "evaluator", "notifier"):
        world.must(service, "--check-topics")
    for name in ("deliveries", "evidence", "rejected", "parked", "verdicts", "state", "notices"):
        assert world.records(name) == []


def test_migrations_run_again_without_harm_and_evidence_is_append_only(world):
    world.prepare()
    for service in ("evaluator", "notifier"):
        code, out, err = world.tool(service, "--postgres", world.stack.conninfo(world.database), "--migrate")
        assert code == 0, out + err
    import psycopg2
    link = psycopg2.connect(world.conninfo("evaluator"))
    for statement in ("DELETE FROM evaluator.evidence", "UPDATE evaluator.evidence SET source = 'x'",
                      "DROP TABLE evaluator.evidence", "SELECT * FROM notifier.notice", "TRUNCATE evaluator.evidence"):
        with link.cursor() as cursor:
            try:
                cursor.execute(statement)
                raise AssertionError("the evaluator's role may " + statement)
            except psycopg2.errors.InsufficientPrivilege:
                link.rollback()
    link.close()
