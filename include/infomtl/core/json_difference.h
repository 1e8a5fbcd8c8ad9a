#pragma once
// Where two JSON values differ, for messages that refuse to mix two of what should be one.
//
//   first_difference(saved, wanted);          // "/training/epochs"

#include <string>

#include "infomtl/core/export.h"
#include "infomtl/core/json.h"

namespace infomtl {

/// The path of the first value in which they differ, or ""; the order of an object's keys does not count.
INFOMTL_API std::string first_difference(const Json& a, const Json& b, const std::string& path = "");

}  // namespace infomtl
