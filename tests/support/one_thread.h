#pragma once
// Included by tests whose steps are too small to be worth a second thread.

#include <ATen/Parallel.h>

namespace infomtl::testing {

inline const bool one_thread = [] {
  at::set_num_threads(1);
  return true;
}();

}  // namespace infomtl::testing
