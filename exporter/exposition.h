// Points as text: Prometheus' text format 0.0.4 and OpenMetrics 1.0.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/snapshot.h"
#include "exporter/content_negotiation.h"

namespace tocsin {

/// The sample lines of one family of one snapshot. They are the same in both formats; only what
/// stands above them differs (FamilyHeader). Immutable.
struct RenderedFamily {
  std::shared_ptr<const FamilyShape> shape;
  /// What `text` shows, in FamilyPoints' order.
  std::vector<double> values;
  std::string text;
  /// For each line of `text`, where its value begins and where the line ends, newline included.
  struct Line {
    std::uint32_t value;
    std::uint32_t end;
  };
  std::vector<Line> lines;
};

/// Renders `points`. `previous` is the rendering of the same family's last points, or null: with
/// the same shape, all but the values that differ bit for bit is copied from it, and if nothing
/// differs it is itself the answer.
std::shared_ptr<const RenderedFamily> RenderFamily(
    const FamilyPoints& points, const std::shared_ptr<const RenderedFamily>& previous);

/// The comment lines above a family's samples: HELP and TYPE, or in OpenMetrics TYPE, UNIT and
/// HELP. An empty help, which only other programs' families may have, is left out.
///
/// OpenMetrics names a counter's family without `_total`; a counter that does not end so is written
/// as `unknown`, since OpenMetrics knows no such counter. The unit is taken from the end of
/// the name: _seconds, _bytes, _ratio.
std::string FamilyHeader(ExpositionFormat format, const FamilyShape& shape);

/// Appends a label's value as both formats write it, with its quotes.
void AppendLabelValue(std::string& out, std::string_view value);

/// What a page ends with: "# EOF" in OpenMetrics.
std::string_view PageEnd(ExpositionFormat format);

}  // namespace tocsin
