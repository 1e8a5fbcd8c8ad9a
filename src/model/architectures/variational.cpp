#include "infomtl/core/random.h"
#include "infomtl/ops/information/gaussian.h"
#include "infomtl/ops/packed/dropout.h"
#include "model/architectures/builtin.h"
#include "model/architectures/class_means.h"
#include "model/bayesian_linear.h"

namespace infomtl::architectures {

void VariationalSettings::fields(FieldVisitor& f) {
  f.field("width", width, "width of the code", width_from(1));
  f.field("dropout", dropout, "rate of dropping what the code is made of", from_to_below(0.0, 1.0));
  f.field("initial_scale", initial_scale, "softplus of it is about the standard deviation of a weight at the start",
          initial_scale_range());
  f.field("standardize_means", standardize_means,
          "amortised: class means as differences from their common mean, of unit size; false: as they are");
  f.field("amortized", amortized,
          "make the weights of heads (bayesian, generated) from the means of the classes: VMTL-AC");
  f.only_where(amortized, {"standardize_means"}, "\"amortized\" is true");
}

// Named, since members of Variational are of these types.
namespace variational_parts {

/// ELU(fc2 ELU(fc1 x)), H -> m -> m.
class Trunk final : public torch::nn::Module {
 public:
  Trunk(std::int64_t inputs, std::int64_t width, std::uint64_t seed) {
    first_ = add("first", inputs, width, seed);
    second_ = add("second", width, width, seed);
  }
  Tensor forward(const Tensor& x) const {
    return at::elu(second_->forward(at::elu(first_->forward(x, nullptr)), nullptr));
  }

 private:
  std::shared_ptr<DenseNet> add(const char* name, std::int64_t inputs, std::int64_t outputs, std::uint64_t seed) {
    const DenseNet::Shape shape{.inputs = inputs, .hidden = 0, .outputs = outputs};
    return register_module(name, std::make_shared<DenseNet>(shape, derive_seed(seed, name)));
  }
  std::shared_ptr<DenseNet> first_, second_;
};

/// Weights of a task's head from the means of its classes, by one network for all tasks.
class HeadGenerator final : public torch::nn::Module {
 public:
  HeadGenerator(std::int64_t inputs, std::int64_t width, double initial_scale, std::uint64_t seed) {
    trunk_ = register_module("trunk", std::make_shared<Trunk>(inputs, width, derive_seed(seed, "trunk")));
    const auto map = [&](const char* name, std::int64_t outputs) {
      return register_module(
          name, std::make_shared<BayesianLinear>(
                    BayesianLinear::Shape{.inputs = width, .outputs = outputs, .initial_scale = initial_scale},
                    derive_seed(seed, name)));
    };
    weight_ = map("weight", width);
    bias_ = map("bias", 1);
  }
  /// @param means [C, H], of any type
  WeightPosterior forward(const Tensor& means) const {
    const Tensor hidden = trunk_->forward(means.to(weight_->weight().mean.scalar_type()));
    const ops::GaussianMoments weight = weight_->forward(hidden), bias = bias_->forward(hidden);
    return {.mean = weight.mean,
            .log_variance = ops::log_of_variance(weight.variance),
            .bias_mean = bias.mean.squeeze(1),
            .bias_log_variance = ops::log_of_variance(bias.variance.squeeze(1))};
  }

