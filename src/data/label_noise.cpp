#include "data/label_noise.h"

#include <cmath>

#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"

namespace infomtl::data {

void flip_labels(SplitData& data, const std::vector<Task>& tasks, double share, std::uint64_t run_seed) {
  if (share == 0) return;
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    if (tasks[t].kind != TaskKind::classification || tasks[t].labels.size() < 2) {
      throw ConfigError("label_noise: task \"" + tasks[t].name + "\" is no classification of rows into single classes");
    }
    TaskRows& rows = data.tasks[t];
    const auto classes = static_cast<std::uint64_t>(tasks[t].labels.size());
    RandomStream random(derive_seed(run_seed, "label_noise/" + tasks[t].name));
    const auto order = random.permutation(rows.size());
    const auto flipped = static_cast<std::size_t>(std::llround(share * static_cast<double>(rows.size())));
    for (std::size_t i = 0; i < flipped; ++i) {
      std::int32_t& label = rows.classes[order[i]];
      const auto step = 1 + random.below(classes - 1);
      label = static_cast<std::int32_t>((static_cast<std::uint64_t>(label) + step) % classes);
    }
  }
}

}  // namespace infomtl::data
