# SPDX-License-Identifier: Apache-2.0
"""A stand-in for TheHive 4.1 that answers as the real one was seen to answer.

It keeps the real one's traps: the duplicate check and the storing are apart, so
that two creations of one triple within `race` seconds are both stored; PATCH
answers 200 to members it ignores; parallel PATCHes of one alert meet a 404;
appends answer 207; v1 drops observables. It is no model of how our client would
like TheHive to be. Faults are injected with `inject`.

As a program: thehive_double.py [--port N] [--key KEY], for looking at by hand.
"""
import argparse
import base64
import hashlib
import http.server
import json
import random
import threading
import time
import urllib.parse

BODY_MAX = 256 * 1024
DATA_TYPES = {"autonomous-system", "domain", "file", "filename", "fqdn", "hash", "hostname", "ip", "mail",
              "mail-subject", "other", "regexp", "registry", "uri_path", "url", "user-agent"}
PERMISSIONS = ["manageShare", "manageAnalyse", "manageTask", "manageCase", "manageProcedure", "managePage",
               "manageObservable", "manageAlert", "accessTheHiveFS", "manageAction"]
HTML_502 = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<h1>502 Bad Gateway</h1>\r\n</body>\r\n</html>\r\n"
# name: kind of value, as the field checks know them
ALERT_FIELDS = {"type": "string", "source": "string", "sourceRef": "string", "title": "string", "description": "string",
                "severity": "int", "date": "date", "tags": "[string]", "flag": "boolean", "tlp": "int", "pap": "int",
                "follow": "boolean", "externalLink": "string", "customFields": "customFieldValue"}
ALERT_PATCH = {"type": "string", "source": "string", "sourceRef": "string", "title": "string", "description": "string",
               "severity": "int", "date": "date", "lastSyncDate": "date", "tags": "[string]", "flag": "boolean",
               "tlp": "int", "pap": "int", "read": "boolean", "follow": "boolean", "customFields": "customFieldValue"}
CASE_FIELDS = {"title": "string", "description": "string", "severity": "int", "startDate": "date", "tags": "[string]",
               "flag": "boolean", "tlp": "int", "pap": "int"}
CASE_PATCH = dict(CASE_FIELDS, endDate="date", summary="string", status="status", resolutionStatus="string",
                  impactStatus="string", owner="string")


class Refusal(Exception):
    """An answer that is not a success."""

    def __init__(self, code, type_, message, **more):
        super().__init__(message)
        self.code, self.body = code, dict({"type": type_, "message": message}, **more)


def millis():
    return int(time.time() * 1000)


def show(value):
    """A value as the field checks print it."""
    if value is None:
        return "FNull"
    if isinstance(value, bool):
        return "FBoolean(%s)" % str(value).lower()
    if isinstance(value, str):
        return "FString(%s)" % value
    if isinstance(value, (int, float)):
        return "FNumber(%s)" % float(value)
    return "FSeq()" if isinstance(value, list) else "FObject()"


def fits(value, kind):
    if kind == "string":
        return isinstance(value, str)
    if kind in ("int", "date"):
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "[string]":
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if kind == "status":
        return value in ("Open", "Resolved", "Duplicated")
    return isinstance(value, dict)


def check(body, fields, required, prefix=""):
    """All field errors at once, missing ones first, as the real one does."""
    errors, sentences = [], []
    for name in required:
        if body.get(name) is None:
            errors.append({"name": prefix + name, "type": "MissingAttributeError"})
            sentences.append("[Attribute %s is missing]" % (prefix + name))
    for name, kind in fields.items():
        if name not in body or (body[name] is None and name != "customFields") or fits(body[name], kind):
            continue
        shown = "object" if kind == "[string]" else kind
        errors.append({"name": prefix + name, "format": shown, "acceptedInput": [kind], "field": show(body[name]),
                       "type": "InvalidFormatAttributeError"})
        sentences.append("[Invalid format for %s: %s, expected %s (%s)]" % (prefix + name, show(body[name]), shown, kind))
    if errors:
        raise Refusal(400, "AttributeCheckingError", "".join(sentences), errors=errors)


