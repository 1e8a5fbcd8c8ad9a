#include <ATen/Parallel.h>

#include <cmath>

#include "optim/updates.h"

namespace infomtl {
namespace {

constexpr std::int64_t kElementsPerThread = 1 << 15;

/// body(begin, end) over the entries of a range, on the threads.
template <class Body>
void over_entries(const Tensor& value, const Body& body) {
  at::parallel_for(0, value.numel(), kElementsPerThread, body);
}

void adamax_on_cpu(const AdamaxUpdate& update) {
  float* const value = update.value.data_ptr<float>();
  const float* const gradient = update.gradient.data_ptr<float>();
  float* const moment = update.moment.data_ptr<float>();
  float* const norm = update.norm.data_ptr<float>();
  const float rate = static_cast<float>(update.rate), decay = static_cast<float>(update.decay);
  const float gain = static_cast<float>(1.0 - update.beta1), beta2 = static_cast<float>(update.beta2);
  const float epsilon = static_cast<float>(update.epsilon);
  over_entries(update.value, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const float g = gradient[i] + decay * value[i];
      moment[i] += gain * (g - moment[i]);
      const float kept = beta2 * norm[i], fresh = std::abs(g) + epsilon;
      norm[i] = kept > fresh ? kept : fresh;
      value[i] -= rate * moment[i] / norm[i];
    }
  });
}

void adamw_on_cpu(const AdamWUpdate& update) {
  float* const value = update.value.data_ptr<float>();
  const float* const gradient = update.gradient.data_ptr<float>();
  float* const first = update.first.data_ptr<float>();
  float* const second = update.second.data_ptr<float>();
  const float rate = static_cast<float>(update.rate), kept = static_cast<float>(update.kept);
  const float gain1 = static_cast<float>(1.0 - update.beta1), gain2 = static_cast<float>(1.0 - update.beta2);
  const float beta2 = static_cast<float>(update.beta2);
  const float root = static_cast<float>(1.0 / update.root), epsilon = static_cast<float>(update.epsilon);
  over_entries(update.value, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const float g = gradient[i];
      first[i] += gain1 * (g - first[i]);
      second[i] = beta2 * second[i] + gain2 * g * g;
      value[i] = kept * value[i] - rate * first[i] / (std::sqrt(second[i]) * root + epsilon);
    }
  });
}

void sgd_on_cpu(const SgdUpdate& update) {
  float* const value = update.value.data_ptr<float>();
  const float* const gradient = update.gradient.data_ptr<float>();
  const float rate = static_cast<float>(update.rate), decay = static_cast<float>(update.decay);
  if (!update.velocity.defined()) {
    over_entries(update.value, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) value[i] -= rate * (gradient[i] + decay * value[i]);
    });
    return;
  }
  float* const velocity = update.velocity.data_ptr<float>();
  const float momentum = static_cast<float>(update.momentum);
  // b when plain, g + momentum b when looking ahead
  const float fresh = update.nesterov ? 1.0F : 0.0F, swing = update.nesterov ? momentum : 1.0F;
  over_entries(update.value, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const float g = gradient[i] + decay * value[i];
      velocity[i] = momentum * velocity[i] + g;
      value[i] -= rate * (fresh * g + swing * velocity[i]);
    }
  });
}

}  // namespace

const UpdateTable kCpuUpdates = {.adamax = &adamax_on_cpu, .adamw = &adamw_on_cpu, .sgd = &sgd_on_cpu};

}  // namespace infomtl
