// Answers in UTF-8, whatever a database holds.

#pragma once

#include "collectors/sql/connection.h"

namespace tocsin::collectors {

/// The rows with U+FFFD in place of bytes that are not UTF-8: both databases can hold such text,
/// and label values and saved state must not. Mostly nothing is to be done.
SqlRows InUtf8(SqlRows rows);

}  // namespace tocsin::collectors
