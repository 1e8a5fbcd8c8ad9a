#pragma once
// Expected supervised loss: of a model whose representation, or head, is random, the mean over samples of both (VMTL, Shen
// et al., NeurIPS 2021).

#include <cstdint>

#include "infomtl/core/export.h"
#include "infomtl/losses/loss_term.h"

namespace infomtl {

/// mean over `samples` of the supervised loss of head(z), z ~ N(mean, e^s) of the task's representation and the head's own
/// noise drawn anew for every sample and row; one call of the head on samples * B rows. Where the architecture is not
/// stochastic z is the representation. In evaluation the supervised loss of the means. For every kind of task; an item is
/// that of Supervised.
class INFOMTL_API ExpectedSupervised final : public LossTerm {
 public:
  struct INFOMTL_API Settings {
    std::int64_t samples = 10;   ///< per row
    double label_smoothing = 0;  ///< as of Supervised
    void fields(FieldVisitor& f);
  };
  ExpectedSupervised() = default;
  explicit ExpectedSupervised(Settings settings) : settings_(settings) {}

  /// @throws ConfigError where nothing of the model is random, or a head reads other heads' rounds
  void check(const MultiTaskModel& model) const override;
  bool is_task_loss() const override { return true; }
  std::int64_t count(const TaskBatch& rows) const override;
  LossValue compute(TaskStep& step) override;

 private:
  Settings settings_;
};

}  // namespace infomtl
