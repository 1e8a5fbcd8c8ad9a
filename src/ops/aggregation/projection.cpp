#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "infomtl/core/errors.h"
#include "infomtl/ops/aggregation/conflict.h"
#include "ops/aggregation/inputs.h"

namespace infomtl::ops {
namespace {

constexpr double kHighestTarget = 1.0 - 1e-8;

void check_orders(const Orders& orders, std::size_t tasks, const char* method) {
  const std::string name(method);
  if (orders.size() != tasks)
    throw ShapeError(name + ": " + std::to_string(orders.size()) + " orders for " + std::to_string(tasks) + " tasks");
  for (const auto& order : orders) {
    for (std::size_t task : order) {
      if (task >= tasks)
        throw ShapeError(name + ": an order names task " + std::to_string(task) + " of " + std::to_string(tasks));
    }
  }
}

/// One task gradient on its way: coefficients of the rows, and the inner products with every original row.
struct Modified {
  Modified(const dense::Matrix& k, std::size_t task) : gram(k), coefficients(k.size(), 0.0), products(k.size()) {
    coefficients[task] = 1.0;
    for (std::size_t j = 0; j < k.size(); ++j) products[j] = k(task, j);
  }
  void add(std::size_t j, double amount) {
    coefficients[j] += amount;
    for (std::size_t k = 0; k < products.size(); ++k) products[k] += amount * gram(j, k);
  }
  double norm() const { return std::sqrt(std::max(0.0, dense::dot(coefficients, products))); }

  const dense::Matrix& gram;
  dense::Vector coefficients;
  dense::Vector products;
};

void add_to(dense::Vector* sum, const dense::Vector& terms) {
  for (std::size_t i = 0; i < terms.size(); ++i) (*sum)[i] += terms[i];
}

}  // namespace

Orders random_orders(std::size_t tasks, RandomStream& stream) {
  Orders orders(tasks);
  for (auto& order : orders) order = stream.permutation(tasks);
  return orders;
}

torch::Tensor pcgrad(const torch::Tensor& gram, const Orders& orders) {
  const dense::Matrix k = read_gram(gram, "pcgrad");
  check_orders(orders, k.size(), "pcgrad");
  dense::Vector weights(k.size(), 0.0);
  for (std::size_t i = 0; i < k.size(); ++i) {
    Modified modified(k, i);
    for (std::size_t j : orders[i]) {
      if (j == i || !(k(j, j) > 0.0)) continue;
      if (modified.products[j] < 0.0) modified.add(j, -modified.products[j] / k(j, j));
    }
    add_to(&weights, modified.coefficients);
  }
  return to_tensor(weights);
}

torch::Tensor gradvac(const torch::Tensor& gram, const Orders& orders, torch::Tensor& targets,
                      const GradVacOptions& options) {
  const dense::Matrix k = read_gram(gram, "gradvac");
  const auto tasks = static_cast<std::int64_t>(k.size());
  check_orders(orders, k.size(), "gradvac");
  dense::Matrix target(k.size());
  if (targets.defined()) target = read_square(targets, "gradvac", "the targets");
  if (target.size() != k.size()) throw ShapeError("gradvac: the targets are of another number of tasks");
  dense::Vector weights(k.size(), 0.0);
  for (std::size_t i = 0; i < k.size(); ++i) {
    Modified modified(k, i);
    for (std::size_t j : orders[i]) {
      const double norm_j = std::sqrt(k(j, j));
      const double norm_i = modified.norm();
      if (j == i || !(norm_j > 0.0) || !(norm_i > 0.0)) continue;
      const double cosine = std::clamp(modified.products[j] / (norm_i * norm_j + options.epsilon), -1.0, 1.0);
      const double wanted = std::min(target(i, j), kHighestTarget);
      if (cosine < wanted) {
        const double sine = std::sqrt(1.0 - cosine * cosine);
        const double wanted_sine = std::sqrt(1.0 - wanted * wanted);
        modified.add(j, norm_i * (wanted * sine - cosine * wanted_sine) / (norm_j * wanted_sine + options.epsilon));
      }
      target(i, j) = (1.0 - options.beta) * target(i, j) + options.beta * cosine;
    }
    add_to(&weights, modified.coefficients);
  }
  torch::Tensor updated = at::zeros({tasks, tasks}, torch::kFloat64);
  double* data = updated.data_ptr<double>();
  for (std::size_t i = 0; i < k.size(); ++i) {
    for (std::size_t j = 0; j < k.size(); ++j) data[i * k.size() + j] = target(i, j);
  }
  targets = updated;
  return to_tensor(weights);
}

}  // namespace infomtl::ops
