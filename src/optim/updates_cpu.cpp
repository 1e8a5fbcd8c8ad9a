#include <ATen/Parallel.h>

#include "optim/updates.h"

namespace infomtl {
namespace {

constexpr std::int64_t kElementsPerThread = 1 << 15;

/// element(gradient, value, states...) at every entry of a range, on the threads.
template <class Element, class... States>
void over_entries(const Element& element, const Tensor& gradients, const Tensor& values, const States&... states) {
  const float* const gradient = gradients.const_data_ptr<float>();
  float* const value = values.data_ptr<float>();
  at::parallel_for(0, values.numel(), kElementsPerThread,
                   [=, ... state = states.template data_ptr<float>()](std::int64_t begin, std::int64_t end) {
                     for (std::int64_t i = begin; i < end; ++i) element(gradient[i], value[i], state[i]...);
                   });
}

void adamax_on_cpu(const AdamaxUpdate& update) {
  over_entries(element_of(update), update.gradient, update.value, update.moment, update.norm);
}

void adamw_on_cpu(const AdamWUpdate& update) {
  over_entries(element_of(update), update.gradient, update.value, update.first, update.second);
}

void sgd_on_cpu(const SgdUpdate& update) {
  if (update.velocity.defined()) {
    over_entries(momentum_element_of(update), update.gradient, update.value, update.velocity);
  } else {
    over_entries(element_of(update), update.gradient, update.value);
  }
}

}  // namespace

const UpdateTable kCpuUpdates = {.adamax = &adamax_on_cpu, .adamw = &adamw_on_cpu, .sgd = &sgd_on_cpu};

}  // namespace infomtl
