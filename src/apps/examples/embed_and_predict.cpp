// Embeds two texts with an encoder and predicts a task of a trained run for them: embed_and_predict MODEL RUN TASK

#include <infomtl/infomtl.h>

#include <cstdio>

int main(int argc, char** argv) try {
  if (argc != 4) {
    std::fputs("usage: embed_and_predict MODEL RUN TASK\n", stderr);
    return 2;
  }
  const std::vector<std::string> texts{"what a wonderful day", "nobody told me about the meeting"};

  const auto tokenizer = infomtl::load_tokenizer(argv[1]);
  const auto encoder = infomtl::load_encoder(argv[1]);
  encoder->eval();
  const torch::NoGradGuard no_grad;
  std::vector<infomtl::SequenceTokens> sequences;
  sequences.reserve(texts.size());
  for (const std::string& text : texts) {
    sequences.push_back(infomtl::tokenize_sequence(*tokenizer, text, nullptr, {}, 128));
  }
  infomtl::EncodeOptions mean;
  mean.pooling = infomtl::Pooling::mean;
  const auto pooled = encoder->forward(infomtl::pack(sequences), mean).pooled;
  std::printf("cosine of the two embeddings: %.4f\n", torch::cosine_similarity(pooled[0], pooled[1], 0).item<double>());

  auto run = infomtl::TrainedRun::load(argv[2]);
  for (const auto& prediction : run.predict(argv[3], {{texts[0], ""}, {texts[1], ""}})) {
    std::printf("%s\n", prediction.dump().c_str());
  }
  return 0;
} catch (const infomtl::Error& error) {
  std::fprintf(stderr, "embed_and_predict: %s\n", error.what());
  return error.exit_status();
}
