#pragma once
// Relative position buckets: small distances between two tokens have a bucket each, larger ones share buckets that widen
// as logarithms do, and all from a greatest distance on are one (Raffel et al., JMLR 2020, section 2.1; MPNet's too).

#include <torch/types.h>

#include <cstdint>

namespace infomtl::encoders {

/// The bucket in [0, buckets) of a key `distance` tokens behind its query. Of the two halves the first is of keys at or
/// before the query, the second of keys after it.
///
/// @param distance  position of the key minus that of the query
/// @param buckets   a multiple of 4; a quarter of them are for single distances on either side
/// @param farthest  from this distance on there is one bucket on either side; > buckets / 4
std::int64_t relative_position_bucket(std::int64_t distance, std::int64_t buckets, std::int64_t farthest);

/// Those of the distances -(longest - 1) .. longest - 1: [2 * longest - 1] int64, the distance d at d + longest - 1.
torch::Tensor relative_position_buckets(std::int64_t longest, std::int64_t buckets, std::int64_t farthest);

}  // namespace infomtl::encoders
