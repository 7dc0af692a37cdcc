#include "base/labels.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <new>

#include "base/metric.h"
#include "base/quote.h"
#include "base/utf8.h"

namespace tocsin {
namespace {

bool NameLess(const Label& a, const Label& b) {
  return a.name != b.name && a.name.text() < b.name.text();
}

/// Whether the name may be written without quotes.
bool IsPlainLabelName(std::string_view name) {
  return IsMetricName(name) && name.find(':') == std::string_view::npos;
}

}  // namespace

/// A label set in one piece of memory: this, then the labels.
struct Labels::Block {
  std::atomic<std::uint32_t> references;
  std::uint32_t size;
  std::uint64_t hash;

  Label* labels() { return reinterpret_cast<Label*>(this + 1); }
  std::span<Label> all() { return {labels(), size}; }

  static void Release(Block* block) {
    if (block->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    std::destroy_n(block->labels(), block->size);
    block->~Block();
    ::operator delete(block);
  }
};

Labels::Labels(std::initializer_list<std::pair<std::string_view, std::string_view>> labels) {
  LabelsBuilder builder;
  for (const auto& [name, value] : labels) builder.Set(name, value);
  *this = builder.Build();
}

Labels::Labels(const Labels& other) : block_(other.block_) {
  if (block_ != nullptr) block_->references.fetch_add(1, std::memory_order_relaxed);
}

Labels::Labels(Labels&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}

Labels& Labels::operator=(Labels other) noexcept {
  std::swap(block_, other.block_);
  return *this;
}

Labels::~Labels() {
  if (block_ != nullptr) Block::Release(block_);
}

Labels Labels::FromSorted(std::vector<Label>& labels) {
  if (labels.empty()) return {};
  void* const memory = ::operator new(sizeof(Block) + labels.size() * sizeof(Label));
  std::uint64_t hash = labels.size();
  for (const Label& label : labels) {
    hash = MixHash(hash ^ label.name.hash());
    hash = MixHash(hash ^ label.value.hash());
  }
  auto* const block = new (memory) Block{{1}, static_cast<std::uint32_t>(labels.size()), hash};
  std::uninitialized_move(labels.begin(), labels.end(), block->labels());
  labels.clear();
  return Labels(block);
}

std::span<const Label> Labels::all() const {
  return block_ == nullptr ? std::span<const Label>() : block_->all();
}

std::size_t Labels::size() const {
  return block_ == nullptr ? 0 : block_->size;
}

std::string_view Labels::Get(std::string_view name) const {
  for (const Label& label : all()) {
    if (label.name.text() == name) return label.value.text();
  }
  return {};
}

Symbol Labels::Get(const Symbol& name) const {
  for (const Label& label : all()) {
    if (label.name == name) return label.value;
  }
  return {};
}

std::uint64_t Labels::hash() const {
  return block_ == nullptr ? 0 : block_->hash;
}

bool operator==(const Labels& a, const Labels& b) {
  if (a.block_ == b.block_) return true;
  if (a.size() != b.size() || a.hash() != b.hash()) return false;
  return std::equal(a.begin(), a.end(), b.begin(), [](const Label& x, const Label& y) {
    return x.name == y.name && x.value == y.value;
  });
}

std::strong_ordering operator<=>(const Labels& a, const Labels& b) {
  if (a.block_ == b.block_) return std::strong_ordering::equal;
  return std::lexicographical_compare_three_way(
      a.begin(), a.end(), b.begin(), b.end(), [](const Label& x, const Label& y) {
        const std::strong_ordering by_name = x.name <=> y.name;
        return std::is_neq(by_name) ? by_name : x.value <=> y.value;
      });
}

Labels Labels::WithoutName() const {
  static const Symbol kName{kMetricNameLabel};
  const auto labels = all();
  const auto found = std::find_if(labels.begin(), labels.end(),
                                  [](const Label& label) { return label.name == kName; });
  if (found == labels.end()) return *this;
  std::vector<Label> rest;
  rest.reserve(labels.size() - 1);
  for (const Label& label : labels) {
    if (&label != &*found) rest.push_back(label);
  }
  return FromSorted(rest);
}

std::string Labels::ToString() const {
  const std::string_view name = metric_name();
  const bool name_in_front = IsMetricName(name);
  std::string text(name_in_front ? name : std::string_view());
  if (name_in_front && size() == 1) return text;
  std::string_view separator = "{";
  if (!name.empty() && !name_in_front) {
    text += separator;
    AppendQuoted(text, name);
    separator = ", ";
  }
  for (const Label& label : all()) {
    if (label.name.text() == kMetricNameLabel) continue;
    text += separator;
    if (IsPlainLabelName(label.name.text())) {
      text += label.name.text();
    } else {
      AppendQuoted(text, label.name.text());
    }
    text += '=';
    AppendQuoted(text, label.value.text());
    separator = ", ";
  }
  if (separator == "{") text += separator;
  return text += '}';
}

std::size_t Labels::MemoryBytes() const {
  return block_ == nullptr ? 0 : sizeof(Block) + size() * sizeof(Label);
}

LabelsBuilder::LabelsBuilder(const Labels& base) {
  constexpr std::size_t kMore = 2;  // Something is mostly added: room for it.
  labels_.reserve(base.size() + kMore);
  labels_.assign(base.begin(), base.end());
}

LabelsBuilder& LabelsBuilder::Set(std::string_view name, std::string_view value) {
  return Set(Symbol(name), Symbol(value));
}

LabelsBuilder& LabelsBuilder::Set(Symbol name, Symbol value) {
  Label label{std::move(name), std::move(value)};
  // Labels mostly come in order.
  if (labels_.empty() || NameLess(labels_.back(), label)) {
    if (label.value != Symbol()) labels_.push_back(std::move(label));
    return *this;
  }
  const auto place = std::lower_bound(labels_.begin(), labels_.end(), label, NameLess);
  const bool known = place != labels_.end() && place->name == label.name;
  if (label.value == Symbol()) {
    if (known) labels_.erase(place);
  } else if (known) {
    place->value = std::move(label.value);
  } else {
    labels_.insert(place, std::move(label));
  }
  return *this;
}

LabelsBuilder& LabelsBuilder::Remove(std::string_view name) {
  std::erase_if(labels_, [&](const Label& label) { return label.name.text() == name; });
  return *this;
}

LabelsBuilder& LabelsBuilder::Keep(std::span<const Symbol> names) {
  std::erase_if(labels_, [&](const Label& label) {
    return std::find(names.begin(), names.end(), label.name) == names.end();
  });
  return *this;
}

LabelsBuilder& LabelsBuilder::Remove(std::span<const Symbol> names) {
  std::erase_if(labels_, [&](const Label& label) {
    return std::find(names.begin(), names.end(), label.name) != names.end();
  });
  return *this;
}

std::string_view LabelsBuilder::Get(std::string_view name) const {
  for (const Label& label : labels_) {
    if (label.name.text() == name) return label.value.text();
  }
  return {};
}

Labels LabelsBuilder::Build() {
  return Labels::FromSorted(labels_);
}

bool IsUtf8Name(std::string_view name) {
  return !name.empty() && IsUtf8(name);
}

}  // namespace tocsin
