// The numbers at which alerts ring, read from their expressions.

#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "exporter/generate/catalogue.h"
#include "rules/rule_file.h"

namespace tocsin::generate {

/// On which side of a number a value is bad.
enum class Bad { kAbove, kBelow, kEqual };

struct AlertThreshold {
  double number = 0;
  Bad bad = Bad::kAbove;
  bool strict = false;  ///< `>`, `<`, `!=`: the number itself is good.
};

/// What an alert compares with: the number beside the comparison that gives the alert its value,
/// which is the outermost one left of `and` and `unless`. With `metric`, the one comparison with a
/// number whose other side reads that metric, wherever it is. Fails with kInvalidInput if there is
/// none, or more than one.
Result<AlertThreshold> ThresholdOf(std::string_view expr, std::string_view metric);

struct CataloguedAlert {
  Rule rule;
  std::string pack;       ///< "dagster".
  bool optional = false;  ///< The pack is off by default.

  std::string_view Severity() const;
  std::string_view Annotation(std::string_view name) const;
};

/// The alerts of rule packs. Immutable.
class AlertCatalogue {
 public:
  /// Fails with kInvalidInput and every mistake of every pack.
  static Result<AlertCatalogue> Read(std::span<const EmbeddedFile> packs);

  /// Null if there is none of that name.
  const CataloguedAlert* Find(std::string_view name) const;
  /// "did you mean": the name nearest to `name`, or empty.
  std::string_view Nearest(std::string_view name) const;
  /// The names of the alerts of a pack, and of the optional ones on the same system, sorted.
  std::vector<std::string_view> NamesOf(std::string_view pack) const;

 private:
  std::map<std::string, CataloguedAlert, std::less<>> alerts_;
};

}  // namespace tocsin::generate
