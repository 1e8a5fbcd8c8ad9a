#include "infomtl/train/view_information.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>

#include "infomtl/core/random.h"
#include "infomtl/ops/information/contrastive.h"
#include "infomtl/step/forward_pass.h"

namespace infomtl {
namespace {

/// One task's rows, in the order of the batches, in two views.
struct ViewedRows {
  std::array<std::vector<Tensor>, 2> pooled, output;
  std::int64_t rows = 0;
};

double information_of(const std::array<std::vector<Tensor>, 2>& views, std::int64_t most) {
  const Tensor first = at::cat(views[0]), second = at::cat(views[1]);
  const std::int64_t rows = std::min(most, first.size(0));
  return ops::two_view_information(first.narrow(0, 0, rows), second.narrow(0, 0, rows)).item<double>();
}

}  // namespace

std::vector<ViewInformation> view_information(const MultiTaskModel& model, const BatchReader& batches,
                                              const ViewInformationSettings& settings) {
  const torch::NoGradGuard no_grad;
  const torch::Device device = model.parameters().front().device();
  std::vector<ViewedRows> tasks(model.tasks().size());
  std::int64_t number = 0;
  while (const std::optional<StepBatch> batch = batches()) {
    const StepBatch rows = batch->to(device);
    for (std::size_t view = 0; view < 2; ++view) {
      ForwardContext context;
      context.model = &model;
      // Masks are a function of the view and the batch; the step is the model's own, so that what it anneals stays as it is.
      context.seed =
          derive_seed(settings.seed, "view_information/" + std::to_string(view), static_cast<std::uint64_t>(number));
      context.step = settings.step;
      context.records = false;
      ForwardPass forward(context, rows);
      for (std::size_t k = 0; k < forward.size(); ++k) {
        TaskStep& step = forward.task(k);
        if (step.task().kind == TaskKind::tagging) continue;
        ViewedRows& own = tasks[step.task_index()];
        own.pooled[view].push_back(step.shared().to(torch::kCPU, torch::kFloat32));
        own.output[view].push_back(step.prediction().output.to(torch::kCPU, torch::kFloat32));
        if (view == 0) own.rows += own.pooled[view].back().size(0);
      }
    }
    ++number;
  }
  std::vector<ViewInformation> found;
  for (const ViewedRows& task : tasks) {
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    if (task.rows == 0) {
      found.push_back({kNone, kNone});
    } else {
      found.push_back({information_of(task.pooled, settings.rows), information_of(task.output, settings.rows)});
    }
  }
  return found;
}

}  // namespace infomtl
