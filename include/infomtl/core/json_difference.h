#pragma once
// Where two JSON values differ, for messages that refuse to mix two of what should be one.
//
//   first_difference(saved, wanted);          // "/training/epochs"

#include <optional>
#include <string>

#include "infomtl/core/export.h"
#include "infomtl/core/json.h"

namespace infomtl {

/// The first value in which two JSON values differ.
struct JsonDifference {
  std::string path;           ///< "/training/epochs"; "/" of the whole
  std::string first, second;  ///< as JSON text, of a long one its beginning; "nothing" where a value has none
};
INFOMTL_API std::optional<JsonDifference> find_difference(const Json& a, const Json& b);

/// The path of the first value in which they differ, or ""; the order of an object's keys does not count.
INFOMTL_API std::string first_difference(const Json& a, const Json& b);

}  // namespace infomtl
