#pragma once
// Run config: the whole config of a run, read and checked before anything large is loaded or anything is written.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/data/read_datasets.h"
#include "infomtl/model/encoder.h"
#include "infomtl/step/embedding_noise.h"
#include "infomtl/train/trainer.h"
#include "runs/checkpoint_schedule.h"
#include "runs/warm_start.h"

namespace infomtl {

struct EncoderSettings {
  std::filesystem::path path;
  std::string pooling = "first";
  std::int64_t max_length = 128;
  std::string weights = "auto";
  void fields(FieldVisitor& f);
  /// A config's "encoder". @param instead  the model folder where the path is none, if it is one itself; else that is an error
  /// @throws ConfigError
  static EncoderSettings read(const Config& config, const std::filesystem::path& instead = {});
};

struct RunConfig {
  Config config;
  TrainerSettings trainer;
  EncoderSettings encoder = {};
  torch::Device device = torch::kCPU;
  Precision precision = Precision::float32;
  std::string name = {}, description = {};  ///< words for whoever reads the config
  /// Parts that are built once the tasks are known; what is left out stands there as its default.
  Config data, architecture, head, weighting;
  std::vector<Config> losses = {}, penalties = {};
  CheckpointSettings checkpoints = {};
  StartSettings start = {};
  std::vector<std::string> unsupervised_tasks = {};  ///< trained without their labels, and meant to be
  /// Other tasks of the same config are trained by runs of their own: options without effect on this one's are no slip.
  bool one_of_several = false;
  std::shared_ptr<ReadDatasets> datasets = {};  ///< where data are kept that several runs read; null: nowhere
  std::vector<EmbeddingNoise> noises = {};      ///< under which the chosen checkpoint is scored, too
  bool representation = false;                  ///< whether the chosen checkpoint's representations are measured, too
  bool information = false;                     ///< whether the information plane is, after each epoch

  /// Everything but the parts that need the tasks to be built. Where the config collects its problems, what could not be
  /// read has its default. @param encoder  model folder in place of one that is gone: of a run that goes on, its checkpoint,
  /// if it has one
  /// @throws ConfigError for an unknown key, a wrong type or range
  static RunConfig read(const Config& config, const std::filesystem::path& encoder = {});

  /// What config.json of the run folder says: the config with the seed and the precision that this run uses, and with
  /// absolute paths. A function of the config's text, wherever it was written.
  Json effective() const;
};

/// The device that "auto", "cpu" or "cuda" means here. @throws ConfigError when there is none, with the cure
torch::Device device_named(const Config& config);

/// What "precision" says; float32, with a warning, where the CPU has no bfloat16 instructions.
Precision precision_named(const Config& config, torch::Device device);

Pooling pooling_named(const std::string& name);

/// Where in a config stands what a message is about: the field that it begins with, "training.selection.monitor: ...", or
/// what is there of the way to it; else the config itself.
std::string place_of_message(const Config& config, std::string_view message);

/// Runs `body`; a mistake in the config that names no place in a file gets place_of_message().
template <class Body>
decltype(auto) naming_config(const Config& config, Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (ConfigError& error) {
    const std::string_view message = error.what();
    if (message.find("#/") == message.npos) error.add_context(place_of_message(config, message));
    throw;
  }
}

}  // namespace infomtl
