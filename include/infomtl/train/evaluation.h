#pragma once
// Evaluation: scores a model on a split. The same code as in training, in evaluation mode and without gradients.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/data/batch_source.h"
#include "infomtl/data/task_data.h"
#include "infomtl/losses/objective.h"
#include "infomtl/metrics/class_report.h"
#include "infomtl/metrics/predictions.h"
#include "infomtl/model/multi_task_model.h"
#include "infomtl/step/embedding_noise.h"
#include "infomtl/train/joint_accuracy.h"

namespace infomtl {

/// Scores of one split: metrics and mean losses, per task.
struct INFOMTL_API Evaluation {
  std::vector<double> scores;          ///< the metric of each task; NaN where the split has no rows
  std::vector<bool> higher_is_better;  ///< of that metric
  std::vector<double> losses;          ///< mean objective in evaluation mode; NaN where the split has no rows
  std::vector<std::map<std::string, double>> all;  ///< further metrics
  std::vector<ClassReport> classes = {};           ///< of each task; empty for values and where the split has no rows
  std::vector<JointAccuracy> joint = {};           ///< one for each set of tasks that label the same texts of the split
  std::vector<bool> seen = {};                     ///< whether the split has rows of each task; empty: of all

  bool has_rows(std::size_t task) const { return seen.empty() || seen.at(task); }
  /// Mean of the scores of tasks with rows; NaN where there are none or one of the scores is NaN.
  double average() const;
  /// What selection maximises: scores as they are or negated where lower is better, the negative mean loss. Means are over
  /// the tasks with rows, and NaN as that of average().
  /// @param tasks  names, to find a task that `monitor` names
  double monitored(const std::string& monitor, const std::vector<Task>& tasks) const;
};

INFOMTL_API MetricContext metric_context(const Task& task);

/// Adds the gold labels and the model's answers of some rows of one task.
/// @param output  [B, C] (or [W, C], [B, 1]) of the head
INFOMTL_API void add_predictions(const Task& task, const TaskBatch& rows, const Tensor& output,
                                 Predictions& predictions);

/// @param objective  null: no losses; @param batches  of the split, each labelled row once; @param split  its name, for
/// messages; @param step  at which the terms' weights are read; @param noise  on the word embeddings that predictions
/// are made from, losses are not; none: null
/// @throws what metrics throw
INFOMTL_API Evaluation evaluate_model(const MultiTaskModel& model, const Objective* objective,
                                      const BatchReader& batches, std::string_view split, std::int64_t step,
                                      const EmbeddingNoise* noise = nullptr);
/// The same over a split of these data.
INFOMTL_API Evaluation evaluate_model(const MultiTaskModel& model, const Objective* objective, const TaskData& data,
                                      Split split, std::int64_t batch_size, std::int64_t step,
                                      const EmbeddingNoise* noise = nullptr);

}  // namespace infomtl
