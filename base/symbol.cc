#include "base/symbol.h"

#include <array>
#include <atomic>
#include <cstring>
#include <mutex>
#include <new>
#include <unordered_set>
#include <utility>

namespace tocsin {
namespace {

/// The same for the same bytes in every process, unlike std::hash.
std::uint64_t HashText(std::string_view text) {
  std::uint64_t hash = 0x9e3779b97f4a7c15 ^ text.size();
  while (text.size() >= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), sizeof word);
    hash = MixHash(hash ^ word);
    text.remove_prefix(sizeof word);
  }
  std::uint64_t rest = 0;
  std::memcpy(&rest, text.data(), text.size());
  return MixHash(hash ^ rest);
}

}  // namespace

std::uint64_t MixHash(std::uint64_t hash) {
  hash ^= hash >> 32;
  hash *= 0xe9846af9b1a615d5;
  hash ^= hash >> 32;
  hash *= 0xe9846af9b1a615d5;
  return hash ^ (hash >> 28);
}

/// A text in one piece of memory: this, then the bytes.
struct Symbol::Entry {
  std::atomic<std::uint32_t> references;
  std::uint32_t size;
  std::uint64_t hash;

  const char* data() const { return reinterpret_cast<const char*>(this + 1); }
  std::string_view text() const { return {data(), size}; }

  struct Hash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the library's name.
    std::size_t operator()(const Entry* entry) const { return entry->hash; }
    std::size_t operator()(const std::pair<std::string_view, std::uint64_t>& key) const {
      return key.second;
    }
  };
  struct Equal {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the library's name.
    bool operator()(const Entry* a, const Entry* b) const { return a == b; }
    bool operator()(const std::pair<std::string_view, std::uint64_t>& a, const Entry* b) const {
      return a.second == b->hash && a.first == b->text();
    }
    bool operator()(const Entry* a, const std::pair<std::string_view, std::uint64_t>& b) const {
      return (*this)(b, a);
    }
  };

  /// The texts that there are, in parts with a lock each, so that threads rarely meet.
  struct Table {
    std::mutex mutex;
    std::unordered_set<Entry*, Hash, Equal> entries;
  };
  static constexpr std::size_t kTables = 16;
  /// Never destroyed: symbols may live in objects that outlive main().
  static std::array<Table, kTables>& tables() {
    static auto* const kAll = new std::array<Table, kTables>;
    return *kAll;
  }
  static Table& TableOf(std::uint64_t hash) { return tables()[hash >> 60]; }

  static Entry* Make(std::string_view text, std::uint64_t hash) {
    void* const memory = ::operator new(sizeof(Entry) + text.size());
    auto* const made = new (memory) Entry{{1}, static_cast<std::uint32_t>(text.size()), hash};
    if (!text.empty()) std::memcpy(static_cast<void*>(made + 1), text.data(), text.size());
    return made;
  }

  static Entry* Intern(std::string_view text) {
    const std::uint64_t hash = HashText(text);
    Table& table = TableOf(hash);
    const std::lock_guard lock(table.mutex);
    const auto found = table.entries.find(std::pair(text, hash));
    if (found != table.entries.end()) {
      (*found)->references.fetch_add(1, std::memory_order_relaxed);
      return *found;
    }
    return *table.entries.insert(Make(text, hash)).first;
  }

  static void Release(Entry* entry) {
    // The last reference is given up under the table's lock only: Intern() may be handing out
    // another one at this moment.
    std::uint32_t references = entry->references.load(std::memory_order_relaxed);
    while (references > 1) {
      if (entry->references.compare_exchange_weak(
              references, references - 1, std::memory_order_release, std::memory_order_relaxed)) {
        return;
      }
    }
    Table& table = TableOf(entry->hash);
    const std::lock_guard lock(table.mutex);
    if (entry->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    table.entries.erase(entry);
    entry->~Entry();
    ::operator delete(entry);
  }
};

Symbol::Symbol() : entry_(nullptr) {}

Symbol::Symbol(std::string_view text) : entry_(text.empty() ? nullptr : Entry::Intern(text)) {}

Symbol::Symbol(const Symbol& other) : entry_(other.entry_) {
  if (entry_ != nullptr) entry_->references.fetch_add(1, std::memory_order_relaxed);
}

Symbol::Symbol(Symbol&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}

Symbol& Symbol::operator=(Symbol other) noexcept {
  std::swap(entry_, other.entry_);
  return *this;
}

Symbol::~Symbol() {
  if (entry_ != nullptr) Entry::Release(entry_);
}

std::string_view Symbol::text() const {
  return entry_ == nullptr ? std::string_view() : entry_->text();
}

std::uint64_t Symbol::hash() const {
  return entry_ == nullptr ? 0 : entry_->hash;
}

std::size_t Symbol::Count() {
  std::size_t count = 0;
  for (Entry::Table& table : Entry::tables()) {
    const std::lock_guard lock(table.mutex);
    count += table.entries.size();
  }
  return count;
}

}  // namespace tocsin
