#pragma once
// Counted: things in their number, for messages.
//
//   counted(1, "row");                  // "1 row"
//   counted(3, "class", "classes");     // "3 classes"

#include <cstddef>
#include <string>
#include <string_view>

#include "infomtl/core/export.h"

namespace infomtl {

/// @param many  where it is not `one` with an s
INFOMTL_API std::string counted(std::size_t count, std::string_view one, std::string_view many = "");

}  // namespace infomtl
