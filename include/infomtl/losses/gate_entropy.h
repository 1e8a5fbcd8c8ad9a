#pragma once
// Gate entropy: drives the gates of a mixture of experts to decide (the regulariser of DSelect-k).

#include "infomtl/core/export.h"
#include "infomtl/losses/loss_term.h"

namespace infomtl {

/// Mean over rows (words for tagging) of the entropy of the task's sparse gates, in nats, summed over selectors; where
/// the number of experts is not a power of two, plus 1 / (weight on experts that exist) for each selector (Hazimeh et al.,
/// NeurIPS 2021; a weight of 1e-6 is LibMTL's). Reaches the task's gates and what they look at. Training only.
class INFOMTL_API GateEntropy final : public LossTerm {
 public:
  using Settings = NoSettings;
  GateEntropy() = default;
  explicit GateEntropy(const Settings&) {}

  Needs needs() const override { return {.sparse_gates = true}; }
  bool in_evaluation() const override { return false; }
  std::int64_t count(const TaskBatch& rows) const override { return rows.label_count(); }
  bool reads_labels() const override { return false; }
  LossValue compute(TaskStep& step) override;
};

}  // namespace infomtl