class Hive:
    """What is stored, and what happens to it; knows no HTTP."""

    def __init__(self, race=0.2, seed=1):
        self.race = race  # seconds between the duplicate check and the storing
        self.lock = threading.RLock()
        self.random = random.Random(seed)
        self.alerts, self.cases = {}, {}
        self.next_id, self.next_case = 4096, 1
        self.custom_fields = {}  # name: type
        self.patching = {}

    def new_id(self):
        self.next_id += self.random.choice((24, 40, 4096))
        return "~%d" % self.next_id

    # -- alerts

    def custom_values(self, given):
        values = {}
        for name, value in (given or {}).items():
            kind = self.custom_fields.get(name)
            if kind is None:
                raise Refusal(404, "NotFoundError", "CustomField %s not found" % name)
            value = value.get(kind, next(iter(value.values()), None)) if isinstance(value, dict) else value
            wanted = {"string": str, "integer": int, "float": (int, float), "boolean": bool, "date": int}[kind]
            if value is not None and not isinstance(value, wanted):
                raise Refusal(400, "BadRequest", "Invalid value type for custom field.\n  Expected: %s\n  Found   : Some(%s)"
                              % (kind, value))
            values[name] = {kind: value}
        return values

    def observables(self, user, rows, where):
        made, seen = [], set()
        for place, row in enumerate(rows):
            prefix = "%s[%d]." % (where, place) if where else ""
            check(row, {"dataType": "string", "message": "string", "tags": "[string]", "tlp": "int", "ioc": "boolean",
                        "sighted": "boolean"}, ["dataType"], prefix)
            if row["dataType"] not in DATA_TYPES:
                raise Refusal(404, "NotFoundError", "ObservableType %s not found" % row["dataType"])
            data = row.get("data")
            for one in data if isinstance(data, list) else [] if data is None else [data]:
                if (row["dataType"], one) in seen:
                    continue
                seen.add((row["dataType"], one))
                made.append(self.observable(user, row, one))
        return made

    def observable(self, user, row, data):
        now = millis()
        identity = self.new_id()
        made = {"_id": identity, "id": identity, "createdBy": user, "createdAt": now, "_type": "case_artifact",
                "dataType": row["dataType"], "startDate": now, "tlp": 2 if row.get("tlp") is None else row["tlp"],
                "tags": row.get("tags") or [], "ioc": bool(row.get("ioc")), "sighted": bool(row.get("sighted")),
                "reports": {}, "stats": {}}
        if row["dataType"] == "file":
            name, mime, content = (data.split(";", 2) + ["", ""])[:3]
            content = base64.b64decode(content)
            hashes = [hashlib.new(one, content).hexdigest() for one in ("sha256", "sha1", "md5")]
            made["attachment"] = {"name": name, "hashes": hashes, "size": len(content), "contentType": mime, "id": hashes[0]}
        else:
            made["data"] = data
        if row.get("message") is not None:
            made["message"] = row["message"]
        return made

    @staticmethod
    def key_of(one):
        return one["dataType"], one.get("data", one.get("attachment", {}).get("id"))

    def named(self, type_, source, reference):
        return [one for one in self.alerts.values()
                if (one["type"], one["source"], one["sourceRef"]) == (type_, source, reference)]

    def create_alert(self, user, organisation, body, version=0):
        with self.lock:
            if self.named(body["type"], body["source"], body["sourceRef"]):
                raise Refusal(400, "CreateError", "Alert %s:%s:%s already exist in organisation %s"
                              % (body["type"], body["source"], body["sourceRef"], organisation))
            given = body.get("customFields" if version == 0 else "customFieldValue")
            values = self.custom_values(given)
            rows = self.observables(user, body.get("artifacts") or [], "artifacts") if version == 0 else []
        time.sleep(self.race)  # the check above is no constraint
        with self.lock:
            now = millis()
            identity = self.new_id()
            tags = list(dict.fromkeys(body.get("tags") or []))
            alert = {"_id": identity, "id": identity, "createdBy": user, "updatedBy": None, "createdAt": now,
                     "updatedAt": None, "_type": "alert", "type": body["type"], "source": body["source"],
                     "sourceRef": body["sourceRef"], "externalLink": body.get("externalLink"), "case": None,
                     "title": body["title"], "description": body["description"]}
            for name, otherwise in (("severity", 2), ("date", now), ("tags", tags), ("tlp", 2), ("pap", 2)):
                value = body.get(name)
                alert[name] = otherwise if value is None or name == "tags" else value
            alert.update(status="New", follow=body.get("follow") is not False, customFields=values, caseTemplate=None,
                         artifacts=rows, similarCases=[])
            alert["_read"] = False
            self.alerts[identity] = alert
            return alert

    def find_alert(self, name):
        if name in self.alerts:
            return self.alerts[name]
        parts = name.split(";")
        found = self.named(*parts) if len(parts) == 3 else []
        if not found:
            raise Refusal(404, "NotFoundError", "Alert not found")
        return found[0]

    def restate(self, alert):
        if alert["case"]:
            alert["status"] = "Imported" if alert["_read"] else "Updated"
        else:
            alert["status"] = "Ignored" if alert["_read"] else "New"

    def patch_alert(self, user, name, body):
        with self.lock:
            alert = self.find_alert(name)
            identity = alert["_id"]
            others = self.patching.get(identity, 0)
            if others and self.random.random() < 0.27:  # seen: 2 to 27 % of parallel ones
                raise Refusal(404, "NotFoundError", "Alert not found")
            self.patching[identity] = others + 1
        try:
            time.sleep(self.race / 4)
            with self.lock:
                for field, value in body.items():
                    if field == "read":
                        alert["_read"] = value
                    elif field == "customFields":
                        alert["customFields"] = self.custom_values(value)
                    elif field.startswith("customFields."):
                        alert["customFields"].update(self.custom_values({field.split(".")[1]: value}))
                    elif field == "tags":
                        alert["tags"] = list(dict.fromkeys(value))
                    elif field in ALERT_PATCH and field not in ("lastSyncDate", "flag"):
                        alert[field] = value
                    # any other member: 200, and nothing happens
                alert.update(updatedBy=user, updatedAt=millis())
                self.restate(alert)
                return alert
        finally:
            with self.lock:
                self.patching[identity] -= 1

    def append(self, user, holder, body):
        with self.lock:
            rows = self.observables(user, [body], "")
            known = {self.key_of(one) for one in holder["artifacts"]}
            bad = [one for one in rows if self.key_of(one) in known]
            good = [one for one in rows if self.key_of(one) not in known]
        time.sleep(self.race / 4)  # so parallel appends store one observable twice
        with self.lock:
            holder["artifacts"].extend(good)
        if not bad:
            return 201, good
        return 207, {"success": good, "failure": [{"type": "CreateError", "message": "Observable already exists",
                                                  "object": {"data": one.get("data")}} for one in bad]}

    # -- cases

    def create_case(self, user, body):
        now = millis()
        identity = self.new_id()
        case = {"_id": identity, "id": identity, "createdBy": user, "updatedBy": None, "createdAt": now, "updatedAt": None,
                "_type": "case", "caseId": self.next_case, "title": body["title"], "description": body["description"],
                "severity": body.get("severity") or 2, "startDate": body.get("startDate") or now, "endDate": None,
                "impactStatus": None, "resolutionStatus": None, "tags": sorted(set(body.get("tags") or [])),
                "flag": bool(body.get("flag")), "tlp": 2 if body.get("tlp") is None else body["tlp"],
                "pap": 2 if body.get("pap") is None else body["pap"], "status": "Open", "summary": None, "owner": user,
                "customFields": self.custom_values(body.get("customFields")), "stats": {}, "permissions": PERMISSIONS,
                "artifacts": [], "tasks": [one.get("title") for one in body.get("tasks") or []]}
        self.next_case += 1
        self.cases[identity] = case
        return case

    def find_case(self, name):
        for case in self.cases.values():
            if name in (case["_id"], str(case["caseId"])):
                return case
        raise Refusal(404, "NotFoundError", "Case not found")

    def take_in(self, user, alert, case):
        known = {self.key_of(one) for one in case["artifacts"]}
        case["artifacts"].extend(dict(one) for one in alert["artifacts"] if self.key_of(one) not in known)
        alert.update(case=case["_id"], _read=True, updatedBy=user, updatedAt=millis())
        self.restate(alert)

    def promote(self, user, name):
        with self.lock:
            alert = self.find_alert(name)
            if alert["case"]:
                return self.cases[alert["case"]]
            case = self.create_case(user, dict(alert, startDate=None))
            self.take_in(user, alert, case)
            return case

    def merge(self, user, name, case_name):
        with self.lock:
            case, alert = self.find_case(case_name), self.find_alert(name)
            if alert["case"]:
                raise Refusal(400, "BadRequest", "Alert is already imported")
            case["description"] += "\n  \n#### Merged with alert #%s %s\n\n%s" % (
                alert["sourceRef"], alert["title"], alert["description"])
            case["tags"] = sorted(set(case["tags"]) | set(alert["tags"]))
            case["customFields"].update(alert["customFields"])
            case.update(updatedBy=user, updatedAt=millis())
            self.take_in(user, alert, case)
            return case

    def patch_case(self, user, name, body):
        with self.lock:
            case = self.find_case(name)
            check(body, {key: CASE_PATCH[key] for key in body if key in CASE_PATCH}, [])
            for field, value in body.items():
                if field in CASE_PATCH:
                    case[field] = value
            if body.get("status") in ("Resolved", "Duplicated") and not case["endDate"]:
                case["endDate"] = millis()
            case.update(updatedBy=user, updatedAt=millis())
            return case

    def search(self, rows, query):
        def holds(condition, row):
            if "_and" in condition:
                return all(holds(one, row) for one in condition["_and"])
            if "_or" in condition:
                return any(holds(one, row) for one in condition["_or"])
            if "_not" in condition:
                return not holds(condition["_not"], row)
            if "_in" in condition:
                return any(holds({condition["_in"]["_field"]: one}, row) for one in condition["_in"]["_values"])
            if "_field" in condition:
                condition = {condition["_field"]: condition.get("_value")}
            for field, value in condition.items():
                if field.startswith("_") and field != "_id":
                    raise Refusal(400, "AttributeCheckingError", "[Invalid format for query: FObject(), expected query]")
                if field not in row or field.startswith("_read"):
                    raise Refusal(400, "BadRequest", "Property %s for type Traversal not found" % field)
                if value not in row[field] if isinstance(row[field], list) else row[field] != value:
                    return False
            return True

        sample = next(iter(rows.values()), None)
        if sample:
            holds(query, sample)
        return [row for row in rows.values() if holds(query, row)]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "akka-http/10.1.14"

    def log_message(self, *_):
        pass

    def answer(self, code, value=None, headers=()):
        body = b"" if value is None else value if isinstance(value, bytes) else json.dumps(value).encode()
        self.answered = code
        self.send_response(code)
        for name, one in headers:
            self.send_header(name, one)
        if not any(name == "Content-Type" for name, _ in headers) and value is not None:
            self.send_header("Content-Type", "application/json")
        if code != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def who(self):
        scheme, _, key = (self.headers.get("Authorization") or "").partition(" ")
        user = self.server.double.users.get(key) if scheme == "Bearer" else None
        if user is None:
            raise Refusal(401, "AuthenticationError", "Authentication failure")
        return user

    def body(self):
        raw = self.raw
        kind = (self.headers.get("Content-Type") or "").partition(";")[0].strip()
        if len(raw) > BODY_MAX:
            raise Refusal(413, "Unknown", "Request Entity Too Large")
        if not raw or kind != "application/json":
            return {}
        try:
            value = json.loads(raw)
        except ValueError as error:
            raise Refusal(400, "BadRequest", "Invalid Json: %s" % error) from None
        return value if isinstance(value, dict) else {}

    def serve(self):
        double = self.server.double
        self.raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.answered = None
        path, _, query = self.path.partition("?")
        parts = [urllib.parse.unquote(one) for one in path.split("/")[2:]]
        began = time.time()
        fault = double.fault(self.command, path)
        try:
            if fault and fault[0] == "html502":
                self.answer(502, HTML_502, [("Content-Type", "text/html")])
                return
            if fault and fault[0] == "unauthorized":
                raise Refusal(401, "AuthenticationError", "Authentication failure")
            if fault and fault[0] == "refuse":
                raise Refusal(400, "BadRequest", "injected: refused for good")
            result = self.route(double.hive, parts, query)
            if fault and fault[0] == "swallow":  # done, but nobody hears of it
                time.sleep(fault[1])
                self.close_connection = True
                return
            self.answer(*result)
        except Refusal as refusal:
            more = [("WWW-Authenticate", 'Basic realm="thehive"')] if refusal.code == 401 else []
            self.answer(refusal.code, refusal.body, more)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            double.note(began, self.command, path, self.answered, self.raw, self.headers.get("traceparent"))

    def route(self, hive, parts, query):
        method = self.command
        if parts in (["status"], ["v1", "status"]) and method == "GET":
            return 200, {"versions": {"Scalligraph": "4.1.24-1", "TheHive": "4.1.24-1", "Play": "2.8.15"}, "connectors": {},
                         "config": {"authType": ["session", "basic", "local", "key"]}, "schemaStatus": []}
        user = self.who()
        if parts[:1] == ["v1"]:
            return self.route_v1(hive, user, method, parts[1:])
        if parts[:1] == ["alert"]:
            return self.route_alert(hive, user, method, parts[1:], query)
        if parts[:1] == ["case"]:
            return self.route_case(hive, user, method, parts[1:], query)
        raise Refusal(404, "NotFoundError", self.path.partition("?")[0])

    @staticmethod
    def may(user):
        if not user["write"]:
            raise Refusal(403, "AuthorizationError", "Operation not permitted")

    def page(self, rows, query):
        options = urllib.parse.parse_qs(query)
        for sort in reversed(options.get("sort", [])):
            rows.sort(key=lambda row: row.get(sort.lstrip("+-")) or 0, reverse=sort.startswith("-"))
        begin, _, end = options.get("range", ["0-10"])[0].partition("-")
        shown = rows if begin == "all" else rows[int(begin):int(end or 10)]
        return 200, [public(row) for row in shown], [("X-Total", str(len(rows)))]

    def route_alert(self, hive, user, method, rest, query):
        body = self.body()
        login = user["login"]
        if not rest and method == "POST":
            check(body, ALERT_FIELDS, ["type", "source", "sourceRef", "title", "description"])
            self.may(user)
            return 201, public(hive.create_alert(login, user["organisation"], body))
        if rest == ["_search"] and method == "POST":
            with hive.lock:
                return self.page(hive.search(hive.alerts, body.get("query") or {}), query)
        if rest == ["merge", "_bulk"] and method == "POST":
            for one in body.get("alertIds", []):
                case = hive.merge(login, one, body["caseId"])
            return 200, public(case)
        if len(rest) == 1 and method == "GET":
            return 200, public(hive.find_alert(rest[0]))
        if len(rest) == 1 and method == "PATCH":
            check(body, ALERT_PATCH, [])
            if not user["write"]:
                raise Refusal(403, "AuthorizationError",
                              "Your are not authorized to update alert, you haven't the permission manageAlert")
            return 200, public(hive.patch_alert(login, rest[0], body))
        if len(rest) == 1 and method == "DELETE":
            self.may(user)
            with hive.lock:
                del hive.alerts[hive.find_alert(rest[0])["_id"]]
            return 204, None
        return self.route_alert_verb(hive, user, method, rest, body)

    def route_alert_verb(self, hive, user, method, rest, body):
        login = user["login"]
        verb = rest[1] if len(rest) > 1 and method == "POST" else None
        if verb == "artifact":
            try:
                alert = hive.find_alert(rest[0])
            except Refusal:
                raise Refusal(403, "AuthorizationError", "Operation not permitted") from None
            code, rows = hive.append(login, alert, body)
            return code, rows
        if verb == "merge" and len(rest) == 3:
            return 200, public(hive.merge(login, rest[0], rest[2]))
        if verb == "createCase":
            return 201, public(hive.promote(login, rest[0]))
        if verb in ("markAsRead", "markAsUnread"):
            return 200, public(hive.patch_alert(login, rest[0], {"read": verb == "markAsRead"}))
        if verb in ("follow", "unfollow"):
            return 200, public(hive.patch_alert(login, rest[0], {"follow": verb == "follow"}))
        raise Refusal(404, "NotFoundError", self.path.partition("?")[0])

    def route_case(self, hive, user, method, rest, query):
        body = self.body()
        login = user["login"]
        if not rest and method == "POST":
            check(body, CASE_FIELDS, ["title", "description"])
            self.may(user)
            with hive.lock:
                return 201, public(hive.create_case(login, body))
        if rest == ["_search"] and method == "POST":
            with hive.lock:
                return self.page(hive.search(hive.cases, body.get("query") or {}), query)
        if len(rest) == 1 and method == "GET":
            return 200, public(hive.find_case(rest[0]))
        if len(rest) == 1 and method == "PATCH":
            return 200, public(hive.patch_case(login, rest[0], body))
        if len(rest) == 2 and rest[1] == "artifact" and method == "POST":
            return hive.append(login, hive.find_case(rest[0]), body)
        raise Refusal(404, "NotFoundError", self.path.partition("?")[0])

    def route_v1(self, hive, user, method, rest):
        """Just enough to tell a client that took v1 for v0."""
        body = self.body()
        if rest == ["alert"] and method == "POST":
            check(body, dict(ALERT_FIELDS, customFields="ignored"), ["type", "source", "sourceRef", "title", "description",
                                                                     "date"])
            if not user["write"]:
                raise Refusal(404, "NotFoundError", "Organisation not found")
            return 201, v1(hive.create_alert(user["login"], user["organisation"], body, version=1))
        if rest[:1] == ["alert"] and len(rest) == 2 and method == "GET":
            return 200, v1(hive.find_alert(rest[1]))
        if rest[:1] == ["alert"] and len(rest) == 2 and method == "PATCH":
            check(body, ALERT_PATCH, [])
            hive.patch_alert(user["login"], rest[1], body)
            return 204, None
        if rest == ["user", "current"] and method == "GET":
            return 200, {"login": user["login"], "organisation": user["organisation"],
                         "permissions": PERMISSIONS if user["write"] else []}
        raise Refusal(404, "NotFoundError", self.path.partition("?")[0])

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = serve


