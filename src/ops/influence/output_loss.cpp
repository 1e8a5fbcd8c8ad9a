#include "infomtl/ops/influence/output_loss.h"

#include <ATen/ATen.h>

#include <cmath>

#include "infomtl/core/errors.h"

namespace infomtl::ops {
namespace {

using torch::Tensor;

void require_labels_of(OutputLoss loss, const Tensor& outputs, const Tensor& labels) {
  const bool matrix = outputs.dim() == 2 && (loss != OutputLoss::squared_error || outputs.size(1) == 1);
  const bool fits =
      matrix && (loss == OutputLoss::binary_cross_entropy ? labels.sizes() == outputs.sizes()
                                                          : labels.dim() == 1 && labels.size(0) == outputs.size(0));
  if (!fits) {
    throw ShapeError("influence: outputs " + c10::str(outputs.sizes()) + " and labels " + c10::str(labels.sizes()));
  }
}

}  // namespace

Tensor output_losses(OutputLoss loss, const Tensor& outputs, const Tensor& labels) {
  require_labels_of(loss, outputs, labels);
  switch (loss) {
    case OutputLoss::cross_entropy:
      return -outputs.log_softmax(1).gather(1, labels.unsqueeze(1)).squeeze(1);
    case OutputLoss::binary_cross_entropy: {
      // log(1 + e^x) - y x
      const Tensor wide = labels.to(outputs.scalar_type());
      return (outputs.clamp_min(0) + outputs.abs().neg().exp().log1p() - wide * outputs).mean(1);
    }
    case OutputLoss::squared_error:
      return (outputs.squeeze(1) - labels.to(outputs.scalar_type())).square();
  }
  throw StateError("influence: no such loss");
}

Tensor output_gradients(OutputLoss loss, const Tensor& outputs, const Tensor& labels) {
  require_labels_of(loss, outputs, labels);
  switch (loss) {
    case OutputLoss::cross_entropy: {
      const Tensor minus_one = at::full({}, -1.0, outputs.options());
      return outputs.softmax(1).scatter_add(1, labels.unsqueeze(1), minus_one.expand({labels.size(0), 1}));
    }
    case OutputLoss::binary_cross_entropy:
      return (outputs.sigmoid() - labels.to(outputs.scalar_type())) / static_cast<double>(outputs.size(1));
    case OutputLoss::squared_error:
      return 2 * (outputs - labels.to(outputs.scalar_type()).unsqueeze(1));
  }
  throw StateError("influence: no such loss");
}

Tensor output_curvature_products(OutputLoss loss, const Tensor& outputs, const Tensor& directions) {
  switch (loss) {
    case OutputLoss::cross_entropy: {
      const Tensor p = outputs.softmax(1).unsqueeze(1);  // [n, 1, C]
      const Tensor weighted = p * directions;
      return weighted - p * weighted.sum(2, /*keepdim=*/true);
    }
    case OutputLoss::binary_cross_entropy: {
      const Tensor p = outputs.sigmoid();
      return (p * (1 - p) / static_cast<double>(outputs.size(1))).unsqueeze(1) * directions;
    }
    case OutputLoss::squared_error:
      return 2 * directions;
  }
  throw StateError("influence: no such loss");
}

Tensor output_curvature_roots(OutputLoss loss, const Tensor& outputs) {
  switch (loss) {
    case OutputLoss::cross_entropy: {
      // diag p - p p^T = sum_s p_s (e_s - p)(e_s - p)^T
      const Tensor p = outputs.softmax(1);
      const Tensor each = at::eye(p.size(1), p.options()).unsqueeze(0) - p.unsqueeze(1);
      return p.sqrt().unsqueeze(2) * each;
    }
    case OutputLoss::binary_cross_entropy: {
      const Tensor p = outputs.sigmoid();
      return at::diag_embed((p * (1 - p) / static_cast<double>(outputs.size(1))).sqrt());
    }
    case OutputLoss::squared_error:
      return at::full({outputs.size(0), 1, 1}, std::sqrt(2.0), outputs.options());
  }
  throw StateError("influence: no such loss");
}

}  // namespace infomtl::ops
