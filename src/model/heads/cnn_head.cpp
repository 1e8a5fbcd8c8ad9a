#include "model/heads/cnn_head.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "infomtl/core/errors.h"
#include "infomtl/ops/text_convolution.h"

namespace infomtl {

void CnnHeadSettings::fields(FieldVisitor& f) {
  f.field("widths", widths, "tokens of a window, each with filters of its own", between(1, 64));
  f.field("filters", filters, "filters per width", between(1, 65536));
  f.field("dropout", dropout, "rate of dropping before the linear map", from_to_below(0.0, 1.0));
}

CnnHead::CnnHead(const Settings& settings, const HeadContext& shape) : width_(shape.width) {
  if (shape.task->kind == TaskKind::tagging) {
    throw ConfigError("head \"cnn\" reads whole texts, but the task \"" + shape.task->name +
                      "\" labels words; take another head, or leave the task out");
  }
  if (settings.widths.empty()) throw ConfigError("head \"cnn\": widths names none");
  for (const double value : settings.widths) {
    const auto width = static_cast<std::int64_t>(std::llround(value));
    if (static_cast<double>(width) != value || std::count(settings.widths.begin(), settings.widths.end(), value) > 1) {
      throw ConfigError("head \"cnn\": widths must be whole numbers, no two alike");
    }
    const std::string name = "width" + std::to_string(width);
    const auto part = register_module(name, std::make_shared<torch::nn::Module>(name));
    const ops::DenseLayer drawn = ops::draw_dense_layer(width * width_, settings.filters, shape.seed, name + ".");
    convolutions_.push_back(
        {part->register_parameter("weight", drawn.weight), part->register_parameter("bias", drawn.bias)});
    widths_.push_back(width);
  }
  output_ = register_module(
      "net",
      std::make_shared<DenseNet>(DenseNet::Shape{.inputs = settings.filters * static_cast<std::int64_t>(widths_.size()),
                                                 .hidden = 0,
                                                 .outputs = shape.task->outputs(),
                                                 .activation = ops::Activation::relu,
                                                 .dropout = settings.dropout},
                                 shape.seed));
}

Prediction CnnHead::forward(const HeadInput& input) {
  if (!input.token_states.defined()) {
    throw ConfigError("head \"cnn\" reads token states, which a loss term that calls heads by itself does not have");
  }
  if (input.token_states.size(1) != width_) {
    throw ConfigError("head \"cnn\" reads the encoder's token states, of width " +
                      std::to_string(input.token_states.size(1)) +
                      ", but the architecture's representation has width " + std::to_string(width_) +
                      "; take the architecture \"shared\"");
  }
  const Tensor states = input.token_states.to(convolutions_.front().weight.scalar_type());
  std::vector<Tensor> answers;
  for (std::size_t i = 0; i < widths_.size(); ++i) {
    const Tensor weight = convolutions_[i].weight.view({-1, widths_[i], width_}).permute({1, 2, 0});
    answers.push_back(ops::max_over_windows(states, input.token_offsets, weight, convolutions_[i].bias));
  }
  return {.output = output_->forward(at::cat(answers, 1), input.random.dropout)};
}

TaskHeads cnn_heads(std::vector<Task> tasks, const CnnHeadSettings& settings) {
  check_fields(settings, "head \"cnn\"");
  const HeadFactory make = [settings](const HeadContext& context) {
    return std::make_shared<CnnHead>(settings, context);
  };
  std::vector<HeadFactory> heads(tasks.size(), make);
  return {std::move(tasks), std::move(heads)};
}

}  // namespace infomtl
