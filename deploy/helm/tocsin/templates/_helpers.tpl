{{/* The chart's name. */}}
{{- define "tocsin.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The name of most objects. Shortened, so that what others append has room. */}}
{{- define "tocsin.fullname" -}}
{{- $name := include "tocsin.name" . }}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- default $full .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* What selects the pod, and never changes in an upgrade. The test's pod is another component. */}}
{{- define "tocsin.selectorLabels" -}}
app.kubernetes.io/name: {{ include "tocsin.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: server
{{- end }}

{{/* (dict "root" . "component" TEXT "labels" MAP): the labels of an object, its own over commonLabels. */}}
{{- define "tocsin.labels" -}}
{{- $standard := dict
      "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_")
      "app.kubernetes.io/name" (include "tocsin.name" .root)
      "app.kubernetes.io/instance" .root.Release.Name
      "app.kubernetes.io/component" (default "server" .component)
      "app.kubernetes.io/version" .root.Chart.AppVersion
      "app.kubernetes.io/managed-by" .root.Release.Service }}
{{- toYaml (merge $standard (default dict .labels) .root.Values.commonLabels) }}
{{- end }}

{{- define "tocsin.serviceAccountName" -}}
{{- $made := ternary (include "tocsin.fullname" .) "default" .Values.serviceAccount.create }}
{{- default $made .Values.serviceAccount.name }}
{{- end }}

{{- define "tocsin.image" -}}
{{- $registry := default .Values.image.registry .Values.global.imageRegistry }}
{{- with $registry }}{{ trimSuffix "/" . }}/{{ end }}
{{- .Values.image.repository }}
{{- if .Values.image.digest }}@{{ .Values.image.digest }}
{{- else }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end }}
{{- end }}

{{- define "tocsin.imagePullSecrets" -}}
{{- with concat .Values.imagePullSecrets .Values.global.imagePullSecrets | uniq }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* A quantity such as 512Mi, in bytes; nothing if it is not one of bytes. */}}
{{- define "tocsin.bytes" -}}
{{- $text := ternary (toString (int64 .)) (toString .) (kindIs "float64" .) }}
{{- $units := dict "" 1 "k" 1000 "M" 1000000 "G" 1000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 }}
{{- $unit := regexReplaceAll "^[0-9.]+" $text "" }}
{{- if and (regexMatch "^[0-9]+(\\.[0-9]+)?[A-Za-z]*$" $text) (hasKey $units $unit) }}
{{- mulf (float64 (trimSuffix $unit $text)) (get $units $unit) | int64 }}
{{- end }}
{{- end }}

{{/* The pod's memory in bytes, if that is limited. */}}
{{- define "tocsin.memory" -}}
{{- with dig "limits" "memory" "" .Values.resources }}{{ include "tocsin.bytes" . }}{{ end }}
{{- end }}

{{/* A shipped rule file without the alerts that are not wanted: (dict "text" TEXT "disabled" LIST). */}}
{{- define "tocsin.withoutAlerts" -}}
{{- $disabled := .disabled }}
{{- $groups := list }}
{{- range (fromYaml .text).groups }}
{{- $rules := list }}
{{- range .rules }}
{{- if not (and .alert (has .alert $disabled)) }}{{ $rules = append $rules . }}{{ end }}
{{- end }}
{{- if $rules }}{{ $groups = append $groups (set . "rules" $rules) }}{{ end }}
{{- end }}
{{- toYaml (dict "groups" $groups) }}
{{- end }}

{{/* The rule files that are wanted, name: text, as JSON. Never through tpl: they have templates of their own. */}}
{{- define "tocsin.ruleFiles" -}}
{{- $root := . }}
{{- $files := dict }}
{{- $paths := list }}
{{- range .Values.rules.packs }}{{ $paths = append $paths . }}{{ end }}
{{- range .Values.rules.optionalPacks }}{{ $paths = append $paths (printf "optional/%s" .) }}{{ end }}
{{- $all := "" }}
{{- range $paths }}
{{- $text := $root.Files.Get (printf "files/rules/%s.yaml" .) }}
{{- if not $text }}{{ fail (printf "rules: there is no pack %s" .) }}{{ end }}
{{- $all = print $all $text "\n" }}
{{- with $root.Values.rules.runbookBaseUrl }}
{{- $text = $text | replace "runbook_url: docs/runbooks/" (printf "runbook_url: %s/" (trimSuffix "/" .)) }}
{{- end }}
{{- with $root.Values.rules.disabledAlerts }}
{{- $text = include "tocsin.withoutAlerts" (dict "text" $text "disabled" .) }}
{{- end }}
{{- $_ := set $files (base .) $text }}
{{- end }}
{{- range .Values.rules.disabledAlerts }}
{{- if not (contains (printf "- alert: %s\n" .) $all) }}
{{- fail (printf "rules.disabledAlerts: there is no alert %s in rules.packs and rules.optionalPacks" .) }}
{{- end }}
{{- end }}
{{- range $name, $file := .Values.rules.extra }}
{{- if hasKey $files $name }}{{ fail (printf "rules.extra: %s is the name of a shipped pack" $name) }}{{ end }}
{{- $_ := set $files $name (toYaml $file) }}
{{- end }}
{{- toJson $files }}
{{- end }}

{{/* tocsin.yaml, as the chart writes it. */}}
{{- define "tocsin.config" -}}
{{- $config := deepCopy .Values.config }}
{{- $_ := set $config "server"
      (merge (dict "listen" (printf "%s:%d" .Values.listenAddress (int .Values.containerPort))) $config.server) }}
{{- $_ := set $config "storage" (merge (dict "path" "/var/lib/tocsin") $config.storage) }}
{{- with include "tocsin.memory" . }}
{{- /* Half of it for samples, an eighth for a query, of which a value takes 8 bytes. */}}
{{- $_ := set $config "storage" (merge $config.storage (dict "max_bytes" (div . 2))) }}
{{- $_ := set $config "promql" (merge $config.promql (dict "max_samples" (div . 64))) }}
{{- end }}
{{- if .Values.rules.evaluate }}
{{- $names := list }}
{{- range keys (include "tocsin.ruleFiles" . | fromJson) | sortAlpha }}
{{- $names = append $names (printf "/etc/tocsin/rules/%s.yaml" .) }}
{{- end }}
{{- $_ := set $config "rule_files" (concat $names $config.rule_files) }}
{{- end }}
{{- $_ := set $config "notify" .Values.notify }}
{{- $_ := set $config "collectors" .Values.collectors }}
{{- range $key, $value := $config }}
{{- if not $value }}{{ $_ := unset $config $key }}{{ end }}
{{- end }}
{{- toYaml $config }}
{{- end }}

{{/* Fails if the configuration names a file of a secret that is not mounted. */}}
{{- define "tocsin.checkSecrets" -}}
{{- $text := toYaml (dict "a" .Values.collectors "b" .Values.notify "c" .Values.config) }}
{{- range regexFindAll "/etc/tocsin/secrets/[^/\\s\"']+" $text -1 | uniq }}
{{- if not (has (base .) $.Values.existingSecrets) }}
{{- fail (printf "existingSecrets has to list %s: the configuration reads files in %s" (base .) .) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Whether tocsin reads rule files that the chart brings. */}}
{{- define "tocsin.hasRules" -}}
{{- if and .Values.rules.evaluate (include "tocsin.ruleFiles" . | fromJson) }}true{{ end }}
{{- end }}
