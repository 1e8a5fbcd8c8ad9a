#include <algorithm>
#include <cstdio>
#include <numeric>
#include <string>
#include <string_view>

#include "commands.h"
#include "infomtl/core/counted.h"
#include "infomtl/core/log.h"
#include "infomtl/core/model_folder.h"
#include "infomtl/data/packing.h"
#include "infomtl/model/encoder.h"
#include "infomtl/runs/run_encoder.h"
#include "infomtl/text/tokenizer.h"
#include "text_input.h"

namespace infomtl::commands {

namespace {

/// `{"embedding": [...]}` with nine significant digits, which bring every float32 back exactly, behind the record's other keys.
void print_embedding(const InputText& input, const float* values, std::int64_t width) {
  std::string line = carried(input, {{"embedding", nullptr}}).dump();  // {..., "embedding":null}
  line.resize(line.size() - std::string_view("\"embedding\":null}").size());
  line += "\"embedding\": [";
  char number[32];
  for (std::int64_t i = 0; i < width; ++i) {
    std::snprintf(number, sizeof number, "%s%.9g", i == 0 ? "" : ", ", static_cast<double>(values[i]));
    line += number;
  }
  std::printf("%s]}\n", line.c_str());
}

/// What was asked for, else the run's, else what the folder says, else the first token.
Pooling pooling_of(const EncodeOptions& options, const RunEncoder& place) {
  const auto named = [](const std::string& name) { return name == "mean" ? Pooling::mean : Pooling::first; };
  if (!options.pooling.empty()) return named(options.pooling);
  if (!place.pooling.empty()) return named(place.pooling);
  const auto stored = stored_pooling(place.folder);
  const Pooling pooling = stored ? stored->pooling : Pooling::first;
  log::info(std::string("pooling: ") + (pooling == Pooling::mean ? "mean" : "first") + ", " +
            (stored ? "as " + stored->file.string() + " says" : "since the folder says nothing of it"));
  return pooling;
}

/// Other programs give other embeddings of a folder with more modules than these two.
void tell_modules_left_out(const std::filesystem::path& folder) {
  const std::vector<std::string> kinds = modules_left_out(folder);
  if (kinds.empty()) return;
  const std::string words = (folder / "modules.json").string() + ": " + joined(kinds) +
                            " of sentence-transformers is not applied; the embeddings are those before it";
  // A length alone changes no angle between embeddings.
  const bool only_lengths =
      std::all_of(kinds.begin(), kinds.end(), [](const std::string& kind) { return kind == "Normalize"; });
  only_lengths ? log::info(words) : log::warning(words);
}

}  // namespace

int encode(const EncodeOptions& options) {
  const torch::NoGradGuard no_grad;
  const RunEncoder place = run_encoder(find_model_folder(options.model.string()));
  const auto tokenizer = load_tokenizer(place.folder);
  const auto encoder = load_encoder(place.folder);
  encoder->eval();
  const std::int64_t asked = options.max_length == 0 ? place.max_length : options.max_length;
  const std::int64_t longest = asked == 0 ? encoder->max_length() : std::min(asked, encoder->max_length());
  infomtl::EncodeOptions how;
  how.pooling = pooling_of(options, place);
  tell_modules_left_out(place.folder);
  for_each_chunk(options.input, 64, [&](const std::vector<InputText>& chunk) {
    std::vector<SequenceTokens> sequences;
    for (const InputText& input : chunk) {
      const std::string_view pair = input.pair;
      sequences.push_back(tokenize_sequence(*tokenizer, input.text, input.has_pair ? &pair : nullptr, {},
                                            static_cast<std::size_t>(longest)));
    }
    const Tensor pooled = encoder->forward(pack(sequences), how).pooled.to(torch::kFloat32).contiguous();
    for (std::int64_t row = 0; row < pooled.size(0); ++row) {
      print_embedding(chunk[static_cast<std::size_t>(row)], pooled[row].const_data_ptr<float>(), pooled.size(1));
    }
  });
  return 0;
}

}  // namespace infomtl::commands
