#include "infomtl/data/read_datasets.h"

#include <utility>

#include "data/class_rows.h"
#include "infomtl/core/config.h"

namespace infomtl {
namespace {

std::string key_of(const Config& data, std::uint64_t run_seed) {
  return data.effective(data_path_fields(data)).dump() + "\n" + std::to_string(run_seed);
}

}  // namespace

ReadDatasets::ReadDatasets() = default;
ReadDatasets::~ReadDatasets() = default;

const Dataset& ReadDatasets::load(const Config& data, std::uint64_t run_seed) {
  std::unique_ptr<data::ReadDataset>& known = known_[key_of(data, run_seed)];
  if (known == nullptr || !known->problems.empty()) {  // of a broken one the first problem is thrown
    auto whole = std::make_unique<data::ReadDataset>();
    whole->dataset = data::load_dataset_with(data, run_seed, nullptr, &whole->readings);
    known = std::move(whole);
  }
  return known->dataset;
}

const data::ReadDataset& ReadDatasets::read(const Config& data, std::uint64_t run_seed) {
  std::unique_ptr<data::ReadDataset>& known = known_[key_of(data, run_seed)];
  if (known == nullptr) {
    auto found = std::make_unique<data::ReadDataset>();
    found->dataset = data::load_dataset_with(data, run_seed, &found->problems, &found->readings);
    known = std::move(found);
  }
  return *known;
}

}  // namespace infomtl
