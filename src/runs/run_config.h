#pragma once
// Run config: the whole config of a run, read and checked before anything large is loaded or anything is written.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/data/task_data.h"
#include "infomtl/model/multi_task_model.h"
#include "infomtl/train/trainer.h"

namespace infomtl {

struct EncoderSettings {
  std::filesystem::path path;
  std::string pooling = "first";
  std::int64_t max_length = 128;
  std::string weights = "auto";
  void fields(FieldVisitor& f);
};

struct RunConfig {
  Config config;
  TrainerSettings trainer;
  EncoderSettings encoder;
  torch::Device device = torch::kCPU;
  Precision precision = Precision::float32;

  /// @throws ConfigError for every unknown key, wrong type or range but those of parts that need the tasks to be built
  static RunConfig read(const Config& config);

  /// The seed, the precision and paths as this run uses them: what config.json of the run folder says.
  Json effective() const;
};

/// The device that "auto", "cpu" or "cuda" means here. @throws ConfigError when there is none, with the cure
torch::Device device_named(const Config& config);

/// What "precision" says; float32, with a warning, where the CPU has no bfloat16 instructions.
Precision precision_named(const Config& config, torch::Device device);

/// The encoder of a model folder, with its weights, or drawn from the seed where it has none (or is told to).
/// @throws ConfigError, FormatError, IoError
std::shared_ptr<Encoder> build_encoder(const EncoderSettings& settings, std::uint64_t seed);

/// Architecture and heads as the config's "architecture" and "head" say. @throws ConfigError
std::shared_ptr<MultiTaskModel> build_model(const Config& config, std::shared_ptr<Encoder> encoder, Pooling pooling,
                                            const std::vector<Task>& tasks, std::uint64_t seed);

Pooling pooling_named(const std::string& name);

}  // namespace infomtl
