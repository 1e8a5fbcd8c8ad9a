#include "infomtl/ops/aggregation/tracking.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "infomtl/core/errors.h"
#include "infomtl/ops/device_copy.h"
#include "ops/aggregation/inputs.h"

namespace infomtl::ops {
namespace {

constexpr double kNormGuard = 1e-8;  // of MoCo's normalised gradients and SDMGrad's scale, both as released

/// Rows of the Jacobian times the factors.
torch::Tensor scaled_rows(const torch::Tensor& jacobian, const dense::Vector& factors) {
  return jacobian.detach() * copied_like(to_tensor(factors), jacobian).unsqueeze(1);
}

/// ||row|| [T], summed in double.
dense::Vector row_norms(const torch::Tensor& rows, const char* method) {
  const dense::Matrix k = read_gram(gram(rows), method);
  dense::Vector norms(k.size());
  for (std::size_t t = 0; t < k.size(); ++t) norms[t] = std::sqrt(k(t, t));
  return norms;
}

void check_like(const torch::Tensor& state, const torch::Tensor& jacobian, const char* method) {
  if (state.defined() && (state.sizes() != jacobian.sizes() || state.scalar_type() != jacobian.scalar_type())) {
    throw ShapeError(std::string(method) + ": the state belongs to gradients of another shape or type");
  }
}

dense::Vector point_or_uniform(const torch::Tensor& point, std::size_t tasks, const char* method) {
  if (point.defined()) return read_vector(point, tasks, method, "the state");
  return dense::Vector(tasks, 1.0 / static_cast<double>(tasks));
}

void check_positive(const dense::Vector& values, const char* method, const char* what) {
  for (std::size_t t = 0; t < values.size(); ++t) {
    if (!(values[t] > 0.0))
      throw NonFiniteError(std::string(method) + ": " + what + " of task " + std::to_string(t) + " is not positive");
  }
}

}  // namespace

GradNorm gradnorm(const torch::Tensor& norms, const torch::Tensor& losses, const torch::Tensor& initial,
                  const torch::Tensor& logits, double alpha) {
  const dense::Vector s = read_vector(logits, 0, "gradnorm", "the logits");
  const std::size_t n = s.size();
  const dense::Vector lengths = read_vector(norms, n, "gradnorm", "the gradient norms");
  const dense::Vector now = read_vector(losses, n, "gradnorm", "the losses");
  const dense::Vector start = read_vector(initial, n, "gradnorm", "the initial losses");
  check_positive(now, "gradnorm", "the loss");
  check_positive(start, "gradnorm", "the initial loss");
  const auto tasks = static_cast<double>(n);
  const dense::Vector z = softmax(s);
  dense::Vector weights(n);
  dense::Vector rates(n);
  double mean_norm = 0.0;
  double mean_rate = 0.0;
  for (std::size_t t = 0; t < n; ++t) {
    weights[t] = tasks * z[t];
    rates[t] = now[t] / start[t];
    mean_norm += weights[t] * lengths[t] / tasks;
    mean_rate += rates[t] / tasks;
  }
  GradNorm result;
  dense::Vector signs(n);
  for (std::size_t t = 0; t < n; ++t) {
    const double error = weights[t] * lengths[t] - mean_norm * std::pow(rates[t] / mean_rate, alpha);
    result.objective += std::abs(error);
    signs[t] = (error > 0.0 ? 1.0 : error < 0.0 ? -1.0 : 0.0) * lengths[t] * tasks;
  }
  result.weights = to_tensor(weights);
  result.parameter_gradient = to_tensor(softmax_pullback(z, signs));
  return result;
}

torch::Tensor moco(const torch::Tensor& jacobian, const torch::Tensor& losses, MocoState& state,
                   const MocoOptions& options) {
  check_jacobian(jacobian, "moco");
  check_like(state.tracked, jacobian, "moco");
  const auto n = static_cast<std::size_t>(jacobian.size(0));
  const dense::Vector values = read_vector(losses, n, "moco", "the losses");
  dense::Vector lambda = point_or_uniform(state.lambda, n, "moco");
  at::NoGradGuard no_grad;
  const double k = static_cast<double>(state.step + 1);
  const double beta = options.beta / std::pow(k, options.beta_decay);
  const double gamma = options.gamma / std::pow(k, options.gamma_decay);
  dense::Vector factors = row_norms(jacobian, "moco");
  for (std::size_t t = 0; t < n; ++t) factors[t] = beta * values[t] / (factors[t] + kNormGuard);
  torch::Tensor tracked = scaled_rows(jacobian, factors);
  if (state.tracked.defined()) tracked.add_(state.tracked, 1.0 - beta);
  const dense::Matrix form = read_gram(gram(tracked), "moco");
  const dense::Vector slopes = dense::multiply(form, lambda);
  for (std::size_t t = 0; t < n; ++t) lambda[t] -= gamma * (slopes[t] + options.rho * lambda[t]);
  state.lambda = to_tensor(softmax(lambda));
  state.tracked = tracked;
  ++state.step;
  return combine(state.tracked, state.lambda);
}

torch::Tensor db_mtl(const torch::Tensor& jacobian, const torch::Tensor& losses, DbMtlState& state,
                     const DbMtlOptions& options) {
  check_jacobian(jacobian, "db_mtl");
  check_like(state.average, jacobian, "db_mtl");
  const auto n = static_cast<std::size_t>(jacobian.size(0));
  dense::Vector factors = read_vector(losses, n, "db_mtl", "the losses");
  for (double& factor : factors) factor += options.epsilon;
  check_positive(factors, "db_mtl", "the loss");
  at::NoGradGuard no_grad;
  const double memory =
      state.average.defined() ? options.beta / std::pow(static_cast<double>(state.step + 1), options.decay) : 0.0;
  for (double& factor : factors) factor = (1.0 - memory) / factor;
  torch::Tensor average = scaled_rows(jacobian, factors);
  if (state.average.defined()) average.add_(state.average, memory);
  dense::Vector weights = row_norms(average, "db_mtl");
  const double longest = *std::max_element(weights.begin(), weights.end());
  for (double& weight : weights) weight = weight > 0.0 ? longest / weight : 0.0;
  state.average = average;
  ++state.step;
  return combine(state.average, to_tensor(weights));
}

torch::Tensor excess_mtl(const torch::Tensor& jacobian, ExcessState& state, const ExcessOptions& options) {
  check_jacobian(jacobian, "excess_mtl");
  check_like(state.squares, jacobian, "excess_mtl");
  const auto n = static_cast<std::size_t>(jacobian.size(0));
  dense::Vector unit(n, 0.0);
  dense::Vector warmups(n, 0.0);
  dense::Vector weights(n, 1.0);
  if (state.unit.defined()) unit = read_vector(state.unit, n, "excess_mtl", "the state");
  if (state.warmups.defined()) warmups = read_vector(state.warmups, n, "excess_mtl", "the state");
  if (state.weights.defined()) weights = read_vector(state.weights, n, "excess_mtl", "the state");
  at::NoGradGuard no_grad;
  const torch::Tensor square = jacobian.detach().square();
  const torch::Tensor squares = state.squares.defined() ? state.squares + square : square;
  const torch::Tensor ratio = square / (squares + options.epsilon).sqrt();
  const dense::Vector excess = read_vector(ratio.sum(1, false, torch::kFloat64), n, "excess_mtl", "the excess");
  if (state.step < options.warmup_steps) {
    for (std::size_t t = 0; t < n; ++t) unit[t] += excess[t], ++warmups[t];
  } else {
    dense::Vector logits(n);
    for (std::size_t t = 0; t < n; ++t) {
      const double mean = unit[t] / std::max(warmups[t], 1.0);
      const double relative = options.warmup_steps > 0 ? excess[t] / (mean + options.epsilon) : excess[t];
      logits[t] = std::log(weights[t]) + options.step_size * relative;
    }
    weights = softmax(logits);
    // A weight that underflows could never rise again.
    for (double& weight : weights) weight = std::max(weight * static_cast<double>(n), 1e-300);
  }
  state.squares = squares;
  state.unit = to_tensor(unit);
  state.warmups = to_tensor(warmups);
  state.weights = to_tensor(weights);
  ++state.step;
  return state.weights.clone();
}

torch::Tensor sdmgrad(const torch::Tensor& cross, torch::Tensor& simplex, const SdmGradOptions& options) {
  dense::Matrix a = read_square(cross, "sdmgrad", "the cross Gram matrix");
  const std::size_t n = a.size();
  dense::Vector w = point_or_uniform(simplex, n, "sdmgrad");
  dense::Vector preference(n, 1.0 / static_cast<double>(n));
  if (options.preference.defined()) preference = read_vector(options.preference, n, "sdmgrad", "the preference");
  double scale = 0.0;
  for (std::size_t t = 0; t < n; ++t) scale += std::sqrt(std::max(0.0, a(t, t))) / static_cast<double>(n);
  const double divisor = scale * scale + kNormGuard;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) a(i, j) /= divisor;
  }
  dense::Vector velocity(n, 0.0);
  for (std::int64_t iteration = 0; iteration < options.iterations; ++iteration) {
    dense::Vector point = w;
    for (std::size_t t = 0; t < n; ++t) point[t] += options.lambda * preference[t];
    const dense::Vector slopes = dense::multiply(a, point);
    for (std::size_t t = 0; t < n; ++t) {
      velocity[t] = options.momentum * velocity[t] + slopes[t];
      w[t] -= options.learning_rate * velocity[t];
    }
    w = simplex_projection(w);
  }
  dense::Vector weights(n);
  for (std::size_t t = 0; t < n; ++t) weights[t] = (w[t] + options.lambda * preference[t]) / (1.0 + options.lambda);
  simplex = to_tensor(w);
  return to_tensor(weights);
}

