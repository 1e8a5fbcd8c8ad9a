#pragma once
// Adversarial training: the supervised loss where a small change hurts most. Two terms: the change is made to the
// embeddings of the input, or to parameters.
//
//   {"name": "adversarial", "epsilon": 1.0}                                     FGM on embeddings
//   {"name": "adversarial", "epsilon": 1.0, "steps": 3, "step_size": 0.5}       PGD
//   {"name": "adversarial_parameters", "epsilon": 1.0, "rate": 0.1}             FGM on word embeddings, as CIFM

#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/losses/loss_term.h"
#include "infomtl/losses/supervised.h"

namespace infomtl {

/// How a perturbation is found: with one step epsilon g / |g| (FGM, Miyato et al. 2017), with more
/// project(delta + step_size g / |g|) to |delta| <= epsilon from delta = 0 (PGD, Madry et al. 2018).
struct AttackSettings {
  double epsilon = 1.0;    ///< Euclidean length of the perturbation, > 0
  std::int64_t steps = 1;  ///< 1 is FGM, more is PGD
  double step_size = 0.5;  ///< PGD: length of a step, > 0
  double rate = 1.0;       ///< probability that a step's rows are attacked; else they add 0
  void fields(FieldVisitor& f) {
    f.field("epsilon", epsilon, "Euclidean length of the perturbation", above(0));
    f.field("steps", steps, "1 is FGM, more is PGD", between(1, 100));
    f.field("step_size", step_size, "PGD: length of a step", above(0));
    f.only_where(steps > 1, {"step_size"}, "\"steps\" is above 1");
    f.field("rate", rate, "probability that a step's rows are attacked; else they add 0", between(0, 1));
  }
};

/// Supervised loss of the task's rows with delta added to their word embeddings, |delta| = epsilon for each sequence;
/// delta follows the gradient g of the supervised loss and takes no gradient itself. Every attacked pass draws its
/// own dropout. Costs a forward and a backward pass more for every step, and a backward pass for g. Training only.
class INFOMTL_API Adversarial final : public LossTerm {
 public:
  using Settings = AttackSettings;
  Adversarial() = default;
  explicit Adversarial(Settings settings) : settings_(settings) {}

  Needs needs() const override { return {.embeddings = true}; }
  bool in_evaluation() const override { return false; }
  std::int64_t count(const TaskBatch& rows) const override { return supervised_.count(rows); }
  bool draws_per_batch() const override { return settings_.rate < 1; }
  LossValue compute(TaskStep& step) override;

 private:
  Settings settings_;
  Supervised supervised_;
};

/// The same with delta added to parameters, |delta| = epsilon for each tensor (CIFM, Hu et al., ACL 2024, their code).
/// The loss attacked is supervised + contrast * InfoNCE of two dropout views. Its gradient reaches the parameters that
/// are not attacked; those that are keep the gradient of the other terms. Parameters are what they were, to the bit,
/// when compute() ends or throws. With micro-batches each finds its own delta. Training only.
class INFOMTL_API AdversarialParameters final : public LossTerm {
 public:
  struct Settings {
    AttackSettings attack{.step_size = 0.1};
    std::vector<std::string> parameters = {"word_embeddings"};  ///< parts of the names of what is attacked
    double contrast = 0.0;     ///< weight of InfoNCE in the attacked loss; 0: none, no second view
    double temperature = 0.1;  ///< tau of that InfoNCE, > 0
    void fields(FieldVisitor& f) {
      attack.fields(f);
      f.field("parameters", parameters, "parts of the names of what is attacked");
      f.field("contrast", contrast, "weight of InfoNCE in the attacked loss; simax's, to attack both", weight_range());
      f.field("temperature", temperature, "tau of that InfoNCE", above(0));
      f.only_where(contrast > 0, {"temperature"}, "\"contrast\" is above 0");
    }
  };
  AdversarialParameters() = default;
  explicit AdversarialParameters(Settings settings) : settings_(std::move(settings)) {}

  Needs needs() const override { return {.views = settings_.contrast > 0 ? 2 : 1, .parameters = true}; }
  /// @throws ConfigError when no parameter of the model is meant
  void check(const MultiTaskModel& model) const override;
  bool in_evaluation() const override { return false; }
  std::int64_t count(const TaskBatch& rows) const override { return supervised_.count(rows); }
  /// The direction of delta is that of the rows together, with or without contrast.
  bool compares_rows() const override { return true; }
  bool draws_per_batch() const override { return settings_.attack.rate < 1; }
  LossValue compute(TaskStep& step) override;

 private:
  bool attacks(const std::string& name) const;
  /// Summed over the items, `second` being another dropout view of the same rows.
  Tensor loss(TaskStep& first, const Tensor& second);
  Tensor attacked_loss(TaskStep& step);

  Settings settings_;
  Supervised supervised_;
};

}  // namespace infomtl
