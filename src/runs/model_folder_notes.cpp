#include "runs/model_folder_notes.h"

#include "infomtl/core/json_file.h"
#include "infomtl/text/tokenizer.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;

std::string number_at(const Json& config, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (config.contains(name) && config.at(name).is_number_integer()) return config.at(name).dump();
  }
  return "?";
}

std::string encoder_text(const fs::path& folder, const Json& config) {
  return folder.string() + ": " + config.value("model_type", "?") + ", " +
         number_at(config, {"num_hidden_layers", "n_layers"}) + " layers of width " +
         number_at(config, {"hidden_size", "dim"});
}

std::string weights_text(const EncoderSettings& encoder) {
  if (encoder.weights == "random") return "random ones (encoder.weights)";
  if (fs::exists(encoder.path / "model.safetensors")) return "model.safetensors";
  if (const fs::path index = encoder.path / "model.safetensors.index.json"; fs::exists(index)) {
    return "the files that model.safetensors.index.json names";
  }
  return encoder.weights == "required" ? "none in the folder" : "random ones: the folder has none";
}

/// What sentence-transformers keeps beside the model: "first", "mean", another word, or "" where it says nothing.
std::string folder_pooling(const fs::path& folder) {
  const fs::path file = folder / "1_Pooling" / "config.json";
  if (!fs::exists(file)) return "";
  const Json json = read_json(file);
  if (!json.is_object()) return "";
  if (json.value("pooling_mode_cls_token", false)) return "first";
  if (json.value("pooling_mode_mean_tokens", false)) return "mean";
  return "another kind";
}

}  // namespace

std::vector<std::pair<std::string, std::string>> describe_model_folder(const RunConfig& run,
                                                                       std::vector<std::string>& notes) {
  const EncoderSettings& encoder = run.encoder;
  const Config section = run.config.object("encoder");
  const TokenizerSource tokenizer = tokenizer_source(encoder.path);
  const std::string theirs = folder_pooling(encoder.path);
  if (!theirs.empty() && theirs != encoder.pooling) {
    notes.push_back("encoder.pooling is " + encoder.pooling + "; the model was trained with " + theirs + " (" +
                    (encoder.path / "1_Pooling" / "config.json").string() + ")");
  }
  return {{"encoder", encoder_text(encoder.path, read_json(encoder.path / "config.json"))},
          {"weights", weights_text(encoder)},
          {"tokenizer", tokenizer.kind + ", from " + tokenizer.file +
                            (tokenizer.class_name.empty() ? "" : " (" + tokenizer.class_name + ")")},
          {"pooling", encoder.pooling + ", from " +
                          (section.has("pooling") ? section.where("pooling") : std::string("the default"))}};
}

}  // namespace infomtl
