#pragma once
// The seed of LibTorch's own generator at the start of every test (seed.cpp sees to it): a test that draws its inputs
// meets the same ones whichever tests ran before.

#include <cstdint>

namespace infomtl::testing {

inline constexpr std::uint64_t kSeed = 20250304;

}  // namespace infomtl::testing
