#include "train/bad_gradient.h"

#include "infomtl/core/errors.h"

namespace infomtl {

void throw_bad_gradient(const StepInputs& step, FlatParameters& parameters) {
  const std::vector<Task>& known = step.forward.model->tasks();
  const std::string number = "step " + std::to_string(step.forward.step + 1);
  std::string tasks;
  for (const std::size_t task : step.tasks) {
    tasks += (tasks.empty() ? "\"" : ", \"") + known[task].name + "\"";
    // Clipping by a NaN norm has spread it, or made all 0; the culprit is found on gradients computed once more.
    StepContext context;
    context.forward = step.forward;
    context.forward.records = false;
    context.forward.unchecked = nullptr;
    context.parameters = &parameters;
    std::vector<StepBatch> own = step.micro_batches;
    for (StepBatch& micro : own) std::erase_if(micro.tasks, [&](const TaskBatch& rows) { return rows.task != task; });
    std::erase_if(own, [](const StepBatch& micro) { return micro.tasks.empty(); });
    parameters.zero_gradients();
    StepGradients alone(std::move(context), std::move(own));
    alone.apply_weights(torch::ones({1}), {});
    const std::string name = parameters.first_non_finite_gradient();
    if (name.empty()) continue;
    throw NonFiniteError(number + ", task \"" + known[task].name + "\": the gradient of parameter \"" + name +
                         "\" is not finite");
  }
  if (tasks.empty()) throw NonFiniteError(number + ": the gradient of the penalties is not finite");
  throw NonFiniteError(number + ", tasks " + tasks + ": the gradient as the weighting combined it is not finite");
}

}  // namespace infomtl
