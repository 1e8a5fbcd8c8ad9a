#include "step/representation_gradients.h"

#include "infomtl/core/errors.h"

namespace infomtl {

void RepresentationGradients::compute() {
  if (!gradients_.empty()) return;
  const MultiTaskModel& model = *losses_.context().model;
  if (model.architecture().needs_layers()) {
    throw ConfigError(
        "gradients of the shared representation: the architecture reads every layer, so there is no one "
        "representation; take gradients of the shared parameters");
  }
  for (std::size_t t = 0; t < model.tasks().size(); ++t) {
    if (!model.head(t).reads_token_states()) continue;
    throw ConfigError(
        "gradients of the shared representation: the heads read the states of all tokens, so there is no one "
        "representation; take gradients of the shared parameters");
  }
  std::vector<FlatSlot> slots;
  std::vector<Tensor> behind_encoder;
  for (const FlatSlot& slot : jacobian_.shared_slots()) {
    if (slot.part == ParameterPart::encoder) continue;
    slots.push_back(slot);
    behind_encoder.push_back(slot.parameter);
  }
  jacobian_.start_own_rows();
  rows_behind_encoder_ = std::make_unique<GradientRows>(std::make_shared<GradientColumns>(slots), losses_.size(),
                                                        losses_.options(), rows_memory_);
  const std::size_t tasks = losses_.tasks().size();
  std::vector<std::vector<Tensor>> values(tasks), gradients(tasks);
  for (std::size_t micro = 0; micro < losses_.micro_count(); ++micro) {
    const LossPass& pass = losses_.graph(micro);
    jacobian_.add_own_rows(pass);
    jacobian_.add_separately(pass, behind_encoder, *rows_behind_encoder_);
    for (std::size_t k = 0; k < pass.losses.size(); ++k) {
      const std::vector<Tensor> outputs = pass.forward->encoder_outputs(pass.own[k]);
      if (outputs.empty() || !pass.losses[k].requires_grad()) continue;
      const auto found = torch::autograd::grad({pass.losses[k]}, outputs, {}, /*retain_graph=*/true,
                                               /*create_graph=*/false, /*allow_unused=*/true);
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        values[pass.places[k]].push_back(outputs[i].detach());
        gradients[pass.places[k]].push_back(found[i].defined() ? found[i] : torch::zeros_like(outputs[i]));
      }
    }
    losses_.release_graph(micro);
  }
  for (std::size_t t = 0; t < tasks; ++t) {
    const Tensor none = torch::zeros({0, model.encoder().width()}, losses_.options());
    values_.push_back(values[t].empty() ? none : at::cat(values[t]));
    gradients_.push_back(gradients[t].empty() ? none : at::cat(gradients[t]));
  }
}

const std::vector<Tensor>& RepresentationGradients::gradients() {
  compute();
  return gradients_;
}

const std::vector<Tensor>& RepresentationGradients::values() {
  compute();
  return values_;
}

void RepresentationGradients::send_back(const std::vector<Tensor>& gradients) {
  compute();
  if (gradients.size() != gradients_.size()) {
    throw StateError("a weighting gave " + std::to_string(gradients.size()) + " representation gradients for " +
                     std::to_string(gradients_.size()) + " tasks");
  }
  std::vector<Tensor> encoder;
  for (const FlatSlot& slot : jacobian_.shared_slots()) {
    if (slot.part == ParameterPart::encoder) encoder.push_back(slot.parameter);
  }
  std::vector<std::int64_t> used(gradients.size(), 0);
  for (std::size_t micro = 0; micro < losses_.micro_count(); ++micro) {
    LossPass& pass = losses_.graph(micro);
    std::vector<Tensor> ends, directions;
    for (std::size_t k = 0; k < pass.losses.size(); ++k) {
      const std::size_t t = pass.places[k];
      for (const Tensor& output : pass.forward->encoder_outputs(pass.own[k])) {
        if (output.requires_grad()) {
          ends.push_back(output);
          directions.push_back(gradients[t].narrow(0, used[t], output.size(0)).to(output.options()));
        }
        used[t] += output.size(0);
      }
    }
    if (!ends.empty() && !encoder.empty()) {  // without any, gradients would go to whatever lies behind
      torch::autograd::backward(ends, directions, /*retain_graph=*/false, /*create_graph=*/false, encoder);
    }
    losses_.drop_graph(micro);
  }
  const Tensor ones = torch::ones({losses_.size()}, losses_.options());
  jacobian_.own_rows().add_combination(ones, parameters_.gradients());
  rows_behind_encoder_->add_combination(ones, parameters_.gradients());
}

}  // namespace infomtl
