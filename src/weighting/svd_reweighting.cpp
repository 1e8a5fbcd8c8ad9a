#include <ATen/ATen.h>

#include <algorithm>

#include "infomtl/core/errors.h"
#include "infomtl/ops/aggregation/label_directions.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {
namespace {

using torch::Tensor;

constexpr double kSameFeatures = 1e-5;  // of the largest entry: batches of another size round differently

/// [B, C_i] float64: +-1 for two classes, a column of zeros and ones per class for more or for label sets, standardised values
/// for regression.
Tensor label_columns(const TaskInputs& task) {
  switch (task.kind) {
    case TaskKind::classification:
      if (task.outputs == 2) return (2 * task.labels.to(torch::kFloat64) - 1).unsqueeze(1);
      return at::one_hot(task.labels, task.outputs).to(torch::kFloat64);
    case TaskKind::multi_label:
      return task.labels.to(torch::kFloat64);
    case TaskKind::regression: {
      const Tensor centred = task.labels.to(torch::kFloat64) - task.labels.to(torch::kFloat64).mean();
      const double deviation = centred.square().mean().sqrt().item<double>();
      return (deviation > 0 ? centred / deviation : centred).unsqueeze(1);
    }
    case TaskKind::tagging:
      break;
  }
  throw StateError("svd_reweighting: labels of words are no labels of rows");
}

bool same_features(const Tensor& one, const Tensor& other) {
  if (one.sizes() != other.sizes()) return false;
  return one.numel() == 0 || ((one - other).abs().max() <= kSameFeatures * one.abs().max()).item<bool>();
}

}  // namespace

void SvdReweightingSettings::fields(FieldVisitor& f) {
  f.field("rank", rank, "directions that count, at most the columns of labels; 0: as many as tasks", at_least(0));
}

/// SVD reweighting: each task by how much of X^T y lies in the common top directions, times what makes the sum T.
class SvdReweighting final : public GradientWeighting {
 public:
  using Settings = SvdReweightingSettings;
  SvdReweighting(Settings settings, const WeightingContext& tasks) : settings_(settings), names_(tasks.names) {}

  bool needs_features() const override { return true; }
  void begin(const std::vector<TaskInputs>& tasks) override {
    std::vector<Tensor> directions;
    std::int64_t columns = 0;
    for (std::size_t t = 0; t < tasks.size(); ++t) {
      if (tasks[t].kind == TaskKind::tagging) {
        refuse("is for tasks with a label per text; \"" + names_.at(t) + "\" labels words");
      }
      if (!same_features(tasks[0].features, tasks[t].features)) {
        refuse("is for tasks that label the same texts, in the same order; \"" + names_.at(0) + "\" has " +
               std::to_string(tasks[0].features.size(0)) + " training rows, \"" + names_.at(t) + "\" has " +
               std::to_string(tasks[t].features.size(0)) + ", not all of the same text");
      }
      directions.push_back(tasks[t].features.to(torch::kFloat64).t().mm(label_columns(tasks[t])));
      columns += directions.back().size(1);
    }
    const std::int64_t most = std::min(columns, directions.at(0).size(0));
    if (settings_.rank > most) {
      refuse("rank " + std::to_string(settings_.rank) + ": there are " + std::to_string(most) + " directions");
    }
    const std::int64_t rank = settings_.rank > 0 ? settings_.rank : std::min<std::int64_t>(std::ssize(tasks), most);
    const Tensor norms = ops::shared_direction_norms(directions, rank);
    const double sum = norms.sum().item<double>();
    if (!(sum > 0)) refuse("finds nothing in the features that goes with any label");
    weights_ = norms * (static_cast<double>(tasks.size()) / sum);
  }
  void backward(TaskGradients& task_gradients) override {
    if (!weights_.defined()) throw StateError("weighting \"svd_reweighting\": begin() has not been called");
    task_gradients.apply_weights(of_step(weights_, task_gradients));
  }
  Diagnostics diagnostics() const override {
    Diagnostics found;
    for (std::size_t t = 0; weights_.defined() && t < names_.size(); ++t) {
      found.emplace_back("weight/" + names_[t], weights_[static_cast<std::int64_t>(t)].item<double>());
    }
    return found;
  }
  void visit_state(StateVisitor& visitor) override { visitor.tensor("weights", weights_); }

 private:
  [[noreturn]] static void refuse(const std::string& what) {
    throw ConfigError("weighting \"svd_reweighting\": " + what);
  }
  Settings settings_;
  std::vector<std::string> names_;
  Tensor weights_;  // [T] float64
};

WeightingFactory svd_reweighting(SvdReweightingSettings settings) {
  return made_by<SvdReweighting>("svd_reweighting", settings);
}

void register_svd_reweighting(WeightingRegistry& registry) {
  registry.add<SvdReweighting>(
      "svd_reweighting",
      "weights by the labels' part in directions common to all tasks, from the features before "
      "the first step; for tasks that label the same texts",
      "Wu et al., ICLR 2020", in_both_regimes(GradientKind::losses));
}

}  // namespace infomtl::weightings
