# SPDX-License-Identifier: Apache-2.0
"""What stands in Alertmanager: one, a pair, one of them dead or restarted."""
import datetime
import time

import pytest
import requests

import senders
from waiting import PATIENCE, until


@pytest.fixture
def pair(world):
    """Two Alertmanagers, the second of which may be stopped."""
    world.alertmanagers = world.stack.alertmanagers[:2]
    yield world
    world.stack.start("alertmanager2")


def policy(world, name, mode):
    subject = world.subject("cluster", "flow", name)
    world.send("events-acme", senders.cloudevent("policy", subject, {"policy": "admission", "mode": mode}))
    return subject


def at(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def test_alerts_stand_an_hour_ahead_and_are_refreshed(world):
    world.prepare().start()
    subject = policy(world, "ahead", "audit")
    alert = world.wait_alert(subject=subject)
    ahead = (at(alert["endsAt"]) - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    assert 3000 < ahead < 3700, "endsAt is %.0f s ahead" % ahead

    def refreshed():
        return at(world.alerts(subject=subject)[0]["updatedAt"]) > at(alert["updatedAt"])
    until("the alert to be refreshed", refreshed)
    assert world.alerts(subject=subject)[0]["startsAt"] == alert["startsAt"]
    world["notifier"].stop()
    time.sleep(3)
    assert world.alerts(subject=subject), "an outage of ours resolved an alert"
    world["notifier"].start()


def test_the_watchdog_always_fires(world):
    world.prepare().start("evaluator", "notifier")
    answer = until("PosternWatchdog", lambda: [one for one in requests.get(
        world.alertmanagers[0] + "/api/v2/alerts", params={"filter": 'alertname="PosternWatchdog"'}, timeout=5).json()])
    assert answer


def test_a_recurrence_is_a_new_episode_with_a_new_start(world):
    world.prepare().start()
    subject = policy(world, "again", "audit")
    first = world.wait_alert(subject=subject)
    episode = world.verdict("PO.5.1-s", subject)["episode"]["id"]
    policy(world, "again", "enforce")
    world.wait_no_alert(subject=subject)
    policy(world, "again", "audit")
    second = world.wait_alert(subject=subject)
    assert at(second["startsAt"]) > at(first["startsAt"])
    assert world.wait_verdict("PO.5.1-s", subject, "fail")["episode"]["id"] != episode
    assert second["labels"] == first["labels"]


@pytest.mark.alone
def test_both_of_a_pair_have_every_alert(pair):
    pair.prepare().start()
    subjects = [policy(pair, "pair-%d" % number, "audit") for number in range(20)]
    for subject in subjects:
        for base in pair.alertmanagers:
            pair.wait_alert(base, subject=subject)
    for number in range(20):
        policy(pair, "pair-%d" % number, "enforce")
    for subject in subjects:
        for base in pair.alertmanagers:
            pair.wait_no_alert(base, subject=subject)


@pytest.mark.alone
def test_a_dead_one_delays_nobody_and_catches_up(pair):
    pair.prepare().start()
    pair.stack.kill("alertmanager2")
    began = time.monotonic()
    subject = policy(pair, "dead", "audit")
    pair.wait_alert(pair.alertmanagers[0], subject=subject, seconds=15)
    assert time.monotonic() - began < 15 * PATIENCE
    pair.stack.start("alertmanager2")
    pair.wait_alert(pair.alertmanagers[1], subject=subject)


@pytest.mark.alone
def test_a_restarted_one_has_its_alerts_again(pair):
    """Alerts live in its memory only; the refresh brings them back."""
    pair.prepare().start()
    subject = policy(pair, "restart", "audit")
    pair.wait_alert(pair.alertmanagers[1], subject=subject)
    pair.stack.kill("alertmanager2")
    pair.stack.start("alertmanager2")
    pair.wait_alert(pair.alertmanagers[1], subject=subject)
    policy(pair, "restart", "enforce")
    for base in pair.alertmanagers:
        pair.wait_no_alert(base, subject=subject)


def test_a_notifier_that_was_away_tells_the_present_not_the_past(world):
    world.prepare().start("ingest", "evaluator")
    kept = policy(world, "kept", "audit")
    gone = policy(world, "gone", "audit")
    world.wait_verdict("PO.5.1-s", gone, "fail")
    policy(world, "gone", "enforce")
    world.wait_verdict("PO.5.1-s", gone, "pass")
    world.start("notifier")
    world.wait_alert(subject=kept)
    assert not world.alerts(subject=gone)


def test_a_rebuild_with_the_notifier_muted_tells_nobody(world):
    world.settings["notifier"]["mute"] = True
    world.prepare().start()
    subject = policy(world, "muted", "audit")
    world.wait_verdict("PO.5.1-s", subject, "fail")
    until("a notice that was muted", lambda: world.events("notices", subject=subject, outcome="muted"))
    time.sleep(2)
    assert not world.alerts(subject=subject)
