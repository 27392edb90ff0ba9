# SPDX-License-Identifier: Apache-2.0
"""What a request gets, over real HTTP, and what of it is on the topics."""
import hashlib
import hmac
import json
import re
import socket
import threading
import time

import pytest
import requests

import senders
import topics
from conftest import make_world
from waiting import PATIENCE, until

REPOSITORY = "acme/shop"
CONSTANT_401 = re.compile(rb"^HTTP/1\.1 401 ")


@pytest.fixture(scope="module")
def edge(request, stack, binaries):
    made = make_world(request, stack, binaries, "10-delivery")
    for one in made.sources:
        if one["name"] in ("github-acme", "argocd-acme"):
            one["body_limit"] = "1MiB"
    made.sources.append({"name": "large", "tool": "trivy", "tenant": made.tenant, "body_limit": "16MiB"})
    made.sources.append({"name": "elsewhere", "tool": "trivy", "tenant": made.tenant, "networks": ["192.0.2.0/24"]})
    made.secrets.update({"large": "large-token-d3d9446802a44259", "elsewhere": "elsewhere-token-6512bd43d9caa6e0"})
    made.settings["ingest"]["request-deadline"] = "3s"
    made.prepare().start("ingest")
    yield made
    made.close()


def head(source, body, *lines, length=None):
    size = len(body) if length is None else length
    rows = ["POST /v1/hooks/%s HTTP/1.1" % source, "Host: postern", "Content-Type: application/json",
            *(["Content-Length: %s" % size] if size != "" else []), "Connection: close", *lines]
    return ("\r\n".join(rows) + "\r\n\r\n").encode()


def signed_lines(edge, source, body):
    return ["%s: %s" % row for row in edge.signed(source, body).items()]


def code_of(answer):
    return int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else None


def push(word):
    """A push that no other test sends."""
    return senders.github_push(REPOSITORY, "ana", senders.commit("before " + word), senders.commit(word))


def delivered(edge, body):
    """Chunks of that body on the topic of deliveries."""
    digest = "sha256:" + hashlib.sha256(body).hexdigest()
    return [one for one in edge.records("deliveries") if topics.header(one, "digest") == digest]


def post_signed(edge, source, body, event="push", **headers):
    return edge.send(source, (dict(senders.github_headers(event), **headers), body))


def test_a_signed_delivery_is_durable_when_it_is_answered(edge):
    request = push("durable")
    answer = edge.send("github-acme", request)
    assert answer.content == b""
    chunks = delivered(edge, senders.encode(request[1]))  # read at once: the 200 came after
    assert len(chunks) == 1 and chunks[0].value == senders.encode(request[1])
    names = [name for name, _ in chunks[0].headers]
    assert "h-x-github-event" in names and "h-authorization" not in names
    row = edge.wait_evidence(source="github-acme", delivery={"id": topics.header(chunks[0], "delivery"), "ordinal": 0,
                                                            "digest": topics.header(chunks[0], "digest")})[0]
    assert (row["class"], row["subject"]) == ("change", edge.subject("repo", "github.com", REPOSITORY))


def test_who_is_not_known_gets_one_constant_401(edge):
    body = senders.encode(push("stranger")[1])
    good = edge.signed("github-acme", body)["X-Hub-Signature-256"]
    wrong = "sha256=" + hmac.new(b"another secret", body, hashlib.sha256).hexdigest()
    token = "Authorization: Bearer "
    cases = {
        "unknown source": head("nobody", body, "X-Hub-Signature-256: " + good),
        "no signature": head("github-acme", body),
        "wrong signature": head("github-acme", body, "X-Hub-Signature-256: " + wrong),
        "empty signature": head("github-acme", body, "X-Hub-Signature-256:"),
        "short signature": head("github-acme", body, "X-Hub-Signature-256: " + good[:-2]),
        "no hexadecimal": head("github-acme", body, "X-Hub-Signature-256: sha256=" + "z" * 64),
        "no prefix": head("github-acme", body, "X-Hub-Signature-256: " + good[7:]),
        "twice": head("github-acme", body, "X-Hub-Signature-256: " + good, "X-Hub-Signature-256: " + good),
        "weaker one": head("github-acme", body, "X-Hub-Signature: sha1=" + "0" * 40),
        "of another body": head("github-acme", body, "X-Hub-Signature-256: " + good),
        "no token": head("trivy-acme", body),
        "wrong token": head("trivy-acme", body, token + "no"),
        "longer token": head("trivy-acme", body, token + edge.secrets["trivy-acme"] + "x"),
        "another source's token": head("trivy-acme", body, token + edge.secrets["argocd-acme"]),
        "other address": head("elsewhere", body, token + edge.secrets["elsewhere"]),
        "odd source": head("..%2f..%2fetc%2fpasswd", body),
    }
    before = {(one.partition, one.offset) for one in edge.records("deliveries")}
    bodies = {"of another body": body[:-1] + b" "}
    answers = {name: edge.raw(request + bodies.get(name, body), shut=False) for name, request in cases.items()}
    plain = {name: re.sub(rb"\r\nDate: [^\r]*", b"", answer) for name, answer in answers.items()}
    for name, answer in plain.items():
        assert CONSTANT_401.match(answer), "%s: %r" % (name, answer)
        assert answer == plain["unknown source"], "%s differs: %r, not %r" % (name, answer, plain["unknown source"])
    kept = [one for one in edge.records("deliveries")
            if (one.partition, one.offset) not in before and topics.header(one, "tool") != "toolstate"]
    assert kept == []
    assert edge["ingest"].metric("ingest_unauthenticated_total") >= len(cases) - 2
    text = edge["ingest"].text()
    assert "nobody" in text, "no log line says which source was unknown"
    assert edge.secrets["trivy-acme"] not in text and good not in text


