# SPDX-License-Identifier: Apache-2.0
"""A Postern whose every edge is TLS, on the servers of scripts/stack.

ingest: a certificate of ours, a source by client certificate. Kafka: SASL_SSL with
SCRAM for ingest and evaluator, mutual TLS for notifier, and no right but what
--create-acls gave. PostgreSQL: verify-full, a password for evaluator, a client
certificate for notifier. Alertmanager: TLS, client certificate and password.
TheHive: the double over HTTPS.
"""
import pathlib
import socket
import ssl
import subprocess

import psycopg2
import requests
import yaml

from certificates import Authority
from service import die_with_us, run
from thehive_double import Double
from waiting import until
from world import NAMES, World

# "alertmanager-secret", as its web configuration wants it
BCRYPT = "$2b$04$abcdefghijklmnopqrstuueXQ2G0sNTehEJBkP2HSzTY.NIOm7MHq"
PRINCIPALS = {"ingest": "User:postern-ingest", "evaluator": "User:postern-evaluator", "notifier": "User:CN=postern-notifier"}


def server_context(pem, key, client_ca=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    if client_ca:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


class TlsWorld(World):
    def __init__(self, stack, folder, binaries, **more):
        super().__init__(stack, folder, binaries, **more)
        self.database = "flow_tls"  # for which pg_hba.conf wants TLS and proof
        self.tls = self.folder / "tls"
        self.tls.mkdir()
        self.authority = Authority(pathlib.Path(stack.run) / "tls")
        self.ca = self.authority.pem
        self.stranger = Authority(self.tls, "stranger")
        self.pairs = {
            "ingest": self.authority.sign(self.tls, "ingest", "/CN=ingest"),
            "scanner": self.authority.sign(self.tls, "scanner", "/O=acme/CN=scanner", "clientAuth"),
            "kafka-notifier": self.authority.sign(self.tls, "kafka-notifier", "/CN=postern-notifier", "clientAuth"),
            "pg-notifier": self.authority.sign(self.tls, "pg-notifier", "/CN=notifier", "clientAuth"),
            "sinks": self.authority.sign(self.tls, "sinks", "/CN=postern-sinks", "clientAuth"),
        }
        self.sources.append({"name": "tls-acme", "tool": "cloudevents", "tenant": self.tenant, "interval": "24h",
                             "scheme": "certificate", "client_certificate": "CN=scanner,O=acme"})
        self.secrets["tls-acme"] = "unused"
        self.session = self.new_session()
        self.processes = []
        self.hive = Double(tls=server_context(self.authority.pem.with_name("server.pem"),
                                              self.authority.pem.with_name("server.key"), self.ca))
        self.alert_url = None

    def new_session(self, pair=None):
        """A sender that trusts our authority, whatever the environment says."""
        session = requests.Session()
        session.trust_env, session.verify = False, str(self.ca)
        if pair:
            session.cert = tuple(str(one) for one in self.pairs[pair])
        return session

    # -- settings

    def secret(self, name, text):
        path = self.tls / name
        path.write_text(text + "\n")
        path.chmod(0o600)
        return str(path)

    def sasl(self, user):
        """By files, both, so that a reload can take another login."""
        return {"security.protocol": "sasl_ssl", "sasl.mechanism": "SCRAM-SHA-512", "ssl.ca.location": str(self.ca),
                "sasl.username-file": self.secret("kafka-user", user),
                "sasl.password-file": self.secret("kafka-password", user + "-secret")}

    def mutual(self, name):
        pem, key = self.pairs[name]
        return {"security.protocol": "ssl", "ssl.ca.location": str(self.ca), "ssl.certificate.location": str(pem),
                "ssl.key.location": str(key)}

    def postgres(self, service, **more):
        port = self.stack.postgres.rsplit(":", 1)[1].split("/")[0]
        rows = {"host": "127.0.0.1", "port": port, "dbname": self.database, "user": "postern_" + service,
                "sslmode": "verify-full", "sslrootcert": self.ca}
        if service == "notifier":
            rows.update(sslcert=self.pairs["pg-notifier"][0], sslkey=self.pairs["pg-notifier"][1])
        else:
            rows["password"] = service + "-password"
        rows.update(more)
        return " ".join("%s=%s" % one for one in rows.items() if one[1] is not None)

    def kafka_of(self, service):
        if service == "notifier":
            return {"kafka-brokers": self.stack.kafka_mutual, "kafka-properties": self.mutual("kafka-notifier")}
        user = {"ingest": "postern-ingest", "evaluator": "postern-evaluator"}[service]
        rows = self.sasl(user)
        for name in ("sasl.username-file", "sasl.password-file"):  # each its own
            path = pathlib.Path(rows[name])
            rows[name] = self.secret(service + "-" + path.name, path.read_text().strip())
        return {"kafka-brokers": self.stack.kafka_sasl, "kafka-properties": rows}

    def write_files(self):
        super().write_files()
        rows = yaml.safe_load((self.folder / "sources.yaml").read_text())
        for row in rows["sources"]:
            if row.get("scheme") == "certificate":
                row.pop("secrets")
        self.write("sources.yaml", rows)
        pem, key = self.pairs["sinks"]
        sinks = {"ca": str(self.ca), "certificate": str(pem), "key": str(key)}
        routes = {"sinks": {"pager": dict(sinks, kind="alertmanager", urls=[self.alert_url], basic_auth={
            "user": "postern", "password_file": self.secret("alertmanager-password", "alertmanager-secret")}),
            "cases": dict(sinks, kind="thehive", urls=[self.hive.url], key_file=self.secret("thehive-key", self.hive.key))},
            "routes": [{"sinks": ["pager", "cases"]}]}
        self.write("routes.yaml", routes)
        for service in NAMES:
            rows = yaml.safe_load((self.folder / (service + ".yaml")).read_text())
            rows.update(self.kafka_of(service))
            rows["kafka-principal"] = PRINCIPALS[service]
            if service == "ingest":
                rows.update({"tls-certificate": str(self.pairs["ingest"][0]), "tls-key": str(self.pairs["ingest"][1]),
                             "client-ca": str(self.ca)})
            else:
                rows.pop("postgres")
                rows["postgres-file"] = self.secret(service + "-postgres", self.postgres(service))
            rows.update(self.settings[service])
            self.write(service + ".yaml", rows)

    def admin_file(self, service):
        rows = yaml.safe_load((self.folder / (service + ".yaml")).read_text())
        rows.update({"kafka-brokers": self.stack.kafka_sasl, "kafka-properties": self.sasl("admin")})
        return self.write("admin-%s.yaml" % service, rows)

    def administer(self, service, *words):
        code, out, err = run(self.program(service), "--config", self.admin_file(service), *words)
        assert code == 0, out + err
        return out

    # -- servers of its own, and the way in

    def prepare(self, topics_too=True):
        self.stack.sql('DROP DATABASE IF EXISTS "%s" WITH (FORCE)' % self.database)
        self.start_alertmanager()
        self.write_files()
        self.stack.sql('CREATE DATABASE "%s"' % self.database)
        self.stack.sql("ALTER ROLE postgres PASSWORD 'postgres-password'")
        owner = self.postgres("owner", user="postgres", password="postgres-password")
        for service in ("evaluator", "notifier"):
            code, out, err = run(self.program(service), "--config", self.folder / (service + ".yaml"), "--postgres", owner,
                                 "--migrate")
            assert code == 0, out + err
        self.stack.sql("ALTER ROLE postern_evaluator PASSWORD 'evaluator-password'")
        self.administer("ingest", "--create-topics")
        for service in NAMES:
            self.administer(service, "--create-acls")
        return self

    def conninfo(self, service):
        return self.postgres(service)

    def start_alertmanager(self):
        if self.alert_url:
            return
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = self.authority.pem.with_name("server.pem")
        web = self.write("alertmanager-web.yml", {
            "tls_server_config": {"cert_file": str(server), "key_file": str(server.with_suffix(".key")),
                                  "client_auth_type": "RequireAndVerifyClientCert", "client_ca_file": str(self.ca)},
            "basic_auth_users": {"postern": BCRYPT}})
        config = self.write("alertmanager.yml", {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]})
        with open(self.folder / "alertmanager.log", "ab") as log:
            self.processes.append(subprocess.Popen(  # pylint: disable=consider-using-with
                ["prometheus-alertmanager", "--config.file=%s" % config, "--storage.path=%s" % (self.folder / "alertmanager"),
                 "--cluster.listen-address=", "--web.listen-address=127.0.0.1:%d" % port, "--web.config.file=%s" % web],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_us))
        self.alert_url = "https://127.0.0.1:%d" % port
        until("Alertmanager over TLS", lambda: self.alertmanager("/-/ready").status_code == 200)

    def alertmanager(self, path):
        with self.new_session("sinks") as session:
            return session.get(self.alert_url + path, auth=("postern", "alertmanager-secret"), timeout=10)

    def alerts(self, base=None, **labels):
        rows = [one for one in self.alertmanager("/api/v2/alerts").json() if one["labels"].get("tenant") == self.tenant]
        return [one for one in rows if all(one["labels"].get(key) == value for key, value in labels.items())]

    def url(self, ingest="ingest"):
        return "https://127.0.0.1:%d" % self.services[ingest].port("INGEST-LISTENING")

    def sql(self, service, statement, *values):
        link = psycopg2.connect(self.postgres("owner", user="postgres", password="postgres-password"))
        try:
            with link.cursor() as cursor:
                cursor.execute("SET search_path = %s" % service)
                cursor.execute(statement, values or None)
                return cursor.fetchall() if cursor.description else []
        finally:
            link.close()

    def close(self, failed=False):
        self.hive.close()
        try:
            super().close(failed)
        finally:
            for one in self.processes:
                one.terminate()
                one.wait(10)
