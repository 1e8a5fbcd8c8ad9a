#pragma once
#include <cstdint>
#include <vector>

#include "infomtl/data/task.h"
#include "infomtl/metrics/predictions.h"
#include "infomtl/ops/tensor.h"
#include "infomtl/train/joint_accuracy.h"

namespace infomtl {

/// Which texts of a split each task labelled, in the order of its predictions.
class LabelledTexts {
 public:
  explicit LabelledTexts(std::size_t tasks) : texts_(tasks) {}

  /// The next batch begins.
  void next_batch() { ++batch_; }
  /// @param rows  [B] int64: sequences of the batch that a task labels
  void add(std::size_t task, const Tensor& rows);
  /// Of each set of two tasks or more, regressions aside, that label the same texts, in the order of the tasks.
  std::vector<JointAccuracy> joint(const std::vector<Task>& tasks, const std::vector<Predictions>& predictions) const;

 private:
  std::int64_t batch_ = 0;
  std::vector<std::vector<std::int64_t>> texts_;  ///< [task][row]: batch, and sequence in it
};

}  // namespace infomtl
