#include <cmath>

#include "infomtl/core/errors.h"
#include "infomtl/ops/aggregation/tracking.h"
#include "infomtl/weighting/forwarding_task_gradients.h"
#include "weighting/builtin.h"
#include "weighting/step_rows.h"

namespace infomtl::weightings {

void SmoothedSettings::fields(FieldVisitor& f) {
  f.field("memory", memory, "share of the previous weights", between(0, 1));
}

/// The task gradients of a wrapped weighting, whose weights are averaged on their way in with those that each task had
/// in earlier steps; those that it gives to heads likewise, on their own.
class SmoothedGradients final : public ForwardingTaskGradients {
 public:
  /// @param previous, previous_heads [tasks of the experiment] float64, NaN for a task that no step had yet; that of
  /// heads undefined until the wrapped weighting gives them weights of their own
  SmoothedGradients(TaskGradients& inner, torch::Tensor& previous, torch::Tensor& previous_heads, double memory)
      : ForwardingTaskGradients(inner), previous_(previous), previous_heads_(previous_heads), memory_(memory) {}
  void apply_weights(const torch::Tensor& weights, const torch::Tensor& heads) override {
    const torch::Tensor averaged = average(weights, previous_);
    inner().apply_weights(averaged, heads.defined() ? average(heads, previous_heads_) : heads);
  }
  void apply_direction(const torch::Tensor& /*direction*/, const torch::Tensor& /*heads*/) override { refuse(); }
  void apply_representation_gradients(const std::vector<torch::Tensor>& /*gradients*/) override { refuse(); }

 private:
  /// [tasks of the step], which `previous` holds from then on.
  torch::Tensor average(const torch::Tensor& weights, torch::Tensor& previous) const {
    const torch::Tensor current = weights.detach().to(torch::kCPU, torch::kFloat64);
    RowsOfStep earlier(previous, inner());
    const torch::Tensor before = earlier.rows.defined() ? earlier.rows.to(torch::kCPU) : current;
    earlier.rows = ops::smoothed(torch::where(before.isnan(), current, before), current, memory_);
    return earlier.rows;
  }
  [[noreturn]] static void refuse() {
    throw ConfigError("weighting \"smoothed\" averages weights; the wrapped one gives a direction and no weights");
  }
  torch::Tensor &previous_, &previous_heads_;
  double memory_;
};

/// Names the state of the wrapped weighting apart from the wrapper's.
class InnerState final : public StateVisitor {
 public:
  explicit InnerState(StateVisitor& visitor) : visitor_(visitor) {}
  void tensor(const std::string& name, torch::Tensor& value) override { visitor_.tensor("inner." + name, value); }
  void counter(const std::string& name, std::int64_t& value) override { visitor_.counter("inner." + name, value); }

 private:
  StateVisitor& visitor_;
};

/// CR-MOGM around any weighting that gives weights.
class Smoothed final : public GradientWeighting {
 public:
  using Settings = SmoothedSettings;
  Smoothed(Settings settings, const WeightingContext& tasks, std::shared_ptr<GradientWeighting> inner)
      : settings_(settings), names_(tasks.names), inner_(register_module("inner", std::move(inner))) {
    previous_ = torch::full({static_cast<std::int64_t>(tasks.names.size())}, NAN, torch::kFloat64);
  }
  void backward(TaskGradients& task_gradients) override {
    SmoothedGradients smoothing(task_gradients, previous_, previous_heads_, settings_.memory);
    inner_->backward(smoothing);
  }
  bool needs_features() const override { return inner_->needs_features(); }
  void check(const std::vector<TaskInputs>& tasks) const override { inner_->check(tasks); }
  void begin(const std::vector<TaskInputs>& tasks) override { inner_->begin(tasks); }
  void after_update(TaskGradients& task_gradients) override { inner_->after_update(task_gradients); }
  void end_epoch(std::int64_t epoch, const std::vector<double>& losses) override { inner_->end_epoch(epoch, losses); }
  std::optional<GradientKind> gradients_read() const override { return inner_->gradients_read(); }
  Diagnostics diagnostics() const override {
    Diagnostics found;
    for (const auto& [name, value] : inner_->diagnostics()) found.emplace_back("inner/" + name, value);
    for (std::size_t t = 0; t < names_.size(); ++t) {
      const auto smoothed = previous_[static_cast<std::int64_t>(t)].item<double>();
      if (!std::isnan(smoothed)) found.emplace_back("smoothed/" + names_[t], smoothed);
    }
    return found;
  }
  /// Weights that stay as they are found average to themselves.
  torch::Tensor found_weights() const override { return inner_->found_weights(); }
  std::vector<ParameterGroup> parameter_groups() const override {
    std::vector<ParameterGroup> groups = inner_->parameter_groups();
    for (ParameterGroup& group : groups) group.match = "inner." + group.match;
    return groups;
  }
  void visit_state(StateVisitor& visitor) override {
    visitor.tensor("previous", previous_);
    visitor.tensor("previous_heads", previous_heads_);
    InnerState inner(visitor);
    inner_->visit_state(inner);
  }

 private:
  Settings settings_;
  std::vector<std::string> names_;
  std::shared_ptr<GradientWeighting> inner_;
  torch::Tensor previous_, previous_heads_;
};

WeightingFactory smoothed(WeightingFactory inner, SmoothedSettings settings) {
  check_fields(settings, "weighting \"smoothed\"");
  return WeightingFactory::Make([=](const WeightingContext& tasks) -> std::shared_ptr<GradientWeighting> {
    return std::make_shared<Smoothed>(settings, tasks, inner(tasks));
  });
}

void register_smoothed(WeightingRegistry& registry) {
  RegistryEntry entry{
      .name = "smoothed",
      .summary = "moving average of another weighting's weights (CR-MOGM); \"inner\" is that weighting's config",
      .source = "Zhou et al., NeurIPS 2022",
      .options = describe_fields<Smoothed::Settings>()};
  entry.options.push_back({"inner", "weighting", "null", "config of the weighting whose weights are averaged"});
  registry.add(std::move(entry), in_both_regimes(GradientKind::inner),
               [](const Config& config, const WeightingContext& tasks) -> std::shared_ptr<GradientWeighting> {
                 const Config inner = config.value("inner");
                 const std::string name = weighting_registry().name_in(inner);
                 if (weighting_registry().traits(name).gives_direction) {
                   inner.fail("weighting \"" + name + "\" gives a direction and no weights to average");
                 }
                 const auto settings = config.read<Smoothed::Settings>();
                 return std::make_shared<Smoothed>(settings, tasks, build_weighting(inner, tasks));
               });
}

}  // namespace infomtl::weightings
