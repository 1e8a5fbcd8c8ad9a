#pragma once
// Weighting context: what a weighting is told of the tasks whose batches it will see.
//
//   auto weighting = build_weighting(config, weighting_context(batches));
//   auto other = weightings::pcgrad()(weighting_context(batches));

#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/data/batch_source.h"
#include "infomtl/weighting/gradient_weighting.h"

namespace infomtl {

INFOMTL_API WeightingContext weighting_context(const BatchSource& batches);
/// The names of its tasks, in order.
INFOMTL_API std::vector<std::string> task_names(const BatchSource& batches);

}  // namespace infomtl
