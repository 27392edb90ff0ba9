# SPDX-License-Identifier: Apache-2.0
"""Every edge over TLS: the walk, changes of certificates and secrets under load, and
what is refused, in one sentence. `scripts/test --tls` runs more of the last."""
import contextlib
import copy
import itertools
import os
import pathlib
import re
import socket
import ssl
import threading

import pytest
import yaml

import conftest
import senders
import topics
from certificates import replace
from load import Load
from service import Service, run
from tls_world import TlsWorld, server_context
from waiting import until

thorough = pytest.mark.skipif(not os.environ.get("POSTERN_TLS"), reason="scripts/test --tls runs it")


@pytest.fixture(scope="module")
def tls(request, stack, binaries):
    """One Postern for the file: its database has the one name that wants TLS."""
    folder = conftest.FOLDER / conftest.SHARE.replace("/", "-") / "50-tls"
    conftest.shutil.rmtree(folder, ignore_errors=True)
    made = TlsWorld(stack, folder, binaries)
    made.prepare().start()
    yield made
    made.close()


def policy(world, name, mode, **more):
    subject = world.subject("cluster", "flow", name)
    world.send("events-acme", senders.cloudevent("policy", subject, {"policy": "admission", "mode": mode}), **more)
    return subject


def test_the_walk_over_tls_on_every_edge(tls):
    subject = policy(tls, "one", "audit")
    verdict = tls.wait_verdict("PO.5.1-s", subject, "fail")
    tls.wait_alert(subject=subject, criterion="PO.5.1-s")
    until("a case in TheHive", lambda: [one for one in tls.hive.requests if one[1:3] == ("POST", "/api/alert") and one[3] == 201])
    with tls.new_session("scanner") as scanner:
        tls.send("tls-acme", senders.cloudevent("policy", subject, {"policy": "admission", "mode": "enforce"}),
                 session=scanner, proof={"x-none": "1"})
    assert tls.wait_verdict("PO.5.1-s", subject, "pass")["episode"]["id"] == verdict["episode"]["id"]
    tls.wait_no_alert(subject=subject)
    logs = "".join(service.all_text() for service in tls.services.values())
    for secret in ("-secret", "evaluator-password", tls.hive.key):
        assert secret not in logs, "%s is in a log" % secret


def stream(world):
    """Deliveries all the while, each over a connection of its own; every one must be taken."""
    def client(number, stopping):
        for count in itertools.count():
            with world.new_session() as session:
                policy(world, "stream-%d-%d" % (number, count), "enforce", session=session)
            yield 0
    return Load(client, threads=3, ending=30)


def all_on_topic(world):
    wanted = {one.digest for one in world.sent if one.code == 200}
    until("every delivery that got a 200 to be on the topic",
          lambda: not wanted - {topics.header(one, "digest") for one in world.records("deliveries")})


def shown(world):
    port = world["ingest"].port("INGEST-LISTENING")
    return ssl.get_server_certificate(("127.0.0.1", port))


