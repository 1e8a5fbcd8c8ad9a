#include "runs/sampled_prediction.h"

#include <optional>

#include "infomtl/core/errors.h"
#include "infomtl/ops/information/gaussian.h"

namespace infomtl {
namespace {

Json by_label(const Task& task, const Tensor& values) {
  Json found = Json::object();
  for (std::size_t c = 0; c < task.labels.size(); ++c) {
    found[task.labels[c]] = values[static_cast<std::int64_t>(c)].item<float>();
  }
  return found;
}

}  // namespace

void check_samples(const MultiTaskModel& model, std::size_t task, const PredictionSamples& samples) {
  if (samples.count < 2) throw UserError("predict: " + std::to_string(samples.count) + " samples; give 2 or more");
  const std::string head = "predict: the head of task \"" + model.tasks().at(task).name + "\"";
  if (model.head(task).rounds() > 1) {
    throw UserError(head + " reads other heads in rounds and cannot be sampled alone; leave the samples out");
  }
  if (model.head(task).reads_token_states()) {
    throw UserError(head + " reads the states of all tokens and cannot be sampled alone; leave the samples out");
  }
  if (!model.architecture().stochastic() && !model.head(task).gaussian()) {
    throw UserError(head + " is not random, nor is the run's architecture; leave the samples out");
  }
}

Tensor sampled_outputs(TaskStep& step, std::int64_t first, std::int64_t last, std::int64_t samples,
                       ops::TensorRandom& noise) {
  const std::size_t task = step.task_index();
  const TaskRepresentation& code = step.representation();
  const auto repeated = [&](const Tensor& rows) { return rows.slice(0, first, last).repeat({samples, 1}); };
  Tensor z = repeated(code.value);
  if (code.mean.defined()) {
    z = ops::gaussian_sample(repeated(code.mean), repeated(code.log_variance), noise.normal(z.sizes()));
  }
  const std::optional<WeightPosterior> weights = step.model().architecture().head_weights(task);
  const HeadInput input{.representation = z,
                        .random = {.dropout = nullptr, .noise = &noise},
                        .weights = weights.has_value() ? &*weights : nullptr};
  const Tensor output = step.model().head(task).forward(input).output;
  return output.to(torch::kCPU, torch::kFloat32).reshape({samples, last - first, output.size(1)});
}

Json sampled_answer(const Task& task, const Tensor& outputs) {
  Tensor values = outputs;
  if (task.kind == TaskKind::multi_label) values = outputs.sigmoid();
  if (task.kind == TaskKind::classification || task.kind == TaskKind::tagging) values = outputs.softmax(-1);
  const Tensor mean = values.mean(0), deviation = values.std(0);  // [rows, C]
  const auto label = [&](std::int64_t c) { return task.labels[static_cast<std::size_t>(c)]; };
  switch (task.kind) {
    case TaskKind::classification:
      return {{"label", label(mean[0].argmax().item<std::int64_t>())},
              {"scores", by_label(task, mean[0])},
              {"deviations", by_label(task, deviation[0])}};
    case TaskKind::regression:
      return {{"value", mean[0][0].item<float>()}, {"deviation", deviation[0][0].item<float>()}};
    case TaskKind::multi_label: {
      Json labels = Json::array();
      for (std::int64_t c = 0; c < mean.size(1); ++c) {
        if (mean[0][c].item<float>() > 0.5F) labels.push_back(label(c));
      }
      return {{"labels", labels}, {"scores", by_label(task, mean[0])}, {"deviations", by_label(task, deviation[0])}};
    }
    case TaskKind::tagging: {
      Json labels = Json::array(), scores = Json::array(), deviations = Json::array();
      for (std::int64_t w = 0; w < mean.size(0); ++w) {
        const auto best = mean[w].argmax().item<std::int64_t>();
        labels.push_back(label(best));
        scores.push_back(mean[w][best].item<float>());
        deviations.push_back(deviation[w][best].item<float>());
      }
      return {{"labels", labels}, {"scores", scores}, {"deviations", deviations}};
    }
  }
  throw StateError("an unknown kind of label");
}

}  // namespace infomtl
