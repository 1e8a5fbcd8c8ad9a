#pragma once
// Covariance: how alike the directions are in which the tasks of a trained run vary, pair by pair (Wu, Zhang and Re, ICLR 2020;
// ops/covariance.h says what the score is and is not).
//
//   TrainedRun run = TrainedRun::load("runs/first");
//   for (const CovarianceTable& table : covariance_tables(run.outputs("test"))) std::cout << table.of << table.scores;

#include <torch/types.h>

#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/json.h"
#include "infomtl/runs/trained_run.h"

namespace infomtl {

struct CovarianceTable {
  std::string of;  ///< what varies: "pooled outputs", "word embeddings", "mapped word embeddings"
  bool centred = false;
  std::vector<std::string> tasks;
  std::string
      variant;  ///< whether it is the paper's score (leading eigenvalues that hold 99 %), of what, or how it differs
  torch::Tensor scores;  ///< [T, T] float64 on the CPU, symmetric
};

/// Of the pooled outputs, and where the architecture maps word embeddings, of those before and after; each also centred. The
/// paper's are the two of word embeddings that are not centred: of the inputs of what tasks share, before and after the maps.
/// None for less than two tasks.
/// @param tasks  of a run whose tasks read one encoder, TrainedRun::shares_encoder()
INFOMTL_API std::vector<CovarianceTable> covariance_tables(const std::vector<TaskOutputs>& tasks);

/// [{"of", "centred", "variant", "scores": {task: {task: score}}}]
INFOMTL_API Json to_json(const std::vector<CovarianceTable>& tables);
/// The same for the terminal; empty for none.
INFOMTL_API std::string to_table(const std::vector<CovarianceTable>& tables);

}  // namespace infomtl
