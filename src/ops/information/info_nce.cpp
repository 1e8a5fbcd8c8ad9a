#include "ops/information/info_nce.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <utility>

#include "ops/information/checks.h"

namespace infomtl::ops {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// --- what both forms share --------------------------------------------------------------------------------------------

Tensor Pairing::ignored_of(std::int64_t first, std::int64_t count) const {
  if (!ignores()) return {};
  const Tensor index = positive.narrow(0, first, count).unsqueeze(1);
  if (ignored.mask.defined()) return ignored.mask.narrow(0, first, count).scatter(1, index, false);
  return (ignored.anchors.narrow(0, first, count).unsqueeze(1) == ignored.keys.unsqueeze(0)).scatter_(1, index, false);
}

Tensor Pairing::positive_columns(const Tensor& pairs) const {
  return identity ? pairs.narrow(1, 0, positive.size(0)) : pairs.index_select(1, positive);
}

ScoredRows::ScoredRows(const Tensor& given, torch::ScalarType type, bool normalise) : rows(given.to(type)) {
  if (!normalise) return;
  // Norms in float64, so that no float32 row overflows.
  const Tensor norm = at::linalg_vector_norm(given, 2, {1}, true, torch::kFloat64);
  scale = norm.reciprocal().masked_fill_(norm <= kSmallestNorm, 0.0).to(type);
  rows = rows * scale;
}

/// d u/d z for u = z/|z|: (g - u (u . g)) / |z|.
Tensor ScoredRows::through_norm(Tensor gradient) const {
  if (!scale.defined()) return gradient;
  const Tensor along = (gradient * rows).sum(1, true);
  return gradient.addcmul_(rows, along, -1).mul_(scale);
}

void keep(AutogradContext* context, const Tensor& z, const Tensor& keys, const Pairing& pairing,
          std::initializer_list<Tensor> others) {
  variable_list tensors = {
      z, keys, pairing.positive, pairing.ignored.mask, pairing.ignored.anchors, pairing.ignored.keys};
  tensors.insert(tensors.end(), others);
  context->save_for_backward(std::move(tensors));
  context->saved_data["temperature"] = pairing.options.temperature;
  context->saved_data["normalise"] = pairing.options.normalise;
  context->saved_data["symmetric"] = pairing.options.symmetric;
  context->saved_data["identity"] = pairing.identity;
}

Kept::Kept(AutogradContext* context) {
  variable_list saved = context->get_saved_variables();
  z = saved[0];
  keys = saved[1];
  pairing.positive = saved[2];
  pairing.ignored.mask = saved[3];
  pairing.ignored.anchors = saved[4];
  pairing.ignored.keys = saved[5];
  others.assign(saved.begin() + 6, saved.end());
  pairing.options.temperature = context->saved_data["temperature"].toDouble();
  pairing.options.normalise = context->saved_data["normalise"].toBool();
  pairing.options.symmetric = context->saved_data["symmetric"].toBool();
  pairing.identity = context->saved_data["identity"].toBool();
}

namespace {

/// sum_i [LSE_j S_ij - S_i,p(i)] by differentiable operations only.
Tensor contrast(const Tensor& scores, const Pairing& pairing) {
  const Tensor picked = scores.gather(1, pairing.positive.unsqueeze(1)).squeeze(1);
  Tensor sum = (scores.logsumexp(1) - picked).sum();
  if (pairing.options.symmetric) {
    sum = 0.5 * (sum + (pairing.positive_columns(scores).logsumexp(0) - picked).sum());
  }
  return sum;
}

}  // namespace

void softmax_to_slope(Tensor& rows, const Tensor& columns, const Tensor& index, const Pairing& pairing) {
  if (columns.defined()) {
    if (pairing.identity) {
      rows.narrow(1, 0, columns.size(1)).add_(columns);
    } else {
      rows.index_add_(1, pairing.positive, columns);
    }
    rows.mul_(0.5);
  }
  rows.scatter_add_(1, index, at::full_like(index, -1, rows.options()));
}

variable_list gradients_with_graph(const Kept& kept, const Tensor& outer) {
  const auto type = widened_type(kept.z, kept.keys);
  const InfoNceOptions& options = kept.pairing.options;
  Tensor scores = options.normalise ? at::mm(unit_rows(kept.z), unit_rows(kept.keys).t())
                                    : at::mm(kept.z.to(type), kept.keys.to(type).t());
  scores = scores / options.temperature;
  const Tensor ignored = kept.pairing.ignored_of(0, kept.z.size(0));
  if (ignored.defined()) scores = scores.masked_fill(ignored, -INFINITY);
  variable_list wanted;
  for (const Tensor& input : {kept.z, kept.keys}) {
    if (input.requires_grad()) wanted.push_back(input);
  }
  const variable_list found = torch::autograd::grad({contrast(scores, kept.pairing)}, wanted, {outer}, true, true);
  variable_list result(kArguments);
  std::size_t next = 0;
  if (kept.z.requires_grad()) result[0] = found[next++];
  if (kept.keys.requires_grad()) result[1] = found[next];
  return result;
}

// --- the plain form ---------------------------------------------------------------------------------------------------

namespace {

/// The value, and dL/dS in place of `similarity` when `gradient` is asked for. The positive's similarity is taken off
/// before the division by the temperature: what is left of a good row is near 0, where float32 has digits.
std::pair<Tensor, Tensor> contrast_with_gradient(Tensor similarity, const Pairing& pairing, bool gradient) {
  const bool symmetric = pairing.options.symmetric;
  const double temperature = pairing.options.temperature;
  const Tensor ignored = pairing.ignored_of(0, similarity.size(0));
  const Tensor index = pairing.positive.unsqueeze(1);
  const Tensor picked = similarity.gather(1, index);
  Tensor columns;
  if (symmetric) {
    columns = (pairing.positive_columns(similarity) - picked.t()).div_(temperature);
    if (ignored.defined()) columns.masked_fill_(pairing.positive_columns(ignored), -INFINITY);
    columns = at::log_softmax(columns, 0);
  }
  similarity.sub_(picked).div_(temperature);
  if (ignored.defined()) similarity.masked_fill_(ignored, -INFINITY);
  Tensor rows = at::log_softmax(similarity, 1);
  Tensor sum = -rows.gather(1, index).sum();
  if (symmetric) sum = 0.5 * (sum - columns.diagonal().sum());
  if (!gradient) return {sum, {}};
  Tensor slope = rows.exp_();
  softmax_to_slope(slope, symmetric ? columns.exp_() : Tensor(), index, pairing);
  return {sum, slope};
}

/// Inner products of scored rows. With dL/dS at hand the backward pass is two products and the projection of the gradient
/// on the plane across each row; scores are not computed again. Kept: both inputs, dL/dS.
class PlainInfoNce : public torch::autograd::Function<PlainInfoNce> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& z, const Tensor& keys, const Pairing& pairing,
                        bool gradient) {
    const auto type = widened_type(z, keys);
    const ScoredRows anchors(z, type, pairing.options.normalise), others(keys, type, pairing.options.normalise);
    auto [sum, slope] = contrast_with_gradient(at::mm(anchors.rows, others.rows.t()), pairing, gradient);
    if (gradient) keep(context, z, keys, pairing, {slope});
    return sum;
  }

