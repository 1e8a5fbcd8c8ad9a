// The program: reads the command line, calls one command, turns errors into one line and an exit status.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "commands/commands.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/log.h"

namespace {

using namespace infomtl::commands;

struct CommandLine {
  std::string log_level = "info";
  int threads = 0;
  std::vector<std::string> plugins;
  TrainOptions train;
  CompareOptions compare;
  SearchOptions search;
  EvaluateOptions evaluate;
  PredictOptions predict;
  EncodeOptions encode;
  TokenizeOptions tokenize;
  CheckOptions check;
  ListOptions list;
  InfluenceOptions influence;
  InformationOptions information;
  RelatednessOptions relatedness;
  ReportOptions report;
  SynthesizeOptions synthesize;
  std::function<int()> command;
};

template <class Options>
CLI::App* add_command(CLI::App& app, CommandLine& line, const std::string& name, const std::string& what,
                      const std::string& example, Options& options, int (*run)(const Options&)) {
  CLI::App* command = app.add_subcommand(name, what);
  command->footer("Example:\n  " + example);
  command->callback([&line, &options, run] { line.command = [&options, run] { return run(options); }; });
  return command;
}

void describe(CLI::App& app, CommandLine& line) {
  app.description(
      "Multi-task training for natural-language understanding: InfoMTL and the methods it is compared with.");
  app.footer(
      "Examples:\n  infomtl train configs/quickstart.json --seed 0 --output runs/first\n"
      "  infomtl list losses\n  infomtl train --help");
  app.require_subcommand(1);
  app.fallthrough();
  app.set_version_flag("--version", version());
  app.add_option("--log-level", line.log_level, "debug, info, warning, error or off")->capture_default_str();
  app.add_option("--threads", line.threads,
                 "threads of tensor operations (default: OMP_NUM_THREADS, else physical cores)")
      ->check(CLI::Range(1, 4096));
  app.add_option("--plugin", line.plugins, "load losses, metrics, ... from a plugin (repeatable)")
      ->type_name("FILE.so");

  CLI::App* train = add_command(app, line, "train", "train a config; writes a run folder and prints a table",
                                "infomtl train configs/quickstart.json --set training.epochs=3 --seeds 0,1,2",
                                line.train, &infomtl::commands::train);
  train->add_option("config", line.train.config, "config file; with --resume also a run folder, for its own config")
      ->required();
  train->add_option("--set", line.train.overrides, "override a field: losses.1.weight=0.3 (repeatable)")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  const CLI::Validator seeds(
      [](const std::string& text) {
        const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
        return digits && text.size() <= 18 ? std::string()
                                           : "a seed is a whole number, 0 or more, of at most 18 digits";
      },
      "SEED");
  CLI::Option* seed = train->add_option("--seed", line.train.seed, "seed of the run")->check(seeds);
  train->add_option("--seeds", line.train.seeds, "several seeds, one run each: 0,1,2")
      ->delimiter(',')
      ->check(seeds)
      ->excludes(seed);
  train->add_option("--output", line.train.output, "run folder (default: runs/<config>-seed<N>)");
  train
      ->add_option("--split", line.train.split,
                   "the scores that are printed: validation, test or all (results.json has all)")
      ->check(CLI::IsMember({"validation", "test", "all"}))
      ->capture_default_str();
  train->add_flag("--resume", line.train.resume,
                  "go on from checkpoints/last; a finished run for more epochs: --set training.epochs=20");
  train->add_option("--data", line.train.data_root, "folder of the data, in place of data.root")->type_name("FOLDER");
  train->add_flag("--quiet", line.train.quiet, "no progress on standard error");

  CLI::App* compare = add_command(
      app, line, "compare",
      "train several methods under the same seeds; prints tables with paired tests. Several processes may work on one "
      "folder; the same command goes on where it was broken off",
      "infomtl compare configs/experiments/quick_comparison.json --seeds 0,1,2", line.compare,
      &infomtl::commands::compare);
  compare->add_option("config", line.compare.config, "comparison config: experiment, methods, seeds, split, axes")
      ->required();
  compare->add_option("--set", line.compare.overrides, "override a field of every run (repeatable)")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  compare->add_option("--seeds", line.compare.seeds, "instead of the config's: 0,1,2")->delimiter(',')->check(seeds);
  compare->add_option("--output", line.compare.output,
                      "folder of the runs (default: runs/<its name, or the config's>)");
  compare
      ->add_option("--split", line.compare.split,
                   "what is scored and shown, instead of the config's: validation or test")
      ->check(CLI::IsMember({"validation", "test"}));
  CLI::Option* format = compare->add_option("--format", line.compare.format, "text, markdown, latex, csv or json")
                            ->check(CLI::IsMember({"text", "markdown", "latex", "csv", "json"}))
                            ->capture_default_str();
  compare
      ->add_flag_callback(
          "--json", [&line] { line.compare.format = "json"; }, "the same as --format json")
      ->excludes(format);

  CLI::App* search =
      add_command(app, line, "search", "choose settings of several methods on validation, with equal budgets",
                  "infomtl search configs/experiments/search_quick.json --output runs/search", line.search,
                  &infomtl::commands::search);
  search
      ->add_option("config", line.search.config, "search config: experiment, methods, space, algorithm, budget, seeds")
      ->required();
  search->add_option("--set", line.search.overrides, "override a field of every run (repeatable)")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  search->add_option("--output", line.search.output, "folder of the trials (default: runs/<config>)");
  search->add_flag("--json", line.search.json, "print search.json");

  CLI::App* evaluate =
      add_command(app, line, "evaluate", "score the best checkpoint of a run",
                  "infomtl evaluate runs/first --split test --json", line.evaluate, &infomtl::commands::evaluate);
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
  evaluate
      ->add_option("--strength", line.evaluate.strengths,
                   "lengths of that noise in lengths of a text's word embeddings: 0.05,0.1")
      ->delimiter(',')
      ->check(CLI::NonNegativeNumber);
  evaluate
      ->add_flag("--representation", line.evaluate.representation,
                 "instead: uniformity of the shared representation, adjusted Rand index of the outputs, covariance "
                 "similarity of tasks")
      ->excludes(noise)
      ->excludes(input);
  evaluate->add_flag("--json", line.evaluate.json, "print results as JSON");

  CLI::App* predict = add_command(app, line, "predict", "predict one task, or all, for texts, JSONL out",
                                  "echo 'what a day' | infomtl predict runs/first --task emotion", line.predict,
                                  &infomtl::commands::predict);
  predict->add_option("run", line.predict.run, "run folder, or one of its checkpoints")->required();
  CLI::Option* one_task = predict->add_option("--task", line.predict.task, "task of the run");
  CLI::Option* all_tasks =
      predict->add_flag("--all", line.predict.all, "every task: an object per text, by task")->excludes(one_task);
  predict
      ->add_option(
          "--input", line.predict.input,
          "a text per line, or JSONL with text or its words and text_pair, other keys (an id) carried over; - is stdin")
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
  predict->add_option("--seed", line.predict.seed, "of the samples")->needs(samples);

  CLI::App* encode = add_command(app, line, "encode", "embed texts, JSONL out",
                                 "infomtl encode --model models/all-MiniLM-L6-v2 --pooling mean --input texts.txt",
                                 line.encode, &infomtl::commands::encode);
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
                                   line.tokenize, &infomtl::commands::tokenize);
  tokenize
      ->add_option("--model", line.tokenize.model,
                   "Hugging Face folder, a run, a checkpoint, or a model's name in the Hugging Face cache")
      ->required();
  tokenize->add_option("--max-length", line.tokenize.max_length, "longest sequence in tokens (default: no limit)")
      ->check(CLI::Range(3, 1 << 20));
  tokenize->add_option("--input", line.tokenize.input, "texts or JSONL; - is stdin")->capture_default_str();

