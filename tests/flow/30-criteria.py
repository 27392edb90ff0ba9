# SPDX-License-Identifier: Apache-2.0
"""The criteria of packs/ssdf-po on real tools' deliveries, with short windows."""
import time

import pytest

import senders
from conftest import make_world
from waiting import until

REPOSITORY = "acme/%s"


@pytest.fixture(scope="module")
def day(request, stack, binaries):
    """One Postern for all; each test has a service of its own."""
    made = make_world(request, stack, binaries, "30-criteria")
    made.subjects = {"rules": [
        {"tool": "argocd", "match": {"application": "*-prod"}, "labels": {"service": "{1}", "environment": "prod"}},
        {"tool": "github", "match": {"repository": "acme/*"}, "labels": {"service": "{1}"}},
    ]}
    made.prepare().start()
    yield made
    made.close()


class Service:
    """What happens to one service, as its tools tell it."""

    def __init__(self, world, name):
        self.world, self.name, self.repository = world, name, REPOSITORY % name
        self.subject = world.subject("service", "prod", name)
        self.count = 0

    def image(self, word):
        return senders.digest("%s %s" % (self.name, word))

    def image_subject(self, word):
        return self.world.subject("image", "oci", self.image(word))

    def review(self, word, author="ana", reviewer="ben", state="approved"):
        self.count += 1
        self.world.send("github-acme", senders.github_review(
            self.repository, self.count, author, reviewer, senders.commit(self.name + " head " + word), state))

    def merge(self, word, author="ana"):
        self.world.send("github-acme", senders.github_merged(
            self.repository, self.count, author, senders.commit(self.name + " head " + word), senders.commit(self.name + word)))

    def push(self, word, author="ana"):
        self.world.send("github-acme", senders.github_push(
            self.repository, author, senders.commit(self.name + "before"), senders.commit(self.name + word)))

    def references(self, word):
        return ["registry.acme.example/%s@%s" % (self.name, self.image(word))]

    def deploy(self, word, image=None, **more):
        self.world.send("argocd-acme", senders.argocd_deployed(
            self.name + "-prod", self.repository, senders.commit(self.name + word), self.references(image or word), **more))

    def observe(self, word, image=None, **more):
        self.world.send("argocd-acme", senders.argocd_observed(
            self.name + "-prod", self.repository, senders.commit(self.name + word), self.references(image or word), **more))

    def scan(self, word, *findings, source="trivy-acme"):
        self.world.send(source, senders.trivy_report("registry.acme.example/" + self.name, self.image(word), list(findings)))

    def is_(self, criterion, verdict, subject=None, **more):
        return self.world.wait_verdict(criterion, subject or self.subject, verdict, **more)


def test_a_reviewed_and_merged_change_may_be_deployed(day):
    one = Service(day, "reviewed")
    one.review("1")
    one.merge("1")
    one.deploy("1")
    verdict = one.is_("PO.2.1-e", "pass")
    kinds = {row["kind"] for row in day.evidence() if row["id"] in verdict["evidence"]}
    assert "pull_request_review" in kinds or "pull_request" in kinds, kinds
    assert not day.alerts(criterion="PO.2.1-e", subject=one.subject)


def test_an_unreviewed_deployment_fails_and_a_reviewed_one_puts_it_right(day):
    one = Service(day, "unreviewed")
    one.push("1", author="carl")
    one.deploy("1")
    verdict = one.is_("PO.2.1-e", "fail")
    assert senders.commit("unreviewed1") in str(verdict), "the revision is not among what decided"
    alert = day.wait_alert(criterion="PO.2.1-e", subject=one.subject)
    assert (alert["labels"]["role"], alert["labels"]["service"], alert["labels"]["env"]) == (
        "release-manager", "unreviewed", "prod")
    told = [row["episode"]["kind"] for row in day.events("verdicts", subject=one.subject)
            if row["criterion"] == "PO.2.1-e" and "episode" in row]
    assert told == ["fail"], "somebody was told while it settled"
    one.review("2")
    one.merge("2")
    one.deploy("2")
    one.is_("PO.2.1-e", "pass")
    day.wait_no_alert(criterion="PO.2.1-e", subject=one.subject)


