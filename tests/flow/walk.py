# SPDX-License-Identifier: Apache-2.0
"""Load for the crash tests, and the oracle: the senders' own log of 200s against
a full read of the topics, and state against a clean replay."""
import collections
import itertools
import random
import threading
import time

import requests

import senders
import topics
from load import Load
from waiting import until


class Walk:
    """Sends what a seeded plan says until it is stopped or `count` are accepted; a
    delivery that is not answered by 200 is sent again, as a careful sender would."""

    def __init__(self, world, seed, services, pause, count):
        self.world, self.seed, self.services, self.pause, self.count = world, seed, services, pause, count
        self.accepted = collections.Counter()
        self.lock = threading.Lock()

    def done(self):
        return self.count and sum(self.accepted.values()) >= self.count

    def deliveries(self, number, stopping):
        dice = random.Random("%s %d" % (self.seed, number))
        for step in itertools.count():
            for source, request in self.turn(dice, "%d-%d" % (number, step)):
                self.deliver(source, request, stopping)
                yield self.pause * dice.random() * 2
            if self.done():
                return

    def turn(self, dice, word):
        """One thing that happens to one service."""
        place = dice.randrange(self.services)
        name, repository = "shop%d" % place, "acme/shop%d" % place
        head, merge = senders.commit("head " + word), senders.commit("merge " + word)
        at = senders.stamp(-dice.choice((0, 0, 0, 1, 5, 20)))
        image = senders.digest("image %d %d" % (place, dice.randrange(2)))
        kind = dice.randrange(5)
        if kind == 0:
            yield "github-acme", senders.github_review(repository, dice.randrange(1, 500), "ana", "ben", head, at=at)
            yield "github-acme", senders.github_merged(repository, dice.randrange(1, 500), "ana", head, merge, at=at)
        elif kind == 1:
            yield "github-acme", senders.github_push(repository, "ana", head, merge)
        elif kind == 2:
            yield "argocd-acme", senders.argocd_deployed(name + "-prod", repository, merge, ["r.example/%s@%s" % (name, image)],
                                                         at=at)
        elif kind == 3:
            findings = [senders.trivy_finding("CVE-2026-%04d" % dice.randrange(30), dice.choice(("HIGH", "LOW", "CRITICAL")))
                        for _ in range(dice.randrange(4))]
            yield "trivy-acme", senders.trivy_report("r.example/" + name, image, findings, at=at)
        else:
            yield "events-acme", senders.cloudevent("change", {"kind": "repo", "authority": "github.com", "name": repository},
                                                    {"action": "protection_edited", "actor": "ana"}, at=at)

    def deliver(self, source, request, stopping):
        proof = self.world.signed(source, senders.encode(request[1]))
        with requests.Session() as session:
            while not stopping.is_set():
                try:
                    if self.world.send(source, request, session=session, expect=None, timeout=10,
                                       proof=proof).status_code == 200:
                        with self.lock:
                            self.accepted[source] += 1
                        return
                except (requests.exceptions.RequestException, AssertionError, RuntimeError, OSError):
                    pass
                time.sleep(0.1)


def load(world, seed, services=6, rate=40.0, count=None, threads=2):
    return Load(Walk(world, seed, services, threads / rate, count).deliveries, threads)


class Supervisor(Load):
    """Starts again what ended by itself (exit code 3), as an operator's would."""

    def __init__(self, world):
        super().__init__(self.watch, threads=1, ending=10)
        self.world, self.restarts = world, collections.Counter()

    def watch(self, _, stopping):
        while not stopping.is_set():
            for name, service in list(self.world.services.items()):
                if service.process is not None and service.process.poll() not in (None, 0):
                    self.restarts[name] += 1
                    service.start(wait=False)
            yield 0.2


def ends(world, name):
    """{partition: offset after the last record} of a topic. Not the high watermark:
    behind what a transaction wrote stands its marker, which no reader is given."""
    found = {}
    for one in world.records(name):
        found[one.partition] = max(found.get(one.partition, 0), one.offset + 1)
    return found


def taken_to(world, service, name, wanted):
    rows = {row["part"]: row["next"] for row in
            world.sql(service, "SELECT part, next FROM consumer_offset WHERE topic = %s", world.topic(name))}
    behind = {part: (rows.get(part, 0), end) for part, end in wanted.items() if end and rows.get(part, 0) < end}
    assert not behind, "%s is behind on %s: {partition: (next, end)} %s" % (service, name, behind)
    return True


def settle(world, seconds=120, notifier=True):
    """Waits until all that was accepted has become state and has been told. Stops
    ingest first, so that the topic of evidence ends."""
    accepted = {(one.source, one.digest) for one in world.sent if one.code == 200}

    def translated():
        there = outcomes(world)
        missing = accepted - set(there)
        assert not missing, "%d of %d accepted deliveries have no outcome yet, %s" % (
            len(missing), len(accepted), sorted(missing)[:3])
        return True
    until("every accepted delivery to be evidence or a rejection", translated, seconds, pause=0.5)
    for name in [one for one in world.services if one.startswith("ingest")]:
        world[name].stop()
    judged(world, seconds)
    if notifier:
        wanted = ends(world, "verdicts")
        until("notifier to have read all verdicts", lambda: taken_to(world, "notifier", "verdicts", wanted), seconds)
    return world


