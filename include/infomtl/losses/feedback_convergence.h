#pragma once
// Feedback convergence: heads that read each other over several rounds should settle (after Xi et al., arXiv:2404.00885).

#include <string>

#include "infomtl/core/export.h"
#include "infomtl/losses/loss_term.h"
#include "infomtl/ops/feedback.h"

namespace infomtl {

/// Mean over rows (words for tagging) of how far the task's probabilities p(k) (softmax, sigmoid, or the value of a
/// regression) move between the rounds of its head, d(k) = p(k) - p(k-1):
///
///   delta     sum_{k>=1} ||d(k)||^2
///   monotone  sum_{k>=2} max(0, ||d(k)|| - ||d(k-1)||): only steps that grow; needs three rounds
///
/// The paper's text leaves the form open; these are two readings of it. Its weight mu is the config's (0.1). For heads of
/// several rounds ("feedback"). Training only.
class INFOMTL_API FeedbackConvergence final : public LossTerm {
 public:
  struct Settings {
    std::string form = "delta";
    void fields(FieldVisitor& f) {
      f.choice("form", form, {"delta", "monotone"}, "squared steps between rounds, or only steps that grow");
    }
  };
  FeedbackConvergence() : FeedbackConvergence(Settings{}) {}
  explicit FeedbackConvergence(const Settings& settings);

  /// @throws ConfigError where no head of the model has rounds enough
  void check(const MultiTaskModel& model) const override;
  bool in_evaluation() const override { return false; }
  std::int64_t count(const TaskBatch& rows) const override { return rows.label_count(); }
  bool reads_labels() const override { return false; }
  LossValue compute(TaskStep& step) override;

 private:
  ops::Convergence form_;
};

}  // namespace infomtl
