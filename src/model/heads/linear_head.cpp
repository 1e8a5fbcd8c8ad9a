#include "model/heads/linear_head.h"

#include <ATen/ATen.h>

namespace infomtl {

void LinearHeadSettings::fields(FieldVisitor& f) {
  f.field("hidden", hidden, "width of the hidden layer, 0 for none", width_from(0));
  f.choice("activation", activation, ops::activation_names(), "activation of the hidden layer");
  f.only_where(hidden > 0, {"activation"}, "\"hidden\" is above 0");
  f.field("dropout", dropout, "rate of dropping before each linear map", from_to_below(0.0, 1.0));
  f.field("relu_input", relu_input, "apply ReLU to the representation first, as CIFM does");
}

LinearHead::LinearHead(const Settings& settings, const HeadContext& shape) : relu_input_(settings.relu_input) {
  net_ = register_module(
      "net", std::make_shared<DenseNet>(DenseNet::Shape{.inputs = shape.width,
                                                        .hidden = settings.hidden,
                                                        .outputs = shape.task->outputs(),
                                                        .activation = ops::activation_of_name(settings.activation),
                                                        .dropout = settings.dropout},
                                        shape.seed));
}

Prediction LinearHead::forward(const HeadInput& input) {
  const Tensor& rows = input.representation;
  return {.output = net_->forward(relu_input_ ? at::relu(rows) : rows, input.random.dropout)};
}

TaskHeads linear_heads(std::vector<Task> tasks, const LinearHeadSettings& settings) {
  check_fields(settings, "head \"linear\"");
  const HeadFactory make = [settings, text = config_text("linear", settings)](const HeadContext& context) {
    auto made = std::make_shared<LinearHead>(settings, context);
    made->set_made_as(text);
    return made;
  };
  std::vector<HeadFactory> heads(tasks.size(), make);
  return {std::move(tasks), std::move(heads)};
}

}  // namespace infomtl
