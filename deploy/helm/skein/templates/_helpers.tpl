{{- define "skein.labels" -}}
app.kubernetes.io/name: skein
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{- define "skein.selector" -}}
app.kubernetes.io/name: skein
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end }}

{{- define "skein.seeds" -}}
{{- $root := . -}}
{{- range $i := until (int .Values.coordinator.replicas) -}}
{{- if $i }},{{ end -}}
{{ $root.Release.Name }}-coordinator-{{ $i }}.{{ $root.Release.Name }}-coordinator.{{ $root.Release.Namespace }}.svc:7946
{{- end -}}
{{- end }}

{{/* One container of a role. A process joins by the names of the coordinators; its own is passed over. */}}
{{- define "skein.pod" -}}
{{- $v := .root.Values -}}
terminationGracePeriodSeconds: {{ $v.terminationGracePeriodSeconds }}
{{- with $v.serviceAccount }}
serviceAccountName: {{ . }}
{{- end }}
{{- with $v.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with $v.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  seccompProfile: {type: RuntimeDefault}
volumes:
  - name: key
    secret: {secretName: {{ $v.clusterKeySecret }}, defaultMode: 0444}
  {{- with $v.security.tlsSecret }}
  - name: tls
    secret: {secretName: {{ . }}, defaultMode: 0444}
  {{- end }}
  {{- if eq .role "coordinator" }}
  {{- with $v.security.usersSecret }}
  - name: users
    secret: {secretName: {{ . }}, defaultMode: 0444}
  {{- end }}
  {{- with $v.security.clientCASecret }}
  - name: client-ca
    secret: {secretName: {{ . }}, defaultMode: 0444}
  {{- end }}
  {{- end }}
containers:
  - name: skein
    image: "{{ $v.image.repository }}:{{ $v.image.tag | default .root.Chart.AppVersion }}"
    imagePullPolicy: {{ $v.image.pullPolicy }}
    args:
      - serve
      - --name=$(POD)
      - --listen=0.0.0.0:32010
      - --advertise=$(IP)
      - --gossip=0.0.0.0:7946
      - --actor-listen=0.0.0.0:7947
      - --exchange-listen=0.0.0.0:7948
      - --http=0.0.0.0:8080
      - --cluster-key=/etc/skein/cluster.key
      - --role={{ .role }}
      - --join={{ include "skein.seeds" .root }}
      - --memory={{ .part.memory }}
      {{- if $v.security.tlsSecret }}
      - --tls-cert=/etc/skein-tls/tls.crt
      - --tls-key=/etc/skein-tls/tls.key
      {{- end }}
      {{- if eq .role "worker" }}
      - --threads={{ .part.threads }}
      {{- else }}
      {{- with $v.catalog }}
      - --catalog={{ . }}
      {{- end }}
      {{- range $v.tables }}
      - --tables={{ . }}
      {{- end }}
      {{- with $v.security }}
      {{- if .usersSecret }}
      - --users=/etc/skein-users/users
      {{- end }}
      {{- if .clientCASecret }}
      - --tls-client-ca=/etc/skein-client-ca/ca.crt
      {{- end }}
      {{- if .oidc.issuer }}
      - --oidc-issuer={{ .oidc.issuer }}
      - --oidc-audience={{ .oidc.audience }}
      - --oidc-user-claim={{ .oidc.userClaim | default "sub" }}
      - --oidc-roles-claim={{ .oidc.rolesClaim | default "" }}
      {{- end }}
      {{- range .allowPaths }}
      - --allow-path={{ . }}
      {{- end }}
      {{- if .insecure }}
      - --insecure
      {{- end }}
      {{- end }}
      {{- end }}
    env:
      - name: POD
        valueFrom: {fieldRef: {fieldPath: metadata.name}}
      - name: IP
        valueFrom: {fieldRef: {fieldPath: status.podIP}}
      {{- range $name, $value := $v.env }}
      - {name: {{ $name }}, value: {{ $value | quote }}}
      {{- end }}
    {{- with $v.envFromSecret }}
    envFrom:
      - secretRef: {name: {{ . }}}
    {{- end }}
    ports:
      - {name: flight, containerPort: 32010}
      - {name: gossip, containerPort: 7946}
      - {name: gossip-udp, containerPort: 7946, protocol: UDP}
      - {name: actors, containerPort: 7947}
      - {name: exchange, containerPort: 7948}
      - {name: http, containerPort: 8080}
    readinessProbe:
      httpGet: {path: /readyz, port: http}
      periodSeconds: 3
    livenessProbe:
      httpGet: {path: /healthz, port: http}
      periodSeconds: 10
    resources: {{ toYaml .part.resources | nindent 6 }}
    volumeMounts:
      - {name: key, mountPath: /etc/skein, readOnly: true}
      {{- if $v.security.tlsSecret }}
      - {name: tls, mountPath: /etc/skein-tls, readOnly: true}
      {{- end }}
      {{- if eq .role "coordinator" }}
      {{- if $v.security.usersSecret }}
      - {name: users, mountPath: /etc/skein-users, readOnly: true}
      {{- end }}
      {{- if $v.security.clientCASecret }}
      - {name: client-ca, mountPath: /etc/skein-client-ca, readOnly: true}
      {{- end }}
      {{- end }}
    securityContext:
      allowPrivilegeEscalation: false
      capabilities: {drop: [ALL]}
{{- end }}