def judged(world, seconds=120):
    wanted = ends(world, "evidence")
    until("evaluator to have read all evidence", lambda: taken_to(world, "evaluator", "evidence", wanted), seconds, pause=0.3)

    def idle():
        due = world.sql("evaluator", "SELECT count(*) AS n FROM agenda WHERE NOT by_clock OR due_at <= "
                        "(SELECT at FROM judge_now)")[0]["n"]
        waiting = world.sql("evaluator", "SELECT count(*) AS n FROM outbox")[0]["n"]
        assert due == 0 and waiting == 0, "%d rows of the agenda are due, %d records wait in the outbox" % (due, waiting)
        # The judge's now follows what was read a moment later, and makes more due.
        behind = world.sql("evaluator", "SELECT (SELECT min(received_to) FROM punctuation) > (SELECT at FROM judge_now) AS yes")
        assert not behind[0]["yes"], "the judge's now has not come to where the punctuation is"
        return True
    until("the judge to have nothing due", idle, seconds, pause=0.3)
    time.sleep(1)
    until("the judge to have nothing due still", idle, seconds, pause=0.3)


def outcomes(world):
    """{(source, digest): ids of evidence, or "rejected"} of all topics."""
    there = {}
    for row in world.evidence():
        if row["tool"] != "toolstate":
            there.setdefault((row["source"], row["delivery"]["digest"]), set()).add(row["id"])
    for row in world.events("rejected"):
        there.setdefault((row["source"], row["delivery"].get("digest")), "rejected")
    return there


def check_log(world):
    """The senders' log against full reads of the topics."""
    sent = {(one.source, one.digest) for one in world.sent}
    accepted = {(one.source, one.digest) for one in world.sent if one.code == 200}
    kept = collections.Counter()
    whole = {}
    for one in world.records("deliveries"):
        if topics.header(one, "tool") == "toolstate":
            continue
        key = topics.header(one, "source"), topics.header(one, "digest")
        whole.setdefault((key, topics.header(one, "delivery")), set()).add(int(topics.header(one, "chunk")))
        if len(whole[key, topics.header(one, "delivery")]) == int(topics.header(one, "chunks")):
            kept[key] += 1
    assert not accepted - set(kept), "%d deliveries got a 200 and are lost" % len(accepted - set(kept))
    assert not set(kept) - sent, "deliveries that nobody sent"
    there = outcomes(world)
    assert set(there) == set(kept), "deliveries without an outcome, or outcomes without one"
    wrong = {key: ids for key, ids in there.items() if ids != "rejected" and len(ids) != 1}
    assert not wrong, "one delivery, several pieces of evidence: %s" % list(wrong.items())[:3]
    return accepted


def check_state(world):
    """Topics against the database: nothing twice, nothing missing, versions in order."""
    on_topic = {row["id"] for row in world.events("evidence") if "class" in row}
    rows = [row["id"] for row in world.sql("evaluator", "SELECT encode(id, 'hex') AS id FROM evidence")]
    assert len(rows) == len(set(rows)), "evidence stands twice in the database"
    assert set(rows) == on_topic, "database has %d, topic has %d pieces of evidence" % (len(rows), len(on_topic))
    newest = {}
    for record in world.records("verdicts"):
        row = topics.data(record)
        key, version = record.key, (row["version"]["generation"], row["version"]["n"])
        before = newest.get(key)
        if before is None or version > before[0]:
            assert before is None or version[1] == before[0][1] + 1, "%s: version %s follows %s" % (key, version, before[0])
            newest[key] = version, row, record.value
        else:
            assert version != before[0] or record.value == before[2], "%s: two contents of version %s" % (key, version)
    for row in world.sql("evaluator", "SELECT criterion, subject, n, verdict FROM verdict WHERE verdict IS NOT NULL AND n > 0"):
        last = newest[("%s %s" % (row["subject"], row["criterion"])).encode()]
        assert (last[0][1], last[1]["verdict"]) == (row["n"], row["verdict"]), (row, last[1])
    compacted = {}
    for record in world.records("state"):
        compacted[record.key] = topics.data(record)["version"]["n"] if record.value else None
    assert compacted == {key: one[0][1] for key, one in newest.items()}, "the topic of states does not end in the newest versions"


COMPARED = {
    "evidence": "SELECT encode(id, 'hex') AS id, class, subject, source, effective_at, recorded_at FROM evidence ORDER BY 1",
    "finding": "SELECT subject, source, target, key, valid_from, valid_until, severity, encode(evidence, 'hex') AS evidence "
               "FROM finding ORDER BY 1, 2, 3, 4, 5",
    "relation": "SELECT subject, relation, other, valid_from, valid_until FROM relation ORDER BY 1, 2, 3, 4",
    "subject": "SELECT name, labels::text AS labels, unmapped, first_seen, last_seen FROM subject ORDER BY 1",
    "verdict": "SELECT criterion, subject, verdict, since, suppressed_by FROM verdict WHERE verdict IS NOT NULL ORDER BY 1, 2",
    "verdict_history": "SELECT criterion, subject, true_from, true_until, verdict FROM verdict_history "
                       "WHERE known_until = 'infinity' ORDER BY 1, 2, 3",
}


def compare(one, other):
    for name, statement in COMPARED.items():
        left, right = one.sql("evaluator", statement), other.sql("evaluator", statement)
        differing = [pair for pair in zip(left, right) if pair[0] != pair[1]]
        assert left == right, "table %s: %d rows, %d after a replay; first that differ: %s" % (
            name, len(left), len(right), differing[:1] or (left + right)[-1:])


def check_replay(world, another):
    """State equals a clean replay of the evidence into a fresh database."""
    clean = another("replay", partitions=world.partitions)
    clean.tenant, clean.sources, clean.pack = world.tenant, world.sources, world.pack
    clean.prepare()
    topics.copy(world.stack.kafka, topics.read_all(world.stack.kafka, world.topic("evidence")), clean.topic("evidence"))
    clean.start("evaluator")
    judged(clean)
    compare(world, clean)
    clean.dropped = True  # its records are those of the first
    return clean


def check_all(world, another):
    accepted = check_log(world)
    check_state(world)
    check_replay(world, another)
    return accepted
