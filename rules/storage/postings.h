// Which series have a label: ascending places in the index.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace tocsin {

/// A list of ascending numbers in 16 bytes, if they are at most two. Most labels that tell series
/// apart have few series each, so that a std::vector would be mostly overhead.
class Postings {
 public:
  Postings() = default;
  Postings(Postings&& other) noexcept { swap(other); }
  Postings& operator=(Postings&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Postings() {
    if (capacity_ > kInline) delete[] heap_;
  }

  std::size_t size() const { return size_; }
  std::span<const std::uint32_t> all() const { return {data(), size_}; }

  void Add(std::uint32_t place) {
    if (size_ == capacity_) Grow();
    data()[size_++] = place;
  }

  /// Replaces each number by `places` of it, and removes it if that is `none`. The order must stay.
  void Renumber(std::span<const std::uint32_t> places, std::uint32_t none) {
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i < size_; ++i) {
      const std::uint32_t place = places[data()[i]];
      if (place != none) data()[kept++] = place;
    }
    size_ = kept;
  }

  /// Beyond sizeof(Postings).
  std::size_t MemoryBytes() const {
    return capacity_ > kInline ? capacity_ * sizeof(std::uint32_t) + 8 : 0;
  }

 private:
  static constexpr std::uint32_t kInline = 2;

  const std::uint32_t* data() const { return capacity_ > kInline ? heap_ : inline_; }
  std::uint32_t* data() { return capacity_ > kInline ? heap_ : inline_; }

  void Grow() {
    const std::uint32_t capacity = std::max<std::uint32_t>(6, capacity_ + capacity_ / 2);
    auto* heap = new std::uint32_t[capacity];
    std::copy_n(data(), size_, heap);
    if (capacity_ > kInline) delete[] heap_;
    heap_ = heap;
    capacity_ = capacity;
  }

  void swap(Postings& other) noexcept {
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    std::swap(heap_, other.heap_);  // Of equal size with inline_.
  }

  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = kInline;
  union {
    std::uint32_t inline_[kInline] = {};
    std::uint32_t* heap_;
  };
};

}  // namespace tocsin