torch::Tensor modo(const torch::Tensor& cross, torch::Tensor& lambda, const ModoOptions& options) {
  const dense::Matrix a = read_square(cross, "modo", "the cross Gram matrix");
  dense::Vector point = point_or_uniform(lambda, a.size(), "modo");
  const dense::Vector slopes = dense::multiply(a, point);
  for (std::size_t t = 0; t < point.size(); ++t) point[t] -= options.gamma * (slopes[t] + options.rho * point[t]);
  lambda = to_tensor(simplex_projection(point));
  return lambda.clone();
}

torch::Tensor adam(const torch::Tensor& values, const torch::Tensor& gradient, double learning_rate, AdamState& state) {
  constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;
  const dense::Vector found = read_vector(gradient, 0, "adam", "the gradient");
  const torch::Tensor g = to_tensor(found), before = to_tensor(read_vector(values, found.size(), "adam", "the values"));
  dense::Vector steps(found.size(), 0.0);
  if (state.task_steps.defined()) steps = read_vector(state.task_steps, found.size(), "adam", "the state");
  if (!state.first.defined()) state.first = torch::zeros_like(g), state.second = torch::zeros_like(g);
  dense::Vector first_sums(found.size()), second_sums(found.size());  // of the weights in a moment
  for (std::size_t t = 0; t < found.size(); ++t) {
    ++steps[t];
    first_sums[t] = 1 - std::pow(kBeta1, steps[t]);
    second_sums[t] = 1 - std::pow(kBeta2, steps[t]);
  }
  ++state.steps;
  state.task_steps = to_tensor(steps);
  state.first = kBeta1 * state.first + (1 - kBeta1) * g;
  state.second = kBeta2 * state.second + (1 - kBeta2) * g.square();
  const torch::Tensor first = state.first / to_tensor(first_sums);
  const torch::Tensor second = state.second / to_tensor(second_sums);
  return before - learning_rate * first / (second.sqrt() + kEpsilon);
}

torch::Tensor smoothed(const torch::Tensor& previous, const torch::Tensor& current, double memory) {
  const dense::Vector now = read_vector(current, 0, "smoothed", "the weights");
  if (!(memory >= 0.0 && memory <= 1.0)) throw NonFiniteError("smoothed: the memory must lie in [0, 1]");
  if (!previous.defined()) return to_tensor(now);
  const dense::Vector before = read_vector(previous, now.size(), "smoothed", "the previous weights");
  return to_tensor(before) * memory + to_tensor(now) * (1.0 - memory);
}

}  // namespace infomtl::ops
