#pragma once
// Supervised contrast: rows of one label lie together in the shared representation (Khosla et al., NeurIPS 2020).

#include "infomtl/core/export.h"
#include "infomtl/losses/loss_term.h"

namespace infomtl {

///   sum_i -1/|P(i)| sum_{p in P(i)} log( exp(cos(z_i, z_p)/tau) / sum_{a != i} exp(cos(z_i, z_a)/tau) )      (Eq. 2)
///
/// with P(i) the other rows with the label of i and z the encoder's pooled output. Rows without such another, and rows of
/// an unknown label, are not counted: a batch may count 0. With two views both dropout views of a row carry its label, as
/// in the paper, and every labelled row counts twice. Training only; tasks with one class per text.
class INFOMTL_API SupervisedContrastive final : public LossTerm {
 public:
  struct Settings {
    double temperature = 0.1;  ///< tau > 0
    std::int64_t views = 1;    ///< dropout views of a row that carry its label, 1 or 2; the paper takes 2
    void fields(FieldVisitor& f) {
      f.field("temperature", temperature, "tau", above(0));
      f.field("views", views, "dropout views of a row that carry its label", between(1, 2));
    }
  };
  SupervisedContrastive() = default;
  explicit SupervisedContrastive(Settings settings) : settings_(settings) {}

  Needs needs() const override { return {.views = static_cast<int>(settings_.views)}; }
  bool applies_to(const Task& task) const override { return task.kind == TaskKind::classification; }
  bool in_evaluation() const override { return false; }
  std::int64_t count(const TaskBatch& rows) const override;
  bool compares_rows() const override { return true; }
  LossValue compute(TaskStep& step) override;

 private:
  Settings settings_;
};

}  // namespace infomtl
