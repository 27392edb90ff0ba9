# SPDX-License-Identifier: Apache-2.0
"""Deliveries as the tools send them, signed as they sign; bodies are our own,
after each tool's documentation."""
import base64
import datetime
import hashlib
import hmac
import json
import time
import uuid

# W3C Trace Context, as a sender that is traced sets it.
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def stamp(seconds=0.0, digits=0):
    """RFC 3339 in UTC, `seconds` from now."""
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    text = at.strftime("%Y-%m-%dT%H:%M:%S.%f")
    return (text[:19] if digits == 0 else text[:20 + digits]) + "Z"


def commit(word):
    return hashlib.sha1(word.encode()).hexdigest()


def digest(word):
    return "sha256:" + hashlib.sha256(word.encode()).hexdigest()


def encode(body):
    return body if isinstance(body, bytes) else json.dumps(body).encode()


# -- how each tool proves who it is: headers for a body

def sign_github(secret, body):
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def sign_bearer(secret, _body):
    return {"Authorization": "Bearer " + secret}


def sign_standard_webhooks(secret, body, identity=None, at=None):
    identity = identity or "msg_" + uuid.uuid4().hex
    at = str(int(at if at is not None else time.time()))
    key = base64.b64decode(secret[len("whsec_"):])
    mac = hmac.new(key, b"%s.%s.%s" % (identity.encode(), at.encode(), body), hashlib.sha256).digest()
    return {"webhook-id": identity, "webhook-timestamp": at, "webhook-signature": "v1," + base64.b64encode(mac).decode()}


# -- GitHub

def github_headers(event):
    return {"Content-Type": "application/json", "User-Agent": "GitHub-Hookshot/1a2b3c4", "X-GitHub-Event": event,
            "X-GitHub-Delivery": str(uuid.uuid4()), "X-GitHub-Hook-ID": "4711",
            "X-GitHub-Hook-Installation-Target-Type": "repository"}


def github_user(login):
    return {"login": login, "id": int(hashlib.sha1(login.encode()).hexdigest()[:7], 16), "type": "User"}


def github_repository(name, branch="main"):
    owner, short = name.split("/")
    return {"id": 70001, "name": short, "full_name": name, "private": True, "owner": github_user(owner),
            "html_url": "https://github.com/" + name, "default_branch": branch, "visibility": "private"}


def github_pull(repository, number, author, head, merged=False, merge=None, at=None):
    at = at or stamp()
    return {"url": "https://api.github.com/repos/%s/pulls/%d" % (repository, number), "id": 880000 + number, "number": number,
            "html_url": "https://github.com/%s/pull/%d" % (repository, number),
            "state": "closed" if merged else "open", "title": "Change number %d" % number, "user": github_user(author),
            "created_at": at, "updated_at": at, "closed_at": at if merged else None, "merged_at": at if merged else None,
            "merge_commit_sha": merge, "merged": merged, "draft": False, "merged_by": github_user(author) if merged else None,
            "head": {"label": "acme:topic", "ref": "topic", "sha": head, "repo": github_repository(repository)},
            "base": {"label": "acme:main", "ref": "main", "sha": commit("base"), "repo": github_repository(repository)}}


def github_review(repository, number, author, reviewer, head, state="approved", at=None):
    at = at or stamp()
    body = {"action": "submitted",
            "review": {"id": 990000 + number, "user": github_user(reviewer), "body": None, "commit_id": head,
                       "submitted_at": at, "state": state,
                       "html_url": "https://github.com/%s/pull/%d#pullrequestreview-1" % (repository, number),
                       "author_association": "MEMBER"},
            "pull_request": github_pull(repository, number, author, head, at=at),
            "repository": github_repository(repository), "sender": github_user(reviewer)}
    return github_headers("pull_request_review"), body


def github_merged(repository, number, author, head, merge, at=None):
    body = {"action": "closed", "number": number,
            "pull_request": github_pull(repository, number, author, head, merged=True, merge=merge, at=at),
            "repository": github_repository(repository), "sender": github_user(author)}
    return github_headers("pull_request"), body


def github_push(repository, author, before, after, ref="refs/heads/main", at=None):
    head = {"id": after, "tree_id": commit(after), "distinct": True, "message": "Change", "timestamp": at or stamp(),
            "url": "https://github.com/%s/commit/%s" % (repository, after),
            "author": {"name": author, "email": author + "@acme.example", "username": author},
            "committer": {"name": author, "email": author + "@acme.example", "username": author},
            "added": [], "removed": [], "modified": ["README.md"]}
    body = {"ref": ref, "before": before, "after": after, "created": False, "deleted": False, "forced": False, "base_ref": None,
            "compare": "https://github.com/%s/compare/main" % repository, "commits": [head], "head_commit": head,
            "repository": github_repository(repository), "pusher": {"name": author, "email": author + "@acme.example"},
            "sender": github_user(author)}
    return github_headers("push"), body


