#pragma once
// Labels from data: the list of a task's labels where its record says "labels": "auto".

#include "data/task_record.h"

namespace infomtl::data {

/// Fills record.task.labels with those of the training rows: numbers in their order, other names by their bytes. Where
/// the record writes a scheme of tags, "O" and all the tags of each type that the rows have are among them.
/// @throws DataError when there are too few, what reading the files throws
void take_labels_from_data(TaskRecord& record);

}  // namespace infomtl::data
