// all-MiniLM-L6-v2 on 50 real tweets against transformers (scripts/fixtures/minilm_tweets.py).

#include <ATen/ATen.h>

#include <cstdio>

#include "infomtl/core/config.h"
#include "infomtl/core/files.h"
#include "infomtl/model/encoder.h"
#include "model/tweet_tokens.h"
#include "support/compare.h"
#include "support/fixture_folder.h"

namespace infomtl {
namespace {

TEST(MiniLm, GivesTheStatesOfTransformersOnRealTweets) {
  const auto model = testing::minilm_folder(), data = testing::tweet_data_folder();
  if (model.empty())
    GTEST_SKIP() << "no all-MiniLM-L6-v2; scripts/setup.sh fetches it, or name a folder in INFOMTL_MODEL";
  if (data.empty()) GTEST_SKIP() << "no TweetEval data; name the folder that holds tweeteval in INFOMTL_DATA";
  const Json expected = Json::parse(
      read_file(std::filesystem::path(infomtl::testing::fixture_folder()) / "encoders" / "minilm_tweets.json"));
  std::vector<testing::TweetPlace> places;
  std::vector<double> values;
  for (const Json& tweet : expected["tweets"]) {
    places.push_back({tweet["task"].get<std::string>(), tweet["line"].get<std::size_t>()});
    for (const Json& token : tweet["sampled"]) {
      for (const Json& value : token) values.push_back(value.get<double>());
    }
  }
  ASSERT_EQ(places.size(), 50U);
  const PackedTokens tokens = testing::pack_tweets(model, data, places, 128);
  ASSERT_EQ(tokens.tokens() * 8, static_cast<std::int64_t>(values.size()));
  const auto encoder = load_encoder(model);
  torch::NoGradGuard no_grad;
  const Tensor states = encoder->forward(tokens, {.token_states = true}).tokens;
  // Of the token at position i the fixture holds the entries (7 i + 11 k) mod H, k = 0 .. 7.
  const Tensor columns = (tokens.positions.unsqueeze(1) * 7 + at::arange(8) * 11).remainder(encoder->width());
  const Tensor sampled = states.gather(1, columns), wanted = at::tensor(values, at::kDouble).view({-1, 8});
  EXPECT_TRUE(testing::close(sampled, wanted, 2e-5));
  std::printf("50 tweets, %d tokens: largest difference %.1e\n", static_cast<int>(tokens.tokens()),
              (sampled - wanted).abs().max().item<double>());
}

}  // namespace
}  // namespace infomtl
