#include "infomtl/ops/aggregation/loss_weights.h"
#include "weighting/builtin.h"

namespace infomtl::weightings {

struct TaskSizeSettings : NoSettings {};

void check_tasks(const TaskSizeSettings& /*settings*/, const WeightingContext& tasks, const Refusal& refuse) {
  if (tasks.names.size() < 2 || tasks.regime == Regime::joint || !tasks.sampled_by_size) return;
  refuse("",
         "weighting \"task_size\": the sampler takes tasks by their size already; set \"training\": "
         "{\"sampler\": \"uniform\"}");
}

/// TW: each task's share of the training examples as the weight of its loss, times T so that equal sizes give 1.
class TaskSize final : public GradientWeighting {
 public:
  using Settings = TaskSizeSettings;
  TaskSize(Settings /*settings*/, const WeightingContext& tasks) {
    std::vector<double> counts(tasks.train_rows.begin(), tasks.train_rows.end());
    weights_ = ops::task_size(torch::tensor(counts, torch::kFloat64)) * static_cast<double>(counts.size());
  }
  void backward(TaskGradients& task_gradients) override {
    task_gradients.apply_weights(of_step(weights_, task_gradients));
  }

 private:
  torch::Tensor weights_;
};

WeightingFactory task_size() { return made_by<TaskSize>("task_size", {}); }

void register_task_size(WeightingRegistry& registry) {
  add_checked<TaskSize>(registry, "task_size",
                        "weights by the share of training examples (TW); not where the sampler counts sizes already",
                        "as compared in Hu et al., AAAI 2025", in_both_regimes(GradientKind::losses));
}

}  // namespace infomtl::weightings
