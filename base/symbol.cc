#include "base/symbol.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

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

  /// Texts by hash. Hashes stand in the table itself, so that neither looking up nor growing
  /// touches other entries, each of which is not in the cache.
  class Table {
   public:
    std::mutex mutex;  ///< For all below.

    std::size_t size() const { return size_; }

    /// Null if there is none.
    Entry* Find(std::string_view text, std::uint64_t text_hash) const {
      if (slots_.empty()) return nullptr;
      for (std::size_t at = text_hash & mask(); slots_[at].entry != nullptr;
           at = (at + 1) & mask()) {
        const Slot& slot = slots_[at];
        if (slot.hash == text_hash && slot.entry->text() == text) return slot.entry;
      }
      return nullptr;
    }

    /// Adds an entry with a text that is not there.
    void Insert(Entry* entry) {
      if ((size_ + 1) * 3 > slots_.size() * 2) Rehash(std::max(kFewestSlots, slots_.size() * 2));
      Put({entry->hash, entry});
      ++size_;
    }

    void Erase(const Entry* entry) {
      std::size_t free = entry->hash & mask();
      while (slots_[free].entry != entry) free = (free + 1) & mask();
      // Who stands behind it moves up, unless that would be before where a search for it begins.
      for (std::size_t at = (free + 1) & mask(); slots_[at].entry != nullptr;
           at = (at + 1) & mask()) {
        const std::size_t from_begin = (at - slots_[at].hash) & mask();
        if (from_begin < ((at - free) & mask())) continue;
        slots_[free] = slots_[at];
        free = at;
      }
      slots_[free] = {};
      --size_;
      if (slots_.size() > kFewestSlots && size_ * 8 < slots_.size()) Rehash(slots_.size() / 2);
    }

   private:
    static constexpr std::size_t kFewestSlots = 16;
    struct Slot {
      std::uint64_t hash = 0;
      Entry* entry = nullptr;  ///< Null: free.
    };

    std::size_t mask() const { return slots_.size() - 1; }

    void Put(Slot slot) {
      std::size_t at = slot.hash & mask();
      while (slots_[at].entry != nullptr) at = (at + 1) & mask();
      slots_[at] = slot;
    }

    void Rehash(std::size_t slots) {
      const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots));
      for (const Slot& slot : old) {
        if (slot.entry != nullptr) Put(slot);
      }
    }

    std::vector<Slot> slots_;  ///< As many as a power of two, a third of them free; or none.
    std::size_t size_ = 0;
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
    if (Entry* const found = table.Find(text, hash); found != nullptr) {
      found->references.fetch_add(1, std::memory_order_relaxed);
      return found;
    }
    Entry* const made = Make(text, hash);
    table.Insert(made);
    return made;
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
    table.Erase(entry);
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
    count += table.size();
  }
  return count;
}

}  // namespace tocsin
