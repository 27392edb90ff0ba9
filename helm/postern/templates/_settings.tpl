{{/* SPDX-License-Identifier: Apache-2.0 */}}
{{/* The files the processes read: settings of each, and what people wrote. */}}

{{/* A map of settings, one per line, each value as JSON (which is YAML). */}}
{{- define "postern.lines" -}}
{{- range $key := keys . | sortAlpha }}
{{ $key }}: {{ index $ $key | toJson }}
{{- end }}
{{- end }}

{{/* The database as libpq takes it, without a password: (dict root user). */}}
{{- define "postern.conninfo" -}}
{{- $postgres := .root.Values.postgres -}}
{{- $host := $postgres.host -}}
{{- if .root.Values.trial.postgres.enabled }}{{ $host = printf "%s-postgres" (include "postern.fullname" .root) }}{{ end -}}
host='{{ $host }}' port='{{ $postgres.port }}' dbname='{{ $postgres.database }}' user='{{ .user }}'
{{- range $key, $value := $postgres.options }} {{ $key }}='{{ $value }}'{{ end -}}
{{- end }}

{{/* Of (dict "root" $ "component" NAME): the settings every process has. */}}
{{- define "postern.commonSettings" -}}
{{- $values := .root.Values -}}
{{- $own := index $values .component -}}
{{- $properties := mergeOverwrite (deepCopy $values.kafka.properties) $own.kafka.properties -}}
{{- $settings := dict
  "kafka-brokers" (include "postern.brokers" .root)
  "topic-prefix" $values.kafka.topicPrefix
  "partitions" $values.kafka.partitions
  "replication" $values.kafka.replication
  "flush-each" $values.kafka.flushEach
  "watch-files" $values.watchFiles
  "log-level" $values.log.level
  "log-format" $values.log.format
  "admin-address" "0.0.0.0"
  "admin-port" 9464 -}}
{{- if $properties }}{{ $settings = set $settings "kafka-properties" $properties }}{{ end -}}
{{- toJson $settings -}}
{{- end }}

{{- define "postern.ingestSettings" -}}
{{- $values := .Values -}}
{{- $settings := fromJson (include "postern.commonSettings" (dict "root" . "component" "ingest")) -}}
{{- $settings = mergeOverwrite $settings (dict
  "listen-address" "0.0.0.0"
  "listen-port" 8080
  "sources" "/etc/postern/sources.yaml"
  "subjects" "/etc/postern/subjects.yaml"
  "spool-dir" "/var/lib/postern/spool"
  "spool-size" $values.ingest.spool.limit) -}}
{{- if $values.ingest.tls.existingSecret }}
{{- $settings = mergeOverwrite $settings (dict
  "tls-certificate" "/run/secrets/postern/tls/tls.crt"
  "tls-key" "/run/secrets/postern/tls/tls.key") -}}
{{- end }}
{{- if $values.ingest.tls.clientCASecret }}{{ $settings = set $settings "client-ca" "/run/secrets/postern/client-ca/ca.crt" }}{{ end -}}
{{- if $values.ingest.insecure }}{{ $settings = set $settings "insecure" true }}{{ end -}}
{{- include "postern.lines" (mergeOverwrite $settings $values.ingest.settings) -}}
{{- end }}

{{- define "postern.evaluatorSettings" -}}
{{- $settings := fromJson (include "postern.commonSettings" (dict "root" . "component" "evaluator")) -}}
{{- $settings = mergeOverwrite $settings (dict
  "schema" .Values.postgres.schemas.evaluator
  "postgres" (include "postern.conninfo" (dict "root" . "user" "postern_evaluator"))
  "pack" (include "postern.packPath" .)) -}}
{{- if include "postern.postgresSecret" . }}{{ $settings = set $settings "postgres-password-file" "/run/secrets/postern/postgres/password" }}{{ end -}}
{{- include "postern.lines" (mergeOverwrite $settings .Values.evaluator.settings) -}}
{{- end }}

