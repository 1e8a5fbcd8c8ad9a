#include "runs/run_config.h"

#include <ATen/Context.h>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_file.h"
#include "infomtl/core/log.h"
#include "infomtl/core/random.h"
#include "infomtl/ops/packed/linear.h"

namespace infomtl {
namespace {

// Words for whoever reads the config; the library does not look at them.
constexpr const char* kWords[] = {"name", "description"};

/// "architecture" or "head": a name or an object; the fallback when it is missing.
Config part_of(const Config& config, const char* key, const char* fallback) {
  return config.has(key) ? config.value(key) : Config::from_json({{"name", fallback}}, config.where(key));
}

}  // namespace

void EncoderSettings::fields(FieldVisitor& f) {
  f.choice("pooling", pooling, {"first", "mean"}, "which token states make the representation of a text");
  f.field("max_length", max_length, "tokens of a text, special ones included", at_least(3));
  f.choice("weights", weights, {"auto", "required", "random"},
           "auto: the folder's, or random ones where it has none; required: an error where it has none");
}

Pooling pooling_named(const std::string& name) { return name == "mean" ? Pooling::mean : Pooling::first; }

torch::Device device_named(const Config& config) {
  const std::string name = config.choice("device", "auto", {"auto", "cpu", "cuda"});
  if (name == "cpu") return torch::kCPU;
  const bool cuda = at::hasCUDA() && at::getNumGPUs() > 0;
  if (name == "cuda" && !cuda) {
    config.fail("device", at::hasCUDA()
                              ? "no CUDA device is visible here; set \"device\": \"cpu\" or \"auto\""
                              : "this infomtl was built without CUDA; build it with -DINFOMTL_CUDA=ON and a CUDA "
                                "LibTorch, or set \"device\": \"cpu\" or \"auto\"");
  }
  return cuda ? torch::Device(torch::kCUDA) : torch::Device(torch::kCPU);
}

Precision precision_named(const Config& config, torch::Device device) {
  if (config.choice("precision", "float32", {"float32", "bfloat16"}) == "float32") return Precision::float32;
  if (!device.is_cpu() || ops::has_bfloat16_products()) return Precision::bfloat16;
  log::warning(
      "precision: this processor has no bfloat16 instructions (AVX512-BF16 or AMX); training stays in float32");
  return Precision::float32;
}

RunConfig RunConfig::read(const Config& config) {
  RunConfig run{
      .config = config, .trainer = TrainerSettings::from_config(config), .encoder = {}, .device = torch::kCPU};
  for (const char* word : kWords) config.text(word, "");
  run.device = device_named(config);
  run.precision = precision_named(config, run.device);

  const Config encoder = config.object("encoder");
  run.encoder.path = encoder.path("path");
  encoder.read_fields(run.encoder);
  encoder.reject_unknown();
  if (!std::filesystem::exists(run.encoder.path / "config.json")) {
    encoder.fail("path", "\"" + run.encoder.path.string() + "\" is not a model folder: it has no config.json");
  }

  // Asked for here, read once the tasks are known.
  config.object("data");
  config.list("losses");
  config.list_or_empty("penalties");
  for (const char* key : {"architecture", "head", "weighting"}) {
    if (config.has(key)) config.value(key);
  }
  config.reject_unknown();
  return run;
}

Json RunConfig::effective() const {
  Json json = config.effective();
  json["seed"] = trainer.seed;
  json["precision"] = precision == Precision::bfloat16 ? "bfloat16" : "float32";
  return json;
}

std::shared_ptr<Encoder> build_encoder(const EncoderSettings& settings, std::uint64_t seed) {
  const std::filesystem::path& folder = settings.path;
  const bool stored = std::filesystem::exists(folder / "model.safetensors") ||
                      std::filesystem::exists(folder / "model.safetensors.index.json");
  if (settings.weights != "random" && stored) return load_encoder(folder);
  if (settings.weights == "required" ||
      (settings.weights == "auto" && std::filesystem::exists(folder / "pytorch_model.bin"))) {
    throw ConfigError(folder.string() +
                      ": has no model.safetensors; convert its weights, or set encoder.weights to \"random\"");
  }
  if (settings.weights == "auto")
    log::warning(folder.string() + ": has no weights; the encoder starts from random ones");
  return random_encoder(read_json(folder / "config.json"), derive_seed(seed, "encoder"));
}

std::shared_ptr<MultiTaskModel> build_model(const Config& config, std::shared_ptr<Encoder> encoder, Pooling pooling,
                                            const std::vector<Task>& tasks, std::uint64_t seed) {
  const ArchitectureContext shape{.width = encoder->width(),
                                  .layers = encoder->layer_count(),
                                  .tasks = tasks.size(),
                                  .seed = derive_seed(seed, "architecture")};
  auto architecture = architecture_registry().build(part_of(config, "architecture", "shared"), shape);
  std::vector<std::shared_ptr<Head>> heads;
  for (const Task& task : tasks) {
    const HeadContext head{
        .width = architecture->width(), .task = &task, .seed = derive_seed(seed, "head/" + task.name)};
    heads.push_back(head_registry().build(part_of(config, "head", "linear"), head));
  }
  return std::make_shared<MultiTaskModel>(std::move(encoder), std::move(architecture), std::move(heads), tasks,
                                          pooling);
}

}  // namespace infomtl