def test_strangers_are_counted_not_reported_one_by_one(edge):
    def look():
        rows = [row["toolstate"] for row in edge.evidence(source="github-acme", tool="toolstate")]
        return sum(row.get("unauthenticated", 0) for row in rows if row["state"] == "counts") > 0
    body = b"{}"
    edge.raw(head("github-acme", body, "X-Hub-Signature-256: sha256=" + "0" * 64) + body)
    until("toolstate to count a stranger's bad signature", look)


def test_oversize_is_413_under_an_hmac_and_nothing_is_kept(edge):
    body = json.dumps({"padding": "x" * (2 << 20)}).encode()
    answer = edge.raw(head("github-acme", body, *signed_lines(edge, "github-acme", body)), shut=False)
    assert code_of(answer) == 413, answer[:300]
    assert delivered(edge, body) == []


def test_oversize_is_drained_and_recorded_where_the_sender_would_switch_us_off(edge):
    body = json.dumps({"padding": "y" * (2 << 20)}).encode()
    edge.send("argocd-acme", ({"Content-Type": "application/json"}, body))
    row = [one for one in edge.wait_rejected("argocd-acme") if one.get("oversized")][0]
    assert row["stage"] == "edge" and row["delivery"]["size"] == len(body)
    assert row["delivery"]["digest"] == "sha256:" + hashlib.sha256(body).hexdigest()
    assert delivered(edge, body) == []


