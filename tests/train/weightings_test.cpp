// Every registered weighting in a training run of the embedded corpus, in each regime it is defined in, with one
// micro-batch per step and with two: it learns, and a continued run is the same run bit for bit.

#include <ostream>

#include "train/whole_run.h"

namespace infomtl {
namespace {

using testing::data_of;

// As many tasks as every weighting's defaults need.
const std::vector<std::string> kTasks = {"topic", "polarity", "emotion", "certainty"};

struct Corner {
  std::string name, regime;
  std::int64_t accumulate = 1;
  friend std::ostream& operator<<(std::ostream& out, const Corner& corner) {
    return out << corner.name << ", " << corner.regime << ", " << corner.accumulate << " micro-batches";
  }
};

std::vector<Corner> corners() {
  std::vector<Corner> all;
  for (const RegistryEntry& entry : weighting_registry().entries()) {
    for (const RegistryTrait& trait : entry.traits) {
      if (trait.name != "regimes") continue;
      for (const Json& regime : Json::parse(trait.value)) {
        for (const std::int64_t accumulate : {1, 2}) all.push_back({entry.name, regime, accumulate});
      }
    }
  }
  return all;
}

class WeightingInARun : public ::testing::TestWithParam<Corner> {};
INSTANTIATE_TEST_SUITE_P(Corners, WeightingInARun, ::testing::ValuesIn(corners()), [](const auto& each) {
  return each.param.name + "_" + each.param.regime + "_" + std::to_string(each.param.accumulate);
});

TEST_P(WeightingInARun, LearnsAndContinuesBitForBit) {
  // Alone, a task is trained as one of a list of one, by a model of its own.
  const bool alone = GetParam().regime == "single", common = GetParam().name == "svd_reweighting";
  const auto tasks = alone || common ? std::vector<std::string>{"topic"} : kTasks;
  const auto data = common ? testing::common_texts() : data_of(tasks);
  Json weighting = {{"name", GetParam().name}};
  if (GetParam().name == "smoothed") weighting["inner"] = "uncertainty";
  const double above =
      testing::learns_and_continues({.weighting = weighting}, GetParam().regime, GetParam().accumulate, tasks, data);
  RecordProperty("above_chance", std::to_string(above));
}

}  // namespace
}  // namespace infomtl
