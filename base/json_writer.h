// JSON text, written from front to back.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin {

/// Appends JSON to a string without building a document first. Commas come by themselves; nothing
/// checks that what was begun is ended.
///
///     JsonWriter json(out);
///     json.BeginObject().Key("status").String("success").EndObject();
///
/// Text that is not UTF-8 is written with U+FFFD in place of each bad byte. One thread at a time.
class JsonWriter {
 public:
  /// Appends to `out`, which must stay.
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& BeginObject() { return Begin('{'); }
  JsonWriter& EndObject() { return End('}'); }
  JsonWriter& BeginArray() { return Begin('['); }
  JsonWriter& EndArray() { return End(']'); }
  JsonWriter& Key(std::string_view name);
  JsonWriter& String(std::string_view text);
  JsonWriter& Integer(std::int64_t value);
  JsonWriter& Bool(bool value) { return Raw(value ? "true" : "false"); }
  /// Not finite: null, as JSON has no number for it.
  JsonWriter& Number(double value);
  /// JSON that is ready.
  JsonWriter& Raw(std::string_view json);

 private:
  JsonWriter& Begin(char bracket);
  JsonWriter& End(char bracket);
  void Separate() {
    if (!first_ && !after_key_) out_ += ',';
    first_ = false;
    after_key_ = false;
  }

  std::string& out_;
  bool first_ = true;  ///< Whether the next value is the first of its array or object.
  bool after_key_ = false;
};

/// Appends `text` as a JSON string, quotes included.
void AppendJsonString(std::string& out, std::string_view text);

}  // namespace tocsin
