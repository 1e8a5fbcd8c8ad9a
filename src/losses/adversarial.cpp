#include "infomtl/losses/adversarial.h"

#include "infomtl/core/errors.h"
#include "infomtl/ops/information/contrastive.h"
#include "infomtl/ops/information/perturbation.h"
#include "infomtl/ops/perturbed_parameters.h"
#include "losses/counted_items.h"
#include "losses/given_gradient.h"

namespace infomtl {
namespace {

bool is_attacked(const AttackSettings& settings, TaskStep& step) {
  if (settings.rate >= 1) return true;
  ops::TensorRandom random = step.random("adversarial");
  const Tensor drawn = at::rand({1}, random.generator(), torch::kFloat64);
  return drawn.item<double>() < settings.rate;
}

/// The pass whose loss can be differentiated: the step's own where it has a graph, else the same pass again.
std::shared_ptr<TaskStep> clean_pass(TaskStep& step, bool has_graph) {
  if (has_graph) return {std::shared_ptr<TaskStep>(), &step};
  return step.reencode({.embedding_offset = {}, .same_dropout = true});
}

std::vector<Tensor> gradients_of(const Tensor& loss, const std::vector<Tensor>& inputs) {
  return torch::autograd::grad({loss}, inputs, {}, /*retain_graph=*/true, /*create_graph=*/false,
                               /*allow_unused=*/true);
}

}  // namespace

LossValue Adversarial::compute(TaskStep& step) {
  const std::int64_t items = count(step.batch());
  if (items == 0) return no_items(step.prediction().output);
  if (!is_attacked(settings_, step)) return over_items(step.prediction().output.sum() * 0, items);

  const bool has_graph = at::GradMode::is_enabled();
  const Tensor offsets = step.token_offsets();
  Tensor delta;
  for (std::int64_t i = 0; i < settings_.steps; ++i) {
    const torch::AutoGradMode graph(true);
    const Tensor leaf = i == 0 ? Tensor() : delta.clone().requires_grad_(true);
    const auto pass = i == 0 ? clean_pass(step, has_graph) : step.reencode({.embedding_offset = leaf});
    const Tensor gradient = gradients_of(supervised_.compute(*pass).sum, {i == 0 ? pass->embedding_leaf() : leaf})[0];
    if (settings_.steps == 1) {
      delta = ops::fgm_perturbation(gradient, offsets, settings_.epsilon);
    } else {
      delta = ops::pgd_step(i == 0 ? at::zeros_like(gradient) : delta, gradient, offsets, settings_.step_size,
                            settings_.epsilon);
    }
  }
  return supervised_.compute(*step.reencode({.embedding_offset = delta}));
}

bool AdversarialParameters::attacks(const std::string& name) const {
  return std::any_of(settings_.parameters.begin(), settings_.parameters.end(),
                     [&](const std::string& part) { return name.find(part) != std::string::npos; });
}

void AdversarialParameters::check(const MultiTaskModel& model) const {
  for (const std::string& part : settings_.parameters) {
    const auto named = model.named_parameters();
    if (std::none_of(named.begin(), named.end(),
                     [&](const auto& parameter) { return parameter.key().find(part) != std::string::npos; })) {
      throw ConfigError("no parameter's name holds \"" + part + "\"; there are \"" + named.front().key() +
                        "\", ..., \"" + named.back().key() + "\"");
    }
  }
}

Tensor AdversarialParameters::loss(TaskStep& first, const Tensor& second) {
  const LossValue supervised = supervised_.compute(first);
  if (!second.defined()) return supervised.sum;
  const LossValue contrast = ops::info_nce(first.shared(0), second, {.temperature = settings_.temperature});
  return supervised.sum + contrast.mean() * (settings_.contrast * static_cast<double>(count(first.batch())));
}

Tensor AdversarialParameters::attacked_loss(TaskStep& step) {
  const auto first = step.reencode({});
  return loss(*first, settings_.contrast > 0 ? step.reencode({})->shared(0) : Tensor());
}

LossValue AdversarialParameters::compute(TaskStep& step) {
  const std::int64_t items = count(step.batch());
  if (items == 0) return no_items(step.prediction().output);
  if (!is_attacked(settings_.attack, step)) return over_items(step.prediction().output.sum() * 0, items);

  std::vector<Tensor> attacked, others;
  for (const auto& parameter : step.model().named_parameters()) {
    if (!parameter.value().requires_grad()) continue;  // it rests, and is not attacked
    (attacks(parameter.key()) ? attacked : others).push_back(parameter.value());
  }
  if (attacked.empty()) return over_items(step.prediction().output.sum() * 0, items);
  const bool has_graph = at::GradMode::is_enabled();
  const torch::AutoGradMode graph(true);
  std::vector<Tensor> gradients, offsets(attacked.size());
  {
    const auto pass = clean_pass(step, has_graph);
    gradients = gradients_of(loss(*pass, settings_.contrast > 0 ? pass->shared(1) : Tensor()), attacked);
  }
  ops::PerturbedParameters perturbed(attacked);
  for (std::int64_t i = 0; i < settings_.attack.steps; ++i) {
    if (i > 0) gradients = gradients_of(attacked_loss(step), attacked);
    for (std::size_t p = 0; p < attacked.size(); ++p) {
      if (!gradients[p].defined()) continue;  // not the task's
      if (settings_.attack.steps == 1) {
        offsets[p] = ops::fgm_perturbation(gradients[p], settings_.attack.epsilon);
      } else {
        offsets[p] = ops::pgd_step(offsets[p].defined() ? offsets[p] : at::zeros_like(gradients[p]), gradients[p],
                                   settings_.attack.step_size, settings_.attack.epsilon);
      }
    }
    perturbed.move_by(offsets);
  }
  const Tensor value = attacked_loss(step);
  if (!has_graph) return over_items(value.detach(), items);
  return over_items(with_given_gradient(value, others, gradients_of(value, others)), items);
}

}  // namespace infomtl
