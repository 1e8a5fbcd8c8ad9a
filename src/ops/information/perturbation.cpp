#include "infomtl/ops/information/perturbation.h"

#include "infomtl/ops/group_sums.h"
#include "ops/information/checks.h"

namespace infomtl::ops {

using torch::Tensor;

namespace {

void require_radius(double value, const char* function) {
  if (!(value >= 0)) throw ConfigError(std::string(function) + ": the size of a perturbation must be at least 0");
}

/// Which segment each row belongs to, [N].
Tensor segment_of_rows(const Tensor& rows, const Tensor& offsets, const char* function) {
  require_matrix(rows, function, "gradient");
  require_shape(offsets.defined() && offsets.dim() == 1 && offsets.size(0) >= 2 &&
                    c10::isIntegralType(offsets.scalar_type(), false),
                function, "offsets must be integers [S+1], S >= 1", offsets);
  const Tensor lengths = offsets.to(torch::kInt64).diff();
  if (offsets.is_cpu() && (offsets[0].item<std::int64_t>() != 0 || offsets[-1].item<std::int64_t>() != rows.size(0) ||
                           (lengths < 0).any().item<bool>())) {
    throw ShapeError(std::string(function) + ": offsets must rise from 0 to " + std::to_string(rows.size(0)));
  }
  return at::repeat_interleave(lengths, std::optional<std::int64_t>(rows.size(0)));
}

/// Norm of the tensor, or of each row's segment as [N, 1], in float64.
Tensor norm_of(const Tensor& tensor, const Tensor& segment, std::int64_t segments) {
  if (!segment.defined()) return at::linalg_vector_norm(tensor, 2, std::nullopt, false, torch::kFloat64);
  const Tensor per_row = at::linalg_vector_norm(tensor, 2, {1}, false, torch::kFloat64).square();
  const Tensor squared = group_sums(per_row, segment, segments);
  return squared.sqrt().index_select(0, segment).unsqueeze(1);
}

Tensor along_gradient(const Tensor& gradient, const Tensor& segment, std::int64_t segments, double length) {
  const Tensor norm = norm_of(gradient, segment, segments);
  const Tensor usable = (norm > 0).logical_and_(norm.isfinite());
  const Tensor scaled = gradient.to(torch::kFloat64) * (length / norm);
  return at::where(usable, scaled, 0.0).to(gradient.scalar_type());
}

Tensor project(const Tensor& perturbation, const Tensor& segment, std::int64_t segments, double epsilon) {
  const Tensor norm = norm_of(perturbation, segment, segments);
  const Tensor shrink = (epsilon / norm.clamp_min(std::max(epsilon, 1e-300)));
  return (perturbation.to(torch::kFloat64) * shrink).to(perturbation.scalar_type());
}

}  // namespace

Tensor fgm_perturbation(const Tensor& gradient, double epsilon) {
  at::NoGradGuard no_grad;
  require_shape(gradient.defined(), "fgm_perturbation", "a gradient is needed", gradient);
  require_radius(epsilon, "fgm_perturbation");
  return along_gradient(gradient, {}, 0, epsilon);
}

Tensor fgm_perturbation(const Tensor& gradient, const Tensor& offsets, double epsilon) {
  at::NoGradGuard no_grad;
  require_radius(epsilon, "fgm_perturbation");
  const Tensor segment = segment_of_rows(gradient, offsets, "fgm_perturbation");
  return along_gradient(gradient, segment, offsets.size(0) - 1, epsilon);
}

Tensor pgd_step(const Tensor& perturbation, const Tensor& gradient, double step, double epsilon) {
  at::NoGradGuard no_grad;
  require_shape(gradient.defined(), "pgd_step", "a gradient is needed", gradient);
  require_same_shape(gradient, perturbation, "pgd_step", "perturbation");
  require_radius(step, "pgd_step");
  require_radius(epsilon, "pgd_step");
  return project(perturbation + along_gradient(gradient, {}, 0, step), {}, 0, epsilon);
}

Tensor pgd_step(const Tensor& perturbation, const Tensor& gradient, const Tensor& offsets, double step,
                double epsilon) {
  at::NoGradGuard no_grad;
  const Tensor segment = segment_of_rows(gradient, offsets, "pgd_step");
  require_same_shape(gradient, perturbation, "pgd_step", "perturbation");
  require_radius(step, "pgd_step");
  require_radius(epsilon, "pgd_step");
  const std::int64_t segments = offsets.size(0) - 1;
  return project(perturbation + along_gradient(gradient, segment, segments, step), segment, segments, epsilon);
}

}  // namespace infomtl::ops
