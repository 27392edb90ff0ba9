{{/* SPDX-License-Identifier: Apache-2.0 */}}
{{/* Rules of the policies. They follow the privilege paragraph at the head of each
     process's main.c: what it reads, writes, calls and listens on. */}}

{{/* (dict to ports): one egress rule; no `to` is anywhere, on these ports only. */}}
{{- define "postern.egress" -}}
- ports: [{{ range $i, $port := .ports }}{{ if $i }}, {{ end }}{protocol: TCP, port: {{ $port }}}{{ end }}]
  {{- with .to }}
  to: {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "postern.egressDns" -}}
- ports:
  {{- range .Values.networkPolicy.dns.ports }}
  - {protocol: UDP, port: {{ . }}}
  - {protocol: TCP, port: {{ . }}}
  {{- end }}
  {{- with .Values.networkPolicy.dns.to }}
  to: {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* Ports as kafka.brokers names them, unless the policy says otherwise. */}}
{{- define "postern.kafkaPorts" -}}
{{- $ports := .Values.networkPolicy.kafka.ports -}}
{{- if not $ports -}}
{{- range splitList "," (include "postern.brokers" .) -}}
{{- $ports = append $ports (regexFind "[0-9]+$" (trim .) | default "9092" | int) -}}
{{- end -}}
{{- end -}}
{{- toJson (uniq $ports) -}}
{{- end }}

{{/* Ports of the sinks' addresses; existing routes cannot be read here. */}}
{{- define "postern.sinkPorts" -}}
{{- $ports := .Values.networkPolicy.sinks.ports -}}
{{- if not $ports -}}
{{- range (fromYaml (include "postern.routes" .)).sinks -}}
{{- range .urls -}}
{{- $url := urlParse . -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
{{- $ports = append $ports (int ($port | default (ternary "443" "80" (eq $url.scheme "https")))) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson (uniq $ports) -}}
{{- end }}

{{- define "postern.own" -}}
- podSelector:
    matchLabels: {{- include "postern.selector" . | nindent 6 }}
{{- end }}

{{- define "postern.egressKafka" -}}
{{- $to := .Values.networkPolicy.kafka.to -}}
{{- if .Values.trial.kafka.enabled }}{{ $to = fromYamlArray (include "postern.own" (dict "root" . "component" "trial-kafka")) }}{{ end -}}
{{- include "postern.egress" (dict "to" $to "ports" (fromJsonArray (include "postern.kafkaPorts" .))) -}}
{{- end }}

{{- define "postern.egressPostgres" -}}
{{- $to := .Values.networkPolicy.postgres.to -}}
{{- if .Values.trial.postgres.enabled }}{{ $to = fromYamlArray (include "postern.own" (dict "root" . "component" "trial-postgres")) }}{{ end -}}
{{- include "postern.egress" (dict "to" $to "ports" (list .Values.postgres.port)) -}}
{{- end }}

{{- define "postern.ingressAdmin" -}}
- ports: [{protocol: TCP, port: admin}]
  {{- with .Values.networkPolicy.monitoringFrom }}
  from: {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* (dict root component ingress egress) */}}
{{- define "postern.networkPolicy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "postern.fullname" .root }}-{{ .component }}
  namespace: {{ .root.Release.Namespace | quote }}
  labels: {{- include "postern.labels" . | nindent 4 }}
  {{- with .annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  podSelector:
    matchLabels: {{- include "postern.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  {{- if .ingress }}
  ingress: {{- .ingress | nindent 2 }}
  {{- else }}
  ingress: []
  {{- end }}
  {{- if .egress }}
  egress: {{- .egress | nindent 2 }}
  {{- else }}
  egress: []
  {{- end }}
{{- end }}
