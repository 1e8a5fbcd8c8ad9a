#include <cmath>

#include "infomtl/core/random.h"
#include "infomtl/ops/information/gaussian.h"
#include "model/architectures/builtin.h"

namespace infomtl::architectures {

void AdditiveNoiseSettings::fields(FieldVisitor& f) {
  f.field("width", width, "width of the code, a linear map of the representation; 0: the representation itself",
          width_from(0));
  f.field("normalize", normalize, "bring the code to zero mean and unit variance over its coordinates");
  f.field("initial_noise", initial_noise, "standard deviation of the noise at the start", above(0));
  f.choice("prior", prior, {"learned", "standard"},
           "variance of the prior that codes are compressed to: one per task and coordinate, or 1");
  f.field("learning_rate", learning_rate, "peak rate of noise and prior; 0: the optimiser's", at_least(0));
}

/// Hierarchical MTL: a shared code Z and, for each task, Z_t = Z + N_t with independent noise N_t ~ N(0, diag
/// sigma_t^2) whose size is learned, per task and coordinate. With unit-variance Z, I(Z; Z_t) <= 1/2 sum log(1 +
/// 1/sigma_t^2). The loss "bottleneck" is KL( N(Z, sigma_t^2) || N(0, v_t) ). Tasks with like noise use like parts of
/// the code.
///
/// Z is brought to zero mean and unit variance over coordinates, without a learned scale: a scale could grow and so
/// defeat the noise. Reconstructed from the paper's abstract.
class AdditiveNoise final : public Architecture {
 public:
  using Settings = AdditiveNoiseSettings;
  AdditiveNoise(const Settings& settings, const ArchitectureContext& shape)
      : settings_(settings), width_(settings.width > 0 ? settings.width : shape.width) {
    if (settings.width > 0) {
      code_ = register_module(
          "code", std::make_shared<DenseNet>(DenseNet::Shape{.inputs = shape.width, .hidden = 0, .outputs = width_},
                                             derive_seed(shape.seed, "code")));
    }
    const double variance = settings.initial_noise * settings.initial_noise;
    const auto vectors = [&](const char* name, double value) {
      const auto group = register_module(name, std::make_shared<torch::nn::Module>(name));
      std::vector<Tensor> found;
      for (std::size_t t = 0; t < shape.tasks.size(); ++t) {
        found.push_back(group->register_parameter(std::to_string(t), at::full({width_}, value)));
      }
      return found;
    };
    noise_log_variance_ = vectors("noise_log_variance", std::log(variance));
    // The best prior for a code of unit variance.
    if (settings.prior == "learned") prior_log_variance_ = vectors("prior_log_variance", std::log1p(variance));
  }

  TaskRepresentation forward(std::size_t task, const SharedRows& rows, ops::TensorRandom* noise) override {
    TaskRepresentation result;
    result.mean = code_ == nullptr ? rows.pooled : code_->forward(rows.pooled, nullptr);
    if (settings_.normalize) result.mean = at::layer_norm(result.mean, {width_});
    result.log_variance = noise_log_variance_.at(task).expand_as(result.mean);
    if (!prior_log_variance_.empty()) result.prior_log_variance = prior_log_variance_.at(task);
    result.value = result.mean;
    if (noise != nullptr) {
      const Tensor draw = noise->normal(result.mean.sizes()).to(result.mean.options());
      result.value = ops::gaussian_sample(result.mean, result.log_variance, draw);
    }
    return result;
  }
  std::int64_t width() const override { return width_; }
  bool stochastic() const override { return true; }
  std::vector<Tensor> shared_parameters() override {
    return code_ == nullptr ? std::vector<Tensor>{} : code_->parameters();
  }
  std::vector<ParameterGroup> parameter_groups() const override {
    return own_rate("*_log_variance.*", settings_.learning_rate);
  }
  /// exp(-d), d the root mean square over coordinates of log sigma_t - log sigma_u: 1 for equal noise.
  Tensor task_similarity() const override {
    const torch::NoGradGuard no_grad;
    const Tensor sigma = at::stack(noise_log_variance_).to(torch::kCPU, torch::kFloat64) / 2;
    return at::exp(-(sigma.unsqueeze(0) - sigma.unsqueeze(1)).square().mean(-1).sqrt());
  }

 private:
  Settings settings_;
  std::int64_t width_;
  std::shared_ptr<DenseNet> code_;
  std::vector<Tensor> noise_log_variance_, prior_log_variance_;
};

ArchitectureFactory additive_noise(AdditiveNoiseSettings settings) {
  return made_by<AdditiveNoise>("additive_noise", std::move(settings));
}

void register_additive_noise(ArchitectureRegistry& registry) {
  registry.add<AdditiveNoise>("additive_noise",
                              "a shared code plus learned noise a task; its KL is the loss \"bottleneck\"",
                              "Hierarchical MTL, de Freitas et al., IJCNN 2022, arXiv:2205.15882",
                              {{"stochastic", "true"}, {"similarity", "\"noise\""}});
}

}  // namespace infomtl::architectures
