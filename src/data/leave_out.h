#pragma once
// Leave out: training rows that a file names are not trained on, such as those that `infomtl influence` found harmful.

#include <cstdint>
#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/data/dataset.h"

namespace infomtl::data {

/// Takes rows out of the training split. Rows that a subset has dropped already may be named, too.
/// @param list  {"rows": {task: [numbers]}, "about": text}; numbers as TaskRows::numbers
/// @param labelled  per task, how many labelled rows its files have
/// @throws ConfigError for an unknown task, a row that is not there or is named twice, a task that is left without rows
void leave_out_rows(const Config& list, SplitData& train, const std::vector<Task>& tasks,
                    const std::vector<std::int64_t>& labelled);

}  // namespace infomtl::data
