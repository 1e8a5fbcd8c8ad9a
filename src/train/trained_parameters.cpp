#include "train/trained_parameters.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "infomtl/core/errors.h"

namespace infomtl {
namespace {

void append(NamedParameters& to, const torch::nn::Module& module, const std::string& prefix, ParameterPart part) {
  for (const auto& parameter : module.named_parameters()) {
    to.push_back({.name = prefix + parameter.key(), .parameter = parameter.value(), .part = part});
  }
}

/// rate <- rate decay^(L + 1 - depth), depth 0 for embeddings and l for the l-th of L layers (as in BEiT's fine-tuning,
/// Bao et al., ICLR 2022; ELECTRA's counts one layer more). What is not the encoder's keeps its rate.
void apply_layer_decay(double decay, const Encoder& encoder, NamedParameters& shared) {
  if (decay == 1.0) return;
  const std::string prefix = "encoder.";
  for (NamedParameter& named : shared) {
    if (named.part != ParameterPart::encoder) continue;
    const std::int64_t depth = encoder.depth_of(named.name.substr(prefix.size()));
    if (depth < 0) {
      throw ConfigError(
          "optimizer.layer_decay: this encoder does not tell its layers; leave layer_decay out, and give "
          "\"groups\" with globs over its parameters");
    }
    named.rate_factor *= std::pow(decay, static_cast<double>(encoder.layer_count() + 1 - depth));
  }
}

NamedParameters joined(const NamedParameters& shared, const NamedParameters& own) {
  NamedParameters all = shared;
  all.insert(all.end(), own.begin(), own.end());
  return all;
}

void check_weighting(const GradientWeighting& weighting, const PhasePlan& plan, const NamedParameters& shared) {
  const std::optional<GradientKind> reads = weighting.gradients_read();
  if (reads != GradientKind::gram && reads != GradientKind::jacobian) return;
  for (std::size_t phase = 0; phase < plan.size(); ++phase) {
    const bool any = std::any_of(shared.begin(), shared.end(), [&](const NamedParameter& named) {
      return named.parameter.requires_grad() && !plan.rests(phase, named.name);
    });
    if (any) continue;
    throw ConfigError(plan.where(phase) +
                      ": every shared parameter rests, but this weighting compares the tasks' gradients of shared "
                      "parameters; let some of them train, or take a weighting that reads losses (\"equal\")");
  }
}

}  // namespace

double peak_rate(const TrainerSettings& settings) {
  return settings.learning_rate > 0 ? settings.learning_rate : settings.optimizer.learning_rate;
}

TrainedParameters::TrainedParameters(const TrainerSettings& settings, const MultiTaskModel& model,
                                     const Objective& objective, const GradientWeighting& weighting,
                                     std::int64_t steps_per_epoch)
    : shared(model.shared_parameters()), own(model.task_parameters()) {
  append(own, objective, "objective.", ParameterPart::term);
  append(own, weighting, "weighting.", ParameterPart::weighting);
  NamedParameters all = joined(shared, own);
  apply_own_rates(model.architecture().parameter_groups(), "architecture.", peak_rate(settings), all);
  for (std::size_t t = 0; t < model.tasks().size(); ++t) {
    apply_own_rates(model.head(t).parameter_groups(), "heads." + model.tasks()[t].name + ".", peak_rate(settings), all);
  }
  apply_own_rates(weighting.parameter_groups(), "weighting.", peak_rate(settings), all);
  for (const auto& child : objective.named_children()) {
    const auto* const term = dynamic_cast<const LossTerm*>(child.value().get());
    if (term != nullptr) {
      apply_own_rates(term->parameter_groups(), "objective." + child.key() + ".", peak_rate(settings), all);
    }
  }
  apply_groups(settings.groups, peak_rate(settings), all);
  const auto middle = all.begin() + std::ssize(shared);
  shared.assign(all.begin(), middle);
  own.assign(middle, all.end());
  apply_layer_decay(settings.layer_decay, model.encoder(), shared);

  check_phase_length(settings.phases, settings.epochs, settings.max_steps, steps_per_epoch);
  const std::int64_t steps = settings.epochs * steps_per_epoch;
  plan = PhasePlan(settings.phases, steps_per_epoch,
                   settings.max_steps > 0 ? std::min(steps, settings.max_steps) : steps, all);
  for (const NamedParameter& named : all) {
    if (plan.always_rests(named.name)) named.parameter.set_requires_grad(false);
  }
  check_weighting(weighting, plan, shared);
}

}  // namespace infomtl
