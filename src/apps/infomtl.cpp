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
  InformationOptions information;
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
  train->add_option("config", line.train.config, "config file")->required();
  train->add_option("--set", line.train.overrides, "override a field: losses.1.weight=0.3 (repeatable)")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  const CLI::Validator seeds(
      [](const std::string& text) {
        const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
        return digits && text.size() <= 18 ? std::string() : "a seed is an integer of at most 18 digits";
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
  train->add_flag("--resume", line.train.resume, "go on from checkpoints/last");
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
  compare->add_option("--output", line.compare.output, "folder of the runs (default: runs/<config>)");
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
  evaluate->add_option("run", line.evaluate.run, "run folder")->required();
  evaluate->add_option("--split", line.evaluate.split, "validation or test")
      ->check(CLI::IsMember({"validation", "test"}))
      ->capture_default_str();
  CLI::Option* noise =
      evaluate->add_option("--noise", line.evaluate.noise, "score under noise on the word embeddings, too")
          ->check(CLI::IsMember({"random", "adversarial"}));
  evaluate
      ->add_option("--strength", line.evaluate.strengths,
                   "lengths of that noise in lengths of a text's word embeddings: 0.05,0.1")
      ->delimiter(',')
      ->check(CLI::NonNegativeNumber);
  evaluate
      ->add_flag("--representation", line.evaluate.representation,
                 "instead: uniformity of the shared representation, adjusted Rand index of the outputs, covariance "
                 "similarity of tasks")
      ->excludes(noise);
  evaluate->add_flag("--json", line.evaluate.json, "print results as JSON");

  CLI::App* predict = add_command(app, line, "predict", "predict one task for texts, JSONL out",
                                  "echo 'what a day' | infomtl predict runs/first --task emotion", line.predict,
                                  &infomtl::commands::predict);
  predict->add_option("run", line.predict.run, "run folder")->required();
  predict->add_option("--task", line.predict.task, "task of the run")->required();
  predict
      ->add_option("--input", line.predict.input,
                   "a text per line, or JSONL with text (or a list of its words) and text_pair; - is stdin")
      ->capture_default_str();
  predict->add_option("--output", line.predict.output, "file; - is stdout")->capture_default_str();
  auto* const samples = predict
                            ->add_option("--samples", line.predict.samples,
                                         "mean and standard deviation over so many samples, of a model that is random: "
                                         "heads gaussian or bayesian, "
                                         "architectures variational, vib or additive_noise. Heads of several rounds "
                                         "(feedback) refuse, and so does a "
                                         "model in which nothing is random")
                            ->check(CLI::Range(std::int64_t{2}, std::int64_t{100000}));
  predict->add_option("--seed", line.predict.seed, "of the samples")->needs(samples);

  CLI::App* encode = add_command(app, line, "encode", "embed texts, JSONL out",
                                 "infomtl encode --model models/all-MiniLM-L6-v2 --pooling mean --input texts.txt",
                                 line.encode, &infomtl::commands::encode);
  encode
      ->add_option("--model", line.encode.model,
                   "Hugging Face folder, a checkpoint, or a model's name in the Hugging Face cache")
      ->required();
  encode->add_option("--pooling", line.encode.pooling, "first or mean")
      ->check(CLI::IsMember({"first", "mean"}))
      ->capture_default_str();
  encode->add_option("--max-length", line.encode.max_length, "longest sequence in tokens (default: the model's)")
      ->check(CLI::Range(3, 1 << 20));
  encode->add_option("--input", line.encode.input, "texts or JSONL; - is stdin")->capture_default_str();

  CLI::App* tokenize = add_command(app, line, "tokenize", "token ids, type ids and byte offsets, JSONL out",
                                   "echo 'what a day' | infomtl tokenize --model models/all-MiniLM-L6-v2",
                                   line.tokenize, &infomtl::commands::tokenize);
  tokenize
      ->add_option("--model", line.tokenize.model,
                   "Hugging Face folder, a checkpoint, or a model's name in the Hugging Face cache")
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
  list->add_option("kind", line.list.kind,
                   "losses, penalties, weightings, architectures, heads, encoders, optimizers, schedules, "
                   "samplers or metrics (default: all)");
  list->add_flag("--json", line.list.json, "print as JSON");

  CLI::App* information =
      add_command(app, line, "information", "estimators of mutual information against the truth on Gaussian data",
                  "infomtl information --set targets=[2,4] --set steps=500 --picture information.svg", line.information,
                  &infomtl::commands::information);
  information->add_option("--set", line.information.overrides, "targets, steps, rows, critic, estimators, seed, ...")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  information->add_option("--picture", line.information.picture, "write the curves as an SVG");
  information->add_flag("--json", line.information.json, "print the report as JSON");

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