NULLED = senders.github_push(REPOSITORY, "ana", senders.commit("n0"), senders.commit("n1"))[1]
DEEP = b'{"a":' * 50000 + b"1" + b"}" * 50000
BAD_BODIES = {
    "broken JSON": (b'{"ref": "refs/heads/main", ', "push"),
    "no JSON": (b"hello, this is text", "push"),
    "two documents": (b"{} {}", "push"),
    "wrong shape": (b'{"ref": 7, "repository": []}', "push"),
    "an array": (b"[1, 2, 3]", "pull_request"),
    "a scalar": (b"null", "pull_request_review"),
    "missing members": (json.dumps({"action": "submitted", "repository": {"full_name": REPOSITORY}}).encode(),
                        "pull_request_review"),
    "zero length": (b"", "push"),
    "UTF-16": (json.dumps(push("utf-16")[1]).encode("utf-16"), "push"),
    "invalid UTF-8": (json.dumps(push("utf-8")[1]).encode().replace(b'"ana"', b'"an\xff\xfea"'), "push"),
    "overlong UTF-8": (json.dumps(push("overlong")[1]).encode().replace(b'"ana"', b'"an\xc0\xafa"'), "push"),
    "lone surrogate": (json.dumps(push("surrogate")[1]).encode().replace(b'"ana"', b'"an\\ud800a"'), "push"),
    "NUL byte": (json.dumps(push("nul")[1]).encode().replace(b'"ana"', b'"an\x00a"'), "push"),
    "duplicate keys": (b'{"ref":"refs/heads/a",' + json.dumps(push("double")[1]).encode()[1:], "push"),
    "deep nesting": (DEEP, "push"),
    "number beyond 2^53": (json.dumps(senders.github_review(REPOSITORY, 1, "ana", "ben", senders.commit("r"))[1]).replace(
        '"number": 1,', '"number": 9007199254740993,').encode(), "pull_request_review"),
    "fraction for a number": (json.dumps(senders.github_review(REPOSITORY, 1, "ana", "ben", senders.commit("r"))[1]).replace(
        '"number": 1,', '"number": 1.5,').encode(), "pull_request_review"),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_authentic_nonsense_is_200_and_a_rejection_with_a_reason(edge, name):
    body, event = BAD_BODIES[name]
    post_signed(edge, "github-acme", body, event)
    digest = "sha256:" + hashlib.sha256(body).hexdigest()

    def look():
        return [row for row in edge.events("rejected", source="github-acme") if row["delivery"].get("digest") == digest]
    row = until("a rejection of " + name, look)[0]
    assert row["stage"] == "translate" and row["delivery"]["size"] == len(body)
    assert len(row["reason"]) > 10 and row.get("path"), row
    assert len(delivered(edge, body)) == 1, "the raw delivery itself is kept"
    assert not [one for one in edge.evidence(source="github-acme") if one["delivery"]["digest"] == digest]


def test_an_escaped_nul_is_refused_or_cleaned_but_never_stored(edge):
    body = json.dumps(NULLED).encode().replace(b'"ana"', b'"an\\u0000a"')
    post_signed(edge, "github-acme", body)
    digest = "sha256:" + hashlib.sha256(body).hexdigest()

    def look():
        rows = edge.events("rejected", source="github-acme") + edge.evidence(source="github-acme")
        return [row for row in rows if row["delivery"].get("digest") == digest]
    assert "\\u0000" not in json.dumps(until("an outcome of the NUL", look))


def test_an_event_we_do_not_use_is_200_and_nothing_more(edge):
    body = json.dumps({"action": "created", "repository": senders.github_repository(REPOSITORY),
                       "sender": senders.github_user("ana")}).encode()
    post_signed(edge, "github-acme", body, "star")
    post_signed(edge, "github-acme", senders.encode(push("after the star")[1]))
    edge.wait_evidence(change=push_of(edge, "after the star"))
    digest = "sha256:" + hashlib.sha256(body).hexdigest()
    rows = edge.events("rejected", source="github-acme") + edge.evidence(source="github-acme")
    assert not [row for row in rows if row["delivery"].get("digest") == digest]


def push_of(edge, word):
    def look():
        return [row["change"] for row in edge.evidence(source="github-acme")
                if row["class"] == "change" and row["change"].get("revision") == senders.commit(word)]
    return until("evidence of push " + word, look)[0]


def test_a_length_that_promises_more_is_no_delivery(edge):
    body = senders.encode(push("more")[1])
    answer = edge.raw(head("github-acme", body, *signed_lines(edge, "github-acme", body), length=len(body) + 100) + body)
    assert code_of(answer) != 200, answer
    assert delivered(edge, body) == []


def test_a_length_that_promises_less_is_no_delivery(edge):
    body = senders.encode(push("less")[1])
    answer = edge.raw(head("github-acme", body, *signed_lines(edge, "github-acme", body), length=len(body) - 10) + body)
    assert code_of(answer) == 401, answer
    assert delivered(edge, body) == [] and delivered(edge, body[:-10]) == []


@pytest.mark.parametrize("lines", [["Content-Length: 5", "Content-Length: 6"], ["Content-Length: -1"], ["Content-Length: ten"],
                                   ["Content-Length: 99999999999999999999999"],
                                   ["Transfer-Encoding: chunked", "Content-Length: 5"]])
def test_a_length_that_contradicts_itself_is_refused(edge, lines):
    body = b"hello"
    sent = head("github-acme", body, *lines, *signed_lines(edge, "github-acme", body), length="") + body
    answer = edge.raw(sent)
    assert code_of(answer) != 200, answer
    assert delivered(edge, body) == []
    edge.send("github-acme", push("after " + lines[0]))


def test_a_chunked_body_and_a_kept_connection_are_served(edge):
    body = senders.encode(push("chunked")[1])
    sent = head("github-acme", body, "Transfer-Encoding: chunked", *signed_lines(edge, "github-acme", body), length="")
    parts = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:100], body[100:101], body[101:])) + b"0\r\n\r\n"
    assert code_of(edge.raw(sent + parts, shut=False)) == 200
    assert len(delivered(edge, body)) == 1
    with requests.Session() as session:
        for number in range(5):
            edge.send("github-acme", push("kept %d" % number), session=session)
        for number in range(5):
            push_of(edge, "kept %d" % number)


