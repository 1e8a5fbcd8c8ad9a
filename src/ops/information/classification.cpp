#include "infomtl/ops/information/classification.h"

#include <limits>

#include "ops/information/checks.h"

namespace infomtl::ops {

using torch::Tensor;

namespace {

void require_labels(const Tensor& logits, const Tensor& labels, const char* function) {
  require_matrix(logits, function, "logits");
  require_shape(labels.defined() && labels.dim() == 1 && labels.size(0) == logits.size(0) &&
                    labels.scalar_type() == torch::kInt64,
                function, ("labels must be int64 [" + std::to_string(logits.size(0)) + "]").c_str(), labels);
  if (labels.is_cpu() &&
      !(((labels >= 0) & (labels < logits.size(1))) | (labels == kUnknownLabel)).all().item<bool>()) {
    throw ShapeError(std::string(function) + ": a label lies outside 0.." + std::to_string(logits.size(1) - 1));
  }
}

void require_exponent(double gamma, const char* function) {
  if (!(gamma >= 0)) throw ConfigError(std::string(function) + ": gamma must be at least 0");
}

/// One weight per class, in the logits' type; undefined where there is none.
Tensor checked_weights(const Tensor& weights, const Tensor& wide, const char* function) {
  if (!weights.defined()) return weights;
  require_shape(weights.dim() == 1 && weights.size(0) == wide.size(1), function,
                ("class weights must be [" + std::to_string(wide.size(1)) + "]").c_str(), weights);
  return weights.to(wide.options().requires_grad(false));
}

/// (1 - p)^gamma from log p. The floor keeps the slope finite where p rounds to 1 and gamma < 1.
Tensor focus(const Tensor& log_p, double gamma) {
  if (gamma == 0) return at::ones_like(log_p);
  return (-log_p.expm1()).clamp_min(std::numeric_limits<float>::min()).pow(gamma);
}

}  // namespace

LossValue cross_entropy(const Tensor& logits, const Tensor& labels, double smoothing, const Tensor& class_weights) {
  require_labels(logits, labels, "cross_entropy");
  if (!(smoothing >= 0 && smoothing < 1)) {
    throw ConfigError("cross_entropy: smoothing must lie in [0, 1), found " + std::to_string(smoothing));
  }
  const Tensor wide = widened(logits);
  const Tensor sum = at::cross_entropy_loss(wide, labels, checked_weights(class_weights, wide, "cross_entropy"),
                                            at::Reduction::Sum, kUnknownLabel, smoothing);
  return {sum, (labels != kUnknownLabel).sum().to(wide.scalar_type())};
}

LossValue binary_cross_entropy(const Tensor& logits, const Tensor& targets, const Tensor& positive_weights) {
  require_matrix(logits, "binary_cross_entropy", "logits");
  require_same_shape(logits, targets, "binary_cross_entropy", "targets");
  const Tensor wide = widened(logits);
  const Tensor each = at::binary_cross_entropy_with_logits(
      wide, targets.to(wide.scalar_type()), {}, checked_weights(positive_weights, wide, "binary_cross_entropy"),
      at::Reduction::None);
  return loss_value(each.mean(1).sum(), logits.size(0));
}

LossValue squared_error(const Tensor& values, const Tensor& targets) {
  require_matrix(values, "squared_error", "values");
  require_shape(values.size(1) == 1, "squared_error", "values must be [B, 1]", values);
  require_shape(targets.defined() && targets.dim() == 1 && targets.size(0) == values.size(0), "squared_error",
                ("targets must be [" + std::to_string(values.size(0)) + "]").c_str(), targets);
  const Tensor wide = widened(values);
  return loss_value((wide.squeeze(1) - targets.to(wide.scalar_type())).square().sum(), values.size(0));
}

LossValue focal(const Tensor& logits, const Tensor& labels, double gamma, const Tensor& class_weights) {
  constexpr const char* kName = "focal";
  require_labels(logits, labels, kName);
  require_exponent(gamma, kName);
  const Tensor kept = labels != kUnknownLabel;
  const Tensor index = labels.clamp_min(0);
  const Tensor log_p = widened(logits).log_softmax(1).gather(1, index.unsqueeze(1)).squeeze(1);
  Tensor per_row = -focus(log_p, gamma) * log_p;
  if (class_weights.defined()) {
    require_shape(class_weights.dim() == 1 && class_weights.size(0) == logits.size(1), kName,
                  ("class_weights must be [" + std::to_string(logits.size(1)) + "]").c_str(), class_weights);
    per_row = per_row * widened(class_weights).index_select(0, index);
  }
  return {at::where(kept, per_row, 0.0).sum(), kept.sum().to(per_row.scalar_type())};
}

LossValue focal_binary(const Tensor& logits, const Tensor& targets, double gamma, double alpha) {
  constexpr const char* kName = "focal_binary";
  require_matrix(logits, kName, "logits");
  require_same_shape(logits, targets, kName, "targets");
  require_exponent(gamma, kName);
  if (alpha > 1) throw ConfigError("focal_binary: alpha must not be above 1");
  const Tensor wide = widened(logits), wanted = targets.to(wide.scalar_type());
  const Tensor log_p = at::log_sigmoid(wide * (2 * wanted - 1));
  Tensor each = -focus(log_p, gamma) * log_p;
  if (alpha >= 0) each = each * (wanted * alpha + (1 - wanted) * (1 - alpha));
  return loss_value(each.sum(), logits.numel());
}

LossValue batch_entropy(const Tensor& logits) {
  require_matrix(logits, "batch_entropy", "logits");
  const Tensor log_p = widened(logits).mean(0).log_softmax(0);
  return loss_value((log_p.exp() * log_p).sum() * static_cast<double>(logits.size(0)), logits.size(0));
}

LossValue symmetric_kl(const Tensor& p_logits, const Tensor& q_logits) {
  constexpr const char* kName = "symmetric_kl";
  require_matrix(p_logits, kName, "p_logits");
  require_same_shape(p_logits, q_logits, kName, "q_logits");
  const Tensor log_p = widened(p_logits).log_softmax(1), log_q = widened(q_logits).log_softmax(1);
  // KL(p||q) + KL(q||p) = sum_c (p - q)(log p - log q): every summand is at least 0.
  return loss_value(0.5 * ((log_p.exp() - log_q.exp()) * (log_p - log_q)).sum(), p_logits.size(0));
}

}  // namespace infomtl::ops
