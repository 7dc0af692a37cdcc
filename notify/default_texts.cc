#include "notify/default_texts.h"

namespace tocsin::notify {

// What a text prints of a notification, it prints as Alertmanager's text of the same name does, so
// that mails keep their threads and filters in channels keep working. The pages they link to are
// ours.
const std::string_view kDefaultTexts = R"tmpl(
{{- define "__alertmanager" }}tocsin{{ end -}}
{{- define "__alertmanagerURL" }}{{ .ExternalURL }}/alerts{{ end -}}

{{- define "__subject" -}}
  [{{ toUpper .Status }}{{ if eq .Status "firing" }}:{{ len .Alerts.Firing }}{{ end }}]
  {{- " " }}{{ join " " .GroupLabels.SortedPairs.Values }} {{ if gt (len .CommonLabels) (len .GroupLabels) -}}
    ({{ join " " (.CommonLabels.Remove .GroupLabels.Names).Values }})
  {{- end }}
{{- end -}}

{{- define "__description" }}{{ end -}}

{{- define "__condition" -}}
  {{- $tense := "" }}{{ if eq .Status "resolved" }}{{ $tense = "was " }}{{ end }}
  {{- with .Condition }} ({{ $tense }}{{ . }}){{ end }}
{{- end -}}

{{- define "__text_alert_list" -}}
  {{- range $alert := . }}Labels:
{{ range $alert.Labels.SortedPairs }} - {{ .Name }} = {{ .Value }}
{{ end }}Annotations:
{{ range $alert.Annotations.SortedPairs }} - {{ .Name }} = {{ .Value }}
{{ end }}Source: {{ $alert.GeneratorURL }}
{{ end }}
{{- end -}}

{{- define "__when" -}}
  since {{ .StartsAt | tz "UTC" | date "2006-01-02 15:04:05" }}
  {{- if eq .Status "resolved" }} until {{ .EndsAt | tz "UTC" | date "2006-01-02 15:04:05" }}{{ end }} UTC
{{- end -}}

{{- define "__card_time" -}}
  {{- $moment := . | tz "UTC" | date "2006-01-02T15:04:05Z" -}}
  {{ printf "{{DATE(%s, SHORT)}} {{TIME(%s)}}" $moment $moment }}
{{- end -}}

{{- define "__card_when" -}}
  since {{ template "__card_time" .StartsAt }}
  {{- if eq .Status "resolved" }} until {{ template "__card_time" .EndsAt }}{{ end }}
{{- end -}}

{{- define "__markdown_what" -}}
{{ if eq .Status "resolved" }}🟢 resolved{{ else }}🔴{{ end }} **{{ .Labels.alertname }}**
{{- with .Annotations.summary }} {{ . }}{{ end }}
{{- with .Annotations.description }}

{{ . }}
{{- end }}
{{- with (.Labels.Remove (stringSlice "alertname")).SortedPairs }}

{{ range $i, $label := . }}{{ if $i }} · {{ end }}{{ $label.Name }}={{ $label.Value }}{{ end }}
{{- end }}
{{- end -}}

{{- define "__markdown_value" -}}
  {{- if ne .Value nil }} · value **{{ humanize .Value }}**{{ template "__condition" . }}
    {{- with .Sparkline }} {{ . }}{{ end }}
  {{- end }}
{{- end -}}

{{- define "__text_alert_list_markdown" -}}
  {{- range . }}

{{ template "__markdown_what" . }}

{{ template "__when" . }}{{ template "__markdown_value" . }}

{{ template "__markdown_links" . }}
  {{- end }}
{{- end -}}

{{- define "__card_alert_list" -}}
  {{- range . }}

{{ template "__markdown_what" . }}

{{ template "__card_when" . }}{{ template "__markdown_value" . }}

{{ template "__markdown_links" . }}
  {{- end }}
{{- end -}}

{{- define "__markdown_links" -}}
  {{- $between := "" }}
  {{- with .RunbookURL }}[Runbook]({{ . }}){{ $between = " · " }}{{ end }}
  {{- with .URL }}{{ $between }}[Alert]({{ . }}){{ $between = " · " }}{{ end }}
  {{- if ne .Status "resolved" }}{{ with .SilenceURL }}{{ $between }}[Silence]({{ . }}){{ end }}{{ end }}
{{- end -}}

{{- define "slack.default.title" }}{{ template "__subject" . }}{{ end -}}
{{- define "slack.default.username" }}{{ template "__alertmanager" . }}{{ end -}}
{{- define "slack.default.fallback" -}}
  {{ template "slack.default.title" . }} | {{ template "slack.default.titlelink" . }}
{{- end -}}
{{- define "slack.default.callbackid" }}{{ end -}}
{{- define "slack.default.pretext" }}{{ end -}}
{{- define "slack.default.titlelink" }}{{ template "__alertmanagerURL" . }}{{ end -}}
{{- define "slack.default.iconemoji" }}{{ end -}}
{{- define "slack.default.iconurl" }}{{ end -}}
{{- define "slack.default.text" }}{{ end -}}
{{- define "slack.default.footer" }}{{ end -}}
{{- define "slack.default.color" }}{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}{{ end -}}

{{- define "pagerduty.default.description" }}{{ template "__subject" . }}{{ end -}}
{{- define "pagerduty.default.client" }}{{ template "__alertmanager" . }}{{ end -}}
{{- define "pagerduty.default.clientURL" }}{{ template "__alertmanagerURL" . }}{{ end -}}
{{- define "pagerduty.default.instances" }}{{ template "__text_alert_list" . }}{{ end -}}
{{- define "pagerduty.default.alert" -}}
  {{ .CommonLabels.alertname }}{{ with .CommonAnnotations.summary }}: {{ . }}{{ end }}
{{- end -}}
{{- define "pagerduty.default.severity" -}}
  {{- $severity := toLower .CommonLabels.severity }}
  {{- if match "^(critical|error|warning|info)$" $severity }}{{ $severity }}
  {{- else if eq $severity "page" }}critical{{ else }}error{{ end }}
{{- end -}}

{{- define "msteamsv2.default.title" }}{{ template "__subject" . }}{{ end -}}
{{- define "msteamsv2.default.text" -}}
  {{- trimSpace (print (tmpl "__card_alert_list" .Alerts.Firing) (tmpl "__card_alert_list" .Alerts.Resolved)) }}
{{- end -}}

{{- define "email.default.subject" }}{{ template "__subject" . }}{{ end -}}
{{- define "email.default.text" -}}
  {{- range $alert := .Alerts }}{{ toUpper $alert.Status }} {{ $alert.Labels.alertname }}
  {{- with $alert.Annotations.summary }}: {{ . }}{{ end }}
{{ template "__when" $alert }}
{{ if ne $alert.Value nil }}value {{ humanize $alert.Value }}{{ template "__condition" $alert }}{{ with $alert.Sparkline }} {{ . }}{{ end }}
{{ end }}{{ with $alert.Annotations.description }}{{ . }}
{{ end }}{{ range ($alert.Labels.Remove (stringSlice "alertname")).SortedPairs }}  {{ .Name }} = {{ .Value }}
{{ end }}{{ with $alert.RunbookURL }}Runbook: {{ . }}
{{ end }}{{ with $alert.URL }}Alert: {{ . }}
{{ end }}{{ if ne $alert.Status "resolved" }}{{ with $alert.SilenceURL }}Silence: {{ . }}
{{ end }}{{ end }}
{{ end }}Sent by {{ template "__alertmanager" . }} {{ .ExternalURL }}
{{ end -}}

{{- define "__html_alert" -}}
<h3 style="margin:16px 0 4px">{{ html .Labels.alertname }}</h3>
{{ with .Annotations.summary }}<p style="margin:4px 0"><b>{{ html . }}</b></p>
{{ end }}{{ with .Annotations.description }}<p style="margin:4px 0">{{ html . }}</p>
{{ end }}<p style="margin:4px 0">{{ template "__when" . }}{{ if ne .Value nil }}, value <b>{{ humanize .Value }}</b>{{ end }}
{{- html (tmpl "__condition" .) }}{{ with .Sparkline }} {{ . }}{{ end }}</p>
<p style="margin:4px 0;color:#666">{{ range (.Labels.Remove (stringSlice "alertname")).SortedPairs }}{{ html .Name }} = {{ html .Value }}<br>
{{ end }}</p>
<p style="margin:4px 0">
{{- $between := "" }}
{{- with .RunbookURL }}<a href="{{ html . }}">Runbook</a>{{ $between = " · " }}{{ end }}
{{- with .URL }}{{ $between }}<a href="{{ html . }}">Alert</a>{{ $between = " · " }}{{ end }}
{{- if ne .Status "resolved" }}{{ with .SilenceURL }}{{ $between }}<a href="{{ html . }}">Silence</a>{{ end }}{{ end }}</p>
{{ end -}}

{{- define "email.default.html" -}}
<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>{{ html (tmpl "__subject" .) }}</title></head>
<body style="font-family:Helvetica,Arial,sans-serif;font-size:14px;color:#222">
{{ with .Alerts.Firing }}<h2 style="color:#c0392b">{{ len . }} firing</h2>
{{ range . }}{{ template "__html_alert" . }}{{ end }}{{ end }}
{{- with .Alerts.Resolved }}<h2 style="color:#1e8449">{{ len . }} resolved</h2>
{{ range . }}{{ template "__html_alert" . }}{{ end }}{{ end }}
<p style="color:#666">Sent by {{ template "__alertmanager" . }} <a href="{{ html .ExternalURL }}">{{ html .ExternalURL }}</a></p>
</body></html>
{{ end -}}

{{- define "stdout.default.text" -}}
{{ template "__subject" . }} to {{ .Receiver }}: {{ .NotificationReason }}
{{ range $alert := .Alerts }}  {{ $alert.Status }} {{ $alert.Labels.alertname }}
  {{- with $alert.Annotations.summary }}: {{ . }}{{ end }}
    labels {{ range ($alert.Labels.Remove (stringSlice "alertname")).SortedPairs }}{{ .Name }}={{ .Value }} {{ end }}
    since  {{ $alert.StartsAt }}{{ if ne $alert.Value nil }}, value {{ humanize $alert.Value }}{{ end }}
    {{- template "__condition" $alert }}{{ with $alert.Sparkline }} {{ . }}{{ end }}
{{ end }}
{{- end -}}
)tmpl";

}  // namespace tocsin::notify
