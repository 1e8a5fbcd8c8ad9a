#pragma once
// What a task record says of a table's columns, and how the table is written.

#include <string>

#include "data/task_record.h"

namespace infomtl::data {

/// A column by name or by 0-based number.
std::string column_of(const Config& value);

/// "0" in quotes may be meant as a name; a header line that the record speaks of settles it. @throws ConfigError
void refuse_quoted_numbers(const Config& columns);

/// The keys "header", "quotes" and "delimiter" of a source that is a table.
void read_table_keys(const Config& config, Source& source);

}  // namespace infomtl::data
