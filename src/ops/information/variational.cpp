#include "infomtl/ops/information/variational.h"

#include <ATen/ATen.h>

#include <limits>

#include "infomtl/ops/information/gaussian.h"
#include "ops/information/checks.h"

namespace infomtl::ops {

using torch::Tensor;

namespace {

constexpr double kSmallestVariance = 1e-30;
constexpr double kSmallestUniform = 1e-20;
constexpr double kSmallestRange = 1e-9;

void require_gaussian(const GaussianMoments& moments, const char* function, const char* name) {
  require_shape(moments.mean.defined(), function, (std::string(name) + " must have a mean").c_str(), moments.mean);
  require_same_shape(moments.mean, moments.variance, function, (std::string("the variance of ") + name).c_str());
}

void require_weights(const Tensor& weights, const GaussianMoments& parts, const char* function) {
  require_gaussian(parts, function, "the parts");
  const bool fits = weights.defined() && weights.dim() == 1 && parts.mean.dim() >= 1 &&
                    weights.size(0) == parts.mean.size(0) && weights.size(0) > 0;
  require_shape(fits, function, "there must be a weight for every part", weights);
}

}  // namespace

Tensor softplus_variance(const Tensor& scale) { return at::softplus(widened(scale)).square(); }

GaussianMoments bayesian_linear(const Tensor& x, const GaussianMoments& weight, const GaussianMoments& bias) {
  constexpr const char* kName = "bayesian_linear";
  require_gaussian(weight, kName, "the weight");
  require_matrix(weight.mean, kName, "the weight");
  require_shape(x.defined() && x.dim() == 2 && x.size(1) == weight.mean.size(1), kName,
                ("x must be [rows, " + std::to_string(weight.mean.size(1)) + "]").c_str(), x);
  for (const Tensor* part : {&bias.mean, &bias.variance}) {
    require_shape(!part->defined() || (part->dim() == 1 && part->size(0) == weight.mean.size(0)), kName,
                  ("a bias must be [" + std::to_string(weight.mean.size(0)) + "]").c_str(), *part);
  }
  const auto linear = [](const Tensor& rows, const Tensor& map, const Tensor& offset) {
    const Tensor product = at::matmul(rows, widened(map).t());
    return offset.defined() ? product + widened(offset) : product;
  };
  const Tensor rows = widened(x);
  return {linear(rows, weight.mean, bias.mean), linear(rows.square(), weight.variance, bias.variance)};
}

Tensor log_of_variance(const Tensor& variance) { return widened(variance).clamp_min(kSmallestVariance).log(); }

Tensor gumbel_noise(const Tensor& uniform) {
  return -at::log(kSmallestUniform - at::log(widened(uniform) + kSmallestUniform));
}

Tensor gumbel_softmax(const Tensor& logits, const Tensor& noise, double temperature) {
  require_same_shape(logits, noise, "gumbel_softmax", "noise");
  require_positive(temperature, "gumbel_softmax", "the temperature");
  return ((widened(logits).log_softmax(-1) + widened(noise)) / temperature).softmax(-1);
}

GaussianMoments combine_gaussians(const Tensor& weights, const GaussianMoments& parts) {
  require_weights(weights, parts, "combine_gaussians");
  const Tensor a = weights.to(widened(parts.mean).scalar_type());
  return {at::tensordot(a, widened(parts.mean), {0}, {0}),
          at::tensordot(a.square(), widened(parts.variance), {0}, {0})};
}

Tensor kl_rows(const GaussianMoments& q, const GaussianMoments& p, double floor) {
  const auto log_variance = [floor](const Tensor& variance) { return (widened(variance) + floor).log(); };
  return kl_diagonal(q.mean, log_variance(q.variance), p.mean, log_variance(p.variance)).sum(-1);
}

const std::vector<std::string>& task_prior_names() {
  static const std::vector<std::string> names = {"combine", "mixture_bound", "standard"};
  return names;
}

TaskPrior task_prior(std::string_view name) {
  if (name == "combine") return TaskPrior::combine;
  if (name == "mixture_bound") return TaskPrior::mixture_bound;
  if (name == "standard") return TaskPrior::standard;
  throw ConfigError("unknown prior \"" + std::string(name) + "\"" +
                    did_you_mean(std::string(name), task_prior_names()));
}

Tensor kl_to_tasks(const GaussianMoments& q, const GaussianMoments& others, const Tensor& weights, TaskPrior prior,
                   double floor) {
  constexpr const char* kName = "kl_to_tasks";
  require_gaussian(q, kName, "the posterior");
  if (prior == TaskPrior::standard) {
    const Tensor ones = at::ones({q.mean.size(-1)}, q.mean.options().requires_grad(false));
    return kl_rows(q, {at::zeros_like(ones), ones}, floor);
  }
  require_weights(weights, others, kName);
  if (prior == TaskPrior::combine) return kl_rows(q, combine_gaussians(weights, others), floor);
  Tensor sum;
  for (std::int64_t i = 0; i < weights.size(0); ++i) {
    const Tensor part = weights[i] * kl_rows(q, {others.mean[i], others.variance[i]}, floor);
    sum = sum.defined() ? sum + part : part;
  }
  return sum;
}

GaussianMoments match_classes(const GaussianMoments& other, std::int64_t classes) {
  require_gaussian(other, "match_classes", "the posterior");
  if (other.mean.size(0) == classes) return other;
  const auto averaged = [classes](const Tensor& moment) {
    std::vector<std::int64_t> shape = moment.sizes().vec();
    shape.front() = classes;
    return moment.mean(0, /*keepdim=*/true).expand(shape);
  };
  return {averaged(other.mean), averaged(other.variance)};
}

Tensor related_inputs(const Tensor& x, const Tensor& bank, const Tensor& filled, const Tensor& allowed) {
  constexpr const char* kName = "related_inputs";
  const torch::NoGradGuard no_grad;
  require_matrix(bank, kName, "the bank");
  require_shape(x.defined() && x.dim() == 2 && x.size(1) == bank.size(1), kName,
                ("x must be [rows, " + std::to_string(bank.size(1)) + "]").c_str(), x);
  require_shape(filled.defined() && filled.dim() == 1 && filled.size(0) == bank.size(0), kName,
                ("filled must be [" + std::to_string(bank.size(0)) + "]").c_str(), filled);
  Tensor open = filled.unsqueeze(0).expand({x.size(0), bank.size(0)});
  if (allowed.defined()) {
    require_same_shape(open, allowed, kName, "allowed");
    const Tensor both = open.logical_and(allowed);
    open = at::where(both.any(1, /*keepdim=*/true), both, open);
  }
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Tensor closed = open.logical_not(), rows = widened(bank);
  const Tensor scores = at::matmul(widened(x), rows.t());
  const Tensor low = scores.masked_fill(closed, kInfinity).amin(1, /*keepdim=*/true);
  const Tensor high = scores.masked_fill(closed, -kInfinity).amax(1, /*keepdim=*/true);
  // Of an empty bank all is closed: the softmax of nothing is NaN, and its mean none.
  const Tensor weights = (scores / (high - low + kSmallestRange)).masked_fill(closed, -kInfinity).softmax(1);
  return at::matmul(weights.masked_fill(closed, 0.0), rows);
}

}  // namespace infomtl::ops
