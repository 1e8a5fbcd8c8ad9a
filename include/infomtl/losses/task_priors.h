#pragma once
// Priors that a task takes from the other tasks (VMTL, Shen et al., NeurIPS 2021, arXiv:2111.05323): what the posteriors of
// the others make of a row, or of a head's weights, in parts a that are learned for every pair of tasks. The mathematics is
// in ops/information/variational.h.
//
//   {"name": "representation_prior", "weight": 1e-7}
//   {"name": "weight_prior", "weight": {"schedule": "staircase", "from": 0, "to": 6e-3, "steps": 15000, "every": 10}}
//
// Letters: T tasks, B rows, H width of the encoder, D of the representation, C outputs.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/losses/loss_term.h"

namespace infomtl {

class FeatureBank;
class TaskWeights;

/// Settings of both: the form of the prior, and how a = softmax((log softmax(l) + G) / temperature) is drawn from the
/// logits l of a task over the T-1 others, G Gumbel noise of the step. With one task the prior is N(0, I); with two a is 1,
/// and there is nothing to learn. @throws ConfigError (the terms) for a temperature that rises
struct INFOMTL_API TaskPriorSettings {
  std::string prior = "combine";          ///< a name of ops::task_prior_names()
  double temperature_from = 1.0;          ///< at the first step
  double temperature_to = 0.5;            ///< from `temperature_steps` on; exponential between
  std::int64_t temperature_steps = 3000;  ///< optimiser steps over which the temperature falls
  double learning_rate = 1e-2;            ///< peak, of the logits; 0: the optimiser's
  void fields(FieldVisitor& f);
};

/// KL of the code of each row to the prior that the other tasks give, mean over rows, in nats. The posterior of another
/// task at a row is the architecture's, without dropout, at an input that resembles the row: a mean of that task's pooled
/// outputs of earlier steps, weighed by likeness (ops::related_inputs()); of those of the row's class where both tasks have
/// the same classes. A bank keeps the last `bank` of them per task. Until all other tasks have some the prior is N(0, I).
/// Gradients reach the row's code and the logits, nothing of the others. Not for tagging tasks, which no other task takes
/// anything from either. Training only.
class INFOMTL_API RepresentationPrior final : public LossTerm {
 public:
  struct INFOMTL_API Settings {
    TaskPriorSettings task_prior = {};
    std::int64_t bank = 1024;  ///< pooled outputs kept per task; memory for twice as many is taken
    void fields(FieldVisitor& f);
  };
  RepresentationPrior(Settings settings, const TermContext& context);

  Needs needs() const override { return {.stochastic_architecture = true}; }
  /// @throws ConfigError for an architecture that reads other states than pooled outputs
  void check(const MultiTaskModel& model) const override;
  bool applies_to(const Task& task) const override { return task.kind != TaskKind::tagging; }
  bool in_evaluation() const override { return false; }
  bool draws_per_batch() const override;
  bool reads_labels() const override { return false; }
  LossValue compute(TaskStep& step) override;
  std::vector<ParameterGroup> parameter_groups() const override {
    return own_rate("*", settings_.task_prior.learning_rate);
  }
  std::vector<std::pair<std::string, double>> diagnostics() const override;
  Tensor task_weights() const override;

 private:
  Settings settings_;
  std::shared_ptr<TaskWeights> weights_;
  std::vector<std::shared_ptr<FeatureBank>> banks_;  ///< per task; null for tagging
};

/// KL of the Gaussian weights of a task's head to the prior that the other tasks' weights give, summed over all of them
/// (classes, coordinates, and biases where they are Gaussian), in nats; once per step. Where another task has another number
/// of outputs, each class is compared with the mean over its classes of both moments. Gradients reach the task's own weights
/// and the logits. Training only.
class INFOMTL_API WeightPrior final : public LossTerm {
 public:
  using Settings = TaskPriorSettings;
  WeightPrior(Settings settings, const TermContext& context);

  /// @throws ConfigError where a head's weights are plain numbers
  void check(const MultiTaskModel& model) const override;
  bool in_evaluation() const override { return false; }
  bool draws_per_batch() const override;
  std::int64_t count(const TaskBatch& /*rows*/) const override { return 1; }
  bool reads_labels() const override { return false; }
  LossValue compute(TaskStep& step) override;
  std::vector<ParameterGroup> parameter_groups() const override { return own_rate("*", settings_.learning_rate); }
  std::vector<std::pair<std::string, double>> diagnostics() const override;
  Tensor task_weights() const override;

 private:
  Settings settings_;
  std::shared_ptr<TaskWeights> weights_;
};

}  // namespace infomtl
