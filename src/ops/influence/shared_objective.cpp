#include "infomtl/ops/influence/shared_objective.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "infomtl/core/errors.h"
#include "infomtl/ops/tensor_random.h"

namespace infomtl::ops {
namespace {

using torch::Tensor;

constexpr std::int64_t kNumbersOfABlock = std::int64_t{1} << 22;  // 32 MiB of float64
constexpr std::int64_t kMostRowsOfABlock = 8192;

Tensor with_one(const Tensor& rows) {
  Tensor wide = at::empty({rows.size(0), rows.size(1) + 1}, torch::kFloat64);
  wide.narrow(1, 0, rows.size(1)).copy_(rows);
  wide.narrow(1, rows.size(1), 1).fill_(1);
  return wide;
}

/// [n, q, C]: what a step along vectors [q, P] changes of the outputs.
Tensor directions_of(const RowBlock& block, const Tensor& vectors) {
  const std::int64_t q = vectors.size(0), n = block.outputs.size(0);
  Tensor sum;
  for (const LinearLayer& layer : block.layers) {
    const std::int64_t in = layer.input.size(1);
    const Tensor matrix = vectors.narrow(1, layer.begin, layer.outputs * in).reshape({q * layer.outputs, in});
    Tensor moved = layer.input.mm(matrix.t()).view({n, q, layer.outputs});
    if (layer.to_outputs.defined()) moved = at::matmul(moved, layer.to_outputs.t());
    sum = sum.defined() ? sum + moved : moved;
  }
  return sum;
}

/// Adds to `result` [q, P] the gradients that derivatives [n, q, C] in the outputs make.
void add_pulled_back(const RowBlock& block, const Tensor& derivatives, Tensor& result) {
  const std::int64_t n = derivatives.size(0), q = derivatives.size(1);
  for (const LinearLayer& layer : block.layers) {
    const Tensor inside =
        layer.to_outputs.defined() ? at::matmul(derivatives, layer.to_outputs) : derivatives;  // [n, q, out]
    const std::int64_t in = layer.input.size(1);
    const Tensor sum = inside.reshape({n, q * layer.outputs}).t().mm(layer.input);
    result.narrow(1, layer.begin, layer.outputs * in).add_(sum.view({q, layer.outputs * in}));
  }
}

/// Adds the Hessian of an adapter and its head times vectors. Gauss-Newton leaves out that the outputs U W x are a product of
/// parameters; both parts take the same two products with the features.
void add_hessian_of_adapter(const RowBlock& block, OutputLoss loss, const Tensor& vectors, Tensor& result) {
  const LinearLayer &map = block.layers[0], &head = block.layers[1];
  const std::int64_t n = block.outputs.size(0), q = vectors.size(0), rank = map.outputs, in = map.input.size(1);
  const std::int64_t outputs = head.outputs, with_bias = rank + 1;
  const Tensor weights = block.weights.unsqueeze(1);
  const Tensor gradients = output_gradients(loss, block.outputs, block.labels) * weights;  // [n, C]
  const Tensor of_map = vectors.narrow(1, map.begin, rank * in).reshape({q * rank, in});
  const Tensor of_head = vectors.narrow(1, head.begin, outputs * with_bias).reshape({q * outputs, with_bias});
  const Tensor moved = map.input.mm(of_map.t());  // [n, q r]
  const Tensor directions =
      at::matmul(moved.view({n, q, rank}), map.to_outputs.t()) + head.input.mm(of_head.t()).view({n, q, outputs});
  const Tensor bent = output_curvature_products(loss, block.outputs, directions) * weights.unsqueeze(2);  // [n, q, C]

  const Tensor without_bias =
      of_head.view({q, outputs, with_bias}).narrow(2, 0, rank).permute({1, 0, 2}).reshape({outputs, q * rank});
  const Tensor inside = at::matmul(bent, map.to_outputs).reshape({n, q * rank}) + gradients.mm(without_bias);
  result.narrow(1, map.begin, rank * in).add_(inside.t().mm(map.input).view({q, rank * in}));

  Tensor to_head = bent.reshape({n, q * outputs}).t().mm(head.input).view({q, outputs, with_bias});
  to_head.narrow(2, 0, rank).add_(gradients.t().mm(moved).view({outputs, q, rank}).permute({1, 0, 2}));
  result.narrow(1, head.begin, outputs * with_bias).add_(to_head.view({q, outputs * with_bias}));
}

}  // namespace

SharedObjective::SharedObjective(std::vector<LabelledFeatures> tasks, const SharedSettings& settings)
    : tasks_(std::move(tasks)), settings_(settings) {
  if (tasks_.empty()) throw ShapeError("influence: no task");
  width_ = tasks_[0].features.size(1);
  for (const LabelledFeatures& task : tasks_) {
    if (task.features.dim() != 2 || task.features.size(1) != width_ || task.features.size(0) < 1 ||
        task.labels.size(0) != task.features.size(0)) {
      throw ShapeError("influence: features " + c10::str(task.features.sizes()) + " and labels " +
                       c10::str(task.labels.sizes()) + " where [n, " + std::to_string(width_) + "] is needed");
    }
    const bool alike = settings_.part == SharedPart::common || (settings_.part == SharedPart::none && settings_.soft);
    if (alike && task.outputs != tasks_[0].outputs) {
      throw ShapeError("influence: heads of " + std::to_string(tasks_[0].outputs) + " and of " +
                       std::to_string(task.outputs) + " outputs cannot be shared");
    }
  }
  const std::int64_t map = settings_.rank * width_, linear = tasks_[0].outputs * (width_ + 1);
  const bool adapter = settings_.part == SharedPart::adapter;
  places_.shared = adapter ? map : (settings_.part == SharedPart::common || settings_.soft ? linear : 0);
  places_.total = places_.shared;
  for (const LabelledFeatures& task : tasks_) {
    std::int64_t size = task.outputs * ((adapter ? settings_.rank : width_) + 1);
    if (adapter && settings_.soft) size += map;
    places_.begin.push_back(places_.total);
    places_.size.push_back(size);
    places_.total += size;
  }
}

Tensor SharedObjective::start(std::uint64_t seed) const {
  Tensor w = at::zeros({places_.total}, torch::kFloat64);
  if (settings_.part != SharedPart::adapter) return w;
  TensorRandom random(seed);
  const auto drawn = [&](std::int64_t count, std::int64_t inputs) {
    const double bound = 1 / std::sqrt(static_cast<double>(inputs));
    return bound * (2 * at::rand({count}, random.generator(), torch::dtype(torch::kFloat64)) - 1);
  };
  const Tensor map = drawn(places_.shared, width_);
  w.narrow(0, 0, places_.shared).copy_(map);
  for (std::size_t k = 0; k < tasks_.size(); ++k) {
    std::int64_t begin = places_.begin[k], size = places_.size[k];
    if (settings_.soft) {
      w.narrow(0, begin, places_.shared).copy_(map);
      begin += places_.shared;
      size -= places_.shared;
    }
    w.narrow(0, begin, size).copy_(drawn(size, settings_.rank));
  }
  return w;
}

Tensor SharedObjective::adapter(const Tensor& w, std::size_t task) const {
  const std::int64_t begin = settings_.soft ? places_.begin[task] : 0;
  return w.narrow(0, begin, places_.shared).view({settings_.rank, width_});
}

Tensor SharedObjective::head(const Tensor& w, std::size_t task) const {
  const bool own_map = settings_.part == SharedPart::adapter && settings_.soft;
  const std::int64_t skipped = own_map ? places_.shared : 0;
  return w.narrow(0, places_.begin[task] + skipped, places_.size[task] - skipped).view({tasks_[task].outputs, -1});
}

RowBlock SharedObjective::block(const Tensor& w, std::size_t task, std::int64_t first, std::int64_t count) const {
  const LabelledFeatures& rows = tasks_[task];
  RowBlock found;
  found.labels = rows.labels.narrow(0, first, count);
  found.weights = rows.weights.defined()
                      ? rows.weights.narrow(0, first, count)
                      : at::full({count}, 1 / static_cast<double>(rows.features.size(0)), torch::kFloat64);
  const Tensor x = rows.features.narrow(0, first, count), own = head(w, task);
  if (settings_.part == SharedPart::adapter) {
    const Tensor wide = x.to(torch::kFloat64), map = adapter(w, task);
    const Tensor inside = with_one(wide.mm(map.t()));
    const std::int64_t map_begin = settings_.soft ? places_.begin[task] : 0;
    const std::int64_t head_begin = places_.begin[task] + (settings_.soft ? places_.shared : 0);
    found.layers = {
        {.begin = map_begin, .input = wide, .outputs = settings_.rank, .to_outputs = own.narrow(1, 0, settings_.rank)},
        {.begin = head_begin, .input = inside, .outputs = rows.outputs}};
    found.outputs = inside.mm(own.t());
    return found;
  }
  const Tensor wide = with_one(x);
  found.layers = {{.begin = places_.begin[task], .input = wide, .outputs = rows.outputs}};
  Tensor all = own;
  if (settings_.part == SharedPart::common) {
    found.layers.push_back({.begin = 0, .input = wide, .outputs = rows.outputs});
    all = own + w.narrow(0, 0, places_.shared).view({rows.outputs, -1});
  }
  found.outputs = wide.mm(all.t());
  return found;
}

void SharedObjective::visit(const Tensor& w, std::size_t task, std::int64_t per_row,
                            const std::function<void(const RowBlock&)>& visitor) const {
  const std::int64_t n = tasks_[task].features.size(0);
  const std::int64_t held = std::max<std::int64_t>(per_row, width_);
  const std::int64_t step = std::clamp<std::int64_t>(kNumbersOfABlock / held, 64, kMostRowsOfABlock);
  for (std::int64_t first = 0; first < n; first += step) visitor(block(w, task, first, std::min(step, n - first)));
}

ValueAndGradient SharedObjective::task_loss(const Tensor& w, std::size_t task) const {
  const at::NoGradGuard no_grad;
  const OutputLoss loss = tasks_[task].loss;
  ValueAndGradient found{.value = 0, .gradient = {}};
  Tensor gradient = at::zeros({1, places_.total}, torch::kFloat64);
  visit(w, task, 0, [&](const RowBlock& rows) {
    found.value += (rows.weights * output_losses(loss, rows.outputs, rows.labels)).sum().item<double>();
    const Tensor derivatives = output_gradients(loss, rows.outputs, rows.labels) * rows.weights.unsqueeze(1);
    add_pulled_back(rows, derivatives.unsqueeze(1), gradient);
  });
  found.gradient = gradient.squeeze(0);
  return found;
}

ValueAndGradient SharedObjective::value_and_gradient(const Tensor& w) const {
  const at::NoGradGuard no_grad;
  const Tensor pulled = regulariser_product(w.unsqueeze(0)).squeeze(0);
  // The regulariser is quadratic: half of w^T R w, with the gradient R w.
  ValueAndGradient found{.value = 0.5 * w.dot(pulled).item<double>(), .gradient = pulled};
  for (std::size_t k = 0; k < tasks_.size(); ++k) {
    const ValueAndGradient task = task_loss(w, k);
    found.value += task.value;
    found.gradient = found.gradient + task.gradient;
  }
  return found;
}

Tensor SharedObjective::regulariser_product(const Tensor& vectors) const {
  Tensor result = settings_.ridge * vectors;
  if (!settings_.soft) return result;
  const Tensor common = vectors.narrow(1, 0, places_.shared);
  for (const std::int64_t begin : places_.begin) {
    const Tensor apart = 2 * settings_.penalty * (common - vectors.narrow(1, begin, places_.shared));
    result.narrow(1, 0, places_.shared).add_(apart);
    result.narrow(1, begin, places_.shared).sub_(apart);
  }
  return result;
}

Tensor SharedObjective::task_curvature_product(const Tensor& w, std::size_t task, const Tensor& vectors,
                                               Curvature curvature) const {
  const at::NoGradGuard no_grad;
  const LabelledFeatures& of = tasks_[task];
  const std::int64_t q = vectors.size(0);
  const std::int64_t inside = settings_.part == SharedPart::adapter ? settings_.rank : 0;
  const bool whole = curvature == Curvature::hessian && settings_.part == SharedPart::adapter;
  Tensor result = at::zeros_like(vectors);
  visit(w, task, q * (2 * of.outputs + inside), [&](const RowBlock& rows) {
    if (whole) return add_hessian_of_adapter(rows, of.loss, vectors, result);
    const Tensor bent = output_curvature_products(of.loss, rows.outputs, directions_of(rows, vectors));
    add_pulled_back(rows, bent * rows.weights.unsqueeze(1).unsqueeze(2), result);
  });
  return result;
}

Tensor SharedObjective::curvature_product(const Tensor& w, const Tensor& vectors, Curvature curvature) const {
  const at::NoGradGuard no_grad;
  Tensor result = regulariser_product(vectors);
  for (std::size_t k = 0; k < tasks_.size(); ++k) {
    result = result + task_curvature_product(w, k, vectors, curvature);
  }
  return result;
}

Tensor SharedObjective::row_products(const Tensor& w, std::size_t task, const Tensor& vectors) const {
  const at::NoGradGuard no_grad;
  const LabelledFeatures& of = tasks_[task];
  const std::int64_t q = vectors.size(0);
  const std::int64_t inside = settings_.part == SharedPart::adapter ? settings_.rank : 0;
  std::vector<Tensor> found;
  visit(w, task, q * (of.outputs + inside), [&](const RowBlock& rows) {
    const Tensor gradients = output_gradients(of.loss, rows.outputs, rows.labels);
    found.push_back((directions_of(rows, vectors) * gradients.unsqueeze(1)).sum(2));
  });
  return at::cat(found);
}

SharedObjective SharedObjective::with_rows(std::size_t task, const LabelledFeatures& rows) const {
  SharedObjective other = *this;
  other.tasks_.at(task) = rows;
  return other;
}

SharedObjective SharedObjective::subset(const std::vector<Tensor>& rows) const {
  SharedObjective other = *this;
  for (std::size_t k = 0; k < tasks_.size(); ++k) {
    LabelledFeatures& task = other.tasks_[k];
    task.features = task.features.index_select(0, rows.at(k));
    task.labels = task.labels.index_select(0, rows.at(k));
    task.weights = Tensor();
  }
  return other;
}

}  // namespace infomtl::ops
