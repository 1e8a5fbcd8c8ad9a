#pragma once
// The "labels" of a task record: names, a file of them, or "auto".

#include <filesystem>
#include <functional>

#include "infomtl/core/config.h"
#include "infomtl/data/task.h"

namespace infomtl::data {

/// Where a file that the record names lies.
using FileResolver = std::function<std::filesystem::path(const Config&)>;

/// Fills task.labels from a list of names or a file with a name per line.
/// @return false for "auto", which leaves them to the training rows @throws ConfigError
bool read_labels(const Config& config, const FileResolver& file_of, Task& task);

/// How many labels a task needs at least: one where a row has a set of them, else two.
std::size_t least_labels(TaskKind kind);

}  // namespace infomtl::data
