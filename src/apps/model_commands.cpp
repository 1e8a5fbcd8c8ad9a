// Commands that ask a trained run, or a model folder.
#include "command_line.h"

namespace infomtl::commands {

void add_model_commands(CLI::App& app, CommandLine& line) {
  CLI::App* evaluate =
      add_command(app, line, "evaluate", "score the best checkpoint of a run",
                  "infomtl evaluate runs/first --split test --json", line.evaluate, &commands::evaluate);
  evaluate->add_option("run", line.evaluate.run, "run folder, or one of its checkpoints")->required();
  evaluate->add_option("--split", line.evaluate.split, "validation or test")
      ->check(CLI::IsMember({"validation", "test"}))
      ->capture_default_str();
  evaluate->add_option("--task", line.evaluate.task, "task whose rows --input holds");
  CLI::Option* input = evaluate
                           ->add_option("--input", line.evaluate.input,
                                        "score that task on this file instead, read as the task's record reads its own")
                           ->type_name("FILE");
  evaluate->add_option("--data", line.evaluate.data_root, "folder of the data, in place of the run's data.root")
      ->type_name("FOLDER");
  evaluate->add_flag("--classes", line.evaluate.classes,
                     "precision, recall and F1 of each class, and which are taken for which");
  CLI::Option* noise =
      evaluate->add_option("--noise", line.evaluate.noise, "score under noise on the word embeddings, too")
          ->check(CLI::IsMember({"random", "adversarial"}))
          ->excludes(input);
  add_list(evaluate, "--strength", line.evaluate.strengths,
           "lengths of that noise in lengths of a text's word embeddings: 0.05,0.1", number_in(at_least(0), "NUMBER"));
  evaluate
      ->add_flag("--representation", line.evaluate.representation,
                 "instead: uniformity of the shared representation, adjusted Rand index of the outputs, covariance "
                 "similarity of tasks")
      ->excludes(noise)
      ->excludes(input);
  evaluate->add_flag("--json", line.evaluate.json, "print results as JSON");

  CLI::App* predict =
      add_command(app, line, "predict", "predict one task, or all, for texts, JSONL out",
                  "echo 'what a day' | infomtl predict runs/first --task emotion", line.predict, &commands::predict);
  predict->add_option("run", line.predict.run, "run folder, or one of its checkpoints")->required();
  CLI::Option* one_task = predict->add_option("--task", line.predict.task, "task of the run");
  CLI::Option* all_tasks =
      predict->add_flag("--all", line.predict.all, "every task: an object per text, by task")->excludes(one_task);
  predict
      ->add_option("--input", line.predict.input,
                   "a text per line, or JSONL with text or its words and text_pair, other keys (an id) carried over, "
                   "those of the answer (a label) in \"given\"; - is stdin")
      ->capture_default_str();
  predict->add_option("--output", line.predict.output, "file; - is stdout")->capture_default_str();
  auto* const samples =
      predict
          ->add_option(
              "--samples", line.predict.samples,
              "mean and standard deviation over so many samples, of heads gaussian or bayesian or architectures "
              "variational, vib or additive_noise; feedback and what is not random refuse")
          ->check(CLI::Range(std::int64_t{2}, std::int64_t{100000}))
          ->excludes(all_tasks);
  predict->add_option("--seed", line.predict.seed, "of the samples")->check(seed_numbers())->needs(samples);

  CLI::App* encode = add_command(app, line, "encode", "embed texts, JSONL out",
                                 "infomtl encode --model models/all-MiniLM-L6-v2 --pooling mean --input texts.txt",
                                 line.encode, &commands::encode);
  encode
      ->add_option("--model", line.encode.model,
                   "Hugging Face folder, a run, a checkpoint, or a model's name in the Hugging Face cache")
      ->required();
  encode
      ->add_option("--pooling", line.encode.pooling,
                   "first or mean (default: the run's, else what the folder says, else first)")
      ->check(CLI::IsMember({"first", "mean"}));
  encode
      ->add_option("--max-length", line.encode.max_length,
                   "longest sequence in tokens (default: the run's, else the model's)")
      ->check(CLI::Range(3, 1 << 20));
  encode->add_option("--input", line.encode.input, "texts or JSONL; - is stdin")->capture_default_str();

  CLI::App* tokenize = add_command(app, line, "tokenize", "token ids, type ids and byte offsets, JSONL out",
                                   "echo 'what a day' | infomtl tokenize --model models/all-MiniLM-L6-v2",
                                   line.tokenize, &commands::tokenize);
  tokenize
      ->add_option("--model", line.tokenize.model,
                   "Hugging Face folder, a run, a checkpoint, or a model's name in the Hugging Face cache")
      ->required();
  tokenize->add_option("--max-length", line.tokenize.max_length, "longest sequence in tokens (default: no limit)")
      ->check(CLI::Range(3, 1 << 20));
  tokenize->add_option("--input", line.tokenize.input, "texts or JSONL; - is stdin")->capture_default_str();
}

}  // namespace infomtl::commands
