#include "infomtl/optim/flat_parameters.h"

#include <algorithm>
#include <set>

#include "infomtl/core/errors.h"
#include "optim/clipping.h"

namespace infomtl {
namespace {

/// Clips the entries in `ranges` by their common norm, unless the limit is 0. @return the norm before
Tensor clip_ranges(const Tensor& flat, const std::vector<FlatRange>& ranges, double max_norm) {
  const torch::NoGradGuard no_grad;
  if (ranges.empty()) return torch::zeros({}, flat.options().dtype(torch::kFloat64));
  std::vector<Tensor> pieces;
  pieces.reserve(ranges.size());
  for (const FlatRange& range : ranges) pieces.push_back(flat.slice(0, range.begin, range.end));
  return clip(pieces, max_norm);
}

bool decays_by_default(const NamedParameter& named) {
  return named.parameter.dim() >= 2 && named.part != ParameterPart::weighting;
}

bool is_shared(ParameterPart part) { return part == ParameterPart::encoder || part == ParameterPart::shared; }

}  // namespace

FlatParameters::FlatParameters(const NamedParameters& shared, const NamedParameters& own) {
  std::set<std::string> names;
  std::set<const void*> seen;
  std::int64_t total = 0;
  const auto take = [&](const NamedParameters& parameters, bool of_all_tasks) {
    for (const NamedParameter& named : parameters) {
      const std::string quoted = "parameter \"" + named.name + "\"";
      if (!names.insert(named.name).second) throw StateError(quoted + " is given twice");
      if (!seen.insert(named.parameter.unsafeGetTensorImpl()).second) {
        throw StateError(quoted + " is the same tensor as another one");
      }
      if (!named.parameter.is_leaf()) throw StateError(quoted + " is not a leaf tensor");
      if (is_shared(named.part) != of_all_tasks) {
        throw StateError(quoted + (of_all_tasks ? " is among the shared ones, but its part is not shared"
                                                : " is not among the shared ones, but its part is"));
      }
      if (!named.parameter.requires_grad()) continue;
      if (!slots_.empty() && !named.parameter.options().type_equal(slots_.front().parameter.options())) {
        throw StateError(quoted + " differs from the others in type or device");
      }
      slots_.push_back({.name = named.name,
                        .parameter = named.parameter,
                        .begin = total,
                        .end = total + named.parameter.numel(),
                        .part = named.part,
                        .decays = decays_by_default(named),
                        .rate_factor = named.rate_factor,
                        .weight_decay = named.weight_decay});
      total += named.parameter.numel();
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
  merge_training();
}

std::vector<FlatRange> FlatParameters::ranges_of(std::initializer_list<ParameterPart> parts) const {
  std::vector<FlatRange> ranges;
  for (const FlatSlot& slot : slots_) {
    if (!slot.trains || std::find(parts.begin(), parts.end(), slot.part) == parts.end()) continue;
    if (!ranges.empty() && ranges.back().end == slot.begin) {
      ranges.back().end = slot.end;
    } else {
      ranges.push_back({slot.begin, slot.end});
    }
  }
  return ranges;
}

void FlatParameters::merge_training() {
  using enum ParameterPart;
  training_ = ranges_of({encoder, shared, task, term, ParameterPart::weighting});
  model_ = ranges_of({encoder, shared, task});
  terms_ = ranges_of({term});
  weighting_ = ranges_of({ParameterPart::weighting});
}

void FlatParameters::set_training(const std::vector<bool>& trains) {
  if (trains.size() != slots_.size()) {
    throw StateError("set_training: " + std::to_string(trains.size()) + " entries for " +
                     std::to_string(slots_.size()) + " parameters");
  }
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    slots_[i].trains = trains[i];
    slots_[i].parameter.set_requires_grad(trains[i]);
  }
  merge_training();
  gradients_.zero_();
}

Tensor FlatParameters::gradient_at(const Tensor& parameter) const {
  if (!parameter.is_contiguous() || parameter.storage().data() != values_.storage().data()) {
    throw StateError("a gradient was asked for of a tensor that is not a parameter");
  }
  return gradients_.narrow(0, parameter.storage_offset(), parameter.numel());
}

const FlatSlot* FlatParameters::find(const Tensor& parameter) const {
  for (const FlatSlot& slot : slots_) {
    if (slot.parameter.is_same(parameter)) return &slot;
  }
  return nullptr;
}

void FlatParameters::zero_gradients() {
  for (const FlatRange& range : training_) gradients_.slice(0, range.begin, range.end).zero_();
}

GradientNorms FlatParameters::clip_gradients(double model, double others) {
  return {.model = clip_ranges(gradients_, model_, model),
          .terms = clip_ranges(gradients_, terms_, others),
          .weighting = clip_ranges(gradients_, weighting_, others)};
}

std::string FlatParameters::first_non_finite_gradient() const {
  for (const FlatSlot& slot : slots_) {
    if (slot.trains && !at::isfinite(gradients_.slice(0, slot.begin, slot.end)).all().item<bool>()) return slot.name;
  }
  return "";
}

}  // namespace infomtl
