#pragma once
// Step report: what the steps since the last report tell. Plain values, no tensors.
//
//   trainer.on_report([](const StepReport& r) { std::printf("%f\n", r.losses.at("hate").at("supervised").raw); });

#include <cstdint>
#include <map>
#include <string>

#include "infomtl/core/export.h"
#include "infomtl/core/json.h"

namespace infomtl {

struct TermReport {
  double raw = 0;       ///< mean over the units counted
  double weighted = 0;  ///< times the term's weight
  double count = 0;     ///< units since the last report
};

/// Means over the steps since the last report.
struct StepReport {
  std::int64_t step = 0;   ///< optimiser steps done
  std::int64_t epoch = 0;  ///< from 0; to_json() counts from 1, as files and screens do
  std::int64_t total_steps = 0;
  double learning_rate = 0;
  double gradient_norm = 0;                                         ///< of the model's parameters, before clipping
  double clipped_share = 0;                                         ///< of the steps, whose gradient clipping shortened
  std::map<std::string, std::map<std::string, TermReport>> losses;  ///< task -> term
  std::map<std::string, double> weights;                            ///< task -> weight of the loss
  std::map<std::string, double> diagnostics;
  std::int64_t skipped_steps = 0;  ///< left out because a loss or gradient was not finite
  double tokens_per_second = 0;    ///< real tokens, a second view counted once
  double examples_per_second = 0;

  /// The record of log.jsonl: step, epoch, loss/<task>/<term>/{raw,weighted,count}, gradient_norm, weights/<task>, ...
  /// Timings are left out where `timings` is false, so that runs can be compared bit for bit.
  INFOMTL_API Json to_json(bool timings = true) const;
};

}  // namespace infomtl
