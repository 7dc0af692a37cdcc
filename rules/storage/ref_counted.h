// Counted objects without the weight of std::shared_ptr: the count lives in the object.

#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace tocsin {

/// Base of an object that RefPtr counts. T says how it ends: `static void Destroy(const T*)`.
template <class T>
class RefCounted {
 public:
  void AddRef() const { refs_.fetch_add(1, std::memory_order_relaxed); }
  void Release() const {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) T::Destroy(static_cast<const T*>(this));
  }
  /// Whether the caller's reference is the only one.
  bool Unshared() const { return refs_.load(std::memory_order_acquire) == 1; }

 protected:
  RefCounted() = default;
  ~RefCounted() = default;

 private:
  mutable std::atomic<std::uint32_t> refs_ = 1;
};

/// Holds one count of a RefCounted object, or nothing. Copies are safe to use from several threads.
template <class T>
class RefPtr {
 public:
  RefPtr() = default;
  /// Adds a count of its own.
  explicit RefPtr(T* object) : object_(object) {
    if (object_ != nullptr) object_->AddRef();
  }
  /// Takes the count that a new object is born with.
  static RefPtr Adopt(T* object) {
    RefPtr pointer;
    pointer.object_ = object;
    return pointer;
  }
  template <class U>
  RefPtr(const RefPtr<U>& other) : RefPtr(other.get()) {}  // To const.
  RefPtr(const RefPtr& other) : RefPtr(other.object_) {}
  RefPtr(RefPtr&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  RefPtr& operator=(RefPtr other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~RefPtr() {
    if (object_ != nullptr) object_->Release();
  }

  T* get() const { return object_; }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }
  friend bool operator==(const RefPtr& a, const RefPtr& b) { return a.object_ == b.object_; }

 private:
  T* object_ = nullptr;
};

}  // namespace tocsin
