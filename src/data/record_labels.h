#pragma once
// The "labels" of a task record: names, a file of them, or "auto".

#include <filesystem>
#include <functional>

#include "data/task_record.h"
#include "infomtl/core/config.h"

namespace infomtl::data {

/// Where a file that the record names lies.
using FileResolver = std::function<std::filesystem::path(const Config&)>;

/// Fills record.task.labels from a list of names or a file with a name per line; "auto" leaves them to the training rows.
/// @throws ConfigError
void read_labels(const Config& config, const FileResolver& file_of, TaskRecord& record);

}  // namespace infomtl::data