def test_only_post_is_taken(edge):
    for method in ("GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "FROB"):
        answer = requests.request(method, edge.url() + "/v1/hooks/github-acme", timeout=10 * PATIENCE)
        assert answer.status_code in (401, 404, 405), (method, answer.status_code)
    assert requests.post(edge.url() + "/", data=b"{}", timeout=10 * PATIENCE).status_code in (401, 404)


def test_endless_headers_end(edge):
    lines = ["X-%d: %s" % (number, "v" * 1000) for number in range(400)]
    answer = edge.raw(head("github-acme", b"{}", *lines) + b"{}", shut=False)
    assert code_of(answer) in (None, 400, 401, 413, 431), answer[:200]
    edge.send("github-acme", push("after the headers"))


def test_the_same_bytes_again_are_the_same_evidence(edge):
    request = push("again")
    edge.send("github-acme", request)
    edge.send("github-acme", (senders.github_headers("push"), request[1]))  # another delivery id, which nobody signed
    digest = "sha256:" + hashlib.sha256(senders.encode(request[1])).hexdigest()

    def look():
        rows = [row for row in edge.evidence(source="github-acme") if row["delivery"]["digest"] == digest]
        return rows if len(rows) == 2 else None
    rows = until("both translations", look)
    assert rows[0]["id"] == rows[1]["id"]
    assert rows[0]["delivery"]["id"] != rows[1]["delivery"]["id"]


def test_several_secrets_are_active_at_once(edge):
    folder = edge.folder
    (folder / "old.secret").write_text("the old secret\n")
    row = next(one for one in edge.sources if one["name"] == "github-acme")
    row["secrets"] = [{"file": str(folder / "github-acme.secret")}, {"file": str(folder / "old.secret")}]
    edge.write_files()
    edge["ingest"].signal(1)  # SIGHUP
    request = push("with the old secret")
    body = senders.encode(request[1])

    def look():
        headers = dict(request[0], **senders.sign_github("the old secret", body))
        answer = requests.post(edge.url() + "/v1/hooks/github-acme", data=body, headers=headers, timeout=10)
        return answer.status_code == 200
    until("the old secret to be taken after a reload", look)
    edge.send("github-acme", push("with the new secret"))


def test_a_large_body_travels_in_chunks_and_arrives_whole(edge):
    findings = [senders.trivy_finding("CVE-2026-%05d" % number, package="package-%d" % number,
                                      Description="d" * 900) for number in range(3000)]
    request = senders.trivy_report("registry.acme.example/large", senders.digest("large"), findings)
    body = senders.encode(request[1])
    assert len(body) > 3 << 20
    edge.send("large", request)
    chunks = delivered(edge, body)
    assert len(chunks) > 3 and b"".join(one.value for one in chunks) == body
    assert [topics.header(one, "chunk") for one in chunks] == [str(number) for number in range(len(chunks))]
    assert len({one.partition for one in chunks}) == 1

    def look():
        rows = edge.evidence(source="large")
        return rows if rows and len({row["snapshot"]["part"] for row in rows}) == rows[0]["snapshot"]["parts"] else None
    rows = until("all parts of the snapshot", look)
    assert sum(len(row["scan"]["findings"]) for row in rows) == 3000
    assert len({row["snapshot"]["id"] for row in rows}) == 1


def test_slow_senders_are_ended_and_hold_up_nobody(edge):
    body = senders.encode(push("slow")[1])
    request = head("github-acme", body, *signed_lines(edge, "github-acme", body))
    port = edge["ingest"].port("INGEST-LISTENING")
    ended = []

    def trickle(data, start):
        link = socket.create_connection(("127.0.0.1", port), timeout=30)
        began = time.monotonic()
        try:
            link.sendall(data[:start])
            for byte in range(start, len(data)):
                link.sendall(data[byte:byte + 1])
                time.sleep(0.1)
                link.setblocking(False)
                try:
                    if link.recv(1000) == b"":
                        break
                except BlockingIOError:
                    pass
                link.setblocking(True)
        except OSError:
            pass
        ended.append(time.monotonic() - began)
        link.close()

    threads = [threading.Thread(target=trickle, args=(request + body, start), daemon=True)
               for start in [10] * 10 + [len(request) + 5] * 10]
    for one in threads:
        one.start()
    times = []
    for number in range(20):
        began = time.monotonic()
        edge.send("github-acme", push("meanwhile %d" % number))
        times.append(time.monotonic() - began)
    assert max(times) < 2 * PATIENCE, "an honest sender waited %.1f s" % max(times)
    for one in threads:
        one.join(20 * PATIENCE)
    assert len(ended) == 20, "%d slow senders are still served after 20 s" % (20 - len(ended))
    assert delivered(edge, body) == []
