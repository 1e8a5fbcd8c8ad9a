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

Json parse_json(std::string_view text) {
  JsonShape shape;
  try {
    return Json::parse(text, [&](int, Json::parse_event_t event, Json& parsed) { return shape(event, parsed); });
  } catch (const JsonShape::Fault& fault) {
    throw FormatError("\"" + fault.pointer + "\" is " + fault.what);
  } catch (const Json::exception& error) {
    throw FormatError("not JSON: " + reason_of(error));
  }
}

Json read_json(const std::filesystem::path& file) {
  const std::string text = read_file(file);  // which names the file itself
  return with_context(file.string(), [&] { return parse_json(text); });
}

}  // namespace infomtl
