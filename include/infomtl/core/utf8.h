#pragma once
// UTF-8: what every text that comes in must be.
//
//   if (std::size_t bad = find_invalid_utf8(text); bad != std::string_view::npos) throw DataError("...");

#include <cstddef>
#include <string_view>

#include "infomtl/core/export.h"

namespace infomtl {

/// Byte offset of the first byte that is not part of well-formed UTF-8, or std::string_view::npos.
INFOMTL_API std::size_t find_invalid_utf8(std::string_view text);

}  // namespace infomtl
