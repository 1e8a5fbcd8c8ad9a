// Trains without any config, every part put together by hand: by_hand MODEL OUTPUT RECORD...
// MODEL is a Hugging Face folder, a RECORD the file of a task; OUTPUT gets a folder that Hugging Face reads,
// with the model after the last epoch, OUTPUT-best the same after the best one.

#include <infomtl/infomtl.h>

#include <cstdio>
#include <string>

int main(int argc, char** argv) try {
  if (argc < 4) {
    std::fputs("usage: by_hand MODEL OUTPUT RECORD...\n", stderr);
    return 2;
  }
  const auto data = std::make_shared<infomtl::TaskData>(infomtl::load_dataset({argv + 3, argv + argc}),
                                                        infomtl::load_tokenizer(argv[1]), /*max_length=*/128);
  const auto& tasks = data->dataset().tasks;
  const auto encoder = infomtl::load_encoder(argv[1]);
  const auto model = std::make_shared<infomtl::MultiTaskModel>(
      encoder, infomtl::gaussian_heads(tasks, {.dropout = 0.2}), infomtl::architectures::mmoe({.experts = 2}));

  const auto objective = std::make_shared<infomtl::Objective>();
  objective->add(1.0, std::make_shared<infomtl::Supervised>());
  objective->add(0.1, std::make_shared<infomtl::SharedInformationMaximization>());
  objective->add(0.01, std::make_shared<infomtl::TaskInformationMinimization>());

  infomtl::TrainerSettings settings;
  settings.epochs = 2;
  settings.learning_rate = 2e-3;
  settings.batching.batch_size = 16;
  settings.batching.regime = infomtl::Regime::joint;
  infomtl::Trainer trainer(settings, model, objective, infomtl::weightings::cagrad({.c = 0.4}), data);
  trainer.on_report([](const infomtl::StepReport& report) {
    for (const auto& [task, terms] : report.losses) {
      std::printf("step %d, %s: loss %.3f\n", static_cast<int>(report.step), task.c_str(), terms.at("supervised").raw);
    }
  });
  const std::string best = std::string(argv[2]) + "-best";
  trainer.on_epoch([&](std::int64_t, const infomtl::Evaluation&, bool is_best) {
    if (is_best) trainer.save(best, /*tokenizer=*/argv[1]);
  });
  trainer.fit();  // leaves the last epoch in the model
  std::printf("validation, average: %.4f\n", trainer.evaluate(infomtl::Split::validation).average());
  trainer.save(argv[2], /*tokenizer=*/argv[1]);
  return 0;
} catch (const infomtl::Error& error) {
  std::fprintf(stderr, "by_hand: %s\n", error.what());
  return error.exit_status();
}
