#include "collectors/kailash/workflow_label.h"

#include <algorithm>

namespace tocsin::collectors::kailash {
namespace {

bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// Whether `text` looks like `pattern`, in which 'x' stands for a hexadecimal digit.
bool LooksLike(std::string_view text, std::string_view pattern) {
  return std::equal(text.begin(), text.end(), pattern.begin(), pattern.end(),
                    [](char c, char p) { return p == 'x' ? IsHex(c) : c == p; });
}

}  // namespace

std::string WorkflowLabel(std::string_view workflow_id) {
  if (workflow_id.empty() || LooksLike(workflow_id, "Workflow-xxxxxxxx") ||
      LooksLike(workflow_id, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")) {
    return std::string(kUnnamedWorkflow);
  }
  return std::string(workflow_id);
}

}  // namespace tocsin::collectors::kailash