{{- define "postern.notifierSettings" -}}
{{- $settings := fromJson (include "postern.commonSettings" (dict "root" . "component" "notifier")) -}}
{{- $settings = mergeOverwrite $settings (dict
  "schema" .Values.postgres.schemas.notifier
  "postgres" (include "postern.conninfo" (dict "root" . "user" "postern_notifier"))
  "roles" "/etc/postern/roles.yaml"
  "routes" "/etc/postern/routes.yaml") -}}
{{- if include "postern.postgresSecret" . }}{{ $settings = set $settings "postgres-password-file" "/run/secrets/postern/postgres/password" }}{{ end -}}
{{- include "postern.lines" (mergeOverwrite $settings .Values.notifier.settings) -}}
{{- end }}

{{/* The hook sees all but the source of `helm test`, whose Secret may not exist yet. */}}
{{- define "postern.sources" -}}
{{- $rows := .root.Values.sources.rows -}}
{{- if and .test (include "postern.ownTestSource" .root) -}}
{{- $rows = append $rows (dict
  "name" .root.Values.test.source
  "tool" "cloudevents"
  "interval" "36500d"
  "secrets" (list (dict "file" "/run/secrets/postern/test/key"))) -}}
{{- end -}}
{{- toYaml (dict "sources" $rows) -}}
{{- end }}

{{- define "postern.roles" -}}
{{- $roles := .Values.roles -}}
{{- toYaml (dict "parties" $roles.parties "roles" $roles.roles "fallback" $roles.fallback) -}}
{{- end }}

{{- define "postern.routes" -}}
{{- $sinks := .Values.routes.sinks -}}
{{- $routes := .Values.routes.routes -}}
{{- if and .Values.trial.alertmanager.enabled (not $sinks) -}}
{{- $url := printf "http://%s-alertmanager:9093" (include "postern.fullname" .) -}}
{{- $sinks = dict "trial" (dict "kind" "alertmanager" "urls" (list $url)) -}}
{{- end -}}
{{- if not $routes -}}
{{- $routes = list (dict "sinks" (keys $sinks | sortAlpha)) -}}
{{- end -}}
{{- toYaml (dict "sinks" $sinks "routes" $routes) -}}
{{- end }}

{{- define "postern.packPath" -}}
{{- if or .Values.pack.existingConfigMap .Values.pack.files .Values.pack.volume -}}
/srv/postern/pack
{{- else -}}
{{- .Values.pack.path -}}
{{- end -}}
{{- end }}

{{/* What a pod must be rolled for: its settings, and what it does not take in by itself. */}}
{{- define "postern.ingestRolled" -}}
{{- if .Values.watchFiles }}{{ include "postern.ingestSettings" . }}{{ else }}{{ include "postern.ingestData" (dict "root" . "test" true) }}{{ end -}}
{{- end }}

{{- define "postern.evaluatorRolled" -}}
{{- include "postern.evaluatorData" . }}{{ if not .Values.watchFiles }}{{ toJson .Values.pack.files }}{{ end -}}
{{- end }}

{{- define "postern.notifierRolled" -}}
{{- if .Values.watchFiles }}{{ include "postern.notifierSettings" . }}{{ else }}{{ include "postern.notifierData" . }}{{ end -}}
{{- end }}

{{/* What the ConfigMap of each process holds; the hook has a copy of it. */}}
{{- define "postern.ingestData" -}}
ingest.yaml: |
  {{- include "postern.ingestSettings" .root | nindent 2 }}
{{- if not .root.Values.sources.existingConfigMap }}
sources.yaml: |
  {{- include "postern.sources" . | nindent 2 }}
{{- end }}
{{- if not .root.Values.subjects.existingConfigMap }}
subjects.yaml: |
  {{- toYaml (dict "rules" .root.Values.subjects.rules) | nindent 2 }}
{{- end }}
{{- end }}

{{- define "postern.evaluatorData" -}}
evaluator.yaml: |
  {{- include "postern.evaluatorSettings" . | nindent 2 }}
{{- end }}

{{- define "postern.notifierData" -}}
notifier.yaml: |
  {{- include "postern.notifierSettings" . | nindent 2 }}
{{- if not .Values.roles.existingConfigMap }}
roles.yaml: |
  {{- include "postern.roles" . | nindent 2 }}
{{- end }}
{{- if not .Values.routes.existingConfigMap }}
routes.yaml: |
  {{- include "postern.routes" . | nindent 2 }}
{{- end }}
{{- end }}
