// The update rules. Each is written twice: element by element for float32 on the CPU, where one fused pass over values,
// gradients and moments is limited by memory only, and with tensor operations for any other type or device.
#include <ATen/Parallel.h>

#include <cmath>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/optim/optimizer.h"

namespace infomtl {
namespace {

constexpr std::int64_t kElementsPerThread = 1 << 15;

struct CommonSettings {
  double learning_rate = 5e-5;
  double weight_decay = 0.0;
  bool decay_all = false;

  void fields(FieldVisitor& f) {
    f.field("learning_rate", learning_rate, "peak learning rate", above(0.0));
    f.field("weight_decay", weight_decay, "weight decay", at_least(0.0));
    f.field("decay_all", decay_all, "decay biases, norms and other vectors too");
  }
};

struct MomentSettings : CommonSettings {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;

  void fields(FieldVisitor& f) {
    CommonSettings::fields(f);
    f.field("beta1", beta1, "decay of the first moment", from_to_below(0.0, 1.0));
    f.field("beta2", beta2, "decay of the second moment", from_to_below(0.0, 1.0));
    f.field("epsilon", epsilon, "added to the denominator", above(0.0));
  }
};

/// What all rules share: the flat buffers, the ranges that decay, the step count.
class FlatOptimizer : public Optimizer {
 public:
  FlatOptimizer(FlatParameters& parameters, const CommonSettings& settings)
      : values_(parameters.values()),
        gradients_(parameters.gradients()),
        ranges_(parameters.ranges(settings.decay_all)),
        learning_rate_(settings.learning_rate),
        weight_decay_(settings.weight_decay) {}

  double learning_rate() const override { return learning_rate_; }
  std::int64_t steps() const override { return steps_; }
  void set_steps(std::int64_t steps) override { steps_ = steps; }

  void step(double learning_rate) override {
    const torch::NoGradGuard no_grad;
    ++steps_;
    prepare(learning_rate);
    const bool fused = values_.is_cpu() && values_.scalar_type() == torch::kFloat32;
    for (const FlatRange& range : ranges_) {
      const double decay = range.decays ? weight_decay_ : 0.0;
      if (fused) {
        at::parallel_for(range.begin, range.end, kElementsPerThread,
                         [&](std::int64_t begin, std::int64_t end) { update_elements(begin, end, decay); });
      } else {
        update_tensors(range.begin, range.end, decay);
      }
    }
  }

 protected:
  virtual void prepare(double learning_rate) = 0;
  virtual void update_elements(std::int64_t begin, std::int64_t end, double decay) = 0;
  virtual void update_tensors(std::int64_t begin, std::int64_t end, double decay) = 0;

  Tensor part(const Tensor& flat, std::int64_t begin, std::int64_t end) const { return flat.slice(0, begin, end); }

  Tensor values_, gradients_;
  std::vector<FlatRange> ranges_;
  double learning_rate_;
  double weight_decay_;
  std::int64_t steps_ = 0;
};

/// g <- g + decay x;  m <- m + (1-b1)(g - m);  u <- max(b2 u, |g| + eps);  x <- x - lr / (1 - b1^t) m / u
/// (Kingma and Ba 2015, section 7.1, with eps and coupled decay where torch.optim.Adamax has them)
class Adamax final : public FlatOptimizer {
 public:
  using Settings = MomentSettings;
  Adamax(Settings settings, FlatParameters& parameters)
      : FlatOptimizer(parameters, settings),
        settings_(settings),
        moment_(torch::zeros_like(values_)),
        infinity_norm_(torch::zeros_like(values_)) {}

  std::vector<std::pair<std::string, Tensor>> state() override {
    return {{"first_moment", moment_}, {"infinity_norm", infinity_norm_}};
  }

