{{- define "switchover.labels" -}}
app.kubernetes.io/name: switchover
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- define "switchover.metadata" -}}
namespace: {{ .Release.Namespace }}
labels:
  app.kubernetes.io/managed-by: {{ .Release.Service }}
  app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
