#include "notify/alert_links.h"

#include <algorithm>

#include "base/template/builtins.h"
#include "base/template/humanize.h"
#include "notify/received_alert.h"

namespace tocsin::notify {

std::string AlertUrl(std::string_view external_url, const NotifiedAlert& alert) {
  if (external_url.empty()) return {};
  return std::string(external_url) + "/alerts/" + FingerprintText(alert.fingerprint);
}

std::string SilenceUrl(std::string_view external_url, const NotifiedAlert& alert) {
  if (external_url.empty()) return {};
  return std::string(external_url) +
         "/silences/new?filter=" + text_template::QueryEscaped(alert.labels.ToString());
}

std::string RunbookUrl(const NotifiedAlert& alert) {
  const std::string_view url = AnnotationOf(alert, "runbook_url");
  const bool is_link = url.starts_with("http://") || url.starts_with("https://");
  return std::string(is_link ? url : std::string_view());
}

std::string_view AnnotationOf(const NotifiedAlert& alert, std::string_view name) {
  const auto found =
      std::find_if(alert.annotations.begin(), alert.annotations.end(),
                   [name](const auto& annotation) { return annotation.first == name; });
  return found == alert.annotations.end() ? std::string_view() : std::string_view(found->second);
}

std::string ValueText(const NotifiedAlert& alert) {
  return alert.value ? text_template::Humanize(*alert.value) : std::string();
}

}  // namespace tocsin::notify