 private:
  void prepare(double learning_rate) override {
    rate_ = learning_rate / (1.0 - std::pow(settings_.beta1, static_cast<double>(steps_)));
  }
  void update_elements(std::int64_t begin, std::int64_t end, double decay) override {
    float* const value = values_.data_ptr<float>();
    const float* const gradient = gradients_.data_ptr<float>();
    float* const moment = moment_.data_ptr<float>();
    float* const norm = infinity_norm_.data_ptr<float>();
    const float rate = static_cast<float>(rate_), decay_rate = static_cast<float>(decay);
    const float gain = static_cast<float>(1.0 - settings_.beta1), beta2 = static_cast<float>(settings_.beta2);
    const float epsilon = static_cast<float>(settings_.epsilon);
    for (std::int64_t i = begin; i < end; ++i) {
      const float g = gradient[i] + decay_rate * value[i];
      moment[i] += gain * (g - moment[i]);
      const float kept = beta2 * norm[i], fresh = std::abs(g) + epsilon;
      norm[i] = kept > fresh ? kept : fresh;
      value[i] -= rate * moment[i] / norm[i];
    }
  }
  void update_tensors(std::int64_t begin, std::int64_t end, double decay) override {
    Tensor value = part(values_, begin, end), moment = part(moment_, begin, end),
           norm = part(infinity_norm_, begin, end);
    const Tensor gradient = part(gradients_, begin, end).add(value, decay);
    moment.lerp_(gradient, 1.0 - settings_.beta1);
    at::maximum_out(norm, norm.mul_(settings_.beta2), gradient.abs().add_(settings_.epsilon));
    value.addcdiv_(moment, norm, -rate_);
  }

  Settings settings_;
  Tensor moment_, infinity_norm_;
  double rate_ = 0;
};

/// x <- x - lr decay x;  m, v as in Adam;  x <- x - lr / (1 - b1^t) m / (sqrt(v / (1 - b2^t)) + eps)
/// (Loshchilov and Hutter 2019, Algorithm 2)
class AdamW final : public FlatOptimizer {
 public:
  using Settings = MomentSettings;
  AdamW(Settings settings, FlatParameters& parameters)
      : FlatOptimizer(parameters, settings),
        settings_(settings),
        first_(torch::zeros_like(values_)),
        second_(torch::zeros_like(values_)) {}

  std::vector<std::pair<std::string, Tensor>> state() override {
    return {{"first_moment", first_}, {"second_moment", second_}};
  }

 private:
  void prepare(double learning_rate) override {
    step_rate_ = learning_rate;
    rate_ = learning_rate / (1.0 - std::pow(settings_.beta1, static_cast<double>(steps_)));
    root_ = std::sqrt(1.0 - std::pow(settings_.beta2, static_cast<double>(steps_)));
  }
  void update_elements(std::int64_t begin, std::int64_t end, double decay) override {
    float* const value = values_.data_ptr<float>();
    const float* const gradient = gradients_.data_ptr<float>();
    float* const first = first_.data_ptr<float>();
    float* const second = second_.data_ptr<float>();
    const float rate = static_cast<float>(rate_), kept = static_cast<float>(1.0 - step_rate_ * decay);
    const float gain1 = static_cast<float>(1.0 - settings_.beta1), gain2 = static_cast<float>(1.0 - settings_.beta2);
    const float beta2 = static_cast<float>(settings_.beta2);
    const float root = static_cast<float>(1.0 / root_), epsilon = static_cast<float>(settings_.epsilon);
    for (std::int64_t i = begin; i < end; ++i) {
      const float g = gradient[i];
      first[i] += gain1 * (g - first[i]);
      second[i] = beta2 * second[i] + gain2 * g * g;
      value[i] = kept * value[i] - rate * first[i] / (std::sqrt(second[i]) * root + epsilon);
    }
  }
  void update_tensors(std::int64_t begin, std::int64_t end, double decay) override {
    Tensor value = part(values_, begin, end), first = part(first_, begin, end), second = part(second_, begin, end);
    const Tensor gradient = part(gradients_, begin, end);
    value.mul_(1.0 - step_rate_ * decay);
    first.lerp_(gradient, 1.0 - settings_.beta1);
    second.mul_(settings_.beta2).addcmul_(gradient, gradient, 1.0 - settings_.beta2);
    value.addcdiv_(first, second.sqrt().div_(root_).add_(settings_.epsilon), -rate_);
  }

