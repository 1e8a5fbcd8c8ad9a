#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "infomtl/core/errors.h"
#include "infomtl/core/log.h"
#include "infomtl/core/utf8.h"
#include "infomtl/ops/aggregation/label_directions.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {
namespace {

using torch::Tensor;

constexpr std::size_t kLongestName = 40;
constexpr double kSameFeatures = 1e-5;  // of the largest entry: batches of another size round differently

/// [B, C_i] float64: a column for two classes or for values, one per class for more or for label sets; each of mean 0 and
/// deviation 1, or 0 throughout where all its labels are equal.
Tensor label_columns(const TaskInputs& task) {
  Tensor columns = task.labels.to(torch::kFloat64);
  if (task.kind == TaskKind::classification && task.outputs != 2) {
    columns = at::one_hot(task.labels, task.outputs).to(torch::kFloat64);
  }
  if (columns.dim() == 1) columns = columns.unsqueeze(1);
  const Tensor constant = columns.eq(columns.narrow(0, 0, 1)).all(0, /*keepdim=*/true);
  const Tensor centred = columns - columns.mean(0, /*keepdim=*/true);
  const Tensor deviation = centred.square().mean(0, /*keepdim=*/true).sqrt();
  return at::where(constant, at::zeros_like(centred),
                   centred / at::where(constant, at::ones_like(deviation), deviation));
}

/// A weight per task means nothing for a task alone.
WeightingTraits for_several_tasks() {
  WeightingTraits traits = in_both_regimes(GradientKind::losses);
  traits.alone = false;
  return traits;
}

bool same_features(const Tensor& one, const Tensor& other) {
  if (one.sizes() != other.sizes()) return false;
  return one.numel() == 0 || ((one - other).abs().max() <= kSameFeatures * one.abs().max()).item<bool>();
}

}  // namespace

void SvdReweightingSettings::fields(FieldVisitor& f) {
  f.field("rank", rank,
          "directions that count, at most the columns of labels and the width of the encoder; 0: as many as tasks",
          at_least(0));
}

/// SVD reweighting: with standardised columns of labels, each task by how much of X^T y lies in the common top directions, times what makes the sum T.
class SvdReweighting final : public GradientWeighting {
 public:
  using Settings = SvdReweightingSettings;
  SvdReweighting(Settings settings, const WeightingContext& tasks) : settings_(settings), names_(tasks.names) {}

  bool needs_features() const override { return true; }
  void check(const std::vector<TaskInputs>& tasks) const override {
    if (tasks.size() < 2) refuse("weighs tasks against each other, and \"" + names_.at(0) + "\" is trained alone");
    std::int64_t columns = 0;
    for (std::size_t t = 0; t < tasks.size(); ++t) {
      columns += columns_of(tasks, t).size(1);
      const Tensor &first = tasks[0].texts, &texts = tasks[t].texts;
      if (!first.defined() || !texts.defined()) continue;  // begin() compares the features
      if (!at::equal(first, texts)) refuse_texts(t, first.size(0), texts.size(0));
    }
    check_rank(columns, tasks[0].width > 0 ? tasks[0].width : columns);
  }
  void begin(const std::vector<TaskInputs>& tasks) override {
    std::vector<Tensor> directions;
    std::int64_t columns = 0;
    for (std::size_t t = 0; t < tasks.size(); ++t) {
      const Tensor own = columns_of(tasks, t);
      if (!same_features(tasks[0].features, tasks[t].features)) {
        refuse_texts(t, tasks[0].features.size(0), tasks[t].features.size(0));
      }
      directions.push_back(tasks[t].features.to(torch::kFloat64).t().mm(own));
      columns += directions.back().size(1);
    }
    const std::int64_t rows = tasks.at(0).features.size(0), width = tasks[0].features.size(1);
    if (rows < width) {
      log::warning("svd_reweighting: " + std::to_string(rows) + " training rows in " + std::to_string(width) +
                   " features: any labels can be told apart, so the weights say little");
    }
    check_rank(columns, width);
    const std::int64_t rank = settings_.rank > 0 ? settings_.rank : std::min({std::ssize(tasks), columns, width});
    const Tensor norms = ops::shared_direction_norms(directions, rank);
    const double sum = norms.sum().item<double>();
    if (!(sum > 0)) refuse("finds nothing in the features that goes with any label");
    weights_ = norms * (static_cast<double>(tasks.size()) / sum);
    tell();
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
  Tensor found_weights() const override { return weights_; }
  void visit_state(StateVisitor& visitor) override { visitor.tensor("weights", weights_); }

 private:
  [[noreturn]] static void refuse(const std::string& what) {
    throw ConfigError("weighting \"svd_reweighting\": " + what);
  }
  [[noreturn]] void refuse_texts(std::size_t task, std::int64_t first_rows, std::int64_t rows) const {
    refuse("is for tasks that label the same texts, in the same order; \"" + names_.at(0) + "\" has " +
           std::to_string(first_rows) + " training rows, \"" + names_.at(task) + "\" has " + std::to_string(rows) +
           ", not all of the same text");
  }
  Tensor columns_of(const std::vector<TaskInputs>& tasks, std::size_t task) const {
    const std::string name = "\"" + names_.at(task) + "\"";
    if (tasks[task].kind == TaskKind::tagging) refuse("is for tasks with a label per text; " + name + " labels words");
    Tensor columns = label_columns(tasks[task]);
    if (columns.eq(0).all().item<bool>()) {
      refuse("task " + name + " has one label only, so it has no direction; leave the task out");
    }
    return columns;
  }
  void tell() const {
    std::string text = "svd_reweighting: weights of the losses:";
    for (std::size_t t = 0; t < names_.size(); ++t) {
      std::array<char, 32> number{};
      std::snprintf(number.data(), number.size(), " %.3f", weights_[static_cast<std::int64_t>(t)].item<double>());
      text += (t > 0 ? ", " : " ") + shortened_to(printable(names_[t]), kLongestName) + number.data();
    }
    log::info(text);
  }
  void check_rank(std::int64_t columns, std::int64_t width) const {
    if (settings_.rank <= std::min(columns, width)) return;
    refuse("rank " + std::to_string(settings_.rank) + ": there are " +
           (width < columns ? std::to_string(width) + " directions, as many as the encoder is wide"
                            : std::to_string(columns) + " directions, as many as columns of labels"));
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
      "Wu et al., ICLR 2020", for_several_tasks());
}

}  // namespace infomtl::weightings
