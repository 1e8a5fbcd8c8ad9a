#pragma once
// A task as it is kept with a checkpoint, so that a trained model predicts without its data.

#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/json.h"
#include "infomtl/data/task.h"

namespace infomtl {

/// A metric as records and configs have it: its name, or an object with options.
INFOMTL_API Json metric_to_json(const MetricChoice& metric);
/// @throws nlohmann's exceptions where it is neither
INFOMTL_API MetricChoice metric_from_json(const Json& json);

INFOMTL_API Json task_to_json(const Task& task);
/// The tasks of a list, such as that of a checkpoint. @param where  the list stands: "best/state.json#/tasks"
/// @throws FormatError
INFOMTL_API std::vector<Task> tasks_from_json(const Json& list, const std::string& where);

}  // namespace infomtl
