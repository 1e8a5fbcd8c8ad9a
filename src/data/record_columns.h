#pragma once
// What a task record says of the columns of a table.

#include <string>

#include "infomtl/core/config.h"

namespace infomtl::data {

/// A column by name or by 0-based number.
std::string column_of(const Config& value);

/// "0" in quotes may be meant as a name; a header line that the record speaks of settles it. @throws ConfigError
void refuse_quoted_numbers(const Config& columns);

}  // namespace infomtl::data
