#pragma once
// View information: what a model's representation, and what each task's output, tell of the input, by one estimator for every
// method: ops::two_view_information of two dropout views. The plane of both over training is the information plane of InfoMTL
// (arXiv 2503.04667).
//
//   for (const ViewInformation& task : view_information(model, batches, {.seed = 3})) ...

#include <cstdint>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/data/batch_source.h"
#include "infomtl/model/multi_task_model.h"

namespace infomtl {

/// Lower bounds in nats, at most the logarithm of the rows; NaN for tagging tasks and where there are no rows.
struct ViewInformation {
  double representation = 0;  ///< I(X;Z), of the encoder's pooled output
  /// Of the head's output Z_t, with the noise of a stochastic head: I(X;Z_t), which is below I(Z;Z_t), since Z_t is made of Z.
  double output = 0;
};

struct ViewInformationSettings {
  std::uint64_t seed = 0;   ///< of the dropout masks, the same at every call
  std::int64_t step = 0;    ///< last optimiser step, for what models anneal
  std::int64_t rows = 512;  ///< of a task at most, the first of the batches
};

/// Per task of the model; two passes as in training, without gradients. Nothing of the model changes.
/// @param batches  of a split, each labelled row once
INFOMTL_API std::vector<ViewInformation> view_information(const MultiTaskModel& model, const BatchReader& batches,
                                                          const ViewInformationSettings& settings = {});

}  // namespace infomtl