  static variable_list backward(AutogradContext* context, variable_list outer) {
    const Kept kept(context);
    if (at::GradMode::is_enabled()) return gradients_with_graph(kept, outer[0]);
    variable_list result(kArguments);
    const Tensor& slope = kept.others[0];
    const auto type = slope.scalar_type();
    const InfoNceOptions& options = kept.pairing.options;
    const Tensor factor = outer[0].to(type) / options.temperature;
    const ScoredRows anchors(kept.z, type, options.normalise), others(kept.keys, type, options.normalise);
    if (context->needs_input_grad(0)) {
      result[0] = anchors.through_norm(at::mm(slope, others.rows).mul_(factor)).to(kept.z.scalar_type());
    }
    if (context->needs_input_grad(1)) {
      result[1] = others.through_norm(at::mm(slope.t(), anchors.rows).mul_(factor)).to(kept.keys.scalar_type());
    }
    return result;
  }
};

}  // namespace

Tensor plain_info_nce(const Tensor& z, const Tensor& keys, const Pairing& pairing) {
  const bool gradient = at::GradMode::is_enabled() && (z.requires_grad() || keys.requires_grad());
  return PlainInfoNce::apply(z, keys, pairing, gradient);
}

// --- the doors --------------------------------------------------------------------------------------------------------

