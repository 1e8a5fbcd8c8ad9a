#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"
#include "infomtl/ops/information/gaussian.h"
#include "model/architectures/builtin.h"

namespace infomtl::architectures {

void VibSettings::fields(FieldVisitor& f) {
  f.field("width", width, "width of the code", width_from(1));
  f.field("hidden", hidden, "width of the hidden layer of both nets, 0 for none", width_from(0));
  f.choice("activation", activation, ops::activation_names(), "activation of the hidden layers");
  f.only_where(hidden > 0, {"activation"}, "\"hidden\" is above 0");
  f.field("dropout", dropout, "rate of dropping before each linear map", from_to_below(0.0, 1.0));
  f.field("log_variance_low", log_variance_low, "log-variance is clamped from below");
  f.field("log_variance_high", log_variance_high, "log-variance is clamped from above");
  f.field("initial_log_variance", initial_log_variance, "about the log-variance of a sample at the start");
}

/// MT-VIB: one stochastic bottleneck that all tasks read, q(z~ | z) = N(mean(z), diag exp(log_variance(z))), compressed
/// to N(0, I) by the loss "bottleneck". One sample per pass in training, the mean in evaluation. The paper adds uncertainty
/// weights; width, depth and clamp are our reading of it.
class Vib final : public Architecture {
 public:
  using Settings = VibSettings;
  Vib(const Settings& settings, const ArchitectureContext& shape) : settings_(settings) {
    if (settings.log_variance_low > settings.log_variance_high) {
      throw ConfigError("architecture \"vib\": log_variance_low " + std::to_string(settings.log_variance_low) +
                        " is above log_variance_high " + std::to_string(settings.log_variance_high));
    }
    const auto net = [&](const char* name) {
      return register_module(
          name, std::make_shared<DenseNet>(DenseNet::Shape{.inputs = shape.width,
                                                           .hidden = settings.hidden,
                                                           .outputs = settings.width,
                                                           .activation = ops::activation_of_name(settings.activation),
                                                           .dropout = settings.dropout},
                                           derive_seed(shape.seed, name)));
    };
    mean_ = net("mean");
    log_variance_ = net("log_variance");
    log_variance_->add_to_output(settings.initial_log_variance);
  }

  TaskRepresentation forward(std::size_t, const SharedRows& rows, ops::TensorRandom* noise) override {
    TaskRepresentation result;
    result.mean = mean_->forward(rows.pooled, noise);
    result.log_variance = ops::clamp_log_variance(log_variance_->forward(rows.pooled, noise),
                                                  settings_.log_variance_low, settings_.log_variance_high);
    result.value = result.mean;
    if (noise != nullptr) {
      const Tensor draw = noise->normal(result.mean.sizes()).to(result.mean.options());
      result.value = ops::gaussian_sample(result.mean, result.log_variance, draw);
    }
    return result;
  }
  std::int64_t width() const override { return settings_.width; }
  bool stochastic() const override { return true; }
  std::vector<Tensor> shared_parameters() override { return parameters(); }

 private:
  Settings settings_;
  std::shared_ptr<DenseNet> mean_, log_variance_;
};

ArchitectureFactory vib(VibSettings settings) { return made_by<Vib>("vib", std::move(settings)); }

void register_vib(ArchitectureRegistry& registry) {
  registry.add<Vib>("vib", "one stochastic bottleneck for all tasks; its KL is the loss \"bottleneck\"",
                    "MT-VIB, Qian, Chen, Gechter, arXiv:2007.00339", {{"stochastic", "true"}});
}

}  // namespace infomtl::architectures
