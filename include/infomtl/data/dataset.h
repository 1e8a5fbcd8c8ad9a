#pragma once
// Data: the tasks' records, their texts and labels in memory. A text that several tasks label is held once.
//
//   Dataset dataset = load_dataset({"tasks/emotion.json", "tasks/hate.json"});   // or load_dataset(config.object("data"))
//   for (std::int32_t s : dataset.split(Split::train).tasks[0].sequences)
//   use(dataset.split(Split::train).texts.first[s]);
//
// The containers are in dataset.cpp; load_dataset() is in dataset_loading.cpp, with task_record, readers, subset below it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/data/task.h"

namespace infomtl {

class Config;

/// The most bytes of one text; what is longer is a file of another kind.
inline constexpr std::size_t kLongestText = 10'000'000;

enum class Split { train, validation, test };
inline constexpr std::array<Split, 3> kSplits = {Split::train, Split::validation, Split::test};
INFOMTL_API std::string_view split_name(Split split);
/// @throws ConfigError unless it is train, validation or test
INFOMTL_API Split split_named(std::string_view name);

/// Many texts in one piece of memory.
class INFOMTL_API StringTable {
 public:
  void append(std::string_view text);
  std::string_view operator[](std::size_t index) const;
  std::size_t size() const { return ends_.size(); }
  /// SHA-256, in hex, of the texts and of where each ends.
  std::string digest() const;

 private:
  std::string bytes_;
  std::vector<std::uint64_t> ends_;
};

/// Bytes begin .. end of a text that are one word (tagging).
struct WordRange {
  std::int32_t begin = 0;
  std::int32_t end = 0;
};

/// The sequences of one split: each is a text, or a pair of texts; those of tagging tasks know their words.
struct INFOMTL_API Texts {
  StringTable first, second;  ///< second is "" where there is no pair
  std::vector<bool> paired;
  std::vector<WordRange> words;                  ///< into `first`
  std::vector<std::int64_t> word_offsets = {0};  ///< words of sequence s are word_offsets[s] .. word_offsets[s+1]

  std::size_t size() const { return first.size(); }
  void append(std::string_view text, const std::string_view* pair, const std::vector<WordRange>& words_of_text);
};

/// The labelled rows ("examples") of one task in one split.
struct INFOMTL_API TaskRows {
  std::vector<std::int32_t> sequences;      ///< which text each example reads; ascending, no repeats
  std::vector<std::int32_t> classes;        ///< classification: one per example; else see label_offsets
  std::vector<float> values;                ///< regression: one per example
  std::vector<std::int64_t> label_offsets;  ///< multi_label, tagging: example i's classes are label_offsets[i] .. [i+1]
  /// Which of the task's labelled rows each example is, counted from 1 in the order of its files, before any subset.
  std::vector<std::int32_t> numbers = {};

  std::size_t size() const { return sequences.size(); }
};

struct INFOMTL_API SplitData {
  Texts texts;
  std::vector<TaskRows> tasks;  ///< one for each task of the dataset, empty where the task lacks the split
};

struct INFOMTL_API Dataset {
  std::vector<Task> tasks;
  std::array<SplitData, 3> splits;

  const SplitData& split(Split which) const { return splits[static_cast<std::size_t>(which)]; }
  SplitData& split(Split which) { return splits[static_cast<std::size_t>(which)]; }
};

/// SHA-256, in hex, over the texts and labels of a split in their order: changes with any of them.
INFOMTL_API std::string fingerprint(const SplitData& data);

/// Tasks that label common texts, found from the data: `groups[g]` lists task indices, in order of the tasks. A task
/// that shares nothing is a group of its own; tasks without rows in the split are in none.
INFOMTL_API std::vector<std::vector<std::size_t>> groups_sharing_texts(const SplitData& data);

/// Reads every task record and file that the `data` object of a config names (see configs/README.md for the format):
/// `root`, `tasks`, `label_noise`, `leave_out`, `train_fraction`, `max_train_rows`, `max_validation_rows`, `max_test_rows`.
///
/// A subset is a function of the run seed. Its unit is the text, so tasks that share texts keep sharing them; it is
/// stratified by the classes of the group's first classification task (each class keeps its share to the nearest row),
/// and smaller subsets of the same seed are contained in larger ones.
/// @param problems  nullptr: the first problem throws; else problems of records and files are listed there, one line
///                  each, and the tasks or rows they concern are left out
/// @throws ConfigError (records), DataError (content, with file and line), IoError
INFOMTL_API Dataset load_dataset(const Config& data, std::uint64_t run_seed,
                                 std::vector<std::string>* problems = nullptr);

/// One split of the tasks as they were trained; the others have no row, and their files are not opened.
/// @param tasks  with their labels ("auto" was settled in training); each has its record in `data` @throws as load_dataset
INFOMTL_API Dataset load_split(const Config& data, const std::vector<Task>& tasks, Split which, std::uint64_t run_seed);

/// The rows of a file of one's own for one of the tasks, as the test split; the other splits and tasks have none. It is read
/// as the task's record in `data` reads its files: their format where the file's ending names none, and their columns
/// (text, text_pair, label where those are no columns).
/// @param tasks  as they were trained, with their labels @throws as load_dataset
INFOMTL_API Dataset load_file(const Config& data, const std::vector<Task>& tasks, std::size_t task,
                              const std::filesystem::path& file);

/// The same of these task records, whole. @param root  where the file names of records are looked up; empty: beside them
INFOMTL_API Dataset load_dataset(const std::vector<std::filesystem::path>& records, std::uint64_t run_seed = 0,
                                 const std::filesystem::path& root = {});

/// The fields of such a `data` object that are paths by themselves, as Config::effective takes them. File names that
/// are looked up under `root` are none.
INFOMTL_API std::vector<std::string> data_path_fields(const Config& data);

}  // namespace infomtl
