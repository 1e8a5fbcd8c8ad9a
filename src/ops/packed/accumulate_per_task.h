#pragma once
// What an operation with row owners does with the gradients of its parameters: the protocol of GradientSink, once.

#include <torch/types.h>

#include <vector>

#include "infomtl/ops/packed/row_owners.h"

namespace infomtl::ops {

/// Where one task's gradients of one use of some parameters are to be added.
struct TaskPlaces {
  RowRange rows;                   ///< that the task owns
  std::vector<at::Tensor> places;  ///< per parameter a contiguous vector, undefined where the sink does not take it
};

/// Has `add(TaskPlaces)` add the gradients of each task that owns rows to the sink's places for those of `parameters`
/// that are needed and that the sink takes. A sink with one place for all tasks gets all rows at once.
///
/// @param needed  per parameter, whether anyone asked for its gradient
/// @param sum  handed over to a sink that keeps, when it took all of the parameters; empty: none
/// @return per parameter, whether the sink took it; where not, the ordinary gradient is the caller's to compute
template <class Add>
std::vector<bool> accumulate_per_task(const RowOwners& owners, const std::vector<at::Tensor>& parameters,
                                      const std::vector<bool>& needed, Add add, GradientSink::WeightedSum sum = {}) {
  std::vector<bool> taken(parameters.size(), false);
  if (owners.none()) return taken;
  GradientSink& sink = owners.sink();
  std::vector<at::Tensor> opened(parameters.size());
  const at::Tensor* any = nullptr;
  bool all = true;
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    if (needed[p]) opened[p] = sink.open(parameters[p]);
    taken[p] = opened[p].defined();
    if (taken[p]) any = &opened[p];
    all = all && taken[p];
  }
  if (any == nullptr) return taken;

  const bool together = any->size(0) == 1;
  const std::vector<RowRange> whole{{0, owners.rows()}};
  const std::vector<RowRange>& ranges = together ? whole : owners.ranges();
  TaskPlaces task{.rows = {}, .places = std::vector<at::Tensor>(parameters.size())};
  for (std::size_t t = 0; t < ranges.size(); ++t) {
    if (ranges[t].begin == ranges[t].end) continue;
    task.rows = ranges[t];
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      if (taken[p]) task.places[p] = opened[p][static_cast<std::int64_t>(t)];
    }
    add(static_cast<const TaskPlaces&>(task));
  }
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    if (taken[p]) sink.close(parameters[p], opened[p]);
  }
  if (all && sum && sink.keeps()) sink.keep(parameters, std::move(sum));
  return taken;
}

}  // namespace infomtl::ops
