#include "infomtl/ops/aggregation/gram.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>

#include "infomtl/core/errors.h"
#include "ops/aggregation/inputs.h"
#include "ops/packed/cpu/kernels.h"

namespace infomtl::ops {
namespace {

std::string shape_of(const torch::Tensor& tensor) {
  if (!tensor.defined()) return "nothing";
  std::ostringstream out;
  out << tensor.sizes();
  return out.str();
}

void check_floating(const torch::Tensor& tensor, std::int64_t dimensions, std::string_view method,
                    std::string_view what, std::string_view shape) {
  if (!tensor.defined() || tensor.dim() != dimensions || tensor.size(0) < 1) {
    throw ShapeError(std::string(method) + ": " + std::string(what) + " must be " + std::string(shape) +
                     " with T >= 1, got " + shape_of(tensor));
  }
  if (!tensor.is_floating_point()) {
    throw ShapeError(std::string(method) + ": " + std::string(what) + " must hold floating-point numbers");
  }
}

template <class T>
void add_products(const torch::Tensor& rows, const torch::Tensor& sum) {
  kernels::loops<T>().gram({.rows = rows.size(0),
                            .columns = rows.size(1),
                            .x = rows.const_data_ptr<T>(),
                            .stride = rows.stride(0),
                            .sum = sum.mutable_data_ptr<double>()});
}

[[noreturn]] void throw_non_finite(std::string_view method, std::string_view what, std::string_view where) {
  throw NonFiniteError(std::string(method) + ": " + std::string(what) + " is not finite at " + std::string(where));
}

}  // namespace

namespace {

void throw_bad_row(const torch::Tensor& jacobian, std::string_view method) {
  const auto finite_sums = [&](torch::ScalarType type) {
    return torch::isfinite(jacobian.detach().sum(1, false, type)).to(torch::kCPU);
  };
  torch::Tensor rows = finite_sums(jacobian.scalar_type());
  // Sums of finite numbers may leave the range of their type.
  if (!rows.all().item<bool>()) rows = finite_sums(torch::kFloat64);
  for (std::int64_t t = 0; t < rows.size(0); ++t) {
    if (!rows[t].item<bool>()) throw_non_finite(method, "the Jacobian", "row " + std::to_string(t));
  }
}

void check_gram(const torch::Tensor& products, const torch::Tensor& a, const torch::Tensor& b) {
  if (torch::isfinite(products).all().item<bool>()) return;
  throw_bad_row(a, "gram");
  throw_bad_row(b, "gram");
  throw NonFiniteError("gram: the squared gradient norms leave the range of double precision");
}

}  // namespace

void check_jacobian(const torch::Tensor& jacobian, std::string_view method) {
  check_floating(jacobian, 2, method, "the Jacobian", "[T, P]");
  if (jacobian.is_cpu()) throw_bad_row(jacobian, method);
}

void add_gram(const torch::Tensor& rows, const torch::Tensor& sum) {
  check_floating(rows, 2, "add_gram", "the Jacobian", "[T, P]");
  const std::int64_t tasks = rows.size(0);
  if (sum.dim() != 2 || sum.size(0) != tasks || sum.size(1) != tasks || sum.scalar_type() != torch::kFloat64 ||
      sum.device() != rows.device() || !sum.is_contiguous()) {
    throw ShapeError("add_gram: the sum must be [T, T] float64 on the device of the Jacobian, got " + shape_of(sum));
  }
  if (rows.size(1) == 0) return;
  const at::NoGradGuard no_grad;
  const bool plain = rows.is_cpu() && rows.stride(1) == 1;
  if (plain && rows.scalar_type() == torch::kFloat32) return add_products<float>(rows, sum);
  if (plain && rows.scalar_type() == torch::kFloat64) return add_products<double>(rows, sum);
  for (std::int64_t begin = 0; begin < rows.size(1); begin += kColumnsABlock) {
    const torch::Tensor block =
        rows.narrow(1, begin, std::min(kColumnsABlock, rows.size(1) - begin)).to(torch::kFloat64);
    sum.add_(block.mm(block.t()));
  }
}

torch::Tensor zero_gram(const torch::Tensor& rows) {
  const auto wide = torch::TensorOptions().dtype(torch::kFloat64).device(rows.device());
  return torch::zeros({rows.size(0), rows.size(0)}, wide);
}

torch::Tensor cross_gram(const torch::Tensor& a, const torch::Tensor& b) {
  check_floating(a, 2, "gram", "the Jacobian", "[T, P]");
  check_floating(b, 2, "gram", "the Jacobian", "[T, P]");
  if (a.sizes() != b.sizes()) throw ShapeError("gram: two Jacobians of shapes " + shape_of(a) + " and " + shape_of(b));
  at::NoGradGuard no_grad;
  torch::Tensor sum = zero_gram(a);
  for (std::int64_t begin = 0; begin < a.size(1); begin += kColumnsABlock) {
    const std::int64_t count = std::min(kColumnsABlock, a.size(1) - begin);
    const torch::Tensor left = a.narrow(1, begin, count).to(torch::kFloat64);
    const torch::Tensor right = a.is_same(b) ? left : b.narrow(1, begin, count).to(torch::kFloat64);
    sum.addmm_(left, right.t());
  }
  sum = sum.to(torch::kCPU);
  check_gram(sum, a, b);
  return sum;
}

torch::Tensor gram(const torch::Tensor& jacobian) {
  check_floating(jacobian, 2, "gram", "the Jacobian", "[T, P]");
  torch::Tensor sum = zero_gram(jacobian);
  add_gram(jacobian, sum);
  sum = sum.to(torch::kCPU);
  check_gram(sum, jacobian, jacobian);
  return sum;
}

torch::Tensor combine(const torch::Tensor& jacobian, const torch::Tensor& weights) {
  check_floating(jacobian, 2, "combine", "the Jacobian", "[T, P]");
  const dense::Vector w = read_vector(weights, static_cast<std::size_t>(jacobian.size(0)), "combine", "the weights");
  at::NoGradGuard no_grad;
  const std::int64_t columns = jacobian.size(1);
  torch::Tensor direction = torch::zeros({columns}, jacobian.options().requires_grad(false));
  const std::int64_t block = jacobian.is_cpu() ? kColumnsInCache : std::max<std::int64_t>(columns, 1);
  for (std::int64_t begin = 0; begin < columns; begin += block) {
    const std::int64_t count = std::min(block, columns - begin);
    const torch::Tensor part = direction.narrow(0, begin, count);
    for (std::size_t t = 0; t < w.size(); ++t) {
      if (w[t] != 0.0) part.add_(jacobian[static_cast<std::int64_t>(t)].narrow(0, begin, count), w[t]);
    }
  }
  return direction;
}

torch::Tensor project_onto_simplex(const torch::Tensor& point) {
  return to_tensor(simplex_projection(read_vector(point, 0, "project_onto_simplex", "the point")));
}

dense::Matrix read_square(const torch::Tensor& matrix, std::string_view method, std::string_view what) {
  check_floating(matrix, 2, method, what, "[T, T]");
  if (matrix.size(0) != matrix.size(1)) {
    throw ShapeError(std::string(method) + ": " + std::string(what) + " must be [T, T], got " + shape_of(matrix));
  }
  const torch::Tensor values = matrix.detach().to(torch::kCPU, torch::kFloat64).contiguous();
  const double* data = values.data_ptr<double>();
  const auto n = static_cast<std::size_t>(matrix.size(0));
  dense::Matrix result(n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      result(i, j) = data[i * n + j];
      if (!std::isfinite(result(i, j))) {
        throw_non_finite(method, what, "row " + std::to_string(i) + ", column " + std::to_string(j));
      }
    }
  }
  return result;
}

