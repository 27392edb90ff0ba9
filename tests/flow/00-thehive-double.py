# SPDX-License-Identifier: Apache-2.0
"""The stand-in for TheHive answers as the real one was seen to answer."""
import concurrent.futures
import time

import pytest
import requests

from thehive_double import Double
from waiting import PATIENCE

MINIMAL = {"type": "postern", "source": "flow", "title": "t", "description": "d"}


@pytest.fixture
def hive():
    double = Double()
    yield double
    double.close()


def call(hive, method, path, body=None, key=None, **more):
    headers = {"Authorization": "Bearer " + (key or hive.key)}
    return requests.request(method, hive.url + path, json=body, headers=headers, timeout=10, **more)


def create(hive, reference, **more):
    return call(hive, "POST", "/api/alert", dict(MINIMAL, sourceRef=reference, **more))


def together(count, work):
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def stored(hive, reference):
    found = call(hive, "POST", "/api/alert/_search?range=all", {"query": {"_field": "sourceRef", "_value": reference}})
    assert found.headers["X-Total"] == str(len(found.json()))
    return found.json()


def test_a_wrong_key_is_one_constant_401(hive):
    answers = [requests.post(hive.url + "/api/alert", json={}, timeout=5), call(hive, "POST", "/api/alert", {}, key="no"),
               requests.get(hive.url + "/api/alert/~1", headers={"Authorization": "Token x"}, timeout=5)]
    for answer in answers:
        assert answer.status_code == 401
        assert answer.json() == {"type": "AuthenticationError", "message": "Authentication failure"}
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="thehive"'


def test_creation_has_defaults_and_names_what_is_missing(hive):
    made = create(hive, "one", artifacts=[{"dataType": "ip", "data": ["10.0.0.1", "10.0.0.2", "10.0.0.1"]}], nonsense=1)
    assert made.status_code == 201
    alert = made.json()
    assert (alert["severity"], alert["tlp"], alert["pap"], alert["status"], alert["case"]) == (2, 2, 2, "New", None)
    assert [one["data"] for one in alert["artifacts"]] == ["10.0.0.1", "10.0.0.2"]
    assert alert["_id"].startswith("~") and "nonsense" not in alert
    missing = call(hive, "POST", "/api/alert", {"type": "x"})
    assert missing.status_code == 400
    assert [one["name"] for one in missing.json()["errors"]] == ["source", "sourceRef", "title", "description"]
    wrong = create(hive, "two", severity="3")
    assert wrong.status_code == 400 and wrong.json()["errors"][0]["field"] == "FString(3)"
    assert call(hive, "POST", "/api/alert", data=None).status_code == 400
    assert create(hive, "three", severity=9).status_code == 201


def test_a_later_duplicate_is_refused_and_an_early_one_is_stored_twice(hive):
    assert create(hive, "later").status_code == 201
    again = create(hive, "later", title="other")
    assert again.status_code == 400
    assert again.json() == {"type": "CreateError", "message": "Alert postern:flow:later already exist in organisation soc"}
    hive.hive.race = 1 * PATIENCE  # wide enough for a busy machine to start both
    assert together(2, lambda _: create(hive, "race").status_code) == [201, 201]
    both = stored(hive, "race")
    assert len(both) == 2 and both[0]["_id"] != both[1]["_id"]
    patched = call(hive, "PATCH", "/api/alert/postern;flow;race", {"title": "named"})
    assert patched.status_code == 200
    assert sorted(one["title"] for one in stored(hive, "race")) == ["named", "t"]


def test_patch_answers_200_to_what_it_ignores(hive):
    identity = create(hive, "patched", tags=["a", "b"]).json()["_id"]
    answer = call(hive, "PATCH", "/api/alert/" + identity, {"status": "Imported", "artifacts": [{"dataType": "ip", "data": "x"}],
                                                           "externalLink": "http://x", "unknown": 1, "tags": ["c"]})
    assert answer.status_code == 200
    alert = call(hive, "GET", "/api/alert/" + identity).json()
    assert (alert["status"], alert["artifacts"], alert["externalLink"], alert["tags"]) == ("New", [], None, ["c"])
    assert call(hive, "PATCH", "/api/alert/" + identity, {"severity": "high"}).status_code == 400
    assert call(hive, "PATCH", "/api/alert/~1", {"title": "x"}).status_code == 404
    assert call(hive, "PUT", "/api/alert/" + identity, {}).status_code == 404


def test_parallel_patches_meet_a_404_for_an_alert_that_exists(hive):
    identity = create(hive, "storm").json()["_id"]
    hive.hive.race = 1 * PATIENCE
    codes = [code for n in range(5) for code in
             together(8, lambda i, n=n: call(hive, "PATCH", "/api/alert/" + identity, {"title": "%d %d" % (n, i)}).status_code)]
    assert set(codes) == {200, 404} and codes.count(404) < 20


