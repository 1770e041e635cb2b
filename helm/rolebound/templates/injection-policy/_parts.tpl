{{/* "true" where the admission policies are installed; fails where they were asked for and cannot be. */}}
{{- define "rolebound.injection.policies" -}}
{{- $api := "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy" -}}
{{- $served := .Capabilities.APIVersions.Has $api -}}
{{- if and (eq .Values.injection.mode "policy") (not $served) -}}
{{- fail (printf "injection.mode is policy, but this cluster (%s) does not serve %s, as Kubernetes 1.36 and later do: set injection.mode to webhook or auto; for helm template, tell what the cluster serves by --api-versions=%s" .Capabilities.KubeVersion.Version $api $api) -}}
{{- end -}}
{{- if and $served (has .Values.injection.mode (list "auto" "policy")) -}}true{{- end -}}
{{- end -}}

{{/* Who is never touched: the cluster's own pods and the operator's. */}}
{{- define "rolebound.injection.namespaces" -}}
namespaceSelector:
  matchExpressions:
    - key: kubernetes.io/metadata.name
      operator: NotIn
      values: {{ list "kube-system" .Release.Namespace | uniq | toJson }}
{{- end -}}

{{/* Pods that an injector may touch at all, once they have opted in. */}}
{{- define "rolebound.injection.conditions" -}}
- name: mirrors-no-static-pod
  expression: "!('kubernetes.io/config.mirror' in object.metadata.?annotations.orValue({}))"
- name: mounts-no-secret-by-hand
  expression: >-
    object.metadata.?annotations['rolebound.dev/secret'].orValue('') == ''
    || object.metadata.annotations['rolebound.dev/secret'].split(',').all(claim, claim.trim().indexOf('=') > 0)
{{- end -}}

{{/* Pods that nobody else warns of: beside the webhook, those that it is not called for. */}}
{{- define "rolebound.injection.unheard" -}}
{{- if eq .Values.injection.mode "auto" -}}
- name: is-not-the-webhooks
  expression: >-
    'rolebound.dev/injected' in object.metadata.?annotations.orValue({})
    && !('rolebound.dev/secret' in object.metadata.annotations)
{{- end -}}
{{- end -}}

{{/* The AWSRoleBindings that concern a pod, as conditions on `params`. */}}
{{- define "rolebound.injection.applies" -}}
- name: names-the-service-account
  expression: params.spec.subjects.exists(subject, subject.name == object.spec.serviceAccountName)
- name: owns-its-profile
  expression: >-
    !params.?status.conditions.orValue([])
    .exists(each, each.type == 'Ready' && each.status == 'False' && each.reason == 'Conflict')
- name: is-wanted
  expression: >-
    !('rolebound.dev/profiles' in object.metadata.?annotations.orValue({}))
    || object.metadata.annotations['rolebound.dev/profiles'].split(',')
    .exists(profile, profile.trim() == params.spec.delivery.profile)
{{- end -}}

{{/* The Secret of `params` for the pod's ServiceAccount, as an expression. */}}
{{- define "rolebound.injection.secret" -}}
'rolebound-' + params.metadata.name + '-' + object.spec.serviceAccountName
{{- end -}}

{{/* Whether the pod mounts the Secret of `params`, as a condition. */}}
{{- define "rolebound.injection.holds" -}}
object.spec.?volumes.orValue([]).exists(volume, volume.name == 'rolebound-aws'
  && volume.?projected.sources.orValue([]).exists(source, source.?secret.name.orValue('')
    == {{ include "rolebound.injection.secret" . }}))
{{- end -}}

{{/* Whether the pod is for Windows, and whether it is on its node's network, as conditions. */}}
{{- define "rolebound.injection.onWindows" -}}
(object.spec.?os.name.orValue('') == 'windows' || object.spec.?nodeSelector['kubernetes.io/os'].orValue('') == 'windows')
{{- end -}}
{{- define "rolebound.injection.onHostNetwork" -}}
object.spec.?hostNetwork.orValue(false) == true
{{- end -}}

