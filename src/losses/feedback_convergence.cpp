#include "infomtl/losses/feedback_convergence.h"

#include <algorithm>
#include <vector>

#include "infomtl/core/errors.h"
#include "infomtl/model/multi_task_model.h"

namespace infomtl {

FeedbackConvergence::FeedbackConvergence(const Settings& settings)
    : form_(settings.form == "delta" ? ops::Convergence::delta : ops::Convergence::monotone) {}

void FeedbackConvergence::check(const MultiTaskModel& model) const {
  const int needed = form_ == ops::Convergence::delta ? 2 : 3;
  int most = 0;
  for (std::size_t t = 0; t < model.tasks().size(); ++t) most = std::max(most, model.head(t).rounds());
  if (most >= needed) return;
  throw ConfigError("needs heads of " + std::to_string(needed) + " rounds or more, not " + std::to_string(most) +
                    "; set \"head\": {\"name\": \"feedback\", \"rounds\": " + std::to_string(needed) + "}");
}

LossValue FeedbackConvergence::compute(TaskStep& step) {
  const Prediction& prediction = step.prediction();
  if (prediction.earlier.empty()) {
    throw StateError("feedback_convergence: the task's head has one round, or does not tell of earlier ones");
  }
  std::vector<Tensor> rounds;
  for (const Tensor& output : prediction.earlier) rounds.push_back(ops::probabilities(output, step.task().kind));
  rounds.push_back(ops::probabilities(prediction.output, step.task().kind));
  return ops::round_convergence(rounds, form_);
}

}  // namespace infomtl
