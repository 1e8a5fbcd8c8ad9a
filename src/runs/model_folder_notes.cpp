#include "runs/model_folder_notes.h"

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/json_file.h"
#include "infomtl/model/encoder.h"
#include "infomtl/model/weights_file.h"
#include "infomtl/text/tokenizer.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;

std::string number_at(const Config& config, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (config.has(name) && config.json().at(name).is_number_integer()) return config.json().at(name).dump();
  }
  return "?";
}

std::string encoder_text(const fs::path& folder) {
  const fs::path file = folder / "config.json";
  const Config config = Config::from_json(read_json(file), file.string());
  return folder.string() + ": " + config.text("model_type", "?") + ", " +
         number_at(config, {"num_hidden_layers", "n_layers"}) + " layers of width " +
         number_at(config, {"hidden_size", "dim"});
}

std::string weights_text(const EncoderSettings& encoder) {
  if (encoder.weights == "random") return "random ones (encoder.weights)";
  try {
    if (const auto found = find_weights(encoder.path)) return found->filename().string();
  } catch (const Error&) {  // told where the encoder is loaded
    return "none that can be read";
  }
  return encoder.weights == "required" ? "none in the folder" : "random ones: the folder has none";
}

}  // namespace

std::vector<std::pair<std::string, std::string>> describe_model_folder(const RunConfig& run,
                                                                       std::vector<std::string>& notes) {
  const EncoderSettings& encoder = run.encoder;
  const Config section = run.config.object("encoder");
  const TokenizerSource tokenizer = tokenizer_source(encoder.path);
  try {
    const auto stored = stored_pooling(encoder.path);
    if (stored && stored->pooling != pooling_named(encoder.pooling)) {
      notes.push_back("encoder.pooling is " + encoder.pooling + "; the model was trained with another (" +
                      stored->file.string() + ")");
    }
  } catch (const FormatError& error) {
    notes.push_back("encoder.pooling is " + encoder.pooling + "; " + error.what());
  }
  return {{"encoder", encoder_text(encoder.path)},
          {"weights", weights_text(encoder)},
          {"tokenizer", tokenizer.kind + ", from " + tokenizer.file +
                            (tokenizer.class_name.empty() ? "" : " (" + tokenizer.class_name + ")")},
          {"pooling", encoder.pooling + ", from " +
                          (section.has("pooling") ? section.where("pooling") : std::string("the default"))}};
}

}  // namespace infomtl
