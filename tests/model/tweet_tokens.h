#pragma once
// Real tweets as packed tokens, read where the data lies.

#include <filesystem>
#include <string>
#include <vector>

#include "infomtl/data/step_batch.h"

namespace infomtl::testing {

struct TweetPlace {
  std::string task;
  std::size_t line = 0;
};

/// The folder of all-MiniLM-L6-v2: INFOMTL_MODEL, else where setup puts it. Empty when there is none.
std::filesystem::path minilm_folder();
/// The folder that holds tweeteval: INFOMTL_DATA, else beside the sources. Empty when there is none.
std::filesystem::path tweet_data_folder();

/// The tweets of the test splits, cut at `max_length` tokens, end to end.
PackedTokens pack_tweets(const std::filesystem::path& model, const std::filesystem::path& data,
                         const std::vector<TweetPlace>& places, std::size_t max_length);

}  // namespace infomtl::testing
