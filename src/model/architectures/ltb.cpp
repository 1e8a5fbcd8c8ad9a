#include <algorithm>
#include <cmath>

#include "infomtl/core/errors.h"
#include "infomtl/ops/straight_through.h"
#include "model/architectures/builtin.h"

namespace infomtl::architectures {

void LtbSettings::fields(FieldVisitor& f) {
  f.field("temperature_from", temperature_from, "softness of choices at the first step", above(0));
  f.field("temperature_to", temperature_to, "softness of choices from `steps` on", above(0));
  f.field("steps", steps, "optimiser steps over which the temperature falls", at_least(1));
  f.field("warmup_steps", warmup_steps, "optimiser steps in which nodes take the mean of all", at_least(0));
  adapters.fields(f);
}

/// LTB: adapters in levels, and a learned choice for each node of which node below it grows from, so that the tasks'
/// ways form a tree. In training a choice is a hard Gumbel-softmax sample with the gradient of the soft one, one a
/// pass; in evaluation it is the likeliest (undecided nodes take the mean of the likeliest). In the first warmup_steps
/// every node takes the mean of all nodes below. All parameters count as shared.
///
/// The temperature falls like LibMTL's over its epochs, as one over the root of training: from temperature_from at the
/// first step to temperature_to after `steps`.
class Ltb final : public Architecture {
 public:
  using Settings = LtbSettings;
  Ltb(const Settings& settings, const ArchitectureContext& shape)
      : settings_(settings), width_(shape.width), branches_(*this, settings.adapters, shape, "choices") {
    if (settings.temperature_to > settings.temperature_from) {
      throw ConfigError("architecture \"ltb\": temperature_to " + std::to_string(settings.temperature_to) +
                        " is above temperature_from " + std::to_string(settings.temperature_from));
    }
  }

  void begin_step(std::int64_t step) override { step_ = step; }

  TaskRepresentation forward(std::size_t task, const SharedRows& rows, ops::TensorRandom* noise) override {
    TaskRepresentation result;
    result.value = branches_.forward(task, rows.pooled, noise, [&](std::size_t level, std::size_t s) {
      const Tensor& logits = branches_.link(level, s);
      if (noise == nullptr) return likeliest(logits);
      return step_ < settings_.warmup_steps ? at::full_like(logits, 1.0 / static_cast<double>(logits.numel()))
                                            : sample(logits, *noise);
    });
    return result;
  }
  std::int64_t width() const override { return width_; }
  bool draws_per_batch() const override { return branches_.levels() > 1; }
  std::vector<Tensor> shared_parameters() override { return branches_.parameters(); }
  /// Expected share of the levels below the last at which two tasks pass the same node.
  Tensor task_similarity() const override {
    if (branches_.levels() < 2) return {};
    const torch::NoGradGuard no_grad;
    const auto tasks = static_cast<std::int64_t>(branches_.tasks());
    // together[a, b]: expected number of common nodes below a and b, nodes of the current level.
    Tensor together = at::zeros({tasks, tasks}, torch::kFloat64);
    const Tensor same = at::eye(tasks, torch::kFloat64);
    for (std::size_t level = 1; level < branches_.levels(); ++level) {
      std::vector<Tensor> rows;
      for (std::size_t t = 0; t < branches_.tasks(); ++t) rows.push_back(branches_.link(level, t));
      const Tensor choice = at::softmax(at::stack(rows).to(torch::kCPU, torch::kFloat64), 1);
      together = choice.matmul(same + together).matmul(choice.t());
      together.fill_diagonal_(static_cast<double>(level));
    }
    return together / static_cast<double>(branches_.levels() - 1);
  }

 private:
  double temperature() const {
    const double progress = std::min(1.0, static_cast<double>(step_) / static_cast<double>(settings_.steps));
    const double ratio = settings_.temperature_from / settings_.temperature_to;
    return settings_.temperature_from / std::sqrt(1.0 + progress * (ratio * ratio - 1.0));
  }

  Tensor sample(const Tensor& logits, ops::TensorRandom& noise) const {
    return ops::straight_through_softmax(logits + ops::standard_gumbel(logits, noise), temperature());
  }

  static Tensor likeliest(const Tensor& logits) {
    const Tensor best = logits.detach().eq(logits.detach().max()).to(logits.scalar_type());
    return best / best.sum();
  }

  Settings settings_;
  std::int64_t width_;
  Branches branches_;
  std::int64_t step_ = 0;
};

ArchitectureFactory ltb(LtbSettings settings) { return made_by<Ltb>("ltb", std::move(settings)); }

void register_ltb(ArchitectureRegistry& registry) {
  registry.add<Ltb>("ltb", "learning to branch: adapters whose tree is learned by Gumbel-softmax choices",
                    "Guo, Lee, Ulbricht, ICML 2020", {{"similarity", "\"choices\""}});
}

}  // namespace infomtl::architectures
