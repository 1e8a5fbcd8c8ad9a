#pragma once
// Parts check: builds each part of a run apart from the others, so that a mistake in one hides none in another.

#include <optional>

#include "infomtl/core/problems.h"
#include "infomtl/data/dataset_report.h"
#include "infomtl/text/tokenizer.h"
#include "runs/memory_estimate.h"
#include "runs/run_config.h"

namespace infomtl {

/// Metrics, weighting, encoder, architecture, head, losses, penalties and what the trainer makes of settings, groups
/// and phases. An encoder that can't be loaded is stood in for by a small one.
/// @param run  of a config that collects into `problems` @param tokenizer  null where it could not be loaded
/// @param one_model  the tasks share one model; else nothing is said of how a run to start from fits it
/// @return what the run would take, where what is wrong leaves that known: data, encoder and terms are as they are configured
std::optional<MemoryEstimate> check_parts(const RunConfig& run, const DatasetReport& data, const Tokenizer* tokenizer,
                                          bool one_model, Problems& problems);

}  // namespace infomtl
