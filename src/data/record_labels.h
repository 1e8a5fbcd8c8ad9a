#pragma once
// The "labels" of a task record: names, a file of them, the types of a scheme's tags, or "auto".

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/data/task.h"

namespace infomtl::data {

/// Where a file that the record names lies.
using FileResolver = std::function<std::filesystem::path(const Config&)>;

/// Fills task.labels from a list of names, from a file with a name per line, from a ".json" file (an array of names, or
/// an object with "id2label" as Hugging Face's config.json has it), or from {"types": [...]} of a tagging task, whose
/// scheme has been read: the scheme's tag_set().
/// @return false for "auto", which leaves them to the training rows @throws ConfigError, IoError, FormatError
bool read_labels(const Config& config, const FileResolver& file_of, Task& task);

/// How many labels a task needs at least: one where a row has a set of them, else two.
std::size_t least_labels(TaskKind kind);

/// Labels of a task whose own could not be read: such as its metric takes, tags of its scheme for a tagging task, so
/// that a check of the rest tells no second problem. The task is not a regression.
std::vector<std::string> stand_in_labels(const Task& task);

}  // namespace infomtl::data
