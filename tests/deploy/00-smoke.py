# SPDX-License-Identifier: Apache-2.0
"""docker compose up with what we ship, one delivery, down."""
import json
import os
import subprocess

import requests

import senders
from compose import OURS
from waiting import until


def test_one_delivery_walks_through_the_containers(stack):
    """Signed and sent by the command line's image; its verdict read by it."""
    subject = {"kind": "service", "authority": "prod", "name": "shop"}
    _, event = senders.cloudevent("deployment", subject, {
        "sync": "synced", "phase": "succeeded", "revision": senders.commit("one")})
    code, out, err = stack.cli("send", "--source", "events", "--type", "application/cloudevents+json", "-", data=json.dumps(event))
    assert code == 0, out + err + stack.why()
    until("its verdict", lambda: stack.board().get(("PO.2.1-f", "default/service/prod/shop")) == "pass", 60)
    until("the watchdog in Alertmanager", lambda: stack.standing(alertname="PosternWatchdog"), 60)
    assert requests.post(stack.url() + "/v1/hooks/events", json=event, timeout=5).status_code == 401


def test_containers_may_do_no_more_than_they_must(stack):
    for service in OURS + ("setup", "secrets", "postgres", "kafka", "alertmanager"):
        for one in stack.inspect(service):
            host = one["HostConfig"]
            assert host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"] and not host["CapAdd"], service
            assert "no-new-privileges:true" in host["SecurityOpt"] and not host["Privileged"], service
            assert host["Memory"] and host["PidsLimit"] and host["NanoCpus"], service
            assert one["Config"]["User"] not in ("", "root", "0", "0:0"), service
            for rows in (host["PortBindings"] or {}).values():
                assert all(row["HostIp"] == "127.0.0.1" for row in rows), "%s listens on %s" % (service, rows)
            if service in OURS + ("setup", "secrets"):
                assert one["Config"]["User"] == "65532:65532", service
                assert one["Config"]["Labels"]["org.opencontainers.image.version"] != "unknown", service
    log = stack.must("logs", "--no-color")
    assert stack.secret("events") not in log, "a secret is in a log"


def looked_at(image):
    done = subprocess.run(["docker", "image", "inspect", image], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)[0]


def test_each_image_adds_little_to_its_base(stack):
    """60 MB, libraries and all: what has to be pulled, and what a scanner looks through."""
    base = looked_at(os.environ.get("POSTERN_BASE", "debian:trixie-slim"))
    layers = base["RootFS"]["Layers"]
    services = json.loads(stack.must("--profile", "cli", "config", "--format", "json"))["services"]
    for service in OURS + ("cli", "setup"):
        image = looked_at(services[service]["image"])
        assert image["RootFS"]["Layers"][:len(layers)] == layers, "%s is not made of %s" % (service, base["RepoTags"])
        added = image["Size"] - base["Size"]
        assert 0 < added <= 60 * 1000 * 1000, "%s adds %.1f MB to its base" % (service, added / 1e6)


def test_the_health_check_is_the_service_itself(stack):
    for service in OURS:
        code, out, err = stack.call("exec", "-T", service, "postern-" + service, "--config", "/etc/postern/%s.yaml" % service, "--health")
        assert code == 0 and "ok " in out, service + out + err
        assert stack.must("exec", "-T", service, "postern-" + service, "--alive") == "ok\n"


def test_a_second_up_changes_nothing(stack):
    before = {name: stack.containers(name) for name in OURS}
    secret = stack.secret("events")
    stack.up()
    assert {name: stack.containers(name) for name in OURS} == before
    assert stack.secret("events") == secret