{{/* How the pod says it was injected, as an expression. */}}
{{- define "rolebound.injection.mark" -}}
object.metadata.?annotations['rolebound.dev/injected'].orValue('')
{{- end -}}

{{/* Whether `container` has all that it can get, as a condition. */}}
{{- define "rolebound.injection.isEquipped" -}}
container.?volumeMounts.orValue([]).exists(mount, mount.name in ['rolebound-aws', 'rolebound-endpoint'])
&& {{ include "rolebound.injection.env" (dict "root" . "delivery" (include "rolebound.injection.mark" .)) }}
.all(ours, container.?env.orValue([]).exists(theirs, theirs.name == ours.name))
&& container.?env.orValue([]).exists(theirs, theirs.name in ['AWS_REGION', 'AWS_DEFAULT_REGION'])
{{- end -}}

{{/* The two ways of opting in, each as a binding of .policy; .params: whether AWSRoleBindings are its parameters. */}}
{{- define "rolebound.injection.bindings" -}}
{{- range $way := list "pod" "namespace" }}
---
apiVersion: admissionregistration.k8s.io/v1
kind: {{ $.kind }}Binding
metadata:
  name: {{ $.policy }}-by-{{ $way }}
  labels:
    {{- include "rolebound.labels" $.root | nindent 4 }}
spec:
  policyName: {{ $.policy }}
  {{- with $.actions }}
  validationActions: {{ toJson . }}
  {{- end }}
  {{- if $.params }}
  # Every binding of the pod's namespace, each in an evaluation of its own.
  paramRef:
    selector: {}
    parameterNotFoundAction: Allow
  {{- end }}
  matchResources:
    {{- if eq $way "pod" }}
    namespaceSelector:
      matchExpressions:
        - {key: rolebound.dev/inject, operator: NotIn, values: [enabled]}
    objectSelector:
      matchLabels:
        rolebound.dev/inject: "true"
    {{- else }}
    # Pods that are labelled already, too: once injection has labelled one, it must be seen again if a webhook has added
    # a container.
    namespaceSelector:
      matchLabels:
        rolebound.dev/inject: enabled
    objectSelector:
      matchExpressions:
        - {key: rolebound.dev/inject, operator: NotIn, values: ["false"]}
    {{- end }}
{{- end }}
{{- end -}}

{{/* What is known of every pod, as CEL variables. */}}
{{- define "rolebound.injection.pod" -}}
- name: annotations
  expression: object.metadata.?annotations.orValue({})
- name: named  # containers, by the annotation
  expression: >-
    variables.annotations[?'rolebound.dev/containers'].orValue('').split(',').map(name, name.trim())
- name: containers  # all but our own
  expression: >-
    (object.spec.?initContainers.orValue([]) + object.spec.containers + object.spec.?ephemeralContainers.orValue([]))
    .filter(container, container.name != 'rolebound-endpoint')
- name: equipped  # the names of those that get credentials
  expression: >-
    variables.containers.map(container, container.name)
    .filter(name, !('rolebound.dev/containers' in variables.annotations) || name in variables.named)
- name: volumes
  expression: object.spec.?volumes.orValue([])
- name: sources  # of the injected volume
  expression: >-
    variables.volumes.filter(volume, volume.name == 'rolebound-aws').map(volume, volume.?projected.sources.orValue([]))
    .flatten()
- name: secrets
  expression: variables.sources.filter(source, has(source.secret)).map(source, source.secret.name)
- name: mark
  expression: >-
    variables.annotations[?'rolebound.dev/injected'].orValue('') in ['CredentialProcess', 'StaticFile', 'Endpoint']
    ? variables.annotations['rolebound.dev/injected'] : ''
- name: injected  # how an earlier binding was injected; '' for the first
  expression: "variables.secrets.size() > 0 ? variables.mark : ''"
