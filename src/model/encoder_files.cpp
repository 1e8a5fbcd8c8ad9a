// Encoders from and to Hugging Face folders.

#include <ATen/ATen.h>

#include "infomtl/core/config.h"
#include "infomtl/core/counted.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_file.h"
#include "infomtl/model/encoder.h"
#include "infomtl/model/weights_file.h"

namespace infomtl {
namespace {

// The registry finds its entry by "name"; Hugging Face says "model_type".
constexpr const char* kRegistryName = "name";

std::shared_ptr<Encoder> build(const Json& config, const std::string& origin) {
  const Config given = Config::from_json(config, origin);
  if (!given.is_object()) given.fail("found " + described(config) + "; must be an object");
  const std::string name = given.text("model_type");
  if (!encoder_registry().contains(name)) {
    // Written by a program, not by hand: the name that is nearest would be another model ("albert" is no slip of "bert").
    throw UnknownNameError(origin + "#/model_type: unknown encoder \"" + name + "\"; this program has " +
                           joined(encoder_registry().names()) + " and those of plugins (--plugin)");
  }
  Json named = config;
  named[kRegistryName] = name;
  return encoder_registry().build(Config::from_json(std::move(named), origin));
}

/// @throws FormatError
std::shared_ptr<Encoder> build_or_refuse(const Json& config, const std::string& origin) {
  try {
    return build(config, origin);
  } catch (const ConfigError& error) {
    throw FormatError(error.what());
  } catch (const c10::Error& error) {
    throw FormatError(origin + ": its sizes cannot be allocated: " + error.msg());
  }
}

std::string shape_text(at::IntArrayRef shape) {
  std::string text = "[";
  for (const auto extent : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
  return text + "]";
}

// A checkpoint's name for a parameter, as this library calls it: without the model's prefix, norms as weight and bias.
std::string canonical_name(std::string name, const std::string& prefix) {
  if (name.starts_with(prefix)) name.erase(0, prefix.size());
  if (name.ends_with(".gamma")) name.replace(name.size() - 5, 5, "weight");
  if (name.ends_with(".beta")) name.replace(name.size() - 4, 4, "bias");
  return name;
}

void add_fault(std::string& faults, const char* kind, const std::vector<std::string>& names) {
  if (names.empty()) return;
  faults += (faults.empty() ? "" : "; ") + std::string(kind) + " " + joined(names);
}

// Which tensor of the file fills which parameter. @throws FormatError listing every fault
std::map<std::string, std::string> match_names(const Encoder& encoder, const WeightsReader& weights) {
  const std::string prefix = encoder.checkpoint_prefix();
  const auto parameters = encoder.named_parameters();
  std::map<std::string, std::string> stored;
  std::vector<std::string> doubled, unexpected, missing, misshaped, mistyped;
  for (const WeightsEntry& entry : weights.entries()) {
    const std::string name = canonical_name(entry.name, prefix);
    if (!parameters.contains(name)) {
      if (encoder.owns(name)) unexpected.push_back(entry.name);
      continue;
    }
    if (!stored.emplace(name, entry.name).second) doubled.push_back(entry.name);
    const Tensor* parameter = parameters.find(name);
    if (parameter->sizes() != at::IntArrayRef(entry.shape)) {
      misshaped.push_back(entry.name + " (" + shape_text(entry.shape) + " in the file, " +
                          shape_text(parameter->sizes()) + " by config.json)");
    }
    if (!at::isFloatingType(entry.type)) mistyped.push_back(entry.name);
  }
  for (const auto& parameter : parameters) {
    if (!stored.contains(parameter.key())) missing.push_back(parameter.key());
  }
  std::string faults;
  add_fault(faults, "missing:", missing);
  add_fault(faults, "unexpected:", unexpected);
  add_fault(faults, "wrong shape:", misshaped);
  add_fault(faults, "not floating point:", mistyped);
  add_fault(faults, "doubled:", doubled);
  if (!faults.empty()) throw FormatError(weights.file().string() + ": does not fit config.json: " + faults);
  return stored;
}

void fill(Encoder& encoder, const WeightsReader& weights) {
  torch::NoGradGuard no_grad;
  for (const auto& [name, stored] : match_names(encoder, weights)) {
    const Tensor value = weights.read(stored).to(at::kFloat);
    if (!at::isfinite(value).all().item<bool>()) {
      throw FormatError(weights.file().string() + ": tensor \"" + stored + "\" holds NaN or infinite values");
    }
    encoder.named_parameters()[name].copy_(value);
  }
}

// The encoder of a folder's config.json, its parameters not filled.
std::shared_ptr<Encoder> build_of_folder(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "config.json";
  need_regular_file(file);
  return build_or_refuse(read_json(file), file.string());
}

}  // namespace

std::shared_ptr<Encoder> load_encoder(const std::filesystem::path& folder) {
  std::shared_ptr<Encoder> encoder = build_of_folder(folder);
  fill(*encoder, WeightsReader(folder));
  return encoder;
}

void save_encoder(const Encoder& encoder, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  Json config = encoder.config();
  // The weights are written as they are now; a reader would otherwise cast them to the type they once had.
  for (const char* key : {"dtype", "torch_dtype"}) {
    if (config.contains(key)) config[key] = "float32";
  }
  NamedTensors tensors;
  for (const auto& parameter : encoder.named_parameters()) {
    tensors.emplace_back(parameter.key(), parameter.value().detach().to(at::kFloat));
  }
  write_file_atomically(folder / "config.json", config.dump(2) + "\n");
  write_weights(folder / "model.safetensors", tensors);
}

std::shared_ptr<Encoder> random_encoder(const Json& config, std::uint64_t seed, const std::string& where) {
  std::shared_ptr<Encoder> encoder = build_or_refuse(config, where);
  encoder->initialize(seed);
  return encoder;
}

std::shared_ptr<Encoder> random_encoder_of_folder(const std::filesystem::path& folder, std::uint64_t seed) {
  std::shared_ptr<Encoder> encoder = build_of_folder(folder);
  encoder->initialize(seed);
  return encoder;
}

}  // namespace infomtl
