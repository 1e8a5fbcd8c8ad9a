#pragma once
#include <string>
#include <vector>

#include "infomtl/model/multi_task_model.h"
#include "infomtl/runs/results.h"
#include "infomtl/train/trainer.h"

namespace infomtl {

/// Enters the scores of one split into the results; tasks without rows in it are left out of it.
void add_evaluation(Results& results, const std::vector<Task>& tasks, const std::string& split,
                    const Evaluation& scores);

/// What the architecture learned of how alike its tasks are: task -> task -> similarity; empty where it learns none.
Json task_similarity(const MultiTaskModel& model);

}  // namespace infomtl
