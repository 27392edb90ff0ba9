# SPDX-License-Identifier: Apache-2.0
"""Each container killed and restarted under load: no 200 is lost."""
import hashlib
import time

import pytest
import requests

import senders
from compose import OURS, SERVERS
from load import Load
from waiting import until

SUBJECTS = ["default/cluster/deploy/%d" % number for number in range(6)]


def CONFIG(folder):  # pylint: disable=invalid-name
    """The flow tests' pack, whose verdicts do not wait for windows."""
    with open(folder / "evaluator.yaml", "a", encoding="utf-8") as file:
        file.write("lease-time: 3s\n")
    text = (folder / "evaluator.yaml").read_text().replace("/usr/share/postern/packs/ssdf-po", "/etc/postern/pack")
    (folder / "evaluator.yaml").write_text(text)
    with open(folder / "notifier.yaml", "a", encoding="utf-8") as file:
        file.write("lease-time: 3s\nrefresh-every: 5s\n")


class Sender:
    """Signed deliveries from outside; remembers what got a 200."""

    def __init__(self, stack):
        self.stack, self.secret = stack, stack.secret("events")
        self.accepted, self.number = {}, 0

    def send(self, subject, mode):
        """True for a 200. A connection that breaks is the sender's to try again."""
        self.number += 1
        headers, event = senders.cloudevent("policy", subject, {"policy": "admission", "mode": mode})
        body = senders.encode(event)
        headers.update(senders.sign_standard_webhooks(self.secret, body))
        try:
            code = requests.post(self.stack.url() + "/v1/hooks/events", data=body, headers=headers, timeout=10).status_code
        except requests.RequestException:
            return False
        assert code in (200, 503), code
        if code == 200:
            self.accepted[hashlib.sha256(body).hexdigest()] = subject
        return code == 200

    def deliveries(self, _, stopping):
        while not stopping.is_set():
            self.send(SUBJECTS[self.number % len(SUBJECTS)], "audit" if self.number % 7 else "enforce")
            yield 1 / 15


@pytest.fixture(scope="module")
def sender(stack):
    return Sender(stack)


def load(sender):
    return Load(sender.deliveries, threads=1, ending=30)


def check_nothing_lost(stack, sender):
    def look():
        there = {one["delivery"]["digest"].split(":")[-1] for one in stack.evidence() if one.get("delivery")}
        lost = set(sender.accepted) - there
        assert not lost, "%d of %d answered with 200 are not in the topic" % (len(lost), len(sender.accepted))
        return True
    until("every 200 in the evidence topic", look, 180, pause=2)


def settle(stack, sender, mode, verdict):
    """After all the noise the last word of each subject is its verdict."""
    for subject in SUBJECTS:
        for number in range(3):
            until("a 200", lambda subject=subject: sender.send(subject, mode), 30)
    def look():
        board = stack.board()
        differ = [one for one in SUBJECTS if board.get(("PO.5.1-s", one)) != verdict]
        assert not differ, "%s are not %s" % (differ, verdict)
        return True
    until("the verdicts to be " + verdict, look, 120, pause=1)


@pytest.mark.parametrize("service", OURS + SERVERS)
def test_a_container_that_crashes_comes_back_and_nothing_is_lost(stack, sender, service):
    with load(sender):
        time.sleep(1.5)
        before = len(sender.accepted)
        stack.crash(service)
        stack.wait_healthy(service, seconds=120)
        time.sleep(2)
    assert len(sender.accepted) > before, "nothing was accepted after %s was killed" % service
    for name in OURS + SERVERS:
        stack.wait_healthy(name, seconds=120)


def test_nothing_was_lost_and_the_last_word_holds(stack, sender):
    settle(stack, sender, "audit", "fail")
    check_nothing_lost(stack, sender)
    until("an alert for each", lambda: {one["labels"]["subject"] for one in stack.standing(criterion="PO.5.1-s")} == set(SUBJECTS), 60)


def test_the_evaluator_scales_to_three_and_back(stack, sender):
    with load(sender):
        stack.up("--no-recreate", "--scale", "evaluator=3")
        stack.wait_healthy("evaluator", 3)
        time.sleep(4)
        stack.up("--no-recreate", "--scale", "evaluator=1")
        stack.wait_healthy("evaluator", 1)
    settle(stack, sender, "enforce", "pass")
    check_nothing_lost(stack, sender)
    until("every alert to be resolved", lambda: not stack.standing(criterion="PO.5.1-s"), 60)


def test_without_a_broker_ingest_starts_accepts_and_is_ready(stack, sender):
    stack.must("stop", "kafka")
    stack.must("restart", "ingest")
    stack.wait_healthy("ingest", seconds=60)
    before = len(sender.accepted)
    for number in range(10):
        until("a 200", lambda number=number: sender.send(SUBJECTS[number % len(SUBJECTS)], "enforce"), 30)
    assert len(sender.accepted) == before + 10
    stack.must("start", "kafka")
    stack.wait_healthy("kafka", seconds=120)
    check_nothing_lost(stack, sender)
