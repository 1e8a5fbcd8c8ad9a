#pragma once
// Step statistics: what the steps since the last report (and of the epoch) added up to. Sums stay on the device until a
// report is written; they are saved with a checkpoint, so that a resumed run writes the same records.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/data/task.h"
#include "infomtl/step/step_gradients.h"
#include "infomtl/train/step_report.h"

namespace infomtl {

class StepStatistics {
 public:
  explicit StepStatistics(std::vector<std::string> tasks)
      : tasks_(std::move(tasks)), weights_(tasks_.size()), epoch_losses_(tasks_.size()) {}

  /// @param norm  scalar on the device; @param clipped  0 or 1, of the step or of each of its tasks
  void add(StepGradients& gradients, const Tensor& norm, const Tensor& clipped);
  void add_skipped() { ++skipped_; }

  /// Steps since the last report whose gradient was clipped, a step clipped per task counting by its share.
  double clipped_steps() const { return clipped_.steps == 0 ? 0 : clipped_.sum.item<double>(); }
  /// Fills the report's losses, weights, gradient norm, share of clipped and number of skipped steps, and starts anew.
  void take(StepReport& report);
  /// Mean training loss of each task over the epoch, NaN for one that was not seen; starts anew.
  std::vector<double> take_epoch_losses();

  Json save() const;
  /// @throws FormatError
  void load(const Json& saved);

 private:
  struct TermTotal {
    Tensor sum, weighted;  ///< scalars float64
    double count = 0;
  };
  struct Mean {
    Tensor sum;  ///< scalar float64
    std::int64_t steps = 0;
  };
  static void add_to(Mean& mean, const Tensor& value);
  static double value_of(const Mean& mean);

  std::vector<std::string> tasks_;
  std::map<std::pair<std::size_t, std::string>, TermTotal> terms_;
  Mean norm_, clipped_;
  std::vector<Mean> weights_, epoch_losses_;  // one per task
  std::int64_t skipped_ = 0;
};

}  // namespace infomtl
