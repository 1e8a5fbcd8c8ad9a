#pragma once
// Related runs: the finished runs below some folders, and which of them are one method on other tasks.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "infomtl/runs/results.h"

namespace infomtl {

struct RelatedRun {
  std::filesystem::path folder;
  std::string name;     ///< as messages call it
  std::string method;   ///< equal for runs that differ in tasks, seed and words only
  bool single = false;  ///< one model per task
  Results results;

  std::vector<std::string> tasks() const;
};

/// What is common to a config's runs on any tasks: the config without seed, tasks, words for readers and whether one model is
/// trained per task.
std::string method_of(const Json& config);

/// @param left_out  grows by the runs that are not finished or cannot be read
/// @throws UserError for a folder that is not there, IoError
std::vector<RelatedRun> runs_below(const std::filesystem::path& folder, std::vector<std::string>& left_out);

/// The seeds of one config: runs of the same method on the same tasks, of those that have all of `tasks`, share an encoder,
/// and come first. @param others  the names of such runs of other configs
std::vector<const RelatedRun*> runs_of_all(const std::vector<RelatedRun>& runs, const std::vector<std::string>& tasks,
                                           std::vector<std::string>& others);

/// "runs/ew/seed-0" or "runs/ew/seed-0 and 4 more".
std::string names_of(const std::vector<const RelatedRun*>& runs);

}  // namespace infomtl
