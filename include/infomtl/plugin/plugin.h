#pragma once
// Plugin: a shared object that adds names to the registries at run time. It is asked for its stamp before it is asked
// for names (its static initialisers have run by then, so it should have none), and never closed again.
//
//   #include <infomtl/plugin/plugin.h>
//   INFOMTL_PLUGIN("hinge") { infomtl::register_loss<Hinge>(registries.losses, "hinge", "hinge loss"); }
//
//   add_library(hinge MODULE hinge.cpp)                        # CMake, after find_package(infomtl)
//   target_link_libraries(hinge PRIVATE infomtl::infomtl)
//
//   infomtl --plugin ./libhinge.so train config.json         # in a program: load_plugin() before Experiment::from_config()
//
// Every other registry takes, by add<Class>(name, summary, source), a class with `Settings` and a constructor from them
// and from what the registry's type lists behind its product: for a weighting Class(Settings, const WeightingContext&),
// for a metric Class(Settings, const MetricContext&), for an optimiser Class(Settings, FlatParameters&). A weighting for
// joint steps alone says so as its traits, {.regimes = {Regime::joint}}. `infomtl list` shows a plugin's names like any
// others.

#include <torch/version.h>

#include <filesystem>

#include "infomtl/core/config.h"
#include "infomtl/core/export.h"
#include "infomtl/core/registry.h"
#include "infomtl/data/sampler.h"
#include "infomtl/losses/loss_term.h"
#include "infomtl/losses/penalty.h"
#include "infomtl/losses/register_loss.h"
#include "infomtl/metrics/metric.h"
#include "infomtl/model/architecture.h"
#include "infomtl/model/encoder.h"
#include "infomtl/model/head.h"
#include "infomtl/optim/optimizer.h"
#include "infomtl/optim/schedule.h"
#include "infomtl/weighting/gradient_weighting.h"

namespace infomtl {

/// What a plugin may add to.
struct PluginRegistries {
  LossRegistry& losses;
  PenaltyRegistry& penalties;
  WeightingRegistry& weightings;
  ArchitectureRegistry& architectures;
  HeadRegistry& heads;
  EncoderRegistry& encoders;
  MetricRegistry& metrics;
  Registry<Sampler>& samplers;
  OptimizerRegistry& optimizers;
  ScheduleRegistry& schedules;
};

/// The one symbol of a plugin, `infomtl_plugin`. The first two fields never move, so any version can read them.
struct PluginEntry {
  const char* abi;    ///< kPluginAbi of the headers it was built with
  const char* torch;  ///< LibTorch's version it was built with
  const char* name;
  void (*add)(PluginRegistries& registries);
};

/// Changes whenever a plugin built before could not work any more.
inline constexpr const char* kPluginAbi =
    "infomtl 6, C++ ABI "
#if _GLIBCXX_USE_CXX11_ABI
    "cxx11";
#else
    "old";
#endif

/// Loads a plugin; its names carry the file as their origin. Loading a file twice does nothing the second time.
/// @throws UserError for a file that is not a plugin, was built for another infomtl or LibTorch, or fails while it adds
/// its names: none of them is left then
INFOMTL_API void load_plugin(const std::filesystem::path& file);

}  // namespace infomtl

/// Defines a plugin's entry; the body that follows gets `registries`.
#define INFOMTL_PLUGIN(name)                                                                                       \
  static void infomtl_plugin_add([[maybe_unused]] ::infomtl::PluginRegistries& registries);                        \
  extern "C" __attribute__((visibility("default")))                                                                \
  const ::infomtl::PluginEntry infomtl_plugin = {::infomtl::kPluginAbi, TORCH_VERSION, name, &infomtl_plugin_add}; \
  static void infomtl_plugin_add([[maybe_unused]] ::infomtl::PluginRegistries& registries)
