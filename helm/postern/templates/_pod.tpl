{{/* SPDX-License-Identifier: Apache-2.0 */}}
{{/* Parts of pods. Each process mounts its own secrets and nobody else's. */}}

{{/* Settings and files of one process as one folder: (dict root component map). */}}
{{- define "postern.filesVolume" -}}
{{- $values := .root.Values -}}
- name: files
  projected:
    defaultMode: 0440
    sources:
    - configMap: {name: {{ .map | quote }}, items: [{{ range $i, $one := .own }}{{ if $i }}, {{ end }}{key: {{ $one }}, path: {{ $one }}}{{ end }}]}
    {{- range $name, $map := .foreign }}
    - configMap: {name: {{ $map | quote }}, items: [{key: {{ $name }}, path: {{ $name }}}]}
    {{- end }}
{{- end }}

{{- define "postern.ingestFiles" -}}
{{- $own := list "ingest.yaml" -}}
{{- $foreign := dict -}}
{{- if .root.Values.sources.existingConfigMap }}{{ $foreign = set $foreign "sources.yaml" .root.Values.sources.existingConfigMap }}{{ else }}{{ $own = append $own "sources.yaml" }}{{ end -}}
{{- if .root.Values.subjects.existingConfigMap }}{{ $foreign = set $foreign "subjects.yaml" .root.Values.subjects.existingConfigMap }}{{ else }}{{ $own = append $own "subjects.yaml" }}{{ end -}}
{{- toJson (dict "own" $own "foreign" $foreign) -}}
{{- end }}

{{- define "postern.notifierFiles" -}}
{{- $own := list "notifier.yaml" -}}
{{- $foreign := dict -}}
{{- if .root.Values.roles.existingConfigMap }}{{ $foreign = set $foreign "roles.yaml" .root.Values.roles.existingConfigMap }}{{ else }}{{ $own = append $own "roles.yaml" }}{{ end -}}
{{- if .root.Values.routes.existingConfigMap }}{{ $foreign = set $foreign "routes.yaml" .root.Values.routes.existingConfigMap }}{{ else }}{{ $own = append $own "routes.yaml" }}{{ end -}}
{{- toJson (dict "own" $own "foreign" $foreign) -}}
{{- end }}

{{/* (dict root component): Kafka's files are the component's own Secret, else the common one. */}}
{{- define "postern.kafkaSecret" -}}
{{- (index .root.Values .component).kafka.existingSecret | default .root.Values.kafka.existingSecret -}}
{{- end }}

{{- define "postern.secretVolume" -}}
- name: {{ .name }}
  secret:
    secretName: {{ .secret | quote }}
    defaultMode: 0440
    {{- if .optional }}
    optional: true
    {{- end }}
    {{- with .items }}
    items:
    {{- range $key, $path := . }}
    - {key: {{ $key | quote }}, path: {{ $path }}}
    {{- end }}
    {{- end }}
{{- end }}

{{- define "postern.packVolume" -}}
{{- $pack := .Values.pack -}}
{{- if $pack.existingConfigMap }}
- name: pack
  configMap: {name: {{ $pack.existingConfigMap | quote }}, defaultMode: 0440}
{{- else if $pack.files }}
- name: pack
  configMap: {name: {{ .packMap }}, defaultMode: 0440}
{{- else if $pack.volume }}
- name: pack
  {{- toYaml $pack.volume | nindent 2 }}
{{- end }}
{{- end }}

{{- define "postern.packMount" -}}
{{- if or .Values.pack.existingConfigMap .Values.pack.files .Values.pack.volume }}
- {name: pack, mountPath: /srv/postern/pack, readOnly: true}
{{- end }}
{{- end }}

{{/* Volumes of ingest: (dict root map test). */}}
{{- define "postern.ingestVolumes" -}}
{{- $values := .root.Values -}}
{{- $files := fromJson (include "postern.ingestFiles" .) -}}
{{ include "postern.filesVolume" (dict "root" .root "map" .map "own" $files.own "foreign" $files.foreign) }}
{{- with $values.sources.existingSecret }}
{{ include "postern.secretVolume" (dict "name" "sources" "secret" .) }}
{{- end }}
{{- with include "postern.kafkaSecret" (dict "root" .root "component" "ingest") }}
{{ include "postern.secretVolume" (dict "name" "kafka" "secret" .) }}
{{- end }}
{{- with $values.ingest.tls.existingSecret }}
{{ include "postern.secretVolume" (dict "name" "tls" "secret" . "items" (dict "tls.crt" "tls.crt" "tls.key" "tls.key")) }}
{{- end }}
{{- with $values.ingest.tls.clientCASecret }}
{{ include "postern.secretVolume" (dict "name" "client-ca" "secret" . "items" (dict "ca.crt" "ca.crt")) }}
{{- end }}
{{- if and .test (include "postern.ownTestSource" .root) }}
{{ include "postern.secretVolume" (dict "name" "test" "secret" (include "postern.testSecret" .root) "items" (dict "key" "key")) }}
{{- end }}
{{- end }}

