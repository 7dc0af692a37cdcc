// The runbooks: a page for each shipped alert that says what to do.

#pragma once

#include <span>
#include <string_view>

namespace tocsin {

/// Text that lives as long as the program.
struct Runbook {
  std::string_view name;  ///< "dagsterqueuestuck", as the file in docs/runbooks.
  std::string_view text;  ///< Markdown. Links are relative to docs/runbooks.

  /// The first heading: the alert, "DagsterQueueStuck".
  std::string_view Title() const;
};

/// All of them, sorted by name. Unpacked when first asked for. Threads: any.
std::span<const Runbook> Runbooks();

/// The runbook of that name, also as its alert is spelled; null if there is none.
const Runbook* FindRunbook(std::string_view name);

/// The runbook that the annotation `runbook_url` of an alert means: the one whose name it ends in,
/// with or without ".md", wherever somebody has put these pages. Null if it is none of ours.
const Runbook* RunbookAt(std::string_view url);

}  // namespace tocsin
