#include "ops/packed/plain.h"

#include <ATen/ATen.h>

#include <cmath>
#include <map>

#include "infomtl/ops/device_copy.h"
#include "ops/packed/pattern_mask.h"

namespace infomtl::ops::plain {

at::Tensor linear(const at::Tensor& x, const std::vector<at::Tensor>& weights, const std::vector<at::Tensor>& biases) {
  const at::Tensor y = at::matmul(x, at::cat(weights).to(x.scalar_type()).t());
  return biases.empty() ? y : y + at::cat(biases).to(x.scalar_type());
}

at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double epsilon) {
  return at::layer_norm(x.to(weight.scalar_type()), weight.sizes(), weight, bias, epsilon).to(x.scalar_type());
}

at::Tensor residual_layer_norm(const at::Tensor& x, const at::Tensor& residual, const DropoutPattern& pattern,
                               const at::Tensor& weight, const at::Tensor& bias, double epsilon) {
  const at::ScalarType wide = weight.scalar_type();
  const at::Tensor sum = residual.to(wide) + dropout(x.to(wide), pattern);
  return layer_norm(sum.to(x.scalar_type()), weight, bias, epsilon);
}

at::Tensor embedding_sum(const std::vector<at::Tensor>& tables, const std::vector<at::Tensor>& ids) {
  at::Tensor sum = at::index_select(tables[0], 0, ids[0]);
  for (std::size_t k = 1; k < tables.size(); ++k) sum.add_(at::index_select(tables[k], 0, ids[k]));
  return sum;
}

at::Tensor dropout(const at::Tensor& x, const DropoutPattern& pattern) {
  if (!pattern.drops()) return x;
  const std::int64_t width = x.dim() == 0 ? 1 : x.size(-1);
  const at::Tensor rows = at::arange(width == 0 ? 0 : x.numel() / width, x.options().dtype(at::kLong));
  const at::ScalarType wide = compute_type(x.scalar_type());
  return (x.to(wide) * pattern_mask(pattern, rows, width, wide).view(x.sizes())).to(x.scalar_type());
}

at::Tensor attention(const AttentionInput& in) {
  const at::Device device = in.kv.device();
  const at::ScalarType wide = compute_type(in.kv.scalar_type());
  const std::vector<at::Tensor> parts = in.kv.to(wide).chunk(in.first_token() ? 2 : 3, 1);
  const at::Tensor query = in.first_token() ? in.query.to(wide) : parts[0];
  const at::Tensor &key = parts[parts.size() - 2], &value = parts.back();
  const std::int64_t width = value.size(1) / in.heads;

  const auto* begins = in.offsets.const_data_ptr<std::int32_t>();
  std::map<std::int64_t, std::vector<std::int64_t>> by_length;
  for (std::int64_t s = 0; s + 1 < in.offsets.size(0); ++s) by_length[begins[s + 1] - begins[s]].push_back(s);
  std::vector<at::Tensor> outputs, places;
  for (const auto& [length, sequences] : by_length) {
    if (length == 0) continue;
    const auto count = static_cast<std::int64_t>(sequences.size()), queries = in.first_token() ? 1 : length;
    const at::Tensor own = at::tensor(sequences, at::kLong);
    const at::Tensor begin =
        copied_to(in.offsets.to(at::kLong).index_select(0, own), device).unsqueeze(1);  // [count, 1]
    const at::Tensor i = at::arange(queries, begin.options()), j = at::arange(length, begin.options());
    const at::Tensor key_rows = (begin + j).view(-1), query_tokens = begin + i;  // [count, queries]
    const at::Tensor query_rows = in.first_token() ? copied_to(own, device) : key_rows;
    const auto heads_first = [&](const at::Tensor& x, const at::Tensor& rows) {  // [count, A, rows, width]
      return x.index_select(0, rows).view({count, -1, in.heads, width}).transpose(1, 2);
    };
    at::Tensor scores =
        at::matmul(heads_first(query, query_rows), heads_first(key, key_rows).transpose(2, 3)) / std::sqrt(width);
    if (in.bias.defined()) {
      const at::Tensor columns = (2 * begin).unsqueeze(2) + (j.unsqueeze(0) - i.unsqueeze(1) + length - 1);
      scores =
          scores + in.bias.index_select(1, columns.view(-1)).view({in.heads, count, queries, length}).transpose(0, 1);
    }
    at::Tensor probabilities = at::softmax(scores, -1);
    if (in.pattern.drops()) {
      const at::Tensor head = at::arange(in.heads, begin.options()).view({1, -1, 1});
      probabilities =
          probabilities * pattern_mask(in.pattern, query_tokens.unsqueeze(1) * in.heads + head, length, wide);
    }
    outputs.push_back(
        at::matmul(probabilities, heads_first(value, key_rows)).transpose(1, 2).reshape({-1, in.heads * width}));
    places.push_back(query_rows);
  }
  if (outputs.empty()) return at::zeros_like(query).to(in.kv.scalar_type());
  return at::zeros_like(query).index_copy(0, at::cat(places), at::cat(outputs)).to(in.kv.scalar_type());
}

}  // namespace infomtl::ops::plain
