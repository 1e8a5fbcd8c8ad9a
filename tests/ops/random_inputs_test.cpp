// Inputs that tests draw: the same in every run, whichever tests ran before.
#include <gtest/gtest.h>
#include <torch/types.h>

#include "support/seed.h"

namespace infomtl {
namespace {

class RandomInputs : public ::testing::TestWithParam<int> {};

TEST_P(RandomInputs, AreThoseOfTheSeedInEveryTest) {
  const torch::Tensor drawn = torch::rand({3});
  torch::manual_seed(testing::kSeed);
  EXPECT_TRUE(torch::equal(drawn, torch::rand({3})));
}

INSTANTIATE_TEST_SUITE_P(OneAfterTheOther, RandomInputs, ::testing::Values(1, 2));

}  // namespace
}  // namespace infomtl
