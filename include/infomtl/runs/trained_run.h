#pragma once
// Trained run: a run folder read back for evaluation and prediction.
//
//   auto trained = TrainedRun::load("runs/tweets-seed0");
//   std::puts(trained.evaluate("test").table().c_str());
//   trained.predict("hate", {{"have a nice day", ""}});

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/data/task.h"
#include "infomtl/runs/results.h"

namespace infomtl {

class INFOMTL_API TrainedRun {
 public:
  /// @param run  a run folder; its best checkpoint is loaded @throws IoError, FormatError, ConfigError
  static TrainedRun load(const std::filesystem::path& run);
  TrainedRun(TrainedRun&&) noexcept;
  ~TrainedRun();

  /// Scores every task that has rows in the split. @throws what reading the data throws
  Results evaluate(const std::string& split);
  const std::vector<Task>& tasks() const;
  /// One JSON object per text: {"label", "scores"}, {"labels", "scores"} for multi-label, {"value"}, or, for tagging,
  /// {"labels": [...]} with one label per word (of the text split at blanks). Scores are probabilities, by label;
  /// multi-label keeps those above one half. texts: {text, text_pair}; text_pair is read by pair tasks only.
  /// @throws UnknownNameError for an unknown task; DataError naming the text
  std::vector<Json> predict(const std::string& task, const std::vector<std::pair<std::string, std::string>>& texts);

 private:
  struct Implementation;
  explicit TrainedRun(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

/// Scores a split that a finished run was not scored on, from its best checkpoint, and enters it in its results.json.
/// A run that has the split is left as it is. @return all of its results
/// @throws IoError where the run is not finished; RunBusyError while another process is at it; as TrainedRun
INFOMTL_API Results score_split(const std::filesystem::path& run, const std::string& split);

}  // namespace infomtl
