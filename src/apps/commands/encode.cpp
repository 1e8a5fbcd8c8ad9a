#include <algorithm>
#include <cstdio>
#include <numeric>

#include "commands.h"
#include "infomtl/core/log.h"
#include "infomtl/core/model_folder.h"
#include "infomtl/data/packing.h"
#include "infomtl/model/encoder.h"
#include "infomtl/text/tokenizer.h"
#include "text_input.h"

namespace infomtl::commands {

namespace {

/// `{"embedding": [...]}` with nine significant digits, which bring every float32 back exactly.
void print_embedding(const float* values, std::int64_t width) {
  std::string line = "{\"embedding\": [";
  char number[32];
  for (std::int64_t i = 0; i < width; ++i) {
    std::snprintf(number, sizeof number, "%s%.9g", i == 0 ? "" : ", ", static_cast<double>(values[i]));
    line += number;
  }
  std::printf("%s]}\n", line.c_str());
}

/// What was asked for, else what the folder says, else the first token.
Pooling pooling_of(const EncodeOptions& options, const std::filesystem::path& folder) {
  if (!options.pooling.empty()) return options.pooling == "mean" ? Pooling::mean : Pooling::first;
  const auto stored = stored_pooling(folder);
  const Pooling pooling = stored ? stored->pooling : Pooling::first;
  log::info(std::string("pooling: ") + (pooling == Pooling::mean ? "mean" : "first") + ", " +
            (stored ? "as " + stored->file.string() + " says" : "since the folder says nothing of it"));
  return pooling;
}

}  // namespace

int encode(const EncodeOptions& options) {
  const torch::NoGradGuard no_grad;
  const std::filesystem::path model = find_model_folder(options.model.string());
  const auto tokenizer = load_tokenizer(model);
  const auto encoder = load_encoder(model);
  encoder->eval();
  const std::int64_t longest =
      options.max_length == 0 ? encoder->max_length() : std::min(options.max_length, encoder->max_length());
  infomtl::EncodeOptions how;
  how.pooling = pooling_of(options, model);
  for_each_chunk(options.input, 64, [&](const std::vector<InputText>& chunk) {
    std::vector<SequenceTokens> sequences;
    for (const InputText& input : chunk) {
      const std::string_view pair = input.pair;
      sequences.push_back(tokenize_sequence(*tokenizer, input.text, input.has_pair ? &pair : nullptr, {},
                                            static_cast<std::size_t>(longest)));
    }
    const Tensor pooled = encoder->forward(pack(sequences), how).pooled.to(torch::kFloat32).contiguous();
    for (std::int64_t row = 0; row < pooled.size(0); ++row) {
      print_embedding(pooled[row].const_data_ptr<float>(), pooled.size(1));
    }
  });
  return 0;
}

}  // namespace infomtl::commands
