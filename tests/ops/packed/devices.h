#pragma once
// A test's device: the CPU, and CUDA where there is one.

#include <ATen/Context.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <string>

namespace infomtl::testing {

/// Derive a fixture from it, instantiate it with every_device(), draw inputs on the CPU and move them with on_device().
class OnDevice : public ::testing::TestWithParam<torch::DeviceType> {
 protected:
  void SetUp() override {
    if (GetParam() == torch::kCUDA && !at::globalContext().hasCUDA()) GTEST_SKIP() << "this machine has no CUDA device";
  }
  torch::Device device() const { return {GetParam()}; }
  torch::Tensor on_device(const torch::Tensor& x) const { return x.to(device()); }
};

inline auto every_device() { return ::testing::Values(torch::kCPU, torch::kCUDA); }
inline std::string device_name(const ::testing::TestParamInfo<torch::DeviceType>& each) {
  return each.param == torch::kCPU ? "cpu" : "cuda";
}

}  // namespace infomtl::testing