def test_who_approves_his_own_change_has_no_review(day):
    one = Service(day, "own")
    one.review("1", author="ana", reviewer="ana")
    one.merge("1")
    one.deploy("1")
    one.is_("PO.2.1-e", "fail")


def test_a_review_that_arrives_after_the_deployment_settles(day):
    """Two tools, two partitions: the order of arrival says nothing."""
    one = Service(day, "late")
    at, review_at = senders.stamp(), senders.stamp(-30)
    one.deploy("1", at=at)
    time.sleep(0.5)
    head, merge = senders.commit("late head 1"), senders.commit("late1")
    day.send("github-acme", senders.github_review(one.repository, 1, "ana", "ben", head, at=review_at))
    day.send("github-acme", senders.github_merged(one.repository, 1, "ana", head, merge, at=review_at))
    one.is_("PO.2.1-e", "pass")
    history = day.sql("evaluator", "SELECT verdict FROM verdict_history WHERE criterion = 'PO.2.1-e' AND subject = %s "
                      "AND known_until = 'infinity'", one.subject)
    assert [row["verdict"] for row in history if row["verdict"] == "fail"] == []


def test_drift_beyond_its_grace_fails_and_being_in_sync_passes(day):
    one = Service(day, "drifting")
    one.review("1")
    one.deploy("1")
    one.is_("PO.2.1-f", "pass")
    one.observe("1", sync="OutOfSync")
    one.is_("PO.2.1-f", "fail")
    one.observe("1")
    one.is_("PO.2.1-f", "pass")
    # silence of Argo CD about it is not a pass
    one.is_("PO.2.1-f", "stale", seconds=60)


def test_findings_past_their_due_date_fail_and_a_clean_scan_resolves_them(day):
    one = Service(day, "finding")
    one.deploy("1")
    one.scan("1", senders.trivy_finding("CVE-2026-0001", "CRITICAL"), senders.trivy_finding("CVE-2026-0002", "LOW"))
    verdict = one.is_("PO.3.2-a", "pass", one.image_subject("1"))
    assert verdict["next_change"], "it does not say when it would change"
    verdict = one.is_("PO.3.2-a", "fail", one.image_subject("1"))
    assert "CVE-2026-0001" in str(verdict["deciding"]) and "CVE-2026-0002" not in str(verdict["deciding"])
    assert verdict["profile"]
    alert = day.wait_alert(criterion="PO.3.2-a", subject=one.image_subject("1"))
    assert alert["labels"]["severity"] == "critical"
    one.scan("1", senders.trivy_finding("CVE-2026-0002", "LOW"))
    one.is_("PO.3.2-a", "pass", one.image_subject("1"))
    day.wait_no_alert(criterion="PO.3.2-a", subject=one.image_subject("1"))


def test_an_image_that_no_longer_runs_is_not_applicable(day):
    one = Service(day, "replaced")
    one.deploy("1")
    one.scan("1", senders.trivy_finding("CVE-2026-0001", "CRITICAL"))
    one.is_("PO.3.2-a", "fail", one.image_subject("1"))
    one.scan("2")
    one.deploy("2")
    one.is_("PO.3.2-a", "not-applicable", one.image_subject("1"))
    one.is_("PO.3.2-a", "pass", one.image_subject("2"))
    day.wait_no_alert(criterion="PO.3.2-a", subject=one.image_subject("1"))


def test_a_running_image_that_is_not_rescanned_goes_stale(day):
    one = Service(day, "rescan")
    one.deploy("1")
    one.scan("1")
    one.is_("PO.4.2-g", "pass", one.image_subject("1"))
    verdict = one.is_("PO.4.2-g", "stale", one.image_subject("1"), seconds=60)
    alert = day.wait_alert(criterion="PO.4.2-g", subject=one.image_subject("1"))
    assert alert["labels"]["role"] == verdict["role"]
    one.scan("1")
    one.is_("PO.4.2-g", "pass", one.image_subject("1"))


