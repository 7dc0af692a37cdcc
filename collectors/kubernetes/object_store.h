#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include <boost/json/value.hpp>

#include "base/result.h"

namespace tocsin::collectors::kubernetes {

/// The objects of one resource, as list and watch tell of them. One thread at a time.
class ObjectStore {
 public:
  ObjectStore() = default;
  virtual ~ObjectStore() = default;
  ObjectStore(const ObjectStore&) = delete;
  ObjectStore& operator=(const ObjectStore&) = delete;

  /// Takes in a new object, or one in place of what was known of it. Fails with kCorrupt if it has
  /// no name, and with kTooLarge if there are too many.
  virtual Status Put(const boost::json::value& object) = 0;
  virtual void Remove(const boost::json::value& object) = 0;
  virtual void Clear() = 0;

  virtual std::size_t size() const = 0;
};

/// "namespace/name", or "name" if it is in none. "" if it has no name.
std::string KeyOf(const boost::json::value& object);

/// Keeps what `keep` makes of each object, which is all that its memory holds of it.
template <class Kept>
class KeptObjects final : public ObjectStore {
 public:
  using Keep = std::function<Kept(const boost::json::value&)>;

  KeptObjects(std::size_t most, Keep keep) : most_(most), keep_(std::move(keep)) {}

  Status Put(const boost::json::value& object) override {
    const std::string key = KeyOf(object);
    if (key.empty()) return Error{ErrorCode::kCorrupt, "an object has no name"};
    const auto [at, is_new] = entries_.try_emplace(key);
    if (is_new && entries_.size() > most_) {
      entries_.erase(at);
      return Error{ErrorCode::kTooLarge, "more than " + std::to_string(most_) + " objects"};
    }
    at->second = keep_(object);
    ++changes_;
    return {};
  }

  void Remove(const boost::json::value& object) override {
    changes_ += entries_.erase(KeyOf(object));
  }

  void Clear() override {
    changes_ += entries_.size();
    entries_.clear();
  }

  std::size_t size() const override { return entries_.size(); }

  /// What was kept of the object called `key`, or null.
  const Kept* Find(const std::string& key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : &found->second;
  }

  /// Calls `use` with each, in the order of their keys.
  template <class Use>
  void ForEach(const Use& use) const {
    for (const auto& [key, kept] : entries_) use(kept);
  }

  /// Becomes a higher number whenever something may have changed.
  std::uint64_t changes() const { return changes_; }

 private:
  const std::size_t most_;
  const Keep keep_;
  std::map<std::string, Kept> entries_;
  std::uint64_t changes_ = 0;
};

}  // namespace tocsin::collectors::kubernetes
