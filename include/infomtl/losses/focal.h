#pragma once
// Focal loss: cross-entropy that looks away from rows already predicted well (Lin et al., ICCV 2017); used in place of
// `supervised`.

#include "infomtl/core/export.h"
#include "infomtl/losses/loss_term.h"

namespace infomtl {

/// sum_i -(1 - p_i)^gamma log p_i, p_i the probability of the label (an item is a row, or a word for tagging); for label
/// sets the mean over classes of the same with a sigmoid each. Items of an unknown label are not counted.
class INFOMTL_API FocalLoss final : public LossTerm {
 public:
  struct Settings {
    double gamma = 2;   ///< focusing exponent, >= 0; 0 is cross-entropy
    double alpha = -1;  ///< label sets: weight of a present label, 1 - alpha of an absent one; -1: none
    void fields(FieldVisitor& f) {
      f.field("gamma", gamma, "focusing exponent; 0 is cross-entropy", at_least(0));
      f.field("alpha", alpha, "label sets: weight of a present label, 1 - alpha of an absent one; -1 for none",
              between(-1, 1));
    }
  };
  FocalLoss() = default;
  explicit FocalLoss(Settings settings) : settings_(settings) {}

  bool applies_to(const Task& task) const override { return task.kind != TaskKind::regression; }
  void check_options(const std::vector<Task>& tasks) const override;
  std::int64_t count(const TaskBatch& rows) const override;
  LossValue compute(TaskStep& step) override;

 private:
  Settings settings_;
};

}  // namespace infomtl
