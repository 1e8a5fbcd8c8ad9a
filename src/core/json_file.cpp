#include "infomtl/core/json_file.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/json_text.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/utf8.h"

namespace infomtl {

// nlohmann's messages read "[json.exception.parse_error.101] parse error at line 3, column 5: what".
std::string reason_of(const std::exception& error) {
  std::string text = error.what();
  if (const auto end = text.find("] "); end != std::string::npos) text.erase(0, end + 2);
  return printable(text);  // it may quote half a character
}

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json parse_json(std::string_view text, const std::string& file, std::size_t first_line) {
  try {
    return parse_json_text(text, false);
  } catch (const JsonFault& fault) {
    throw FormatError(file + ":" + line_and_byte(text, fault.offset, first_line) + ": " + fault.what);
  }
}

Json read_json(const std::filesystem::path& file) { return parse_json(read_file(file), file.string()); }

}  // namespace infomtl
