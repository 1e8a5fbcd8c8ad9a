#pragma once
// The task record as read from JSON: what is predicted, and which files hold it.

#include <array>
#include <string>
#include <vector>

#include "data/record_sources.h"
#include "infomtl/core/config.h"
#include "infomtl/data/dataset.h"
#include "infomtl/data/task.h"

namespace infomtl::data {

enum class UnknownLabels { error, skip, wrong };

struct TaskRecord {
  Task task;
  std::string where;              ///< for messages
  bool labels_from_data = false;  ///< task.labels is empty until the training rows were read
  bool scheme_written = false;    ///< the record says "scheme": labels from data are completed to its tags
  UnknownLabels unknown_labels = UnknownLabels::error;
  bool missing_labels_allowed = false;
  Range value_range;
  std::array<std::vector<Source>, 3> splits;
  /// Some of it could not be read, which is told; its sources are left out. What is known of the task stands, so that
  /// what else names the task is not told as a mistake.
  bool broken = false;
};

/// The records of a config's `data` object: files, inline objects, or {"record": file, "root": folder}.
/// @param problems  nullptr: the first mistake throws; else mistakes in records are listed and the records left out, or
///                  kept as broken where `data` collects its problems
std::vector<TaskRecord> read_task_records(const Config& data, std::vector<std::string>* problems = nullptr);

}  // namespace infomtl::data
