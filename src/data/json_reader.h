#pragma once
// Reader of JSON rows: an object on every line, or a list of objects.

#include <string_view>

#include "data/row_builder.h"
#include "data/task_record.h"
#include "data/text_lines.h"

namespace infomtl::data {

void read_jsonl(const Source& source, std::string_view content, RowBuilder& rows, const ErrorList& problem);

}  // namespace infomtl::data
