// The tables of the file with the notifier's state, in all their versions.

#pragma once

#include "base/state_file.h"

namespace tocsin::notify {

StateSchema NotifySchema();

}  // namespace tocsin::notify
