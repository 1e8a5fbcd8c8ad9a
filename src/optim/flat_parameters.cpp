#include "infomtl/optim/flat_parameters.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "infomtl/core/errors.h"

namespace infomtl {
namespace {

// Partial sums lie at fixed places, so the norm does not depend on the number of threads.
constexpr std::int64_t kNormChunk = 1 << 15;
constexpr std::int64_t kLanes = 8;

double sum_of_squares(const float* values, std::int64_t count) {
  double lanes[kLanes] = {};
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
      const double value = values[i + lane];
      lanes[lane] += value * value;
    }
  }
  double sum = 0;
  for (; i < count; ++i) sum += static_cast<double>(values[i]) * values[i];
  for (const double lane : lanes) sum += lane;
  return sum;
}

Tensor norm_of(const Tensor& flat) {
  if (!flat.is_cpu() || flat.scalar_type() != torch::kFloat32) return at::linalg_vector_norm(flat.to(torch::kFloat64));
  const std::int64_t chunks = (flat.numel() + kNormChunk - 1) / kNormChunk;
  std::vector<double> sums(static_cast<std::size_t>(chunks));
  const float* const values = flat.const_data_ptr<float>();
  at::parallel_for(0, chunks, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t chunk = begin; chunk < end; ++chunk) {
      const std::int64_t first = chunk * kNormChunk;
      sums[static_cast<std::size_t>(chunk)] =
          sum_of_squares(values + first, std::min(kNormChunk, flat.numel() - first));
    }
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return torch::tensor(std::sqrt(total), torch::kFloat64);
}

ParameterPart part_of(const std::string& name, bool shared) {
  if (shared) return name.starts_with("encoder.") ? ParameterPart::encoder : ParameterPart::shared;
  if (name.starts_with("objective.")) return ParameterPart::term;
  return name.starts_with("weighting.") ? ParameterPart::weighting : ParameterPart::task;
}

}  // namespace

FlatParameters::FlatParameters(const NamedParameters& shared, const NamedParameters& own) {
  std::set<std::string> names;
  std::set<const void*> seen;
  std::int64_t total = 0;
  const auto take = [&](const NamedParameters& parameters, bool are_shared) {
    for (const auto& [name, parameter] : parameters) {
      if (!names.insert(name).second) throw StateError("parameter \"" + name + "\" is given twice");
      if (!seen.insert(parameter.unsafeGetTensorImpl()).second) {
        throw StateError("parameter \"" + name + "\" is the same tensor as another one");
      }
      if (!parameter.is_leaf()) throw StateError("parameter \"" + name + "\" is not a leaf tensor");
      if (!slots_.empty() && parameter.options().type_equal(slots_.front().parameter.options()) == false) {
        throw StateError("parameter \"" + name + "\" differs from the others in type or device");
      }
      const ParameterPart part = part_of(name, are_shared);
      const bool decays = parameter.dim() >= 2 && part != ParameterPart::weighting;
      slots_.push_back({name, parameter, total, total + parameter.numel(), part, decays});
      total += parameter.numel();
    }
  };
  take(shared, true);
  shared_ = total;
  take(own, false);

  const auto options = slots_.empty() ? torch::TensorOptions() : slots_.front().parameter.options();
  values_ = torch::empty({total}, options.requires_grad(false));
  gradients_ = torch::zeros({total}, options.requires_grad(false));
  const torch::NoGradGuard no_grad;
  for (FlatSlot& slot : slots_) {
    const Tensor place = values_.slice(0, slot.begin, slot.end).view(slot.parameter.sizes());
    place.copy_(slot.parameter);
    slot.parameter.set_data(place);
    slot.parameter.mutable_grad() = gradients_.slice(0, slot.begin, slot.end).view(slot.parameter.sizes());
  }
}

std::vector<FlatRange> FlatParameters::ranges(bool decay_all) const {
  std::vector<FlatRange> result;
  for (const FlatSlot& slot : slots_) {
    const bool decays = decay_all || slot.decays;
    if (!result.empty() && result.back().decays == decays) {
      result.back().end = slot.end;
    } else {
      result.push_back({slot.begin, slot.end, decays});
    }
  }
  return result;
}

Tensor FlatParameters::gradient_at(const Tensor& parameter) const {
  if (!parameter.is_contiguous() || parameter.storage().data() != values_.storage().data()) {
    throw StateError("a gradient was asked for of a tensor that is no parameter");
  }
  return gradients_.narrow(0, parameter.storage_offset(), parameter.numel());
}

const FlatSlot* FlatParameters::find(const Tensor& parameter) const {
  for (const FlatSlot& slot : slots_) {
    if (slot.parameter.is_same(parameter)) return &slot;
  }
  return nullptr;
}

void FlatParameters::zero_gradients() { gradients_.zero_(); }

Tensor FlatParameters::clip_gradients(double max_norm) {
  const torch::NoGradGuard no_grad;
  const Tensor norm = norm_of(gradients_);
  if (max_norm > 0) {
    const Tensor factor = (max_norm / (norm + 1e-6)).clamp_max(1.0);
    // On the CPU reading the factor is free and spares a pass over gradients that need no clipping.
    if (!factor.is_cpu() || factor.item<double>() < 1.0) gradients_.mul_(factor.to(gradients_.scalar_type()));
  }
  return norm;
}

std::string FlatParameters::first_non_finite_gradient() const {
  for (const FlatSlot& slot : slots_) {
    if (!at::isfinite(gradients_.slice(0, slot.begin, slot.end)).all().item<bool>()) return slot.name;
  }
  return "";
}

}  // namespace infomtl
