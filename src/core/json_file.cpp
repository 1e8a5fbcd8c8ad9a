#include "infomtl/core/json_file.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/json_shape.h"
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

namespace {

template <class Value>
Value parse_watched(std::string_view text, JsonShape& shape) {
  return Value::parse(text,
                      [&](int, typename Value::parse_event_t event, Value& parsed) { return shape(event, parsed); });
}

std::string shown(const std::string& pointer) {
  constexpr std::size_t kLongest = 200;
  return shortened_to(printable(pointer), kLongest);
}

template <class Value>
Value parse_named(std::string_view text, const std::string& name) {
  JsonShape shape;
  try {
    return parse_watched<Value>(text, shape);
  } catch (const JsonShape::Fault& fault) {
    throw FormatError(name + "#" + shown(fault.pointer) + ": " + fault.what);
  } catch (const typename Value::parse_error& error) {
    throw FormatError(name + ": not JSON: " + reason_of(error));
  } catch (const typename Value::exception& error) {  // a number that no double holds has no place in the text
    throw FormatError(name + "#" + shown(shape.pointer()) + ": not JSON: " + reason_of(error));
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

Json parse_json(std::string_view text) {
  JsonShape shape;
  try {
    return parse_watched<Json>(text, shape);
  } catch (const JsonShape::Fault& fault) {
    throw FormatError("\"" + fault.pointer + "\" is " + fault.what);
  } catch (const Json::exception& error) {
    throw FormatError("not JSON: " + reason_of(error));
  }
}

nlohmann::json parse_json_by_tree(std::string_view text, const std::string& name) {
  return parse_named<nlohmann::json>(text, name);
}

Json read_json(const std::filesystem::path& file) { return parse_named<Json>(read_file(file), file.string()); }

std::string described(const Json& value) { return describe(value); }
std::string described(const nlohmann::json& value) { return describe(value); }

}  // namespace infomtl
