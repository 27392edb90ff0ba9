# SPDX-License-Identifier: Apache-2.0
"""Every record that a flow test saw, held against schemas/ by an independent
validator: data against its JSON Schema (2020-12), headers against the AsyncAPI
description, keys against the rules of schemas/README.md."""
import collections
import json
import re

import jsonschema
import yaml

from stack import ROOT
from topics import header

BASE = "https://postern.dev/schemas/events/"
SCHEMAS = {path.name: json.loads(path.read_text()) for path in (ROOT / "schemas/events").glob("*.schema.json")}
STORE = {BASE + name: schema for name, schema in SCHEMAS.items()}
ASYNCAPI = yaml.safe_load((ROOT / "schemas/asyncapi.yaml").read_text())
NUMBER_MAX = 1 << 53
seen = collections.Counter()  # ce_type, or "delivery": records that were valid


def validator(schema):
    resolver = jsonschema.RefResolver(schema.get("$id", ""), schema, store=STORE)
    return jsonschema.Draft202012Validator(schema, resolver=resolver, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)


VALIDATORS = {name: validator(schema) for name, schema in SCHEMAS.items()}
HEADERS = {
    "cloudevent": validator(ASYNCAPI["components"]["messageTraits"]["cloudevent"]["headers"]),
    "delivery": validator(ASYNCAPI["components"]["messages"]["chunk"]["headers"]),
}


class Broken(AssertionError):
    pass


def complain(record, what):
    raise Broken("%s[%d]@%d key %r: %s\nheaders %s\nvalue %s" % (
        record.topic, record.partition, record.offset, record.key, what, record.headers, (record.value or b"")[:3000]))


def judge(record, checker, value, where):
    errors = sorted(checker.iter_errors(value), key=lambda one: list(one.absolute_path))
    if errors:
        complain(record, "%s: " % where + "; ".join(
            "%s: %s" % ("/".join(str(step) for step in one.absolute_path) or "(whole)", one.message[:500]) for one in errors[:5]))


def no_doubles(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError("a member stands twice: %s" % names)
    return dict(pairs)


def no_wide_numbers(value):
    if isinstance(value, (int, float)) and abs(value) > NUMBER_MAX:
        raise ValueError("number %r is beyond 2^53" % value)
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        no_wide_numbers(one)


def check_key(record, kind, data):
    key = record.key.decode() if record.key is not None else None
    wanted = {"evidence": lambda: data["subject"], "rejected": lambda: data["source"],
              "verdict": lambda: "%s %s" % (data["subject"], data["criterion"]), "notice": lambda: data["episode"],
              "punctuation": lambda: None}.get(kind)
    if wanted and key != wanted():
        complain(record, "key is %r, wanted %r" % (key, wanted()))


def check_event(record):
    """A CloudEvent in Kafka binary mode."""
    headers = {name: value.decode("utf-8") for name, value in record.headers}
    if len(headers) != len(record.headers):
        complain(record, "a header stands twice")
    judge(record, HEADERS["cloudevent"], headers, "headers")
    kind = headers["ce_type"]
    name = kind[len("dev.postern."):] + ".schema.json"
    if name not in VALIDATORS:
        complain(record, "no schema for ce_type " + kind)
    if headers.get("ce_dataschema") not in (None, BASE + name):
        complain(record, "ce_dataschema is not " + BASE + name)
    if record.value is None:
        complain(record, "no value")
    try:
        data = json.loads(record.value.decode("utf-8"), object_pairs_hook=no_doubles)
        no_wide_numbers(data)
    except ValueError as error:
        complain(record, str(error))
    judge(record, VALIDATORS[name], data, "data")
    short = re.sub(r"^dev\.postern\.|\.v[0-9]+$", "", kind).split(".")[0]
    check_key(record, short, data)
    if short == "evidence":
        if data["class"] != kind.split(".")[3]:
            complain(record, "class is not that of ce_type")
        if headers["ce_id"] != data["id"] or headers.get("ce_subject") != data["subject"]:
            complain(record, "ce_id, ce_subject are not those of the data")
    seen[kind] += 1


def check_delivery(record):
    headers = {name: value.decode("utf-8") for name, value in record.headers}
    if len(headers) != len(record.headers):
        complain(record, "a header stands twice")
    judge(record, HEADERS["delivery"], headers, "headers")
    if record.key.decode() != headers["source"]:
        complain(record, "key is not the source")
    for name in headers:
        if name in ("h-authorization", "h-x-hub-signature-256", "h-proxy-authorization", "h-cookie"):
            if name != "h-x-hub-signature-256":
                complain(record, "a credential is on the topic: " + name)
    size = len(record.value or b"") + sum(len(name) + len(value) for name, value in record.headers)
    if size > 900000:
        complain(record, "record of %d bytes" % size)
    seen["delivery"] += 1


def check(record):
    if record.topic.endswith(".deliveries"):
        check_delivery(record)
    elif record.topic.endswith(".state") and record.value is None:
        if header(record, "ce_type") is None:
            seen["tombstone"] += 1
    else:
        check_event(record)