  CLI::App* check = add_command(
      app, line, "check",
      "dry run of a config, a comparison or a search: model, data, labels, lengths, duplicates, memory, and every "
      "problem, each once",
      "infomtl check configs/quickstart.json --examples", line.check, &infomtl::commands::check);
  check->add_option("config", line.check.config, "config of a run, a comparison or a search")->required();
  check->add_option("--set", line.check.overrides, "override a field (repeatable)")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  check->add_flag("--examples", line.check.examples,
                  "for each class of each split: rows, what the files have for it, three texts");
  check->add_flag("--json", line.check.json, "print the report as JSON");

  CLI::App* list = add_command(app, line, "list", "names, options with defaults, papers", "infomtl list losses --json",
                               line.list, &infomtl::commands::list);
  list->add_option("what", line.list.what,
                   "losses, penalties, weightings, architectures, heads, encoders, optimizers, schedules, samplers or "
                   "metrics; or a part of a name or of its paper, as vmtl (default: everything)");
  list->add_flag("--json", line.list.json, "print as JSON");

  CLI::App* influence = add_command(
      app, line, "influence", "which training rows of which task help or harm which task; writes RUN/influence",
      "infomtl influence runs/first --shared adapter:32\n"
      "  infomtl influence runs/first --shared none --leave-one-out 100\n"
      "  infomtl influence runs/first --select 0.1 --write leave_out.json     (for data.leave_out of a config)",
      line.influence, &infomtl::commands::influence);
  influence
      ->add_option("run", line.influence.run, "run folder; its encoder stays frozen, linear heads are trained on it")
      ->required();
  influence->add_option("--tasks", line.influence.tasks, "these tasks only: hate,irony")->delimiter(',');
  influence->add_option("--shared", line.influence.shared,
                        "what tasks share above the encoder: none, common or adapter:RANK (default: adapter:32)");
  influence->add_option("--sharing", line.influence.sharing, "hard or soft (default: hard)")
      ->check(CLI::IsMember({"hard", "soft"}));
  influence->add_option("--penalty", line.influence.penalty, "of soft sharing (default: 0.1)");
  influence->add_option("--ridge", line.influence.ridge, "in training and curvature alike (default: 0.01)");
  influence->add_option("--backend", line.influence.backend,
                        "auto, explicit, cg, lissa, arnoldi, ekfac, random_projection or identity (default: auto)");
  influence
      ->add_option("--set", line.influence.overrides,
                   "tolerance, iterations, curvature, damping, cg_tolerance, ..., seed (repeatable)")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  influence
      ->add_option("--leave-one-out", line.influence.leave_one_out,
                   "check: retrain without each of so many rows, print Pearson's correlation")
      ->check(CLI::Range(std::int64_t{2}, std::int64_t{1} << 24));
  influence
      ->add_option("--subsets", line.influence.subsets,
                   "check: train on so many random halves, print the linear datamodelling score (LDS)")
      ->check(CLI::Range(std::int64_t{3}, std::int64_t{1} << 24));
  influence
      ->add_option("--mislabel", line.influence.mislabel,
                   "check: flip this share of the labels, print the AUC of finding them")
      ->check(CLI::Range(0.001, 0.5));
  CLI::Option* select =
      influence->add_option("--select", line.influence.select, "the most harmful share of every task's rows, ...")
          ->check(CLI::Range(0.0, 1.0));
  influence->add_option("--write", line.influence.write, "... as a file for data.leave_out")->type_name("FILE.json");
  CLI::Option* by_chance =
      influence->add_option("--select-random", line.influence.select_random, "instead, as many rows by chance")
          ->type_name("SEED")
          ->needs(select);
  influence->add_option("--target", line.influence.target, "harmful to this task (default: the mean over all)")
      ->needs(select)
      ->excludes(by_chance);
  influence->add_flag("--json", line.influence.json, "print influence.json");

