#pragma once
// Label noise: wrong labels put in on purpose, to see how methods bear them.

#include <cstdint>

#include "infomtl/data/dataset.h"

namespace infomtl::data {

/// Gives a share of every task's rows another class, all other classes alike: symmetric noise. The rows, the nearest
/// whole number of them, are a function of the seed; those of a smaller share are among those of a larger one.
/// @param share  in [0, 1] @throws ConfigError for a task whose labels are not single classes
void flip_labels(SplitData& data, const std::vector<Task>& tasks, double share, std::uint64_t run_seed);

}  // namespace infomtl::data
