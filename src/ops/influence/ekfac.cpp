#include "infomtl/ops/influence/ekfac.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <iterator>
#include <tuple>

#include "infomtl/core/errors.h"

namespace infomtl::ops {
namespace {

using torch::Tensor;

Tensor added(const Tensor& sum, const Tensor& more) { return sum.defined() ? sum + more : more; }

/// Calls visitor(layer's place, inputs, gradients, weights) for every layer on every block of rows.
template <class Visitor>
void visit_layers(const SharedObjective& objective, const Tensor& w, const Visitor& visitor) {
  for (std::size_t k = 0; k < objective.tasks().size(); ++k) {
    const LabelledFeatures& task = objective.tasks()[k];
    const std::int64_t widest = std::max(task.outputs, objective.settings().rank);
    objective.visit(w, k, task.outputs * widest, [&](const RowBlock& rows) {
      const Tensor roots = output_curvature_roots(task.loss, rows.outputs);
      for (const LinearLayer& layer : rows.layers) {
        const Tensor gradients = layer.to_outputs.defined() ? at::matmul(roots, layer.to_outputs) : roots;
        visitor(layer.begin, layer.input, gradients, rows.weights);
      }
    });
  }
}

}  // namespace

void EkfacLayer::add_covariances(const Tensor& inputs, const Tensor& gradients, const Tensor& weights) {
  const Tensor root = weights.sqrt();
  const Tensor a = inputs * root.unsqueeze(1);
  const Tensor g = (gradients * root.unsqueeze(1).unsqueeze(2)).reshape({-1, gradients.size(2)});
  input_sum_ = added(input_sum_, a.t().mm(a));
  gradient_sum_ = added(gradient_sum_, g.t().mm(g));
}

void EkfacLayer::rotate() {
  // Eigenvectors stand in columns.
  input_directions_ = std::get<1>(at::linalg_eigh(input_sum_));
  output_directions_ = std::get<1>(at::linalg_eigh(gradient_sum_));
}

void EkfacLayer::add_eigenvalues(const Tensor& inputs, const Tensor& gradients, const Tensor& weights) {
  if (!input_directions_.defined()) throw StateError("ekfac: rotate() comes before add_eigenvalues()");
  const Tensor a = inputs.mm(input_directions_).square();
  const Tensor g = at::matmul(gradients, output_directions_).square().sum(1) * weights.unsqueeze(1);
  eigenvalues_ = added(eigenvalues_, g.t().mm(a));
}

Tensor EkfacLayer::inverse_products(const Tensor& vectors, double damping) const {
  const std::int64_t out = eigenvalues_.size(0), in = eigenvalues_.size(1), q = vectors.size(0);
  const Tensor damped = eigenvalues_ + damping;
  if (!(damped.min().item<double>() > 1e-15 * eigenvalues_.max().item<double>())) {
    throw UserError("influence: the curvature of a layer is singular; give a ridge or a damping above 0");
  }
  const Tensor rotated =
      at::matmul(at::matmul(output_directions_.t(), vectors.reshape({q, out, in})), input_directions_);
  return at::matmul(at::matmul(output_directions_, rotated / damped), input_directions_.t()).reshape({q, out * in});
}

EkfacInverse::EkfacInverse(const SharedObjective& objective, const Tensor& w, double damping)
    : damping_(objective.settings().ridge + damping) {
  const at::NoGradGuard no_grad;
  if (objective.settings().soft) {
    throw UserError("influence: ekfac looks at each layer alone, and soft sharing ties layers; take cg or explicit");
  }
  visit_layers(objective, w,
               [&](std::int64_t begin, const Tensor& inputs, const Tensor& gradients, const Tensor& weights) {
                 layers_[begin].add_covariances(inputs, gradients, weights);
               });
  for (auto& [begin, layer] : layers_) layer.rotate();
  visit_layers(objective, w,
               [&](std::int64_t begin, const Tensor& inputs, const Tensor& gradients, const Tensor& weights) {
                 layers_[begin].add_eigenvalues(inputs, gradients, weights);
               });
}

Tensor EkfacInverse::times(const Tensor& vectors) const {
  Tensor found = at::zeros_like(vectors);
  for (auto layer = layers_.begin(); layer != layers_.end(); ++layer) {
    const auto next = std::next(layer);
    const std::int64_t size = (next == layers_.end() ? vectors.size(1) : next->first) - layer->first;
    found.narrow(1, layer->first, size)
        .copy_(layer->second.inverse_products(vectors.narrow(1, layer->first, size), damping_));
  }
  return found;
}

}  // namespace infomtl::ops
