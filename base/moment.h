// One moment on two clocks.

#pragma once

#include "base/clock.h"

namespace tocsin {

/// When something is: to write down, and to wait by.
struct Moment {
  TimePoint wall;
  SteadyPoint steady;
};

/// Now. Reads both clocks anew if the thread was held up between them: the time it lost would look
/// like a jump of one of them.
Moment MomentOf(const Clock& clock);

}  // namespace tocsin
