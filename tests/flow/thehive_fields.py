# SPDX-License-Identifier: Apache-2.0
"""What TheHive 4.1 checks of the bodies it is sent, what it says of those it refuses, and its words for what one may do."""

PERMISSIONS = ["manageShare", "manageAnalyse", "manageTask", "manageCase", "manageProcedure", "managePage",
               "manageObservable", "manageAlert", "accessTheHiveFS", "manageAction"]
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