{{- define "postern.ingestMounts" -}}
{{- $values := .root.Values -}}
- {name: files, mountPath: /etc/postern, readOnly: true}
{{- if $values.sources.existingSecret }}
- {name: sources, mountPath: /run/secrets/postern/sources, readOnly: true}
{{- end }}
{{- if include "postern.kafkaSecret" (dict "root" .root "component" "ingest") }}
- {name: kafka, mountPath: /run/secrets/postern/kafka, readOnly: true}
{{- end }}
{{- if $values.ingest.tls.existingSecret }}
- {name: tls, mountPath: /run/secrets/postern/tls, readOnly: true}
{{- end }}
{{- if $values.ingest.tls.clientCASecret }}
- {name: client-ca, mountPath: /run/secrets/postern/client-ca, readOnly: true}
{{- end }}
{{- if and .test (include "postern.ownTestSource" .root) }}
- {name: test, mountPath: /run/secrets/postern/test, readOnly: true}
{{- end }}
{{- end }}

{{/* The password of one role: (dict root key). */}}
{{- define "postern.databaseVolumes" -}}
{{- with include "postern.postgresSecret" .root }}
{{ include "postern.secretVolume" (dict "name" "postgres" "secret" . "items" (dict $.key "password")) }}
{{- end }}
{{- with .root.Values.postgres.tls.existingSecret }}
{{ include "postern.secretVolume" (dict "name" "postgres-tls" "secret" .) }}
{{- end }}
{{- end }}

{{- define "postern.databaseMounts" -}}
{{- if include "postern.postgresSecret" . }}
- {name: postgres, mountPath: /run/secrets/postern/postgres, readOnly: true}
{{- end }}
{{- if .Values.postgres.tls.existingSecret }}
- {name: postgres-tls, mountPath: /run/secrets/postern/postgres-tls, readOnly: true}
{{- end }}
{{- end }}

