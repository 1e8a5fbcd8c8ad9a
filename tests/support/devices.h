#pragma once
// A test's device: the CPU, and CUDA where there is one.
//
//   class Linear : public infomtl::testing::OnDevice {};
//   INFOMTL_ON_EVERY_DEVICE(Linear);
//   TEST_P(Linear, HasTheShapeOfItsRows) { EXPECT_EQ(ops::linear(randn({5, 3}), randn({4, 3}), {}).size(0), 5); }

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <string>

namespace infomtl::testing {

/// Inputs are drawn on the CPU, so they are the same on every device.
class OnDevice : public ::testing::TestWithParam<torch::DeviceType> {
 protected:
  void SetUp() override {
    if (GetParam() == torch::kCUDA && !at::hasCUDA()) GTEST_SKIP() << "this machine has no CUDA device";
  }
  torch::Device device() const { return {GetParam()}; }
  torch::Tensor on_device(const torch::Tensor& x) const { return x.to(device()); }
  torch::Tensor randn(at::IntArrayRef shape, torch::ScalarType type = torch::kFloat) const {
    return on_device(at::randn(shape, type));
  }
  torch::Tensor ones(at::IntArrayRef shape) const { return on_device(at::ones(shape)); }
  torch::Tensor zeros(at::IntArrayRef shape) const { return on_device(at::zeros(shape)); }
};

inline std::string device_name(const ::testing::TestParamInfo<torch::DeviceType>& each) {
  return each.param == torch::kCPU ? "cpu" : "cuda";
}

}  // namespace infomtl::testing

#define INFOMTL_ON_EVERY_DEVICE(Fixture)                                                   \
  INSTANTIATE_TEST_SUITE_P(Devices, Fixture, ::testing::Values(torch::kCPU, torch::kCUDA), \
                           ::infomtl::testing::device_name)
