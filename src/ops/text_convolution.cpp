#include "infomtl/ops/text_convolution.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "infomtl/core/errors.h"
#include "infomtl/ops/device_copy.h"
#include "infomtl/ops/host_values.h"

namespace infomtl::ops {

using torch::Tensor;

Tensor max_over_windows(const Tensor& rows, const Tensor& offsets, const Tensor& weight, const Tensor& bias) {
  if (rows.dim() != 2 || offsets.dim() != 1 || offsets.size(0) < 1 || weight.dim() != 3 || bias.dim() != 1 ||
      weight.size(1) != rows.size(1) || weight.size(2) != bias.size(0) || weight.size(0) < 1) {
    throw ShapeError("max_over_windows: needs rows [N, H], offsets [B+1], weight [w, H, F] and bias [F]");
  }
  const std::vector<std::int64_t> begins = host_values(offsets);
  const std::int64_t count = rows.size(0), width = weight.size(0), filters = weight.size(2);
  if (begins.front() < 0 || begins.back() > count || !std::is_sorted(begins.begin(), begins.end())) {
    throw ShapeError("max_over_windows: offsets that leave the " + std::to_string(count) + " rows, or fall");
  }
  // Of each window: its text, and where its j-th row lies; the row of zeros behind the last stands for none.
  std::vector<std::int64_t> owners;
  std::vector<std::vector<std::int64_t>> places(static_cast<std::size_t>(width));
  for (std::size_t text = 0; text + 1 < begins.size(); ++text) {
    const std::int64_t begin = begins[text], end = begins[text + 1];
    const std::int64_t last = std::max(begin, end - width);  // the last window's first row
    for (std::int64_t first = begin; first <= last && first < end; ++first) {
      owners.push_back(static_cast<std::int64_t>(text));
      for (std::int64_t j = 0; j < width; ++j) {
        places[static_cast<std::size_t>(j)].push_back(first + j < end ? first + j : count);
      }
    }
  }
  const auto on_device = [&](const std::vector<std::int64_t>& values) {
    return copied_to(torch::tensor(values, torch::kInt64), rows.device());
  };
  // What each row says to each filter at each place of a window, once.
  const Tensor answers = rows.matmul(weight.permute({1, 0, 2}).reshape({rows.size(1), width * filters}));
  const Tensor padded =
      at::cat({answers, at::zeros({1, width * filters}, answers.options())}).view({-1, width, filters});
  Tensor sums = bias.unsqueeze(0);
  for (std::int64_t j = 0; j < width; ++j) {
    sums = sums + padded.select(1, j).index_select(0, on_device(places[static_cast<std::size_t>(j)]));
  }
  const auto texts = static_cast<std::int64_t>(begins.size()) - 1;
  const Tensor of_texts = on_device(owners).unsqueeze(1).expand({-1, filters});
  return at::zeros({texts, filters}, answers.options()).scatter_reduce(0, of_texts, at::relu(sums), "amax", true);
}

}  // namespace infomtl::ops
