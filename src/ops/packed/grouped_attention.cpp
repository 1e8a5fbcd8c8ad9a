#include "ops/packed/grouped_attention.h"

#include <ATen/ATen.h>

#include <cmath>
#include <map>

#include "infomtl/ops/packed/dropout.h"

namespace infomtl::ops {

torch::Tensor grouped_attention(const torch::Tensor& query, const torch::Tensor& key, const torch::Tensor& value,
                                const torch::Tensor& offsets, std::int64_t heads, bool first_token, double rate,
                                TensorRandom* random) {
  const auto* begins = offsets.const_data_ptr<std::int32_t>();
  std::map<std::int64_t, std::vector<std::int64_t>> by_length;
  for (std::int64_t s = 0; s + 1 < offsets.size(0); ++s) by_length[begins[s + 1] - begins[s]].push_back(s);

  const std::int64_t width = key.size(1) / heads;
  std::vector<at::Tensor> outputs, places;
  for (const auto& [length, sequences] : by_length) {
    if (length == 0) continue;
    const auto count = static_cast<std::int64_t>(sequences.size());
    std::vector<std::int64_t> tokens;
    for (const std::int64_t s : sequences) {
      for (std::int64_t i = 0; i < length; ++i) tokens.push_back(begins[s] + i);
    }
    const at::Tensor key_rows = at::tensor(tokens, at::kLong).to(key.device());
    const at::Tensor query_rows = first_token ? at::tensor(sequences, at::kLong).to(key.device()) : key_rows;
    const auto heads_first = [&](const at::Tensor& x, const at::Tensor& rows) {
      return x.index_select(0, rows).view({count, -1, heads, width}).transpose(1, 2);
    };
    at::Tensor probabilities = at::softmax(
        at::matmul(heads_first(query, query_rows), heads_first(key, key_rows).transpose(2, 3)) / std::sqrt(width), -1);
    probabilities = dropout(probabilities, rate, random);
    outputs.push_back(
        at::matmul(probabilities, heads_first(value, key_rows)).transpose(1, 2).reshape({-1, heads * width}));
    places.push_back(query_rows);
  }
  if (outputs.empty()) return at::zeros_like(query);
  return at::zeros_like(query).index_copy(0, at::cat(places), at::cat(outputs));
}

}  // namespace infomtl::ops
