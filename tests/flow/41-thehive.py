# SPDX-License-Identifier: Apache-2.0
"""Cases in TheHive: against the double, and against a real 4.1 where THEHIVE_URL
and THEHIVE_KEY say so. Tests that inject faults need the double."""
import os
import time

import pytest
import requests

import senders
from thehive_double import Double
from waiting import until


class Hive:
    """What a test asks of either."""

    def __init__(self, url, key, double=None):
        self.url, self.key, self.double = url, key, double

    def call(self, method, path, body=None):
        answer = requests.request(method, self.url + path, json=body, timeout=60,
                                  headers={"Authorization": "Bearer " + self.key})
        assert answer.status_code < 300, "%s %s: %d %s" % (method, path, answer.status_code, answer.text[:500])
        return answer.json() if answer.content else None

    def alerts(self, episode):
        """sourceRef is the first half of the episode's id (docs/sinks.md)."""
        return self.call("POST", "/api/alert/_search?range=all",
                         {"query": {"_field": "sourceRef", "_value": episode[:32]}})

    def case(self, identity):
        return self.call("GET", "/api/case/" + identity)


def servers():
    return ["double"] + (["real"] if os.environ.get("THEHIVE_URL") and os.environ.get("THEHIVE_KEY") else [])


@pytest.fixture(params=servers())
def hive(request):
    if request.param == "real":
        yield Hive(os.environ["THEHIVE_URL"].rstrip("/"), os.environ["THEHIVE_KEY"])
        return
    double = Double()
    yield Hive(double.url, double.key, double)
    double.close()


@pytest.fixture
def faulty():
    double = Double()
    yield Hive(double.url, double.key, double)
    double.close()


def connect(world, hive, **more):
    secret = world.folder / "thehive.key"
    secret.write_text(hive.key + "\n")
    world.routes = {"sinks": {"cases": dict({"kind": "thehive", "urls": [hive.url], "key_file": str(secret)}, **more)},
                    "routes": [{"criterion": ["PO.5.1-s", "PO.5.1-t"], "sinks": ["cases"]}, {"sinks": []}]}
    for party in world.roles["parties"].values():
        party.pop("thehive", None)
    world.prepare().start()
    return world


def policy(world, name, mode, kind="admission"):
    subject = world.subject("cluster", "flow", name)
    headers, body = senders.cloudevent("policy", subject, {"policy": kind, "mode": mode})
    world.send("events-acme", (dict(headers, traceparent=senders.TRACE), body))
    return subject


def failing(world, name, criterion="PO.5.1-s", kind="admission"):
    subject = policy(world, name, "audit", kind)
    return subject, world.wait_verdict(criterion, subject, "fail")


def wait_alert(hive, episode, count=1, seconds=60):
    def look():
        rows = hive.alerts(episode)
        return rows if len(rows) == count else None
    return until("%d alerts of episode %s in TheHive" % (count, episode[:12]), look, seconds)


def outcomes(world, subject):
    return [(row["action"], row["outcome"]) for row in world.events("notices", subject=subject)]


def test_an_episode_is_one_alert_with_its_observables(world, hive):
    connect(world, hive)
    subject, verdict = failing(world, "one")
    alert = wait_alert(hive, verdict["episode"]["id"])[0]
    assert (alert["type"], alert["source"], alert["status"], alert["severity"]) == ("postern", "postern", "New", 3)
    assert subject in alert["description"] and "PO.5.1-s" in alert["title"] + alert["description"]
    assert any("PO.5.1" in tag for tag in alert["tags"])
    assert abs(alert["date"] / 1000 - time.time()) < 600, "date is not in milliseconds"
    time.sleep(5)  # refreshes of the notifier make no second one
    assert len(hive.alerts(verdict["episode"]["id"])) == 1
    until("the notice", lambda: ("create", "delivered") in outcomes(world, subject))
    if hive.double:
        assert hive.double.traces["POST", "/api/alert"] == {senders.TRACE}


def test_a_case_is_opened_where_the_criterion_says_so_and_closed_when_the_cause_is_gone(world, hive):
    connect(world, hive)
    subject, verdict = failing(world, "case", "PO.5.1-t", "boundary")
    episode = verdict["episode"]["id"]

    def imported():
        rows = hive.alerts(episode)
        return rows and rows[0]["status"] == "Imported" and rows[0]
    alert = until("the alert to be imported into a case", imported, 60)
    case = hive.case(alert["case"])
    assert case["status"] == "Open" and case["severity"] == alert["severity"]
    policy(world, "case", "enforce", "boundary")
    world.wait_verdict("PO.5.1-t", subject, "pass")

    def closed():
        found = hive.case(alert["case"])
        return found["status"] == "Resolved" and found
    case = until("the case to be resolved", closed, 60)
    assert case["summary"] and case["resolutionStatus"]
    until("the notices", lambda: {("create", "delivered"), ("promote", "delivered"), ("close", "delivered")}
          <= set(outcomes(world, subject)))