dense::Matrix read_gram(const torch::Tensor& gram, std::string_view method) {
  dense::Matrix k = read_square(gram, method, "the Gram matrix");
  for (std::size_t i = 0; i < k.size(); ++i) {
    k(i, i) = std::max(0.0, k(i, i));
    for (std::size_t j = 0; j < i; ++j) k(i, j) = k(j, i) = k(i, j) + 0.5 * (k(j, i) - k(i, j));
  }
  return k;
}

dense::Vector read_vector(const torch::Tensor& vector, std::size_t size, std::string_view method,
                          std::string_view what) {
  check_floating(vector, 1, method, what, "[T]");
  if (size != 0 && static_cast<std::size_t>(vector.size(0)) != size) {
    throw ShapeError(std::string(method) + ": " + std::string(what) + " must be [" + std::to_string(size) + "], got " +
                     shape_of(vector));
  }
  const torch::Tensor values = vector.detach().to(torch::kCPU, torch::kFloat64).contiguous();
  const double* data = values.data_ptr<double>();
  dense::Vector result(data, data + values.numel());
  for (std::size_t t = 0; t < result.size(); ++t) {
    if (!std::isfinite(result[t])) throw_non_finite(method, what, "task " + std::to_string(t));
  }
  return result;
}

torch::Tensor to_tensor(const dense::Vector& vector) {
  torch::Tensor result = torch::empty({static_cast<std::int64_t>(vector.size())}, torch::kFloat64);
  std::copy(vector.begin(), vector.end(), result.data_ptr<double>());
  return result;
}

dense::Vector softmax(const dense::Vector& x) {
  const double top = *std::max_element(x.begin(), x.end());
  dense::Vector z(x.size());
  double sum = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += z[i] = std::exp(x[i] - top);
  for (double& value : z) value /= sum;
  return z;
}

dense::Vector softmax_pullback(const dense::Vector& z, const dense::Vector& v) {
  const double mean = dense::dot(z, v);
  dense::Vector result(z.size());
  for (std::size_t i = 0; i < z.size(); ++i) result[i] = z[i] * (v[i] - mean);
  return result;
}

dense::Vector simplex_projection(const dense::Vector& y) {
  // Relative to the largest entry, so that huge points keep their differences.
  const double top = *std::max_element(y.begin(), y.end());
  std::vector<bool> in(y.size(), true);
  double theta = 0.0;
  for (bool changed = true; changed;) {
    double sum = 0.0;
    double count = 0.0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (in[i] && y[i] - top > -1.0) {
        sum += y[i] - top;
        count += 1.0;
      } else {
        in[i] = false;  // more than 1 below the largest: never in the support
      }
    }
    theta = (sum - 1.0) / count;
    changed = false;
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (in[i] && y[i] - top <= theta) {
        in[i] = false;
        changed = true;
      }
    }
  }
  dense::Vector w(y.size(), 0.0);
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (in[i]) w[i] = y[i] - top - theta;
  }
  return w;
}

}  // namespace infomtl::ops
