# SPDX-License-Identifier: Apache-2.0
"""The stand-in for TheHive (thehive_double.py) over HTTP: paths, logins, bodies, answers."""
import http.server
import json
import time
import urllib.parse

from thehive_fields import ALERT_FIELDS, ALERT_PATCH, CASE_FIELDS, PERMISSIONS, Refusal, check

BODY_MAX = 256 * 1024
HTML_502 = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<h1>502 Bad Gateway</h1>\r\n</body>\r\n</html>\r\n"


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
