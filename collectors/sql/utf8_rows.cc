#include "collectors/sql/utf8_rows.h"

#include "base/utf8.h"

namespace tocsin::collectors {
namespace {

bool IsAllUtf8(const SqlRows& rows) {
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t column = 0; column < rows.columns(); ++column) {
      if (!IsUtf8(rows.Text(row, column))) return false;
    }
  }
  return true;
}

}  // namespace

SqlRows InUtf8(SqlRows rows) {
  if (IsAllUtf8(rows)) return rows;
  SqlRows out = rows.names().empty() ? SqlRows(rows.columns()) : SqlRows(rows.names());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t column = 0; column < rows.columns(); ++column) {
      const SqlRows::Cell& cell = rows.At(row, column);
      out.Append(cell ? SqlRows::Cell(ToUtf8(*cell)) : std::nullopt);
    }
  }
  return out;
}

}  // namespace tocsin::collectors
