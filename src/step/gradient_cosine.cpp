#include "infomtl/step/gradient_cosine.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <utility>

#include "infomtl/core/random.h"
#include "infomtl/data/packing.h"
#include "infomtl/losses/objective.h"
#include "infomtl/losses/supervised.h"
#include "infomtl/ops/aggregation/gram.h"
#include "infomtl/step/step_gradients.h"

namespace infomtl {
namespace {

/// The selections of two batches that have no row of a task in common.
std::array<std::vector<TextSelection>, 2> two_batches(const Dataset& dataset, const GradientCosineSettings& settings,
                                                      std::int64_t draw) {
  std::array<std::vector<TextSelection>, 2> batches;
  for (std::size_t t = 0; t < dataset.tasks.size(); ++t) {
    const std::vector<std::int32_t>& texts = dataset.split(Split::train).tasks[t].sequences;
    const std::size_t rows = std::min(static_cast<std::size_t>(settings.rows), texts.size() / 2);
    if (rows == 0) continue;
    const std::uint64_t seed =
        derive_seed(settings.seed, "gradient_cosine/" + dataset.tasks[t].name, static_cast<std::uint64_t>(draw));
    const std::vector<std::size_t> order = RandomStream(seed).permutation(texts.size());
    for (std::size_t half = 0; half < 2; ++half) {
      TextSelection selection{.tasks = {t}, .sequences = {}};
      for (std::size_t i = 0; i < rows; ++i) selection.sequences.push_back(texts[order[half * rows + i]]);
      batches[half].push_back(std::move(selection));
    }
  }
  return batches;
}

}  // namespace

std::vector<Tensor> gradient_cosines(const MultiTaskModel& model, const TaskData& data,
                                     const GradientCosineSettings& settings,
                                     const std::function<void(std::int64_t)>& drawing) {
  const Dataset& dataset = data.dataset();
  const auto count = static_cast<std::int64_t>(dataset.tasks.size());
  const torch::Device device = model.parameters().front().device();
  FlatParameters parameters(model.shared_parameters(), model.task_parameters());
  Objective objective;
  objective.add(1.0, std::make_shared<Supervised>());
  const auto gradients_of = [&](const std::vector<TextSelection>& batch) {
    StepContext context;
    context.forward.model = &model;
    context.forward.objective = &objective;
    context.forward.training = false;
    context.forward.records = false;
    context.parameters = &parameters;
    StepGradients gradients(std::move(context), {assemble(batch, dataset.tasks, dataset.split(Split::train),
                                                          data.tokens(Split::train), TokenlessWords::leave_out)
                                                     .to(device)});
    return gradients.jacobian().detach();
  };
  std::vector<Tensor> found;
  for (std::int64_t draw = 0; draw < settings.draws; ++draw) {
    if (drawing) drawing(draw + 1);
    const auto batches = two_batches(dataset, settings, draw);
    Tensor cosines = torch::full({count, count}, std::numeric_limits<double>::quiet_NaN(), torch::kFloat64);
    if (!batches[0].empty()) {
      std::vector<std::int64_t> places;
      for (const TextSelection& selection : batches[0]) places.push_back(static_cast<std::int64_t>(selection.tasks[0]));
      const Tensor first = gradients_of(batches[0]), second = gradients_of(batches[1]);
      const Tensor norms = ops::gram(first).diagonal().sqrt().outer(ops::gram(second).diagonal().sqrt());
      const Tensor products = ops::cross_gram(first, second) / norms;  // 0 / 0 where a gradient is zero
      const Tensor at = torch::tensor(places, torch::kInt64);
      cosines.index_put_({at.unsqueeze(1), at.unsqueeze(0)}, (products + products.t()) / 2);
    }
    found.push_back(cosines);
  }
  return found;
}

}  // namespace infomtl
