{{/* SPDX-License-Identifier: Apache-2.0 */}}
{{/* Names, labels, images; what every object of the chart shares. */}}

{{- define "postern.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "postern.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "postern.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "postern.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* Of (dict "root" $ "component" NAME); never changed: selectors are immutable. */}}
{{- define "postern.selector" -}}
app.kubernetes.io/name: {{ include "postern.name" .root | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "postern.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{ include "postern.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: postern
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "postern.image" -}}
{{- $image := index .root.Values.images .component -}}
{{- with .root.Values.image.registry }}{{ . }}/{{ end -}}
{{- $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}{{ end -}}
{{- end }}

{{- define "postern.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "postern.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end }}

{{/* Hook pods run before the release's own account exists; they have no token. */}}
{{- define "postern.hookAccount" -}}
{{- if .Values.serviceAccount.create -}}default{{- else -}}{{ include "postern.serviceAccount" . }}{{- end -}}
{{- end }}

{{- define "postern.brokers" -}}
{{- if .Values.trial.kafka.enabled -}}
{{- include "postern.fullname" . }}-kafka:9092
{{- else -}}
{{- .Values.kafka.brokers -}}
{{- end -}}
{{- end }}

{{- define "postern.postgresSecret" -}}
{{- if .Values.trial.postgres.enabled -}}
{{- include "postern.fullname" . }}-trial-postgres
{{- else -}}
{{- .Values.postgres.existingSecret -}}
{{- end -}}
{{- end }}

{{- define "postern.testSecret" -}}
{{- .Values.test.existingSecret | default (printf "%s-test" (include "postern.fullname" .)) -}}
{{- end }}

{{/* The chart makes the source of `helm test` itself, unless sources come from elsewhere. */}}
{{- define "postern.ownTestSource" -}}
{{- if and .Values.test.enabled (not .Values.sources.existingConfigMap) -}}yes{{- end -}}
{{- end }}

{{/* All pods: no service links, since their variables could be read as settings. */}}
{{- define "postern.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  {{- with .user }}
  runAsUser: {{ . }}
  {{- end }}
  {{- with .group }}
  runAsGroup: {{ . }}
  fsGroup: {{ . }}
  fsGroupChangePolicy: OnRootMismatch
  {{- end }}
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "postern.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  capabilities: {drop: [ALL]}
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "postern.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
- name: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Bytes of "4GiB", "8Gi", "512MiB" or a plain number. */}}
{{- define "postern.bytes" -}}
{{- $unit := regexFind "[A-Za-z]+$" (toString .) | trimSuffix "B" -}}
{{- $number := regexFind "^[0-9]+" (toString .) | int64 -}}
{{- $factors := dict "" 1 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 -}}
{{- mul $number (get $factors $unit) -}}
{{- end }}
