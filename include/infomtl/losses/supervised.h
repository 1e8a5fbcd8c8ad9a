#pragma once
// The task's own loss on its head's output (the sample of a gaussian head in training, its mean in evaluation).

#include "infomtl/core/export.h"
#include "infomtl/losses/loss_term.h"

namespace infomtl {

/// The task's own loss of an output, summed over its items: what Supervised adds up, for terms that have outputs of their
/// own (of dummy heads, say).
///
/// @param output  [B, C], a row per item
/// @param labels  as TaskBatch::labels; items of an unknown label add 0
/// @param label_smoothing  as Supervised::Settings
/// @return scalar with graph @throws ShapeError
INFOMTL_API Tensor supervised_sum(const Task& task, const Tensor& output, const Tensor& labels,
                                  double label_smoothing = 0);

/// Cross-entropy for classification and tagging (an item is a row, or a word), mean over classes of binary cross-entropy
/// for multi-label, squared error for regression. Items of an unknown label are not counted.
class INFOMTL_API Supervised final : public LossTerm {
 public:
  struct Settings {
    double label_smoothing = 0;  ///< share of a label's mass spread over all classes, in [0, 1); 0: none
    std::int64_t views = 1;      ///< dropout views whose losses are averaged in training; R-Drop takes 2
    void fields(FieldVisitor& f) {
      f.field("label_smoothing", label_smoothing,
              "share of a label's mass spread evenly over all classes (classification and tagging)",
              from_to_below(0, 1));
      f.field("views", views, "dropout views whose losses are averaged in training; R-Drop takes 2", between(1, 8));
    }
  };
  Supervised() = default;
  explicit Supervised(Settings settings) : settings_(settings) {}

  bool is_task_loss() const override { return true; }
  Needs needs() const override { return {.views = static_cast<int>(settings_.views)}; }
  std::int64_t count(const TaskBatch& rows) const override;
  LossValue compute(TaskStep& step) override;

 private:
  Settings settings_;
};

}  // namespace infomtl
