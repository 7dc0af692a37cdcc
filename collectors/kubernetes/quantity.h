#pragma once

#include <optional>
#include <string_view>

namespace tocsin::collectors::kubernetes {

/// An amount of a resource as Kubernetes writes it: "100m", "2500m", "1Gi", "512Mi", "1e3", "0.5".
/// Nothing if `text` is none.
/// Source: Kubernetes' API reference, "Quantity".
std::optional<double> ParseQuantity(std::string_view text);

}  // namespace tocsin::collectors::kubernetes
