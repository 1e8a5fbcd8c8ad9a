#pragma once
// What each subcommand of the program is told, and the functions that do the work. infomtl.cpp reads the command line;
// the files beside this one include torch and no command-line library.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace infomtl::commands {

struct TrainOptions {
  std::filesystem::path config;
  std::vector<std::string> overrides;
  std::optional<std::int64_t> seed;
  std::vector<std::int64_t> seeds;
  std::filesystem::path output;
  std::filesystem::path data_root;  ///< in place of the config's data.root; empty: that
  bool resume = false;
  bool quiet = false;
  std::string split = "validation";  ///< that the table shows: validation, test or all
};
struct CompareOptions {
  std::filesystem::path config;
  std::vector<std::string> overrides;
  std::vector<std::int64_t> seeds;
  std::string split;  ///< instead of the config's
  std::filesystem::path output;
  std::string format = "text";  ///< text, markdown, latex, csv or json
};
struct SearchOptions {
  std::filesystem::path config;
  std::vector<std::string> overrides;
  std::filesystem::path output;
  bool json = false;
};
struct EvaluateOptions {
  std::filesystem::path run;
  std::string split = "validation";
  std::string task;                 ///< whose rows `input` holds
  std::filesystem::path input;      ///< another file in place of the split; empty: none
  std::filesystem::path data_root;  ///< in place of the run's data.root; empty: that
  bool classes = false;             ///< scores of each class, too
  std::string noise;                ///< "random", "adversarial" or none
  std::vector<double> strengths;
  bool representation = false;
  bool json = false;
};
struct PredictOptions {
  std::filesystem::path run;
  std::string task;
  bool all = false;  ///< every task
  std::string input = "-";
  std::string output = "-";
  std::int64_t samples = 0;  ///< 0: the means
  std::uint64_t seed = 0;    ///< of the samples
};
struct EncodeOptions {
  std::filesystem::path model;
  std::string pooling;          ///< empty: the run's, else what the folder says, else "first"
  std::int64_t max_length = 0;  ///< 0: the run's, else the model's
  std::string input = "-";
};
struct TokenizeOptions {
  std::filesystem::path model;
  std::int64_t max_length = 0;
  std::string input = "-";
};
struct CheckOptions {
  std::filesystem::path config;
  std::vector<std::string> overrides;
  bool examples = false;
  bool json = false;
};
struct ListOptions {
  std::string what;  ///< a kind, or a part of a name or of its source; empty: everything
  bool json = false;
};
struct InfluenceOptions {
  std::filesystem::path run;
  std::filesystem::path data_root;       ///< in place of the run's data.root; empty: that
  std::vector<std::string> tasks;        ///< empty: all
  std::string shared, sharing, backend;  ///< empty: the defaults of InfluenceSettings
  std::optional<double> penalty, ridge;
  std::vector<std::string> overrides;
  std::int64_t leave_one_out = 0;
  std::int64_t subsets = 0;
  double mislabel = 0;
  std::optional<double> select;
  std::optional<std::uint64_t> select_random;  ///< seed
  std::string target;                          ///< empty: the mean over tasks
  std::filesystem::path write;
  bool json = false;
};
struct InformationOptions {
  std::vector<std::string> overrides;
  std::filesystem::path picture;  ///< empty: none
  bool json = false;
};
struct RelatednessOptions {
  std::vector<std::filesystem::path> paths;
  std::filesystem::path data_root;  ///< in place of the runs' data.root; empty: that
  std::filesystem::path output;     ///< empty: the first folder of `paths`
  std::string split = "validation";
  std::int64_t draws = 20;
  std::int64_t rows = 32;
  bool json = false;
};
struct ReportOptions {
  std::filesystem::path folder;
  std::filesystem::path output;  ///< empty: report.html in the folder
  bool text = false;
};
struct SynthesizeOptions {
  std::filesystem::path folder;
  std::uint64_t seed = 0;
  std::int64_t rows = 0;  ///< 0: the corpus's own sizes
};

/// Exit status: 0 good; errors leave as exceptions. train, compare, search and influence return 130 when
/// interrupted, with what is finished saved.
int train(const TrainOptions& options);
int compare(const CompareOptions& options);
int search(const SearchOptions& options);
int evaluate(const EvaluateOptions& options);
int predict(const PredictOptions& options);
int encode(const EncodeOptions& options);
int tokenize(const TokenizeOptions& options);
int check(const CheckOptions& options);
int list(const ListOptions& options);
int influence(const InfluenceOptions& options);
int information(const InformationOptions& options);
int relatedness(const RelatednessOptions& options);
int report(const ReportOptions& options);
int synthesize(const SynthesizeOptions& options);

/// Threads of tensor operations; 0: what OMP_NUM_THREADS says, else usable_cores().
void set_threads(int threads);
/// Loads plugins into the registries, in order.
void load_plugins(const std::vector<std::string>& files);
/// "infomtl 0.1.0 (LibTorch 2.13.0, cpu)".
std::string version();

}  // namespace infomtl::commands
