// What PostgreSQL's and libpq's complaints mean to us.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin::collectors {

/// The code of a SQLSTATE. Source: PostgreSQL 15's documentation, appendix A, "PostgreSQL Error
/// Codes".
ErrorCode CodeOfSqlState(std::string_view sql_state);

/// A message in one line: its lines joined with "; ", without libpq's indented advice and the place
/// in the server's source code.
std::string InOneLine(std::string_view message);

/// The error of a connection that could not be made, from what libpq says with PQERRORS_VERBOSE:
/// only then does the text have the SQLSTATE in it ("FATAL:  28P01: password authentication failed
/// ..."). Of several addresses, the first one that gave a SQLSTATE decides. Without one it is
/// kUnavailable.
Error ConnectError(std::string_view message);

}  // namespace tocsin::collectors
