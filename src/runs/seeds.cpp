#include "infomtl/runs/seeds.h"

#include <set>
#include <system_error>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/log.h"
#include "infomtl/core/output_file.h"
#include "infomtl/runs/run.h"

namespace infomtl {
namespace {

/// A folder of seeds is empty, or has been one before. @throws UserError
void refuse_other_folder(const std::filesystem::path& parent) {
  const auto is_summary = [](std::string_view text) {
    return text.starts_with("{\n  \"format\": ") && text.find("\"seeds\"") != text.npos;
  };
  check_output(parent / "summary.json", {.what = "the summary of runs of several seeds", .is_of_kind = is_summary});
  if (std::filesystem::exists(parent / "summary.json")) return;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(parent, error)) {
    if (entry.path().filename().string().starts_with("seed-")) return;
  }
  refuse_filled_folder(parent, "runs of several seeds");
}

}  // namespace

std::vector<std::uint64_t> read_seeds(const Config& config, const std::string& key) {
  std::vector<std::uint64_t> seeds;
  for (const Config& seed : config.list_or_empty(key)) {
    seeds.push_back(static_cast<std::uint64_t>(seed.as_integer(at_least(0))));
  }
  return seeds;
}

void refuse_repeated_seeds(const std::vector<std::uint64_t>& seeds, const std::string& where) {
  std::set<std::uint64_t> seen;
  for (const std::uint64_t seed : seeds) {
    if (seen.insert(seed).second) continue;
    throw UserError(where + ": seed " + std::to_string(seed) + " is given twice; give each once");
  }
}

Summary run_seeds(const std::filesystem::path& config, const std::vector<std::uint64_t>& seeds,
                  const ExperimentOptions& options, const std::atomic<bool>* stop) {
  if (seeds.empty()) throw UserError("no seeds were given");
  refuse_repeated_seeds(seeds, "--seeds");
  const std::filesystem::path parent =
      options.output.empty() ? std::filesystem::path("runs") / config.stem() : options.output;
  refuse_other_folder(parent);
  Summary summary;
  for (const std::uint64_t seed : seeds) {
    ExperimentOptions own = options;
    own.seed = seed;
    own.resume = true;
    own.output = parent / ("seed-" + std::to_string(seed));
    Run run = Run::from_config(config, own);
    log::info("seed " + std::to_string(seed) + (run.finished() ? " is finished" : "") + ": " + own.output.string());
    Results results = run.fit(stop);
    if (results.tasks.empty()) return summary;  // stopped
    summary.runs.push_back(std::move(results));
    write_file_atomically(parent / "summary.json", summary.to_json().dump(2) + "\n");
  }
  return summary;
}

}  // namespace infomtl
