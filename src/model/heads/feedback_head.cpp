#include "model/heads/feedback_head.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"
#include "infomtl/ops/feedback.h"
#include "infomtl/ops/straight_through.h"
#include "infomtl/optim/weight_schedule.h"

namespace infomtl {

void FeedbackHeadSettings::fields(FieldVisitor& f) {
  f.field("rounds", rounds, "how often the heads are run on the same rows; 1: no feedback", between(1, 64));
  f.field("layers", layers, "hidden layers of the representation's width", count_from(0));
  f.choice("activation", activation, ops::activation_names(), "activation of the hidden layers");
  f.only_where(layers > 0, {"activation"}, "\"layers\" is above 0");
  f.field("dropout", dropout, "rate of dropping before each layer", from_to_below(0.0, 1.0));
  f.field("reads", reads, "tasks whose heads are read; none named: all others");
  f.field("detach", detach, "no gradient through what is read: the round before is taken as given");
  f.field("temperature_from", temperature_from, "softness of the gates' gradient at the first step", above(0));
  f.field("temperature_to", temperature_to, "softness from `temperature_steps` on", above(0));
  f.field("temperature_steps", temperature_steps, "optimiser steps over which the temperature falls", at_least(1));
  f.field("gate_learning_rate", gate_learning_rate, "peak rate of the gates; 0: the optimiser's", at_least(0));
  f.only_where(rounds > 1,
               {"reads", "detach", "temperature_from", "temperature_to", "temperature_steps", "gate_learning_rate"},
               "\"rounds\" is above 1");
}

FeedbackHead::FeedbackHead(Settings settings, const HeadContext& shape)
    : settings_(std::move(settings)),
      task_(shape.task->name),
      words_(shape.task->kind == TaskKind::tagging),
      activation_(ops::activation_of_name(settings_.activation)) {
  if (settings_.temperature_to > settings_.temperature_from) {
    throw ConfigError("head \"feedback\": temperature_to " + std::to_string(settings_.temperature_to) +
                      " is above temperature_from " + std::to_string(settings_.temperature_from));
  }
  add_layers(shape);
  add_sources(shape);
}

void FeedbackHead::add_layers(const HeadContext& shape) {
  const auto net = register_module("net", std::make_shared<torch::nn::Module>("net"));
  for (std::int64_t j = 0; j <= settings_.layers; ++j) {
    // Named and drawn as those of a linear head, so that the two differ by the method alone.
    const std::string name = j == settings_.layers ? "output" : j == 0 ? "hidden" : "hidden_" + std::to_string(j + 1);
    const auto part = net->register_module(name, std::make_shared<torch::nn::Module>(name));
    const ops::DenseLayer drawn = ops::draw_dense_layer(
        shape.width, j == settings_.layers ? shape.task->outputs() : shape.width, shape.seed, name + ".");
    layers_.push_back({part->register_parameter("weight", drawn.weight), part->register_parameter("bias", drawn.bias)});
  }
}

void FeedbackHead::add_sources(const HeadContext& shape) {
  std::vector<std::string> known;
  if (shape.tasks != nullptr) {
    for (const Task& task : *shape.tasks) known.push_back(task.name);
    for (const std::string& name : settings_.reads) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      throw ConfigError("head \"feedback\": reads: no task \"" + name + "\"" + did_you_mean(name, known));
    }
  }
  const auto amplifiers = register_module("amplifiers", std::make_shared<torch::nn::Module>("amplifiers"));
  const auto gates = register_module("gates", std::make_shared<torch::nn::Module>("gates"));
  for (std::size_t t = 0; t < known.size(); ++t) {
    if (known[t] == task_) own_ = t;
    const bool read = settings_.reads.empty() ||
                      std::find(settings_.reads.begin(), settings_.reads.end(), known[t]) != settings_.reads.end();
    if (settings_.rounds == 1 || known[t] == task_ || !read) continue;
    const Task& task = shape.tasks->at(t);
    const auto part = amplifiers->register_module(task.name, std::make_shared<torch::nn::Module>(task.name));
    const ops::DenseLayer drawn =
        ops::draw_dense_layer(task.outputs(), shape.width, derive_seed(shape.seed, "amplifiers/" + task.name), "");
    Source source{.task = t, .kind = task.kind, .amplifier = {}, .gate = {}};
    source.amplifier = {part->register_parameter("weight", drawn.weight), part->register_parameter("bias", drawn.bias)};
    if (settings_.layers > 0) source.gate = gates->register_parameter(task.name, at::zeros({settings_.layers + 1}));
    sources_.push_back(std::move(source));
  }
}