  CLI::App* information =
      add_command(app, line, "information", "estimators of mutual information against the truth on Gaussian data",
                  "infomtl information --set targets=[2,4] --set steps=500 --picture information.svg", line.information,
                  &infomtl::commands::information);
  information->add_option("--set", line.information.overrides, "targets, steps, rows, critic, estimators, seed, ...")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  information->add_option("--picture", line.information.picture, "write the curves as an SVG");
  information->add_flag("--json", line.information.json, "print the report as JSON");

  CLI::App* relatedness =
      add_command(app, line, "relatedness",
                  "how the tasks of some runs relate: covariances, gradients, influence, transfer between pairs, "
                  "learned weights and "
                  "labels side by side, how the measures agree, and which tasks to train together",
                  "infomtl relatedness runs/pairs", line.relatedness, &infomtl::commands::relatedness);
  relatedness
      ->add_option("paths", line.relatedness.paths,
                   "runs, folders of runs (a comparison of pairs, say), or a config, of the model that it starts from")
      ->required();
  relatedness
      ->add_option("--output", line.relatedness.output,
                   "folder of relatedness.json and relatedness.svg (default: the first folder given)")
      ->type_name("FOLDER");
  relatedness->add_option("--split", line.relatedness.split, "of scores and covariances: validation or test")
      ->check(CLI::IsMember({"validation", "test"}))
      ->capture_default_str();
  relatedness
      ->add_option("--draws", line.relatedness.draws, "pairs of batches per run for the gradient cosines; 0: none")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str();
  relatedness->add_option("--rows", line.relatedness.rows, "training rows of a task in such a batch")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  relatedness->add_flag("--json", line.relatedness.json, "print relatedness.json");