def test_an_application_that_no_rule_maps_is_unknown_and_says_why(day):
    day.send("argocd-acme", senders.argocd_deployed("stranger", "acme/stranger", senders.commit("x"), []))

    def look():
        return [row for row in day.events("verdicts") if "stranger" in row["subject"] and row["verdict"] == "unknown"
                and "rule maps" in row["summary"]]
    until("unknown, because no rule maps it", look)


def test_a_silent_source_is_one_verdict_that_suppresses_its_consequences(world):
    world.subjects = {"rules": [
        {"tool": "argocd", "match": {"application": "*-prod"}, "labels": {"service": "{1}", "environment": "prod"}}]}
    world.sources.append({"name": "quiet-tool", "tool": "trivy", "tenant": world.tenant, "interval": "4s"})
    world.sources.append({"name": "never-spoke", "tool": "trivy", "tenant": world.tenant, "interval": "5s"})
    world.secrets["never-spoke"] = "never-token-c20ad4d76fe97759"
    world.prepare().start()
    services = [Service(world, "quiet%d" % number) for number in range(3)]
    for one in services:
        one.deploy("1")
        one.scan("1", source="quiet-tool")
    source = world.subject("tool", "postern", "quiet-tool")
    world.wait_verdict("PO.3.2-i", source, "pass")
    never = world.subject("tool", "postern", "never-spoke")
    world.wait_verdict("PO.3.2-i", never, "fail")
    silent = world.wait_verdict("PO.3.2-i", source, "fail")
    assert silent["role"] == "toolchain-owner"
    world.wait_alert(criterion="PO.3.2-i", subject=source)
    for one in services:
        verdict = world.wait_verdict("PO.4.2-g", one.image_subject("1"), "stale", seconds=60)
        if verdict.get("suppressed_by") is None:  # what follows may be said first
            until("suppression", lambda one=one: world.verdict("PO.4.2-g", one.image_subject("1")).get("suppressed_by"))
        assert world.verdict("PO.4.2-g", one.image_subject("1"))["suppressed_by"] == source + " PO.3.2-i"
    time.sleep(3)
    for one in services:
        assert not world.alerts(criterion="PO.4.2-g", subject=one.image_subject("1")), "a consequence has an alert of its own"
    failing = {row["subject"] for row in world.events("state", criterion="PO.3.2-i") if row["verdict"] == "fail"}
    assert failing == {source, never}
    for one in services:
        one.scan("1", source="quiet-tool")
    world.wait_verdict("PO.3.2-i", source, "pass")
    world.wait_no_alert(criterion="PO.3.2-i", subject=source)


def test_a_backlog_makes_no_healthy_source_look_silent(world):
    """While evaluator is away its watermark stands still; time passes for nobody."""
    world.sources = [dict(one, interval="3s") for one in world.sources if one["name"] == "events-acme"]
    world.prepare().start()
    subject = world.subject("tool", "postern", "events-acme")

    def speak(number):
        world.send("events-acme", senders.cloudevent("policy", world.subject("cluster", "flow", "beat"),
                                                     {"policy": "admission", "mode": "enforce"}, identity="beat-%d" % number))
    speak(0)
    world.wait_verdict("PO.3.2-i", subject, "pass")
    world["evaluator"].stop()
    for number in range(1, 13):
        speak(number)
        time.sleep(1)
    world["evaluator"].start()
    for number in range(13, 18):
        speak(number)
        time.sleep(1)
    world["evaluator"].wait_ready()
    history = [row["verdict"] for row in world.events("verdicts", criterion="PO.3.2-i", subject=subject)]
    assert "fail" not in history, history


def test_every_criterion_of_the_real_pack_is_read(world):
    from stack import ROOT
    from service import run
    world.write_files()
    code, out, err = run(world.program("evaluator"), "--config", world.folder / "evaluator.yaml", "--pack",
                         ROOT / "packs/ssdf-po", "--check")
    assert code == 0, out + err
    world.dropped = True
