// What an alert is called outside this process.

#pragma once

#include "base/labels.h"

namespace tocsin::notify {

/// `labels` and those of `external` that it does not have.
Labels WithExternal(const Labels& labels, const Labels& external);

}  // namespace tocsin::notify
