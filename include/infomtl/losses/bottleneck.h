#pragma once
// Bottleneck: compresses the code that a stochastic architecture puts between encoder and heads (MT-VIB, Hierarchical
// MTL).

#include <string>

#include "infomtl/core/export.h"
#include "infomtl/losses/loss_term.h"

namespace infomtl {

/// KL( N(mean, e^s) || N(0, v) ) of the task's representation, v the architecture's prior (1 where it has none):
///   1/2 (log v - s + (e^s + mean^2) / v - 1)
/// for each coordinate, reduced over coordinates and rows (words for tagging) by
///   sum   sum over coordinates, mean over rows: nats per row, an upper bound on I(X; Z~) in expectation
///   mean  mean over coordinates and rows
/// Gradients reach the code and a learned prior. Training only.
class INFOMTL_API Bottleneck final : public LossTerm {
 public:
  struct Settings {
    std::string reduction = "sum";  ///< or "mean"
    void fields(FieldVisitor& f) {
      f.choice("reduction", reduction, {"sum", "mean"}, "how the KL is reduced over coordinates");
    }
  };
  Bottleneck() = default;
  explicit Bottleneck(Settings settings) : settings_(std::move(settings)) {}

  Needs needs() const override { return {.stochastic_architecture = true}; }
  bool in_evaluation() const override { return false; }
  std::int64_t count(const TaskBatch& rows) const override { return rows.label_count(); }
  bool reads_labels() const override { return false; }
  LossValue compute(TaskStep& step) override;

 private:
  Settings settings_;
};

}  // namespace infomtl
