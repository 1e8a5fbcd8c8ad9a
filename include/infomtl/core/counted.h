#pragma once
// Counted: things in their number, and lists of them, for messages.
//
//   counted(1, "row");                  // "1 row"
//   counted(3, "class", "classes");     // "3 classes"
//   named({"a", "b"}, "task");          // tasks "a", "b"
//   joined({"a", "b"});                 // a, b

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "infomtl/core/export.h"

namespace infomtl {

/// @param many  where it is not `one` with an s
INFOMTL_API std::string counted(std::size_t count, std::string_view one, std::string_view many = "");
/// Things by their names, `one` with an s where they are several.
INFOMTL_API std::string named(const std::vector<std::string>& names, std::string_view one);
/// The parts one after the other; "" of none.
INFOMTL_API std::string joined(const std::vector<std::string>& parts, std::string_view between = ", ");

}  // namespace infomtl
