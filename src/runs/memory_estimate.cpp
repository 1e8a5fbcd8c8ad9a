#include "runs/memory_estimate.h"

#include <algorithm>
#include <cstdio>

#include "infomtl/losses/objective.h"
#include "infomtl/weighting/gradient_weighting.h"
#include "runs/assembly.h"

namespace infomtl {
namespace {

constexpr double kNumber = 4;         // bytes of a float32
constexpr double kProgram = 0.35e9;   // the program with LibTorch and its routines
constexpr double kLongerStep = 1.15;  // the largest step of a kind over its mean
constexpr double kDataPerToken = 12;  // text, token id, type id, offsets

double parameters_of(const MultiTaskModel& model) {
  double count = 0;
  for (const Tensor& parameter : model.parameters()) count += static_cast<double>(parameter.numel());
  return count;
}

double shared_without_words(const MultiTaskModel& model) {
  double count = 0;
  for (const NamedParameter& named : model.shared_parameters()) count += static_cast<double>(named.parameter.numel());
  const Tensor words = model.encoder().word_table();
  return words.defined() ? count - static_cast<double>(words.numel()) : count;
}

/// Tokens of a micro-batch of the largest kind of step, in one view.
double tokens_of_step(const RunConfig& run, const DatasetReport& data) {
  const BatchingSettings& batching = run.trainer.batching;
  const bool joint = batching.regime == Regime::joint;
  double largest = 0, sum = 0, tasks = 0;
  for (const SplitReport& split : data.splits) {
    if (split.split != Split::train || split.rows == 0) continue;
    const double rows = static_cast<double>(std::min(batching.batch_size, split.rows));
    const double tokens = rows * static_cast<double>(split.tokens) / static_cast<double>(split.rows);
    largest = std::max(largest, tokens);
    sum += tokens;
    ++tasks;
  }
  double step = joint ? sum : largest;
  if (joint && batching.joint_batch_size == "total" && tasks > 0) step /= tasks;
  return step / static_cast<double>(batching.accumulate);
}

/// Numbers that a layer keeps per token for its backward pass: its input, queries, keys, values, the attention's output
/// before and after its projection, two sums, two norms (10 H); the inner layer before and after the activation (2 F).
double kept_per_token(const Encoder& encoder) {
  const auto width = static_cast<double>(encoder.width());
  double inner = 4 * width;
  for (const char* key : {"intermediate_size", "hidden_dim"}) {
    const Json& config = encoder.config();
    if (config.contains(key) && config.at(key).is_number()) inner = config.at(key).get<double>();
  }
  return static_cast<double>(encoder.layer_count()) * (10 * width + 2 * inner);
}

int views_of(const RunConfig& run, const MultiTaskModel& model) {
  const auto objective = Objective::from_config(run.losses, term_context(run, model, model.tasks()), run.penalties);
  int views = 1;
  for (const Task& task : model.tasks()) views = std::max(views, static_cast<int>(objective->needs(task).views));
  return views;
}

double task_gradients(const RunConfig& run, const MultiTaskModel& model) {
  const GradientKind reads = weighting_registry().traits(weighting_registry().name_in(run.weighting)).gradients;
  const bool compares = reads == GradientKind::jacobian || reads == GradientKind::gram;
  if (!compares || run.trainer.task_gradients == "gram") return 0;
  const double tasks = run.trainer.batching.regime == Regime::joint ? static_cast<double>(model.tasks().size()) : 1;
  return tasks * shared_without_words(model) * kNumber;
}

}  // namespace

MemoryEstimate memory_estimate(const RunConfig& run, const MultiTaskModel& model, const DatasetReport& data) {
  const double parameters = parameters_of(model);
  const double trained = parameters * 4 * kNumber;
  const int views = views_of(run, model);
  const double tokens = tokens_of_step(run, data) * kLongerStep;
  const double activations = tokens * views * kept_per_token(model.encoder()) * kNumber;
  const double gradients = task_gradients(run, model);
  double texts = 0;
  for (const SplitReport& split : data.splits) texts += static_cast<double>(split.tokens) * kDataPerToken;
  const double sum = kProgram + trained + activations + gradients + texts;
  char note[320];
  std::snprintf(note, sizeof note,
                "memory at the peak, estimated: %.2f GB (program %.2f; %.1f million parameters with gradients and "
                "moments %.2f; what a step of %.0f tokens keeps, in %d %s, %.2f; gradients per task %.2f; data %.2f)",
                sum / 1e9, kProgram / 1e9, parameters / 1e6, trained / 1e9, tokens, views,
                views == 1 ? "view" : "views", activations / 1e9, gradients / 1e9, texts / 1e9);
  return {.bytes = sum, .text = note};
}

}  // namespace infomtl