def test_an_alert_whose_cause_is_gone_is_marked(world, hive):
    connect(world, hive)
    subject, verdict = failing(world, "gone")
    wait_alert(hive, verdict["episode"]["id"])
    policy(world, "gone", "enforce")
    world.wait_verdict("PO.5.1-s", subject, "pass")
    until("the alert to be read", lambda: hive.alerts(verdict["episode"]["id"])[0]["status"] == "Ignored", 60)


def test_an_answer_that_never_came_makes_no_second_alert(world, faulty):
    connect(world, faulty, timeout="2s")
    faulty.double.inject("swallow", method="POST", path="/api/alert", seconds=0)
    subject, verdict = failing(world, "doubt")
    wait_alert(faulty, verdict["episode"]["id"])
    until("the notice", lambda: ("create", "delivered") in outcomes(world, subject), 60)
    assert len(faulty.alerts(verdict["episode"]["id"])) == 1


def test_twins_of_a_lost_race_are_reconciled_to_the_lowest_id(world, faulty):
    connect(world, faulty, timeout="2s")
    subject = world.subject("cluster", "flow", "twins")
    faulty.double.inject("swallow", method="POST", path="/api/alert", times=1, seconds=0)
    twin = []
    hive = faulty.double.hive
    store = hive.create_alert

    def twice(user, organisation, body, version=0):
        made = store(user, organisation, body, version)
        if not twin:  # another request of the same triple won the race, too
            second = dict(made, _id=hive.new_id())
            second["id"] = second["_id"]
            hive.alerts[second["_id"]] = second
            twin.append(second["_id"])
        return made
    hive.create_alert = twice
    policy(world, "twins", "audit")
    verdict = world.wait_verdict("PO.5.1-s", subject, "fail")
    rows = wait_alert(faulty, verdict["episode"]["id"], count=2)
    first = min(rows, key=lambda row: int(row["_id"][1:]))["_id"]

    def reconciled():
        marked = [row["_id"] for row in faulty.alerts(verdict["episode"]["id"]) if row["status"] != "New"]
        return marked == [row["_id"] for row in rows if row["_id"] != first]
    until("all but the lowest id to be out of the way", reconciled, 60)

    def linked():  # in the transaction that ends the attempt
        links = [row["alert"] for row in world.sql("notifier", "SELECT alert FROM case_link")]
        assert links in ([], [first])
        return links
    until("the link to the lowest id", linked)


def test_a_gateway_that_answers_html_is_tried_again(world, faulty):
    connect(world, faulty, timeout="2s")
    faulty.double.inject("html502", times=3)
    subject, verdict = failing(world, "html")
    wait_alert(faulty, verdict["episode"]["id"])
    until("the notices", lambda: ("create", "delivered") in outcomes(world, subject))
    assert ("create", "retrying") in outcomes(world, subject)


def test_a_wrong_key_raises_and_does_not_hammer(world, faulty):
    connect(world, faulty, timeout="2s")
    faulty.double.inject("unauthorized", times=1000)
    subject, verdict = failing(world, "key")
    until("a notice that says 401", lambda: [row for row in world.events("notices", subject=subject) if row.get("code") == 401])
    before = len(faulty.double.requests)
    time.sleep(5)
    assert len(faulty.double.requests) - before <= 5, "%d requests in 5 s" % (len(faulty.double.requests) - before)
    assert world["notifier"].admin("/readyz").status_code == 503
    assert faulty.key not in world["notifier"].all_text()
    faulty.double.heal()
    wait_alert(faulty, verdict["episode"]["id"], seconds=120)


def test_what_is_refused_for_good_is_said_once(world, faulty):
    connect(world, faulty, timeout="2s")
    faulty.double.inject("refuse", times=1000, method="POST", path="/api/alert")
    subject, _ = failing(world, "refused")
    until("a failed notice", lambda: ("create", "failed") in outcomes(world, subject))
    before = len(faulty.double.requests)
    time.sleep(4)
    assert len(faulty.double.requests) - before <= 1
    assert outcomes(world, subject).count(("create", "failed")) == 1
    faulty.double.heal()
    other, verdict = failing(world, "after")  # and it stands in nobody's way
    wait_alert(faulty, verdict["episode"]["id"])
    assert other != subject


def test_a_kill_9_around_the_creation_makes_no_second_alert(world, faulty, dice):
    connect(world, faulty, timeout="2s")
    world["notifier"].deaths_expected = 1
    for number in range(5):
        subject = policy(world, "kill-%d" % number, "audit")
        time.sleep(dice.uniform(0.2, 0.9))
        world["notifier"].kill()
        world["notifier"].start()
        verdict = world.wait_verdict("PO.5.1-s", subject, "fail")
        episode = verdict["episode"]["id"]
        until("the case link", lambda: [row for row in world.sql(
            "notifier", "SELECT 1 FROM case_link JOIN notice ON notice = id WHERE episode = %s", episode)], 60)
        live = [row for row in faulty.alerts(episode) if row["status"] == "New"]
        assert len(live) == 1, "%d alerts of one episode" % len(live)
