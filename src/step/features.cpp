#include "infomtl/step/features.h"

#include <map>
#include <optional>

#include "infomtl/data/evaluation_stream.h"
#include "infomtl/step/forward_pass.h"

namespace infomtl {
namespace {

/// Pieces of one task in the order of batches, put into that of examples at the end.
class TaskCollector {
 public:
  void add(TaskStep& step, const Tensor& places, const FeatureOptions& options) {
    const TaskBatch& rows = step.batch();
    examples_.push_back(rows.examples.to(torch::kCPU));
    places_.push_back(places);
    labels_.push_back(rows.labels.to(torch::kCPU));
    if (rows.word_offsets.defined()) word_counts_.push_back(rows.word_offsets.to(torch::kCPU).diff());
    if (options.representations) representation_.push_back(step.representation().value.to(torch::kCPU));
    if (options.outputs) output_.push_back(step.prediction().output.to(torch::kCPU, torch::kFloat32));
  }

  TaskFeatures features() const {
    if (examples_.empty())
      return {.rows = torch::zeros({0}, torch::kInt64),
              .labels = {},
              .word_offsets = {},
              .representation = {},
              .output = {}};
    const Tensor order = at::cat(examples_).argsort();
    TaskFeatures found;
    found.rows = at::cat(places_).index_select(0, order);
    Tensor items = order;
    if (!word_counts_.empty()) {
      const Tensor counts = at::cat(word_counts_), begins = counts.cumsum(0) - counts;
      const Tensor sorted = counts.index_select(0, order), ends = sorted.cumsum(0);
      found.word_offsets = at::cat({torch::zeros({1}, torch::kInt64), ends});
      // The w-th word of a row: where the row's words began, and how far it is from there.
      const Tensor within = at::arange(ends.size(0) == 0 ? 0 : ends[-1].item<std::int64_t>(), torch::kInt64) -
                            (ends - sorted).repeat_interleave(sorted);
      items = begins.index_select(0, order).repeat_interleave(sorted) + within;
    }
    found.labels = at::cat(labels_).index_select(0, items);
    if (!representation_.empty()) found.representation = at::cat(representation_).index_select(0, items);
    if (!output_.empty()) found.output = at::cat(output_).index_select(0, items);
    return found;
  }

 private:
  std::vector<Tensor> examples_, places_, labels_, word_counts_, representation_, output_;
};

}  // namespace

Features collect_features(const MultiTaskModel& model, const TaskData& data, Split split,
                          const FeatureOptions& options) {
  const torch::NoGradGuard no_grad;
  const SplitData& texts = data.dataset().split(split);
  std::map<std::int32_t, std::int64_t> place_of;  // text of the split -> row of the features
  for (const TaskRows& rows : texts.tasks) {
    for (const std::int32_t text : rows.sequences) place_of[text] = 0;
  }
  std::int64_t count = 0;
  for (auto& [text, place] : place_of) place = count++;

  Features found;
  found.pooled = torch::zeros({count, model.encoder().width()});
  std::vector<TaskCollector> collectors(model.tasks().size());
  ForwardContext context;
  context.model = &model;
  context.training = false;
  const torch::Device device = model.parameters().front().device();
  EvaluationStream stream(data.dataset(), split, data.tokens(split), options.batch_size);
  while (std::optional<StepBatch> batch = stream.next()) {
    ForwardPass forward(context, batch->to(device));
    for (std::size_t k = 0; k < forward.size(); ++k) {
      TaskStep& step = forward.task(k);
      const Tensor examples = step.batch().examples.to(torch::kCPU);
      std::vector<std::int64_t> places;
      for (std::int64_t b = 0; b < examples.size(0); ++b) {
        const auto example = static_cast<std::size_t>(examples[b].item<std::int64_t>());
        places.push_back(place_of.at(texts.tasks[step.task_index()].sequences.at(example)));
      }
      const Tensor rows = torch::tensor(places, torch::kInt64);
      found.pooled.index_copy_(0, rows, step.shared().to(torch::kCPU, torch::kFloat32));
      collectors[step.task_index()].add(step, rows, options);
    }
  }
  for (const TaskCollector& collector : collectors) found.tasks.push_back(collector.features());
  return found;
}

std::vector<LabelledRows> collect_labelled_rows(const MultiTaskModel& model, const BatchReader& batches, bool outputs) {
  const torch::NoGradGuard no_grad;
  ForwardContext context;
  context.model = &model;
  context.training = false;
  const torch::Device device = model.parameters().front().device();
  std::vector<TaskCollector> collectors(model.tasks().size());
  std::vector<std::vector<Tensor>> pooled(collectors.size());  // in the order of batches
  std::vector<std::int64_t> seen(collectors.size());
  while (std::optional<StepBatch> batch = batches()) {
    ForwardPass forward(context, batch->to(device));
    for (std::size_t k = 0; k < forward.size(); ++k) {
      TaskStep& step = forward.task(k);
      const std::size_t task = step.task_index();
      pooled[task].push_back(step.shared().to(torch::kCPU, torch::kFloat32));
      const std::int64_t first = seen[task];
      seen[task] += pooled[task].back().size(0);
      collectors[task].add(step, at::arange(first, seen[task], torch::kInt64), {.outputs = outputs});
    }
  }
  std::vector<LabelledRows> found(collectors.size());
  for (std::size_t t = 0; t < found.size(); ++t) {
    if (pooled[t].empty()) continue;
    const TaskFeatures rows = collectors[t].features();
    found[t] = {.pooled = at::cat(pooled[t]).index_select(0, rows.rows), .labels = rows.labels, .output = rows.output};
  }
  return found;
}

}  // namespace infomtl
