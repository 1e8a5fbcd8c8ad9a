#include <cstdio>

#include "commands.h"
#include "infomtl/core/config.h"
#include "infomtl/core/json.h"
#include "infomtl/core/model_folder.h"
#include "infomtl/runs/run_encoder.h"
#include "infomtl/text/tokenizer.h"
#include "text_input.h"

namespace infomtl::commands {

int tokenize(const TokenizeOptions& options) {
  const auto tokenizer = load_tokenizer(run_encoder(find_model_folder(options.model.string())).folder);
  const infomtl::TokenizeOptions how{.max_length = static_cast<std::size_t>(options.max_length)};
  for_each_chunk(options.input, 256, [&](const std::vector<InputText>& chunk) {
    for (const InputText& input : chunk) {
      const Encoding encoding =
          input.has_pair ? tokenizer->encode_pair(input.text, input.pair, how) : tokenizer->encode(input.text, how);
      const Json line = {{"ids", encoding.ids}, {"type_ids", encoding.type_ids}, {"offsets", encoding.offsets}};
      std::printf("%s\n", carried(input, line).dump().c_str());
    }
  });
  return 0;
}

}  // namespace infomtl::commands
