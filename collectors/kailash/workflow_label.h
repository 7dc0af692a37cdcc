#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace tocsin::collectors::kailash {

/// What stands for workflows beyond a limit, and for those without a name of their own. The second
/// is Kailash's word.
inline constexpr std::string_view kOtherWorkflows = "__other__";
inline constexpr std::string_view kUnnamedWorkflow = "unnamed_workflow";

/// The label of a workflow: its id, unless that is empty or made anew for each build (a UUID, or
/// "Workflow-" and eight hexadecimal digits), of which there would be no end.
std::string WorkflowLabel(std::string_view workflow_id);

/// What was counted for each workflow, of which only so many have an entry of their own: those
/// beyond the first `most` share one. One thread at a time.
template <class Entry>
class WorkflowTable {
 public:
  explicit WorkflowTable(std::size_t most) : most_(most) {}

  Entry& Of(const std::string& label) {
    const std::string others(kOtherWorkflows);
    const bool fits = entries_.contains(label) || entries_.size() - entries_.count(others) < most_;
    return entries_[fits ? label : others];
  }
  const std::map<std::string, Entry>& entries() const { return entries_; }
  /// Empties the entries. Which workflows have one of their own stays.
  void EmptyEntries() {
    for (auto& [label, entry] : entries_) entry = Entry();
  }

 private:
  std::size_t most_;
  std::map<std::string, Entry> entries_;
};

}  // namespace tocsin::collectors::kailash
