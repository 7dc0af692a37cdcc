// What only Dagster's GraphQL API knows: the question, and how to read the answer. No I/O.

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "base/result.h"

namespace tocsin::collectors::dagster {

/// A schedule or a sensor that the code of a location defines.
struct DefinedInstigator {
  bool is_schedule = false;
  std::string name;
  std::string location;
  std::string status;       ///< RUNNING or STOPPED.
  bool has_ticked = false;  ///< Whether an evaluation of it is on record.
};

/// The three topics of one answer, each good or bad by itself.
struct GraphqlFacts {
  Result<std::map<std::string, bool>> required;     ///< Whether Dagster needs a daemon, by type.
  Result<std::map<std::string, bool>> load_failed;  ///< By code location, once loading has ended.
  Result<std::vector<DefinedInstigator>> instigators;
};

/// The body of the request that asks for all of them.
std::string_view GraphqlRequest();

/// Reads an answer. A topic that an error is about, or that is not as expected, has failed, and is
/// not taken for an empty one. Messages hold nothing of the answer.
GraphqlFacts ParseGraphql(const boost::json::object& answer);

}  // namespace tocsin::collectors::dagster
