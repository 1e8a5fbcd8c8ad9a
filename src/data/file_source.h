#pragma once
// A file of one's own, read as a task's record reads its own files.

#include <filesystem>

#include "data/task_record.h"

namespace infomtl::data {

/// The format by the file's ending, else that of the record's test split (or validation, or train); its columns where both
/// are tables, else "text", "text_pair" and "label". @throws ConfigError where the record reads texts and labels from files
/// side by side, and this one has no ending of a table
Source source_of_file(const TaskRecord& record, const std::filesystem::path& file);

}  // namespace infomtl::data
