#include "support/seed.h"

#include <gtest/gtest.h>
#include <torch/utils.h>

namespace infomtl::testing {
namespace {

class Seeding final : public ::testing::EmptyTestEventListener {
  void OnTestStart(const ::testing::TestInfo& /*test*/) override { torch::manual_seed(kSeed); }
};

[[maybe_unused]] const bool kListens = [] {
  ::testing::UnitTest::GetInstance()->listeners().Append(new Seeding);  // which owns it
  return true;
}();

}  // namespace
}  // namespace infomtl::testing
