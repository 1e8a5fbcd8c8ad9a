#include <algorithm>
#include <cstdio>
#include <numeric>
#include <string>
#include <string_view>

#include "commands.h"
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

}  // namespace

int encode(const EncodeOptions& options) {
  const torch::NoGradGuard no_grad;
  const RunEncoder place = run_encoder(find_model_folder(options.model.string()));
  const auto tokenizer = load_tokenizer(place.folder);
  const auto encoder = load_encoder(place.folder);
  encoder->eval();
  const std::int64_t asked = options.max_length == 0 ? place.max_length : options.max_length;
  const std::int64_t longest = asked == 0 ? encoder->max_length() : std::min(asked, encoder->max_length());
  const std::string pooling = options.pooling.empty() ? place.pooling : options.pooling;
  infomtl::EncodeOptions how;
  how.pooling = pooling == "mean" ? Pooling::mean : Pooling::first;
  for_each_chunk(options.input, 64, OtherKeys::carried, [&](const std::vector<InputText>& chunk) {
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
