#include "collectors/breaker.h"

#include <cassert>

namespace tocsin::collectors {

SteadyPoint Breaker::NextAttempt(SteadyPoint start, Duration interval, SteadyPoint now,
                                 double random) const {
  assert(interval > Duration::zero() && now >= start && random >= 0 && random < 1);
  if (!open()) return start + ((now - start) / interval + 1) * interval;
  const auto half = interval / 2;
  const double spread = static_cast<double>((interval - half).count()) * random;
  return now + half + Duration(static_cast<Duration::rep>(spread));
}

}  // namespace tocsin::collectors
