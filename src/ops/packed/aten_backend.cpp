#include "ops/packed/aten_backend.h"

#include <ATen/ATen.h>
#include <torch/autograd.h>

#include "ops/packed/pattern_mask.h"
#include "ops/packed/plain.h"

namespace infomtl::ops {
namespace {

at::Tensor attention(const AttentionInput& in) { return plain::attention(in); }

// The forward pass once more, with a graph: as on the CPU, probabilities are not kept.
void attention_gradient(const AttentionInput& in, const at::Tensor& gradient, const AttentionGradients& places) {
  const at::AutoGradMode record(true);
  AttentionInput again = in;
  std::vector<at::Tensor> leaves, targets;
  const auto leaf = [&](at::Tensor& input, const at::Tensor& place) {
    if (!place.defined()) return;
    input = input.detach().requires_grad_(true);
    leaves.push_back(input);
    targets.push_back(place);
  };
  leaf(again.query, places.query);
  leaf(again.kv, places.kv);
  leaf(again.bias, places.bias);
  const auto found = torch::autograd::grad({plain::attention(again)}, leaves, {gradient}, /*retain_graph=*/false,
                                           /*create_graph=*/false, /*allow_unused=*/true);
  const at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (found[i].defined()) {
      targets[i].copy_(found[i]);
    } else {
      targets[i].zero_();
    }
  }
}

// ATen's kernels want one type; norms are computed in the parameters'.
Normed layer_norm(const NormInput& in) {
  Normed n;
  n.sum = in.pattern.drops() ? plain::dropout(in.x, in.pattern) : in.x;
  if (in.residual.defined()) n.sum = in.residual + n.sum;
  at::Tensor out;
  std::tie(out, n.mean, n.inverse_deviation) =
      at::native_layer_norm(n.sum.to(in.weight.scalar_type()), in.weight.sizes(), in.weight, in.bias, in.epsilon);
  n.out = out.to(in.x.scalar_type());
  return n;
}

void layer_norm_gradient(const at::Tensor& gradient, const Normed& normed, const at::Tensor& weight,
                         const DropoutPattern& pattern, RowRange rows, const NormGradients& places) {
  const auto own = [&](const at::Tensor& x) { return x.narrow(0, rows.begin, rows.end - rows.begin); };
  const auto wide = [&](const at::Tensor& x) { return own(x).to(weight.scalar_type()); };
  const auto [to_sum, to_weight, to_bias] =
      at::native_layer_norm_backward(wide(gradient), wide(normed.sum), weight.sizes(), own(normed.mean),
                                     own(normed.inverse_deviation), weight, weight, {true, true, true});
  if (pattern.drops()) {
    const at::Tensor places_of_rows = at::arange(rows.begin, rows.end, to_sum.options().dtype(at::kLong));
    own(places.x).copy_(to_sum * pattern_mask(pattern, places_of_rows, to_sum.size(1), to_sum.scalar_type()));
  }
  own(places.sum).copy_(to_sum);
  places.weight.add_(to_weight);
  places.bias.add_(to_bias);
}

void gelu_gradient(const at::Tensor& x, const at::Tensor& gradient, const at::Tensor& place) {
  place.copy_(at::gelu_backward(gradient, x));
}

void add_rows(const at::Tensor& sums, const at::Tensor& places, const at::Tensor& rows) {
  sums.index_add_(0, places, rows);
}

}  // namespace

const PackedBackend& aten_backend() {
  static const PackedBackend table{.attention = attention,
                                   .attention_gradient = attention_gradient,
                                   .layer_norm = layer_norm,
                                   .layer_norm_gradient = layer_norm_gradient,
                                   .dropout = plain::dropout,
                                   .gelu = [](const at::Tensor& x) { return at::gelu(x); },
                                   .gelu_gradient = gelu_gradient,
                                   .embedding_sum = plain::embedding_sum,
                                   .add_rows = add_rows};
  return table;
}

}  // namespace infomtl::ops