namespace {

Pairing check_pairing(const char* function, std::int64_t anchors, std::int64_t keys, const InfoNceOptions& options,
                      const Tensor& positive, const IgnoredPairs& ignored, const torch::Device& device) {
  Pairing pairing{.positive = positive, .identity = !positive.defined(), .ignored = ignored, .options = options};
  if (pairing.identity) {
    if (keys < anchors) {
      throw ShapeError(std::string(function) + ": " + std::to_string(anchors) + " anchors need as many keys, found " +
                       std::to_string(keys));
    }
    pairing.positive = at::arange(anchors, torch::dtype(torch::kInt64).device(device));
  } else {
    require_numbers(positive, anchors, function, "positive");
    if (positive.is_cpu() && !((positive >= 0) & (positive < keys)).all().item<bool>()) {
      throw ShapeError(std::string(function) + ": positive must lie in 0.." + std::to_string(keys - 1));
    }
  }
  if (const Tensor& mask = ignored.mask; mask.defined()) {
    require_shape(
        mask.dim() == 2 && mask.size(0) == anchors && mask.size(1) == keys && mask.scalar_type() == torch::kBool,
        function, ("ignored must be bool [" + std::to_string(anchors) + ", " + std::to_string(keys) + "]").c_str(),
        mask);
  }
  if (ignored.anchors.defined() || ignored.keys.defined()) {
    require_numbers(ignored.anchors, anchors, function, "the anchors' numbers in ignored");
    require_numbers(ignored.keys, keys, function, "the keys' numbers in ignored");
  }
  return pairing;
}

}  // namespace

LossValue info_nce(const Tensor& z, const Tensor& keys, const InfoNceOptions& options, const Tensor& positive,
                   const IgnoredPairs& ignored) {
  constexpr const char* kName = "info_nce";
  require_matrix(z, kName, "z");
  require_matrix(keys, kName, "keys");
  require_shape(z.size(1) == keys.size(1), kName, ("keys must have the width of z, " + shape_text(z)).c_str(), keys);
  require_positive(options.temperature, kName, "temperature");
  const Pairing pairing = check_pairing(kName, z.size(0), keys.size(0), options, positive, ignored, z.device());
  const bool many = std::max(z.size(0), keys.size(0)) > kPlainInfoNceRows;
  return loss_value(many ? linear_info_nce(z, keys, pairing) : plain_info_nce(z, keys, pairing), z.size(0));
}

LossValue info_nce_from_scores(const Tensor& scores, bool symmetric, const Tensor& positive,
                               const IgnoredPairs& ignored) {
  constexpr const char* kName = "info_nce_from_scores";
  require_matrix(scores, kName, "scores");
  const Pairing pairing = check_pairing(kName, scores.size(0), scores.size(1), {.symmetric = symmetric}, positive,
                                        ignored, scores.device());
  Tensor wide = widened(scores);
  const Tensor left_out = pairing.ignored_of(0, scores.size(0));
  if (left_out.defined()) wide = wide.masked_fill(left_out, -INFINITY);
  return loss_value(contrast(wide, pairing), scores.size(0));
}

}  // namespace infomtl::ops
