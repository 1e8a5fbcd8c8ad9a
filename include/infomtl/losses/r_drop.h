#pragma once
// R-Drop: two dropout views of a row should predict the same (Liang et al., NeurIPS 2021).

#include "infomtl/core/export.h"
#include "infomtl/losses/loss_term.h"

namespace infomtl {

/// sum_i [ KL(p_i || q_i) + KL(q_i || p_i) ] / 2, p and q the softmax predictions of the two views (a gaussian head's
/// means); gradients reach both. The paper's objective is this with weight alpha / 2 beside {"name": "supervised",
/// "views": 2}. Without dropout both views are equal and the term is 0. Training only; tasks of classes.
class INFOMTL_API RDrop final : public LossTerm {
 public:
  using Settings = NoSettings;
  RDrop() = default;
  explicit RDrop(Settings) {}

  Needs needs() const override { return {.views = 2}; }
  bool applies_to(const Task& task) const override;
  bool in_evaluation() const override { return false; }
  std::int64_t count(const TaskBatch& rows) const override { return rows.label_count(); }
  bool reads_labels() const override { return false; }
  LossValue compute(TaskStep& step) override;
};

}  // namespace infomtl
