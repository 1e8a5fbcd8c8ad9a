#include "model/encoders/relative_position.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace infomtl::encoders {

std::int64_t relative_position_bucket(std::int64_t distance, std::int64_t buckets, std::int64_t farthest) {
  const std::int64_t half = buckets / 2, single = half / 2, length = std::abs(distance);
  const std::int64_t first = distance > 0 ? half : 0;
  if (length < single) return first + length;
  // In float32, as the models were trained.
  const float share = std::log(static_cast<float>(length) / static_cast<float>(single)) /
                      static_cast<float>(std::log(static_cast<double>(farthest) / static_cast<double>(single)));
  const auto wide = single + static_cast<std::int64_t>(share * static_cast<float>(half - single));
  return first + std::min(wide, half - 1);
}

torch::Tensor relative_position_buckets(std::int64_t longest, std::int64_t buckets, std::int64_t farthest) {
  torch::Tensor result = at::empty({2 * longest - 1}, at::kLong);
  auto* out = result.mutable_data_ptr<std::int64_t>();
  for (std::int64_t d = 1 - longest; d < longest; ++d) {
    *out++ = relative_position_bucket(d, buckets, farthest);
  }
  return result;
}

}  // namespace infomtl::encoders
