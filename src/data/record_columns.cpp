#include "data/record_columns.h"

namespace infomtl::data {

std::string column_of(const Config& value) {
  if (value.json().is_number_integer()) {
    return std::to_string(static_cast<std::int64_t>(value.as_number(between(0, 99999))));
  }
  return value.as_text();
}

void refuse_quoted_numbers(const Config& columns) {
  for (const char* const key : {"text", "text_pair", "label"}) {
    if (!columns.has(key) || !columns.value(key).json().is_string()) continue;
    const std::string name = columns.text(key);
    if (name.empty() || name.find_first_not_of("0123456789") != std::string::npos) continue;
    columns.fail(key, "\"" + name + "\" may be a name or a number; write " + name +
                          " for the column of that number, from 0, or say whether there is a \"header\"");
  }
}

}  // namespace infomtl::data
