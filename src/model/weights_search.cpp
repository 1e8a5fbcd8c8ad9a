// Where a model folder keeps its weights, and what is said of those under names and in formats that are not read.

#include <algorithm>
#include <array>
#include <fstream>
#include <string>
#include <vector>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_file.h"
#include "infomtl/model/weights_file.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;

// Endings of weights of other libraries and formats.
constexpr std::array<std::string_view, 13> kWeightEndings = {".safetensors", ".bin",      ".pt",   ".pth",  ".ckpt",
                                                             ".h5",          ".msgpack",  ".onnx", ".gguf", ".ot",
                                                             ".tflite",      ".pdparams", ".npz"};
// Files of such an ending that training leaves and that hold no weights of the model.
constexpr std::array<std::string_view, 7> kOtherFiles = {"training_args.bin", "optimizer.bin", "scheduler.bin",
                                                         "optimizer.pt",      "scheduler.pt",  "scaler.pt",
                                                         "rng_state.pth"};

bool holds_weights(const std::string& name) {
  if (std::find(kOtherFiles.begin(), kOtherFiles.end(), name) != kOtherFiles.end()) return false;
  return std::any_of(kWeightEndings.begin(), kWeightEndings.end(),
                     [&](std::string_view ending) { return name.ends_with(ending); }) ||
         name.ends_with(".ckpt.index") || name.ends_with(".safetensors.index.json") ||
         name.ends_with(".bin.index.json");
}

// Names of files in the folder that look like weights, in order; a dangling link is one.
std::vector<std::string> weights_of_other_names(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (holds_weights(name)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

void refuse_adapter(const fs::path& folder) {
  const fs::path file = folder / "adapter_config.json";
  if (!is_there(file)) return;
  std::string base;
  if (const Json config = read_json(file); config.is_object()) {
    const auto found = config.find("base_model_name_or_path");
    if (found != config.end() && found->is_string()) base = " of \"" + found->get<std::string>() + "\"";
  }
  throw FormatError(file.string() + ": the folder holds a PEFT adapter" + base +
                    ", not a whole model; merge the two (merge_and_unload) and save the result");
}

void refuse_pointer(const fs::path& file) {
  need_regular_file(file);
  std::ifstream in(file, std::ios::binary);
  std::string start(1024, '\0');
  in.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(in.gcount()));
  if (!is_lfs_pointer(start)) return;
  throw IoError(file.string() + ": is a Git LFS pointer, not the weights; run \"git lfs pull\" in its folder");
}

}  // namespace

std::optional<fs::path> find_weights(const fs::path& folder) {
  refuse_adapter(folder);
  for (const char* name : {"model.safetensors", "model.safetensors.index.json"}) {
    if (!is_there(folder / name)) continue;
    refuse_pointer(folder / name);
    return folder / name;
  }
  const std::vector<std::string> others = weights_of_other_names(folder);
  if (others.empty()) return std::nullopt;
  is_there(folder / others.front());
  const auto safetensors = [](const std::string& name) { return name.find(".safetensors") != std::string::npos; };
  const bool renamed = std::all_of(others.begin(), others.end(), safetensors);
  const std::string more = others.size() == 1 ? "" : " (and " + std::to_string(others.size() - 1) + " more)";
  throw FormatError(
      folder.string() + ": no model.safetensors; " + others.front() + more + " is not read, " +
      (renamed ? "weights are called model.safetensors, or model.safetensors.index.json where they are in several files"
               : "save the model again with safe_serialization=True"));
}

}  // namespace infomtl