def github_ping(repository):
    body = {"zen": "Keep it logically awesome.", "hook_id": 4711,
            "hook": {"type": "Repository", "id": 4711, "name": "web", "active": True, "events": ["push"],
                     "config": {"content_type": "json", "insecure_ssl": "0", "url": "https://postern.example/"}},
            "repository": github_repository(repository), "sender": github_user("ops")}
    return github_headers("ping"), body


# -- Trivy, JSON schema 2

def trivy_finding(number, severity="HIGH", package="openssl", version="3.0.1", fixed="3.0.2", **more):
    row = {"VulnerabilityID": number, "PkgID": "%s@%s" % (package, version), "PkgName": package,
           "PkgIdentifier": {"PURL": "pkg:deb/debian/%s@%s" % (package, version), "UID": commit(number)[:16]},
           "InstalledVersion": version, "Status": "fixed" if fixed else "affected", "Layer": {}, "SeveritySource": "nvd",
           "PrimaryURL": "https://avd.aquasec.com/nvd/" + number.lower(), "Title": "A weakness in " + package,
           "Severity": severity, "PublishedDate": "2026-01-10T00:00:00Z", "LastModifiedDate": "2026-01-11T00:00:00Z"}
    if fixed:
        row["FixedVersion"] = fixed
    row.update(more)
    return row


def trivy_report(repository, image_digest, findings, at=None):
    name = repository + ":1"
    body = {"SchemaVersion": 2, "CreatedAt": at or stamp(), "ArtifactName": name, "ArtifactType": "container_image",
            "Metadata": {"OS": {"Family": "debian", "Name": "12.5"}, "ImageID": digest("config " + image_digest),
                         "RepoTags": [name], "RepoDigests": [repository + "@" + image_digest],
                         "ImageConfig": {"architecture": "amd64", "os": "linux"}},
            "Results": [{"Target": name + " (debian 12.5)", "Class": "os-pkgs", "Type": "debian"}]}
    if findings:
        body["Results"][0]["Vulnerabilities"] = findings
    return {"Content-Type": "application/json", "User-Agent": "trivy"}, body


# -- Argo CD, by the template of docs/argocd/

def argocd_application(name, repository, revision, images, at=None, history=(), phase="Succeeded", sync="Synced",
                       health="Healthy", username="ana"):
    at = at or stamp()
    operation = {"sync": {"revision": revision}, "initiatedBy": {"username": username} if username else {"automated": True}}
    return {"metadata": {"name": name, "namespace": "argocd", "uid": "6f0b2a5e-0000-4000-8000-" + commit(name)[:12]},
            "spec": {"project": "default", "source": {"repoURL": "https://github.com/%s.git" % repository, "path": "deploy",
                                                      "targetRevision": "main"},
                     "destination": {"server": "https://kubernetes.default.svc", "namespace": name}},
            "status": {"sync": {"status": sync, "revision": revision}, "health": {"status": health},
                       "summary": {"images": images},
                       "history": [{"id": place, "revision": one, "deployedAt": when} for place, (one, when) in
                                   enumerate(list(history) + [(revision, at)])],
                       "operationState": {"phase": phase, "startedAt": at, "finishedAt": at, "operation": operation,
                                          "syncResult": {"revision": revision}}}}


def argocd_deployed(name, repository, revision, images, at=None, **more):
    body = {"trigger": "on-deployed", "about": "operation",
            "app": argocd_application(name, repository, revision, images, at, **more)}
    return {"Content-Type": "application/json"}, body


def argocd_observed(name, repository, revision, images, at=None, deployed_at=None, **more):
    body = {"trigger": "postern-periodic", "about": "observation", "observed_at": at or stamp(),
            "app": argocd_application(name, repository, revision, images, deployed_at or at, **more)}
    return {"Content-Type": "application/json"}, body


# -- CloudEvents of our own schema

def cloudevent(class_, subject, body, at=None, identity=None, kind=None, **more):
    """Structured mode. `subject` is canonical, or {kind, authority, name}."""
    data = dict({"subject": subject, class_: body}, **more)
    if kind:
        data["kind"] = kind
    event = {"specversion": "1.0", "id": identity or uuid.uuid4().hex, "source": "flow", "time": at or stamp(digits=6),
             "type": "dev.postern.evidence.%s.v1" % class_, "datacontenttype": "application/json", "data": data}
    return {"Content-Type": "application/cloudevents+json"}, event