- name: obstacle  # what has a name of ours and is not ours
  expression: >-
    variables.volumes.exists(volume, volume.name in ['rolebound-aws', 'rolebound-endpoint']
    && (!has(volume.projected) || variables.mark == '')) ? 'volume'
    : (object.spec.?initContainers.orValue([]) + object.spec.containers)
    .exists(container, container.name == 'rolebound-endpoint')
    && variables.mark != 'Endpoint' ? 'container' : ''
{{- end -}}

{{/* The variables that each container gets with .delivery, as CEL. */}}
{{- define "rolebound.injection.env" -}}
{{- $aws := "/var/run/secrets/rolebound.dev/aws" -}}
{{- $endpoint := "/var/run/secrets/rolebound.dev/endpoint" -}}
({{ .delivery }} == 'Endpoint' ? [
  {'name': 'AWS_CONTAINER_CREDENTIALS_FULL_URI',
   'value': 'http://127.0.0.1:{{ .root.Values.injection.endpoint.port }}/v1/credentials'},
  {'name': 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', 'value': '{{ $endpoint }}/token'}
] : [
  {'name': 'AWS_SHARED_CREDENTIALS_FILE', 'value': '{{ $aws }}/credentials'},
  {'name': 'AWS_CREDENTIAL_PROFILES_FILE', 'value': '{{ $aws }}/credentials'}
])
{{- end -}}

{{/* What each container gets, as CEL variables on `variables.delivery`. */}}
{{- define "rolebound.injection.equipment" -}}
- name: volume
  expression: "variables.delivery == 'Endpoint' ? 'rolebound-endpoint' : 'rolebound-aws'"
- name: path
  expression: >-
    variables.delivery == 'Endpoint' ? '/var/run/secrets/rolebound.dev/endpoint'
    : '/var/run/secrets/rolebound.dev/aws'
- name: env
  expression: >-
    {{- include "rolebound.injection.env" (dict "root" . "delivery" "variables.delivery") | nindent 4 }}
{{- end -}}

{{/*
JSON patches that give each container of `variables.equipped` in the pod's .list, .but some, what it lacks. One for each
element: Kubernetes 1.36 panics where the value of a patch is a list of Objects.
*/}}
{{- define "rolebound.injection.equip" -}}
object.spec.?{{ .list }}.orValue([]).transformList(index, container,
  container.name in variables.equipped{{ with .but }} && !(container.name in {{ . }}){{ end }},
  (has(container.volumeMounts) ? []
    : [JSONPatch{op: 'add', path: '/spec/{{ .list }}/' + string(index) + '/volumeMounts', value: []}])
  + (container.?volumeMounts.orValue([])
     .exists(theirs, theirs.mountPath in [variables.path, variables.path + '/']) ? []
    : [JSONPatch{
        op: 'add',
        path: '/spec/{{ .list }}/' + string(index) + '/volumeMounts/-',
        value: Object.spec.containers.volumeMounts{
          name: variables.volume, mountPath: variables.path, readOnly: true}}])
  + (has(container.env) ? []
    : [JSONPatch{op: 'add', path: '/spec/{{ .list }}/' + string(index) + '/env', value: []}])
  + variables.env.filter(ours, !container.?env.orValue([]).exists(theirs, theirs.name == ours.name))
    .map(ours, JSONPatch{
      op: 'add',
      path: '/spec/{{ .list }}/' + string(index) + '/env/-',
      value: Object.spec.containers.env{name: ours.name, value: ours.value}})
  + (container.?env.orValue([]).exists(theirs, theirs.name in ['AWS_REGION', 'AWS_DEFAULT_REGION']) ? []
    : ['AWS_REGION', 'AWS_DEFAULT_REGION'].map(name, JSONPatch{
        op: 'add',
        path: '/spec/{{ .list }}/' + string(index) + '/env/-',
        value: Object.spec.containers.env{
          name: name,
          valueFrom: Object.spec.containers.env.valueFrom{
            secretKeyRef: Object.spec.containers.env.valueFrom.secretKeyRef{
              name: variables.secret, key: 'AWS_REGION'}}}}))
  ).flatten()
{{- end -}}