bool FeedbackHead::reads_tagging_heads() const {
  return !words_ && std::any_of(sources_.begin(), sources_.end(),
                                [](const Source& source) { return source.kind == TaskKind::tagging; });
}

bool FeedbackHead::draws_per_batch() const {
  return std::any_of(sources_.begin(), sources_.end(), [](const Source& source) { return source.gate.defined(); });
}

double FeedbackHead::temperature() const {
  return Schedule::exponential(settings_.temperature_from, settings_.temperature_to, settings_.temperature_steps)
      .at(step_);
}

Tensor FeedbackHead::gate(const Source& source, ops::TensorRandom* noise) const {
  if (noise == nullptr) return ops::one_hot_of_largest(source.gate);
  return ops::straight_through_softmax(source.gate + ops::standard_gumbel(source.gate, *noise), temperature());
}

Tensor FeedbackHead::amplified(const Source& source, const HeadInput& input) const {
  Tensor said = ops::probabilities(input.other(source.task).output, source.kind);
  if (settings_.detach) said = said.detach();
  Tensor rows = at::tanh(at::linear(said, source.amplifier.weight, source.amplifier.bias));
  const bool of_words = source.kind == TaskKind::tagging;
  const std::int64_t wanted = input.representation.size(0);
  if (of_words == words_ && rows.size(0) == wanted) return rows;
  // Also between two tagging tasks that read other words of the same texts.
  if (of_words) rows = ops::mean_over_words(rows, input.others->word_offsets(source.task));
  return words_ ? ops::repeat_over_words(rows, input.others->word_offsets(own_), wanted) : rows;
}

Prediction FeedbackHead::forward(const HeadInput& input) {
  Prediction prediction;
  std::vector<Tensor> added(layers_.size());
  if (input.round > 0) {
    const Prediction& before = input.other(task_);
    prediction.earlier = before.earlier;
    prediction.earlier.push_back(before.output);
    for (const Source& source : sources_) {
      const Tensor rows = amplified(source, input);
      const Tensor chosen = source.gate.defined() ? gate(source, input.random.noise) : Tensor();
      for (std::size_t j = 0; j < added.size(); ++j) {
        const Tensor part = chosen.defined() ? rows * chosen[static_cast<std::int64_t>(j)] : rows;
        added[j] = added[j].defined() ? added[j] + part : part;
      }
    }
  }
  Tensor x = input.representation;
  for (std::size_t j = 0; j < layers_.size(); ++j) {
    if (j > 0) x = ops::activate(x, activation_);
    if (added[j].defined()) x = x + added[j];
    x = ops::dense_net({layers_[j]}, x, {.dropout = settings_.dropout, .random = input.random.dropout});
  }
  prediction.output = x;
  return prediction;
}

TaskHeads feedback_heads(std::vector<Task> tasks, const FeedbackHeadSettings& settings) {
  check_fields(settings, "head \"feedback\"");
  const HeadFactory make = [settings, text = config_text("feedback", settings)](const HeadContext& context) {
    auto made = std::make_shared<FeedbackHead>(settings, context);
    made->set_made_as(text);
    return made;
  };
  std::vector<HeadFactory> heads(tasks.size(), make);
  return {std::move(tasks), std::move(heads)};
}

}  // namespace infomtl
