#include "infomtl/ops/information/contrastive.h"

#include <torch/autograd.h>

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

namespace {

/// Where each anchor's positive is; identity says "anchor i has key i", which needs no gather.
struct Positives {
  Tensor index;
  bool identity = false;
};

Positives check_positives(const char* function, std::int64_t anchors, std::int64_t keys, const Tensor& positive,
                          const torch::Device& device) {
  if (!positive.defined()) {
    if (keys < anchors) {
      throw ShapeError(std::string(function) + ": " + std::to_string(anchors) + " anchors need as many keys, found " +
                       std::to_string(keys));
    }
    return {at::arange(anchors, torch::dtype(torch::kInt64).device(device)), true};
  }
  require_shape(positive.dim() == 1 && positive.size(0) == anchors && positive.scalar_type() == torch::kInt64, function,
                ("positive must be int64 [" + std::to_string(anchors) + "]").c_str(), positive);
  if (positive.is_cpu() && !((positive >= 0) & (positive < keys)).all().item<bool>()) {
    throw ShapeError(std::string(function) + ": positive must lie in 0.." + std::to_string(keys - 1));
  }
  return {positive, false};
}

Tensor check_ignored(const char* function, const Tensor& scores_like, std::int64_t keys, const Tensor& ignored,
                     const Tensor& positive) {
  if (!ignored.defined()) return {};
  require_shape(
      ignored.dim() == 2 && ignored.size(0) == scores_like.size(0) && ignored.size(1) == keys &&
          ignored.scalar_type() == torch::kBool,
      function,
      ("ignored must be bool [" + std::to_string(scores_like.size(0)) + ", " + std::to_string(keys) + "]").c_str(),
      ignored);
  return ignored.scatter(1, positive.unsqueeze(1), false);
}

/// The columns of the anchors' positive keys, [B, B]: what the second direction contrasts.
Tensor positive_columns(const Tensor& scores, const Tensor& positive, bool identity) {
  return identity ? scores.narrow(1, 0, positive.size(0)) : scores.index_select(1, positive);
}

/// sum_i [LSE_j S_ij - S_i,p(i)] by differentiable operations only.
Tensor contrast(const Tensor& scores, const Tensor& positive, bool identity, bool symmetric) {
  const Tensor picked = scores.gather(1, positive.unsqueeze(1)).squeeze(1);
  Tensor sum = (scores.logsumexp(1) - picked).sum();
  if (symmetric) {
    sum = 0.5 * (sum + (positive_columns(scores, positive, identity).logsumexp(0) - picked).sum());
  }
  return sum;
}

/// The same value, and dL/dS in place of `similarity` when `gradient` is asked for. The positive's similarity is taken
/// off before the division by the temperature: what is left of a good row is near 0, where float32 has digits.
std::pair<Tensor, Tensor> contrast_with_gradient(Tensor similarity, const Tensor& positive, const Tensor& ignored,
                                                 double temperature, bool identity, bool symmetric, bool gradient) {
  const Tensor index = positive.unsqueeze(1);
  const Tensor picked = similarity.gather(1, index);
  Tensor columns;
  if (symmetric) {
    columns = (positive_columns(similarity, positive, identity) - picked.t()).div_(temperature);
    if (ignored.defined()) columns.masked_fill_(positive_columns(ignored, positive, identity), -INFINITY);
    columns = at::log_softmax(columns, 0);
  }
  similarity.sub_(picked).div_(temperature);
  if (ignored.defined()) similarity.masked_fill_(ignored, -INFINITY);
  Tensor rows = at::log_softmax(similarity, 1);
  Tensor sum = -rows.gather(1, index).sum();
  if (symmetric) sum = 0.5 * (sum - columns.diagonal().sum());
  if (!gradient) return {sum, {}};
  Tensor slope = rows.exp_();
  if (symmetric) {
    if (identity) {
      slope.narrow(1, 0, positive.size(0)).add_(columns.exp_());
    } else {
      slope.index_add_(1, positive, columns.exp_());
    }
    slope.mul_(0.5);
  }
  slope.scatter_add_(1, index, at::full_like(index, -1, slope.options()));
  return {sum, slope};
}

/// Inner products of unit rows, scaled. With dL/dS at hand the backward pass is two products and the projection of the
/// gradient on the plane across each row; scores are not computed again. Kept: both inputs, their norms, dL/dS.
class InfoNceFunction : public torch::autograd::Function<InfoNceFunction> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& z, const Tensor& keys,
                        const Tensor& positive, const std::optional<Tensor>& ignored, double temperature,
                        bool normalise, bool symmetric, bool identity, bool gradient) {
    const auto type = widened_type(z, keys);
    Tensor unit_z = z.to(type), unit_keys = keys.to(type);
    Tensor scale_z, scale_keys;
    if (normalise) {
      scale_z = inverse_norm(z, type);
      scale_keys = inverse_norm(keys, type);
      unit_z = unit_z * scale_z;
      unit_keys = unit_keys * scale_keys;
    }
    const Tensor left_out = ignored.value_or(Tensor());
    auto [sum, slope] = contrast_with_gradient(at::mm(unit_z, unit_keys.t()), positive, left_out, temperature, identity,
                                               symmetric, gradient);
    if (gradient) {
      context->save_for_backward({z, keys, positive, left_out, slope, scale_z, scale_keys});
      context->saved_data["temperature"] = temperature;
      context->saved_data["normalise"] = normalise;
      context->saved_data["symmetric"] = symmetric;
      context->saved_data["identity"] = identity;
    }
    return sum;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list outer) {
    const auto saved = context->get_saved_variables();
    const Tensor &z = saved[0], &keys = saved[1], &slope = saved[4], &scale_z = saved[5], &scale_keys = saved[6];
    const double temperature = context->saved_data["temperature"].toDouble();
    const bool normalise = context->saved_data["normalise"].toBool();
    torch::autograd::variable_list result(9);
    if (at::GradMode::is_enabled()) {  // second derivatives: differentiate the plain form
      Tensor scores = normalise ? at::mm(unit_rows(z), unit_rows(keys).t())
                                : at::mm(z.to(slope.scalar_type()), keys.to(slope.scalar_type()).t());
      scores = scores / temperature;
      if (saved[3].defined()) scores = scores.masked_fill(saved[3], -INFINITY);
      const Tensor sum = contrast(scores, saved[2], context->saved_data["identity"].toBool(),
                                  context->saved_data["symmetric"].toBool());
      torch::autograd::variable_list wanted;
      std::vector<std::size_t> where;
      for (std::size_t i = 0; i < 2; ++i) {
        if (saved[i].requires_grad()) wanted.push_back(saved[i]), where.push_back(i);
      }
      const auto found = torch::autograd::grad({sum}, wanted, {outer[0]}, true, true);
      for (std::size_t i = 0; i < where.size(); ++i) result[where[i]] = found[i];
      return result;
    }
    const Tensor factor = outer[0].to(slope.scalar_type()) / temperature;
    const auto type = slope.scalar_type();
    const Tensor unit_z = normalise ? z.to(type) * scale_z : z.to(type);
    const Tensor unit_keys = normalise ? keys.to(type) * scale_keys : keys.to(type);
    if (context->needs_input_grad(0)) {
      result[0] = through_norm(at::mm(slope, unit_keys).mul_(factor), unit_z, scale_z).to(z.scalar_type());
    }
    if (context->needs_input_grad(1)) {
      result[1] = through_norm(at::mm(slope.t(), unit_z).mul_(factor), unit_keys, scale_keys).to(keys.scalar_type());
    }
    return result;
  }

 private:
  /// [B, 1] 1/|row|, 0 for rows that count as zero; norms in float64 so that no float32 row overflows.
  static Tensor inverse_norm(const Tensor& rows, torch::ScalarType type) {
    const Tensor norm = at::linalg_vector_norm(rows, 2, {1}, true, torch::kFloat64);
    return norm.reciprocal().masked_fill_(norm <= kSmallestNorm, 0.0).to(type);
  }

  /// d u/d z for u = z/|z|: (g - u (u . g)) / |z|. In place on g.
  static Tensor through_norm(Tensor gradient, const Tensor& unit, const Tensor& scale) {
    if (!scale.defined()) return gradient;
    const Tensor along = (gradient * unit).sum(1, true);
    return gradient.addcmul_(unit, along, -1).mul_(scale);
  }
};

}  // namespace

