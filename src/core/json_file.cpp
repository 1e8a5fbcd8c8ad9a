#include "infomtl/core/json_file.h"

#include <nlohmann/json.hpp>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"

namespace infomtl {

// nlohmann's messages read "[json.exception.parse_error.101] parse error at line 3, column 5: what".
std::string reason_of(const std::exception& error) {
  std::string text = error.what();
  if (const auto end = text.find("] "); end != std::string::npos) text.erase(0, end + 2);
  return text;
}

Json read_json(const std::filesystem::path& file) {
  try {
    return Json::parse(read_file(file));
  } catch (const Json::exception& error) {
    throw FormatError(file.string() + ": not JSON: " + reason_of(error));
  }
}

}  // namespace infomtl
