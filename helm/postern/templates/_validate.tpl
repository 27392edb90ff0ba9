{{/* SPDX-License-Identifier: Apache-2.0 */}}
{{/* What the schema cannot say: values that only make sense together. Each refusal
     says what, where and what to do. */}}

{{- define "postern.validate" -}}
{{- $v := .Values -}}
{{- if and (not $v.kafka.brokers) (not $v.trial.kafka.enabled) -}}
{{- fail "kafka.brokers is empty: name your Kafka as host:port, comma-separated, or use values-trial.yaml for one inside" -}}
{{- end -}}
{{- if and $v.kafka.brokers $v.trial.kafka.enabled -}}
{{- fail "kafka.brokers and trial.kafka.enabled are both set: take one of them away" -}}
{{- end -}}
{{- range $where, $properties := dict "kafka" $v.kafka.properties "ingest.kafka" $v.ingest.kafka.properties "evaluator.kafka" $v.evaluator.kafka.properties "notifier.kafka" $v.notifier.kafka.properties "setup.kafka" $v.setup.kafka.properties -}}
{{- range $key, $ := $properties -}}
{{- if and (regexMatch "password|secret|[.]pem$" $key) (not (hasSuffix "-file" $key)) -}}
{{- fail (printf "%s.properties: %s would stand in a ConfigMap: put it into %s.existingSecret and write %s-file: /run/secrets/postern/kafka/KEY" $where $key $where $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (not $v.postgres.host) (not $v.trial.postgres.enabled) -}}
{{- fail "postgres.host is empty: name your PostgreSQL, or use values-trial.yaml for one inside" -}}
{{- end -}}
{{- if and (not $v.postgres.existingSecret) (not $v.trial.postgres.enabled) (not $v.postgres.options.sslcert) -}}
{{- fail (printf "postgres.existingSecret is empty: make a Secret whose keys %s hold the passwords of these roles (docs/deploy-helm.md)" (values $v.postgres.keys | sortAlpha | join ", ")) -}}
{{- end -}}
{{- range $key, $ := $v.postgres.options -}}
{{- if has $key (list "password" "sslpassword" "passfile" "user" "host" "port" "dbname") -}}
{{- fail (printf "postgres.options: %s is not for here: passwords are in postgres.existingSecret, the rest are values of their own" $key) -}}
{{- end -}}
{{- end -}}
{{- if and $v.postgres.host $v.trial.postgres.enabled -}}
{{- fail "postgres.host and trial.postgres.enabled are both set: take one of them away" -}}
{{- end -}}
{{- if and $v.postgres.existingSecret $v.trial.postgres.enabled -}}
{{- fail "postgres.existingSecret and trial.postgres.enabled are both set: take one of them away" -}}
{{- end -}}
{{- if and (not $v.ingest.tls.existingSecret) (not $v.ingest.insecure) -}}
{{- fail "ingest: deliveries would not be encrypted: set ingest.tls.existingSecret to a Secret of type kubernetes.io/tls, or ingest.insecure: true where an Ingress or Gateway in front ends TLS" -}}
{{- end -}}
{{- if and $v.ingest.tls.clientCASecret (not $v.ingest.tls.existingSecret) -}}
{{- fail "ingest.tls.clientCASecret needs ingest.tls.existingSecret: client certificates are a part of TLS" -}}
{{- end -}}
{{- if not (or $v.routes.sinks $v.routes.existingConfigMap $v.trial.alertmanager.enabled) -}}
{{- fail "routes.sinks is empty: nobody would be told of anything; name an Alertmanager or TheHive (docs/sinks.md), or a sink of kind \"null\" where that is what you want" -}}
{{- end -}}
{{- if and $v.routes.existingConfigMap (or $v.routes.sinks $v.routes.routes) -}}
{{- fail "routes.existingConfigMap is set, so routes.sinks and routes.routes would not be read: take them away" -}}
{{- end -}}
{{- if and $v.sources.existingConfigMap $v.sources.rows -}}
{{- fail "sources.existingConfigMap is set, so sources.rows would not be read: take them away" -}}
{{- end -}}
{{- if and $v.subjects.existingConfigMap $v.subjects.rules -}}
{{- fail "subjects.existingConfigMap is set, so subjects.rules would not be read: take them away" -}}
{{- end -}}
{{- if not (hasKey $v.roles.parties $v.roles.fallback) -}}
{{- if not $v.roles.existingConfigMap -}}
{{- fail (printf "roles.fallback: there is no party %q in roles.parties" $v.roles.fallback) -}}
{{- end -}}
{{- end -}}
{{- if gt (len (compact (list $v.pack.existingConfigMap (ternary "files" "" (not (empty $v.pack.files))) (ternary "volume" "" (not (empty $v.pack.volume)))))) 1 -}}
{{- fail "pack: existingConfigMap, files and volume exclude each other: keep one" -}}
{{- end -}}
{{- if and (hasKey (default dict $v.pack.volume) "image") (semverCompare "<1.31.0-0" .Capabilities.KubeVersion.Version) -}}
{{- fail (printf "pack.volume.image: Kubernetes %s has no image volumes: they come with 1.31; take pack.existingConfigMap" .Capabilities.KubeVersion.Version) -}}
{{- end -}}
{{- $names := list -}}
{{- range $v.sources.rows -}}
{{- if has .name $names -}}{{- fail (printf "sources.rows: there are two sources %q" .name) -}}{{- end -}}
{{- if eq .name $v.test.source -}}{{- if $v.test.enabled -}}{{- fail (printf "sources.rows: %q is the name of the source of `helm test`: choose another one, or another test.source" .name) -}}{{- end -}}{{- end -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- $limit := include "postern.bytes" $v.ingest.spool.limit | int64 -}}
{{- $volume := include "postern.bytes" $v.ingest.spool.volumeSize | int64 -}}
{{- if lt (mul $volume 4) (mul $limit 5) -}}
{{- fail (printf "ingest.spool: a volume of %s is too small for %s of deliveries: its pages need a quarter more" $v.ingest.spool.volumeSize $v.ingest.spool.limit) -}}
{{- end -}}
{{- if and $v.ingress.enabled (not $v.ingress.host) -}}
{{- fail "ingress.host is empty: name the host under which tools reach ingest" -}}
{{- end -}}
{{- if and $v.httpRoute.enabled (not $v.httpRoute.parentRefs) -}}
{{- fail "httpRoute.parentRefs is empty: name the Gateway that this route belongs to" -}}
{{- end -}}
{{- if and $v.trial.kafka.enabled (gt (int $v.kafka.replication) 1) -}}
{{- fail "kafka.replication is more than 1, and trial.kafka is one broker: set it to 1, and kafka.flushEach to true" -}}
{{- end -}}
{{- include "postern.validateSecrets" . -}}
{{- end }}

{{/* Helm shows a cluster only while it installs; a namespace always has this account. */}}
{{- define "postern.sees" -}}
{{- if lookup "v1" "ServiceAccount" .Release.Namespace "default" }}yes{{ end -}}
{{- end }}

{{- define "postern.validateSecrets" -}}
{{- if include "postern.sees" . -}}
{{- $v := .Values -}}
{{- $root := . -}}
{{- with $v.postgres.existingSecret -}}
{{- $keys := list $v.postgres.keys.evaluator $v.postgres.keys.notifier -}}
{{- if $v.setup.enabled }}{{ $keys = append $keys $v.postgres.keys.owner }}{{ end -}}
{{- if $v.test.enabled }}{{ $keys = append $keys $v.postgres.keys.reader }}{{ end -}}
{{- include "postern.need" (dict "root" $root "kind" "Secret" "name" . "value" "postgres.existingSecret" "keys" $keys) -}}
{{- end -}}
{{- with $v.ingest.tls.existingSecret }}{{ include "postern.need" (dict "root" $root "kind" "Secret" "name" . "value" "ingest.tls.existingSecret" "keys" (list "tls.crt" "tls.key")) }}{{ end -}}
{{- with $v.ingest.tls.clientCASecret }}{{ include "postern.need" (dict "root" $root "kind" "Secret" "name" . "value" "ingest.tls.clientCASecret" "keys" (list "ca.crt")) }}{{ end -}}
{{- with $v.kafka.existingSecret }}{{ include "postern.need" (dict "root" $root "kind" "Secret" "name" . "value" "kafka.existingSecret") }}{{ end -}}
{{- range $one := list "ingest" "evaluator" "notifier" "setup" -}}
{{- with (index $v $one).kafka.existingSecret }}{{ include "postern.need" (dict "root" $root "kind" "Secret" "name" . "value" (printf "%s.kafka.existingSecret" $one)) }}{{ end -}}
{{- end -}}
{{- with $v.postgres.tls.existingSecret }}{{ include "postern.need" (dict "root" $root "kind" "Secret" "name" . "value" "postgres.tls.existingSecret") }}{{ end -}}
{{- with $v.sources.existingSecret }}{{ include "postern.need" (dict "root" $root "kind" "Secret" "name" . "value" "sources.existingSecret") }}{{ end -}}
{{- with $v.routes.existingSecret }}{{ include "postern.need" (dict "root" $root "kind" "Secret" "name" . "value" "routes.existingSecret") }}{{ end -}}
{{- with $v.test.existingSecret }}{{ include "postern.need" (dict "root" $root "kind" "Secret" "name" . "value" "test.existingSecret" "keys" (list "key")) }}{{ end -}}
{{- with $v.sources.existingConfigMap }}{{ include "postern.need" (dict "root" $root "kind" "ConfigMap" "name" . "value" "sources.existingConfigMap" "keys" (list "sources.yaml")) }}{{ end -}}
{{- with $v.subjects.existingConfigMap }}{{ include "postern.need" (dict "root" $root "kind" "ConfigMap" "name" . "value" "subjects.existingConfigMap" "keys" (list "subjects.yaml")) }}{{ end -}}
{{- with $v.roles.existingConfigMap }}{{ include "postern.need" (dict "root" $root "kind" "ConfigMap" "name" . "value" "roles.existingConfigMap" "keys" (list "roles.yaml")) }}{{ end -}}
{{- with $v.routes.existingConfigMap }}{{ include "postern.need" (dict "root" $root "kind" "ConfigMap" "name" . "value" "routes.existingConfigMap" "keys" (list "routes.yaml")) }}{{ end -}}
{{- with $v.pack.existingConfigMap }}{{ include "postern.need" (dict "root" $root "kind" "ConfigMap" "name" . "value" "pack.existingConfigMap" "keys" (list "pack.yaml")) }}{{ end -}}
{{- end -}}
{{- end }}

{{- define "postern.need" -}}
{{- $there := lookup "v1" .kind .root.Release.Namespace .name -}}
{{- if not $there -}}
{{- fail (printf "%s: there is no %s %q in namespace %q: make it first (docs/deploy-helm.md)" .value .kind .name .root.Release.Namespace) -}}
{{- end -}}
{{- $name := .name -}}{{- $kind := .kind -}}{{- $value := .value -}}
{{- range .keys -}}
{{- if not (hasKey (default dict $there.data) .) -}}
{{- fail (printf "%s: %s %q has no key %q; it has %s" $value $kind $name . (keys (default dict $there.data) | sortAlpha | join ", ")) -}}
{{- end -}}
{{- end -}}
{{- end }}
