#pragma once
// Metrics of a task record: the one that the task is scored by, and those reported beside it.

#include "infomtl/core/config.h"
#include "infomtl/data/task.h"

namespace infomtl::data {

/// Reads the "scheme" of tags, which entity scores and sets of tags go by.
/// @return whether the record writes one @throws ConfigError for a task that has no tags
bool read_scheme(const Config& config, Task& task);

/// Reads "metric", by default that of the task's kind, and "extra_metrics".
/// @throws ConfigError for a metric given twice
void read_metrics(const Config& config, Task& task);

}  // namespace infomtl::data
