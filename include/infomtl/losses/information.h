#pragma once
// Information: how many nats of the input a task's output representation holds, as a diagnostic. The gaussian head's
// p(z_t|x) is known, so I(X;Z_t) lies between two bounds without any critic.
//
//   {"name": "information"}     in log.jsonl: diagnostics/information/<task>/lower and .../upper

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/losses/loss_term.h"

namespace infomtl {

class StepAverage;

/// Adds 0 to the loss, whatever its weight. Each training step of a task gives
///   lower  log B + mean_i [ log p(z_i|x_i) - LSE_j log p(z_i|x_j) ], InfoNCE over x, never above log B
///   upper  mean_i [ log p(z_i|x_i) - log 1/(B-1) sum_{j != i} p(z_i|x_j) ], leave-one-out (Poole et al. 2019)
/// and the log shows their moving averages over the task's steps (of a step in micro-batches: the last one). A batch of
/// one row is left out.
class INFOMTL_API Information final : public LossTerm {
 public:
  struct Settings {
    double momentum = 0.9;  ///< share of the old value in the moving average, in [0, 1); 0: the last batch alone
    void fields(FieldVisitor& f) {
      f.field("momentum", momentum, "share of the old value in the moving average; 0: the last batch alone",
              from_to_below(0, 1));
    }
  };
  Information(Settings settings, const TermContext& context);

  Needs needs() const override { return {.gaussian_head = true}; }
  bool in_evaluation() const override { return false; }
  std::int64_t count(const TaskBatch& rows) const override { return rows.label_count() < 2 ? 0 : rows.label_count(); }
  bool reads_labels() const override { return false; }
  LossValue compute(TaskStep& step) override;
  std::vector<std::pair<std::string, double>> diagnostics() const override;

 private:
  Settings settings_;
  std::vector<std::string> tasks_;
  std::shared_ptr<StepAverage> average_;  ///< per task: lower, upper, and the averages' common weight so far
};

}  // namespace infomtl
