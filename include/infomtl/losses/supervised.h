#pragma once
// The task's own loss on its head's output (the sample of a gaussian head in training, its mean in evaluation).

#include <map>
#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/settings.h"
#include "infomtl/losses/loss_term.h"

namespace infomtl {

/// The task's own loss of an output, summed over its items: what Supervised adds up, for terms that have outputs of their
/// own (of dummy heads, say).
///
/// @param output  [B, C], a row per item
/// @param labels  as TaskBatch::labels; items of an unknown label add 0
/// @param label_smoothing  as Supervised::Settings
/// @param class_weights  [C] as class_weights_of() gives them; undefined: all alike
/// @return scalar with graph @throws ShapeError
INFOMTL_API Tensor supervised_sum(const Task& task, const Tensor& output, const Tensor& labels,
                                  double label_smoothing = 0, const Tensor& class_weights = {});

/// How rare classes count more.
struct ClassWeights {
  /// Of each label, by order or name (others 1), or found from the training rows (words when tagging): "balanced" or
  /// "effective_number" (ops/information/class_weights.h)
  NamedNumbers weights = {};
  double beta = 0.999;  ///< of the effective number
  void fields(FieldVisitor& f) {
    f.field("class_weights", weights, {"balanced", "effective_number"},
            "weights of the classes: numbers, or found from how often they occur in training", weight_range());
    f.field("beta", beta, "effective_number: 0 weighs all alike, towards 1 by 1 / rows", from_to_below(0, 1));
    f.only_where(weights.word == "effective_number", {"beta"}, "\"class_weights\" is \"effective_number\"");
  }
};

/// [C] float32 of a task's labels; undefined for a regression, and where none are asked for. Of label sets they are the weight
/// of a label that is there over that of one that is not: found from data, each label is a question of its own with two
/// answers (n_absent / n_present for "balanced").
/// @throws ConfigError where the numbers don't fit the labels or are all 0, or the training rows are not known
INFOMTL_API Tensor class_weights_of(const ClassWeights& settings, const Task& task);

/// Cross-entropy for classification and tagging (an item is a row, or a word), mean over classes of binary cross-entropy
/// for multi-label, squared error for regression. Items of an unknown label are not counted. With class weights the mean is
/// still over items, not over their weights, so that a rare class counts as much in a batch where it is alone.
class INFOMTL_API Supervised final : public LossTerm {
 public:
  struct Settings {
    double label_smoothing = 0;  ///< share of a label's mass spread over all classes, in [0, 1); 0: none
    std::int64_t views = 1;      ///< dropout views whose losses are averaged in training; R-Drop takes 2
    ClassWeights classes = {};
    void fields(FieldVisitor& f) {
      f.field("label_smoothing", label_smoothing,
              "share of a label's mass spread evenly over all classes (classification and tagging)",
              from_to_below(0, 1));
      f.field("views", views, "dropout views whose losses are averaged in training; R-Drop takes 2", between(1, 8));
      classes.fields(f);
    }
  };
  Supervised() = default;
  explicit Supervised(Settings settings) : settings_(settings) {}

  bool is_task_loss() const override { return true; }
  Needs needs() const override { return {.views = static_cast<int>(settings_.views)}; }
  void check_options(const std::vector<Task>& tasks) const override;
  std::int64_t count(const TaskBatch& rows) const override;
  LossValue compute(TaskStep& step) override;

 private:
  const Tensor& weights_of(const Task& task, const Tensor& output);

  Settings settings_;
  std::map<std::string, Tensor> weights_;  ///< of each task, once it was seen
};

}  // namespace infomtl
