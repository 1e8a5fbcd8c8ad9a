#pragma once
// Samplers: the built-in ones, from code.
//
//   TrainerSettings settings{.sampler = samplers::temperature({.temperature = 2})};

#include <memory>

#include "infomtl/core/export.h"
#include "infomtl/core/settings.h"
#include "infomtl/data/sampler.h"

namespace infomtl::samplers {

struct INFOMTL_API TemperatureSettings {
  double temperature = 2.0;  ///< P(task) ~ rows^(1/temperature), >= 1; 1 is proportional, larger is flatter
  void fields(FieldVisitor& f);
};
struct INFOMTL_API AnnealedSettings {
  double decay = 0.8;  ///< P(task) ~ rows^a, a = 1 - decay * epoch / (epochs - 1), in [0, 1]
  void fields(FieldVisitor& f);
};

/// Each task once for each of its batches, in random order (Liu et al., ACL 2019).
INFOMTL_API std::shared_ptr<const Sampler> proportional();
/// The tasks in turn, until the batches of each are used up.
INFOMTL_API std::shared_ptr<const Sampler> round_robin();
/// Each step draws a task, all alike.
INFOMTL_API std::shared_ptr<const Sampler> uniform();
/// Each step draws a task by a power of its size (Arivazhagan et al., arXiv:1907.05019). @throws ConfigError
INFOMTL_API std::shared_ptr<const Sampler> temperature(TemperatureSettings settings = {});
/// From proportional towards uniform as epochs go by (Stickland and Murray, ICML 2019). @throws ConfigError
INFOMTL_API std::shared_ptr<const Sampler> annealed(AnnealedSettings settings = {});

}  // namespace infomtl::samplers
