{{/* The container that serves credentials to a pod with delivery Endpoint. */}}
{{- define "rolebound.injection.sidecar" -}}
{{- $endpoint := "/var/run/secrets/rolebound.dev/endpoint" -}}
{{- $port := .Values.injection.endpoint.port -}}
Object.spec.initContainers{
  name: 'rolebound-endpoint',
  image: {{ include "rolebound.image" . | quote }},
  imagePullPolicy: {{ .Values.image.pullPolicy | quote }},
  args: [
    'endpoint', '--file', '/var/run/secrets/rolebound.dev/aws/' + params.spec.delivery.profile + '.json',
    '--token-file', '{{ $endpoint }}/token', '--port', '{{ $port }}'],
  restartPolicy: 'Always',
  startupProbe: Object.spec.initContainers.startupProbe{
    exec: Object.spec.initContainers.startupProbe.exec{
      command: ['rolebound', 'endpoint', '--probe', '--port', '{{ $port }}']},
    periodSeconds: 1,
    timeoutSeconds: 5,
    failureThreshold: 60},
  resources: Object.spec.initContainers.resources{
    requests: {'cpu': '5m', 'memory': '24Mi'}, limits: {'memory': '64Mi'}},
  securityContext: Object.spec.initContainers.securityContext{
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    ?runAsUser: object.spec.?securityContext.runAsUser.orValue(1) == 0 ? optional.of(65532) : optional.none(),
    capabilities: Object.spec.initContainers.securityContext.capabilities{drop: ['ALL']},
    seccompProfile: Object.spec.initContainers.securityContext.seccompProfile{type: 'RuntimeDefault'}},
  volumeMounts: [
    Object.spec.initContainers.volumeMounts{
      name: 'rolebound-aws', mountPath: '/var/run/secrets/rolebound.dev/aws', readOnly: true},
    Object.spec.initContainers.volumeMounts{
      name: 'rolebound-endpoint', mountPath: '{{ $endpoint }}', readOnly: true}]}
{{- end -}}

{{/* The Secret of this evaluation's binding, as a source of the injected volume. */}}
{{- define "rolebound.injection.source" -}}
Object.spec.volumes.projected.sources{secret: Object.spec.volumes.projected.sources.secret{
  name: variables.secret,
  items: [variables.delivery == 'StaticFile'
    ? Object.spec.volumes.projected.sources.secret.items{key: 'credentials.static', path: 'credentials'}
    : Object.spec.volumes.projected.sources.secret.items{
        key: 'credentials.json', path: params.spec.delivery.profile + '.json'}]}}
{{- end -}}
