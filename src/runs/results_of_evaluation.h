#pragma once
#include <string>
#include <vector>

#include "infomtl/losses/objective.h"
#include "infomtl/model/multi_task_model.h"
#include "infomtl/runs/results.h"
#include "infomtl/train/trainer.h"
#include "infomtl/weighting/gradient_weighting.h"

namespace infomtl {

/// Enters the scores of one split into the results; tasks without rows in it are left out of it.
void add_evaluation(Results& results, const std::vector<Task>& tasks, const std::string& split,
                    const Evaluation& scores);
/// The same of some of the tasks alone; what tasks have in common is entered where it is all of them.
void add_evaluation(Results& results, const std::vector<Task>& tasks, const std::string& split,
                    const Evaluation& scores, const std::vector<std::size_t>& chosen);

/// Takes over the scores of some tasks of another model; what tasks have in common (joint) stays.
void take_tasks(const Evaluation& from, const std::vector<std::size_t>& tasks, Evaluation& scores);

/// What the architecture learned of how alike its tasks are: task -> task -> similarity; empty where it learns none.
Json task_similarity(const MultiTaskModel& model);

/// What loss terms learned of how much tasks take from each other: term -> task -> task -> weight, without a task's pair with
/// itself; empty where none learns it.
Json task_weights(const Objective& objective, const std::vector<Task>& tasks);

/// task -> the weight of its loss that the weighting found (GradientWeighting::found_weights()); empty where it finds none.
Json loss_weights(const GradientWeighting& weighting, const std::vector<Task>& tasks);

/// Of the split whose batches these are: task -> what train/representation_quality.h has of it.
Json representation_json(const MultiTaskModel& model, const BatchReader& batches);

}  // namespace infomtl