def test_certificate_and_secrets_change_without_a_lost_delivery(tls):
    ingest, (mine, _) = tls["ingest"], tls.pairs["ingest"]
    first = shown(tls)
    next_one, _ = tls.authority.sign(tls.tls, "next", "/CN=ingest-next", days=60)
    late, _ = tls.authority.sign(tls.tls, "late", "/CN=ingest", days=-1)
    before = ingest.metric("ingest_certificate_expires_timestamp_seconds", certificate="server")
    producers = ingest.metric("ingest_producers_total")
    with stream(tls):
        replace(next_one, mine)  # by itself
        until("the new certificate to be shown", lambda: shown(tls) != first)
        assert ingest.metric("ingest_certificate_expires_timestamp_seconds", certificate="server") > before
        renewed = shown(tls)
        replace(late, mine)
        ingest.signal(1)
        until("the expired one to be kept out", lambda: ingest.metric("ingest_certificate_refused") == 1)
        text = ingest.admin("/readyz").text
        assert "older one in force" in text and "expired on" in text and str(mine) in text, text
        assert shown(tls) == renewed
        replace(next_one, mine)
        # Another login at Kafka, with the rights of the first; nobody is told.
        rows = yaml.safe_load((tls.folder / "ingest.yaml").read_text())
        rows["kafka-principal"] = "User:postern-ingest-next"
        tls.write("ingest.yaml", rows)
        tls.administer("ingest", "--create-acls")
        for name, text in (("sasl.username-file", "postern-ingest-next"), ("sasl.password-file", "postern-ingest-next-secret")):
            pathlib.Path(rows["kafka-properties"][name]).write_text(text + "\n")
        until("clients by the new login", lambda: ingest.metric("ingest_producers_total") > producers)
        until("a broker to take it", lambda: ingest.metric("ingest_broker_connected") == 1)
        policy(tls, "after", "enforce")
    assert not ingest.lines("INGEST-TRANSLATE-RENEW"), ingest.text()
    all_on_topic(tls)
    until("the spool to be empty", lambda: ingest.metric("ingest_spool_records") == 0)
    subject = policy(tls, "last", "audit")
    tls.wait_verdict("PO.5.1-s", subject, "fail")


def test_evaluator_and_notifier_take_another_login_of_kafka(tls):
    """A password for the one, a certificate for the other; neither is told."""
    rows = yaml.safe_load((tls.folder / "evaluator.yaml").read_text())
    rows["kafka-principal"] = "User:postern-ingest-next"  # a login that is there
    tls.write("evaluator.yaml", rows)
    tls.administer("evaluator", "--create-acls")
    with stream(tls):
        for name, text in (("sasl.username-file", "postern-ingest-next"), ("sasl.password-file", "postern-ingest-next-secret")):
            pathlib.Path(rows["kafka-properties"][name]).write_text(text + "\n")
        following, _ = tls.authority.sign(tls.tls, "notifier-next", "/CN=postern-notifier", "clientAuth")
        replace(following, tls.pairs["kafka-notifier"][0])
        for service in ("evaluator", "notifier"):
            for word in ("INTAKE", "RELAY"):
                tls[service].wait_log(word + "-KAFKA-RENEWED")
    subject = policy(tls, "renewed", "audit")
    tls.wait_verdict("PO.5.1-s", subject, "fail")
    all_on_topic(tls)


@thorough
def test_each_login_may_do_no_more_than_it_must(tls):
    from confluent_kafka import KafkaError, Producer
    pem, key = tls.authority.sign(tls.tls, "visitor", "/CN=visitor", "clientAuth")
    tls.administer("evaluator", "--create-acls", "--kafka-principal", "User:CN=visitor")
    rows = {"bootstrap.servers": tls.stack.kafka_mutual, "log_level": 0, "security.protocol": "ssl",
            "ssl.ca.location": str(tls.ca), "ssl.certificate.location": str(pem), "ssl.key.location": str(key)}
    producer, errors = Producer(rows), []
    for name in ("deliveries", "notices", "rejected"):  # it does not even see them
        about = producer.list_topics(tls.topic(name), 20).topics[tls.topic(name)]
        assert about.error and about.error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED, about.error
    producer.produce(tls.topic("evidence"), b"x", on_delivery=lambda error, _: errors.append(error))
    producer.flush(30)
    assert [one.code() for one in errors] == [KafkaError.TOPIC_AUTHORIZATION_FAILED], errors


# -- what is refused, and how that is said

@contextlib.contextmanager
def expired_server(world, postgres=False):
    """Speaks as far as its certificate, which is all that anybody gets to see."""
    pem, key = world.authority.sign(world.tls, "expired-server", "/CN=expired", days=-1)
    context = server_context(pem, key)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                link, _ = listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), link:
                link.settimeout(5)
                if postgres:
                    link.recv(8)  # SSLRequest
                    link.sendall(b"S")
                context.wrap_socket(link, server_side=True)
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(10)


