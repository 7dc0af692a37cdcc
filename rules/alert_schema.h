// The tables of the file with the state of alerts, in all their versions.

#pragma once

#include "base/state_file.h"

namespace tocsin {

StateSchema AlertSchema();

}  // namespace tocsin
