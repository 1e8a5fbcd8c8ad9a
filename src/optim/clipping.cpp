#include "optim/clipping.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "optim/norm_elements.h"
#include "optim/parallel_loops.h"

namespace infomtl {
namespace {

constexpr std::int64_t kLanes = 8;

double sum_of_squares(const float* values, std::int64_t count) {
  double lanes[kLanes] = {};
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::int64_t lane = 0; lane < kLanes; ++lane) lanes[lane] += squared(values[i + lane]);
  }
  double sum = 0;
  for (; i < count; ++i) sum += squared(values[i]);
  for (const double lane : lanes) sum += lane;
  return sum;
}

double squares_of_chunks(const at::Tensor& piece) {
  const float* const values = piece.const_data_ptr<float>();
  const std::int64_t count = piece.numel(), chunks = norm_chunks(count);
  std::vector<double> sums(static_cast<std::size_t>(chunks));
  at::parallel_for(0, chunks, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t chunk = begin; chunk < end; ++chunk) {
      const std::int64_t first = chunk * kNormChunk;
      sums[static_cast<std::size_t>(chunk)] = sum_of_squares(values + first, std::min(kNormChunk, count - first));
    }
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

at::Tensor norm_of(const std::vector<at::Tensor>& pieces) {
  const at::TensorOptions options = pieces.front().options();
  if (pieces.front().is_cpu() && options.dtype() == at::kFloat) {
    double total = 0;
    for (const at::Tensor& piece : pieces) total += squares_of_chunks(piece);
    return at::scalar_tensor(std::sqrt(total), at::kDouble);
  }
  at::Tensor total = at::zeros({}, options.dtype(at::kDouble));
  for (const at::Tensor& piece : pieces) {
    at::Tensor norm = at::linalg_vector_norm(piece.to(at::kDouble));
    if (pieces.size() == 1) return norm;
    total.add_(norm.square());
  }
  return total.sqrt();
}

}  // namespace

at::Tensor clip(const std::vector<at::Tensor>& pieces, double max_norm) {
#ifdef INFOMTL_CUDA_KERNELS
  if (pieces.front().is_cuda() && pieces.front().scalar_type() == at::kFloat) return clip_on_cuda(pieces, max_norm);
#endif
  at::Tensor norm = norm_of(pieces);
  if (norm.is_cpu() && max_norm <= 0) return norm;
  const at::Tensor factor = max_norm > 0 ? (max_norm / (norm + 1e-6)).clamp_max(1.0) : at::ones_like(norm);
  // On the CPU reading the factor is free and spares a pass over gradients that need no clipping.
  if (factor.is_cpu() && !shortens(factor.item<double>())) return norm;
  const at::Tensor bad = factor.is_cpu() ? at::Tensor() : at::isfinite(norm).logical_not_();
  for (const at::Tensor& piece : pieces) {
    piece.mul_(factor.to(piece.scalar_type()));
    if (bad.defined()) piece.masked_fill_(bad, 0.0);
  }
  return norm;
}

}  // namespace infomtl
