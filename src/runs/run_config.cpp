#include "runs/run_config.h"

#include <ATen/Context.h>

#include "infomtl/core/files.h"
#include "infomtl/core/json_file.h"
#include "infomtl/core/log.h"
#include "infomtl/core/model_folder.h"
#include "infomtl/ops/packed/linear.h"
#include "infomtl/runs/run_paths.h"

namespace infomtl {
namespace {

/// A name or an object; the registry's default when it is missing.
template <class Registered>
Config part_of(const Config& config, const char* key, const Registered& registry) {
  return config.has(key) ? config.value(key)
                         : Config::from_json({{"name", registry.default_name()}}, config.where(key));
}

Config empty_config() { return Config::from_json(Json::object()); }

}  // namespace

void EncoderSettings::fields(FieldVisitor& f) {
  f.choice("pooling", pooling, {"first", "mean"}, "which token states make the representation of a text");
  f.field("max_length", max_length, "tokens of a text, special ones included", at_least(3));
  f.choice("weights", weights, {"auto", "required", "random"},
           "auto: the folder's, or random ones where it has none; required: an error where it has none");
}

std::string place_of_message(const Config& config, std::string_view message) {
  Config place = config;
  for (std::string_view rest = message.substr(0, message.find(':')); place.is_object();) {
    const std::string key(rest.substr(0, rest.find('.')));
    if (!place.json().contains(key)) break;
    place = place.value(key);
    if (key.size() == rest.size()) break;
    rest.remove_prefix(key.size() + 1);
  }
  return place.where();
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

EncoderSettings EncoderSettings::read(const Config& config, const std::filesystem::path& instead) {
  EncoderSettings settings;
  config.part([&] {
    const std::filesystem::path given = config.path("path");
    settings.path = find_model_folder(config.text("path"), given);
  });
  config.read_fields(settings);
  config.reject_unknown();
  config.part([&] {
    if (!settings.path.empty() && !std::filesystem::exists(settings.path / "config.json")) {
      if (!instead.empty() && std::filesystem::exists(instead / "config.json")) {
        log::info(settings.path.string() + ": is gone; the encoder and the tokenizer are those of " + instead.string());
        settings.path = instead;
        return;
      }
      config.fail("path", "\"" + settings.path.string() + "\" is not a model folder: it has no config.json" +
                              (std::filesystem::exists(settings.path) ? "" : how_to_fetch(config.text("path"))));
    }
    if (!settings.path.empty()) need_regular_file(settings.path / "config.json");
  });
  return settings;
}

RunConfig RunConfig::read(const Config& config, const std::filesystem::path& encoder) {
  RunConfig run{.config = config,
                .trainer = {},
                .data = empty_config(),
                .architecture = part_of(config, "architecture", architecture_registry()),
                .head = part_of(config, "head", head_registry()),
                .weighting = part_of(config, "weighting", weighting_registry())};
  const Config training = config.object_or_empty("training");
  training.part([&] { run.checkpoints = CheckpointSettings::read(training); });
  run.trainer = TrainerSettings::from_config(config);
  run.name = config.text("name", "");
  run.description = config.text("description", "");
  config.part([&] { run.device = device_named(config); });
  config.part([&] { run.precision = precision_named(config, run.device); });
  config.part([&] { run.encoder = EncoderSettings::read(config.object("encoder"), encoder); });
  config.part([&] { run.data = config.object("data"); });
  config.part([&] { run.losses = config.list("losses"); });
  run.penalties = config.list_or_empty("penalties");
  config.part([&] { run.start = StartSettings::read(config); });
  training.part([&] {
    for (const Config& task : training.list_or_empty("unsupervised_tasks")) {
      run.unsupervised_tasks.push_back(task.as_text());
    }
  });
  const Config evaluation = config.object_or_empty("evaluation");
  for (const Config& noise : evaluation.list_or_empty("noise")) {
    noise.part([&] {
      run.noises.push_back(noise.read<EmbeddingNoise>());
      run.noises.back().seed = run.trainer.seed;
    });
  }
  run.representation = evaluation.boolean("representation", false);
  run.information = evaluation.boolean("information", false);
  evaluation.reject_unknown();
  config.reject_unknown();
  return run;
}

Json RunConfig::effective() const {
  Json json = with_absolute_paths(config);
  Json& rows = json["data"];
  if (rows.contains("leave_out") && rows["leave_out"].is_string()) {
    rows["leave_out"] = read_json(rows["leave_out"].get<std::string>());  // the rows themselves: the file may change
  }
  json["seed"] = trainer.seed;
  json["precision"] = precision == Precision::bfloat16 ? "bfloat16" : "float32";
  return json;
}

}  // namespace infomtl
