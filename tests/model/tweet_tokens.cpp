#include "model/tweet_tokens.h"

#include <ATen/ATen.h>

#include <cstdlib>
#include <map>

#include "infomtl/core/cache_folder.h"
#include "infomtl/core/files.h"
#include "infomtl/text/tokenizer.h"

namespace infomtl::testing {
namespace {

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  const std::string content = read_file(file);
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < content.size();) {
    const std::size_t end = std::min(content.find('\n', begin), content.size());
    lines.push_back(content.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

}  // namespace

std::filesystem::path minilm_folder() {
  const char* named = std::getenv("INFOMTL_MODEL");
  const std::filesystem::path folder =
      named != nullptr ? std::filesystem::path(named) : cache_folder() / "models" / "all-MiniLM-L6-v2";
  return std::filesystem::exists(folder / "model.safetensors") ? folder : std::filesystem::path();
}

std::filesystem::path tweet_data_folder() {
  const char* named = std::getenv("INFOMTL_DATA");
  std::filesystem::path folder = named != nullptr
                                     ? std::filesystem::path(named)
                                     : std::filesystem::path(INFOMTL_SOURCE_DIR) / ".." / "shared" / "data";
  if (std::filesystem::exists(folder / "tweeteval")) folder /= "tweeteval";
  return std::filesystem::exists(folder / "hate" / "test_text.txt") ? folder : std::filesystem::path();
}

PackedTokens pack_tweets(const std::filesystem::path& model, const std::filesystem::path& data,
                         const std::vector<TweetPlace>& places, std::size_t max_length) {
  const auto tokenizer = load_tokenizer(model);
  std::map<std::string, std::vector<std::string>> lines;
  std::vector<std::int64_t> ids, positions, types;
  std::vector<std::int32_t> offsets{0};
  for (const TweetPlace& place : places) {
    if (!lines.contains(place.task)) lines[place.task] = lines_of(data / place.task / "test_text.txt");
    const Encoding encoding = tokenizer->encode(lines[place.task].at(place.line), {.max_length = max_length});
    for (std::size_t i = 0; i < encoding.size(); ++i) {
      ids.push_back(encoding.ids[i]);
      types.push_back(encoding.type_ids[i]);
      positions.push_back(static_cast<std::int64_t>(i));
    }
    offsets.push_back(static_cast<std::int32_t>(ids.size()));
  }
  return {.ids = at::tensor(ids, at::kLong),
          .positions = at::tensor(positions, at::kLong),
          .type_ids = at::tensor(types, at::kLong),
          .offsets = at::tensor(offsets, at::kInt)};
}

}  // namespace infomtl::testing
