#include "infomtl/core/errors.h"
#include "infomtl/losses/task_priors.h"
#include "losses/counted_items.h"
#include "losses/feature_bank.h"
#include "losses/task_weights.h"

namespace infomtl {
namespace {

/// Whether a class of one is a class of the other.
bool same_classes(const Task& one, const Task& other) {
  return one.kind == TaskKind::classification && other.kind == TaskKind::classification && one.labels == other.labels;
}

}  // namespace

void RepresentationPrior::Settings::fields(FieldVisitor& f) {
  task_prior.fields(f);
  f.field("bank", bank, "pooled outputs of earlier steps kept per task, for inputs that resemble a row",
          between(1, 1e6));
  f.only_where(task_prior.prior != "standard", {"bank"}, "\"prior\" is another than \"standard\"");
}

RepresentationPrior::RepresentationPrior(Settings settings, const TermContext& context)
    : settings_(std::move(settings)) {
  std::vector<std::size_t> members;
  for (std::size_t t = 0; t < context.tasks.size(); ++t) {
    if (applies_to(context.tasks[t])) members.push_back(t);
  }
  weights_ =
      register_module("weights", with_context("loss \"representation_prior\"", [&] {
                        return std::make_shared<TaskWeights>(settings_.task_prior, members, context.tasks.size());
                      }));
  banks_.resize(context.tasks.size());
  if (weights_->prior() == ops::TaskPrior::standard) return;
  const auto banks = register_module("banks", std::make_shared<torch::nn::Module>("banks"));
  for (const std::size_t t : members) {
    banks_[t] = banks->register_module(std::to_string(t), std::make_shared<FeatureBank>(settings_.bank, context.width));
  }
}

void RepresentationPrior::check(const MultiTaskModel& model) const {
  if (!model.architecture().stochastic()) {
    throw ConfigError("needs a stochastic architecture; set \"architecture\": {\"name\": \"variational\"}");
  }
  if (model.architecture().needs_layers()) {
    throw ConfigError(
        "its inputs are pooled outputs, and the architecture reads layers; set \"architecture\": "
        "{\"name\": \"variational\"}");
  }
}

LossValue RepresentationPrior::compute(TaskStep& step) {
  const TaskRepresentation& code = step.representation();
  if (!code.mean.defined()) throw StateError("representation_prior: the architecture is not stochastic");
  if (code.mean.size(0) == 0) return no_items(code.mean);
  const ops::GaussianMoments own{code.mean, code.log_variance.exp()};
  Tensor divergence = ops::kl_to_tasks(own, {}, {}, ops::TaskPrior::standard);
  if (weights_->prior() != ops::TaskPrior::standard) {
    const Task& task = step.task();
    const Tensor features = step.shared().detach();
    std::vector<Tensor> means, variances, ready;
    for (const std::size_t other : weights_->others(step.task_index())) {
      const torch::NoGradGuard no_grad;
      const FeatureBank& bank = *banks_.at(other);
      Tensor allowed;
      if (same_classes(task, step.model().tasks().at(other))) {
        allowed = step.labels().unsqueeze(1) == bank.labels().unsqueeze(0);
      }
      const Tensor related = ops::related_inputs(features, bank.rows(), bank.filled(step.step()), allowed);
      const TaskRepresentation there =
          step.model().architecture().forward(other, {.pooled = related, .layers = {}}, nullptr);
      means.push_back(there.mean.detach());
      variances.push_back(there.log_variance.exp());
      ready.push_back(bank.any(step.step()));
    }
    const ops::GaussianMoments others{at::stack(means), at::stack(variances)};
    const Tensor weights = weights_->draw(step, "representation_prior");
    divergence =
        at::where(at::stack(ready).all(), ops::kl_to_tasks(own, others, weights, weights_->prior()), divergence);
    if (step.records()) {
      const bool single = task.kind == TaskKind::classification;
      banks_.at(step.task_index())->record(features, single ? step.labels() : Tensor(), step.step());
    }
  }
  return over_items(divergence.sum(), code.mean.size(0));
}

std::vector<std::pair<std::string, double>> RepresentationPrior::diagnostics() const { return weights_->diagnostics(); }
bool RepresentationPrior::draws_per_batch() const { return weights_->draws(); }
Tensor RepresentationPrior::task_weights() const { return weights_->matrix(); }

}  // namespace infomtl