  CLI::App* report =
      add_command(app, line, "report", "a page for the browser, or text, of a folder of runs",
                  "infomtl report runs/first --output first.html", line.report, &infomtl::commands::report);
  report->add_option("folder", line.report.folder, "run, seeds, comparison, search, or a folder of such")->required();
  CLI::Option* page =
      report->add_option("--output", line.report.output, "the page (default: report.html in the folder)")
          ->type_name("FILE.html");
  report->add_flag("--text", line.report.text, "print tables and small curves instead, 80 columns wide")
      ->excludes(page);

  CLI::App* synthesize =
      add_command(app, line, "synthesize", "write the embedded multi-task corpus", "infomtl synthesize corpus --seed 0",
                  line.synthesize, &infomtl::commands::synthesize);
  synthesize
      ->add_option("folder", line.synthesize.folder,
                   "where to: a new or an empty folder, or an earlier corpus, which is replaced")
      ->required();
  synthesize->add_option("--seed", line.synthesize.seed, "seed of the corpus")->check(seeds)->capture_default_str();
  synthesize->add_option("--rows", line.synthesize.rows, "training rows of the largest task (default: 2000)")
      ->check(CLI::Range(20, 1 << 24));
}

/// One line: a message that holds line ends would hide its tail from tools that read lines.
int report(const std::string& message, int status) {
  std::string line = message;
  for (char& c : line) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  std::fprintf(stderr, "infomtl: %s\n", line.c_str());
  return status;
}

/// What is wrong with a first word that is not a command, with the nearest one; "" for any other.
std::string explain_command(const CLI::App& app, int argc, char** argv) {
  std::vector<std::string> commands;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    commands.push_back(command->get_name());
  }
  const std::string first = argc > 1 ? argv[1] : "";
  if (!first.empty() && !first.starts_with('-') &&
      std::find(commands.begin(), commands.end(), first) == commands.end()) {
    return "unknown command \"" + first + "\"" + infomtl::did_you_mean(first, commands);
  }
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  CommandLine line;
  CLI::App app{"", "infomtl"};
  describe(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const std::string wrong = explain_command(app, argc, argv);
    if (!wrong.empty()) return report(wrong, 2);
    if (error.get_exit_code() == 0) {  // help or version
      app.exit(error);
      return std::cout.flush() && std::fflush(stdout) == 0 ? 0 : report("stdout: writing failed", 1);
    }
    return report(std::string(error.what()) + "; see infomtl --help", 2);
  }
  try {
    infomtl::log::set_level(line.log_level);
    set_threads(line.threads);
    load_plugins(line.plugins);
    const int status = line.command();
    // A full disk shows when the last of the output leaves.
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) return report("stdout: writing failed", 1);
    return status;
  } catch (const infomtl::Error& error) {
    return report(error.what(), error.exit_status());
  } catch (const std::exception& error) {
    const std::string message = error.what();
    return report(message.substr(0, message.find('\n')), 1);  // LibTorch puts a backtrace behind its first line
  }
}
