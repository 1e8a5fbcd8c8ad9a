#include "model/heads/gaussian_head.h"

#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"
#include "infomtl/ops/information/contrastive.h"
#include "infomtl/ops/information/gaussian.h"

namespace infomtl {

void GaussianHeadSettings::fields(FieldVisitor& f) {
  f.field("hidden", hidden, "width of the hidden layer of both nets, 0 for none", width_from(0));
  f.choice("activation", activation, ops::activation_names(), "activation of the hidden layers");
  f.only_where(hidden > 0, {"activation"}, "\"hidden\" is above 0");
  f.field("dropout", dropout, "rate of dropping before each linear map of the mean net", from_to_below(0.0, 1.0));
  f.field("dropout_variance", dropout_variance,
          "the same dropout in the log-variance net (SPC has it in the mean only)");
  f.only_where(dropout > 0, {"dropout_variance"}, "\"dropout\" is above 0");
  f.field("unit_input", unit_input, "bring the representation to Euclidean length 1 first, an option of SPC's code");
  f.field("log_variance_low", log_variance_low, "log-variance is clamped from below");
  f.field("log_variance_high", log_variance_high, "log-variance is clamped from above");
  f.field("initial_log_variance", initial_log_variance, "about the log-variance of a sample at the start");
}

GaussianHead::GaussianHead(const Settings& settings, const HeadContext& shape) : settings_(settings) {
  if (settings.log_variance_low > settings.log_variance_high) {
    throw ConfigError("gaussian head: log_variance_low " + std::to_string(settings.log_variance_low) +
                      " is above log_variance_high " + std::to_string(settings.log_variance_high));
  }
  const auto net = [&](const char* name, std::uint64_t seed, double dropout) {
    return register_module(
        name, std::make_shared<DenseNet>(DenseNet::Shape{.inputs = shape.width,
                                                         .hidden = settings.hidden,
                                                         .outputs = shape.task->outputs(),
                                                         .activation = ops::activation_of_name(settings.activation),
                                                         .dropout = dropout},
                                         seed));
  };
  // A linear head of the same seed is this mean: runs of the two differ by the method alone.
  mean_ = net("mean", shape.seed, settings.dropout);
  log_variance_ =
      net("log_variance", derive_seed(shape.seed, "log_variance"), settings.dropout_variance ? settings.dropout : 0.0);
  log_variance_->add_to_output(settings.initial_log_variance);
}

Prediction GaussianHead::forward(const HeadInput& input) {
  const HeadRandom& random = input.random;
  const Tensor rows = settings_.unit_input ? ops::unit_rows(input.representation) : input.representation;
  Prediction prediction;
  prediction.mean = mean_->forward(rows, random.dropout);
  prediction.log_variance = ops::clamp_log_variance(log_variance_->forward(rows, random.dropout),
                                                    settings_.log_variance_low, settings_.log_variance_high);
  prediction.output = prediction.mean;
  if (random.noise != nullptr) {
    const Tensor noise = random.noise->normal(prediction.mean.sizes()).to(prediction.mean.options());
    prediction.output = ops::gaussian_sample(prediction.mean, prediction.log_variance, noise);
  }
  return prediction;
}

TaskHeads gaussian_heads(std::vector<Task> tasks, const GaussianHeadSettings& settings) {
  check_fields(settings, "head \"gaussian\"");
  const HeadFactory make = [settings, text = config_text("gaussian", settings)](const HeadContext& context) {
    auto made = std::make_shared<GaussianHead>(settings, context);
    made->set_made_as(text);
    return made;
  };
  std::vector<HeadFactory> heads(tasks.size(), make);
  return {std::move(tasks), std::move(heads)};
}

}  // namespace infomtl