LossValue info_nce(const Tensor& z, const Tensor& keys, const InfoNceOptions& options, const Tensor& positive,
                   const Tensor& ignored) {
  constexpr const char* kName = "info_nce";
  require_matrix(z, kName, "z");
  require_matrix(keys, kName, "keys");
  require_shape(z.size(1) == keys.size(1), kName, ("keys must have the width of z, " + shape_text(z)).c_str(), keys);
  require_positive(options.temperature, kName, "temperature");
  const Positives where = check_positives(kName, z.size(0), keys.size(0), positive, z.device());
  const Tensor left_out = check_ignored(kName, z, keys.size(0), ignored, where.index);
  const bool gradient = at::GradMode::is_enabled() && (z.requires_grad() || keys.requires_grad());
  const Tensor sum =
      InfoNceFunction::apply(z, keys, where.index, left_out.defined() ? std::optional<Tensor>(left_out) : std::nullopt,
                             options.temperature, options.normalise, options.symmetric, where.identity, gradient);
  return loss_value(sum, z.size(0));
}

LossValue info_nce_from_scores(const Tensor& scores, bool symmetric, const Tensor& positive, const Tensor& ignored) {
  constexpr const char* kName = "info_nce_from_scores";
  require_matrix(scores, kName, "scores");
  const Positives where = check_positives(kName, scores.size(0), scores.size(1), positive, scores.device());
  const Tensor left_out = check_ignored(kName, scores, scores.size(1), ignored, where.index);
  Tensor wide = widened(scores);
  if (left_out.defined()) wide = wide.masked_fill(left_out, -INFINITY);
  return loss_value(contrast(wide, where.index, where.identity, symmetric), scores.size(0));
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

Tensor uniformity(const Tensor& z, double t) {
  constexpr const char* kName = "uniformity";
  require_matrix(z, kName, "z");
  require_shape(z.size(0) >= 2, kName, "z must have at least two rows", z);
  require_positive(t, kName, "t");
  const Tensor unit = unit_rows(z);
  const Tensor length = unit.square().sum(1);  // 1, or 0 for a zero row
  const Tensor squared = (length.unsqueeze(0) + length.unsqueeze(1) - 2 * at::mm(unit, unit.t())).clamp_min(0);
  const Tensor upper = at::triu_indices(z.size(0), z.size(0), 1, torch::dtype(torch::kInt64).device(z.device()));
  const Tensor pairs = squared.index({upper[0], upper[1]});
  return (-t * pairs).logsumexp(0) - std::log(static_cast<double>(pairs.size(0)));
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
