{{/* "true" where a webhook is installed, else nothing. */}}
{{- define "rolebound.webhook" -}}
{{- if has .Values.injection.mode (list "auto" "webhook") -}}true{{- end -}}
{{- end -}}

{{/* The Service, the certificate Secret and the MutatingWebhookConfiguration have one name. */}}
{{- define "rolebound.webhookName" -}}
{{ include "rolebound.fullname" . }}-webhook
{{- end -}}

{{/* Never these namespaces: a pod there must start without the operator, and the operator itself above all. */}}
{{- define "rolebound.webhookNamespaces" -}}
- key: kubernetes.io/metadata.name
  operator: NotIn
  values: [kube-system, {{ .Release.Namespace }}]
{{- end -}}

{{/* What both webhooks share. */}}
{{- define "rolebound.webhookCall" -}}
rules:
  - apiGroups: [""]
    apiVersions: [v1]
    operations: [CREATE]
    resources: [pods]
    scope: Namespaced
  - apiGroups: [""]
    apiVersions: [v1]
    operations: [UPDATE]
    resources: [pods/ephemeralcontainers]
    scope: Namespaced
matchConditions:
  - name: not-a-mirror-of-a-static-pod
    expression: "!('kubernetes.io/config.mirror' in object.metadata.?annotations.orValue({}))"
  {{- if include "rolebound.injection.policies" . }}
  # The admission policy has served it: with `secret` there is a Secret that only the webhook can name.
  - name: not-injected-by-the-policy
    expression: >-
      !('rolebound.dev/injected' in object.metadata.?annotations.orValue({})) ||
      'rolebound.dev/secret' in object.metadata.?annotations.orValue({})
  {{- end }}
clientConfig:
  service:
    name: {{ include "rolebound.webhookName" . }}
    namespace: {{ .Release.Namespace }}
    path: /inject
    port: 443
admissionReviewVersions: [v1]
sideEffects: None
reinvocationPolicy: IfNeeded
matchPolicy: Equivalent
timeoutSeconds: {{ .Values.injection.webhook.timeoutSeconds }}
failurePolicy: {{ .Values.injection.webhook.failurePolicy }}
{{- end -}}
