#include <numeric>
#include <optional>

#include "infomtl/core/errors.h"
#include "infomtl/losses/task_priors.h"
#include "losses/counted_items.h"
#include "losses/task_weights.h"

namespace infomtl {
namespace {

/// Of a task's weights and, each a matrix of one column, of its biases; no mean where those are not Gaussian.
struct WeightMoments {
  ops::GaussianMoments weight, bias;
};

WeightMoments moments_of(const MultiTaskModel& model, std::size_t task) {
  const std::optional<WeightPosterior> found = model.weight_posterior(task);
  if (!found.has_value()) throw StateError("weight_prior: the weights of the task's head are plain numbers");
  WeightMoments moments{.weight = {found->mean, found->log_variance.exp()}, .bias = {}};
  if (found->bias_mean.defined() && found->bias_log_variance.defined()) {
    moments.bias = {found->bias_mean.unsqueeze(1), found->bias_log_variance.exp().unsqueeze(1)};
  }
  return moments;
}

/// The KL of every class, [C], to what the others give.
Tensor divergence(const ops::GaussianMoments& own, const std::vector<ops::GaussianMoments>& others,
                  const Tensor& weights, ops::TaskPrior prior) {
  std::vector<Tensor> means, variances;
  for (const ops::GaussianMoments& other : others) {
    const ops::GaussianMoments matched = ops::match_classes(other, own.mean.size(0));
    means.push_back(matched.mean.detach());  // it may be a parameter, which has a graph of its own
    variances.push_back(matched.variance.detach());
  }
  if (means.empty()) return ops::kl_to_tasks(own, {}, {}, ops::TaskPrior::standard);
  return ops::kl_to_tasks(own, {at::stack(means), at::stack(variances)}, weights, prior);
}

}  // namespace

WeightPrior::WeightPrior(Settings settings, const TermContext& context) : settings_(std::move(settings)) {
  std::vector<std::size_t> members(context.tasks.size());
  std::iota(members.begin(), members.end(), 0);
  weights_ = register_module("weights", with_context("loss \"weight_prior\"", [&] {
                               return std::make_shared<TaskWeights>(settings_, members, context.tasks.size());
                             }));
}

void WeightPrior::check(const MultiTaskModel& model) const {
  for (std::size_t t = 0; t < model.tasks().size(); ++t) {
    if (model.weight_posterior(t).has_value()) continue;
    throw ConfigError("the weights of task \"" + model.tasks()[t].name +
                      "\"'s head are plain numbers; set \"head\": \"bayesian\"");
  }
}

LossValue WeightPrior::compute(TaskStep& step) {
  const WeightMoments own = moments_of(step.model(), step.task_index());
  std::vector<ops::GaussianMoments> weights, biases;
  Tensor drawn;
  if (weights_->prior() != ops::TaskPrior::standard) {
    const torch::NoGradGuard no_grad;
    for (const std::size_t other : weights_->others(step.task_index())) {
      const WeightMoments there = moments_of(step.model(), other);
      weights.push_back(there.weight);
      if (there.bias.mean.defined()) biases.push_back(there.bias);
    }
  }
  if (!weights.empty()) drawn = weights_->draw(step, "weight_prior");
  Tensor sum = divergence(own.weight, weights, drawn, weights_->prior()).sum();
  if (own.bias.mean.defined()) sum = sum + divergence(own.bias, biases, drawn, weights_->prior()).sum();
  return over_items(sum, 1);
}

std::vector<std::pair<std::string, double>> WeightPrior::diagnostics() const { return weights_->diagnostics(); }
bool WeightPrior::draws_per_batch() const { return weights_->draws(); }
Tensor WeightPrior::task_weights() const { return weights_->matrix(); }

}  // namespace infomtl
