#include "optim/entry_updates.h"
#include "optim/parallel_loops.h"

namespace infomtl {
namespace {

constexpr std::int64_t kElementsPerThread = 1 << 15;

/// element(gradient, value, states...) at every entry of a range, on the threads.
struct OnCpu {
  template <class Element, class... States>
  static void apply(const Element& element, const Tensor& gradients, const Tensor& values, const States&... states) {
    const float* const gradient = gradients.const_data_ptr<float>();
    float* const value = values.data_ptr<float>();
    at::parallel_for(0, values.numel(), kElementsPerThread,
                     [=, ... state = states.template data_ptr<float>()](std::int64_t begin, std::int64_t end) {
                       for (std::int64_t i = begin; i < end; ++i) element(gradient[i], value[i], state[i]...);
                     });
  }
};

}  // namespace

constinit const UpdateTable kCpuUpdates = EntryUpdates<OnCpu>::table();

}  // namespace infomtl
