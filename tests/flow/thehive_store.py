# SPDX-License-Identifier: Apache-2.0
"""What the stand-in for TheHive stores (thehive_double.py), and what happens to it."""
import base64
import hashlib
import random
import threading
import time

from thehive_fields import ALERT_PATCH, CASE_PATCH, PERMISSIONS, Refusal, check

DATA_TYPES = {"autonomous-system", "domain", "file", "filename", "fqdn", "hash", "hostname", "ip", "mail",
              "mail-subject", "other", "regexp", "registry", "uri_path", "url", "user-agent"}


def millis():
    return int(time.time() * 1000)


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
