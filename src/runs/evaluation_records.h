#pragma once
// Evaluation records: what log.jsonl and TensorBoard have of an evaluation.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/json.h"
#include "infomtl/train/trainer.h"

namespace infomtl {

/// Of an evaluation after the epoch, or within it, after `passes` epochs.
Json evaluation_record(std::int64_t step, std::int64_t epoch, std::optional<double> passes, const std::string& split,
                       const Evaluation& scores, const std::vector<Task>& tasks, bool best);

/// Adds the information plane of an epoch, of the rows that the selection reads.
void add_information(Json& record, const Trainer& trainer, std::uint64_t seed, const std::string& split);

/// The numbers of a record, for TensorBoard.
std::vector<std::pair<std::string, double>> scalars_of(const Json& record);

}  // namespace infomtl