def start_fails(world, service, changes, *words):
    """The start ends within 30 s with one sentence that holds the words."""
    rows = yaml.safe_load((world.folder / (service + ".yaml")).read_text())
    rows.update(changes)
    rows["spool-dir"] = str(world.folder / "other-spool")
    if service != "ingest":
        rows.pop("spool-dir")
    path = world.write("refused-%s.yaml" % service, rows)
    code, out, err = run(world.program(service), "--config", path, seconds=30)
    text = "\n".join(line for line in (out + err).splitlines() if "KAFKA-LIBRARY" not in line and "ADMIN-LIST" not in line)
    assert code == 1, text
    for word in words:
        assert word in text, text
    assert len(text.splitlines()) == 1, text
    assert "-secret" not in text and "-password " not in text, text


def with_properties(world, service="ingest", brokers=None, **changes):
    rows = world.kafka_of(service)
    rows["kafka-properties"].update({name.replace("_", ".").replace("..", "-"): value for name, value in changes.items()})
    if brokers:
        rows["kafka-brokers"] = brokers
    return rows


def port_of(address):
    return address.rsplit(":", 1)[1]


def test_a_broker_that_refuses_us_or_that_we_refuse_ends_the_start(tls):
    wrong = tls.secret("wrong-password", "wrong")
    start_fails(tls, "ingest", with_properties(tls, sasl_password__file=wrong), "refuses our credentials", "sasl.password",
                port_of(tls.stack.kafka_sasl))
    start_fails(tls, "ingest", with_properties(tls, ssl_ca_location=str(tls.stranger.pem)), "no authority that we trust",
                "ssl.ca.location")


@thorough
def test_each_certificate_that_kafka_or_we_refuse_is_told_apart(tls):
    start_fails(tls, "evaluator", with_properties(tls, "evaluator", "localhost:" + port_of(tls.stack.kafka_sasl)),
                "another host's", "kafka-brokers")
    with expired_server(tls) as port:
        start_fails(tls, "ingest", with_properties(tls, brokers="127.0.0.1:%d" % port), "has expired")
    for name, (pem, key) in {
            "late": tls.authority.sign(tls.tls, "late-client", "/CN=postern-notifier", "clientAuth", days=-1),
            "strange": tls.stranger.sign(tls.tls, "strange-client", "/CN=postern-notifier", "clientAuth")}.items():
        start_fails(tls, "notifier", with_properties(tls, "notifier", ssl_certificate_location=str(pem), ssl_key_location=str(key)),
                    "refuses our side of TLS", "ssl.certificate.location")
    start_fails(tls, "notifier", {"kafka-properties": {"security.protocol": "ssl", "ssl.ca.location": str(tls.ca)}},
                "refuses our side of TLS")
    start_fails(tls, "ingest", with_properties(tls, sasl_mechanism="PLAIN"), "refuses our credentials", "SCRAM-SHA-512")
    start_fails(tls, "ingest", with_properties(tls, sasl_password__file="/nonexistent"), "/nonexistent", "cannot be read")


def with_postgres(world, service, **changes):
    return {"postgres-file": world.secret("refused-postgres", world.postgres(service, **changes))}


def test_a_login_that_postgresql_refuses_ends_the_start(tls):
    start_fails(tls, "evaluator", with_postgres(tls, "evaluator", password="wrong"), "28P01", "postern_evaluator",
                "127.0.0.1", "is the password in postgres")


