#include "infomtl/ops/aggregation/robust.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "infomtl/core/errors.h"
#include "infomtl/ops/device_copy.h"
#include "ops/aggregation/inputs.h"

namespace infomtl::ops {
namespace {

constexpr std::int64_t kMostExchanged = 16;  // rows that are sorted by exchanges: their number grows with the square

/// Calls body(begin, count) for the columns of the Jacobian [T, P]. On a device fewer, larger blocks start fewer kernels.
template <class Body>
void for_each_block(const torch::Tensor& jacobian, Body&& body) {
  const std::int64_t columns = jacobian.size(1), block = jacobian.is_cpu() ? kColumnsInCache : kColumnsABlock;
  for (std::int64_t begin = 0; begin < columns; begin += block) body(begin, std::min(block, columns - begin));
}

/// The finite rows [T, n] sorted within each column, smallest first. On the CPU few rows are exchanged as wholes
/// (odd-even transposition sort), as sort() goes through the columns one by one.
torch::Tensor sorted_columns(const torch::Tensor& rows) {
  const std::int64_t count = rows.size(0);
  if (!rows.is_cpu() || count > kMostExchanged) return std::get<0>(rows.sort(0));
  const torch::Tensor sorted = rows.clone(at::MemoryFormat::Contiguous);
  torch::Tensor smaller = torch::empty({rows.size(1)}, rows.options());
  for (std::int64_t round = 0; round < count; ++round) {
    for (std::int64_t t = round % 2; t + 1 < count; t += 2) {
      torch::Tensor low = sorted[t], high = sorted[t + 1];
      at::minimum_out(smaller, low, high);
      at::maximum_out(high, low, high);
      low.copy_(smaller);
    }
  }
  return sorted;
}

void check_sample(const torch::Tensor& uniform, std::int64_t columns) {
  if (!uniform.defined() || uniform.dim() != 1 || uniform.size(0) != columns) {
    throw ShapeError("graddrop: the uniform sample must be [" + std::to_string(columns) + "]");
  }
}

/// [T, 1] in the type of the rows.
torch::Tensor leak_column(const torch::Tensor& rows, const GradDropOptions& options) {
  const auto tasks = static_cast<std::size_t>(rows.size(0));
  dense::Vector leak(tasks, 0.0);
  if (options.leak.defined()) leak = read_vector(options.leak, tasks, "graddrop", "the leak");
  return copied_like(to_tensor(leak), rows).unsqueeze(1);
}

/// graddrop_shares() of inputs that are checked already.
torch::Tensor shares_of(const torch::Tensor& a, const torch::Tensor& uniform, const torch::Tensor& leak,
                        double epsilon) {
  // float64 for the comparison, so that the same sample drops the same entries whatever the gradients' type.
  const torch::Tensor size = a.abs().sum(0, false, torch::kFloat64).add_(epsilon);
  const torch::Tensor sum = a.sum(0, false, torch::kFloat64);
  const torch::Tensor purity = 0.5 * (1.0 + torch::where(size > 0, sum / size, torch::zeros_like(sum)));
  const torch::Tensor u = copied_to(uniform.detach().to(torch::kFloat64), a.device());
  const torch::Tensor passes = ((purity > u) & (a > 0)) | ((purity < u) & (a < 0));
  return leak + (1 - leak) * passes.to(a.scalar_type());
}

}  // namespace

torch::Tensor krum(const torch::Tensor& gram, std::int64_t byzantine, std::int64_t selected) {
  const dense::Matrix k = read_gram(gram, "krum");
  const auto tasks = static_cast<std::int64_t>(k.size());
  if (byzantine < 0 || selected < 1 || tasks < byzantine + 3 || tasks < selected) {
    throw ShapeError("krum: " + std::to_string(tasks) + " rows are too few for " + std::to_string(byzantine) +
                     " byzantine (at least " + std::to_string(byzantine + 3) + ") and " + std::to_string(selected) +
                     " selected");
  }
  const auto nearest = static_cast<std::size_t>(tasks - byzantine - 2);
  dense::Vector scores(k.size(), 0.0);
  for (std::size_t i = 0; i < k.size(); ++i) {
    dense::Vector distances;
    for (std::size_t j = 0; j < k.size(); ++j) {
      if (j != i) distances.push_back(std::sqrt(std::max(0.0, k(i, i) + k(j, j) - 2.0 * k(i, j))));
    }
    std::sort(distances.begin(), distances.end());
    scores[i] = std::accumulate(distances.begin(), distances.begin() + static_cast<std::ptrdiff_t>(nearest), 0.0);
  }
  std::vector<std::size_t> ranking(k.size());
  std::iota(ranking.begin(), ranking.end(), std::size_t{0});
  std::stable_sort(ranking.begin(), ranking.end(), [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
  dense::Vector weights(k.size(), 0.0);
  for (std::size_t i = 0; i < static_cast<std::size_t>(selected); ++i)
    weights[ranking[i]] = 1.0 / static_cast<double>(selected);
  return to_tensor(weights);
}

torch::Tensor trimmed_mean(const torch::Tensor& jacobian, std::int64_t trim) {
  check_jacobian(jacobian, "trimmed_mean");
  if (trim < 0 || jacobian.size(0) <= 2 * trim) {
    throw ShapeError("trimmed_mean: " + std::to_string(jacobian.size(0)) + " rows cannot lose " + std::to_string(trim) +
                     " at each end");
  }
  at::NoGradGuard no_grad;
  torch::Tensor direction = torch::empty({jacobian.size(1)}, jacobian.options().requires_grad(false));
  for_each_block(jacobian, [&](std::int64_t begin, std::int64_t count) {
    const torch::Tensor sorted = sorted_columns(jacobian.detach().narrow(1, begin, count));
    torch::Tensor mean = sorted.narrow(0, trim, jacobian.size(0) - 2 * trim).mean(0);
    // Nobody has looked at the rows elsewhere than on the CPU: what is not finite must not be trimmed away unseen.
    if (!jacobian.is_cpu()) mean = mean + (sorted[0] - sorted[0]) + (sorted[-1] - sorted[-1]);
    direction.narrow(0, begin, count).copy_(mean);
  });
  return direction;
}

torch::Tensor uniform_sample(std::int64_t n, RandomStream& stream) {
  torch::Tensor sample = torch::empty({n}, torch::kFloat64);
  double* data = sample.data_ptr<double>();
  for (std::int64_t i = 0; i < n; ++i) data[i] = stream.uniform();
  return sample;
}

torch::Tensor graddrop_shares(const torch::Tensor& scores, const torch::Tensor& uniform,
                              const GradDropOptions& options) {
  check_jacobian(scores, "graddrop");
  check_sample(uniform, scores.size(1));
  at::NoGradGuard no_grad;
  return shares_of(scores.detach(), uniform, leak_column(scores, options), options.epsilon);
}

torch::Tensor graddrop(const torch::Tensor& jacobian, const torch::Tensor& uniform, const GradDropOptions& options) {
  check_jacobian(jacobian, "graddrop");
  check_sample(uniform, jacobian.size(1));
  at::NoGradGuard no_grad;
  torch::Tensor direction = torch::empty({jacobian.size(1)}, jacobian.options().requires_grad(false));
  const torch::Tensor leak = leak_column(jacobian, options);
  for_each_block(jacobian, [&](std::int64_t begin, std::int64_t count) {
    const torch::Tensor g = jacobian.detach().narrow(1, begin, count);
    const torch::Tensor shares = shares_of(g, uniform.narrow(0, begin, count), leak, options.epsilon);
    direction.narrow(0, begin, count).copy_((shares * g).sum(0));
  });
  return direction;
}

}  // namespace infomtl::ops
