#include "exporter/runbooks.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "base/text.h"
#include "exporter/compression.h"
#include "exporter/packed_runbooks.h"

namespace tocsin {
namespace {

constexpr char kSeparator = '\x1e';

struct Shelf {
  Shelf() : all(UnpackZstd(PackedRunbooks())) {
    std::string_view rest = all;
    while (!rest.empty()) {
      rest.remove_prefix(1);  // The separator before it.
      const std::string_view runbook = rest.substr(0, rest.find(kSeparator));
      const std::size_t line = runbook.find('\n');
      runbooks.push_back({runbook.substr(0, line), runbook.substr(line + 1)});
      rest.remove_prefix(runbook.size());
    }
  }

  std::string all;
  std::vector<Runbook> runbooks;
};

}  // namespace

std::string_view Runbook::Title() const {
  constexpr std::string_view kHeading = "# ";
  const std::string_view line = text.substr(0, text.find('\n'));
  return line.starts_with(kHeading) ? line.substr(kHeading.size()) : name;
}

std::span<const Runbook> Runbooks() {
  static const Shelf kShelf;
  return kShelf.runbooks;
}

const Runbook* FindRunbook(std::string_view name) {
  const std::span<const Runbook> all = Runbooks();
  const auto found = std::ranges::lower_bound(all, LowerCase(name), {}, &Runbook::name);
  return found != all.end() && EqualsIgnoringCase(found->name, name) ? &*found : nullptr;
}

const Runbook* RunbookAt(std::string_view url) {
  for (const std::string_view suffix : {"/", ".md", ".html"}) {
    if (url.ends_with(suffix)) url.remove_suffix(suffix.size());
  }
  const std::size_t before = url.find_last_of("/=?#");
  return FindRunbook(before == std::string_view::npos ? url : url.substr(before + 1));
}

}  // namespace tocsin