def test_append_answers_201_207_403_and_404(hive):
    identity = create(hive, "append").json()["_id"]
    path = "/api/alert/%s/artifact" % identity
    assert call(hive, "POST", path, {"dataType": "ip", "data": "10.0.0.9"}).status_code == 201
    mixed = call(hive, "POST", path, {"dataType": "ip", "data": ["10.0.0.9", "10.0.0.10"]})
    assert mixed.status_code == 207
    assert [one["data"] for one in mixed.json()["success"]] == ["10.0.0.10"]
    assert mixed.json()["failure"] == [{"type": "CreateError", "message": "Observable already exists",
                                        "object": {"data": "10.0.0.9"}}]
    assert call(hive, "POST", path, {"dataType": "nosuch", "data": "z"}).status_code == 404
    assert call(hive, "POST", "/api/alert/~1/artifact", {"dataType": "ip", "data": "z"}).status_code == 403
    refused = create(hive, "whole", artifacts=[{"dataType": "nosuch", "data": "x"}])
    assert refused.status_code == 404 and stored(hive, "whole") == []
    hive.hive.race = 4 * PATIENCE
    codes = together(8, lambda _: call(hive, "POST", path, {"dataType": "ip", "data": "10.9.9.9"}).status_code)
    assert codes.count(201) > 1


def test_promotion_is_idempotent_and_merging_is_not(hive):
    first = create(hive, "promoted", artifacts=[{"dataType": "other", "data": "x"}]).json()["_id"]
    case = call(hive, "POST", "/api/alert/%s/createCase" % first, {})
    assert case.status_code == 201 and case.json()["status"] == "Open"
    assert call(hive, "POST", "/api/alert/%s/createCase" % first, {}).json()["_id"] == case.json()["_id"]
    alert = call(hive, "GET", "/api/alert/" + first).json()
    assert (alert["status"], alert["case"]) == ("Imported", case.json()["_id"])
    assert create(hive, "promoted").status_code == 400
    second = create(hive, "merged").json()["_id"]
    merged = call(hive, "POST", "/api/alert/%s/merge/%s" % (second, case.json()["_id"]))
    assert merged.status_code == 200 and "#### Merged with alert #merged t" in merged.json()["description"]
    assert call(hive, "POST", "/api/alert/%s/merge/%s" % (second, case.json()["_id"])).status_code == 400
    assert call(hive, "POST", "/api/alert/%s/merge/~1" % first).status_code == 404
    closed = call(hive, "PATCH", "/api/case/%d" % case.json()["caseId"],
                  {"status": "Resolved", "resolutionStatus": "TruePositive", "impactStatus": "NoImpact", "summary": "done"})
    assert closed.status_code == 200 and closed.json()["endDate"]
    assert call(hive, "PATCH", "/api/case/%d" % case.json()["caseId"], {"status": "Nope"}).status_code == 400
    assert call(hive, "POST", "/api/alert/%s/markAsUnread" % first).json()["status"] == "Updated"
    assert call(hive, "POST", "/api/alert/%s/markAsRead" % first).json()["status"] == "Imported"


def test_a_body_beyond_256_kb_is_413_and_text_is_no_json(hive):
    assert create(hive, "big", description="x" * 100000).status_code == 201
    large = create(hive, "huge", description="x" * 300000)
    assert (large.status_code, large.json()) == (413, {"type": "Unknown", "message": "Request Entity Too Large"})
    headers = {"Authorization": "Bearer " + hive.key, "Content-Type": "text/plain"}
    text = requests.post(hive.url + "/api/alert", data='{"type":"x"}', headers=headers, timeout=5)
    assert text.status_code == 400 and text.json()["type"] == "AttributeCheckingError"
    headers["Content-Type"] = "application/json"
    broken = requests.post(hive.url + "/api/alert", data='{"type": ', headers=headers, timeout=5)
    assert broken.status_code == 400 and broken.json()["type"] == "BadRequest"


def test_v1_wants_a_date_and_drops_observables(hive):
    body = dict(MINIMAL, sourceRef="v1")
    assert call(hive, "POST", "/api/v1/alert", body).status_code == 400
    made = call(hive, "POST", "/api/v1/alert", dict(body, date=1700000000000, observables=[{"dataType": "ip", "data": "x"}]))
    assert made.status_code == 201 and made.json()["observableCount"] == 0
    answer = call(hive, "PATCH", "/api/v1/alert/" + made.json()["_id"], {"title": "x"})
    assert (answer.status_code, answer.content) == (204, b"")


def test_faults_are_injected_and_healed(hive):
    hive.inject("html502")
    assert create(hive, "faulty").headers["Content-Type"] == "text/html"
    hive.inject("swallow", path="/api/alert")
    with pytest.raises(requests.exceptions.ConnectionError):
        create(hive, "faulty")
    assert len(stored(hive, "faulty")) == 1
    hive.inject("unauthorized", times=5)
    assert create(hive, "other").status_code == 401
    hive.heal()
    assert create(hive, "other").status_code == 201
    hive.inject("refuse")
    assert create(hive, "third").json()["type"] == "BadRequest"
    time.sleep(0.01)
    assert [row[3] for row in hive.requests][:2] == [502, None]
