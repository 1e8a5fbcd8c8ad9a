#pragma once
// Config check: a dry run. Everything is read and built as training would, nothing is trained or written, and all that
// is wrong is listed, each thing once.
//
//   const ConfigReport report = check_config("tweets.json", {"training.epochs=3"});
//   std::fputs(report.text().c_str(), stdout);
//   return report.data.problems.empty() ? 0 : 2;

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/json.h"
#include "infomtl/core/problems.h"
#include "infomtl/data/dataset_report.h"

namespace infomtl {

class Config;

struct INFOMTL_API ConfigReport {
  /// What the encoder's folder holds and which of it is used: ("weights", "model.safetensors"), ("tokenizer", ...).
  std::vector<std::pair<std::string, std::string>> model;
  DatasetReport data;  ///< with the problems and notes of the whole config

  /// @param examples  three texts of each class, too
  std::string text(bool examples = false) const;
  Json json() const;
};

/// Checks configs that belong together, such as those of a comparison's methods: a problem that several have is listed
/// once, and data that they share are read once.
class INFOMTL_API ConfigChecker {
 public:
  /// @param problems  the list; configs that are checked must collect into it (Config::collect)
  explicit ConfigChecker(std::shared_ptr<Problems> problems);
  ~ConfigChecker();

  /// Checks one run's config. @return whether it added no problem
  bool check(const Config& config);
  /// The data that were read so far, for more questions to them.
  ReadDatasets& datasets();
  /// Of the first config that was checked, with the problems and notes of all.
  ConfigReport report() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// Of a run's config. A file that can't be read as a config is the one problem of the report.
INFOMTL_API ConfigReport check_config(const std::filesystem::path& file,
                                      const std::vector<std::string>& overrides = {});

}  // namespace infomtl
