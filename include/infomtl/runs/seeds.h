#pragma once
// Seeds: one config under several seeds.
//
//   Summary summary = run_seeds("tweets.json", {0, 1, 2}, {.output = "runs/tweets"});
//   std::puts(summary.table().c_str());

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/core/export.h"
#include "infomtl/runs/experiment.h"
#include "infomtl/runs/summary.h"

namespace infomtl {

/// A config's list of seeds; empty where it has none. @throws ConfigError
INFOMTL_API std::vector<std::uint64_t> read_seeds(const Config& config, const std::string& key);
/// @param where  they were given @throws UserError naming a seed that is there twice
INFOMTL_API void refuse_repeated_seeds(const std::vector<std::uint64_t>& seeds, const std::string& where);

/// Trains one config under several seeds, one folder seed-<n> below `output` (empty: runs/<config name>); writes
/// summary.json. Finished seeds are kept, broken-off ones continue. Ends early when `stop` is set.
/// @throws UserError for no seeds or one given twice; what Run throws
INFOMTL_API Summary run_seeds(const std::filesystem::path& config, const std::vector<std::uint64_t>& seeds,
                              const ExperimentOptions& options, const std::atomic<bool>* stop = nullptr);

}  // namespace infomtl
