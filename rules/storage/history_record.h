// What encoder and decoder of the history must agree on.

#pragma once

#include <cstdint>

namespace tocsin {

/// Flags at the start of a record.
inline constexpr std::uint64_t kRestartFlag = 1;   ///< Values stand without those before.
inline constexpr std::uint64_t kOwnTimesFlag = 2;  ///< Each sample has a time of its own.

/// A changed value is a control byte and the bytes of its XOR with the value before, without zero
/// bytes at either end. The control byte has how many there are, less one, in its low three bits,
/// and how many zero bytes follow them in the next three.
inline constexpr unsigned kControlBits = 3;
inline constexpr unsigned kControlMask = 7;

}  // namespace tocsin