def public(row):
    hidden = {"_read"} | ({"artifacts", "tasks"} if row["_type"] == "case" else set())
    return {name: value for name, value in row.items() if name not in hidden}


def v1(alert):
    shown = {"_id": alert["_id"], "_type": "Alert", "_createdBy": alert["createdBy"], "_createdAt": alert["createdAt"]}
    for name in ("type", "source", "sourceRef", "externalLink", "title", "description", "severity", "date", "tags", "tlp",
                 "pap"):
        shown[name] = alert[name]
    shown.update(read=alert["_read"], follow=alert["follow"], customFields=[], observableCount=len(alert["artifacts"]),
                 extraData={})
    return shown


class Double:
    """The server; `url`, `key`, `hive`, `requests` are for tests."""

    def __init__(self, port=0, key="+flow/key+of+thirtytwo+letters+1", race=0.2, tls=None):
        """`tls` is an ssl.SSLContext of a server; without one it is plain HTTP."""
        self.hive = Hive(race)
        self.key = key
        self.users = {key: {"login": "postern@thehive.local", "organisation": "soc", "write": True}}
        self.traces = {}  # (method, path): the traceparents, None where there was none
        self.requests = []  # (when it came, method, path, code or None, body)
        self.faults = []
        self.lock = threading.Lock()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.server.double = self
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = "%s://127.0.0.1:%d" % ("https" if tls else "http", self.server.server_address[1])
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def inject(self, kind, times=1, method=None, path="", seconds=0.0):
        """The next `times` requests that match get html502, unauthorized, refuse
        (a 400 that is no duplicate) or swallow (done, the answer kept back for
        `seconds`, then the connection closed)."""
        assert kind in ("html502", "unauthorized", "refuse", "swallow")
        with self.lock:
            self.faults.append([kind, times, method, path, seconds])

    def heal(self):
        with self.lock:
            self.faults.clear()

    def fault(self, method, path):
        with self.lock:
            for row in self.faults:
                if row[2] in (None, method) and row[3] in ("", path) and row[1] > 0:
                    row[1] -= 1
                    return row[0], row[4]
        return None

    def note(self, when, method, path, code, body, trace):
        with self.lock:
            self.traces.setdefault((method, path), set()).add(trace)
            self.requests.append((when, method, path, code, body))


def main():
    parser = argparse.ArgumentParser(description="stand-in for TheHive 4.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default="+flow/key+of+thirtytwo+letters+1")
    words = parser.parse_args()
    double = Double(words.port, words.key)
    print("TheHive double on %s, key %s" % (double.url, double.key), flush=True)
    double.thread.join()


if __name__ == "__main__":
    main()
