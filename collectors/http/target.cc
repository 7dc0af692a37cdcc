#include "collectors/http/target.h"

#include "base/http_options.h"

namespace tocsin::collectors {

HttpSettings ReadHttpClientSettings(YamlMap& map) {
  const bool says_redirects = map.Has("follow_redirects");
  HttpSettings settings = ReadHttpSettings(map);
  if (!says_redirects) settings.follow_redirects = false;
  settings.max_answer_bytes = kMostPageBytes;
  settings.user_agent = "tocsin";
  return settings;
}

HttpTarget ReadHttpTarget(YamlMap& map) {
  return {ReadHttpUrl(map, "url"), ReadHttpClientSettings(map)};
}

}  // namespace tocsin::collectors
