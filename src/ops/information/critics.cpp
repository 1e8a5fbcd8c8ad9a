#include "infomtl/ops/information/critics.h"

#include <torch/autograd.h>

#include <algorithm>

#include "infomtl/ops/information/contrastive.h"
#include "ops/information/checks.h"

namespace infomtl::ops {

using torch::Tensor;
using torch::autograd::variable_list;

namespace {

constexpr std::int64_t kBlockValues = std::int64_t{1} << 22;

/// inputs: x, y, then weight and bias of each layer.
Tensor score_pairs(at::TensorList inputs) {
  const Tensor &x = inputs[0], &y = inputs[1], &weight = inputs[2];
  const std::int64_t n = x.size(0), m = y.size(0), from_x = x.size(1);
  const Tensor of_x = at::addmm(inputs[3], x, weight.narrow(1, 0, from_x).t());
  const Tensor of_y = at::mm(y, weight.narrow(1, from_x, y.size(1)).t());
  Tensor hidden = (of_x.unsqueeze(1) + of_y.unsqueeze(0)).reshape({n * m, weight.size(0)});
  for (std::size_t layer = 4; layer + 1 < inputs.size(); layer += 2) {
    hidden = at::linear(hidden.relu_(), inputs[layer], inputs[layer + 1]);
  }
  return hidden.reshape({n, m});
}

/// Pair scores whose activations are not kept.
class BlockedScores : public torch::autograd::Function<BlockedScores> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, at::TensorList inputs, std::int64_t rows) {
    context->save_for_backward(inputs.vec());
    context->saved_data["rows"] = rows;
    std::vector<Tensor> parts;
    variable_list block = inputs.vec();
    for (const Tensor& part : inputs[0].split(rows)) {
      block[0] = part;
      parts.push_back(score_pairs(block));
    }
    return at::cat(parts);
  }

  static variable_list backward(torch::autograd::AutogradContext* context, variable_list outer) {
    const variable_list saved = context->get_saved_variables();
    const std::int64_t rows = context->saved_data["rows"].toInt();
    const std::size_t count = saved.size();
    variable_list result(count + 1);
    if (at::GradMode::is_enabled()) {  // second derivatives need the graph of every pair
      variable_list wanted;
      std::vector<std::size_t> where;
      for (std::size_t i = 0; i < count; ++i) {
        if (saved[i].requires_grad()) wanted.push_back(saved[i]), where.push_back(i);
      }
      const variable_list found = torch::autograd::grad({score_pairs(saved)}, wanted, outer, true, true, true);
      for (std::size_t i = 0; i < where.size(); ++i) result[where[i]] = found[i];
      return result;
    }
    at::AutoGradMode with_graph(true);
    variable_list leaves;
    for (const Tensor& tensor : saved) leaves.push_back(tensor.detach().requires_grad_(true));
    const auto x_blocks = saved[0].detach().split(rows);
    const auto slopes = outer[0].split(rows);
    std::vector<Tensor> of_x;
    for (std::size_t block = 0; block < x_blocks.size(); ++block) {
      leaves[0] = x_blocks[block].detach().requires_grad_(true);
      const variable_list found = torch::autograd::grad({score_pairs(leaves)}, leaves, {slopes[block]});
      of_x.push_back(found[0]);
      for (std::size_t i = 1; i < count; ++i) {
        if (result[i].defined()) {
          result[i].add_(found[i]);
        } else {
          result[i] = found[i].clone();
        }
      }
    }
    result[0] = at::cat(of_x);
    for (Tensor& tensor : result) {
      if (tensor.defined()) tensor = tensor.detach();
    }
    return result;
  }
};

}  // namespace

Tensor separable_scores(const Tensor& u, const Tensor& v) {
  require_matrix(u, "separable_scores", "u");
  require_matrix(v, "separable_scores", "v");
  require_shape(u.size(1) == v.size(1), "separable_scores", "v must have the width of u", v);
  const auto type = widened_type(u, v);
  return at::mm(u.to(type), v.to(type).t());
}

Tensor bilinear_scores(const Tensor& x, const Tensor& weight, const Tensor& y) {
  require_matrix(x, "bilinear_scores", "x");
  require_matrix(y, "bilinear_scores", "y");
  require_shape(weight.defined() && weight.dim() == 2 && weight.size(0) == x.size(1) && weight.size(1) == y.size(1),
                "bilinear_scores",
                ("weight must be [" + std::to_string(x.size(1)) + ", " + std::to_string(y.size(1)) + "]").c_str(),
                weight);
  const auto type = widened_type(x, y);
  return at::mm(at::mm(x.to(type), weight.to(type)), y.to(type).t());
}

Tensor cosine_scores(const Tensor& x, const Tensor& y, double temperature) {
  require_positive(temperature, "cosine_scores", "temperature");
  return separable_scores(unit_rows(x), unit_rows(y)) / temperature;
}

Tensor concat_scores(const Tensor& x, const Tensor& y, const std::vector<DenseLayer>& layers,
                     std::int64_t rows_per_block) {
  constexpr const char* kName = "concat_scores";
  require_matrix(x, kName, "x");
  require_matrix(y, kName, "y");
  if (layers.empty()) throw ShapeError("concat_scores: at least one layer is needed");
  const auto type = widened_type(x, y);
  std::vector<Tensor> inputs = {x.to(type), y.to(type)};
  std::int64_t width = x.size(1) + y.size(1), widest = 1;
  for (const DenseLayer& layer : layers) {
    require_shape(layer.weight.defined() && layer.weight.dim() == 2 && layer.weight.size(1) == width, kName,
                  ("a layer's weight must take " + std::to_string(width) + " values").c_str(), layer.weight);
    width = layer.weight.size(0);
    require_shape(layer.bias.defined() && layer.bias.dim() == 1 && layer.bias.size(0) == width, kName,
                  ("a layer's bias must be [" + std::to_string(width) + "]").c_str(), layer.bias);
    widest = std::max(widest, width);
    inputs.push_back(layer.weight.to(type));
    inputs.push_back(layer.bias.to(type));
  }
  require_shape(width == 1, kName, "the last layer must have one output", layers.back().weight);
  if (rows_per_block <= 0) rows_per_block = std::max<std::int64_t>(1, kBlockValues / (y.size(0) * widest));
  if (rows_per_block >= x.size(0)) return score_pairs(inputs);
  return BlockedScores::apply(at::TensorList(inputs), rows_per_block);
}

}  // namespace infomtl::ops