@thorough
def test_each_refusal_between_postgresql_and_us_is_told_apart(tls):
    def fails(service, changes, *words):
        start_fails(tls, service, with_postgres(tls, service, **changes), "PostgreSQL at", *words)
    fails("evaluator", {"host": "localhost"}, "does not match host name", "name the server")
    fails("evaluator", {"sslrootcert": tls.stranger.pem}, "certificate verify failed", "sslrootcert")
    fails("evaluator", {"sslrootcert": "/nonexistent"}, "/nonexistent")
    fails("evaluator", {"user": "postern_nobody"}, "postern_nobody")
    fails("evaluator", {"dbname": "flow_nowhere"}, "flow_nowhere")
    fails("evaluator", {"sslmode": "disable"}, "pg_hba.conf")
    late, late_key = tls.authority.sign(tls.tls, "late-pg", "/CN=notifier", "clientAuth", days=-1)
    other, other_key = tls.authority.sign(tls.tls, "other-pg", "/CN=somebody", "clientAuth")
    start_fails(tls, "evaluator", with_postgres(tls, "evaluator", user="postern_notifier", sslcert=late, sslkey=late_key,
                                                password=None), "PostgreSQL at", "alert")
    start_fails(tls, "evaluator", with_postgres(tls, "evaluator", user="postern_notifier", sslcert=other, sslkey=other_key,
                                                password=None), "PostgreSQL at", "28000")
    with expired_server(tls, postgres=True) as port:
        fails("evaluator", {"port": port}, "certificate verify failed", "expired")


@thorough
def test_a_certificate_of_ingest_that_does_not_fit_ends_the_start(tls):
    late, late_key = tls.authority.sign(tls.tls, "late-ingest", "/CN=ingest", days=-1)
    start_fails(tls, "ingest", {"tls-certificate": str(late), "tls-key": str(late_key)}, str(late), "expired on", "renew it")
    start_fails(tls, "ingest", {"tls-key": str(late_key)}, str(late_key), "is not the key of")
    start_fails(tls, "ingest", {"client-ca": "/nonexistent.pem"}, "/nonexistent.pem")
    start_fails(tls, "ingest", {"tls-certificate": "", "tls-key": "", "client-ca": "", "listen-address": "0.0.0.0"}, "insecure")


@thorough
def test_each_sink_that_is_not_who_it_should_be_hears_nothing(tls):
    """One notifier, a sink for each fault; readiness says which and why."""
    late, late_key = tls.authority.sign(tls.tls, "late-sinks", "/CN=postern-sinks", "clientAuth", days=-1)
    rows = yaml.safe_load((tls.folder / "routes.yaml").read_text())
    good = rows["sinks"]["pager"]
    port = port_of(tls.alert_url)
    with expired_server(tls) as expired, redirecting("https://elsewhere.example/alerts?token=1") as pointing:
        faults = {
            "wrong-ca": (dict(good, ca=str(tls.stranger.pem)), "certificate"),
            "wrong-host": (dict(good, urls=["https://localhost:" + port]), "localhost"),
            "expired": (dict(good, urls=["https://127.0.0.1:%d" % expired]), "expired"),
            "late-client": (dict(good, certificate=str(late), key=str(late_key)), "client certificate"),
            "no-client": ({name: value for name, value in good.items() if name not in ("certificate", "key")}, "client certificate"),
            "redirect": (dict(good, urls=["http://127.0.0.1:%d" % pointing]), "https://elsewhere.example/alerts:"),
        }
        tls.write("faulty-routes.yaml", {"sinks": {name: copy.deepcopy(one[0]) for name, one in faults.items()},
                                         "routes": [{"sinks": list(faults)}]})
        rows = yaml.safe_load((tls.folder / "notifier.yaml").read_text())
        rows.update({"routes": str(tls.folder / "faulty-routes.yaml"), "lease-time": "3s"})
        path = tls.write("faulty-notifier.yaml", rows)
        faulty = Service(tls.program("notifier"), ["--config", path], tls.folder, "faulty").start()
        try:
            for name, (_, word) in faults.items():
                until("a reason for " + name, lambda: [line for line in faulty.text().splitlines()
                      if "NOTIFIER-SINK" in line and re.search(r"\b%s\b" % name, line) and word in line],
                      stop=faulty.check_alive)
            assert "token=1" not in faulty.text()
        finally:
            faulty.stop()
            faulty.check_log()


@contextlib.contextmanager
def redirecting(target):
    import http.server

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(302)
            self.send_header("Location", target)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
