// Any bytes as the `data` object of a config: task records, or problems in words. No data file is read.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "data/task_record.h"
#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  if (input.find("extends") != std::string_view::npos) return 0;  // would read files of this machine
  try {
    std::vector<std::string> problems;
    const auto config = infomtl::Config::from_text(input, "fuzz", "/nowhere");
    for (const infomtl::data::TaskRecord& record : infomtl::data::read_task_records(config, &problems)) {
      if (record.task.name.empty() || record.splits[0].empty()) std::abort();
    }
    for (const std::string& problem : problems) {
      if (problem.empty() || problem.find('\n') != std::string::npos) std::abort();
    }
  } catch (const infomtl::UserError&) {
  }
  return 0;
}