{{/* Where pods go; the default spreads each process over hosts and zones. */}}
{{- define "postern.placement" -}}
{{- $own := index .root.Values .component -}}
{{- with $own.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.tolerations }}
tolerations: {{- toYaml . | nindent 0 }}
{{- end }}
{{- with $own.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
topologySpreadConstraints:
{{- if $own.topologySpreadConstraints }}
{{ toYaml $own.topologySpreadConstraints }}
{{- else }}
{{- $labels := include "postern.selector" (dict "root" .root "component" .component) }}
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- maxSkew: 1
  topologyKey: {{ . }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels: {{- $labels | nindent 6 }}
{{- end }}
{{- end }}
{{- end }}

{{/* The admin listener answers while the process turns; readiness says why not. */}}
{{- define "postern.probes" -}}
startupProbe:
  httpGet: {path: /livez, port: admin}
  periodSeconds: 2
  failureThreshold: 30
livenessProbe:
  httpGet: {path: /livez, port: admin}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /readyz, port: admin}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 2
{{- end }}

{{/* (dict root component): metadata of a pod template but its checksums. */}}
{{- define "postern.podLabels" -}}
{{ include "postern.labels" . }}
{{- with (index .root.Values .component).podLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* With servers inside, no hook can come before them: each process prepares its
     own part when it starts. (dict root component migrate) */}}
{{- define "postern.trialSetup" -}}
{{- $root := .root -}}
{{- if and $root.Values.setup.enabled (or $root.Values.trial.kafka.enabled $root.Values.trial.postgres.enabled) }}
initContainers:
- name: topics
  image: {{ include "postern.image" . | quote }}
  imagePullPolicy: {{ $root.Values.image.pullPolicy }}
  args: [--config, /etc/postern/{{ .component }}.yaml, --create-topics]
  terminationMessagePolicy: FallbackToLogsOnError
  {{- include "postern.containerSecurity" $root | nindent 2 }}
  resources: {{- toYaml $root.Values.setup.resources | nindent 4 }}
  volumeMounts: {{- .mounts | nindent 2 }}
{{- if .migrate }}
- name: migrate
  image: {{ include "postern.image" . | quote }}
  imagePullPolicy: {{ $root.Values.image.pullPolicy }}
  args: {{ include "postern.migrateArgs" . }}
  terminationMessagePolicy: FallbackToLogsOnError
  {{- include "postern.containerSecurity" $root | nindent 2 }}
  resources: {{- toYaml $root.Values.setup.resources | nindent 4 }}
  volumeMounts:
  {{- .mounts | nindent 2 }}
  {{- include "postern.migrateMounts" . | trim | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{/* What evaluator and notifier mount alike: (dict root component). */}}
{{- define "postern.processMounts" -}}
- {name: files, mountPath: /etc/postern, readOnly: true}
{{ include "postern.databaseMounts" .root }}
{{- if include "postern.kafkaSecret" . }}
- {name: kafka, mountPath: /run/secrets/postern/kafka, readOnly: true}
{{- end }}
{{- end }}

{{/* Migrations are the owner's; the roles get the passwords that the processes
     will use: (dict root component). */}}
{{- define "postern.migrateArgs" -}}
{{- $args := list "--config" (printf "/etc/postern/%s.yaml" .component) "--postgres" (include "postern.conninfo" (dict "root" .root "user" .root.Values.postgres.owner)) -}}
{{- if include "postern.postgresSecret" .root -}}
{{- $args = concat $args (list "--postgres-password-file" "/run/secrets/postern/owner/owner") -}}
{{- if .root.Values.setup.rolePasswords -}}
{{- $args = concat $args (list "--role-password-file" "/run/secrets/postern/owner/role") -}}
{{- if eq .component "evaluator" }}{{ $args = concat $args (list "--reader-password-file" "/run/secrets/postern/owner/reader") }}{{ end -}}
{{- end -}}
{{- end -}}
{{- append $args "--migrate" | toJson -}}
{{- end }}

{{- define "postern.migrateMounts" -}}
{{- if include "postern.postgresSecret" .root }}
- {name: {{ .volume | default "owner" }}, mountPath: /run/secrets/postern/owner, readOnly: true}
{{- end }}
{{- end }}

{{/* The owner's password and those it gives: (dict root component name optional). */}}
{{- define "postern.migrateVolume" -}}
{{- $keys := .root.Values.postgres.keys -}}
{{- with include "postern.postgresSecret" .root }}
- name: {{ $.name | default "owner" }}
  secret:
    secretName: {{ . | quote }}
    defaultMode: 0440
    {{- if $.optional }}
    optional: true
    {{- end }}
    items:
    - {key: {{ $keys.owner | quote }}, path: owner}
    {{- if $.root.Values.setup.rolePasswords }}
    - {key: {{ index $keys $.component | quote }}, path: role}
    {{- if eq $.component "evaluator" }}
    - {key: {{ $keys.reader | quote }}, path: reader}
    {{- end }}
    {{- end }}
{{- end }}
{{- end }}

{{- define "postern.trialVolumes" -}}
{{- if and .root.Values.setup.enabled (or .root.Values.trial.kafka.enabled .root.Values.trial.postgres.enabled) }}
{{ include "postern.migrateVolume" . | trim }}
{{- end }}
{{- end }}

{{/* What `--check` of one process reads in the hook: (dict root component). */}}
{{- define "postern.checkMounts" -}}
{{- $values := .root.Values -}}
{{- if eq .component "ingest" }}
{{- if $values.sources.existingSecret }}
- {name: sources, mountPath: /run/secrets/postern/sources, readOnly: true}
{{- end }}
{{- if $values.ingest.tls.existingSecret }}
- {name: tls, mountPath: /run/secrets/postern/tls, readOnly: true}
{{- end }}
{{- if $values.ingest.tls.clientCASecret }}
- {name: client-ca, mountPath: /run/secrets/postern/client-ca, readOnly: true}
{{- end }}
{{- else if include "postern.postgresSecret" .root }}
- {name: postgres-{{ .component }}, mountPath: /run/secrets/postern/postgres, readOnly: true}
{{- end }}
{{- if eq (.only | default "") "password" }}
{{- else if eq .component "evaluator" }}
{{ include "postern.packMount" .root }}
{{- else if and (eq .component "notifier") $values.routes.existingSecret }}
- {name: sinks, mountPath: /run/secrets/postern/sinks, readOnly: true}
{{- end }}
{{- if ne (.only | default "") "password" }}
{{- range (index $values .component).extraVolumeMounts }}
- {{ merge (dict "name" (printf "%s-%s" $.component .name)) . | toJson }}
{{- end }}
{{- end }}
{{- end }}
