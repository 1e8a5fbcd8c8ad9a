#include "model/heads/bayesian_head.h"

#include <ATen/ATen.h>

#include "infomtl/core/errors.h"
#include "infomtl/ops/information/gaussian.h"

namespace infomtl {

void BayesianHeadSettings::fields(FieldVisitor& f) {
  f.choice("weights", weights, {"own", "generated"},
           "own: parameters of the head; generated: by the architecture, variational with amortized");
  f.field("bias", bias, "own weights: a plain bias, 0 at the start; the paper has none");
  f.field("initial_scale", initial_scale, "own weights: softplus of it is about their standard deviation at the start",
          initial_scale_range());
  f.only_where(weights == "own", {"initial_scale"}, "\"weights\" is \"own\"");
}

BayesianHead::BayesianHead(const Settings& settings, const HeadContext& shape) {
  if (settings.weights == "generated") {
    if (settings.bias)
      throw ConfigError("bayesian head: generated weights bring a bias of their own; leave \"bias\" out");
    return;
  }
  weights_ = register_module(
      "weights", std::make_shared<BayesianLinear>(BayesianLinear::Shape{.inputs = shape.width,
                                                                        .outputs = shape.task->outputs(),
                                                                        .bias = false,
                                                                        .initial_scale = settings.initial_scale},
                                                  shape.seed));
  if (settings.bias) bias_ = register_parameter("bias", at::zeros({shape.task->outputs()}));
}

Prediction BayesianHead::forward(const HeadInput& input) {
  ops::GaussianMoments weight, bias;
  if (weights_ != nullptr) {
    weight = weights_->weight();
    bias.mean = bias_;
  } else {
    if (input.weights == nullptr) {
      throw StateError(
          "bayesian head: its weights are to be generated, but the architecture generates none; set \"architecture\": "
          "{\"name\": \"variational\", \"amortized\": true}, or \"weights\": \"own\"");
    }
    weight = {input.weights->mean, input.weights->log_variance.exp()};
    bias.mean = input.weights->bias_mean;
    if (input.weights->bias_log_variance.defined()) bias.variance = input.weights->bias_log_variance.exp();
  }
  const ops::GaussianMoments output = ops::bayesian_linear(input.representation, weight, bias);
  Prediction prediction;
  prediction.output = prediction.mean = output.mean;
  prediction.log_variance = ops::log_of_variance(output.variance);
  if (input.random.noise != nullptr) {
    const Tensor noise = input.random.noise->normal(output.mean.sizes()).to(output.mean.options());
    prediction.output = ops::gaussian_sample(prediction.mean, prediction.log_variance, noise);
  }
  return prediction;
}

std::optional<WeightPosterior> BayesianHead::weight_posterior() const {
  if (weights_ == nullptr) return std::nullopt;
  const ops::GaussianMoments weight = weights_->weight();
  return WeightPosterior{.mean = weight.mean, .log_variance = ops::log_of_variance(weight.variance)};
}

TaskHeads bayesian_heads(std::vector<Task> tasks, const BayesianHeadSettings& settings) {
  check_fields(settings, "head \"bayesian\"");
  const HeadFactory make = [settings, text = config_text("bayesian", settings)](const HeadContext& context) {
    auto made = std::make_shared<BayesianHead>(settings, context);
    made->set_made_as(text);
    return made;
  };
  std::vector<HeadFactory> heads(tasks.size(), make);
  return {std::move(tasks), std::move(heads)};
}

}  // namespace infomtl
