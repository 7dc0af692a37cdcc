#include "rules/series_writer.h"

#include <cassert>

namespace tocsin {

SeriesWriter::Handle SeriesWriter::Add(const Labels& labels, double value) {
  const MutexLock lock(mutex_);
  Contents& c = contents_;
  const auto [found, is_new] = c.by_labels.try_emplace(labels, kNone);
  if (!is_new) {
    const std::uint32_t column = c.columns[found->second];
    // Of two that share a series the first one's value counts.
    if (c.uses[column]++ == 0) c.values[column] = value;
    return found->second;
  }
  Handle handle = static_cast<Handle>(c.columns.size());
  if (c.free_handles.empty()) {
    c.columns.push_back(0);
  } else {
    handle = c.free_handles.back();
    c.free_handles.pop_back();
  }
  found->second = handle;
  c.columns[handle] = static_cast<std::uint32_t>(c.labels.size());
  c.labels.push_back(labels);
  c.refs.emplace_back();
  c.values.push_back(value);
  c.uses.push_back(1);
  c.handles.push_back(handle);
  return handle;
}

void SeriesWriter::Reserve(std::size_t more) {
  const MutexLock lock(mutex_);
  Contents& c = contents_;
  const std::size_t size = c.labels.size() + more;
  c.labels.reserve(size);
  c.refs.reserve(size);
  c.values.reserve(size);
  c.uses.reserve(size);
  c.handles.reserve(size);
  c.columns.reserve(size);
  c.by_labels.reserve(size);
}

void SeriesWriter::Release(Handle handle) {
  const MutexLock lock(mutex_);
  std::uint32_t& uses = contents_.uses[contents_.columns[handle]];
  assert(uses > 0);
  if (--uses == 0) contents_.leaving.push_back(handle);
}

void SeriesWriter::ReleaseAll() {
  const MutexLock lock(mutex_);
  Contents& c = contents_;
  c.leaving = c.handles;
  c.uses.assign(c.uses.size(), 0);
}

void SeriesWriter::Set(Handle handle, double value) {
  const MutexLock lock(mutex_);
  contents_.values[contents_.columns[handle]] = value;
}

void SeriesWriter::Set(std::span<const Handle> handles, std::span<const double> values) {
  const MutexLock lock(mutex_);
  for (std::size_t i = 0; i < handles.size(); ++i) {
    if (handles[i] != kNone) contents_.values[contents_.columns[handles[i]]] = values[i];
  }
}

SeriesWriter::Outcome SeriesWriter::Write(SampleStore& store, Millis t) {
  const MutexLock lock(mutex_);
  Contents& c = contents_;
  c.is_written = true;
  for (const Handle handle : c.leaving) {
    const std::uint32_t column = c.columns[handle];
    if (c.uses[column] == 0) c.values[column] = kStaleNan;
  }
  Outcome outcome;
  if (!c.labels.empty()) outcome.counts = store.Append(c.labels, c.refs, t, c.values);
  for (const Handle handle : c.leaving) {
    const std::uint32_t column = c.columns[handle];
    // A handle may have left twice; the first time has removed it.
    const bool is_there = column < c.handles.size() && c.handles[column] == handle;
    if (is_there && c.uses[column] == 0) RemoveColumn(column);
  }
  c.leaving.clear();
  outcome.series = c.labels.size();
  return outcome;
}

void SeriesWriter::RemoveColumn(std::uint32_t column) {
  Contents& c = contents_;
  const Handle handle = c.handles[column];
  c.by_labels.erase(c.labels[column]);
  c.free_handles.push_back(handle);
  const std::uint32_t last = static_cast<std::uint32_t>(c.labels.size() - 1);
  if (column != last) {
    c.labels[column] = std::move(c.labels[last]);
    c.refs[column] = std::move(c.refs[last]);
    c.values[column] = c.values[last];
    c.uses[column] = c.uses[last];
    c.handles[column] = c.handles[last];
    c.columns[c.handles[column]] = column;
  }
  c.labels.pop_back();
  c.refs.pop_back();
  c.values.pop_back();
  c.uses.pop_back();
  c.handles.pop_back();
}

void SeriesWriter::Skip() {
  const MutexLock lock(mutex_);
  contents_.is_written = false;
}

std::vector<std::pair<Labels, double>> SeriesWriter::Written() const {
  const MutexLock lock(mutex_);
  std::vector<std::pair<Labels, double>> written;
  if (!contents_.is_written) return written;
  written.reserve(contents_.labels.size());
  for (std::size_t i = 0; i < contents_.labels.size(); ++i) {
    written.emplace_back(contents_.labels[i], contents_.values[i]);
  }
  return written;
}

void SeriesWriter::TakeOver(SeriesWriter& old) {
  Contents taken;
  {
    const MutexLock lock(old.mutex_);
    std::swap(taken, old.contents_);
  }
  const MutexLock lock(mutex_);
  assert(contents_.labels.empty());
  contents_ = std::move(taken);
}

}  // namespace tocsin
