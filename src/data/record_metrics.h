#pragma once
// Metrics of a task record: the one that the task is scored by, and those reported beside it.

#include "infomtl/core/config.h"
#include "infomtl/data/task.h"

namespace infomtl::data {

/// Reads "metric", by default that of the task's kind, "extra_metrics", and the "scheme" of tags that entity scores go by.
/// @throws ConfigError for a metric given twice, or a scheme of a task that has no tags
void read_metrics(const Config& config, Task& task);

}  // namespace infomtl::data
