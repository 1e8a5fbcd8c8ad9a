#pragma once
// Representation: what a trained model makes of a split, in numbers: how evenly the shared representation spreads, and
// how well the heads' outputs fall into the classes (InfoMTL, arXiv 2503.04667, quality of representations).
//
//   TrainedRun run = TrainedRun::load("runs/first");
//   for (const auto& [task, quality] : representation_quality(run, "test")) std::printf("%f\n", quality.uniformity);

#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/json.h"
#include "infomtl/runs/trained_run.h"
#include "infomtl/train/representation_quality.h"

namespace infomtl {

/// Of every task that has rows in the split; rows of an unknown label are left out.
/// @throws what reading the data throws
INFOMTL_API std::vector<std::pair<std::string, RepresentationQuality>> representation_quality(TrainedRun& run,
                                                                                              const std::string& split);

/// The same of outputs at hand, TrainedRun::outputs().
INFOMTL_API std::vector<std::pair<std::string, RepresentationQuality>> representation_quality(
    const std::vector<TaskOutputs>& outputs);

/// {"split", "tasks": {name: {"rows", "uniformity", "mean_cosine", "adjusted_rand_index"}}}; a number that is not there is null.
INFOMTL_API Json to_json(const std::vector<std::pair<std::string, RepresentationQuality>>& quality,
                         const std::string& split);
/// The same as a table for the terminal.
INFOMTL_API std::string to_table(const std::vector<std::pair<std::string, RepresentationQuality>>& quality,
                                 const std::string& split);

}  // namespace infomtl
