#pragma once
// Fixtures of tests: small JSON files below tests/fixtures, each written by a script in scripts/fixtures.

#include <fstream>
#include <string>
#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/core/json.h"
#include "support/compare.h"
#include "support/fixture_folder.h"

namespace infomtl::testing {

inline Json read_fixture(const std::string& name) {
  std::ifstream file(infomtl::testing::fixture_folder() + "/" + name);
  EXPECT_TRUE(file.good()) << "no fixture " << name;
  return Json::parse(file);
}

inline torch::Tensor float64_tensor(const Json& numbers) {
  return torch::tensor(numbers.get<std::vector<double>>(), torch::kFloat64);
}

}  // namespace infomtl::testing