  Settings settings_;
  Tensor first_, second_;
  double step_rate_ = 0, rate_ = 0, root_ = 1;
};

/// g <- g + decay x;  b <- momentum b + g;  x <- x - lr (nesterov ? g + momentum b : b)
class Sgd final : public FlatOptimizer {
 public:
  struct Settings : CommonSettings {
    double momentum = 0.0;
    bool nesterov = false;
    void fields(FieldVisitor& f) {
      CommonSettings::fields(f);
      f.field("momentum", momentum, "decay of the velocity", from_to_below(0.0, 1.0));
      f.field("nesterov", nesterov, "look ahead along the velocity");
    }
  };
  Sgd(Settings settings, FlatParameters& parameters) : FlatOptimizer(parameters, settings), settings_(settings) {
    if (settings_.momentum > 0) velocity_ = torch::zeros_like(values_);
  }

  std::vector<std::pair<std::string, Tensor>> state() override {
    if (!velocity_.defined()) return {};
    return {{"velocity", velocity_}};
  }

 private:
  void prepare(double learning_rate) override { rate_ = learning_rate; }
  void update_elements(std::int64_t begin, std::int64_t end, double decay) override {
    float* const value = values_.data_ptr<float>();
    const float* const gradient = gradients_.data_ptr<float>();
    const float rate = static_cast<float>(rate_), decay_rate = static_cast<float>(decay);
    if (!velocity_.defined()) {
      for (std::int64_t i = begin; i < end; ++i) value[i] -= rate * (gradient[i] + decay_rate * value[i]);
      return;
    }
    float* const velocity = velocity_.data_ptr<float>();
    const float momentum = static_cast<float>(settings_.momentum);
    // b when plain, g + momentum b when looking ahead
    const float fresh = settings_.nesterov ? 1.0F : 0.0F, swing = settings_.nesterov ? momentum : 1.0F;
    for (std::int64_t i = begin; i < end; ++i) {
      const float g = gradient[i] + decay_rate * value[i];
      velocity[i] = momentum * velocity[i] + g;
      value[i] -= rate * (fresh * g + swing * velocity[i]);
    }
  }
  void update_tensors(std::int64_t begin, std::int64_t end, double decay) override {
    Tensor value = part(values_, begin, end);
    Tensor direction = part(gradients_, begin, end).add(value, decay);
    if (velocity_.defined()) {
      Tensor velocity = part(velocity_, begin, end);
      velocity.mul_(settings_.momentum).add_(direction);
      direction = settings_.nesterov ? direction.add(velocity, settings_.momentum) : velocity;
    }
    value.sub_(direction, rate_);
  }

  Settings settings_;
  Tensor velocity_;
  double rate_ = 0;
};

}  // namespace

void register_builtin_optimizers(OptimizerRegistry& registry) {
  registry.add<Adamax>("adamax", "Adam with the infinity norm; weight decay coupled to the gradient",
                       "Kingma and Ba, ICLR 2015");
  registry.add<AdamW>("adamw", "Adam with decoupled weight decay", "Loshchilov and Hutter, ICLR 2019");
  registry.add<Sgd>("sgd", "stochastic gradient descent, optionally with (Nesterov) momentum",
                    "Robbins and Monro 1951");
}

OptimizerRegistry& optimizer_registry() {
  static OptimizerRegistry registry = [] {
    OptimizerRegistry built("optimizer");
    register_builtin_optimizers(built);
    return built;
  }();
  return registry;
}

}  // namespace infomtl
