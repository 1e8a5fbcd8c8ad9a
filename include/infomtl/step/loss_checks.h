#pragma once
// Loss checks: losses of a step whose values nobody has looked at yet. To look at each when it is found would wait for the
// device each time; so they are looked at together, once.
//
//   LossChecks unchecked;
//   ForwardPass forward({..., .unchecked = &unchecked}, batch);
//   if (!unchecked.finite(gradient_norm)) unchecked.throw_first();

#include <string>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/losses/objective.h"
#include "infomtl/losses/task_step.h"
#include "infomtl/step/forward_context.h"

namespace infomtl {

class INFOMTL_API LossChecks {
 public:
  /// @param what  "loss" or "penalty"
  void add(const ForwardContext& context, const TaskLoss& loss, const TaskStep& step, const char* what);

  /// Of all of them and of this scalar, where it is defined: finite where they are. Float64 on the device; undefined for none.
  Tensor sum(const Tensor& also) const;
  /// Whether that is finite: reads one number of the device, once for all. Losses that are finite are forgotten.
  bool finite(const Tensor& also);
  /// For the first that is not finite, where there is one. @throws NonFiniteError naming step, task, term and parameter
  void throw_first() const;
  /// Both, of the losses alone: nothing is read where there are none.
  void check();

 private:
  struct Unseen {
    std::string place, what;  ///< step and task; loss or penalty
    Tensor value;
    std::vector<TermPart> parts;
    const MultiTaskModel* model;
    const Objective* objective;
  };
  std::vector<Unseen> losses_;
};

}  // namespace infomtl
