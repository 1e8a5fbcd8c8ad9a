#include "infomtl/ops/information/contrastive.h"

#include <algorithm>
#include <cmath>

#include "ops/information/checks.h"

namespace infomtl::ops {

using torch::Tensor;

Tensor unit_rows(const Tensor& rows) {
  const Tensor wide = rows.to(torch::kFloat64);
  const Tensor norm = at::linalg_vector_norm(wide, 2, {-1}, true);
  const Tensor counts = norm > kSmallestNorm;
  const Tensor unit = at::where(counts, wide, 0.0) / at::where(counts, norm, 1.0);
  // A NaN norm fails the comparison above; it must not turn into a zero row.
  return at::where(norm.isnan(), norm, unit).to(widened_type(rows, rows));
}

LossValue supervised_contrastive(const Tensor& z, const Tensor& labels, double temperature, bool normalise) {
  constexpr const char* kName = "supervised_contrastive";
  require_matrix(z, kName, "z");
  require_shape(labels.defined() && labels.dim() == 1 && labels.size(0) == z.size(0), kName,
                ("labels must be [" + std::to_string(z.size(0)) + "]").c_str(), labels);
  require_positive(temperature, kName, "temperature");
  const Tensor rows = normalise ? unit_rows(z) : widened(z);
  const Tensor itself = at::eye(z.size(0), torch::dtype(torch::kBool).device(z.device()));
  const Tensor same = (labels.unsqueeze(0) == labels.unsqueeze(1)).logical_and_(itself.logical_not());
  const Tensor scores = at::mm(rows, rows.t()) / temperature;
  // A row alone has no other to be told from: its log-sum-exp would be -inf, and it has no positive to use it.
  const Tensor others = z.size(0) > 1 ? scores.masked_fill(itself, -INFINITY).logsumexp(1, true) : scores;
  const Tensor positives = same.sum(1);
  const Tensor per_row = ((others - scores) * same).sum(1) / positives.clamp_min(1);
  const Tensor count = (positives > 0).sum().to(per_row.scalar_type());
  return {per_row.sum(), count};
}

namespace {

constexpr std::int64_t kRowsOfABlock = 128;

/// log sum exp(-t |u_i - u_j|^2) over the pairs i < j of which i is one of `count` rows from `first` on.
/// @param unit [B, H]; @param length [B] squared lengths of its rows: 1, or 0 for a zero row
Tensor log_sum_of_block(const Tensor& unit, const Tensor& length, std::int64_t first, std::int64_t count, double t) {
  const std::int64_t rest = unit.size(0) - first;
  const Tensor products = at::mm(unit.narrow(0, first, count), unit.narrow(0, first, rest).t());
  const Tensor lengths = length.narrow(0, first, rest).unsqueeze(0) + length.narrow(0, first, count).unsqueeze(1);
  const Tensor squared = (lengths - 2 * products).clamp_min(0);
  const Tensor later = at::triu_indices(count, rest, 1, torch::dtype(torch::kInt64).device(unit.device()));
  return (-t * squared.index({later[0], later[1]})).logsumexp(0);
}

}  // namespace

Tensor uniformity(const Tensor& z, double t) {
  constexpr const char* kName = "uniformity";
  require_matrix(z, kName, "z");
  require_shape(z.size(0) >= 2, kName, "z must have at least two rows", z);
  require_positive(t, kName, "t");
  const Tensor unit = unit_rows(z);
  const Tensor length = unit.square().sum(1);
  const std::int64_t rows = z.size(0);
  Tensor total;
  for (std::int64_t first = 0; first + 1 < rows; first += kRowsOfABlock) {  // the last row has no later one
    const Tensor block = log_sum_of_block(unit, length, first, std::min(kRowsOfABlock, rows - first), t);
    total = total.defined() ? at::logaddexp(total, block) : block;
  }
  return total - std::log(static_cast<double>(rows * (rows - 1) / 2));
}

Tensor alignment(const Tensor& z, const Tensor& other, double alpha) {
  constexpr const char* kName = "alignment";
  require_matrix(z, kName, "z");
  require_same_shape(z, other, kName, "other");
  require_positive(alpha, kName, "alpha");
  const Tensor squared = (unit_rows(z) - unit_rows(other)).square().sum(1);
  if (alpha == 2) return squared.mean();
  return squared.clamp_min(1e-24).pow(alpha / 2).mean();  // the slope of a root at 0 is infinite
}

Tensor two_view_information(const Tensor& a, const Tensor& b) {
  if (a.dim() != 2 || a.sizes() != b.sizes() || a.size(0) < 1 || a.size(1) < 1) {
    throw ShapeError("two_view_information: needs two views of one shape [B, H]");
  }
  const torch::NoGradGuard no_grad;
  const Tensor both = at::cat({a, b}).to(torch::kCPU, torch::kFloat64);
  const Tensor centred = both - both.mean(0, true);
  const Tensor deviation = centred.square().mean(0, true).sqrt();
  const Tensor rows = at::where(deviation > 1e-12, centred / deviation, at::zeros_like(centred));
  const std::int64_t count = a.size(0);
  const Tensor x = rows.narrow(0, 0, count), y = rows.narrow(0, count, count);
  const Tensor squares = (x.square().sum(1).unsqueeze(1) + y.square().sum(1) - 2 * x.matmul(y.t())).clamp_min(0);
  Tensor best = torch::zeros({}, torch::kFloat64);
  for (double width = 0.05; width < 2; width *= 2) {
    const Tensor scores = squares * (-0.5 / (static_cast<double>(a.size(1)) * width * width));
    const Tensor loss = info_nce_from_scores(scores).sum / static_cast<double>(count);
    best = at::maximum(best, std::log(static_cast<double>(count)) - loss);
  }
  return best;
}

}  // namespace infomtl::ops
