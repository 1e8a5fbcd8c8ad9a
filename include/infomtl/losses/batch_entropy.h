#pragma once
// Batch entropy of SPC: keeps the predictions of a batch spread over the classes (Hu et al., AAAI 2024,
// arXiv 2312.13933, and their code).

#include "infomtl/core/export.h"
#include "infomtl/losses/loss_term.h"

namespace infomtl {

/// -H(softmax(mean_i mu_i)) of the batch's logits mu [B, C] (a gaussian head's means), in [-log C, 0]: the softmax of
/// the mean, not the mean of softmaxes. Every row counts, whatever its label. Training only; tasks of classes.
class INFOMTL_API BatchEntropy final : public LossTerm {
 public:
  using Settings = NoSettings;
  BatchEntropy() = default;
  explicit BatchEntropy(Settings) {}

  bool applies_to(const Task& task) const override;
  bool in_evaluation() const override { return false; }
  std::int64_t count(const TaskBatch& rows) const override { return rows.label_count(); }
  bool compares_rows() const override { return true; }
  bool reads_labels() const override { return false; }
  LossValue compute(TaskStep& step) override;
};

}  // namespace infomtl
