#include "infomtl/core/json_file.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/json_text.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/utf8.h"

namespace infomtl {
namespace {

template <class Value>
Value parse_of_file(std::string_view text, const std::string& file, std::size_t first_line) {
  try {
    return parse_json_text<Value>(text, false);
  } catch (const JsonFault& fault) {
    throw FormatError(file + ":" + line_and_byte(text, fault.offset, first_line) + ": " + fault.what);
  }
}

template <class Value>
std::string describe(const Value& value) {
  constexpr std::size_t kLongest = 40;
  switch (value.type()) {
    case Value::value_t::null:
      return "null";
    case Value::value_t::object:
      return "an object";
    case Value::value_t::array:
      return "an array";
    case Value::value_t::boolean:
      return value.template get<bool>() ? "true" : "false";
    case Value::value_t::string: {
      const std::string text = value.dump(-1, ' ', false, Value::error_handler_t::replace);
      return "the string \"" + shortened_to(text.substr(1, text.size() - 2), kLongest) + "\"";
    }
    default:
      return "the number " + value.dump();
  }
}

}  // namespace

// nlohmann's messages read "[json.exception.parse_error.101] parse error at line 3, column 5: what".
std::string reason_of(const std::exception& error) {
  std::string text = error.what();
  if (const auto end = text.find("] "); end != std::string::npos) text.erase(0, end + 2);
  // "cannot use at() with null"
  constexpr std::string_view kWith = " with ";
  if (const auto with = text.find(kWith); text.starts_with("cannot use ") && with != std::string::npos) {
    text = "found " + text.substr(with + kWith.size()) + " in place of an object or list";
  }
  return printable(text);  // it may quote half a character
}

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

std::string described(const Json& value) { return describe(value); }
std::string described(const nlohmann::json& value) { return describe(value); }

Json parse_json(std::string_view text, const std::string& file, std::size_t first_line) {
  return parse_of_file<Json>(text, file, first_line);
}

nlohmann::json parse_json_by_tree(std::string_view text, const std::string& file) {
  return parse_of_file<nlohmann::json>(text, file, 1);
}

Json read_json(const std::filesystem::path& file) { return parse_json(read_regular_file(file), file.string()); }

}  // namespace infomtl
