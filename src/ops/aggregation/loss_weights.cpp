#include "infomtl/ops/aggregation/loss_weights.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "infomtl/core/errors.h"
#include "ops/aggregation/inputs.h"

namespace infomtl::ops {
namespace {

constexpr double kFamoGuard = 1e-8;
constexpr double kHighestRatio = 1e6;  // of DWA: what a mean of 0 before gives

double require_positive(double value, std::size_t task, const char* method, const char* what) {
  if (!(value > 0.0)) {
    throw NonFiniteError(std::string(method) + ": " + what + " of task " + std::to_string(task) + " is not positive (" +
                         std::to_string(value) + ")");
  }
  return value;
}

std::size_t positive_count(std::int64_t tasks, const char* method) {
  if (tasks < 1) throw ShapeError(std::string(method) + ": " + std::to_string(tasks) + " tasks");
  return static_cast<std::size_t>(tasks);
}

dense::Vector famo_distances(const dense::Vector& losses, const torch::Tensor& minimum) {
  dense::Vector distances = losses;
  if (minimum.defined()) {
    const dense::Vector lowest = read_vector(minimum, losses.size(), "famo", "the minimum");
    for (std::size_t t = 0; t < losses.size(); ++t) distances[t] -= lowest[t];
  }
  for (std::size_t t = 0; t < losses.size(); ++t) {
    distances[t] = require_positive(distances[t] + kFamoGuard, t, "famo", "the loss above its minimum");
  }
  return distances;
}

/// The weights of losses that lie on another device than the CPU, and the gradient of what gives the weights.
LossWeights on_device(const torch::Tensor& weights, const torch::Tensor& gradient) {
  return {.weights = weights, .parameter_gradient = gradient, .objective = std::numeric_limits<double>::quiet_NaN()};
}

/// Gamma(shape, 1) by Marsaglia and Tsang (2000); a shape below 1 through the next one.
double gamma_draw(double shape, RandomStream& stream) {
  if (shape < 1.0) {
    const double u = 1.0 - stream.uniform();
    return gamma_draw(shape + 1.0, stream) * std::pow(u, 1.0 / shape);
  }
  const double d = shape - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  while (true) {
    const double x = stream.normal();
    const double root = 1.0 + c * x;
    if (root <= 0.0) continue;
    const double v = root * root * root;
    const double u = 1.0 - stream.uniform();
    if (std::log(u) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

}  // namespace

torch::Tensor equal_weights(std::int64_t tasks, Combination combination) {
  const std::size_t n = positive_count(tasks, "equal_weights");
  return to_tensor(dense::Vector(n, combination == Combination::kMean ? 1.0 / static_cast<double>(n) : 1.0));
}

torch::Tensor task_size(const torch::Tensor& counts) {
  const torch::Tensor numbers = counts.defined() && !counts.is_floating_point() ? counts.to(torch::kFloat64) : counts;
  dense::Vector shares = read_vector(numbers, 0, "task_size", "the counts");
  double sum = 0.0;
  for (std::size_t t = 0; t < shares.size(); ++t) {
    if (shares[t] < 0.0) throw NonFiniteError("task_size: the count of task " + std::to_string(t) + " is negative");
    sum += shares[t];
  }
  if (!(sum > 0.0)) throw NonFiniteError("task_size: no task has an example");
  for (double& share : shares) share /= sum;
  return to_tensor(shares);
}

LossWeights scale_invariant(const torch::Tensor& losses, double epsilon) {
  dense::Vector weights = read_vector(losses, 0, "scale_invariant", "the losses");
  LossWeights result;
  for (std::size_t t = 0; t < weights.size(); ++t) {
    const double value = require_positive(weights[t] + epsilon, t, "scale_invariant", "the loss");
    result.objective += std::log(value);
    weights[t] = 1.0 / value;
  }
  result.weights = to_tensor(weights);
  return result;
}

LossWeights uncertainty(const torch::Tensor& losses, const torch::Tensor& log_variances, UncertaintyForm form) {
  const double factor = form == UncertaintyForm::kRegression ? 0.5 : 1.0;
  if (losses.defined() && !losses.is_cpu()) {
    const torch::Tensor found = factor * torch::exp(-log_variances.detach().to(torch::kFloat64));
    return on_device(found, 0.5 - found * losses.detach());
  }
  const dense::Vector values = read_vector(losses, 0, "uncertainty", "the losses");
  const dense::Vector s = read_vector(log_variances, values.size(), "uncertainty", "the log-variances");
  dense::Vector weights(s.size());
  dense::Vector gradient(s.size());
  LossWeights result;
  for (std::size_t t = 0; t < s.size(); ++t) {
    weights[t] = factor * std::exp(-s[t]);
    gradient[t] = 0.5 - weights[t] * values[t];
    result.objective += weights[t] * values[t] + 0.5 * s[t];
  }
  result.weights = to_tensor(weights);
  result.parameter_gradient = to_tensor(gradient);
  return result;
}

LossWeights imtl_l(const torch::Tensor& losses, const torch::Tensor& log_scales) {
  if (losses.defined() && !losses.is_cpu()) {
    const torch::Tensor found = torch::exp(log_scales.detach().to(torch::kFloat64));
    return on_device(found, found * losses.detach() - 1.0);
  }
  const dense::Vector values = read_vector(losses, 0, "imtl_l", "the losses");
  const dense::Vector s = read_vector(log_scales, values.size(), "imtl_l", "the log-scales");
  dense::Vector weights(s.size());
  dense::Vector gradient(s.size());
  LossWeights result;
  for (std::size_t t = 0; t < s.size(); ++t) {
    weights[t] = std::exp(s[t]);
    gradient[t] = weights[t] * values[t] - 1.0;
    result.objective += weights[t] * values[t] - s[t];
  }
  result.weights = to_tensor(weights);
  result.parameter_gradient = to_tensor(gradient);
  return result;
}

LossWeights geometric(const torch::Tensor& losses) {
  const dense::Vector values = read_vector(losses, 0, "geometric", "the losses");
  const auto tasks = static_cast<double>(values.size());
  double mean_log = 0.0;
  for (std::size_t t = 0; t < values.size(); ++t) {
    if (values[t] < 0.0) throw NonFiniteError("geometric: the loss of task " + std::to_string(t) + " is negative");
    mean_log += std::log(values[t]) / tasks;
  }
  LossWeights result;
  result.objective = std::exp(mean_log);
  dense::Vector weights(values.size(), 0.0);
  for (std::size_t t = 0; t < values.size(); ++t) {
    // In logarithms: the objective may underflow where its quotient by a small loss does not.
    if (std::isfinite(mean_log)) weights[t] = std::exp(mean_log - std::log(values[t])) / tasks;
  }
  result.weights = to_tensor(weights);
  return result;
}

torch::Tensor dwa(std::int64_t tasks, const torch::Tensor& newer, const torch::Tensor& older, double temperature) {
  const std::size_t n = positive_count(tasks, "dwa");
  require_positive(temperature, 0, "dwa", "the temperature");
  if (!newer.defined() || !older.defined()) return equal_weights(tasks, Combination::kSum);
  const dense::Vector late = read_vector(newer, n, "dwa", "the last epoch's losses");
  const dense::Vector early = read_vector(older, n, "dwa", "the losses of the epoch before");
  dense::Vector logits(n);
  for (std::size_t t = 0; t < n; ++t) {
    double ratio = early[t] != 0.0 ? late[t] / early[t] : late[t] == 0.0 ? 1.0 : kHighestRatio;
    logits[t] = std::clamp(ratio, -kHighestRatio, kHighestRatio) / temperature;
  }
  return to_tensor(softmax(logits)) * static_cast<double>(n);
}

torch::Tensor rlw_normal(std::int64_t tasks, RandomStream& stream) {
  dense::Vector sample(positive_count(tasks, "rlw"));
  for (double& value : sample) value = stream.normal();
  return to_tensor(softmax(sample));
}

torch::Tensor rlw_dirichlet(std::int64_t tasks, RandomStream& stream, double concentration) {
  require_positive(concentration, 0, "rlw", "the concentration");
  dense::Vector sample(positive_count(tasks, "rlw"));
  double sum = 0.0;
  while (!(sum > 0.0)) {  // a tiny concentration may underflow every draw
    sum = 0.0;
    for (double& value : sample) sum += value = gamma_draw(concentration, stream);
  }
  for (double& value : sample) value /= sum;
  return to_tensor(sample);
}

LossWeights stch(const torch::Tensor& losses, const torch::Tensor& nadir, double mu) {
  const dense::Vector values = read_vector(losses, 0, "stch", "the losses");
  const dense::Vector worst = read_vector(nadir, values.size(), "stch", "the nadir");
  require_positive(mu, 0, "stch", "mu");
  dense::Vector logits(values.size());
  for (std::size_t t = 0; t < values.size(); ++t) {
    logits[t] = (std::log(require_positive(values[t], t, "stch", "the loss")) -
                 std::log(require_positive(worst[t], t, "stch", "the nadir"))) /
                mu;
  }
  const double top = *std::max_element(logits.begin(), logits.end());
  const auto tasks = static_cast<double>(values.size());
  double sum = 0.0;
  for (double logit : logits) sum += std::exp(logit - top);
  dense::Vector weights = softmax(logits);
  for (std::size_t t = 0; t < values.size(); ++t) weights[t] *= tasks / values[t];
  LossWeights result;
  result.objective = tasks * mu * (top + std::log(sum));
  result.weights = to_tensor(weights);
  return result;
}

LossWeights smooth_tchebycheff(const torch::Tensor& losses, double mu, const torch::Tensor& preference,
                               const torch::Tensor& ideal) {
  const dense::Vector values = read_vector(losses, 0, "smooth_tchebycheff", "the losses");
  const std::size_t n = values.size();
  require_positive(mu, 0, "smooth_tchebycheff", "mu");
  dense::Vector p(n, 1.0 / static_cast<double>(n));
  dense::Vector lowest(n, 0.0);
  if (preference.defined()) p = read_vector(preference, n, "smooth_tchebycheff", "the preference");
  if (ideal.defined()) lowest = read_vector(ideal, n, "smooth_tchebycheff", "the ideal point");
  dense::Vector logits(n);
  for (std::size_t t = 0; t < n; ++t) logits[t] = p[t] * (values[t] - lowest[t]) / mu;
  const double top = *std::max_element(logits.begin(), logits.end());
  double sum = 0.0;
  for (double logit : logits) sum += std::exp(logit - top);
  dense::Vector weights = softmax(logits);
  for (std::size_t t = 0; t < n; ++t) weights[t] *= p[t];
  LossWeights result;
  result.objective = mu * (top + std::log(sum));
  result.weights = to_tensor(weights);
  return result;
}

LossWeights famo(const torch::Tensor& losses, const torch::Tensor& logits, const torch::Tensor& minimum) {
  const dense::Vector distances = famo_distances(read_vector(losses, 0, "famo", "the losses"), minimum);
  const dense::Vector z = softmax(read_vector(logits, distances.size(), "famo", "the logits"));
  double sum = 0.0;
  for (std::size_t t = 0; t < z.size(); ++t) sum += z[t] / distances[t];
  LossWeights result;
  dense::Vector weights(z.size());
  for (std::size_t t = 0; t < z.size(); ++t) {
    weights[t] = z[t] / distances[t] / sum;
    result.objective += z[t] / sum * std::log(distances[t]);
  }
  result.weights = to_tensor(weights);
  return result;
}

torch::Tensor famo_logit_gradient(const torch::Tensor& logits, const torch::Tensor& before, const torch::Tensor& after,
                                  const torch::Tensor& minimum) {
  const dense::Vector z = softmax(read_vector(logits, 0, "famo", "the logits"));
  dense::Vector decrease = famo_distances(read_vector(before, z.size(), "famo", "the losses before"), minimum);
  const dense::Vector now = famo_distances(read_vector(after, z.size(), "famo", "the losses after"), minimum);
  for (std::size_t t = 0; t < z.size(); ++t) decrease[t] = std::log(decrease[t]) - std::log(now[t]);
  return to_tensor(softmax_pullback(z, decrease));
}

}  // namespace infomtl::ops