 private:
  std::shared_ptr<Trunk> trunk_;
  std::shared_ptr<BayesianLinear> weight_, bias_;
};

}  // namespace variational_parts

/// VMTL: one linear layer with Gaussian weights for all tasks, so that a row's code is Gaussian too:
///   z ~ N( x M^T + b, (x*x) (S*S)^T + s*s ), S = softplus(R), of x after dropout
/// A sample per row in training, the mean in evaluation. What codes are compared with is the loss "representation_prior",
/// what samples are for "expected_supervised".
///
/// VMTL-AC (`amortized`): the layer reads ELU(fc2 ELU(fc1 x)), and head_weights() makes a Gaussian over a head's weights
/// from the means of the pooled outputs of each class (of a regression, one mean of all rows), which is what a head with
/// generated weights takes. A step reads the means of the steps before it; evaluation reads those that the last step read,
/// in the run as from its checkpoint. The means take no gradient.
///
/// Means of weights start as N(0, 1/inputs) in place of the released code's N(0, 0.1^2), and dropout at 0.2 in place of 0.7:
/// that is for pooled outputs of language models.
class Variational final : public Architecture {
 public:
  using Settings = VariationalSettings;
  Variational(const Settings& settings, const ArchitectureContext& shape) : settings_(settings) {
    if (settings.amortized) {
      trunk_ = register_module("trunk", std::make_shared<variational_parts::Trunk>(shape.width, settings.width,
                                                                                   derive_seed(shape.seed, "trunk")));
      generator_ = register_module(
          "generator", std::make_shared<variational_parts::HeadGenerator>(
                           shape.width, settings.width, settings.initial_scale, derive_seed(shape.seed, "generator")));
      const auto group = register_module("class_means", std::make_shared<torch::nn::Module>("class_means"));
      for (std::size_t t = 0; t < shape.tasks.size(); ++t) {
        class_means_.push_back(
            group->register_module(std::to_string(t), std::make_shared<ClassMeans>(shape.tasks[t], shape.width)));
      }
      // State, since evaluation after the step and from a checkpoint must read the same means.
      step_buffer_ = register_buffer("step", at::zeros({}, torch::kInt64));
    }
    code_ =
        register_module("code", std::make_shared<BayesianLinear>(
                                    BayesianLinear::Shape{.inputs = settings.amortized ? settings.width : shape.width,
                                                          .outputs = settings.width,
                                                          .initial_scale = settings.initial_scale},
                                    derive_seed(shape.seed, "code")));
  }

  void begin_step(std::int64_t step) override {
    step_ = step;
    const torch::NoGradGuard no_grad;
    if (step_buffer_.defined()) step_buffer_.fill_(step);
  }

  TaskRepresentation forward(std::size_t task, const SharedRows& rows, ops::TensorRandom* noise) override {
    if (settings_.amortized && rows.labels.defined()) class_means_.at(task)->record(rows.pooled, rows.labels, step_);
    Tensor x = ops::dropout(rows.pooled, settings_.dropout, noise);
    if (trunk_ != nullptr) x = trunk_->forward(x);
    const ops::GaussianMoments code = code_->forward(x);
    TaskRepresentation result;
    result.mean = result.value = code.mean;
    result.log_variance = ops::log_of_variance(code.variance);
    if (noise != nullptr) {
      const Tensor draw = noise->normal(result.mean.sizes()).to(result.mean.options());
      result.value = ops::gaussian_sample(result.mean, result.log_variance, draw);
    }
    return result;
  }
  std::optional<WeightPosterior> head_weights(std::size_t task) override {
    if (!settings_.amortized) return std::nullopt;
    Tensor means = class_means_.at(task)->before(step_buffer_);
    if (settings_.standardize_means && means.size(0) > 1) {
      means = means - means.mean(0, /*keepdim=*/true);
      means = means / means.square().mean().sqrt().clamp_min(1e-6);
    }
    return generator_->forward(means);
  }
  std::int64_t width() const override { return settings_.width; }
  bool stochastic() const override { return true; }
  std::vector<Tensor> shared_parameters() override { return parameters(); }

 private:
  Settings settings_;
  std::int64_t step_ = 0;
  Tensor step_buffer_;  // amortised only: the last step begun
  std::shared_ptr<BayesianLinear> code_;
  std::shared_ptr<variational_parts::Trunk> trunk_;
  std::shared_ptr<variational_parts::HeadGenerator> generator_;
  std::vector<std::shared_ptr<ClassMeans>> class_means_;
};

ArchitectureFactory variational(VariationalSettings settings) {
  return made_by<Variational>("variational", std::move(settings));
}

void register_variational(ArchitectureRegistry& registry) {
  registry.add<Variational>("variational",
                            "a layer of Gaussian weights for all tasks; amortised, it makes the weights of heads too",
                            "VMTL, Shen et al., NeurIPS 2021, arXiv:2111.05323", {{"stochastic", "true"}});
}

}  // namespace infomtl::architectures
