#include "infomtl/train/evaluation.h"

#include <algorithm>
#include <limits>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/data/evaluation_stream.h"
#include "infomtl/data/task_json.h"
#include "infomtl/metrics/metric.h"
#include "infomtl/step/forward_pass.h"
#include "train/labelled_texts.h"

namespace infomtl {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

template <class Number>
void append(const Tensor& tensor, std::vector<Number>& values) {
  const Tensor host = tensor.to(torch::kCPU, c10::CppTypeToScalarType<Number>::value).contiguous();
  values.insert(values.end(), host.data_ptr<Number>(), host.data_ptr<Number>() + host.numel());
}

/// Gold labels that the task does not know get a label of their own, which no prediction equals.
void name_unknown_labels(const Task& task, Predictions& predictions) {
  const auto unknown = static_cast<std::int64_t>(task.labels.size());
  bool any = false;
  for (std::int64_t& gold : predictions.gold) {
    if (gold != kUnknownLabel) continue;
    gold = unknown;
    any = true;
  }
  if (!any) return;
  // Among tags of a scheme it reads as an entity of an unknown type.
  const bool entities = std::any_of(task.labels.begin(), task.labels.end(),
                                    [](const std::string& label) { return label.size() > 1 && label[1] == '-'; });
  std::string_view begin = "B-";
  if (task.scheme == TagScheme::iob1) begin = "I-";
  if (task.scheme == TagScheme::bioes) begin = "S-";
  if (task.scheme == TagScheme::bilou) begin = "U-";
  predictions.space.labels.emplace_back(entities ? std::string(begin) + "unknown" : "unknown");
}

/// Sums of one term over a split.
struct SplitSum {
  double sum = 0, count = 0, weight = 0;
};

Config metric_config(const MetricChoice& metric, const std::string& task) {
  return Config::from_json(metric_to_json(metric), "metric of task \"" + task + "\"");
}

}  // namespace

MetricContext metric_context(const Task& task) {
  return {.kind = task.kind, .labels = task.labels, .scheme = task.scheme};
}

void add_predictions(const Task& task, const TaskBatch& rows, const Tensor& output, Predictions& predictions) {
  switch (task.kind) {
    case TaskKind::regression:
      append(rows.labels, predictions.gold_values);
      append(output.reshape({-1}), predictions.predicted_values);
      return;
    case TaskKind::multi_label:
      append(rows.labels, predictions.gold);
      append(output.gt(0), predictions.predicted);
      return;
    case TaskKind::tagging: {
      std::vector<std::int64_t> lengths;
      append(rows.word_offsets.diff(), lengths);
      for (const std::int64_t length : lengths)
        predictions.sentence_lengths.push_back(static_cast<std::size_t>(length));
      [[fallthrough]];
    }
    case TaskKind::classification:
      append(rows.labels, predictions.gold);
      // What was never read is not answered.
      append(rows.unread.defined() ? output.argmax(1).masked_fill(rows.unread, kNoAnswer) : output.argmax(1),
             predictions.predicted);
      return;
  }
}

Evaluation evaluate_model(const MultiTaskModel& model, const Objective* objective, const TaskData& data, Split split,
                          std::int64_t batch_size, std::int64_t step, const EmbeddingNoise* noise) {
  EvaluationStream stream(data.dataset(), split, data.tokens(split), batch_size);
  return evaluate_model(
      model, objective, [&stream] { return stream.next(); }, split_name(split), step, noise);
}

Evaluation evaluate_model(const MultiTaskModel& model, const Objective* objective, const BatchReader& batches,
                          std::string_view split, std::int64_t step, const EmbeddingNoise* noise) {
  const torch::NoGradGuard no_grad;
  const std::vector<Task>& tasks = model.tasks();
  std::vector<Predictions> predictions(tasks.size());
  LabelledTexts texts(tasks.size());
  std::vector<bool> seen(tasks.size());
  std::vector<std::map<std::string, SplitSum>> sums(tasks.size());
  const torch::Device device = model.parameters().front().device();

  ForwardContext context;
  context.model = &model;
  context.objective = objective;
  context.step = step;
  context.training = false;
  while (std::optional<StepBatch> batch = batches()) {
    texts.next_batch();
    ForwardPass forward(context, batch->to(device));
    for (std::size_t k = 0; k < forward.size(); ++k) {
      const TaskBatch& rows = forward.batch().tasks[k];
      seen[rows.task] = true;
      texts.add(rows.task, rows.rows);
      const std::shared_ptr<TaskStep> noisy = noise == nullptr ? nullptr : with_embedding_noise(forward, k, *noise);
      TaskStep& read = noisy == nullptr ? forward.task(k) : *noisy;
      add_predictions(tasks[rows.task], rows, read.prediction().output, predictions[rows.task]);
      if (objective == nullptr) continue;
      const TaskLoss loss = objective->compute(forward.task(k), objective->counts(tasks[rows.task], rows));
      for (const TermPart& part : loss.parts) {
        SplitSum& sum = sums[rows.task][part.term];
        sum.sum += part.sum.item<double>();
        sum.count += part.count;
        sum.weight = part.weight;
      }
    }
  }

  Evaluation result;
  result.all.resize(tasks.size());
  result.classes.resize(tasks.size());
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    with_context("task \"" + tasks[t].name + "\", split " + std::string(split), [&] {
      const auto metric = build_metric(metric_config(tasks[t].metric, tasks[t].name), metric_context(tasks[t]));
      result.higher_is_better.push_back(metric->higher_is_better());
      if (!seen[t]) {
        result.scores.push_back(kNan);
        result.losses.push_back(kNan);
        return;
      }
      predictions[t].space = metric_context(tasks[t]);
      name_unknown_labels(tasks[t], predictions[t]);
      result.scores.push_back(metric->score(predictions[t]));
      result.classes[t] = class_report(predictions[t]);
      for (const MetricChoice& extra : tasks[t].extra_metrics) {
        const auto further = build_metric(metric_config(extra, tasks[t].name), metric_context(tasks[t]));
        result.all[t][extra.name] = further->score(predictions[t]);
      }
      double loss = objective == nullptr ? kNan : 0.0;
      for (const auto& [term, sum] : sums[t]) {
        if (sum.count > 0) loss += sum.weight * sum.sum / sum.count;
      }
      result.losses.push_back(loss);
    });
  }
  result.joint = texts.joint(tasks, predictions);
  result.seen = seen;
  return result;
}

namespace {

/// Over the tasks with rows. A NaN that was measured counts: without it the others would look like all.
double mean_of_seen(const Evaluation& scores, const std::vector<double>& values) {
  double sum = 0;
  int count = 0;
  for (std::size_t t = 0; t < values.size(); ++t) {
    if (!scores.has_rows(t)) continue;
    sum += values[t];
    ++count;
  }
  return count == 0 ? kNan : sum / count;
}

}  // namespace

double Evaluation::average() const { return mean_of_seen(*this, scores); }

double Evaluation::monitored(const std::string& monitor, const std::vector<Task>& tasks) const {
  if (monitor == "loss") return -mean_of_seen(*this, losses);
  std::vector<double> oriented;
  for (std::size_t t = 0; t < scores.size(); ++t) {
    oriented.push_back(higher_is_better[t] ? scores[t] : -scores[t]);
    if (tasks.at(t).name == monitor) return oriented.back();
  }
  return mean_of_seen(*this, oriented);
}

}  // namespace infomtl
